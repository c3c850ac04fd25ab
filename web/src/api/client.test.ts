import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { analysis, createAnalysis, endAnalysis, sports } from './client';

const SESSION = { analysis_id: 'a', sport_type: 'cmj', state: 'live', stream_url: '/api/v1/analyses/a/stream' };
const METRIC = { key: 'jump_height_m', label: 'Jump height', unit: 'm', decimals: 3 };
const SPORT = { name: 'cmj', label: 'Jump', headline: ['jump_height_m'] };

/** A server that answers everything with this body. */
const serve = (body: string | object, status = 200) =>
  vi.stubGlobal('fetch', async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));

beforeEach(() => vi.stubGlobal('location', { search: '', href: 'http://daemon/' }));
afterEach(() => vi.unstubAllGlobals());

describe('an answer', () => {
  it('is taken as it is when what the pages rely on is there', async () => {
    const session = { ...SESSION, source: { width: 1280, codec: null, kind: 'whip' }, latency: null, viewers: 2 };
    serve(session);
    expect(await analysis('a')).toEqual(session);
  });

  it.each([
    ['GET /api/v1/analyses/a: stream_url is not a text.', { ...SESSION, stream_url: undefined }],
    ['GET /api/v1/analyses/a: source.fps is not a number.', { ...SESSION, source: { fps: '60' } }],
    ['GET /api/v1/analyses/a: state is none of waiting, connecting', { ...SESSION, state: 'lost' }],
    ['GET /api/v1/analyses/a: it is not an object.', []],
    ['GET /api/v1/analyses/a: it is not JSON.', '<html>'],
  ])('that cannot be used is refused: %s', async (words, body) => {
    serve(body);
    await expect(analysis('a')).rejects.toThrow(words);
  });

  it('is refused with the place in a list that is wrong', async () => {
    serve({ sports: [SPORT], metrics: [METRIC, { ...METRIC, decimals: null }] });
    await expect(sports()).rejects.toThrow('GET /api/v1/sports: metrics[1].decimals is not a number.');
    serve({ sports: [{ ...SPORT, headline: 'jump_height_m' }], metrics: [] });
    await expect(sports()).rejects.toThrow('GET /api/v1/sports: sports[0].headline is not a list.');
  });

  it('to a request names how it was asked', async () => {
    serve({}, 201);
    const asked = createAnalysis({ sport_type: 'cmj', input: { demo: true }, quality: 'fast', overlay: false });
    await expect(asked).rejects.toMatchObject({ status: 201, detail: 'POST /api/v1/analyses: analysis_id is not a text.' });
  });
});

describe('a server that cannot be reached or refuses', () => {
  it('is a problem with words for people', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(endAnalysis('a')).rejects.toMatchObject({ title: 'The server does not answer', status: null });
  });

  it('is quoted when it says why', async () => {
    serve({ title: 'Too many sessions', detail: 'Try again in a minute.', field: '' }, 503);
    await expect(sports()).rejects.toMatchObject({ title: 'Too many sessions', detail: 'Try again in a minute.', field: null });
  });
});
