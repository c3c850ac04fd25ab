/** Every repetition, the newest first, each with its grade, its reasons and all its numbers. */

import { h, show } from '../dom';
import { icon } from '../draw/icons';
import type { Repetition, Session } from '../events/session';
import type { Catalog, Row } from '../format/catalog';
import { words } from '../format/number';
import { text } from '../text/en';

const t = text.list;

/** Numbers on the line of a repetition, after the first. */
const BESIDE = 1;

export class Repetitions {
  readonly root: HTMLElement;
  private readonly list = h('ol', { class: 'repetitions', reversed: true });
  private readonly empty = h('p', { class: 'empty dim' }, t.empty);
  private readonly shown = new Set<number>();

  constructor(extra: HTMLElement) {
    this.root = h(
      'section',
      { class: 'card list', 'aria-labelledby': 'list-title' },
      h('div', { class: 'card-head' }, h('h2', { id: 'list-title' }, t.title), extra),
      this.empty,
      this.list,
    );
  }

  update(session: Session, catalog: Catalog | null): void {
    show(this.empty, session.repetitions.length === 0);
    if (!catalog || this.shown.size === session.repetitions.length) return;
    for (const [index, repetition] of session.repetitions.entries()) {
      if (this.shown.has(repetition.sequence)) continue;
      this.shown.add(repetition.sequence);
      // The list runs backwards: its last place is the first repetition.
      const before = this.list.children[this.list.children.length - index] ?? null;
      this.list.insertBefore(this.item(repetition, catalog, session.several), before);
    }
  }

  private item(repetition: Repetition, catalog: Catalog, several: boolean): HTMLElement {
    const { data, number } = repetition;
    const rows = catalog.rows(data);
    const [first, ...rest] = rows;
    const summary = h(
      'summary',
      {},
      h('span', { class: 'rep-number' }, String(number)),
      h(
        'span',
        { class: 'badge grade', 'data-kind': data.quality.grade, title: text.numbers.gradeMeaning[data.quality.grade] },
        h('span', { class: 'visually-hidden' }, text.numbers.grade(data.quality.grade)),
        h('span', { 'aria-hidden': 'true' }, data.quality.grade),
      ),
      h(
        'span',
        { class: 'rep-main' },
        first ? value(first) : '–',
        several ? h('span', { class: 'dim small' }, t.person(data.person)) : null,
      ),
      ...rest
        .slice(0, BESIDE)
        .map((row) => h('span', { class: 'rep-beside' }, h('span', { class: 'dim small' }, row.label), value(row))),
      icon('chevron'),
    );
    const [reason] = data.quality.reasons;
    return h(
      'li',
      {},
      h(
        'details',
        {},
        summary,
        this.table(rows, repetition),
        notes(
          t.notes,
          data.warnings.map((warning) => readable(warning, catalog)),
        ),
      ),
      reason ? notes(t.reasons, data.quality.reasons) : null,
    );
  }

  private table(rows: readonly Row[], { data }: Repetition): HTMLElement {
    const head = [t.metric, t.value, t.interval].map((label) => h('th', { scope: 'col' }, label));
    const body = rows.map((row) =>
      h(
        'tr',
        { title: words(data.methods[row.key] ?? '') },
        h('th', { scope: 'row' }, row.label),
        h('td', {}, [row.value, row.unit].filter(Boolean).join(' ')),
        h('td', { class: 'dim' }, row.error),
      ),
    );
    return h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body));
  }
}

function value(row: Row): HTMLElement {
  return h(
    'span',
    { class: 'rep-value' },
    h('b', {}, row.value),
    h('span', { class: 'unit' }, row.unit),
    h('span', { class: 'error' }, row.error),
  );
}

function notes(title: string, lines: readonly string[]): HTMLElement | null {
  if (lines.length === 0) return null;
  return h('ul', { class: 'notes', 'aria-label': title }, ...lines.map((words) => h('li', {}, words)));
}

/** The core speaks of metrics by their keys; people know them by their labels. */
function readable(warning: string, catalog: Catalog): string {
  return warning.replace(/[a-z]+(?:_[a-z0-9]+)+/g, (key) => catalog.metric(key)?.label ?? key);
}
