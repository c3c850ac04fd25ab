import { describe, expect, it } from 'vitest';
import { axis, place, roundStep, summary } from './scale';

describe('axis', () => {
  it('ends on round ticks that hold every value', () => {
    const { low, high, ticks, decimals } = axis([0.351, 0.412], 4, 0.01);
    expect(low).toBeLessThanOrEqual(0.351);
    expect(high).toBeGreaterThanOrEqual(0.412);
    expect(ticks.map((tick) => tick.toFixed(decimals))).toEqual(['0.34', '0.36', '0.38', '0.40', '0.42']);
  });

  it('does not blow up the noise of equal values', () => {
    const { low, high } = axis([565, 565], 4, 10);
    expect(high - low).toBeGreaterThanOrEqual(10);
    expect([low <= 565, high >= 565]).toEqual([true, true]);
  });

  it('goes below zero where values do', () => {
    expect(axis([-12, 30], 4, 1).low).toBeLessThanOrEqual(-12);
  });

  it('stands without values', () => {
    expect(axis([], 4, 1).ticks.length).toBeGreaterThan(1);
  });
});

describe('roundStep', () => {
  it('is one, two or five times a power of ten', () => {
    expect([roundStep(40, 4), roundStep(41, 4), roundStep(0.9, 4), roundStep(300, 4)]).toEqual([10, 20, 0.5, 100]);
  });
});

describe('place', () => {
  it('turns values upside down where the screen does', () => {
    const scale = { low: 0, high: 10, ticks: [], decimals: 0 };
    expect([place(0, scale, 100, 0), place(10, scale, 100, 0), place(2.5, scale, 100, 0)]).toEqual([100, 0, 75]);
  });
});

describe('summary', () => {
  it('is that of a sample', () => {
    expect(summary([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7), lowest: 2, highest: 9 });
  });

  it('has no deviation for one value and nothing for none', () => {
    expect(summary([0.4])?.deviation).toBeNull();
    expect(summary([])).toBeNull();
  });
});
