/** One measurement: from asking for the camera to the last event. */

import { CameraError, closeCamera, openCamera, type CameraFault } from '../api/camera';
import { analysis, createAnalysis, endAnalysis } from '../api/client';
import { Problem } from '../api/problem';
import type { Analysis, AnalysisRequest, EventType, WireEvent } from '../api/types';
import { Viewer } from '../api/viewer';
import { Timeline } from '../draw/timeline';
import { DelayMeter } from '../events/delay';
import { Intake, type Feed } from '../events/intake';
import { EVENT_TYPES } from '../events/parse';
import { Session } from '../events/session';
import { EventStream, type StreamStatus } from '../events/stream';
import { text } from '../text/en';
import { Farewell } from './farewell';
import { Uplink } from './uplink';

/** What the WebSocket carries while poses come over the data channel. */
const BUT_POSES = EVENT_TYPES.filter((type) => type !== 'pose');

/** A connection whose data channel brings no pose for so long has none; then the WebSocket carries them too, milliseconds. */
const CHANNEL_MS = 4000;

/** From the camera to the decoded frame, median on one machine (VP8 and H.264, WHIP), milliseconds. */
const CAPTURED_TO_DECODED_MS = 15;

/** A picture that comes later than this is no help to anybody, milliseconds. */
const LONGEST_HOLD_MS = 300;

/** After so many tries to get the stream back the page asks whether there is a session at all. */
const TRIES = 4;

/** How often the time to the daemon and back is asked for, milliseconds. */
const ROUND_TRIP_MS = 2000;

/** Without a pose for so long nothing on screen is live, milliseconds. */
const SILENT_MS = 1500;

/** A session that calls itself live and says nothing for so long is asked again over a new connection, milliseconds. */
const DEAF_MS = 5000;

/** The session says that it is done within this time of being asked to stop, or is left to itself, milliseconds. */
const FAREWELL_MS = 4000;

export type Step = 'asking' | 'creating' | 'connecting' | 'running' | 'over';

export type Fault = { kind: 'camera'; fault: CameraFault } | { kind: 'problem'; problem: Problem };

export interface Wanted {
  readonly source: 'camera' | 'demo';
  readonly camera: string | null;
  readonly request: Omit<AnalysisRequest, 'input' | 'overlay'>;
}

