// Events: what their bytes say, and how a stream that is lost goes on.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { AnalysisFailed, KinemotionClient, NoAnswer, NotFound, Once, UnexpectedAnswer, readEvent } from 'kinemotion-client';
import { Lines, ServerSentEvents } from '../dist/stream.js';
import { ID, PATH, all, analysis, event, fake, ndjson, problem, repetition, sse, state } from './support/fake.mjs';

const STREAM = `GET ${PATH}/stream`;
const EVENTS = [
  state(0, 'live'),
  event(1, 'metric_update', { key: 'jump_height_m', value: 0.3 }),
  event(2, 'repetition', repetition()),
];
const ALL = [...EVENTS, state(3, 'done')];

let server;
afterEach(() => server?.stop().finally(() => (server = undefined)));

async function client(answers) {
  server = await fake(answers);
  return new KinemotionClient({ baseUrl: server.url, apiKey: 'km_key', retries: { most: 0 } });
}

const numbers = async (stream) => (await all(stream)).map(({ sequence }) => sequence);

test('events are the same however their text is cut', () => {
  const texts = [...ALL, event(4, 'warning', { message: 'a line\u2028in a line' })];
  for (const [Decoder, encode] of [
    [ServerSentEvents, sse],
    [Lines, ndjson],
  ]) {
    const text = encode(...texts);
    for (const size of [1, 7, text.length]) {
      const decoder = new Decoder();
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, (n + 1) * size));
      assert.deepEqual(
        chunks.flatMap((chunk) => decoder.feed(chunk)),
        texts,
      );
    }
  }
});

test('comments, other fields and several lines of data', () => {
  assert.deepEqual(new ServerSentEvents().feed(': keep-alive\n\nevent: x\r\nid: 1\r\ndata:{\r\ndata: }\r\n\r\n'), ['{\n}']);
});

test('a line without an end is not kept for ever', () => {
  const lines = new Lines();
  assert.throws(() => {
    for (let n = 0; n < 20; n++) lines.feed('x'.repeat(1 << 17));
  }, UnexpectedAnswer);
});

test('an event is read, and what is none is not', () => {
  assert.equal(readEvent(EVENTS[2]).data.metrics.jump_height_m, 0.31);
  for (const text of ['{', '[]', 'null', '{"type":"x","sequence":1.5,"timestamp_ms":0,"data":{}}']) {
    assert.throws(() => readEvent(text), UnexpectedAnswer);
  }
});

test('each transport asks for its own', async () => {
  for (const [transport, encode, accept] of [
    ['sse', sse, 'text/event-stream'],
    ['ndjson', ndjson, 'application/x-ndjson'],
  ]) {
    const kinemotion = await client({ [STREAM]: { parts: [encode(...ALL)] } });
    assert.deepEqual(await numbers(kinemotion.events(ID, { types: ['state', 'repetition'], transport })), [0, 1, 2, 3]);
    const [asked] = server.asked;
    assert.equal(asked.headers.accept, accept);
    assert.deepEqual(asked.query, { from_sequence: '0', types: 'state,repetition' });
    await server.stop();
  }
  server = undefined;
});

test('a lost stream goes on behind the last event, and nothing comes twice', async () => {
  const answers = [{ parts: [sse(...ALL.slice(0, 2))], cut: true }, { cut: true }, { parts: [sse(...ALL.slice(1))] }];
  const kinemotion = await client({ [STREAM]: answers });
  assert.deepEqual(await numbers(kinemotion.events(ID)), [0, 1, 2, 3]);
  assert.deepEqual(
    server.of(STREAM).map(({ query }) => query.from_sequence),
    ['0', '2', '2'],
  );
});

test('a stream that something between cut cleanly goes on too', async () => {
  const answers = [{ parts: [sse(...EVENTS)] }, { parts: [sse(ALL[3])] }];
  const kinemotion = await client({ [STREAM]: answers, [`GET ${PATH}`]: { json: analysis('running') } });
  assert.deepEqual(await numbers(kinemotion.events(ID)), [0, 1, 2, 3]);
});

