/** The events of an analysis, gone on with after every interruption where they stopped. */

import { ApiError, KinemotionError, NoAnswer, NotFound, ServerFault, UnexpectedAnswer } from './errors.js';
import { readEvent, type EventType, type WireEvent } from './events.js';
import { isPassing, path, Patience, pause, type Http } from './http.js';
import type { Analysis } from './models.js';

export type Transport = 'sse' | 'ndjson' | 'websocket';

export interface StreamOptions {
  /** All when empty. */
  types?: readonly EventType[];
  /** Number of the first event wanted. */
  from_sequence?: number;
  transport?: Transport;
  /** After so long without a connection its loss is thrown, milliseconds. */
  patienceMs?: number;
  /** Ends the stream. */
  signal?: AbortSignal;
}

/** Waits before the tries after a lost connection, milliseconds; the last one repeats. */
const WAITS_MS = [250, 500, 1000, 2000, 4000];

/** Nothing heard for so long is a connection that died without a word; the server says something every 15 s. */
const SSE_SILENCE_MS = 45_000;

/** Longest event taken, characters. */
const EVENT_LENGTH = 1 << 20;

/** Code with which the server closes a WebSocket that has said everything. */
const COMPLETE = 1000;

/** Code of a WebSocket that was lost without one (RFC 6455, section 7.4.1). */
const LOST = 1006;

export async function* events(http: Http, analysisId: string, options: StreamOptions = {}): AsyncGenerator<WireEvent, void> {
  const { types = [], transport = 'sse', patienceMs = 60_000, signal } = options;
  const texts = { sse: serverSentEvents, ndjson: lines, websocket }[transport];
  let next = options.from_sequence ?? 0;
  let failures = 0;
  let heardAt = Date.now();
  let ended = false;
  for (;;) {
    const query = { from_sequence: String(next), ...(types.length > 0 && { types: types.join(',') }) };
    let failure: KinemotionError | null = null;
    try {
      for await (const text of texts(http, analysisId, query, signal)) {
        const event = readEvent(text);
        failures = 0;
        heardAt = Date.now();
        if (event.sequence < next) continue;
        next = event.sequence + 1;
        ended ||= event.type === 'state' && (event.data.state === 'done' || event.data.state === 'failed');
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      failure = error as KinemotionError;
    }
    if (failure === null && (ended || (await isOver(http, analysisId)))) return;
    if (Date.now() - heardAt > patienceMs) {
      throw failure ?? new NoAnswer('the stream ends again and again before the analysis does');
    }
    const asked = failure instanceof ApiError ? (failure.retryAfterMs ?? 0) : 0;
    await pause(Math.max(asked, WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)] ?? 0), signal);
  }
}

/** Whether a stream ended because the analysis has, and not because something between cut it. */
async function isOver(http: Http, id: string): Promise<boolean> {
  try {
    const { status } = await http.json<Analysis>({ method: 'GET', path: path('/api/v1/analyses/{id}', { id }) });
    return status === 'completed' || status === 'failed';
  } catch (error) {
    if (error instanceof NotFound) return true;
    if (isPassing(error) || error instanceof ServerFault) return false;
    throw error;
  }
}

type Query = Readonly<Record<string, string>>;

const STREAM = '/api/v1/analyses/{id}/stream';

/** One JSON object per line. */
async function* lines(http: Http, id: string, query: Query, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new Lines();
  for await (const chunk of chunks(http, id, query, 'application/x-ndjson', Infinity, signal)) {
    yield* decoder.feed(chunk).filter((line) => line !== '');
  }
}

/** Server-Sent Events. */
async function* serverSentEvents(http: Http, id: string, query: Query, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new ServerSentEvents();
  for await (const chunk of chunks(http, id, query, 'text/event-stream', SSE_SILENCE_MS, signal)) yield* decoder.feed(chunk);
}

/** An answer as it comes. */
async function* chunks(
  http: Http,
  id: string,
  query: Query,
  accept: string,
  silenceMs: number,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const patience = new Patience(silenceMs, signal);
  let reader: ReadableStreamDefaultReader<string> | undefined;
  try {
    const headers = { accept };
    const call = { method: 'GET', path: path(STREAM, { id }), query, headers, signal: patience.signal, streamed: true };
    const response = await http.once(call, Infinity);
    reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) return;
      patience.begin();
      yield part.value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof KinemotionError) throw error;
    throw new NoAnswer(`the stream was lost: ${String(error)}`, { cause: error });
  } finally {
    patience.end();
    await reader?.cancel().catch(() => undefined);
  }
}

/** Lines of a text that comes in pieces. Only a line feed ends one: a text in JSON may hold other separators. */
export class Lines {
  private rest = '';

  feed(chunk: string): string[] {
    const found = (this.rest + chunk).split('\n');
    this.rest = found.pop() ?? '';
    if (this.rest.length > EVENT_LENGTH) throw new UnexpectedAnswer(`an event of more than ${EVENT_LENGTH} characters`);
    return found;
  }
}

/** `text/event-stream` as the HTML standard defines it, section 9.2.6, of which the server uses `id` and `data`. */
export class ServerSentEvents {
  private readonly lines = new Lines();
  private data: string[] = [];

  feed(chunk: string): string[] {
    const found: string[] = [];
    for (const raw of this.lines.feed(chunk)) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '' && this.data.length > 0) {
        found.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
      }
    }
    return found;
  }
}

/** A WebSocket: of the browser, or of Node from 22 on. It cannot send headers, so the token is in the address. */
async function* websocket(http: Http, id: string, query: Query, signal?: AbortSignal): AsyncGenerator<string> {
  if (typeof WebSocket === 'undefined') throw new KinemotionError('there is no WebSocket here: use the transport sse');
  const token = await http.token();
  const url = new URL(http.url(path(STREAM, { id }), { ...query, ...(token && { access_token: token }) }));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  const waiting: string[] = [];
  let opened = false;
  let closed: number | null = null;
  let wake = () => {};
  const stop = () => socket.close();
  signal?.addEventListener('abort', stop);
  socket.onopen = () => (opened = true);
  socket.onmessage = ({ data }) => {
    waiting.push(String(data));
    wake();
  };
  const close = (code: number) => {
    closed ??= code;
    wake();
  };
  socket.onclose = ({ code }) => close(code);
  // Node 20 and 21 say nothing else of a connection that never opened.
  socket.onerror = () => {
    if (!opened) close(LOST);
  };
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift() as string;
      signal?.throwIfAborted();
      if (closed !== null) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.close();
  }
  if (closed === COMPLETE) return;
  // A browser does not say why a WebSocket was refused; the same address without one does.
  if (!opened) await refusal(http, id);
  throw new NoAnswer(`the WebSocket was lost (${closed})`);
}

/** Throws why a stream would be refused. */
async function refusal(http: Http, id: string): Promise<void> {
  await http.once({ method: 'GET', path: path('/api/v1/analyses/{id}', { id }) });
}
