/** What can go wrong. Errors of the API are RFC 9457 problem documents. */

import type { Analysis } from './models.js';

/** Any error of this package. */
export class KinemotionError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The server could not be reached, or did not answer in time. */
export class NoAnswer extends KinemotionError {}

/** The server answered something this version does not understand. */
export class UnexpectedAnswer extends KinemotionError {}

/** A request to a webhook does not come from whoever knows its secret, or is too old. */
export class InvalidSignature extends KinemotionError {}

/** An analysis ended without its results. */
export class AnalysisFailed extends KinemotionError {
  constructor(readonly analysis: Analysis) {
    super(`analysis ${analysis.analysis_id} failed: ${analysis.reason ?? 'no reason was given'}`);
  }
}

export interface Problem {
  /** HTTP status code. */
  status: number;
  /** Stable name of the kind of problem, e.g. `invalid-value`. */
  kind: string;
  /** The kind in words. */
  title: string;
  /** What is wrong in this case, and what would be right. */
  detail: string;
  /** The member of the request it is about, e.g. `athlete.height_m`. */
  field: string | null;
  /** What there is no room for (503), or what was used up (429, 403). */
  reason: string | null;
  /** Milliseconds after which another try is worth it. */
  retryAfterMs: number | null;
}

/** An answer from 400 up. */
export class ApiError extends KinemotionError implements Problem {
  readonly status!: number;
  readonly kind!: string;
  readonly title!: string;
  readonly detail!: string;
  readonly field!: string | null;
  readonly reason!: string | null;
  readonly retryAfterMs!: number | null;

  constructor(problem: Problem) {
    super(`${problem.title} (${problem.status}): ${problem.field ? `${problem.field}: ` : ''}${problem.detail}`);
    Object.assign(this, problem);
  }
}

/** 400, 413, 415, 422: the request cannot be read, or a value in it is not allowed. */
export class InvalidRequest extends ApiError {}

/** 401: a valid key is needed. */
export class Unauthorized extends ApiError {}

/** 403: whoever holds this key may not do that. */
export class Forbidden extends ApiError {}

/** 404: there is no such thing, or it is somebody else's. */
export class NotFound extends ApiError {}

/** 409: the present state does not allow it. */
export class Conflict extends ApiError {}

/** 429: more requests, or analyses of a month, than are allowed. */
export class RateLimited extends ApiError {}

/** 503: no further analysis can be started now. */
export class Unavailable extends ApiError {}

/** 500 and up: something failed on the other side. */
export class ServerFault extends ApiError {}

const CLASSES: Readonly<Record<number, typeof ApiError>> = {
  400: InvalidRequest,
  401: Unauthorized,
  403: Forbidden,
  404: NotFound,
  409: Conflict,
  413: InvalidRequest,
  415: InvalidRequest,
  422: InvalidRequest,
  429: RateLimited,
  503: Unavailable,
};

const PREFIX = 'urn:kinemotion:problem:';

/** Reads the error of an answer; a body that is no problem document gives the status alone. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const text = (name: string): string | null => {
    const value = body !== null && typeof body === 'object' ? (body as Record<string, unknown>)[name] : null;
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const { status } = response;
  const kind = text('type') ?? 'about:blank';
  return new (CLASSES[status] ?? (status >= 500 ? ServerFault : ApiError))({
    status,
    kind: kind.startsWith(PREFIX) ? kind.slice(PREFIX.length) : kind,
    title: text('title') ?? (response.statusText || `HTTP ${status}`),
    detail: text('detail') ?? 'the answer says no more',
    field: text('field'),
    reason: text('reason'),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  });
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
