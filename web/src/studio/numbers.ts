/** The number that matters most, large, with its interval; what else was measured; the joints right now. */

import { h, say, show } from '../dom';
import type { Catalog, Row } from '../format/catalog';
import { text } from '../text/en';
import type { Session } from '../events/session';
import type { Run } from './run';

/** Numbers beside the large one. */
const MOST_ROWS = 4;

/** Live numbers change at most this often, milliseconds: faster nobody can read. */
const NUMBER_HOLD_MS = 200;

const t = text.numbers;

export class Numbers {
  readonly root: HTMLElement;
  private readonly title = h('h2', { id: 'numbers-title' });
  private readonly badge = h('span', { class: 'badge' });
  private readonly label = h('p', { class: 'hero-label' });
  private readonly value = h('span', { class: 'hero-value' });
  private readonly unit = h('span', { class: 'hero-unit' });
  private readonly error = h('span', { class: 'hero-error' });
  private readonly caption = h('p', { class: 'hero-caption dim' });
  private readonly hero: HTMLElement;
  private readonly grid = h('dl', { class: 'metric-grid' });
  private readonly now = h('dl', { class: 'now' });
  private readonly nowBox = h('div', { class: 'now-box' }, h('h3', { class: 'eyebrow' }, t.now), this.now);
  private shownSequence = -1;
  private nowShownAt = 0;

  constructor() {
    this.hero = h(
      'div',
      { class: 'hero' },
      this.label,
      h('p', { class: 'hero-number' }, this.value, this.unit, this.error),
      this.caption,
    );
    this.root = h(
      'section',
      { class: 'card numbers', 'aria-labelledby': 'numbers-title' },
      h('div', { class: 'card-head' }, this.title, this.badge),
      this.hero,
      this.grid,
      this.nowBox,
    );
  }

  update(run: Run, catalog: Catalog | null): void {
    if (!catalog) return;
    const { session } = run;
    const { latest } = session;
    const final = latest ? catalog.rows(latest.data) : [];
    const provisional = catalog.provisional(session.phase?.movement ?? '', session.interim, final);
    const rows = provisional.length > 0 ? provisional : final;
    const [hero, ...rest] = rows;
    this.hero.classList.toggle('provisional', provisional.length > 0);
    this.hero.classList.toggle('empty', !hero);
    if (provisional.length > 0 || !latest) {
      say(this.title, provisional.length > 0 ? t.last((latest?.number ?? 0) + 1) : t.waiting);
      this.setBadge(provisional.length > 0 ? t.provisional : '', 'provisional');
    } else {
      say(this.title, t.last(latest.number));
      this.setBadge(t.grade(latest.data.quality.grade), latest.data.quality.grade);
    }
    this.showHero(hero, provisional.length > 0, this.expected(run, catalog));
    this.showRows(rest.slice(0, MOST_ROWS));
    if (latest && provisional.length === 0 && latest.sequence !== this.shownSequence) {
      this.shownSequence = latest.sequence;
      this.flash();
    }
    this.showNow(run.isLive ? session : null, catalog);
  }

  /** What the first repetition will show. */
  private expected({ analysis }: Run, catalog: Catalog): string {
    const [key] = catalog.sport(analysis?.sport_type ?? '')?.headline ?? [];
    const definition = key === undefined ? null : catalog.metric(key);
    return definition?.short_label ?? definition?.label ?? '';
  }

  private setBadge(words: string, kind: string): void {
    show(this.badge, words !== '');
    say(this.badge, words);
    this.badge.dataset.kind = kind;
  }

  private showHero(row: Row | undefined, provisional: boolean, expected: string): void {
    say(this.label, row?.label ?? expected);
    say(this.value, row ? (provisional ? `≈ ${row.value}` : row.value) : '–');
    say(this.unit, row?.unit ?? '');
    say(this.error, row?.error ?? '');
    say(this.caption, row ? (provisional ? t.provisionalDetail : row.error ? t.interval : '') : t.waitingDetail);
  }

  private showRows(rows: readonly Row[]): void {
    const key = JSON.stringify(rows);
    if (this.grid.dataset.key === key) return;
    this.grid.dataset.key = key;
    show(this.grid, rows.length > 0);
    this.grid.replaceChildren(
      ...rows.map((row) =>
        h(
          'div',
          {},
          h('dt', {}, row.label),
          h('dd', {}, h('b', {}, row.value), h('span', { class: 'unit' }, row.unit), h('span', { class: 'error' }, row.error)),
        ),
      ),
    );
  }

  private showNow(session: Session | null, catalog: Catalog): void {
    const now = performance.now();
    if (session && now - this.nowShownAt < NUMBER_HOLD_MS) return;
    this.nowShownAt = now;
    const values = session?.live?.values ?? [];
    show(this.nowBox, values.length > 0);
    const rows = values.slice(0, MOST_ROWS).flatMap(([key, value]) => catalog.row(key, value) ?? []);
    const cells = rows.map(({ label, value, unit }) =>
      h('div', {}, h('dt', {}, label), h('dd', {}, h('b', {}, value), h('span', { class: 'unit' }, unit))),
    );
    this.now.replaceChildren(...cells);
  }

  /** A final number announces itself once. */
  private flash(): void {
    this.hero.classList.remove('fresh');
    void this.hero.offsetWidth;
    this.hero.classList.add('fresh');
  }
}
