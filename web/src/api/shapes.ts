/** What the pages rely on in answers and events, member by member; `types.ts` says the same to the compiler. */

import { anyObject, boolean, listOf, members, number, oneOf, optional, recordOf, string, tuple, type Check } from './check';
import {
  GRADES,
  SESSION_STATES,
  type Analysis,
  type EventType,
  type LiveState,
  type MetricDefinition,
  type MetricUpdateData,
  type NoticeData,
  type PhaseData,
  type PoseData,
  type PosePerson,
  type RepetitionData,
  type Sport,
  type SportsDocument,
  type ServiceData,
  type StateData,
} from './types';

export const SPORTS_DOCUMENT = members<SportsDocument>({
  sports: listOf(members<Sport>({ name: string, label: string, headline: listOf(string) })),
  metrics: listOf(
    members<MetricDefinition>({ key: string, label: string, short_label: optional(string), unit: string, decimals: number }),
  ),
});

export const ANALYSIS = members<Analysis>({
  analysis_id: string,
  sport_type: string,
  state: oneOf(SESSION_STATES),
  stream_url: string,
  whip_url: optional(string),
  whep_url: optional(string),
  source: optional(
    members<NonNullable<Analysis['source']>>({
      codec: optional(string),
      decoder: optional(string),
      width: optional(number),
      height: optional(number),
      fps: optional(number),
    }),
  ),
  latency: optional(members<NonNullable<Analysis['latency']>>({ p50_ms: optional(number) })),
});

const LIVE_STATE = members<LiveState>({
  movement: optional(string),
  phase: optional(string),
  values: listOf(tuple(string, optional(number))),
});

const NOTICE = members<NoticeData>({ code: optional(string), message: string });

/** The `data` of each type of event, in the order of the documentation. */
export const EVENT_DATA: Readonly<Record<EventType, Check>> = {
  pose: members<PoseData>({
    width: number,
    height: number,
    persons: listOf(
      members<PosePerson>({
        id: number,
        selected: boolean,
        landmarks: listOf(tuple(optional(number), optional(number), optional(number))),
      }),
    ),
    live: optional(LIVE_STATE),
  }),
  phase: members<PhaseData>({ person: optional(number), movement: string, phase: string }),
  metric_update: members<MetricUpdateData>({ person: optional(number), movement: string, key: string, value: number }),
  repetition: members<RepetitionData>({
    movement: string,
    person: number,
    metrics: recordOf(optional(number)),
    uncertainty: recordOf(optional(number)),
    methods: recordOf(string),
    warnings: listOf(string),
    quality: members<RepetitionData['quality']>({ grade: oneOf(GRADES), reasons: listOf(string) }),
  }),
  analysis_complete: anyObject,
  warning: NOTICE,
  error: NOTICE,
  service: members<ServiceData>({ degraded: boolean, pose_rate: optional(number) }),
  state: members<StateData>({ state: oneOf(SESSION_STATES), reason: optional(string) }),
};
