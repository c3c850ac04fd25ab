// The client against the running daemon. What an older daemon does not offer is skipped, with a word. WebRTC is in browser.test.mjs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Forbidden, InvalidRequest, KinemotionClient, NotFound, Unauthorized, best, metric } from 'kinemotion-client';
import { WebhookReceiver } from 'kinemotion-client/webhooks';
import { useDaemon } from './support/daemon.mjs';
import { all } from './support/fake.mjs';

const { Daemon, missing } = await useDaemon();

const TRANSPORTS = ['sse', 'ndjson', ...(typeof WebSocket === 'undefined' ? [] : ['websocket'])];

describe('against the daemon', { skip: missing }, () => {
  const stops = [];
  let client;
  let paths;

  async function daemon(settings = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'kinemotion-sdk-'));
    const running = await Daemon.start(folder, { MODELS__LOADED: '["fast"]', LOAD__ADMISSION: 'false', ...settings });
    stops.push(async () => {
      await running.stop();
      rmSync(folder, { recursive: true });
    });
    return new KinemotionClient({ baseUrl: running.base });
  }

  before(async () => {
    client = await daemon();
    ({ paths } = await client.http.json({ method: 'GET', path: '/api/v1/openapi.json' }));
  });

  after(() => Promise.all(stops.map((stop) => stop())));

  const demo = (kinemotion = client, more = {}) =>
    kinemotion.createAnalysis({ input: { demo: true }, sport_type: 'cmj', quality: 'fast', ...more });

  const first = async (kinemotion, id, types) => {
    for await (const event of kinemotion.events(id, { types })) return event;
  };

  const needs = (t, path) => path in paths || t.skip(`this daemon has no ${path}`);

  test('a demo is made, heard, changed, ended and removed', async () => {
    const { analysis_id: id } = await demo();
    const repetition = await first(client, id, ['repetition']);
    assert(metric(repetition.data.metrics, 'jump_height') > 0.05);
    const running = await client.getAnalysis(id);
    assert.deepEqual([running.status, running.source.kind], ['running', 'demo']);
    assert.equal((await client.changeAnalysis(id, { sport_type: 'squat' })).sport_type, 'squat');
    const picture = new Uint8Array(await (await client.snapshot(id)).arrayBuffer());
    assert.deepEqual([...picture.slice(0, 2)], [0xff, 0xd8]);
    assert.equal((await client.diagnostics(id)).source.kind, 'demo');
    assert.match(await client.pipelineGraph(id), /digraph/);
    assert((await all(client.analyses({ state: 'live' }))).some(({ analysis_id }) => analysis_id === id));

    await client.deleteAnalysis(id);
    const ended = await client.wait(id);
    assert.equal(ended.status, 'completed');
    assert(best(ended).metrics.jump_height_m > 0.05);
    assert.deepEqual((await client.results(id)).repetitions[0], repetition.data);
    assert.match(await client.resultsCsv(id), /jump_height_m/);
    await client.deleteAnalysis(id);
    await assert.rejects(client.getAnalysis(id), NotFound);
  });

  test('every transport says the same, from wherever it is asked', async () => {
    const { analysis_id: id } = await demo();
    await first(client, id, ['repetition']);
    await client.deleteAnalysis(id);
    const types = ['repetition', 'state', 'analysis_complete'];
    const [kept, ...others] = await Promise.all(TRANSPORTS.map((transport) => all(client.events(id, { types, transport }))));
    for (const other of others) assert.deepEqual(other, kept);
    assert(kept.some(({ type }) => type === 'analysis_complete'));
    assert.deepEqual(await all(client.events(id, { types, from_sequence: kept[1].sequence })), kept.slice(1));
  });

  test('problems name the field', async () => {
    await assert.rejects(demo(client, { athlete: { height_m: 180 } }), (error) => {
      return error instanceof InvalidRequest && error.field === 'athlete.height_m';
    });
    assert((await client.sports()).sports.some(({ name }) => name === 'cmj'));
  });

  test('athletes, training sessions, repetitions and trends', async (t) => {
    if (!needs(t, '/api/v1/training-sessions')) return;
    const athlete = await client.createAthlete({ external_id: 'roster/17', name: 'Robin', height_m: 1.8 });
    assert.deepEqual(await client.getAthlete('roster/17'), athlete);
    const session = await client.createTrainingSession({ name: 'Tuesday', athlete: 'roster/17' });
    const belongs = { athlete_id: 'roster/17', training_session_id: session.training_session_id };
    const { analysis_id: id } = await demo(client, belongs);
    await first(client, id, ['repetition']);
    await client.deleteAnalysis(id);
    await client.wait(id);
    const stored = await all(client.repetitions({ athlete: 'roster/17', sort: '-jump_height_m' }));
    assert(stored.length > 0);
    assert(stored.every(({ athlete_id }) => athlete_id === athlete.athlete_id));
    const { trends } = await client.trends('roster/17', { sport_type: 'cmj', metrics: ['jump_height_m'] });
    assert.equal(trends[0].count, stored.length);
    const values = await all(client.metricSeries('roster/17', 'jump_height_m', { sort: '-value' }));
    assert.deepEqual(
      values.map(({ repetition_id }) => repetition_id),
      stored.map(({ repetition_id }) => repetition_id),
    );
    assert.deepEqual(await all(client.trainingSessions({ athlete: 'roster/17' })), [session]);
    await client.changeTrainingSession(session.training_session_id, { name: 'Wednesday' });
    await client.removeTrainingSession(session.training_session_id);
    await client.changeAthlete('roster/17', { external_id: 'roster/17', mass_kg: 75 });
    assert.equal((await all(client.athletes()))[0].mass_kg, 75);
    await client.eraseAthlete('roster/17');
    await assert.rejects(client.getAnalysis(id), NotFound);
  });

  test('a key is made, used, rotated and revoked', async (t) => {
    if (!needs(t, '/api/v1/keys')) return;
    const open = await daemon();
    const baseUrl = open.http.base;
    const made = await open.createKey({ name: 'admin' });
    const admin = new KinemotionClient({ baseUrl, apiKey: made.key });
    await assert.rejects(all(open.analyses()), Unauthorized);
    const reader = await admin.createKey({ name: 'reader', scopes: ['analyses:read'], expires_in_days: 1 });
    const limited = new KinemotionClient({ baseUrl, apiKey: () => reader.key });
    assert.deepEqual(await all(limited.analyses()), []);
    await assert.rejects(demo(limited), Forbidden);
    const rotated = await admin.rotateKey(reader.key_id, { overlap_hours: 0 });
    await admin.revokeKey(rotated.key_id);
    assert.equal(
      (await admin.keys()).filter(({ revoked_at }) => revoked_at === null).some(({ key_id }) => key_id === rotated.key_id),
      false,
    );
  });

  test('what the daemon signs is received, and its log says so', async (t) => {
    if (!needs(t, '/api/v1/webhooks/{id}/deliveries')) return;
    const own = await daemon({ WEBHOOKS__PRIVATE_HOSTS: 'true' });
    const received = [];
    const arrived = deferred();
    const server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      received.push([Buffer.concat(chunks), request.headers]);
      response.writeHead(204).end();
      if (received.length === 2) arrived.resolve();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${server.address().port}/hook`;
      const webhook = await own.registerWebhook({ url, events: ['analysis_complete'], sport_types: ['cmj'] });
      assert.equal((await own.testWebhook(webhook.webhook_id)).delivered, true);
      const { analysis_id: id } = await demo(own);
      await first(own, id, ['pose']);
      await own.deleteAnalysis(id);
      await arrived.promise;
      const receiver = new WebhookReceiver(webhook.secret);
      const events = await Promise.all(received.map(([body, headers]) => receiver.receive(body, headers)));
      assert.deepEqual(
        events.map(({ event_type }) => event_type),
        ['test', 'analysis_complete'],
      );
      const [delivery] = await all(own.deliveries(webhook.webhook_id));
      assert.equal(delivery.event_id, events[1].event_id);
      await own.resendDelivery(webhook.webhook_id, delivery.delivery_id);
      await own.enableWebhook(webhook.webhook_id);
      assert.equal((await own.getWebhook(webhook.webhook_id)).url, url);
      await own.removeWebhook(webhook.webhook_id);
      assert.deepEqual(await own.webhooks(), []);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

function deferred() {
  let resolve;
  return { promise: new Promise((done) => (resolve = done)), resolve: (value) => resolve(value) };
}
