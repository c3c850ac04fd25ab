// A tiny server that answers as a test says, and remembers what it was asked.

import { createServer } from 'node:http';
import { once } from 'node:events';

export const ID = '0199d4c0-7f00-7000-8000-000000000001';
export const PATH = `/api/v1/analyses/${ID}`;
export const AT = '2026-11-25T18:00:00.000Z';

/**
 * Starts one. `answers` maps `GET /path` to an answer, a function of the request, or a list of them that is used up, whose last
 * one stays. An answer has `status`, `headers`, and `json`, `body` or `parts`; behind them the connection is lost with
 * `cut` and stays open with `open`.
 */
export async function fake(answers = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const what = `${request.method} ${url.pathname}`;
    const question = { what, query: Object.fromEntries(url.searchParams), headers: request.headers, body };
    asked.push(question);
    let answer = [answers[what]].flat()[0] ?? problem(404, 'not-found', `the test says nothing of ${what}`);
    if (Array.isArray(answers[what]) && answers[what].length > 1) answers[what].shift();
    if (typeof answer === 'function') answer = await answer(question);
    await send(response, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    answers,
    json: (n) => JSON.parse(asked.at(n).body),
    of: (what) => asked.filter((question) => question.what === what),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function send(response, { status = 200, headers = {}, json, body, parts, cut = false, open = false }) {
  if (cut && !parts) return response.destroy();
  const text = json === undefined ? body : JSON.stringify(json);
  response.writeHead(status, { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers });
  for (const part of parts ?? []) await new Promise((resolve) => response.write(part, resolve));
  if (cut) response.destroy();
  else if (!open) response.end(text);
}

export function problem(status, kind, detail, more = {}, headers = {}) {
  const json = { type: `urn:kinemotion:problem:${kind}`, title: kind, status, detail, ...more };
  return { status, body: JSON.stringify(json), headers: { 'content-type': 'application/problem+json', ...headers } };
}

export function repetition(height = 0.31) {
  return {
    movement: 'cmj',
    person: 0,
    start_s: 1,
    end_s: 3.2,
    phases: [],
    events: {},
    metrics: { jump_height_m: height, flight_time_ms: 503, peak_power_w: null },
    uncertainty: { jump_height_m: 0.01, flight_time_ms: 8, peak_power_w: null },
    methods: { jump_height_m: 'flight_time' },
    warnings: [],
    quality: { grade: 'A', reasons: [], degraded: false },
  };
}

export function analysis(status = 'running', results = [], more = {}) {
  const state = { queued: 'waiting', running: 'live', completed: 'done', failed: 'failed' }[status];
  const created_at = AT;
  return {
    analysis_id: ID,
    status,
    state,
    reason: null,
    sport_type: 'cmj',
    created_at,
    repetitions: results.length,
    results,
    ...more,
  };
}

export const event = (sequence, type, data, more = {}) =>
  JSON.stringify({ type, analysis_id: ID, timestamp_ms: sequence * 33, sequence, data, ...more });

export const state = (sequence, name) => event(sequence, 'state', { state: name, reason: null });

export const sse = (...texts) => texts.map((text) => `id: ${JSON.parse(text).sequence}\ndata: ${text}\n\n`).join('');

export const ndjson = (...texts) => texts.map((text) => `${text}\n`).join('');

/** Everything a stream says. */
export async function all(stream) {
  const found = [];
  for await (const one of stream) found.push(one);
  return found;
}
