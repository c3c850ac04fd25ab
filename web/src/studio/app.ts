/** The studio: a form, then a measurement, then its results. */

import { analysis, resultsUrl, sports } from '../api/client';
import { Problem } from '../api/problem';
import { h, say, show, soon } from '../dom';
import { icon, mark } from '../draw/icons';
import { Catalog } from '../format/catalog';
import { text } from '../text/en';
import { Announcer } from './announce';
import { Awake } from './awake';
import { Hints } from './hints';
import { intro } from './intro';
import { Numbers } from './numbers';
import { Repetitions } from './repetitions';
import { Run, type Wanted } from './run';
import { Setup } from './setup';
import { Share } from './share';
import { Stage } from './stage';
import { Status } from './status';
import { Trend } from './trend';

/** How often what no event says (decoder, size of the picture, latency) is asked for, milliseconds. */
const REFRESH_MS = 3000;

/** The clock and the delay go on without events, milliseconds. */
const TICK_MS = 500;

const t = text.actions;

export class App {
  private catalog: Catalog | null = null;
  private run: Run | null = null;
  private wanted: Wanted | null = null;
  private readonly setup = new Setup((wanted) => this.start(wanted));
  private readonly status = new Status();
  private readonly announcer = new Announcer();
  private readonly awake = new Awake();
  private readonly share = new Share();
  private readonly loadError = h('div', { class: 'load-error', role: 'alert', hidden: true });
  private readonly idle = h(
    'main',
    { class: 'idle' },
    intro(),
    h('div', { class: 'setup-column' }, this.loadError, this.setup.root),
  );
  private readonly workspace = h('main', { class: 'workspace', hidden: true });
  private view: View | null = null;
  private readonly changed = soon(() => this.update());

  constructor(root: HTMLElement) {
    const home = h(
      'a',
      { class: 'brand', href: '/' },
      mark(),
      h('span', {}, text.product),
      h('span', { class: 'brand-part' }, text.studio),
    );
    root.append(
      h('header', { class: 'head' }, home, this.status.root),
      this.idle,
      this.workspace,
      this.share.root,
      this.announcer.root,
    );
    addEventListener('pagehide', () => this.run?.leave());
    setInterval(() => this.run && this.changed(), TICK_MS);
    setInterval(() => void this.refresh(), REFRESH_MS);
    void this.load();
    this.update();
  }

  private async load(): Promise<void> {
    try {
      this.catalog = new Catalog(await sports());
      show(this.loadError, false);
      this.setup.fillMovements(this.catalog);
      this.changed();
    } catch (error) {
      const { title, detail } = Problem.from(error);
      const again = h('button', { type: 'button', class: 'quiet', click: () => void this.load() }, text.setup.retry);
      this.loadError.replaceChildren(icon('warning'), h('p', {}, h('strong', {}, title), h('span', {}, detail)), again);
      show(this.loadError, true);
    }
  }

  private start(wanted: Wanted): void {
    this.wanted = wanted;
    this.run?.leave();
    this.run = new Run(wanted, this.changed);
    this.view = new View(this.run, {
      again: () => this.wanted && this.start(this.wanted),
      demo: () => this.wanted && this.start({ ...this.wanted, source: 'demo' }),
      back: () => this.back(),
      share: (id) => this.share.show(id),
    });
    this.workspace.replaceChildren(...this.view.parts);
    this.update();
    this.view.focus();
    scrollTo(0, 0);
  }

  private back(): void {
    this.run?.leave();
    this.run = null;
    this.view = null;
    this.update();
    this.setup.root.querySelector<HTMLElement>('.primary')?.focus();
  }

  private update(): void {
    const { run } = this;
    // A refusal that is about an input belongs there, not on a page of its own.
    if (run?.fault?.kind === 'problem' && this.setup.owns(run.fault.problem)) {
      this.back();
      this.setup.complain(run.fault.problem);
      return;
    }
    show(this.idle, run === null);
    show(this.workspace, run !== null);
    this.status.update(run);
    const measuring = run !== null && run.fault === null;
    this.awake.set(measuring && run.step !== 'over');
    document.body.classList.toggle('measuring', measuring);
    // What failed before it measured anything has nothing to show but why.
    this.workspace.classList.toggle('over', run?.step === 'over');
    this.workspace.classList.toggle('bare', run !== null && run.fault !== null && run.session.repetitions.length === 0);
    if (!run || !this.view) return;
    this.view.update(this.catalog);
    this.announcer.update(run, this.catalog);
  }

