/**
 * Lets every event through once, whichever way it came first, and counts the poses that never came.
 *
 * A session is heard over the WebSocket, which loses nothing, and a publisher hears it over the data channel too, which
 * is faster and may lose. Both number events alike.
 */

import type { WireEvent } from '../api/types';

/** Numbers remembered to tell what came twice; anything older than all of them did. */
const REMEMBERED = 4096;

/** One way on which events come. */
export class Feed {
  /** Number of the newest event. */
  last: number | null = null;

  constructor(
    /** Whether poses come this way; of events that were not asked for none is missing. */
    readonly everything: boolean,
  ) {}

  /** The number to go on with after an interruption. */
  get next(): number {
    return (this.last ?? -1) + 1;
  }

  /** Takes note of an event and returns how many are missing before it. */
  note(event: WireEvent): number {
    const skipped = this.last === null ? 0 : Math.max(0, event.sequence - this.last - 1);
    if (this.last === null || event.sequence > this.last) this.last = event.sequence;
    return Math.max(this.everything ? skipped : 0, event.dropped ?? 0);
  }
}

export class Intake {
  /** Events that fell away because this reader or its connection was too slow: poses and interim ones, never results. */
  dropped = 0;
  private seen = new Set<number>();
  private forgottenUpTo = -1;

  /** Whether the event is new. */
  accept(event: WireEvent, feed: Feed): boolean {
    this.dropped += feed.note(event);
    if (event.sequence <= this.forgottenUpTo || this.seen.has(event.sequence)) return false;
    this.seen.add(event.sequence);
    if (this.seen.size > REMEMBERED) this.forget();
    return true;
  }

  private forget(): void {
    const numbers = [...this.seen].sort((a, b) => a - b);
    const kept = numbers.slice(REMEMBERED / 2);
    this.forgottenUpTo = numbers[REMEMBERED / 2 - 1] ?? this.forgottenUpTo;
    this.seen = new Set(kept);
  }
}
