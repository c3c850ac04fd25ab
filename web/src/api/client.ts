/** The calls of the HTTP API that the pages make. */

import { request } from './problem';
import { withToken } from './token';
import type { Analysis, AnalysisRequest, SportsDocument } from './types';

const ROOT = '/api/v1';

const json = async <T>(response: Promise<Response>): Promise<T> => (await response).json() as Promise<T>;

export const analysisUrl = (id: string): string => `${ROOT}/analyses/${encodeURIComponent(id)}`;

export const resultsUrl = (id: string, format: 'json' | 'csv'): string => withToken(`${analysisUrl(id)}/results.${format}`);

export const streamUrl = (id: string): string => `${analysisUrl(id)}/stream`;

export const overlayUrl = (id: string): string => withToken(`/overlay/${encodeURIComponent(id)}`);

export const sports = (): Promise<SportsDocument> => json(request(`${ROOT}/sports`));

export const analysis = (id: string): Promise<Analysis> => json(request(analysisUrl(id)));

export const createAnalysis = (body: AnalysisRequest): Promise<Analysis> =>
  json(
    request(`${ROOT}/analyses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );

/** Ends a session; `leaving` lets the call outlive the page. */
export async function endAnalysis(id: string, leaving = false): Promise<void> {
  await request(analysisUrl(id), { method: 'DELETE', keepalive: leaving });
}
