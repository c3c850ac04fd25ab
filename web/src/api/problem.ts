/** Errors of the API: RFC 9457 problem documents. */

import { text } from '../text/en';
import { authorization } from './token';

export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly title: string,
    /** What happened, for a person; may be empty. */
    readonly detail: string,
    /** HTTP status; `null` when no answer came, or the problem is not about one. */
    readonly status: number | null,
    /** The member of the request that is wrong, e.g. `athlete.height_m`. */
    readonly field: string | null = null,
  ) {
    super(detail || title);
  }

  /** An error of any kind as a problem. */
  static from(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem(text.fault.unexpected, String(error), null);
  }

  /** Reads the body of a failed answer; a body that is no problem document gives the status alone. */
  static async of(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    const member = (key: string): string | null => {
      const value = body !== null && typeof body === 'object' ? (body as Record<string, unknown>)[key] : null;
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const title = member('title') ?? (response.statusText || `HTTP ${response.status}`);
    return new Problem(title, member('detail') ?? '', response.status, member('field'));
  }
}

/** What `fetch` is asked, with headers that can be added to. */
export type Request = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** `fetch` that throws a `Problem` for an answer that is no success, and for no answer. */
export async function request(url: string, init: Request = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...init.headers, ...authorization() } });
  } catch {
    throw new Problem(text.fault.unreachable, text.fault.unreachableDetail, null);
  }
  if (!response.ok) throw await Problem.of(response);
  return response;
}

/** A `DELETE` that is answered no sooner counts as not answered, milliseconds: somebody waits for its outcome. */
const PATIENCE_MS = 8000;

/** Deletes a resource; `leaving` lets the call outlive the page. */
export async function remove(url: string, leaving: boolean): Promise<void> {
  await request(url, { method: 'DELETE', keepalive: leaving, signal: AbortSignal.timeout(PATIENCE_MS) });
}
