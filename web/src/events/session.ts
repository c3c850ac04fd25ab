/** What is known about a session: the sum of its events, ready to be shown. */

import type { LiveState, NoticeData, RepetitionData, ServiceData, SessionState, WireEvent } from '../api/types';

/** A provisional number that no repetition follows is taken back after this much media time. */
const INTERIM_LASTS_MS = 3000;

/** Who is gone for a shorter time is hidden for a moment, not missed. */
const MISSED_MS = 1500;

/** Notices shown; an older one has been acted on or never will be. */
const MOST_NOTICES = 6;

export interface Repetition {
  /** From 1, per person where there are several. */
  readonly number: number;
  readonly sequence: number;
  readonly data: RepetitionData;
}

export interface Phase {
  readonly movement: string;
  readonly name: string;
  readonly sinceMs: number;
}

export interface Notice {
  readonly kind: 'warning' | 'error';
  readonly message: string;
  readonly atMs: number;
}

export class Session {
  state: SessionState = 'waiting';
  reason: string | null = null;
  phase: Phase | null = null;
  live: LiveState | null = null;
  /** Numbers of the repetition under way that may still change. */
  interim = new Map<string, { value: number; atMs: number }>();
  readonly repetitions: Repetition[] = [];
  notices: Notice[] = [];
  /** What it gets of the machine, once that is not all it asked for. */
  service: ServiceData | null = null;
  /** Media time of the newest event. */
  nowMs = 0;
  /** The person whose numbers count; `null` before a pose said so. */
  selected: number | null = null;
  /** Whether several people were measured at once; else whoever was lost and found again is the one athlete. */
  several = false;
  private seenMs: number | null = null;
  private phaseSequence = -1;
  private stateSequence = -1;
  private serviceSequence = -1;

  /** Whether nothing more will come. */
  get over(): boolean {
    return this.state === 'done' || this.state === 'failed';
  }

  /** Whether pictures come and nobody has been in them for a while. */
  get searching(): boolean {
    return this.seenMs !== null && this.nowMs - this.seenMs > MISSED_MS;
  }

  /** The repetition completed last by the person whose numbers count. */
  get latest(): Repetition | null {
    return this.repetitions.findLast((r) => this.concerns(r.data.person)) ?? this.repetitions.at(-1) ?? null;
  }

  apply(event: WireEvent): void {
    this.nowMs = Math.max(this.nowMs, event.timestamp_ms);
    switch (event.type) {
      case 'pose':
        this.selected = event.data.persons.find((person) => person.selected)?.id ?? this.selected;
        this.live = event.data.live ?? this.live;
        this.several ||= event.data.persons.length > 1;
        if (event.data.persons.length > 0 || this.seenMs === null) this.seenMs = event.timestamp_ms;
        break;
      case 'phase':
        if (!this.concerns(event.data.person) || event.sequence < this.phaseSequence) break;
        this.phaseSequence = event.sequence;
        this.phase = { movement: event.data.movement, name: event.data.phase, sinceMs: event.timestamp_ms };
        break;
      case 'metric_update':
        if (this.concerns(event.data.person)) {
          this.interim.set(event.data.key, { value: event.data.value, atMs: event.timestamp_ms });
        }
        break;
      case 'repetition':
        this.add(event.sequence, event.data);
        break;
      case 'warning':
      case 'error':
        this.note(event.type, event.data, event.timestamp_ms);
        break;
      case 'state':
        if (event.sequence < this.stateSequence) break;
        this.stateSequence = event.sequence;
        this.state = event.data.state;
        this.reason = event.data.reason ?? null;
        break;
      case 'service':
        if (event.sequence < this.serviceSequence) break;
        this.serviceSequence = event.sequence;
        this.service = event.data;
        break;
      case 'analysis_complete':
        this.interim.clear();
        this.phase = null;
        break;
    }
    for (const [key, { atMs }] of this.interim) {
      if (this.nowMs - atMs > INTERIM_LASTS_MS) this.interim.delete(key);
    }
  }

  /** Whether somebody is the one whose numbers count. */
  concerns(person: number | undefined): boolean {
    return !this.several || person === undefined || this.selected === null || person === this.selected;
  }

  /** Repetitions stand in the order in which they happened, in whichever they came. */
  private add(sequence: number, data: RepetitionData): void {
    const after = this.repetitions.findLastIndex((r) => r.sequence < sequence);
    this.repetitions.splice(after + 1, 0, { number: 0, sequence, data });
    const counts = new Map<number, number>();
    for (const [index, repetition] of this.repetitions.entries()) {
      const who = this.several ? repetition.data.person : 0;
      const number = (counts.get(who) ?? 0) + 1;
      counts.set(who, number);
      this.repetitions[index] = { ...repetition, number };
    }
    if (this.concerns(data.person)) this.interim.clear();
  }

  private note(kind: Notice['kind'], { code = '', message }: NoticeData, atMs: number): void {
    const others = this.notices.filter((n) => n.kind !== kind || n.message !== message);
    const notice = { kind, message, atMs };
    this.notices = [notice, ...others].slice(0, MOST_NOTICES);
    // What was provisional turned out to be no repetition.
    if (code === 'not_measured') this.interim.clear();
  }
}
