/** The calls of the HTTP API that the pages make. */

import { text } from '../text/en';
import type { Check } from './check';
import { Problem, remove, request, type Request } from './problem';
import { ANALYSIS, SPORTS_DOCUMENT } from './shapes';
import { withToken } from './token';
import type { Analysis, AnalysisRequest, SportsDocument } from './types';

const ROOT = '/api/v1';

/** An answer in JSON, in which what the pages rely on is there; else a `Problem` that names endpoint and member. */
async function json<T>(check: Check, url: string, init: Request = {}): Promise<T> {
  const response = await request(url, init);
  const body: unknown = await response.json().catch(() => undefined);
  const wrong = body === undefined ? text.wire.notJson : check(body, '');
  if (wrong === null) return body as T;
  throw new Problem(text.wire.brokenAnswer, `${init.method ?? 'GET'} ${url}: ${wrong}`, response.status);
}

const analysisUrl = (id: string): string => `${ROOT}/analyses/${encodeURIComponent(id)}`;

export const resultsUrl = (id: string, format: 'json' | 'csv'): string => withToken(`${analysisUrl(id)}/results.${format}`);

export const streamUrl = (id: string): string => `${analysisUrl(id)}/stream`;

export const overlayUrl = (id: string): string => withToken(`/overlay/${encodeURIComponent(id)}`);

export const sports = (): Promise<SportsDocument> => json(SPORTS_DOCUMENT, `${ROOT}/sports`);

export const analysis = (id: string): Promise<Analysis> => json(ANALYSIS, analysisUrl(id));

export const createAnalysis = (body: AnalysisRequest): Promise<Analysis> =>
  json(ANALYSIS, `${ROOT}/analyses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Ends a session, or removes one that has ended; `leaving` lets the call outlive the page. */
export const endAnalysis = (id: string, leaving = false): Promise<void> => remove(analysisUrl(id), leaving);
