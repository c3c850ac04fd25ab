// A jump before a camera, through a real browser and a real daemon: what the pages show, what the transports carry, and how
// it ends. `make test` runs it.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it as test } from 'node:test';
import { launch, noChromium, openStudio, writeDown } from './support/chromium.mjs';
import { Daemon } from './support/daemon.mjs';
import { FPS, STATURE_M, renderJump } from './support/footage.mjs';
import { limbs, watch } from './support/viewer.mjs';

/** How far the height of a jump may be off, metres: what docs/accuracy.md allows at 30 frames per second. */
const HEIGHT_M = 0.025;

/** Without a picture for so long an analysis is stalled, and after as much again it has failed; seconds. */
const SILENCE_S = 3;

/** Jumps that are waited for at most: on a busy machine some are seen in too few frames to be measured. */
const MOST_JUMPS = 10;

/** Of the camera's frames so many must have been measured for a jump to count. */
const SEEN = 0.9;

/** Pixels of limbs that no compression takes away at 640x360. */
const LIMB_PIXELS = 150;

/** The bound of everything that is waited for, milliseconds; what is there sooner is not waited for longer. */
const PATIENCE_MS = 60_000;

const it = (name, run) => test(name, { timeout: PATIENCE_MS }, run);

describe('live in Chromium', { skip: noChromium }, () => {
  let folder, daemon, browser, context;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kinemotion-browser-'));
    daemon = await Daemon.start(join(folder, 'analyses'), {
      SESSIONS__SILENCE_S: String(SILENCE_S),
    });
  });

  after(async () => {
    await browser?.close();
    const code = await daemon?.stop();
    await rm(folder, { recursive: true, force: true });
    assert.equal(code, 0, 'the daemon ends in peace');
  });

  /** A page that tells what goes wrong in it. */
  const listened = (page, errors) => (page.on('pageerror', (error) => errors.push(String(error))), page);

  describe('a camera', () => {
    const errors = [];
    let truth, studio, overlay, id;

    before(async () => {
      const jump = await renderJump(folder);
      truth = jump.truth.repetitions[0].metrics;
      browser = await launch(jump.camera);
      context = await browser.newContext();
      context.setDefaultTimeout(PATIENCE_MS);
      const setup = {
        source: 'camera',
        heightCm: String(100 * STATURE_M),
        massKg: '75',
      };
      studio = listened(await openStudio(context, daemon.base, setup), errors);
      const created = studio.waitForResponse((response) => response.url().endsWith('/api/v1/analyses'));
      await studio.click('button[type=submit]');
      id = (await (await created).json()).analysis_id;
      await studio.waitForSelector('.banner:not([hidden])');
      overlay = listened(await context.newPage(), errors);
      await overlay.addInitScript(writeDown);
      await overlay.goto(`${daemon.base}/overlay/${id}?hold=0`);
    });

    it('measures a jump as high as it is', async () => {
      const { height, share } = await wellSeenJump(daemon, id);
      const words = `${height} m instead of ${truth.jump_height_m} m in ${Math.round(100 * share)} % of the frames`;
      assert.ok(Math.abs(height - truth.jump_height_m) <= HEIGHT_M, words);
    });

    it('shows each repetition with its numbers', async () => {
      await studio.waitForSelector('.repetitions > li');
      const { results } = await daemon.json(`/api/v1/analyses/${id}`);
      const [first] = results;
      const shown = await studio.locator('.repetitions > li:last-child .rep-main .rep-value b').innerText();
      assert.equal(shown, first.metrics.jump_height_m.toFixed(3));
    });

    it('shows the same on the overlay page', async () => {
      const number = (page, selector) => page.locator(selector).innerText();
      await overlay.waitForSelector('.last:not([hidden]):not(.provisional) .hero');
      // Both pages show the latest repetition: between two jumps they are asked at the same time.
      const last = () => Promise.all([number(overlay, '.last .hero .number'), number(studio, '.hero-number')]);
      let [there, here] = await last();
      for (let n = 0; n < MOST_JUMPS && squeezed(there) !== squeezed(here); n++) {
        await nextRepetition(overlay);
        [there, here] = await last();
      }
      assert.equal(squeezed(there), squeezed(here));
    });

    it('carries the same events over data channel and WebSocket', async () => {
      const channel = parsed(await studio.evaluate(() => window.heard.channel));
      const socket = parsed(await overlay.evaluate(() => window.heard.socket));
      assert.ok(channel.size > FPS && socket.size > FPS, `${channel.size} and ${socket.size} events`);
      for (const lines of [channel, socket]) {
        const numbers = [...lines.keys()];
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
          'in order',
        );
      }
      const common = [...channel.keys()].filter((sequence) => socket.has(sequence));
      assert.ok(common.length > FPS, `${common.length} events on both`);
      for (const sequence of common) assert.deepEqual(channel.get(sequence), socket.get(sequence));
      const [from, to] = [Math.min(...common), Math.max(...common)];
      const within = (sequence) => sequence >= from && sequence <= to;
      const durable = (lines) => [...lines.values()].filter(({ type, sequence }) => type !== 'pose' && within(sequence));
      assert.deepEqual(durable(channel), durable(socket));
      assert.ok(durable(socket).some(({ type }) => type === 'repetition'));
    });

    it('shows moving graphics to a viewer, and none when they are turned off', async () => {
      const tab = listened(await context.newPage(), errors);
      await tab.goto(`${daemon.base}/`);
      await tab.evaluate(watch, `/whep/${id}`);
      const moving = await tab.evaluate(limbs, {
        atLeast: LIMB_PIXELS,
        moved: 15,
      });
      assert.ok(moving.moved >= 15, JSON.stringify(moving));
      await daemon.json(`/api/v1/analyses/${id}`, 'PATCH', { overlay: false });
      await tab.evaluate(limbs, { atMost: LIMB_PIXELS / 10 });
      await tab.close();
    });

    it('ends by itself when the page is gone without a word', async () => {
      const states = daemon.events(id, ['state']);
      const crash = await context.newCDPSession(studio);
      // A page that crashes answers nothing any more.
      crash.send('Page.crash').catch(() => undefined);
      let last;
      for await (const event of states) last = event.data;
      assert.equal(last.state, 'failed', JSON.stringify(last));
      assert.match(last.reason, /silen|picture|frame/i);
    });

    it('had no errors in its pages', () => assert.deepEqual(errors, []));
  });

  it('shows the demo athlete with its picture', async () => {
    const errors = [];
    const studio = listened(await openStudio(context, daemon.base, { source: 'demo' }), errors);
    await studio.click('button[type=submit]');
    await studio.waitForFunction(() => document.querySelector('video')?.videoWidth === 640);
    await studio.waitForSelector('.banner[data-tone=flight]');
    await studio.click('.stop');
    await studio.waitForSelector('.message.blocking');
    const { analyses } = await daemon.json('/api/v1/analyses');
    const ends = [];
    // The page is over when it has said so; what the daemon finishes then may take a moment longer.
    for (const { analysis_id: analysis } of analyses) {
      let last;
      for await (const event of daemon.events(analysis, ['state'])) last = event.data;
      ends.push(last.state);
    }
    assert.deepEqual(ends.sort(), ['done', 'failed']);
    assert.deepEqual(errors, []);
  });
});

