/** Connection and delay, in the head of the page. */

import { h, say, show } from '../dom';
import { clock } from '../format/number';
import { text } from '../text/en';
import type { Run } from './run';

const t = text.status;

/** A delay beyond these is noticed, or in the way; milliseconds. */
const NOTICED_MS = 150;
const IN_THE_WAY_MS = 400;

export class Status {
  readonly root: HTMLElement;
  private readonly state = h('span', { class: 'pill' });
  private readonly time = h('span', { class: 'status-time' });
  private readonly delay = h('b');
  private readonly dropped = h('b');
  private readonly source = h('b');
  private readonly figures: HTMLElement;
  private readonly delayBox: HTMLElement;
  private readonly droppedBox: HTMLElement;
  private readonly sourceBox: HTMLElement;

  constructor() {
    const box = (label: string, value: HTMLElement, hint: string) =>
      h('span', { class: 'figure', title: hint }, h('span', { class: 'dim' }, label), value);
    this.delayBox = box(t.delay, this.delay, t.delayHint);
    this.sourceBox = box(t.source, this.source, '');
    this.sourceBox.classList.add('wide-only');
    this.droppedBox = box(t.dropped, this.dropped, t.droppedHint);
    this.figures = h('span', { class: 'figures' }, this.sourceBox, this.delayBox, this.droppedBox);
    this.root = h('div', { class: 'status', role: 'group', 'aria-label': t.label }, this.figures, this.time, this.state);
  }

  update(run: Run | null): void {
    const measuring = run !== null && run.step !== 'over';
    show(this.root, run !== null && run.fault === null);
    show(this.figures, measuring && run.step === 'running');
    show(this.time, run !== null && run.startedAt !== null && measuring);
    if (!run) return;
    const lost = measuring && run.stream.kind === 'lost';
    const state = run.step === 'over' ? 'done' : run.step === 'running' ? run.session.state : 'connecting';
    say(this.state, lost ? t.reconnecting : t.states[state]);
    this.state.dataset.kind = lost ? 'stalled' : state;
    const ms = run.isLive ? run.delay.ms : null;
    say(this.delay, ms === null ? '–' : t.ms(ms));
    this.delayBox.dataset.kind = ms === null || ms < NOTICED_MS ? 'good' : ms < IN_THE_WAY_MS ? 'fair' : 'bad';
    show(this.droppedBox, run.intake.dropped > 0);
    say(this.dropped, String(run.intake.dropped));
    this.showSource(run);
    if (run.startedAt !== null) say(this.time, clock((Date.now() - run.startedAt) / 1000));
  }

  private showSource(run: Run): void {
    const source = run.analysis?.source;
    const size = source?.width && source.height ? `${source.width}×${source.height}` : '';
    const rate = source?.fps ? `${Math.round(source.fps)}/s` : '';
    const words = [size, rate].filter(Boolean).join(' · ');
    show(this.sourceBox, words !== '');
    say(this.source, words);
    this.sourceBox.title = [source?.codec, source?.decoder].filter(Boolean).join(' · ');
  }
}
