/** Events for tests. */

import type { Landmark, RepetitionData, WireEvent } from '../api/types';

type Of<Type extends WireEvent['type']> = Extract<WireEvent, { type: Type }>;

export function event<Type extends WireEvent['type']>(
  type: Type,
  sequence: number,
  data: Of<Type>['data'],
  timestamp_ms = sequence * 33,
): WireEvent {
  return { type, sequence, timestamp_ms, data } as unknown as WireEvent;
}

/** A pose whose every landmark is at `x` and half way down. */
export function poseAt(x: number, person = 0): Of<'pose'>['data'] {
  const landmarks = Array.from({ length: 33 }, (): Landmark => [x, 0.5, 1]);
  return { width: 1280, height: 720, persons: [{ id: person, selected: true, source: 'measured', landmarks }] };
}

export function repetitionOf(person: number, height: number | null = 0.392): RepetitionData {
  return {
    movement: 'cmj',
    person,
    start_s: 0,
    end_s: 2,
    phases: [],
    events: {},
    metrics: { flight_time_ms: 565.17, jump_height_m: height, made_up: 1 },
    uncertainty: { flight_time_ms: 16.4, jump_height_m: 0.0227, made_up: null },
    methods: { flight_time_ms: 'foot_ballistics', jump_height_m: 'flight_time', made_up: 'none' },
    warnings: [],
    quality: { grade: 'A', reasons: [] },
  };
}
