/** The wire formats of the HTTP API, as `/api/v1/openapi.json` describes them. */

/** What a session may be doing, in the usual order. */
export const SESSION_STATES = ['waiting', 'connecting', 'live', 'stalled', 'finishing', 'done', 'failed'] as const;

export type SessionState = (typeof SESSION_STATES)[number];

export const GRADES = ['A', 'B', 'C', 'F'] as const;

export type Grade = (typeof GRADES)[number];

/** One joint: x and y as a fraction of the picture, visibility 0 to 1; `null` where the model gave no number. */
export type Landmark = readonly [x: number | null, y: number | null, visibility: number | null];

export interface PosePerson {
  id: number;
  /** The person whose numbers count. */
  selected: boolean;
  source: 'measured' | 'predicted';
  /** The 33 landmarks of BlazePose. */
  landmarks: readonly Landmark[];
}

/** What is going on at a frame; interim by nature. */
export interface LiveState {
  movement: string | null;
  phase: string | null;
  /** Registry key and value, in the order worth showing. */
  values: readonly (readonly [string, number | null])[];
  repetitions: number;
}

export interface PoseData {
  width: number;
  height: number;
  persons: readonly PosePerson[];
  live?: LiveState | null;
}

export interface PhaseData {
  person?: number;
  movement: string;
  phase: string;
  start_s: number;
}

export interface MetricUpdateData {
  person?: number;
  movement: string;
  key: string;
  value: number;
}

/** A completed repetition; final. `metrics`, `uncertainty` and `methods` share their keys. */
export interface RepetitionData {
  movement: string;
  person: number;
  start_s: number;
  end_s: number;
  phases: readonly { name: string; start_s: number; end_s: number }[];
  events: Readonly<Record<string, number>>;
  metrics: Readonly<Record<string, number | null>>;
  /** Half widths of the 95 % intervals. */
  uncertainty: Readonly<Record<string, number | null>>;
  methods: Readonly<Record<string, string>>;
  warnings: readonly string[];
  quality: { grade: Grade; reasons: readonly string[] };
}

export interface NoticeData {
  code?: string;
  message: string;
}

/** What the session gets of the machine. */
export interface ServiceData {
  /** Whether that is less than was asked for. */
  degraded: boolean;
  /** Most poses per second; absent when every frame is measured. */
  pose_rate?: number | null;
}

export interface StateData {
  state: SessionState;
  reason?: string | null;
}

interface Payloads {
  pose: PoseData;
  phase: PhaseData;
  metric_update: MetricUpdateData;
  repetition: RepetitionData;
  analysis_complete: Readonly<Record<string, unknown>>;
  warning: NoticeData;
  error: NoticeData;
  state: StateData;
  service: ServiceData;
}

export type EventType = keyof Payloads;

/** The one envelope of every transport. */
export type WireEvent = {
  [Type in EventType]: {
    type: Type;
    analysis_id?: string;
    /** Media time of the frame. */
    timestamp_ms: number;
    /** Without gaps per analysis. */
    sequence: number;
    /** Pose events this reader was too slow for. */
    dropped?: number;
    data: Payloads[Type];
  };
}[EventType];

/** A metric as the registry defines it. */
export interface MetricDefinition {
  key: string;
  label: string;
  /** Where the label is too long for a panel. */
  short_label?: string | null;
  /** `1` for a pure number. */
  unit: string;
  decimals: number;
  definition: string;
  source: string;
}

export interface Sport {
  name: string;
  label: string;
  phases: readonly string[];
  /** Keys in registry order. */
  metrics: readonly string[];
  /** Keys in the order in which they are shown to people. */
  headline: readonly string[];
}

export interface SportsDocument {
  sports: readonly Sport[];
  metrics: readonly MetricDefinition[];
}

export type Quality = 'fast' | 'balanced' | 'accurate';

/** The body of `POST /api/v1/analyses`. */
export interface AnalysisRequest {
  sport_type: string;
  input: { streaming: true } | { demo: true };
  quality: Quality;
  athlete?: { height_m?: number; mass_kg?: number };
  overlay: boolean;
}

/** A session as the API tells it; the addresses may be relative to the page. */
export interface Analysis {
  analysis_id: string;
  sport_type: string;
  whip_url?: string | null;
  whep_url?: string | null;
  stream_url: string;
  overlay_url?: string | null;
  state: SessionState;
  source?: {
    decoder?: string | null;
    codec?: string | null;
    hardware?: boolean | null;
    width?: number | null;
    height?: number | null;
    fps?: number | null;
  } | null;
  /** From the arrival of a frame to its event. */
  latency?: { p50_ms?: number | null } | null;
}