/** The first jump that was seen in nearly all frames of the camera: its height, and the share of frames. */
async function wellSeenJump(daemon, id) {
  const times = [];
  const seen = [];
  for await (const { type, timestamp_ms, data } of daemon.events(id, ['pose', 'repetition'])) {
    if (type === 'pose') times.push(timestamp_ms / 1000);
    else {
      const { start_s, end_s, metrics } = data;
      const frames = times.filter((time) => time >= start_s && time <= end_s).length;
      const share = frames / ((end_s - start_s) * FPS);
      if (share >= SEEN) return { height: metrics.jump_height_m, share };
      seen.push(Math.round(100 * share));
      if (seen.length === MOST_JUMPS) break;
    }
  }
  throw new Error(`this machine is too slow to measure live: jumps were seen in ${seen.join(', ')} % of their frames`);
}

/** Waits for a repetition that a page has not heard of yet. */
async function nextRepetition(page) {
  const count = () => window.heard.socket.filter((line) => line.includes('"type":"repetition"')).length;
  const before = await page.evaluate(count);
  await page.waitForFunction(
    (n) => window.heard.socket.filter((line) => line.includes('"type":"repetition"')).length > n,
    before,
  );
}

/** Events by number, without what only the reader that was too slow is told. */
function parsed(lines) {
  const events = lines.map((line) => JSON.parse(line));
  return new Map(events.map(({ dropped, ...event }) => [event.sequence, event]));
}

const squeezed = (text) => text.replace(/\s/g, '');
