/** The page for a browser source: nothing but the overlay on nothing. */

import '../style/overlay.css';
import { analysis, sports, streamUrl } from '../api/client';
import { Problem } from '../api/problem';
import { h, say, show, soon } from '../dom';
import { Intake } from '../events/intake';
import { Session } from '../events/session';
import { EventStream } from '../events/stream';
import { Catalog } from '../format/catalog';
import { text } from '../text/en';
import { parseOptions } from './options';
import { OverlayView } from './view';

/** What could not be loaded is asked for again, milliseconds: a browser source has nobody to press a button. */
const RETRY_MS = 3000;

/** What is held is taken away, and what is stale too, without an event; milliseconds. */
const TICK_MS = 250;

const { options, rejected } = parseOptions(location.search);
const id = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
const view = new OverlayView(options);
const notice = h('p', { class: 'notice', hidden: true });
document.querySelector('#overlay')?.append(view.root, notice);

/** On air nobody wants to read about trouble: it goes to the console, and on screen only with `debug=1`. */
function report(problem: string | null): void {
  if (problem) console.warn(problem);
  say(notice, problem ?? '');
  show(notice, options.debug && problem !== null);
}

for (const [name, value] of rejected) report(text.overlay.badOption(name, value));

async function start(): Promise<void> {
  const [document] = await Promise.all([sports(), analysis(id)]);
  const catalog = new Catalog(document);
  const [session, intake] = [new Session(), new Intake()];
  const changed = soon(() => view.update(session, catalog, performance.now()));
  setInterval(changed, TICK_MS);
  new EventStream(streamUrl(id), location.href, {
    event: (event, feed) => {
      if (!intake.accept(event, feed)) return;
      session.apply(event);
      changed();
    },
    status: ({ kind }) => kind !== 'connecting' && report(kind === 'lost' ? text.overlay.lost : null),
  });
}

function attempt(): void {
  start().catch((error: unknown) => {
    const unknown = error instanceof Problem && error.status === 404;
    report(unknown ? text.overlay.unknown : String(error));
    setTimeout(attempt, RETRY_MS);
  });
}

attempt();