  private async refresh(): Promise<void> {
    const { run } = this;
    if (!run?.analysis || run.step !== 'running') return;
    const fresh = await analysis(run.analysis.analysis_id).catch(() => null);
    if (fresh) run.know(fresh);
  }
}

interface ViewActions {
  again(): void;
  demo(): void;
  back(): void;
  share(analysis: string): void;
}

/** The page of one measurement. */
class View {
  readonly parts: readonly HTMLElement[];
  private readonly stage: Stage;
  private readonly hints = new Hints();
  private readonly numbers = new Numbers();
  private readonly trend = new Trend();
  private readonly repetitions: Repetitions;
  private readonly stop: HTMLButtonElement;
  private readonly overlay: HTMLButtonElement;
  private readonly downloads: HTMLElement;
  private readonly links: Record<'json' | 'csv', HTMLAnchorElement>;

  constructor(
    private readonly run: Run,
    private readonly actions: ViewActions,
  ) {
    this.stage = new Stage(actions);
    const link = (label: string, name: string) =>
      h('a', { class: 'button quiet', download: '', 'aria-label': name }, icon('download'), label);
    this.links = { json: link(t.json, t.downloadJson), csv: link(t.csv, t.downloadCsv) };
    this.downloads = h('div', { class: 'row downloads', hidden: true }, this.links.json, this.links.csv);
    this.repetitions = new Repetitions(this.downloads);
    this.stop = h(
      'button',
      { type: 'button', class: 'stop', click: () => this.stopOrLeave() },
      icon('stop'),
      h('span', {}, t.stop),
    );
    this.overlay = h(
      'button',
      { type: 'button', class: 'quiet', click: () => run.analysis && actions.share(run.analysis.analysis_id) },
      icon('broadcast'),
      h('span', {}, t.overlay),
    );
    const skeleton = h(
      'button',
      { type: 'button', class: 'quiet toggle', 'aria-pressed': 'true', click: () => this.toggle(skeleton) },
      icon('skeleton'),
      h('span', {}, t.skeleton),
    );
    const bar = h('div', { class: 'bar' }, this.stop, h('span', { class: 'spring' }), skeleton, this.overlay);
    this.parts = [
      h('h1', { class: 'visually-hidden' }, text.stage.title),
      h(
        'div',
        { class: 'column-main' },
        h('section', { class: 'stage-card', 'aria-label': text.stage.label }, this.stage.root, bar),
        this.hints.root,
        this.trend.root,
      ),
      h('div', { class: 'column-side' }, this.numbers.root, this.repetitions.root),
    ];
  }

  focus(): void {
    this.stop.focus({ preventScroll: true });
  }

  update(catalog: Catalog | null): void {
    const { run } = this;
    const { session } = run;
    this.stage.update(run, catalog);
    this.hints.update(run);
    this.numbers.update(run, catalog);
    this.trend.update(session, catalog);
    this.repetitions.update(session, catalog);
    const over = run.step === 'over';
    const label = this.stop.querySelector('span');
    if (label) say(label, over ? t.again : t.stop);
    this.stop.classList.toggle('primary', over);
    // Not `disabled`, which would take the focus away.
    this.stop.setAttribute('aria-disabled', String(run.isEnding));
    this.overlay.disabled = run.analysis === null || over;
    show(this.downloads, session.repetitions.length > 0);
    for (const format of ['json', 'csv'] as const) {
      if (run.analysis) this.links[format].href = resultsUrl(run.analysis.analysis_id, format);
    }
  }

  private stopOrLeave(): void {
    if (this.run.step === 'over') this.actions.back();
    else this.run.stop();
  }

  private toggle(button: HTMLButtonElement): void {
    this.stage.skeleton = !this.stage.skeleton;
    button.setAttribute('aria-pressed', String(this.stage.skeleton));
  }
}
