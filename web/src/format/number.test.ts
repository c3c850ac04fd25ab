import { describe, expect, it } from 'vitest';
import type { MetricDefinition } from '../api/types';
import { clock, fixed, line, reading, words } from './number';

const metric = (unit: string, decimals: number): MetricDefinition => ({
  key: 'k',
  label: 'K',
  unit,
  decimals,
  definition: '',
  source: '',
});

describe('reading', () => {
  it('has the decimals of the definition, for the value and for its interval', () => {
    expect(line(reading(metric('m', 3), 0.3915499, 0.0227079))).toBe('0.392 m ±0.023');
  });

  it('writes a degree sign at its number and no unit, as the video overlay does', () => {
    expect(reading(metric('deg', 0), -0.2, 3.4)).toEqual({ value: '0°', unit: '', error: '±3' });
  });

  it('leaves out the unit of a pure number and the interval of a number without one', () => {
    expect(reading(metric('1', 2), 1.5, null)).toEqual({ value: '1.50', unit: '', error: '' });
  });
});

describe('fixed', () => {
  it('knows no negative zero but negative numbers', () => {
    expect([fixed(-0.004, 2), fixed(-0, 0), fixed(-0.04, 2)]).toEqual(['0.00', '0', '-0.04']);
  });
});

describe('clock', () => {
  it('counts minutes and seconds', () => {
    expect([clock(0.9), clock(125.2), clock(-3)]).toEqual(['0:00', '2:05', '0:00']);
  });
});

describe('words', () => {
  it('makes a name readable', () => {
    expect(words('single_support_left')).toBe('Single support left');
  });
});
