/** What the API takes and answers. Names are those of the OpenAPI file, without `View`; members are as in JSON. */

import type { Numbers } from './metrics.js';

export type Quality = 'fast' | 'balanced' | 'accurate';

export interface AthleteInfo {
  /** Stature, metres; gives lengths and speeds their scale. */
  height_m?: number | null;
  /** Body mass, kilograms; needed for power and force. */
  mass_kg?: number | null;
}

/** How the camera stands; estimated when absent. Degrees. */
export interface Camera {
  roll_deg?: number | null;
  yaw_deg?: number | null;
}

/** A place the video is sent to. */
export type Output = { rtmp: string } | { srt: string } | { fill: string } | { matte: string } | { hls: true };

/** Where pictures come from. */
export type Input =
  /** Somebody publishes by WHIP. */
  | { streaming: true }
  /** `rtsp://…`, `srt://…`, `http(s)://…`, `file://…` of the server. */
  | { uri: string }
  /** A camera of the server, `/dev/video0`. */
  | { camera: string }
  /** The rendered demo athlete. */
  | { demo: true }
  /** `s3://…` or `https://…` */
  | { video_path: string }
  /** An upload that is complete. */
  | { upload: string }
  /** A file that is uploaded first. */
  | { video: Blob };

/** An analysis to be made. */
export interface CreateAnalysis {
  input: Input;
  /** Name of a movement, or `auto`. */
  sport_type?: string;
  quality?: Quality;
  athlete?: AthleteInfo;
  /** `athlete_id` or `external_id` of an athlete. */
  athlete_id?: string;
  training_session_id?: string;
  camera?: Camera;
  /** Height of the box of drop jumps, metres. */
  box_height_m?: number;
  /** People followed at once. */
  max_persons?: number;
  /** Whether the video that leaves carries skeleton, phase and numbers. */
  overlay?: boolean;
  record?: boolean;
  outputs?: Output[];
  /** Whether a page is made of it; only of a file. */
  report?: boolean;
  /** Told of this analysis alone; `webhook_secret` of the answer is what signs. */
  webhook_url?: string;
  config?: AnalysisConfig;
}

/** One of several people in the picture: who takes up most of it, who is nearest to its centre, or who moves most. */
export type Person = 'largest' | 'nearest_centre' | 'most_moving';

/** What else the measurement may be told. */
export interface AnalysisConfig {
  /** Frames per second at which a slow-motion file was filmed. */
  capture_fps?: number;
  /** Whose movement is measured, and nobody else's. */
  person?: Person;
}

/** What is absent stays as it is. */
export interface ChangeAnalysis {
  sport_type?: string;
  overlay?: boolean;
}

export type Status = 'queued' | 'running' | 'completed' | 'failed';

export type State = 'waiting' | 'connecting' | 'live' | 'stalled' | 'finishing' | 'done' | 'failed';

export type Grade = 'A' | 'B' | 'C' | 'F';

/** A completed repetition. Final: it is never revised. `metrics`, `uncertainty` and `methods` share their keys. */
export interface Repetition {
  movement: string;
  /** Track id. */
  person: number;
  /** Seconds of media time, as all times here. */
  start_s: number;
  end_s: number;
  phases: readonly { name: string; start_s: number; end_s: number }[];
  /** Named instants, e.g. `takeoff_s`. */
  events: Readonly<Record<string, number>>;
  /** Contacts of gait. */
  steps?: readonly Readonly<Record<string, unknown>>[];
  metrics: Numbers;
  /** Half widths of the 95 % intervals. */
  uncertainty: Numbers;
  methods: Readonly<Record<string, string>>;
  /** What a reader should know, also why a number was withheld. */
  warnings: readonly string[];
  quality: { grade: Grade; reasons: readonly string[]; degraded?: boolean };
}

export interface AnalysisSummary {
  analysis_id: string;
  status: Status;
  state: State;
  /** Why it is in this state, where there is something to say. */
  reason: string | null;
  sport_type: string;
  /** RFC 3339, as every moment here. */
  created_at: string;
  repetitions: number;
  /** Of a file, how much is done, 0 to 1. */
  progress?: number;
}

export interface Source {
  /** `whip`, `uri`, `camera`, `demo` or `file`. */
  kind: string;
  codec?: string;
  decoder?: string;
  hardware?: boolean;
  width: number;
  height: number;
  fps: number;
}

export interface Counts {
  frames: number;
  poses: number;
  predicted: number;
  dropped: number;
}

/** Milliseconds from the arrival of a frame to its event. */
export interface Latency {
  p50_ms: number;
  p95_ms: number;
  max_ms: number;
}

