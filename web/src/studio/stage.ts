/** The picture with the skeleton on it, the phase, and whatever stands in the way of a picture. */

import { h, say, show } from '../dom';
import { icon, type IconName } from '../draw/icons';
import { HeldPicture } from '../draw/held';
import { SkeletonPainter, contained } from '../draw/skeleton';
import type { Catalog } from '../format/catalog';
import { words } from '../format/number';
import { text } from '../text/en';
import type { Farewell } from './farewell';
import type { Fault, Run } from './run';

const t = text.stage;

/** RTP counts video in units of 1/90 000 s (RFC 3551). */
const RTP_PER_MS = 90;

/** What happens when a button of a message is pressed. */
export interface StageActions {
  again(): void;
  demo(): void;
  back(): void;
}

interface Message {
  readonly icon: IconName | 'busy';
  readonly title: string;
  readonly detail: string;
  /** Covers the picture; otherwise stands at its foot. */
  readonly blocking: boolean;
  readonly buttons: readonly (readonly [string, () => void])[];
}

/** In the air is what everybody waits for; the rest is preparation or over. */
function phaseTone(phase: string): string {
  if (phase === 'flight') return 'flight';
  if (phase === 'concentric' || phase === 'ascent') return 'push';
  return phase === 'standing' || phase === '' ? 'rest' : 'move';
}

export class Stage {
  readonly root: HTMLElement;
  private readonly video = h('video', { autoplay: true, playsinline: true, muted: true, tabindex: -1 });
  private readonly canvas = h('canvas', { role: 'img', 'aria-label': t.label });
  private readonly movement = h('span', { class: 'banner-movement' });
  private readonly phase = h('span', { class: 'banner-phase' });
  private readonly count = h('span', { class: 'stage-count' });
  private readonly banner = h('div', { class: 'banner' }, this.movement, this.phase);
  private readonly note = h('p', { class: 'stage-note', hidden: true }, t.noPicture);
  private readonly message = h('div', { class: 'message', hidden: true });
  private readonly painter: SkeletonPainter;
  private readonly held = new HeldPicture(this.video);
  private pictureMs: number | null = null;
  private shownMessage = '';
  private run: Run | null = null;
  skeleton = true;

