import { describe, expect, it } from 'vitest';
import { DelayMeter, median } from './delay';

/** Events of which the last 30 come `lateMs` later than the 100 before. */
function meter(lateMs: number): DelayMeter {
  const delay = new DelayMeter();
  for (let i = 0; i < 100; i++) delay.note(i * 33, 5000 + i * 33);
  for (let i = 100; i < 130; i++) delay.note(i * 33, 5000 + lateMs + i * 33);
  return delay;
}

describe('DelayMeter', () => {
  it('knows nothing before the first event', () => {
    const delay = new DelayMeter();
    delay.processingMs = 30;
    expect(delay.ms).toBeNull();
  });

  it('does not guess as long as the daemon has not said what is usual', () => {
    expect(meter(40).ms).toBeNull();
  });

  it('adds what the daemon and the way need to how much later than usual events come', () => {
    const delay = meter(40);
    delay.processingMs = 30;
    delay.roundTripMs = 4;
    expect(delay.ms).toBe(74);
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
