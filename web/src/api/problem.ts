/** Errors of the API: RFC 9457 problem documents. */

import { authorization } from './token';

export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly title: string,
    /** What happened, for a person; may be empty. */
    readonly detail: string,
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    /** The member of the request that is wrong, e.g. `athlete.height_m`. */
    readonly field: string | null = null,
  ) {
    super(detail || title);
  }

  /** Reads the body of a failed answer; a body that is no problem document gives the status alone. */
  static async of(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    const text = (key: string): string | null => {
      const value = body !== null && typeof body === 'object' ? (body as Record<string, unknown>)[key] : null;
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const title = text('title') ?? (response.statusText || `HTTP ${response.status}`);
    return new Problem(title, text('detail') ?? '', response.status, text('field'));
  }
}

/** What `fetch` is asked, with headers that can be added to. */
export type Request = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** `fetch` that throws a `Problem` for an answer that is no success, and for no answer. */
export async function request(url: string, init: Request = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...init.headers, ...authorization() } });
  } catch (error) {
    throw new Problem('No answer', String(error instanceof Error ? error.message : error), 0);
  }
  if (!response.ok) throw await Problem.of(response);
  return response;
}
