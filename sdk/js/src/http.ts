/** How the server is asked, and when again. */

import { ApiError, NoAnswer, UnexpectedAnswer, problemOf } from './errors.js';

export interface Options {
  /** Where the server is; else `KINEMOTION_URL` of the environment, else the site of the page, else this machine. */
  baseUrl?: string;
  /** A key or token, or whatever gets a fresh one; else `KINEMOTION_API_KEY` of the environment. */
  apiKey?: string | (() => string | Promise<string>);
  /** Longest wait for the beginning of an answer, milliseconds. */
  timeoutMs?: number;
  retries?: Partial<Retries>;
}

/** How often and how patiently. What may have been done already is only tried again where twice does no harm. */
export interface Retries {
  /** Tries after the first. */
  most: number;
  /** About how long the first wait is, milliseconds; each further one is twice as long. */
  firstMs: number;
  /** No wait is longer. Where the server asks for more patience (`Retry-After`), its refusal is thrown. */
  longestMs: number;
}

const RETRIES: Retries = { most: 4, firstMs: 500, longestMs: 30_000 };

/** Answers that say that nothing was done. */
const REFUSED = new Set([429, 503]);

/** Answers that leave open whether something was done. */
const UNDECIDED = new Set([408, 502, 504]);

/** Failures of Node before a request was sent; browsers do not say. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** Methods that may be sent twice. */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

export interface Call {
  method: string;
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  json?: unknown;
  body?: Blob | string;
  /** Whether doing it twice does no harm; by the method where it is not said. */
  repeatable?: boolean;
  /** Whether it outlives the page. */
  keepalive?: boolean;
  signal?: AbortSignal | undefined;
  /** Whether the answer is read as it comes, and `signal` ends that too. */
  streamed?: boolean;
}

/** A path as the OpenAPI file writes it, with names in the place of `{…}`. */
export function path(template: string, parts: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
}

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}

/** Where the page comes from; none outside of browsers. */
function site(): string | undefined {
  const origin = (globalThis as { location?: { origin: string } }).location?.origin;
  return origin?.startsWith('http') ? origin : undefined;
}

export class Http {
  readonly base: string;
  private readonly retries: Retries;
  private readonly timeoutMs: number;
  private readonly apiKey: Options['apiKey'];

  constructor({ baseUrl, apiKey, timeoutMs, retries }: Options) {
    this.base = (baseUrl ?? environment('KINEMOTION_URL') ?? site() ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');
    this.apiKey = apiKey ?? environment('KINEMOTION_API_KEY');
    this.timeoutMs = timeoutMs ?? 30_000;
    this.retries = { ...RETRIES, ...retries };
  }

  /** The key or token of this moment. */
  async token(): Promise<string | undefined> {
    return typeof this.apiKey === 'function' ? this.apiKey() : this.apiKey;
  }

  /** The whole address of a path, or an address as it is. */
  url(address: string, query: Readonly<Record<string, string>> = {}): string {
    const url = new URL(address.startsWith('/') ? this.base + address : address);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  /** An answer in JSON. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.answer(call);
    const body: unknown = await response.json().catch(() => undefined);
    if (body === null || typeof body !== 'object') throw new UnexpectedAnswer(`${call.method} ${call.path}: no JSON object`);
    return body as T;
  }

  /** An answer that is a success, after as many tries as it takes. */
  async answer(call: Call): Promise<Response> {
    for (let tried = 0; ; tried++) {
      try {
        return await this.once(call);
      } catch (error) {
        const wait = this.waitMs(error, tried, call.repeatable ?? REPEATABLE.has(call.method));
        if (wait === null) throw error;
        await pause(wait, call.signal);
      }
    }
  }

  /** One try. */
  async once(call: Call, timeoutMs = this.timeoutMs): Promise<Response> {
    const token = await this.token();
    const headers: Record<string, string> = { ...call.headers };
    // Only to the server itself: an address in an answer may lead elsewhere.
    const url = this.url(call.path, call.query);
    if (token && new URL(url).origin === new URL(this.base).origin) headers.authorization = `Bearer ${token}`;
    if (call.json !== undefined) headers['content-type'] = 'application/json';
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const patience = new Patience(timeoutMs, call.signal);
    let response: Response;
    try {
      response = await fetch(url, {
        method: call.method,
        headers,
        redirect: 'error',
        signal: patience.signal,
        ...(body !== undefined && { body }),
        ...(call.keepalive && { keepalive: true }),
      });
    } catch (error) {
      call.signal?.throwIfAborted();
      const late = patience.signal.aborted ? `no answer within ${timeoutMs} ms` : String((error as Error).message ?? error);
      throw new NoAnswer(`${call.method} ${new URL(url).origin}${new URL(url).pathname}: ${late}`, { cause: error });
    } finally {
      if (call.streamed) patience.answered();
      else patience.end();
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  /** Milliseconds until the next try; `null` where there is none. */
  private waitMs(error: unknown, tried: number, repeatable: boolean): number | null {
    if (tried >= this.retries.most) return null;
    const refused = error instanceof ApiError ? REFUSED.has(error.status) : wasNotSent(error);
    const undecided = error instanceof ApiError ? UNDECIDED.has(error.status) : error instanceof NoAnswer;
    if (!refused && !(repeatable && undecided)) return null;
    return waitMs(tried, this.retries, error instanceof ApiError ? error.retryAfterMs : null);
  }
}

/** How long to wait after so many tries; `null` where the server asks for more patience than there is. */
export function waitMs(tried: number, { firstMs, longestMs }: Retries, retryAfterMs: number | null): number | null {
  // Half of it by chance, so that many who failed together do not come back together.
  const wait = Math.min(longestMs, firstMs * 2 ** tried) * (0.5 + Math.random() / 2);
  const longer = Math.max(wait, retryAfterMs ?? 0);
  return longer <= longestMs ? longer : null;
}

function wasNotSent(error: unknown): boolean {
  // `fetch` of Node fails with a cause that has a cause.
  const cause = ((error as Error).cause as Error | undefined)?.cause as
    { code?: string; errors?: { code?: string }[] } | undefined;
  const codes = [cause?.code, ...(cause?.errors ?? []).map((one) => one.code)];
  return error instanceof NoAnswer && codes.some((code) => code !== undefined && NOT_SENT.has(code));
}

/** Whether waiting may mend it. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return REFUSED.has(error.status) || UNDECIDED.has(error.status);
  return error instanceof NoAnswer;
}

/** A signal that comes when nothing happens for too long, or when somebody else's does. */
export class Patience {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly abort = () => this.controller.abort(this.other?.reason);

  constructor(
    private readonly ms: number,
    private readonly other?: AbortSignal,
  ) {
    this.begin();
    if (other?.aborted) this.abort();
    other?.addEventListener('abort', this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something happened. */
  begin(): void {
    clearTimeout(this.timer);
    if (Number.isFinite(this.ms)) this.timer = setTimeout(() => this.controller.abort(), this.ms);
  }

  /** The answer began; it is still called off when somebody else's signal comes. */
  answered(): void {
    clearTimeout(this.timer);
  }

  /** Nothing more is waited for. */
  end(): void {
    clearTimeout(this.timer);
    this.other?.removeEventListener('abort', this.abort);
  }
}

/** Resolves after so long, and fails when it is called off. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
