// Stands in for `kinemotion serve`: the API with a stick figure behind it, and the built pages. It has no WebRTC, so a
// camera needs the real daemon (or dev/screens.mjs, which lends it a second browser page).
//
//   npm run build && npm run fake        then open http://127.0.0.1:8090/
//
// POST /dev/break?seconds=5 cuts every stream for so long; POST /dev/warn?code=…&message=… says something; POST /dev/hold
// keeps repetitions back.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Session } from './session.mjs';
import { SPORTS } from './sports.mjs';
import { accept } from './websocket.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const sessions = new Map();
const peers = new Set();
let brokenUntil = 0;
let count = 0;

function problem(response, status, title, detail, field) {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail, ...(field && { field }) }));
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function describe(session) {
  const path = `/api/v1/analyses/${session.id}`;
  return {
    analysis_id: session.id,
    sport_type: session.request.sport_type,
    created_at: session.created_at,
    state: session.state,
    whip_url: `/whip/${session.id}`,
    whep_url: `/whep/${session.id}`,
    stream_url: `${path}/stream`,
    overlay_url: `/overlay/${session.id}`,
    source: { decoder: 'vp8dec', codec: 'VP8', hardware: false, width: 1280, height: 720, fps: 30 },
    latency: { p50_ms: 24, p95_ms: 41, max_ms: 60 },
    results: session.repetitions,
  };
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function create(request, response) {
  const wanted = JSON.parse(await body(request));
  const { height_m, mass_kg } = wanted.athlete ?? {};
  if (height_m !== undefined && !(height_m >= 1 && height_m <= 2.5)) {
    return problem(
      response,
      422,
      'Not a height',
      'The height of the athlete must be between 1.00 and 2.50 m.',
      'athlete.height_m',
    );
  }
  if (mass_kg !== undefined && !(mass_kg >= 20 && mass_kg <= 250)) {
    return problem(response, 422, 'Not a mass', 'The mass of the athlete must be between 20 and 250 kg.', 'athlete.mass_kg');
  }
  if (wanted.sport_type === 'walking') {
    return problem(
      response,
      503,
      'Too many sessions',
      'This server measures 4 sessions at most. End one, or try again in a minute.',
    );
  }
  const session = new Session(`demo-${++count}`, wanted);
  sessions.set(session.id, session);
  if (wanted.input.demo) session.start();
  return json(response, 201, describe(session));
}

function csv(session) {
  const keys = Object.keys(session.repetitions[0]?.metrics ?? {});
  const rows = session.repetitions.map((r) => keys.map((key) => r.metrics[key] ?? '').join(','));
  return [keys.join(','), ...rows, ''].join('\n');
}

async function analyses(request, response, [id, part]) {
  if (!id)
    return request.method === 'POST'
      ? create(request, response)
      : json(response, 200, { analyses: [...sessions.values()].map(describe) });
  const session = sessions.get(id);
  if (!session) return problem(response, 404, 'No such analysis', `There is no analysis ${id}.`);
  if (request.method === 'DELETE') {
    session.stop();
    return response.writeHead(204).end();
  }
  if (part === 'results.csv') return response.writeHead(200, { 'content-type': 'text/csv' }).end(csv(session));
  return json(response, 200, part === 'results.json' ? { repetitions: session.repetitions } : describe(session));
}

async function page(response, path) {
  const name = path === '/' ? 'index.html' : path.startsWith('/overlay/') ? 'overlay.html' : normalize(path);
  try {
    const content = await readFile(join(DIST, name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(content);
  } catch {
    problem(response, 404, 'Not found', `There is no ${path}.`);
  }
}

function control(response, url) {
  const parameter = (name) => url.searchParams.get(name) ?? '';
  if (url.pathname === '/dev/break') {
    brokenUntil = Date.now() + 1000 * Number(parameter('seconds'));
    for (const peer of peers) peer.drop();
  }
  if (url.pathname === '/dev/warn')
    for (const session of sessions.values()) session.warn(parameter('code'), parameter('message'));
  if (url.pathname === '/dev/hold') for (const session of sessions.values()) session.held = true;
  if (url.pathname === '/dev/start') sessions.get(parameter('id'))?.start();
  response.writeHead(204).end();
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const path = url.pathname;
  if (path.startsWith('/dev/')) return control(response, url);
  if (path === '/api/v1/sports') return json(response, 200, SPORTS);
  if (path.startsWith('/api/v1/analyses')) return analyses(request, response, path.split('/').slice(4));
  if (path.startsWith('/whip') || path.startsWith('/whep')) {
    return problem(response, 501, 'No WebRTC here', 'The fake server cannot take a camera: use the demo athlete.');
  }
  return page(response, path);
});

server.on('upgrade', (request, socket) => {
  const url = new URL(request.url, 'http://localhost');
  const session = sessions.get(url.pathname.split('/')[4]);
  if (!session || Date.now() < brokenUntil) return socket.destroy();
  const peer = accept(request, socket);
  peers.add(peer);
  const types = url.searchParams.get('types')?.split(',').filter(Boolean) ?? [];
  const reader = { send: peer.send, end: () => peer.close(1000) };
  const leave = session.read(reader, Number(url.searchParams.get('from_sequence') ?? 0), types);
  peer.onclose = () => {
    peers.delete(peer);
    leave?.();
  };
});

const port = Number(process.env.PORT ?? 8090);
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
