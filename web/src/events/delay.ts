/**
 * How long after its frame an event arrives.
 *
 * Media time and the clock of the page have an unknown distance. The quickest event of the last seconds fixes it, so what
 * is measured is how much later than that one an event came; what even the quickest needed is told by the daemon
 * (`age_ms`, decoded frame to event) and by the connection (time there and back).
 */

/** Events that fix the distance of the clocks; at 30 poses a second half a minute. */
const WINDOW = 900;

/** Events over which the present delay is taken. */
const PRESENT = 30;

export class DelayMeter {
  private distances: number[] = [];
  private ages: number[] = [];
  roundTripMs = 0;

  /** Takes in an event with its media time and the time it arrived, both in milliseconds. */
  note(mediaMs: number, arrivedMs: number, ageMs: number | undefined): void {
    this.distances.push(arrivedMs - mediaMs);
    if (this.distances.length > WINDOW) this.distances.shift();
    if (ageMs === undefined) return;
    this.ages.push(ageMs);
    if (this.ages.length > PRESENT) this.ages.shift();
  }

  /** Median delay of the newest events in milliseconds, `null` before there are any. */
  get ms(): number | null {
    if (this.distances.length === 0) return null;
    const late = median(this.distances.slice(-PRESENT)) - Math.min(...this.distances);
    return late + (this.ages.length > 0 ? median(this.ages) : 0) + this.roundTripMs;
  }

  /** Whether the delay is whole, or only what varies of it. */
  get absolute(): boolean {
    return this.ages.length > 0;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