/** What an analysis gets of the machine. */
export interface Service {
  /** Whether that is less than was asked for. */
  degraded: boolean;
  /** Most poses per second; absent when every frame is measured. */
  pose_rate?: number;
  model: string;
  overlay: boolean;
}

export interface OutputState {
  kind: string;
  target: string;
  state: string;
  reason?: string;
  dropped: number;
}

/** Addresses of what belongs to an analysis. */
export interface Links {
  /** Publish here by WHIP; only when the analysis takes a publisher. */
  whip_url?: string;
  whep_url?: string;
  stream_url?: string;
  overlay_url?: string;
  snapshot_url?: string;
  results_url?: string;
  results_csv_url?: string;
  /** Every event that is kept, one JSON object per line. */
  events_url?: string;
  diagnostics_url?: string;
  /** Of a file, the video with graphics; it is there when the analysis is completed. */
  overlay_video_url?: string;
  /** Of a file, the page about it; it is there when the analysis is completed. */
  report_url?: string;
  recording_url?: string;
  hls_url?: string;
}

/** An analysis, running or ended. */
export interface Analysis extends AnalysisSummary, Links {
  quality: Quality;
  athlete: AthleteInfo;
  camera: Camera;
  box_height_m: number | null;
  source: Source;
  /** Address or device of the source, without credentials. */
  address?: string;
  counts: Counts;
  latency: Latency;
  /** Absent when it has ended. */
  service?: Service;
  /** Who watches by WHEP. */
  viewers: number;
  outputs: readonly OutputState[];
  next_sequence: number;
  results: readonly Repetition[];
  /** The webhook that was ordered with it. */
  webhook_id?: string;
  /** What signs what that webhook is told; only in the answer to the order. */
  webhook_secret?: string;
}

export interface AnalysisList {
  analyses: readonly AnalysisSummary[];
  next_cursor?: string;
}

export interface Results {
  schema: string;
  analysis_id: string;
  order: Readonly<Record<string, unknown>>;
  repetitions: readonly Repetition[];
}

export interface Note {
  at: string;
  kind: string;
  from: string;
  text: string;
}

export interface Engine {
  detector_runs: number;
  landmarker_runs: number;
  skipped_late: number;
  inference_s: number;
  overhead_s: number;
}

export interface Diagnostics {
  analysis_id: string;
  state: State;
  reason: string | null;
  graph: boolean;
  source: Source;
  counts: Counts;
  latency: Latency;
  engine: Engine;
  notes: readonly Note[];
  forgotten: number;
}

export interface AthleteData {
  /** Their name in your own books. */
  external_id?: string;
  name?: string;
  height_m?: number;
  mass_kg?: number;
}

export interface Athlete {
  athlete_id: string;
  external_id: string | null;
  name: string | null;
  height_m: number | null;
  mass_kg: number | null;
  created_at: string;
}

export interface AthleteList {
  athletes: readonly Athlete[];
  next_cursor?: string;
}

export interface TrainingSessionData {
  name: string;
  /** `athlete_id` or `external_id`; absent for a team. */
  athlete?: string;
  /** Now when absent. */
  at?: string;
}

export interface TrainingSession {
  training_session_id: string;
  name: string;
  athlete_id: string | null;
  at: string;
}

export interface TrainingSessionList {
  training_sessions: readonly TrainingSession[];
  next_cursor?: string;
}

/** What is wanted of a list; what is absent does not matter. */
export interface Filter {
  /** `athlete_id` or `external_id`. */
  athlete?: string;
  training_session_id?: string;
  sport_type?: string;
  /** From this moment on, RFC 3339. */
  from?: string;
  /** Before this moment. */
  until?: string;
}

export interface AnalysisFilter extends Filter {
  state?: State;
  status?: Status;
}

export interface ExportFilter extends Filter {
  analysis_id?: string;
  grade?: Grade;
}

export interface RepetitionFilter extends ExportFilter {
  /** `at` or the key of a metric; with a minus in front, the youngest or highest comes first. */
  sort?: string;
}

export interface TrendFilter {
  sport_type: string;
  /** Keys; all when absent. */
  metrics?: readonly string[];
  from?: string;
  until?: string;
}

export interface MetricFilter {
  sport_type?: string;
  grade?: Grade;
  from?: string;
  until?: string;
  /** `at` or `value`; with a minus in front, the youngest or highest comes first. */
  sort?: string;
}

