/** Poses over time: what stands between two of them, and which moment the screen shows. */

import type { Landmark, PoseData, PosePerson } from '../api/types';

/** Poses kept; older ones are never shown again. */
const KEPT = 24;

/** Distances of the clocks kept to find the smallest, i.e. the quickest way here. */
const CLOCKS = 300;

/** The screen is at most this far behind the newest pose, milliseconds. */
const MOST_BEHIND_MS = 60;

/** Two poses further apart than this have nothing in between, milliseconds. */
const LONGEST_GAP_MS = 250;

/** A picture that claims to be farther from the newest pose counts its time from somewhere else, milliseconds. */
const FARTHEST_MS = 2000;

/** When nothing newer has come for so long a pose is no longer true, milliseconds. */
const STALE_MS = 600;

interface Entry {
  readonly mediaMs: number;
  readonly arrivedMs: number;
  readonly pose: PoseData;
}

export class Timeline {
  private entries: Entry[] = [];
  private distances: number[] = [];

  /** Takes in a pose that arrived now; one that comes too late for its place is left out. */
  push(mediaMs: number, arrivedMs: number, pose: PoseData): void {
    const last = this.entries.at(-1);
    if (last && mediaMs <= last.mediaMs) return;
    this.entries.push({ mediaMs, arrivedMs, pose });
    if (this.entries.length > KEPT) this.entries.shift();
    this.distances.push(arrivedMs - mediaMs);
    if (this.distances.length > CLOCKS) this.distances.shift();
  }

  clear(): void {
    this.entries = [];
    this.distances = [];
  }

  /**
   * The pose to be shown now; `null` when there is none that is still true. `pictureMs` is the media time of the picture on
   * screen, where it is known.
   */
  at(nowMs: number, pictureMs: number | null = null): PoseData | null {
    const newest = this.entries.at(-1);
    if (!newest) return null;
    if (nowMs - newest.arrivedMs > STALE_MS) return null;
    const known = pictureMs !== null && Math.abs(pictureMs - newest.mediaMs) < FARTHEST_MS;
    const wanted = known ? pictureMs : nowMs - Math.min(...this.distances) - this.behindMs();
    const after = this.entries.findIndex((entry) => entry.mediaMs > wanted);
    const [before, next] = [this.entries[after - 1], this.entries[after]];
    if (after < 0) return newest.pose;
    if (!before || !next || next.mediaMs - before.mediaMs > LONGEST_GAP_MS) return (before ?? next ?? newest).pose;
    return between(before.pose, next.pose, (wanted - before.mediaMs) / (next.mediaMs - before.mediaMs));
  }

  /** One usual step between poses: then there nearly always is a pose on either side of the moment shown. */
  behindMs(): number {
    const steps = this.entries.slice(1).map((entry, i) => entry.mediaMs - (this.entries[i]?.mediaMs ?? 0));
    steps.sort((a, b) => a - b);
    return Math.min(MOST_BEHIND_MS, steps[steps.length >> 1] ?? 0);
  }
}

const mix = (a: number, b: number, share: number): number => a + (b - a) * share;

function landmarkBetween(a: Landmark, b: Landmark, share: number): Landmark {
  const [ax, ay, av] = a;
  const [bx, by, bv] = b;
  if (ax === null || ay === null || av === null || bx === null || by === null || bv === null) return share < 0.5 ? a : b;
  return [mix(ax, bx, share), mix(ay, by, share), mix(av, bv, share)];
}

/** Somebody who is in only one of two poses is shown as there. */
export function between(a: PoseData, b: PoseData, share: number): PoseData {
  const persons = b.persons.map((person): PosePerson => {
    const earlier = a.persons.find((other) => other.id === person.id);
    if (!earlier) return person;
    const landmarks = person.landmarks.map((landmark, i) => {
      const from = earlier.landmarks[i];
      return from ? landmarkBetween(from, landmark, share) : landmark;
    });
    return { ...person, landmarks };
  });
  return { ...b, persons };
}