test('a stream of some types ends when the analysis has', async () => {
  const kinemotion = await client({ [STREAM]: { parts: [sse(EVENTS[2])] }, [`GET ${PATH}`]: { json: analysis('completed') } });
  assert.deepEqual(await numbers(kinemotion.events(ID, { types: ['repetition'] })), [2]);
});

test('what cannot be mended by waiting is thrown', async () => {
  const kinemotion = await client({ [STREAM]: problem(404, 'not-found', 'no such analysis') });
  await assert.rejects(all(kinemotion.events(ID)), NotFound);
  server.answers[STREAM] = { cut: true };
  await assert.rejects(all(kinemotion.events(ID, { patienceMs: -1 })), NoAnswer);
});

test('a stream ends when it is called off, also while it is silent', async () => {
  const kinemotion = await client({ [STREAM]: { parts: [sse(EVENTS[0])], open: true } });
  const calling = new AbortController();
  const stream = kinemotion.events(ID, { signal: calling.signal });
  assert.equal((await stream.next()).value.sequence, 0);
  const next = stream.next();
  calling.abort(new Error('enough'));
  await assert.rejects(next, /enough/);
});

test('waiting ends with the results or says why there are none', async () => {
  const kinemotion = await client({
    [STREAM]: { parts: [sse(state(0, 'done'))] },
    [`GET ${PATH}`]: { json: analysis('completed', [repetition()]) },
  });
  assert.equal((await kinemotion.wait(ID)).results.length, 1);
  server.answers[`GET ${PATH}`] = { json: analysis('failed', [], { reason: 'no video track' }) };
  await assert.rejects(kinemotion.wait(ID), (error) => error instanceof AnalysisFailed && /no video track/.test(error.message));
});

test('what comes on two ways is let through once', () => {
  const once = new Once();
  for (let sequence = 0; sequence < 10_000; sequence++) assert(once.accept({ sequence }));
  for (const sequence of [3, 9_999]) assert(!once.accept({ sequence }));
  assert(once.accept({ sequence: 10_000 }));
});

/** A WebSocket server that says one list of texts per connection, and good-bye only after the last. */
async function sockets(answers) {
  const asked = [];
  const http = createServer((_, response) => response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{}'));
  http.on('upgrade', (request, socket) => {
    asked.push(request.url);
    const texts = answers.shift();
    if (!texts) return socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept.digest('base64')}\r\n\r\n`,
    );
    for (const text of texts) socket.write(frame(0x81, Buffer.from(text)));
    if (answers.length === 0) socket.write(frame(0x88, Buffer.from([0x03, 0xe8])));
    socket.destroySoon();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    asked,
    stop: async () => void (http.closeAllConnections(), http.close()),
  };
}

/** A frame of RFC 6455 of up to 65,535 bytes. */
function frame(kind, payload) {
  const long = payload.length > 125;
  const head = Buffer.from(long ? [kind, 126, payload.length >> 8, payload.length & 255] : [kind, payload.length]);
  return Buffer.concat([head, payload]);
}

test(
  'WebSockets go on after a loss, and a refusal says why',
  { skip: typeof WebSocket === 'undefined' && 'this Node has no WebSocket' },
  async () => {
    server = await sockets([ALL.slice(0, 2), ALL.slice(2)]);
    const kinemotion = new KinemotionClient({ baseUrl: server.url, apiKey: 'km_key', retries: { most: 0 } });
    assert.deepEqual(await numbers(kinemotion.events(ID, { transport: 'websocket' })), [0, 1, 2, 3]);
    assert.deepEqual(
      server.asked,
      [0, 2].map((n) => `${PATH}/stream?from_sequence=${n}&access_token=km_key`),
    );
    await assert.rejects(all(kinemotion.events(ID, { transport: 'websocket' })), NotFound);
  },
);
