// The part for browsers in Chromium: a camera that plays a rendered jump is published, heard and watched.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { useDaemon } from './support/daemon.mjs';

const { Daemon, PROGRAMS, missing } = await useDaemon();
// Playwright ends the process of an older one.
const noPlaywright = Number(process.versions.node.split('.')[0]) < 20 && 'Playwright needs Node 20';
const { launch, noChromium } =
  missing || noPlaywright ? { noChromium: noPlaywright } : await import('../../../tests/browser/support/chromium.mjs');
const noAthlete = existsSync(join(PROGRAMS, 'synthetic-athlete')) ? false : 'synthetic-athlete is not built';

/** How far the height of a jump may be off, metres: what docs/accuracy.md allows at 30 frames per second. */
const HEIGHT_M = 0.025;

/** Jumps that are waited for at most: on a busy machine some are seen in too few frames to be measured well. */
const MOST_JUMPS = 10;

describe('in a browser', { skip: missing || noChromium || noAthlete, timeout: 120_000 }, () => {
  let folder, daemon, browser;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kinemotion-sdk-'));
    daemon = await Daemon.start(join(folder, 'analyses'));
  });

  after(async () => {
    await browser?.close();
    await daemon?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('a camera is measured, every event is heard once, and the picture comes back', async () => {
    const { renderJump, STATURE_M } = await import('../../../tests/browser/support/footage.mjs');
    const { camera, truth } = await renderJump(folder);
    browser = await launch(camera);
    const context = await browser.newContext({ permissions: ['camera'] });
    await context.route('**/sdk/*.js', async (route) => {
      const file = new URL(`../dist/${new URL(route.request().url()).pathname.split('/').at(-1)}`, import.meta.url);
      await route.fulfill({ contentType: 'text/javascript', body: await readFile(file, 'utf8') });
    });
    const page = await context.newPage();
    await page.goto(`${daemon.base}/`);
    const found = await page.evaluate(measure, {
      height_m: STATURE_M,
      right: truth.repetitions[0].metrics.jump_height_m,
      most: MOST_JUMPS,
    });
    assert(
      found.heights.some((height) => Math.abs(height - truth.repetitions[0].metrics.jump_height_m) <= HEIGHT_M),
      JSON.stringify(found.heights),
    );
    assert.deepEqual(found.twice, []);
    assert.equal(found.width > 0, true);
    assert.deepEqual([found.status, found.results], ['completed', found.heights.length]);
  });
});

/** Runs in the page. */
async function measure({ height_m, right, most }) {
  const [{ KinemotionClient, metric }, { measureLive, Viewer }] = await Promise.all([
    import('/sdk/index.js'),
    import('/sdk/webrtc.js'),
  ]);
  const client = new KinemotionClient();
  const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 } });
  const heights = [];
  const numbers = [];
  let enough;
  const measured = new Promise((resolve) => (enough = resolve));
  const onEvent = ({ type, sequence, data }) => {
    numbers.push(sequence);
    if (type !== 'repetition') return;
    heights.push(metric(data.metrics, 'jump_height'));
    if (Math.abs(heights.at(-1) - right) <= 0.025 || heights.length >= most) enough();
  };
  const live = await measureLive(client, { media, order: { sport_type: 'cmj', athlete: { height_m } }, onEvent });
  const viewer = await Viewer.start(client, live.analysis);
  const video = Object.assign(document.createElement('video'), { srcObject: viewer.media, muted: true });
  await video.play();
  await measured;
  const width = video.videoWidth;
  await viewer.close();
  await live.close();
  await live.ended;
  const { status, results } = await client.getAnalysis(live.analysis.analysis_id);
  const twice = numbers.filter((number, n) => numbers.indexOf(number) !== n);
  return { heights, twice, width, status, results: results.length };
}
