/** The client. Members of what it takes and gives are named as in JSON, so that the documentation of the API holds. */

import { AnalysisFailed } from './errors.js';
import type { EventType, WireEvent } from './events.js';
import { Http, path, type Call, type Options } from './http.js';
import type * as m from './models.js';
import { events, type StreamOptions } from './stream.js';
import { upload, type UploadOptions } from './uploads.js';

export interface OrderOptions {
  /** The same key makes the same analysis once. One is made up where it is not given. */
  idempotencyKey?: string;
  /** Told how many bytes of `input.video` have arrived. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
}

const ANALYSIS = '/api/v1/analyses/{id}';

/** Talks to a kinemotion server. */
export class KinemotionClient {
  /** How the server is asked; also for whoever calls what has no method here. */
  readonly http: Http;

  constructor(options: Options = {}) {
    this.http = new Http(options);
  }

  // Analyses

  /** Has something analysed. `input.video` is uploaded first. */
  async createAnalysis(order: m.CreateAnalysis, options: OrderOptions = {}): Promise<m.Analysis> {
    const input = 'video' in order.input ? { upload: await this.upload(order.input.video, options) } : order.input;
    return this.http.json({
      method: 'POST',
      path: '/api/v1/analyses',
      json: { ...order, input },
      headers: { 'idempotency-key': options.idempotencyKey ?? randomName() },
      // The server keeps the key, so twice is once.
      repeatable: true,
      signal: options.signal,
    });
  }

  /** Running and ended ones, the youngest first; pages are fetched as they are needed. */
  analyses(wanted: m.AnalysisFilter = {}): AsyncGenerator<m.AnalysisSummary> {
    return this.pages('/api/v1/analyses', wanted, (page: m.AnalysisList) => page.analyses);
  }

  /** State, source, counts, latency and every repetition so far. */
  getAnalysis(id: string): Promise<m.Analysis> {
    return this.http.json({ method: 'GET', path: path(ANALYSIS, { id }) });
  }

  /** Looks for another movement from now on, or draws on the video that leaves, or not. */
  changeAnalysis(id: string, change: m.ChangeAnalysis): Promise<m.Analysis> {
    return this.http.json({ method: 'PATCH', path: path(ANALYSIS, { id }), json: change, repeatable: true });
  }

  /**
   * Ends one that runs, which keeps its results; removes one that has ended, with everything it left. `leaving` lets the call
   * outlive the page.
   */
  async deleteAnalysis(id: string, { leaving = false } = {}): Promise<void> {
    // The first ends it, the second removes what it found: twice is not the same as once.
    await this.http.answer({ method: 'DELETE', path: path(ANALYSIS, { id }), repeatable: false, keepalive: leaving });
  }