export class Run {
  step: Step;
  fault: Fault | null = null;
  stream: StreamStatus = { kind: 'connecting' };
  analysis: Analysis | null = null;
  media: MediaStream | null = null;
  startedAt: number | null = null;
  readonly session = new Session();
  readonly intake = new Intake();
  readonly timeline = new Timeline();
  readonly delay = new DelayMeter();
  private events: EventStream | null = null;
  private uplink: Uplink | null = null;
  private viewer: Viewer | null = null;
  private heardAt = 0;
  private reopenedAt = 0;
  private stopped = false;
  /** What this page said to the server when it ended the session. */
  readonly farewell: Farewell;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly wanted: Wanted,
    private readonly changed: () => void,
  ) {
    this.farewell = new Farewell(changed);
    this.step = wanted.source === 'camera' ? 'asking' : 'creating';
    this.timer = setInterval(() => this.lookAfter(), ROUND_TRIP_MS);
    void this.start().catch((error: unknown) => this.fail(error));
  }

  get isCamera(): boolean {
    return this.wanted.source === 'camera';
  }

  /** Whether the picture of the camera reaches the daemon, or did. */
  get link(): Uplink['state'] {
    return this.uplink?.state ?? 'none';
  }

  /** Frames per second that the camera promises. */
  get cameraRate(): number | null {
    return this.isCamera ? (this.media?.getVideoTracks()[0]?.getSettings().frameRate ?? null) : null;
  }

  /** Takes in what the daemon says about the session meanwhile. */
  know({ source, latency }: Analysis): void {
    if (this.analysis) this.analysis = { ...this.analysis, source: source ?? null };
    // Nothing was measured as long as it is nought.
    this.delay.processingMs = latency?.p50_ms && latency.p50_ms > 0 ? latency.p50_ms : null;
    this.changed();
  }

  /** Whether what the poses said last still holds. */
  get isLive(): boolean {
    return this.step === 'running' && performance.now() - this.heardAt < SILENT_MS;
  }

  /** Whether an open connection to a session that is live says nothing. */
  get isSilent(): boolean {
    return this.step === 'running' && this.stream.kind === 'open' && this.session.state === 'live' && !this.isLive;
  }

  /** For how long the picture of the camera waits for its poses; `null` where that is not known or too long. */
  get holdMs(): number | null {
    const { ms: delay } = this.delay;
    if (!this.isCamera || !this.isLive || delay === null) return null;
    const ms = CAPTURED_TO_DECODED_MS + delay + this.timeline.behindMs();
    return ms <= LONGEST_HOLD_MS ? ms : null;
  }

  /** Whether the server is being told of the end, or was and has not ended the session yet. */
  get isEnding(): boolean {
    return this.step !== 'over' && (this.farewell.state === 'saying' || this.farewell.state === 'said');
  }

  /** Ends the measurement, or tries to once more; what was measured stays. */
  stop(): void {
    if (this.farewell.state === 'failed' && this.analysis) {
      void this.farewell.sayAgain(this.analysis.analysis_id).then(() => this.awaitEnd());
    }
    if (this.stopped) return;
    this.stopped = true;
    if (this.analysis) void this.end().then(() => this.awaitEnd());
    else this.finish();
    this.changed();
  }

  /** The page goes away: tell the daemon, and let nothing wait. */
  leave(): void {
    void this.end(true);
    this.finish();
  }

  /** Ends the session at the server and gives the camera back at once, whatever comes of it. */
  private async end(leaving = false): Promise<void> {
    const id = this.analysis?.analysis_id;
    const unpublish = this.releaseMedia();
    if (id === undefined || this.session.over || this.farewell.state !== 'unsaid') return;
    await this.farewell.say(unpublish ?? (() => endAnalysis(id, leaving)));
  }

  /** A session that was told to end says so itself when it has; one that was not goes on. */
  private awaitEnd(): void {
    if (this.farewell.state !== 'failed') setTimeout(() => this.finish(), FAREWELL_MS);
  }

  private async start(): Promise<void> {
    if (this.isCamera) {
      this.media = await openCamera(this.wanted.camera);
      if (this.stopped) return void this.releaseMedia();
      this.enter('creating');
    }
    const input = this.isCamera ? ({ streaming: true } as const) : ({ demo: true } as const);
    // Where the page shows what leaves the daemon it draws the skeleton itself, sharper than any encoder leaves it.
    this.analysis = await createAnalysis({ ...this.wanted.request, input, overlay: this.isCamera });
    if (this.stopped) return this.end();
    this.enter('connecting');
    this.listen(this.isCamera ? BUT_POSES : []);
    await (this.isCamera ? this.publish() : this.watch());
  }

  private enter(step: Step): void {
    this.step = step;
    this.changed();
  }

  private fail(error: unknown): void {
    if (this.stopped) return;
    this.fault =
      error instanceof CameraError ? { kind: 'camera', fault: error.fault } : { kind: 'problem', problem: Problem.from(error) };
    void this.end();
    this.finish();
  }

  private listen(types: readonly EventType[]): void {
    this.events?.close();
    if (!this.analysis) return;
    this.events = new EventStream(
      this.analysis.stream_url,
      location.href,
      {
        event: (event, feed) => this.take(event, feed),
        status: (status) => {
          this.stream = status;
          if (status.kind === 'complete') this.finish();
          if (status.kind === 'lost' && status.attempt % TRIES === 0) void this.askWhetherItExists();
          this.changed();
        },
      },
      types,
    );
  }

  /** A daemon that was started anew knows nothing of the session: then there is nothing to wait for. */
  private async askWhetherItExists(): Promise<void> {
    if (!this.analysis) return;
    await analysis(this.analysis.analysis_id).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) this.fail(error);
    });
  }

  private async publish(): Promise<void> {
    if (!this.analysis?.whip_url || !this.media) return;
    this.uplink = new Uplink(this.analysis.whip_url, this.media, {
      event: (event, feed) => this.take(event, feed),
      connected: () => setTimeout(() => this.step === 'connecting' && !this.stopped && this.listen([]), CHANNEL_MS),
      changed: this.changed,
      failed: (error) => this.fail(error),
    });
    await this.uplink.publish();
  }

  /** A demo without its picture is still worth watching: the skeleton comes with the events. */
  private async watch(): Promise<void> {
    if (!this.analysis?.whep_url) return;
    const viewer = await Viewer.start(this.analysis.whep_url).catch(() => null);
    if (this.stopped) return viewer?.close();
    this.viewer = viewer;
    this.media = viewer?.media ?? null;
    this.changed();
  }

  private take(event: WireEvent, feed: Feed): void {
    const arrived = performance.now();
    if (!this.intake.accept(event, feed)) return;
    this.session.apply(event);
    if (event.type === 'pose') {
      this.heardAt = arrived;
      this.delay.note(event.timestamp_ms, arrived);
      this.timeline.push(event.timestamp_ms, arrived, event.data);
      this.startedAt ??= Date.now();
      if (this.step === 'connecting') this.step = 'running';
    }
    this.changed();
  }

  /** What has to be looked at now and then, because no event tells. */
  private lookAfter(): void {
    void this.measureRoundTrip();
    const now = performance.now();
    if (!this.isSilent || now - Math.max(this.heardAt, this.reopenedAt) < DEAF_MS) return;
    this.reopenedAt = now;
    this.events?.reopen();
  }

  private async measureRoundTrip(): Promise<void> {
    this.delay.roundTripMs = (await this.uplink?.roundTripMs()) ?? 0;
  }

  /** Returns how to tell the daemon that nothing is published any more, if anything was. */
  private releaseMedia(): (() => Promise<void>) | null {
    const unpublish = this.uplink?.close() ?? null;
    this.viewer?.close();
    if (this.isCamera && this.media) closeCamera(this.media);
    return unpublish;
  }

  private finish(): void {
    if (this.step === 'over') return;
    // A session that fails because it was left here has only ended.
    const failed = this.session.state === 'failed' && !this.stopped;
    this.stopped = true;
    clearInterval(this.timer);
    this.events?.close();
    this.releaseMedia();
    this.media = null;
    this.timeline.clear();
    if (failed && !this.fault) {
      this.fault = { kind: 'problem', problem: new Problem(text.fault.failed, this.session.reason ?? '', null) };
    }
    this.enter('over');
  }
}