  constructor(private readonly actions: StageActions) {
    // The attribute alone does not silence a video that a script made.
    this.video.muted = true;
    this.root = h('div', { class: 'stage' }, this.video, this.canvas, this.banner, this.count, this.note, this.message);
    const context = this.canvas.getContext('2d');
    if (!context) throw new Error('this browser draws no canvas');
    this.painter = new SkeletonPainter(context);
    const frame = () => {
      this.paint();
      // Once it has been shown and taken away it does not come back.
      if (this.root.isConnected || !this.run) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  update(run: Run, catalog: Catalog | null): void {
    this.run = run;
    if (this.video.srcObject !== run.media) this.play(run);
    const { session } = run;
    const movement = session.live?.movement ?? session.phase?.movement ?? null;
    const phase = session.live?.phase ?? session.phase?.name ?? '';
    const running = run.step === 'running';
    show(this.banner, running);
    this.banner.classList.toggle('stale', !run.isLive);
    say(this.movement, movement ? (catalog?.movementLabel(movement) ?? words(movement)) : '');
    say(this.phase, phase ? words(phase) : t.noPhase);
    this.banner.dataset.tone = phaseTone(phase);
    show(this.count, running && session.repetitions.length > 0);
    say(this.count, t.repetitions(session.repetitions.length));
    show(this.note, running && !run.isCamera && !run.media);
    this.tell(this.messageFor(run));
  }

  private play(run: Run): void {
    this.video.srcObject = run.media;
    if (run.isCamera) this.held.watch();
    else this.followPicture();
  }

  /** Reads the media time of each frame that came by WebRTC: the daemon counts RTP time from the start of the session. */
  private followPicture(): void {
    if (!('requestVideoFrameCallback' in this.video)) return;
    const shown = (_: number, { rtpTimestamp }: VideoFrameCallbackMetadata) => {
      this.pictureMs = rtpTimestamp === undefined ? null : rtpTimestamp / RTP_PER_MS;
      if (this.video.srcObject) this.video.requestVideoFrameCallback(shown);
    };
    this.video.requestVideoFrameCallback(shown);
  }

  private paint(): void {
    const { run, canvas } = this;
    if (!run) return;
    const now = performance.now();
    const pose = this.skeleton && run.step === 'running' ? run.timeline.at(now, this.pictureMs) : null;
    const [width, height] = [
      Math.round(canvas.clientWidth * devicePixelRatio),
      Math.round(canvas.clientHeight * devicePixelRatio),
    ];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const picture = { width: this.video.videoWidth || pose?.width || 16, height: this.video.videoHeight || pose?.height || 9 };
    // A phone held upright shows an upright picture; the room for it follows.
    this.root.style.setProperty('--picture', String(picture.width / picture.height));
    const hold = pose ? run.holdMs : null;
    this.painter.paint(
      pose,
      contained(picture.width, picture.height, width, height),
      hold === null ? null : this.held.at(now - hold),
    );
  }

  private messageFor(run: Run): Message | null {
    const busy = (title: string, detail: string, blocking = true): Message => ({
      icon: 'busy',
      title,
      detail,
      blocking,
      buttons: [],
    });
    if (run.fault) return this.faultMessage(run.fault, run.farewell);
    if (run.step === 'asking') return busy(t.asking, t.askingDetail);
    if (run.step === 'creating') return busy(t.creating, '');
    const { state: farewell } = run.farewell;
    if (farewell === 'failed' && !run.session.over) return this.unendedMessage(run);
    if (run.isEnding) return busy(t.ending, '');
    if (run.step === 'over') {
      const why = farewell !== 'unsaid' ? '' : (run.session.reason ?? '');
      const detail = t.overDetail(run.session.repetitions.length, why);
      return { icon: 'done', title: t.over, detail, blocking: true, buttons: [] };
    }
    if (run.stream.kind === 'lost') {
      return { icon: 'lost', title: t.lost, detail: t.lostDetail(run.stream.attempt), blocking: false, buttons: [] };
    }
    if (run.session.state === 'stalled' || run.link === 'down')
      return { ...busy(t.stalled, t.stalledDetail, false), icon: 'warning' };
    if (run.isSilent) return { ...busy(t.silent, t.silentDetail, false), icon: 'lost' };
    if (run.step === 'running' && run.session.searching) return { ...busy(t.searching, t.searchingDetail, false), icon: 'body' };
    if (run.step === 'connecting') return busy(t.connecting, t.connectingDetail, !run.media);
    return null;
  }

  private unendedMessage(run: Run): Message {
    const detail = [run.farewell.problem?.title, run.farewell.problem?.detail, t.unendedDetail];
    return {
      icon: 'warning',
      title: t.unended,
      detail: sentences(detail),
      blocking: true,
      buttons: [
        [text.fault.again, () => run.stop()],
        [text.fault.back, this.actions.back],
      ],
    };
  }

  private faultMessage(fault: Fault, farewell: Farewell): Message {
    const { again, demo, back } = this.actions;
    const words = text.fault;
    if (fault.kind === 'camera') {
      const buttons = [
        [words.again, again],
        [words.demo, demo],
        [words.back, back],
      ] as const;
      return { icon: 'blocked', title: words.title[fault.fault], detail: words.detail[fault.fault], blocking: true, buttons };
    }
    const { title, detail } = fault.problem;
    return {
      icon: 'warning',
      title,
      detail: sentences([detail, farewell.state === 'failed' ? t.unendedDetail : '']),
      blocking: true,
      buttons: [
        [words.again, again],
        [words.back, back],
      ],
    };
  }

  private tell(message: Message | null): void {
    const key = message ? `${message.icon}|${message.title}|${message.detail}` : '';
    if (key === this.shownMessage) return;
    this.shownMessage = key;
    show(this.message, message !== null);
    if (!message) return;
    const buttons = message.buttons.map(([label, run], i) =>
      h('button', { type: 'button', class: i === 0 ? 'primary' : 'on-dark', click: run }, label),
    );
    this.message.className = `message ${message.blocking ? 'blocking' : 'passing'}`;
    this.message.setAttribute('role', message.buttons.length > 0 ? 'alert' : 'status');
    this.message.replaceChildren(
      message.icon === 'busy' ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : icon(message.icon),
      h('div', { class: 'message-words' }, h('strong', {}, message.title), message.detail ? h('span', {}, message.detail) : null),
      h('div', { class: 'message-buttons', hidden: buttons.length === 0 }, ...buttons),
    );
    buttons[0]?.focus({ preventScroll: true });
  }
}

/** Several remarks as one text, each a sentence of its own. */
function sentences(remarks: readonly (string | undefined)[]): string {
  return remarks
    .filter((remark) => remark)
    .map((remark) => (/[.!?]$/.test(remark ?? '') ? remark : `${remark}.`))
    .join(' ');
}
