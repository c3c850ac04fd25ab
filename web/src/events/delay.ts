/**
 * How long after its frame an event arrives.
 *
 * Media time and the clock of the page have an unknown distance, so of single events only the difference to others can be
 * measured. What a usual one needs is told by the daemon (arrival of a frame to its event) and by the connection (time
 * there and back).
 */

/** Events that say what is usual; at 30 poses a second half a minute. */
const WINDOW = 900;

/** Events over which the present delay is taken. */
const PRESENT = 30;

export class DelayMeter {
  roundTripMs = 0;
  /** Median from the arrival of a frame at the daemon to its event; `null` before it was told. */
  processingMs: number | null = null;
  private distances: number[] = [];
  private late: number | null = null;

  /** Takes in an event with its media time and the time it arrived, both in milliseconds. */
  note(mediaMs: number, arrivedMs: number): void {
    this.distances.push(arrivedMs - mediaMs);
    if (this.distances.length > WINDOW) this.distances.shift();
    this.late = null;
  }

  /** Delay of the newest events in milliseconds, `null` as long as it is not known. */
  get ms(): number | null {
    if (this.distances.length === 0 || this.processingMs === null) return null;
    // How much later than usual the newest ones came.
    this.late ??= median(this.distances.slice(-PRESENT)) - median(this.distances);
    return Math.max(0, this.processingMs + this.roundTripMs + this.late);
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
