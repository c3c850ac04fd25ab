// Calls, errors, retries, pages and uploads, against a server written in the test.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import {
  ApiError,
  Conflict,
  InvalidRequest,
  KinemotionClient,
  NoAnswer,
  NotFound,
  RateLimited,
  Unavailable,
  UnexpectedAnswer,
  best,
  metric,
} from 'kinemotion-client';
import { waitMs } from '../dist/http.js';
import { AT, ID, PATH, all, analysis, fake, problem, repetition } from './support/fake.mjs';

let server;
afterEach(() => server?.stop().finally(() => (server = undefined)));

async function client(answers, options = {}) {
  server = await fake(answers);
  return new KinemotionClient({ baseUrl: `${server.url}/`, apiKey: 'km_key', retries: { most: 2, firstMs: 1 }, ...options });
}

test('an analysis is made of what is given and nothing else', async () => {
  const kinemotion = await client({ 'POST /api/v1/analyses': { status: 202, json: analysis('queued') } });
  const order = { input: { video_path: 's3://bucket/athlete.mp4' }, sport_type: 'cmj', athlete: { height_m: 1.8 } };
  const made = await kinemotion.createAnalysis(order, { idempotencyKey: 'once' });
  assert.equal(made.status, 'queued');
  assert.deepEqual(server.json(0), order);
  assert.equal(server.asked[0].headers.authorization, 'Bearer km_key');
  assert.equal(server.asked[0].headers['idempotency-key'], 'once');
});

test('numbers are found with and without their unit', () => {
  const { metrics } = repetition(0.31);
  assert.equal(metric(metrics, 'jump_height'), 0.31);
  assert.equal(metric(metrics, 'jump_height_m'), 0.31);
  assert.equal(metric(metrics, 'flight'), null);
  assert.equal(metric(metrics, 'peak_power'), null);
  assert.equal(metric(metrics, 'toString'), null);
});

test('the best repetition is the highest jump, or the newest where nothing jumps', () => {
  const [low, high, squat] = [repetition(0.29), repetition(0.33), { ...repetition(), metrics: { squat_depth_m: 0.4 } }];
  assert.equal(best(analysis('completed', [low, high, low])), high);
  assert.equal(best(analysis('completed', [low, squat, squat])), low);
  assert.equal(best(analysis('completed', [{ ...squat }, squat])), squat);
  assert.equal(best(analysis()), null);
});

test('a problem is an error of its kind that names the field', async () => {
  const answer = problem(422, 'invalid-value', 'give metres', { field: 'athlete.height_m' });
  const kinemotion = await client({ 'POST /api/v1/analyses': answer });
  await assert.rejects(kinemotion.createAnalysis({ input: { demo: true } }), (error) => {
    assert(error instanceof InvalidRequest && error instanceof ApiError);
    assert.deepEqual(
      [error.status, error.kind, error.field, error.name],
      [422, 'invalid-value', 'athlete.height_m', 'InvalidRequest'],
    );
    return /athlete\.height_m: give metres/.test(error.message);
  });
});

test('an error that is no problem document has its status', async () => {
  const kinemotion = await client({ 'GET /api/v1/sports': { status: 418, body: '<html>' } });
  await assert.rejects(kinemotion.sports(), { status: 418, kind: 'about:blank' });
});

test('an answer that is no JSON is not passed on', async () => {
  const kinemotion = await client({ 'GET /api/v1/sports': { body: '<html>' } });
  await assert.rejects(kinemotion.sports(), UnexpectedAnswer);
});

test('redirects are not followed, and keys go to the server alone', async () => {
  const kinemotion = await client(
    { 'GET /api/v1/sports': { status: 302, headers: { location: '/elsewhere' } } },
    { retries: { most: 0 } },
  );
  await assert.rejects(kinemotion.sports(), NoAnswer);
  assert.equal(server.asked.length, 1);
  const other = await fake({ 'GET /x': { json: {} } });
  try {
    await kinemotion.http.json({ method: 'GET', path: `${other.url}/x` });
    assert.equal(other.asked[0].headers.authorization, undefined);
  } finally {
    await other.stop();
  }
});

