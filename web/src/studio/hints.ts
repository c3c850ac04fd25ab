/** What the core and the camera say about measuring better. */

import { h, show } from '../dom';
import { icon } from '../draw/icons';
import { text } from '../text/en';
import type { Run } from './run';

/** Below this many frames per second intervals are wide. */
const SLOW_CAMERA = 50;

/** A warning is about what has just been, milliseconds. */
const TOPICAL_MS = 20_000;

/** Hints at a time: the ones to act on first. */
const MOST = 2;

interface Hint {
  readonly words: string;
  readonly kind: 'warning' | 'error' | 'hint';
}

export class Hints {
  readonly root: HTMLElement;
  private readonly list = h('ul', {});
  private dismissed = new Set<string>();

  constructor() {
    this.root = h('section', { class: 'hints', 'aria-label': text.hints.title, role: 'status', hidden: true }, this.list);
  }

  update(run: Run): void {
    const hints = hintsOf(run)
      .filter(({ words }) => !this.dismissed.has(words))
      .slice(0, MOST);
    show(this.root, hints.length > 0 && run.step !== 'over');
    const key = JSON.stringify(hints);
    if (this.list.dataset.key === key) return;
    this.list.dataset.key = key;
    this.list.replaceChildren(...hints.map((hint) => this.item(hint, run)));
  }

  private item({ words, kind }: Hint, run: Run): HTMLElement {
    const [what = '', ...how] = words.split(': ');
    const advice = how.join(': ');
    const dismiss = () => {
      this.dismissed.add(words);
      this.update(run);
    };
    const sentence = h('p', {}, h('strong', {}, capital(what)), advice ? h('span', {}, capital(advice)) : null);
    const close = h(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': text.hints.dismiss, click: dismiss },
      icon('close'),
    );
    return h('li', { 'data-kind': kind }, icon(kind === 'hint' ? 'hint' : 'warning'), sentence, close);
  }
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function hintsOf(run: Run): Hint[] {
  const { notices, nowMs, service } = run.session;
  const present = notices.filter(({ kind, atMs }) => kind === 'error' || nowMs - atMs < TOPICAL_MS);
  const hints: Hint[] = present.map(({ message, kind }) => ({ words: message, kind }));
  if (service?.degraded) hints.push({ words: text.hints.busy(service.pose_rate ?? null), kind: 'warning' });
  for (const reason of run.session.latest?.data.quality.reasons ?? []) hints.push({ words: reason, kind: 'hint' });
  const rate = run.cameraRate;
  if (rate !== null && rate < SLOW_CAMERA) hints.push({ words: text.hints.slowCamera(rate), kind: 'hint' });
  return hints.filter((hint, i) => hints.findIndex(({ words }) => words === hint.words) === i);
}
