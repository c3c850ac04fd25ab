/** Events of an analysis, as every stream carries them. */

import { UnexpectedAnswer } from './errors.js';
import type { Latency, Repetition, Source, State } from './models.js';

/** One joint: x and y as a fraction of the picture, visibility 0 to 1. */
export type Landmark = readonly [x: number | null, y: number | null, visibility: number | null];

export interface Person {
  id: number;
  /** The person whose numbers count. */
  selected: boolean;
  source: 'measured' | 'predicted';
  /** The 33 landmarks of BlazePose. */
  landmarks: readonly Landmark[];
}

export interface Pose {
  width: number;
  height: number;
  persons: readonly Person[];
  quality?: Readonly<Record<string, unknown>>;
  /** What the person whose numbers count is doing. */
  live?: {
    movement: string | null;
    phase: string | null;
    values: readonly (readonly [key: string, value: number | null])[];
    repetitions: number;
  } | null;
}

export interface PhaseBegan {
  person?: number;
  movement: string;
  phase: string;
  /** Seconds of media time. */
  start_s: number;
}

export interface MetricUpdate {
  person?: number;
  movement: string;
  key: string;
  value: number;
}

export interface Complete {
  repetitions: number;
  duration_s: number;
  frames: number;
  frames_with_pose: number;
  frames_predicted: number;
  frames_dropped: number;
  source: Source;
  latency: Latency;
}

export interface Notice {
  code?: string;
  message: string;
}

export interface StateChange {
  state: State;
  reason?: string | null;
}

export interface ServiceChange {
  degraded: boolean;
  pose_rate?: number;
  model?: string;
  overlay?: boolean;
}

interface Payloads {
  /** Where everybody's landmarks are in one frame. */
  pose: Pose;
  /** A phase began; interim. */
  phase: PhaseBegan;
  /** A number that may still change. */
  metric_update: MetricUpdate;
  /** Final. */
  repetition: Repetition;
  analysis_complete: Complete;
  warning: Notice;
  error: Notice;
  state: StateChange;
  service: ServiceChange;
}

export type EventType = keyof Payloads;

/** The one envelope of every transport. A newer server may send types that are not here. */
export type WireEvent = {
  [Type in EventType]: {
    type: Type;
    analysis_id?: string;
    /** Media time of the frame. */
    timestamp_ms: number;
    /** Without gaps per analysis; streams are resumed by it. */
    sequence: number;
    /** Events this reader was too slow for, since the last one it got. */
    dropped?: number;
    data: Payloads[Type];
  };
}[EventType];

/** From a text to an event. */
export function readEvent(text: string): WireEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnexpectedAnswer(`an event is not JSON: ${text.slice(0, 80)}`);
  }
  const { type, sequence, timestamp_ms, data } = (value ?? {}) as Record<string, unknown>;
  if (typeof type !== 'string' || !Number.isInteger(sequence) || typeof timestamp_ms !== 'number' || typeof data !== 'object') {
    throw new UnexpectedAnswer(`an event has another shape: ${text.slice(0, 80)}`);
  }
  return value as WireEvent;
}

/** Numbers remembered to tell what came twice; anything older than all of them did. */
const REMEMBERED = 4096;

/** Lets every event through once, whichever way it came first: a publisher hears its session on two. */
export class Once {
  private seen = new Set<number>();
  private forgottenUpTo = -1;

  /** Whether the event is new. */
  accept({ sequence }: { sequence: number }): boolean {
    if (sequence <= this.forgottenUpTo || this.seen.has(sequence)) return false;
    this.seen.add(sequence);
    if (this.seen.size > REMEMBERED) {
      const numbers = [...this.seen].sort((a, b) => a - b);
      this.forgottenUpTo = numbers[REMEMBERED / 2 - 1] ?? this.forgottenUpTo;
      this.seen = new Set(numbers.slice(REMEMBERED / 2));
    }
    return true;
  }
}