test('a key may be one that is fetched when it is needed', async () => {
  let n = 0;
  const kinemotion = await client({ 'GET /api/v1/keys': { json: { keys: [] } } }, { apiKey: async () => `kms_${++n}` });
  await kinemotion.keys();
  await kinemotion.keys();
  assert.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer kms_1', 'Bearer kms_2'],
  );
});

test('a refusal is tried again whatever was asked, as often as was said', async () => {
  const full = problem(503, 'unavailable', 'full', { reason: 'full' }, { 'retry-after': '0' });
  const kinemotion = await client({ 'POST /api/v1/analyses': [full, { status: 201, json: analysis() }] });
  await kinemotion.createAnalysis({ input: { demo: true } });
  assert.equal(server.asked.length, 2);
  server.answers['POST /api/v1/analyses'] = full;
  await assert.rejects(
    kinemotion.createAnalysis({ input: { demo: true } }),
    (error) => error instanceof Unavailable && error.reason === 'full',
  );
  assert.equal(server.asked.length, 5);
});

test('what may have been done is repeated only where twice does no harm', async () => {
  const lost = { cut: true };
  const kinemotion = await client({ [`GET ${PATH}`]: [lost, { json: analysis() }], [`DELETE ${PATH}`]: lost });
  await kinemotion.getAnalysis(ID);
  await assert.rejects(kinemotion.deleteAnalysis(ID), NoAnswer);
  assert.equal(server.of(`DELETE ${PATH}`).length, 1);
});

test('an order is repeated under the same key', async () => {
  const kinemotion = await client({ 'POST /api/v1/analyses': [{ cut: true }, { status: 202, json: analysis('queued') }] });
  await kinemotion.createAnalysis({ input: { video_path: 'https://example.org/a.mp4' } });
  const [first, second] = server.asked.map(({ headers }) => headers['idempotency-key']);
  assert.equal(first, second);
});

test('somebody who is not there is asked again, whatever was asked', async () => {
  const nobody = new KinemotionClient({ baseUrl: 'http://127.0.0.1:9', retries: { most: 1, firstMs: 1 } });
  await assert.rejects(
    nobody.createAnalysis({ input: { demo: true } }),
    (error) => error instanceof NoAnswer && /127\.0\.0\.1:9/.test(error.message),
  );
});

test('a server that says nothing is given up', async () => {
  const kinemotion = await client({ 'GET /api/v1/sports': () => new Promise(() => {}) }, { timeoutMs: 20, retries: { most: 0 } });
  await assert.rejects(kinemotion.sports(), /no answer within 20 ms/);
});

test('the server says how long to wait', async () => {
  const retries = { most: 3, firstMs: 500, longestMs: 30_000 };
  assert.equal(waitMs(0, retries, 20_000), 20_000);
  assert(waitMs(0, retries, null) <= 500);
  assert(waitMs(2, retries, null) >= 1000);
  assert.equal(waitMs(0, retries, 3_600_000), null);
  const kinemotion = await client({
    'GET /api/v1/sports': problem(429, 'refused', 'too many', {}, { 'retry-after': 'Wed, 21 Oct 2065 07:28:00 GMT' }),
  });
  await assert.rejects(kinemotion.sports(), (error) => error instanceof RateLimited && error.retryAfterMs > 1e9);
  assert.equal(server.asked.length, 1);
});

test('pages are fetched as they are needed, with the filter', async () => {
  const kinemotion = await client({
    'GET /api/v1/repetitions': ({ query }) => {
      const n = Number(query.cursor ?? 0);
      return { json: { repetitions: [{ repetition_id: String(n) }], ...(n < 2 && { next_cursor: String(n + 1) }) } };
    },
  });
  const repetitions = kinemotion.repetitions({ athlete: 'roster-17', from: AT, until: undefined });
  assert.equal((await repetitions.next()).value.repetition_id, '0');
  assert.equal(server.asked.length, 1);
  assert.deepEqual(server.asked[0].query, { athlete: 'roster-17', from: AT });
  assert.deepEqual(
    (await all(repetitions)).map(({ repetition_id }) => repetition_id),
    ['1', '2'],
  );
  assert.deepEqual(server.asked[2].query, { athlete: 'roster-17', from: AT, cursor: '2' });
});

