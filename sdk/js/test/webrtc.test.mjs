// What WHIP and WHEP ask of the server, with a stand-in for the connection, which only browsers have.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { KinemotionClient } from 'kinemotion-client';
import { Publisher, Viewer, fragment, iceServers, measureLive } from 'kinemotion-client/webrtc';
import { ID, PATH, analysis, event, fake, problem, repetition, sse, state } from './support/fake.mjs';

const OFFER = 'v=0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n';

class Connection extends EventTarget {
  static made = [];
  iceGatheringState = 'complete';
  connectionState = 'new';
  transceivers = [];
  channel = {};

  constructor() {
    super();
    Connection.made.push(this);
  }

  createDataChannel() {
    return this.channel;
  }

  addTransceiver(track, options) {
    const receiver = { track: 'remote', jitterBufferTarget: null };
    this.transceivers.push({ track, options, receiver });
    return { receiver };
  }

  setConfiguration(configuration) {
    this.configuration = configuration;
  }

  async setLocalDescription() {
    this.localDescription = { sdp: OFFER };
  }

  async setRemoteDescription(description) {
    this.remoteDescription = description;
  }

  close() {
    this.connectionState = 'closed';
  }
}

globalThis.RTCPeerConnection = Connection;
globalThis.MediaStream = class {
  tracks = [];
  addTrack(track) {
    this.tracks.push(track);
  }
};

const media = { getVideoTracks: () => [{ contentHint: '' }] };

let server;
afterEach(() => server?.stop().finally(() => (server = undefined)));

async function serving(answers = {}) {
  const made = (resource) => ({ status: 201, body: 'answer', headers: { location: resource, etag: '"1"' } });
  const link = '<stun:stun.example:3478>; rel="ice-server"';
  server = await fake({
    [`OPTIONS /whip/${ID}`]: { headers: { link } },
    [`POST /whip/${ID}`]: made(`/whip/${ID}`),
    [`PATCH /whip/${ID}`]: { status: 204 },
    [`DELETE /whip/${ID}`]: { status: 200 },
    [`OPTIONS /whep/${ID}`]: {},
    [`POST /whep/${ID}`]: made(`/whep/${ID}/v1`),
    [`DELETE /whep/${ID}/v1`]: { status: 200 },
    ...answers,
  });
  return new KinemotionClient({ baseUrl: server.url, apiKey: 'km_key', retries: { most: 0 } });
}

const links = () => ({ whip_url: `${server.url}/whip/${ID}`, whep_url: `${server.url}/whep/${ID}` });

test('a camera is offered, candidates that come later are sent after, and closing tells the server', async () => {
  const client = await serving();
  const events = [];
  const publisher = await Publisher.start(client, analysis('queued', [], links()), media, {
    onEvent: (one) => events.push(one.type),
  });
  const [connection] = Connection.made.splice(0);
  const [asked] = server.of(`POST /whip/${ID}`);
  assert.deepEqual(
    [String(asked.body), asked.headers['content-type'], asked.headers.authorization],
    [OFFER, 'application/sdp', 'Bearer km_key'],
  );
  assert.deepEqual(connection.configuration, { iceServers: [{ urls: 'stun:stun.example:3478' }] });
  assert.deepEqual(connection.remoteDescription, { type: 'answer', sdp: 'answer' });
  assert.equal(connection.transceivers[0].options.direction, 'sendonly');

  const arrived = new Promise(
    (resolve) => (server.answers[`PATCH /whip/${ID}`] = (question) => (resolve(question), { status: 204 })),
  );
  const candidate = { candidate: 'candidate:1 1 UDP 1 192.0.2.1 9 typ host', sdpMid: '0' };
  connection.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
  const late = await arrived;
  assert.equal(late.headers['if-match'], '"1"');
  assert.match(String(late.body), /a=ice-ufrag:u\r\n.*a=mid:0\r\na=candidate:1/s);

  connection.channel.onmessage({ data: state(0, 'live') });
  assert.deepEqual(events, ['state']);
  await publisher.close();
  assert.equal(connection.connectionState, 'closed');
  assert.equal(server.of(`DELETE /whip/${ID}`).length, 1);
});

test('a picture is asked for and given back', async () => {
  const client = await serving();
  const viewer = await Viewer.start(client, analysis('running', [], links()));
  const [connection] = Connection.made.splice(0);
  assert.deepEqual(viewer.media.tracks, ['remote']);
  assert.equal(connection.transceivers[0].receiver.jitterBufferTarget, 0);
  await viewer.close();
  assert.equal(server.of(`DELETE /whep/${ID}/v1`).length, 1);
});

test('what comes by data channel and stream is heard once, and it ends with the analysis', async () => {
  const [first, second] = [event(0, 'repetition', repetition()), event(1, 'repetition', repetition())];
  const client = await serving({ [`GET ${PATH}/stream`]: { parts: [sse(first, second, state(2, 'done'))] } });
  server.answers['POST /api/v1/analyses'] = { status: 201, json: analysis('queued', [], links()) };
  const heard = [];
  const live = await measureLive(client, { order: { sport_type: 'cmj' }, media, onEvent: (one) => heard.push(one.sequence) });
  const [connection] = Connection.made.splice(0);
  connection.channel.onmessage({ data: second });
  await live.ended;
  assert.deepEqual(
    heard.sort((a, b) => a - b),
    [0, 1, 2],
  );
  assert.deepEqual(server.json(0), { sport_type: 'cmj', input: { streaming: true } });
});

test('an analysis nobody can publish to is not left behind', async () => {
  const refused = problem(409, 'conflict', 'somebody publishes already');
  const client = await serving({ [`POST /whip/${ID}`]: refused, [`DELETE ${PATH}`]: { status: 204 } });
  server.answers['POST /api/v1/analyses'] = { status: 201, json: analysis('queued', [], links()) };
  await assert.rejects(measureLive(client, { order: {}, media, onEvent: () => {} }), { status: 409 });
  assert.equal(server.of(`DELETE ${PATH}`).length, 1);
  assert.equal(Connection.made.splice(0)[0].connectionState, 'closed');
});

test('an analysis that takes no publisher says so', async () => {
  const client = await serving();
  await assert.rejects(Publisher.start(client, analysis(), media), /no whip_url/);
});

test('ICE servers are read from links, credentials included', () => {
  const link =
    '<stun:a:1>; rel="ice-server", <turn:b:2>; rel="ice-server"; username="u"; credential="p\\"w"; credential-type="password", <x>; rel="next"';
  assert.deepEqual(iceServers(link), [{ urls: 'stun:a:1' }, { urls: 'turn:b:2', username: 'u', credential: 'p"w' }]);
  assert.deepEqual(iceServers(null), []);
});

test('a candidate is a fragment of SDP', () => {
  const text = fragment(OFFER, { candidate: 'candidate:1', sdpMid: null });
  assert.equal(text, 'a=ice-ufrag:u\r\na=ice-pwd:p\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1\r\n');
});