  /** Waits for the end. Throws `AnalysisFailed` where it ended without its results. */
  async wait(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<m.Analysis> {
    const types: EventType[] = ['state', 'analysis_complete'];
    for await (const _ of this.events(id, { types, ...(signal && { signal }) }));
    const analysis = await this.getAnalysis(id);
    if (analysis.status === 'failed') throw new AnalysisFailed(analysis);
    return analysis;
  }

  /** Every repetition so far, and what was ordered. */
  results(id: string): Promise<m.Results> {
    return this.http.json({ method: 'GET', path: path('/api/v1/analyses/{id}/results.json', { id }) });
  }

  /** Results as a table: one line per repetition. */
  async resultsCsv(id: string): Promise<string> {
    return (await this.http.answer({ method: 'GET', path: path('/api/v1/analyses/{id}/results.csv', { id }) })).text();
  }

  /** The present picture with overlay, a JPEG. */
  async snapshot(id: string): Promise<Blob> {
    return (await this.http.answer({ method: 'GET', path: path('/api/v1/analyses/{id}/snapshot.jpg', { id }) })).blob();
  }

  /** The recording, an MP4 file, as it comes. */
  recording(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/recording.mp4', { id }) });
  }

  /** The video of a file with graphics, an MP4 file, as it comes. */
  overlayVideo(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/overlay.mp4', { id }) });
  }

  /** The page about a file, HTML that needs nothing else. */
  report(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/report.html', { id }) });
  }

  /** The results for MATLAB and Octave, a MAT-file. */
  resultsMat(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/results.mat', { id }) });
  }

  /** The joint curves of a file: by phase or over time as Parquet, or both for MATLAB and Octave. */
  curves(id: string, format: 'phase' | 'time' | 'mat' = 'phase'): Promise<ReadableStream<Uint8Array>> {
    if (format === 'mat') return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/curves.mat', { id }) });
    if (format === 'time')
      return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/curves_time.parquet', { id }) });
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/curves_phase.parquet', { id }) });
  }

  /** Every event but poses, one JSON object per line. */
  storedEvents(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/analyses/{id}/events.ndjson', { id }) });
  }

  /** Why something went wrong. */
  diagnostics(id: string): Promise<m.Diagnostics> {
    return this.http.json({ method: 'GET', path: path('/api/v1/analyses/{id}/diagnostics', { id }) });
  }

  /** The pipeline in Graphviz's language. */
  async pipelineGraph(id: string): Promise<string> {
    return (
      await this.http.answer({ method: 'GET', path: path('/api/v1/analyses/{id}/diagnostics/pipeline.dot', { id }) })
    ).text();
  }

  /** What can be measured. */
  sports(): Promise<m.Sports> {
    return this.http.json({ method: 'GET', path: '/api/v1/sports' });
  }

  /**
   * Events since the beginning and as they happen, until the analysis ends. A connection that is lost is opened again where it
   * stopped; after `patienceMs` without one, the loss is thrown.
   */
  events(id: string, options: StreamOptions = {}): AsyncGenerator<WireEvent, void> {
    return events(this.http, id, options);
  }

  // Uploads

  /** Uploads a file part by part, gone on with after every interruption; the `upload` of an order. */
  upload(file: Blob, options: UploadOptions = {}): Promise<string> {
    return upload(this.http, file, options);
  }

  /** Removes an upload that is not needed. */
  async deleteUpload(id: string): Promise<void> {
    const headers = { 'tus-resumable': '1.0.0' };
    await this.http.answer({ method: 'DELETE', path: path('/api/v1/uploads/{id}', { id }), headers });
  }

  // History. An athlete is named by `athlete_id` or `external_id`.

  createAthlete(data: m.AthleteData): Promise<m.Athlete> {
    return this.http.json({ method: 'POST', path: '/api/v1/athletes', json: data });
  }

  /** The youngest entry first. */
  athletes(): AsyncGenerator<m.Athlete> {
    return this.pages('/api/v1/athletes', {}, (page: m.AthleteList) => page.athletes);
  }

  getAthlete(id: string): Promise<m.Athlete> {
    return this.http.json({ method: 'GET', path: path('/api/v1/athletes/{id}', { id }) });
  }

  /** Replaces what is known; what is absent is not known any more. */
  changeAthlete(id: string, data: m.AthleteData): Promise<m.Athlete> {
    return this.http.json({ method: 'PUT', path: path('/api/v1/athletes/{id}', { id }), json: data });
  }

  /** Erases an athlete with every analysis, recording and number of theirs. */
  async eraseAthlete(id: string): Promise<void> {
    await this.http.answer({ method: 'DELETE', path: path('/api/v1/athletes/{id}', { id }) });
  }

  createTrainingSession(data: m.TrainingSessionData): Promise<m.TrainingSession> {
    return this.http.json({ method: 'POST', path: '/api/v1/training-sessions', json: data });
  }

  /** Of an athlete or all, the youngest first. */
  trainingSessions(wanted: { athlete?: string } = {}): AsyncGenerator<m.TrainingSession> {
    return this.pages('/api/v1/training-sessions', wanted, (page: m.TrainingSessionList) => page.training_sessions);
  }

  getTrainingSession(id: string): Promise<m.TrainingSession> {
    return this.http.json({ method: 'GET', path: path('/api/v1/training-sessions/{id}', { id }) });
  }

  changeTrainingSession(id: string, data: m.TrainingSessionData): Promise<m.TrainingSession> {
    return this.http.json({ method: 'PUT', path: path('/api/v1/training-sessions/{id}', { id }), json: data });
  }

  /** What was measured in it stays, and belongs to none. */
  async removeTrainingSession(id: string): Promise<void> {
    await this.http.answer({ method: 'DELETE', path: path('/api/v1/training-sessions/{id}', { id }) });
  }

  /** Repetitions of all analyses, the youngest first unless `sort` says something else. */
  repetitions(wanted: m.RepetitionFilter = {}): AsyncGenerator<m.StoredRepetition> {
    return this.pages('/api/v1/repetitions', wanted, (page: m.RepetitionList) => page.repetitions);
  }

  /** Highest, lowest, mean and change of an athlete's numbers, with their 95 % intervals. */
  trends(id: string, wanted: m.TrendFilter): Promise<m.Trends> {
    return this.http.json({ method: 'GET', path: path('/api/v1/athletes/{id}/trends', { id }), query: query(wanted) });
  }

  /** Every value of one metric, the youngest first unless `sort` says something else. */
  metricSeries(id: string, metric: string, wanted: m.MetricFilter = {}): AsyncGenerator<m.MetricValue> {
    return this.pages(
      path('/api/v1/athletes/{id}/metrics/{metric}', { id, metric }),
      wanted,
      (page: m.MetricSeries) => page.values,
    );
  }

  /** Repetitions as a table, the oldest first. */
  exportRepetitions(format: 'csv' | 'parquet', wanted: m.ExportFilter = {}): Promise<ReadableStream<Uint8Array>> {
    if (format === 'csv') return this.download({ method: 'GET', path: '/api/v1/exports/repetitions.csv', query: query(wanted) });
    return this.download({ method: 'GET', path: '/api/v1/exports/repetitions.parquet', query: query(wanted) });
  }

  /** Everything of an athlete, a ZIP archive. */
  exportAthlete(id: string): Promise<ReadableStream<Uint8Array>> {
    return this.download({ method: 'GET', path: path('/api/v1/athletes/{id}/export.zip', { id }) });
  }

  // Keys

  /** Makes a key; it is said this once. */
  createKey(key: m.CreateKey): Promise<m.MadeKey> {
    return this.http.json({ method: 'POST', path: '/api/v1/keys', json: key });
  }

  async keys(): Promise<readonly m.Key[]> {
    return (await this.http.json<m.KeyList>({ method: 'GET', path: '/api/v1/keys' })).keys;
  }

  /** Makes another key that may do the same; the old one stays good for a while. */
  rotateKey(id: string, rotation: { overlap_hours?: number } = {}): Promise<m.MadeKey> {
    return this.http.json({ method: 'POST', path: path('/api/v1/keys/{id}/rotate', { id }), json: rotation });
  }

  async revokeKey(id: string): Promise<void> {
    await this.http.answer({ method: 'DELETE', path: path('/api/v1/keys/{id}', { id }) });
  }

  /** Makes a short-lived token for a page that publishes or watches one analysis, so that the key stays where it is. */
  createToken(token: m.CreateToken): Promise<m.MadeToken> {
    return this.http.json({ method: 'POST', path: '/api/v1/tokens', json: token, repeatable: true });
  }

  /** What was used this month, and what there is. */
  usage(): Promise<m.Usage> {
    return this.http.json({ method: 'GET', path: '/api/v1/usage' });
  }

  /** What was changed by whom, the youngest first. */
  audit(): AsyncGenerator<m.AuditEntry> {
    return this.pages('/api/v1/audit', {}, (page: m.AuditList) => page.changes);
  }

  // Webhooks

  /** Has an address told of events; the secret that signs is said this once. */
  registerWebhook(webhook: m.RegisterWebhook): Promise<m.RegisteredWebhook> {
    return this.http.json({ method: 'POST', path: '/api/v1/webhooks/register', json: webhook });
  }

  async webhooks(): Promise<readonly m.Webhook[]> {
    return (await this.http.json<m.WebhookList>({ method: 'GET', path: '/api/v1/webhooks' })).webhooks;
  }

  getWebhook(id: string): Promise<m.Webhook> {
    return this.http.json({ method: 'GET', path: path('/api/v1/webhooks/{id}', { id }) });
  }

  /** With what waited to be delivered to it. */
  async removeWebhook(id: string): Promise<void> {
    await this.http.answer({ method: 'DELETE', path: path('/api/v1/webhooks/{id}', { id }) });
  }

  /** Tells one that was disabled again. */
  async enableWebhook(id: string): Promise<void> {
    await this.http.answer({ method: 'POST', path: path('/api/v1/webhooks/{id}/enable', { id }), repeatable: true });
  }

  /** Sends an event of type `test` at once, and says how it went. */
  testWebhook(id: string): Promise<m.Test> {
    return this.http.json({ method: 'POST', path: path('/api/v1/webhooks/{id}/test', { id }) });
  }

  /** What was and is to be delivered, the youngest first: all, or what is `waiting`, `delivered` or `given_up`. */
  deliveries(id: string, wanted: { state?: string } = {}): AsyncGenerator<m.Delivery> {
    return this.pages(path('/api/v1/webhooks/{id}/deliveries', { id }), wanted, (page: m.DeliveryList) => page.deliveries);
  }

  /** Delivers something again, with the same `event_id`. */
  async resendDelivery(id: string, delivery: string): Promise<void> {
    const template = '/api/v1/webhooks/{id}/deliveries/{delivery}/resend';
    await this.http.answer({ method: 'POST', path: path(template, { id, delivery }) });
  }

  private async download(call: Call): Promise<ReadableStream<Uint8Array>> {
    return (await this.http.answer(call)).body ?? new ReadableStream();
  }

  private async *pages<P extends { next_cursor?: string }, T>(
    address: string,
    wanted: object,
    items: (page: P) => readonly T[],
  ): AsyncGenerator<T> {
    let cursor: { cursor?: string } = {};
    for (;;) {
      const page = await this.http.json<P>({ method: 'GET', path: address, query: query({ ...wanted, ...cursor }) });
      yield* items(page);
      if (page.next_cursor === undefined) return;
      cursor = { cursor: page.next_cursor };
    }
  }
}

/** The parameters of a filter. */
function query(wanted: object): Record<string, string> {
  const said = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]));
}

/** A name nobody else takes; pages without TLS have no `randomUUID`. */
function randomName(): string {
  const part = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return globalThis.crypto?.randomUUID?.() ?? [part(), part(), part(), part()].join('');
}
