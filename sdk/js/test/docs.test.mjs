// What the README shows runs. The part for browsers is only read by the compiler.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AT, ID, PATH, analysis, event, fake, problem, repetition, sse, state } from './support/fake.mjs';

const README = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const snippets = (language) => [...README.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code);

test('its snippets run one after the other', async (t) => {
  const done = analysis('completed', [repetition(0.314)]);
  const events = [
    event(0, 'metric_update', { key: 'jump_height_m', value: 0.3 }),
    event(1, 'repetition', repetition(0.314)),
    state(2, 'done'),
  ];
  const change = { value: 0.02, uncertainty: 0.01, certain: true };
  const server = await fake({
    'POST /api/v1/analyses': [
      { status: 202, json: done },
      problem(422, 'invalid-value', 'give metres', { field: 'athlete.height_m' }),
    ],
    [`GET ${PATH}`]: { json: done },
    [`GET ${PATH}/stream`]: { parts: [sse(...events)] },
    'POST /api/v1/athletes': { status: 201, json: { athlete_id: 'a' } },
    'GET /api/v1/repetitions': { json: { repetitions: [{ at: AT, analysis_id: ID, data: repetition(0.314) }] } },
    'GET /api/v1/athletes/roster-17/trends': { json: { trends: [{ metric: 'jump_height_m', change }] } },
    'GET /api/v1/athletes/roster-17/metrics/jump_height_m': {
      json: { values: [{ at: AT, value: 0.31, unit: 'm', method: 'flight_time' }] },
    },
    'POST /api/v1/keys': { status: 201, json: { key: 'km_abc' } },
    'POST /api/v1/webhooks/register': { status: 201, json: { secret: SECRET } },
  });
  t.after(() => server.stop());
  process.env.KINEMOTION_URL = server.url;
  const said = [];
  t.mock.method(console, 'log', (...words) => said.push(words.join(' ')));
  const module = new URL('../dist/readme.mjs', import.meta.url);
  await writeFile(module, snippets('js').join('\n'));
  const { onRequest } = await import(module.href);

  const body = JSON.stringify({
    event_id: 'e1',
    timestamp_iso: AT,
    event_type: 'repetition',
    data: {},
    metrics: { jump_height_m: 0.3 },
  });
  const at = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64')).update(`e1.${at}.${body}`);
  const headers = { 'webhook-id': 'e1', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${mac.digest('base64')}` };
  assert.deepEqual([await onRequest(body, headers), await onRequest(`${body} `, headers)], [204, 401]);

  assert.deepEqual(said, [
    '0.314 ± 0.01 m, grade A',
    'jump_height_m is 0.3 for now',
    'cmj: 0.314 m',
    `${AT} 0.314`,
    'jump_height_m 0.02 ± 0.01',
    `${AT} 0.31 m flight_time`,
    'athlete.height_m give metres',
    'e1 repetition 0.3',
  ]);
});

test('the part for browsers has the right types', async () => {
  const [code] = snippets('ts');
  const file = fileURLToPath(new URL('../dist/readme.mts', import.meta.url));
  const known = "import { KinemotionClient } from 'kinemotion-client';\nconst client = new KinemotionClient();\n";
  await writeFile(file, `${known}declare function show(type: string, data: object): void;\n${code}`);
  const compiler = fileURLToPath(new URL('../../../web/node_modules/.bin/tsc', import.meta.url));
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'ES2022',
    '--module',
    'NodeNext',
    '--skipLibCheck',
    '--types',
    '',
    '--ignoreConfig',
  ];
  execFileSync(compiler, [...options, file], { encoding: 'utf8' });
});
