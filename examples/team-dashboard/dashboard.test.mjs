// The team dashboard as its README shows it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KinemotionClient } from '../../sdk/js/dist/index.js';
import { analysis, fake, problem, repetition, sse, state } from '../../sdk/js/test/support/fake.mjs';
import { analyseTeam, page } from './dashboard.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * A server that knows what each video shows: a height, or an answer of its own. Nothing ends before `together` analyses are under
 * way at once.
 */
async function serving(shown, together = 1) {
  const server = await fake();
  let running = 0;
  let most = 0;
  let enough;
  const gathered = new Promise((resolve) => (enough = resolve));
  const made = new Map();
  server.answers['POST /api/v1/analyses'] = ({ body }) => {
    const { video_path } = JSON.parse(body).input;
    const answer = shown[video_path];
    if (typeof answer === 'object' && answer !== null) return answer;
    const analysis_id = `a${made.size}`;
    made.set(analysis_id, video_path);
    most = Math.max(most, ++running);
    if (running === together) enough();
    const done = analysis(answer === 'failed' ? 'failed' : 'completed', typeof answer === 'number' ? [repetition(answer)] : [], {
      analysis_id,
      reason: answer === 'failed' ? 'it shows nobody' : null,
    });
    server.answers[`GET /api/v1/analyses/${analysis_id}`] = { json: done };
    server.answers[`GET /api/v1/analyses/${analysis_id}/stream`] = async () => {
      await gathered;
      running--;
      return { parts: [sse(state(0, 'done'))] };
    };
    return { status: 202, json: { ...done, status: 'queued' } };
  };
  return { server, most: () => most };
}

test('what its README shows runs and writes the page', async (t) => {
  const { server } = await serving({
    's3://team-videos/7.mp4': 0.31,
    's3://team-videos/11.mp4': 0.36,
    's3://team-videos/23.mp4': 'failed',
  });
  const folder = await mkdtemp(join(tmpdir(), 'kinemotion-team-'));
  t.after(() => Promise.all([server.stop(), rm(folder, { recursive: true })]));
  const readme = await readFile(join(HERE, 'README.md'), 'utf8');
  const [program, ...words] = /```sh\n(.*)\n```/.exec(readme)[1].split(' ');
  const output = join(folder, 'team.html');
  const given = words.map((word) => (word === 'team.html' ? output : word));
  const environment = { ...process.env, KINEMOTION_URL: server.url, KINEMOTION_API_KEY: 'km_key' };
  const { stdout } = await promisify(execFile)(program, given, { cwd: HERE, env: environment });
  assert.match(stdout, /Kim: analysis a\d failed: it shows nobody/);
  const rows = [...(await readFile(output, 'utf8')).matchAll(/<th scope="row">(\w+)<\/th><td[^>]*>([^<]*)/g)];
  assert.deepEqual(
    rows.map(([, name, cell]) => [name, cell.replace(/a\d/, 'a')]),
    [
      ['Sam', '36.0 ± 1.0 cm'],
      ['Robin', '31.0 ± 1.0 cm'],
      ['Kim', 'analysis a failed: it shows nobody'],
    ],
  );
  const [first] = server.of('POST /api/v1/analyses');
  assert.deepEqual(JSON.parse(first.body).athlete, { height_m: 1.8 });
  assert.match(first.headers['idempotency-key'], /^7 s3%3A%2F%2Fteam-videos%2F7\.mp4 \d{4}-\d\d-\d\d$/);
});

test('eight are under way at once, and one that is refused stops nobody', async (t) => {
  const roster = Array.from({ length: 30 }, (_, n) => ({ id: String(n), name: `n${n}`, video: `s3://v/${n}.mp4` }));
  const shown = Object.fromEntries(roster.map(({ video }, n) => [video, 0.2 + n / 100]));
  shown['s3://v/3.mp4'] = problem(422, 'invalid-value', 'there is no such file', { field: 'input.video_path' });
  shown['s3://v/4.mp4'] = null;
  const { server, most } = await serving(shown, 8);
  t.after(() => server.stop());
  const rows = await analyseTeam(new KinemotionClient({ baseUrl: server.url }), roster);
  assert.equal(rows.length, 30);
  assert.equal(most(), 8);
  assert.equal(rows[0].name, 'n29');
  assert.deepEqual(
    rows
      .slice(-2)
      .map(({ name, error }) => [name, /no such file|no jump/.test(error)])
      .sort(),
    [
      ['n3', true],
      ['n4', true],
    ],
  );
});

test('names are text on the page, whatever is in them', () => {
  const rows = [{ name: '<script>', error: 'a & b' }];
  assert.match(page(rows), /&#60;script&#62;/);
  assert.match(page(rows), /a &#38; b/);
});