test('names in paths are escaped and metrics are one parameter', async () => {
  const kinemotion = await client({ 'GET /api/v1/athletes/roster%2F17/trends': { json: { sport_type: 'cmj', trends: [] } } });
  await kinemotion.trends('roster/17', { sport_type: 'cmj', metrics: ['jump_height_m', 'flight_time_ms'] });
  assert.equal(server.asked[0].query.metrics, 'jump_height_m,flight_time_ms');
});

test('values of a metric are a list', async () => {
  const pages = [{ values: [{ value: 0.31 }], next_cursor: 'x' }, { values: [{ value: 0.3 }] }];
  const kinemotion = await client({
    'GET /api/v1/athletes/roster%2F17/metrics/jump_height_m': ({ query }) => ({ json: pages[query.cursor ? 1 : 0] }),
  });
  const values = await all(kinemotion.metricSeries('roster/17', 'jump_height_m', { sort: '-value' }));
  assert.deepEqual(values, [{ value: 0.31 }, { value: 0.3 }]);
  assert.deepEqual(server.asked[1].query, { sort: '-value', cursor: 'x' });
});

test('files come as streams', async () => {
  const kinemotion = await client({ 'GET /api/v1/exports/repetitions.csv': { parts: ['a,', 'b'] } });
  assert.equal(await new Response(await kinemotion.exportRepetitions('csv', { grade: 'A' })).text(), 'a,b');
  assert.deepEqual(server.asked[0].query, { grade: 'A' });
  await assert.rejects(kinemotion.overlayVideo(ID), NotFound);
});

/** A server that keeps what it is sent. */
function keeping() {
  const kept = { bytes: Buffer.alloc(0) };
  const offset = (status) => ({ status, headers: { 'upload-offset': String(kept.bytes.length) } });
  const keep = ({ headers, body }) => {
    if (Number(headers['upload-offset']) !== kept.bytes.length) return problem(409, 'conflict', 'the offset is another');
    kept.bytes = Buffer.concat([kept.bytes, body]);
    return offset(204);
  };
  return {
    kept,
    keep,
    answers: {
      'POST /api/v1/uploads': { status: 201, headers: { location: '/api/v1/uploads/u1' } },
      'HEAD /api/v1/uploads/u1': () => offset(200),
      'PATCH /api/v1/uploads/u1': keep,
      'POST /api/v1/analyses': { status: 202, json: analysis('queued') },
    },
  };
}

const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251));

test('a file is uploaded in parts before it is analysed', async () => {
  const { kept, answers } = keeping();
  const kinemotion = await client(answers);
  const arrived = [];
  await kinemotion.createAnalysis(
    { input: { video: new Blob([CONTENT], { type: 'video/mp4' }) } },
    { onProgress: (bytes) => arrived.push(bytes) },
  );
  assert.deepEqual(kept.bytes, CONTENT);
  assert.deepEqual(arrived, [1000]);
  assert.equal(server.asked[0].headers['upload-length'], '1000');
  assert.deepEqual(server.json(-1).input, { upload: 'u1' });
});

test('an upload goes on where the server says it is', async () => {
  const { kept, keep, answers } = keeping();
  const arrives = (question) => (keep(question), { cut: true });
  const kinemotion = await client({ ...answers, 'PATCH /api/v1/uploads/u1': [keep, arrives, { cut: true }, keep] });
  await kinemotion.upload(new Blob([CONTENT]), { partBytes: 300 });
  assert.deepEqual(kept.bytes, CONTENT);
});

test('an upload is given up where nothing arrives or it is gone', async () => {
  const { answers } = keeping();
  const kinemotion = await client({ ...answers, 'PATCH /api/v1/uploads/u1': problem(409, 'conflict', 'no') });
  await assert.rejects(kinemotion.upload(new Blob([CONTENT])), Conflict);
  server.answers['PATCH /api/v1/uploads/u1'] = problem(404, 'not-found', 'expired');
  const before = server.of('HEAD /api/v1/uploads/u1').length;
  await assert.rejects(kinemotion.upload(new Blob([CONTENT])), NotFound);
  assert.equal(server.of('HEAD /api/v1/uploads/u1').length, before);
});