/** A repetition that was measured before. */
export interface StoredRepetition {
  repetition_id: string;
  analysis_id: string;
  sequence: number;
  athlete_id: string | null;
  training_session_id?: string | null;
  sport_type: string;
  at: string;
  grade: Grade;
  data: Repetition;
}

export interface RepetitionList {
  repetitions: readonly StoredRepetition[];
  next_cursor?: string;
}

/** A number with half the width of its 95 % interval, where that is known. */
export interface Estimate {
  value: number;
  uncertainty: number | null;
}

/** From the mean of the earlier half to that of the later one. */
export interface Change extends Estimate {
  /** Whether it is more than chance. */
  certain: boolean;
}

export interface Point extends Estimate {
  at: string;
}

export interface MetricTrend {
  metric: string;
  count: number;
  highest: Estimate;
  lowest: Estimate;
  mean: Estimate;
  change: Change | null;
  /** The oldest first. */
  series: readonly Point[];
}

export interface Trends {
  sport_type: string;
  trends: readonly MetricTrend[];
}

/** A value of a metric, and where it comes from. */
export interface MetricValue extends Point {
  /** `1` for a pure number. */
  unit: string;
  /** How it was measured. */
  method: string | null;
  grade: Grade;
  sport_type: string;
  analysis_id: string;
  repetition_id: string;
}

export interface MetricSeries {
  metric: string;
  values: readonly MetricValue[];
  next_cursor?: string;
}

export interface CreateKey {
  name: string;
  /** No more than whoever makes it; all of theirs when absent. */
  scopes?: readonly string[];
  expires_in_days?: number;
}

export interface Key {
  key_id: string;
  name: string;
  prefix: string;
  scopes: readonly string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface MadeKey extends Key {
  /** Said this once. */
  key: string;
}

export interface KeyList {
  keys: readonly Key[];
}

export interface CreateToken {
  /** The one analysis it is for. */
  analysis_id: string;
  /** Some of `analyses:read`, `publish` and `watch`. */
  scopes: readonly string[];
  expires_in_s?: number;
}

export interface MadeToken {
  token: string;
  analysis_id: string;
  scopes: readonly string[];
  expires_at: string;
}

export interface Share {
  used: number;
  /** Absent when there is no limit. */
  limit?: number;
}

/** What a tenant has used of what its tier says. */
export interface Usage {
  tenant: string;
  tier: string;
  /** UTC: `2026-11`. */
  month: string;
  /** Begun in the month. */
  analyses: Share;
  live_streams: Share;
  webhooks: Share;
}

/** Something that was changed. */
export interface AuditEntry {
  change_id: string;
  at: string;
  actor: string;
  action: string;
  subject: string;
  address: string | null;
}

export interface AuditList {
  changes: readonly AuditEntry[];
  next_cursor?: string;
}

export interface RegisterWebhook {
  url: string;
  /** Types of events; `repetition`, `analysis_complete` and `error` when absent. */
  events?: readonly string[];
  sport_types?: readonly string[];
}

export interface Webhook {
  webhook_id: string;
  url: string;
  events: readonly string[];
  sport_types: readonly string[];
  /** The one analysis it was ordered with, and goes with; absent of one that was registered. */
  analysis_id?: string;
  created_at: string;
  failing_since: string | null;
  disabled_at: string | null;
  reason: string | null;
}

export interface RegisteredWebhook extends Webhook {
  /** Said this once. */
  secret: string;
}

export interface WebhookList {
  webhooks: readonly Webhook[];
}

/** How a test of a webhook went. */
export interface Test {
  delivered: boolean;
  event_id: string;
  status: number | null;
  answer: string | null;
  error: string | null;
}

export interface Delivery {
  delivery_id: string;
  event_id: string;
  event_type: string;
  analysis_id?: string;
  sequence?: number;
  /** `waiting`, `delivered` or `given_up`. */
  state: string;
  attempts: number;
  first_at: string;
  due_at: string | null;
  delivered_at: string | null;
  last_status: number | null;
  last_answer: string | null;
  last_error: string | null;
}

export interface DeliveryList {
  deliveries: readonly Delivery[];
  next_cursor?: string;
}

export interface Sport {
  name: string;
  label: string;
  phases: readonly string[];
  events: readonly string[];
  metrics: readonly string[];
  /** Keys in the order in which they are shown to people. */
  headline: readonly string[];
}

export interface MetricInfo {
  key: string;
  label: string;
  short_label: string;
  /** `1` for a pure number. */
  unit: string;
  decimals: number;
  definition: string;
  source: string;
  bounds: readonly [number, number];
}

export interface Sports {
  sports: readonly Sport[];
  metrics: readonly MetricInfo[];
}
