import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endAnalysis } from '../api/client';
import { Farewell } from './farewell';

let asked: string[];

/** A server whose session is in this state, and which answers to its end with this status. */
function serve(state: string, status: number): void {
  vi.stubGlobal('fetch', async (url: string, { method = 'GET' }: RequestInit) => {
    asked.push(method);
    const session = { analysis_id: 'a', sport_type: 'cmj', stream_url: url, state };
    return method === 'GET' ? Response.json(session) : new Response(status === 204 ? null : '{}', { status });
  });
}

const down = () => vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));

const farewell = () => new Farewell(() => undefined);

beforeEach(() => {
  asked = [];
  vi.stubGlobal('location', { search: '', href: 'http://daemon/' });
});

afterEach(() => vi.unstubAllGlobals());

describe('Farewell', () => {
  it('is said once', async () => {
    serve('live', 204);
    const bye = farewell();
    await Promise.all([bye.say(() => endAnalysis('a')), bye.say(() => endAnalysis('a'))]);
    await bye.sayAgain('a');
    expect([bye.state, asked]).toEqual(['said', ['DELETE']]);
  });

  it('tells why it could not be said, and can be said again', async () => {
    down();
    const bye = farewell();
    await bye.say(() => endAnalysis('a'));
    expect([bye.state, bye.problem?.title]).toEqual(['failed', 'The server does not answer']);
    serve('live', 500);
    await bye.sayAgain('a');
    expect([bye.state, bye.problem?.status]).toEqual(['failed', 500]);
    serve('live', 204);
    await bye.sayAgain('a');
    expect([bye.state, bye.problem]).toEqual(['said', null]);
  });

  it.each(['finishing', 'done', 'failed'])('does not remove the results of a session that is %s', async (state) => {
    down();
    const bye = farewell();
    await bye.say(() => endAnalysis('a'));
    serve(state, 204);
    await bye.sayAgain('a');
    expect([bye.state, asked]).toEqual(['said', ['GET']]);
  });

  it('has nothing to say to a session that is not there any more', async () => {
    serve('live', 404);
    const bye = farewell();
    await bye.say(() => endAnalysis('a'));
    expect(bye.state).toBe('said');
  });
});
