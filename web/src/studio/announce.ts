/** What a screen reader is told, in whole sentences and never more often than something ends. */

import { h, say } from '../dom';
import type { Catalog } from '../format/catalog';
import { text } from '../text/en';
import type { Run } from './run';

const t = text.announce;

export class Announcer {
  readonly root = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  private repetitions = 0;
  private step = '';
  private lost = false;

  update(run: Run, catalog: Catalog | null): void {
    const { session } = run;
    if (run.step !== this.step) {
      this.step = run.step;
      if (run.step === 'running') say(this.root, t.live);
      if (run.step === 'over') say(this.root, t.over);
      if (run.step === 'asking' || run.step === 'creating') this.repetitions = 0;
    }
    const lost = run.stream.kind === 'lost' && run.step !== 'over';
    if (lost !== this.lost) {
      this.lost = lost;
      say(this.root, lost ? t.lost : t.back);
    }
    const { latest } = session;
    if (!latest || !catalog || session.repetitions.length === this.repetitions) return;
    this.repetitions = session.repetitions.length;
    const [row] = catalog.rows(latest.data);
    const words = row ? `${row.label} ${row.value} ${row.unit}${row.error.replace('±', t.plusMinus)}` : '';
    say(this.root, t.repetition(latest.number, words, latest.data.quality.grade));
  }
}
