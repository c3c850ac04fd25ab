/** What stands on air: the athlete, the phase, live numbers, and the last repetition. */

import type { LiveState } from '../api/types';
import { h, say, show } from '../dom';
import type { Repetition, Session } from '../events/session';
import type { Catalog, Row } from '../format/catalog';
import { words } from '../format/number';
import { text } from '../text/en';
import type { OverlayOptions } from './options';

const t = text.overlay;

/** Numbers on screen at a time when none were asked for. */
const USUAL_NUMBERS = 3;

/** Live numbers change at most this often, milliseconds: faster nobody can read. */
const NUMBER_HOLD_MS = 200;

/** Live numbers that are older than this are not live, milliseconds. */
const STALE_MS = 3000;

export class OverlayView {
  readonly root: HTMLElement;
  private readonly name = h('span', { class: 'name' });
  private readonly movement = h('span', { class: 'movement' });
  private readonly phase = h('span', { class: 'phase' });
  private readonly live = h('div', { class: 'numbers live' });
  private readonly last = h('div', { class: 'numbers last', hidden: true });
  private readonly head: HTMLElement;
  private readonly title = h('span', { class: 'last-title' });
  private readonly grade = h('span', { class: 'grade' });
  private liveShownAt = 0;
  private liveArrivedAt = 0;
  private liveState: LiveState | null = null;
  private shown: { repetition: Repetition; at: number } | null = null;

  constructor(private readonly options: OverlayOptions) {
    const { layout, theme, accent, scale, name } = options;
    say(this.name, name);
    show(this.name, name !== '');
    this.head = h('div', { class: 'last-head' }, this.title, this.grade);
    const who = h('div', { class: 'who' }, this.name, this.movement);
    this.root = h(
      'div',
      { class: 'overlay', 'data-layout': layout, 'data-theme': theme, hidden: true },
      h('div', { class: 'identity' }, who, this.phase),
      this.last,
      this.live,
    );
    this.root.style.setProperty('--scale', String(scale));
    if (accent) this.root.style.setProperty('--accent', accent);
  }

  update(session: Session, catalog: Catalog | null, now: number): void {
    if (!catalog) return;
    if (session.live !== this.liveState) {
      this.liveState = session.live;
      this.liveArrivedAt = now;
    }
    const movement = session.live?.movement ?? session.phase?.movement ?? null;
    const fresh = now - this.liveArrivedAt < STALE_MS && !session.over;
    const phase = fresh ? (session.live?.phase ?? '') : '';
    say(this.movement, movement ? catalog.movementLabel(movement) : '');
    say(this.phase, words(phase));
    this.phase.dataset.phase = phase;
    show(this.phase, phase !== '');
    this.showLast(session, catalog, now);
    this.showLive(session, catalog, now, fresh);
    show(this.root, movement !== null && (fresh || this.shown !== null));
  }

  private showLast(session: Session, catalog: Catalog, now: number): void {
    const { latest } = session;
    const interim = this.interim(session, catalog);
    const { hold } = this.options;
    if (latest && latest.sequence !== this.shown?.repetition.sequence) {
      this.shown = { repetition: latest, at: now };
      this.fill(t.last(latest.number), latest.data.quality.grade, this.rows(latest, catalog), false);
    } else if (interim.length > 0) {
      this.fill(t.last((latest?.number ?? 0) + 1), t.provisional, interim, true);
    } else if (this.shown && this.last.classList.contains('provisional')) {
      const { repetition } = this.shown;
      this.fill(t.last(repetition.number), repetition.data.quality.grade, this.rows(repetition, catalog), false);
    }
    const held = this.shown !== null && (hold === 0 || now - this.shown.at < hold * 1000);
    show(this.last, held || interim.length > 0);
  }

  /** Live joint angles, unless the numbers asked for are others. */
  private showLive(session: Session, catalog: Catalog, now: number, fresh: boolean): void {
    if (now - this.liveShownAt < NUMBER_HOLD_MS) return;
    this.liveShownAt = now;
    const { metrics } = this.options;
    const values = fresh ? (session.live?.values ?? []) : [];
    const wanted = metrics.length === 0 ? values : values.filter(([key]) => metrics.includes(key));
    const rows = wanted.flatMap(([key, value]) => catalog.row(key, value) ?? []).slice(0, USUAL_NUMBERS);
    show(this.live, rows.length > 0);
    this.live.replaceChildren(...rows.map((row) => cell(row)));
  }

  private interim(session: Session, catalog: Catalog): Row[] {
    const { metrics } = this.options;
    const before = session.latest ? this.rows(session.latest, catalog) : [];
    const wanted = [...session.interim].filter(([key]) => metrics.length === 0 || metrics.includes(key));
    const count = metrics.length || USUAL_NUMBERS;
    return catalog.provisional(session.phase?.movement ?? '', new Map(wanted), before).slice(0, count);
  }

  private rows({ data }: Repetition, catalog: Catalog): Row[] {
    const { metrics } = this.options;
    return metrics.length > 0 ? catalog.rows(data, metrics) : catalog.rows(data).slice(0, USUAL_NUMBERS);
  }

  private fill(title: string, grade: string, rows: readonly Row[], provisional: boolean): void {
    const key = JSON.stringify([title, grade, rows]);
    if (this.last.dataset.key === key) return;
    this.last.dataset.key = key;
    say(this.title, title);
    say(this.grade, grade);
    this.grade.dataset.kind = grade;
    this.last.classList.toggle('provisional', provisional);
    this.last.replaceChildren(this.head, ...rows.map((row, i) => cell(row, i === 0)));
  }
}

function cell(row: Row, hero = false): HTMLElement {
  const number = h(
    'span',
    { class: 'number' },
    h('b', {}, row.value),
    row.unit ? h('span', { class: 'unit' }, row.unit) : null,
    row.error ? h('span', { class: 'error' }, row.error) : null,
  );
  return h('div', { class: hero ? 'cell hero' : 'cell' }, h('span', { class: 'label' }, row.label), number);
}
