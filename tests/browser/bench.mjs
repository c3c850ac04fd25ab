// How long a live measurement takes, from the camera to the screen: stamped pictures through a real browser and a real
// daemon. `make bench-live` runs it; it says what it finds and judges nothing.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, noChromium } from './support/chromium.mjs';
import { Daemon } from './support/daemon.mjs';
import { STATURE_M, renderJump } from './support/footage.mjs';
import { align } from './support/align.mjs';
import { publish, readStamps } from './support/stamps.mjs';
import { watch } from './support/viewer.mjs';

/** How long it is measured, seconds. */
const SECONDS = Number(process.env.SECONDS ?? 40);

/** Stamped pictures: 640x360 of film above a band of blocks, each wide enough to live through any compression. */
const PICTURE = { width: 640, height: 384, band: 24, bits: 24 };

const FILM = '/bench/film.mp4';

if (noChromium) {
  console.error(noChromium);
  process.exit(1);
}

/** The value below which a share of them lies. */
function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** One line of the table: name, median and 95th percentile, goals where there are some, and over how many. */
function line(name, values, goals) {
  const figures = values.length === 0 ? ['–', '–'] : [0.5, 0.95].map((share) => Math.round(quantile(values, share)));
  return [name, ...figures, goals, values.length];
}

function table(rows) {
  const head = ['milliseconds', 'p50', 'p95', 'goal', 'n'];
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return all.map((row) => row.map(pad).join('  ')).join('\n');
}

async function measure(page, daemon) {
  const whip = `/whip?sport=cmj&height_m=${STATURE_M}&quality=${process.env.QUALITY ?? 'balanced'}`;
  const resource = await page.evaluate(publish, {
    ...PICTURE,
    film: FILM,
    whip,
  });
  const id = resource.split('/').at(-1);
  // A window of its own: only a page in front is given its frames at once.
  const viewer = await (await page.context().browser().newContext()).newPage();
  await viewer.goto(`${daemon.base}/`);
  await page.waitForFunction(() => window.bench.poses.length > 0);
  const joined = await viewer.evaluate(watch, `/whep/${id}`);
  await viewer.evaluate(readStamps, PICTURE);
  await page.waitForTimeout(1000 * SECONDS);
  const { drawn, poses, repetitions, posted } = await page.evaluate(() => {
    const { drawn, poses, repetitions, posted } = window.bench;
    return { drawn, poses, repetitions, posted };
  });
  const glass = await viewer.evaluate(() => window.glass);
  const analysis = await daemon.json(`/api/v1/analyses/${id}`);
  return { drawn, poses, repetitions, posted, glass, joined, analysis };
}

function report({ drawn, poses, repetitions, posted, glass, joined, analysis }) {
  const media = poses.map(([time]) => time);
  const { pictures, offsets, share } = align(drawn, media);
  const { source, latency, counts } = analysis;
  const rate = (1000 * drawn.length) / (drawn.at(-1) - drawn[0]);
  console.log(
    `${source.width}x${source.height} ${source.codec}, decoder ${source.decoder}, ${rate.toFixed(1)} pictures per second`,
  );
  console.log(`${cpus().length} processors with a load of ${loadavg()[0].toFixed(1)}`);
  console.log(`${counts.frames} of ${drawn.length} pictures were analysed, ${counts.dropped} dropped by the daemon before that;`);
  console.log(`${counts.poses} were looked at, the rest predicted`);
  console.log(`${Math.round(100 * share)} % of the events belong to a known picture\n`);
  const metric = poses.flatMap(([, arrived], n) => (pictures[n] === null ? [] : [arrived - drawn[pictures[n]]]));
  const ahead = (time) =>
    offsets[
      Math.max(
        0,
        media.findLastIndex((other) => other <= time),
      )
    ];
  const result = repetitions.map(([landing, arrived]) => arrived - (landing - ahead(landing)));
  console.log(
    table([
      line('picture drawn → its number in the page', metric, '60 / 120'),
      ['  of which in the daemon', Math.round(latency.p50_ms), Math.round(latency.p95_ms), '', ''],
      line('picture drawn → picture with graphics at a viewer', glass.ages, '– / 250'),
      line('landing → result of the jump in the page', result, '400'),
      line('WHIP POST → first number', [poses[0][1] - posted], '1000'),
      line('WHEP POST → first picture', [joined], '1000'),
    ]),
  );
  if (glass.unreadable > 0) console.log(`\n${glass.unreadable} pictures of the viewer had no readable stamp`);
}

const folder = await mkdtemp(join(tmpdir(), 'kinemotion-bench-'));
const { film } = await renderJump(folder);
const daemon = await Daemon.start(join(folder, 'analyses'));
const browser = await launch();
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const body = await readFile(film);
  await page.route(`**${FILM}`, (route) => route.fulfill({ body, contentType: 'video/mp4' }));
  await page.goto(`${daemon.base}/`);
  report(await measure(page, daemon));
} finally {
  await browser.close();
  await daemon.stop();
  await rm(folder, { recursive: true, force: true });
}
