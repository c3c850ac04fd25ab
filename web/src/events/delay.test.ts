import { describe, expect, it } from 'vitest';
import { DelayMeter, median } from './delay';

describe('DelayMeter', () => {
  it('knows nothing before the first event', () => {
    expect(new DelayMeter().ms).toBeNull();
  });

  it('measures how much later than the quickest event the newest ones came', () => {
    const meter = new DelayMeter();
    for (let i = 0; i < 100; i++) meter.note(i * 33, 5000 + i * 33, undefined);
    expect(meter.ms).toBe(0);
    for (let i = 100; i < 130; i++) meter.note(i * 33, 5040 + i * 33, undefined);
    expect(meter.ms).toBe(40);
    expect(meter.absolute).toBe(false);
  });

  it('adds what the daemon needed and the way there and back', () => {
    const meter = new DelayMeter();
    meter.roundTripMs = 4;
    for (const age of [20, 22, 60]) meter.note(0, 1000, age);
    expect(meter.ms).toBe(26);
    expect(meter.absolute).toBe(true);
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
