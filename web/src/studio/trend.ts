/** The chart over repetitions with its statistics. */

import { h, say, show } from '../dom';
import { chart } from '../draw/chart';
import { summary } from '../draw/scale';
import type { Repetition, Session } from '../events/session';
import type { Catalog } from '../format/catalog';
import { line, reading } from '../format/number';
import { text } from '../text/en';

const t = text.trend;
const HEIGHT = 190;

export class Trend {
  readonly root: HTMLElement;
  private readonly metric = h('select', { id: 'trend-metric', 'aria-label': t.metric, change: () => this.draw() });
  private readonly choice = h('div', { class: 'select small-select' }, this.metric);
  private readonly box = h('div', { class: 'trend-box', role: 'img' });
  private readonly empty = h('p', { class: 'empty dim' }, t.empty);
  private readonly statistics = h('dl', { class: 'statistics' });
  private repetitions: readonly Repetition[] = [];
  private catalog: Catalog | null = null;
  private drawn = '';

  constructor() {
    this.root = h(
      'section',
      { class: 'card trend', 'aria-labelledby': 'trend-title' },
      h('div', { class: 'card-head' }, h('h2', { id: 'trend-title' }, t.title), this.choice),
      this.empty,
      this.box,
      this.statistics,
    );
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  update(session: Session, catalog: Catalog | null): void {
    const { latest } = session;
    // One athlete and one movement: a course over different ones says nothing.
    this.repetitions = session.repetitions.filter(
      ({ data }) => latest && session.concerns(data.person) && data.movement === latest.data.movement,
    );
    this.catalog = catalog;
    if (latest && catalog) this.offer(latest, catalog);
    this.draw();
  }

  /** The metrics that were measured, in order of their weight; the choice stays while it is there. */
  private offer(latest: Repetition, catalog: Catalog): void {
    const keys = catalog.measured(latest.data);
    if (this.metric.dataset.keys === keys.join()) return;
    this.metric.dataset.keys = keys.join();
    const chosen = this.metric.value;
    this.metric.replaceChildren(...keys.map((key) => h('option', { value: key }, catalog.metric(key)?.label ?? key)));
    if (keys.includes(chosen)) this.metric.value = chosen;
  }

  private draw(): void {
    const definition = this.catalog?.metric(this.metric.value);
    const width = this.box.clientWidth;
    const state = `${this.metric.value}|${this.repetitions.at(-1)?.sequence}|${this.repetitions.length}|${width}`;
    const dots = this.repetitions.flatMap(({ number, data }) => {
      const value = data.metrics[this.metric.value];
      if (typeof value !== 'number') return [];
      return [
        { name: String(number), value, uncertainty: data.uncertainty[this.metric.value] ?? null, grade: data.quality.grade },
      ];
    });
    const all = summary(dots.map((dot) => dot.value));
    show(this.empty, all === null);
    show(this.box, all !== null);
    show(this.statistics, all !== null);
    show(this.choice, all !== null);
    if (state === this.drawn || !definition || !all) return;
    this.drawn = state;
    const words = (value: number) => line(reading(definition, value));
    this.box.setAttribute(
      'aria-label',
      t.summary(definition.label, dots.length, words(all.mean), words(all.lowest), words(all.highest)),
    );
    if (width > 0)
      this.box.replaceChildren(chart(dots, { width, height: HEIGHT, resolution: 10 ** -definition.decimals, mean: all.mean }));
    const rows = [
      [t.mean, all.mean],
      [t.deviation, all.deviation],
      [t.lowest, all.lowest],
      [t.highest, all.highest],
    ] as const;
    this.statistics.replaceChildren(
      ...rows.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value === null ? '–' : words(value)))),
    );
    say(this.empty, t.empty);
  }
}
