/**
 * How long after its frame an event arrives.
 *
 * Media time and the clock of the page have an unknown distance, so of single events only the difference to others can be
 * measured. What a usual one needs is told by the daemon (arrival of a frame to its event) and by the connection (time
 * there and back); as long as they are not known, the delay is the one against the quickest event.
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
  private late: { quickest: number; usual: number } | null = null;

  /** Takes in an event with its media time and the time it arrived, both in milliseconds. */
  note(mediaMs: number, arrivedMs: number): void {
    this.distances.push(arrivedMs - mediaMs);
    if (this.distances.length > WINDOW) this.distances.shift();
    this.late = null;
  }

  /** Delay of the newest events in milliseconds, `null` before there are any. */
  get ms(): number | null {
    if (this.distances.length === 0) return null;
    this.late ??= this.lateness();
    if (this.processingMs === null) return this.late.quickest;
    return Math.max(0, this.processingMs + this.roundTripMs + this.late.usual);
  }

  /** Whether the delay is whole, or only what varies of it. */
  get absolute(): boolean {
    return this.processingMs !== null;
  }

  /** How much later than the quickest and than the usual event the newest ones came. */
  private lateness(): { quickest: number; usual: number } {
    const present = median(this.distances.slice(-PRESENT));
    return { quickest: present - Math.min(...this.distances), usual: present - median(this.distances) };
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
