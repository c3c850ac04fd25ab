import { beforeEach, describe, expect, it, vi } from 'vitest';
import { event } from './examples';
import { EventStream, socketUrl, type StreamStatus } from './stream';

interface Socket {
  url: string;
  close: () => void;
  onopen: () => void;
  onmessage: (message: { data: string }) => void;
  onclose: (event: { code: number }) => void;
}

let sockets: Socket[];
let waits: { run: () => void; ms: number }[];
let said: StreamStatus[];
let heard: number[];

const surroundings = {
  open: (url: string) => {
    const socket = { url, close: vi.fn() } as unknown as Socket;
    sockets.push(socket);
    return socket as unknown as WebSocket;
  },
  later: (run: () => void, ms: number) => void waits.push({ run, ms }),
};

const listener = {
  event: ({ sequence }: { sequence: number }) => void heard.push(sequence),
  status: (status: StreamStatus) => void said.push(status),
};

const open = (types: Parameters<typeof stream>[0] = []) => stream(types);
function stream(types: readonly ('phase' | 'pose')[]): EventStream {
  return new EventStream(
    '/api/v1/analyses/a/stream',
    'https://studio.example/',
    { ...listener, event: (e, feed) => (feed.note(e), listener.event(e)) },
    types,
    surroundings,
  );
}

beforeEach(() => {
  [sockets, waits, said, heard] = [[], [], [], []];
});

const last = () => sockets.at(-1) as Socket;
const warning = (sequence: number) => ({ data: JSON.stringify(event('warning', sequence, { message: 'w' })) });

describe('EventStream', () => {
  it('begins at the beginning and goes on after the last event when it was cut', () => {
    open();
    expect(last().url).toBe('wss://studio.example/api/v1/analyses/a/stream?from_sequence=0');
    last().onopen();
    last().onmessage(warning(0));
    last().onmessage(warning(6));
    last().onclose({ code: 1006 });
    waits.shift()?.run();
    expect(last().url).toContain('from_sequence=7');
    expect(heard).toEqual([0, 6]);
  });

  it('asks for the types wanted and knows that poses are not among them', () => {
    const { feed } = open(['phase']);
    expect(last().url).toContain('types=phase');
    expect(feed.everything).toBe(false);
    expect(open(['phase', 'pose']).feed.everything).toBe(true);
  });

  it('waits longer after every failed try, and briefly again after a good one', () => {
    open();
    for (let i = 0; i < 7; i++) {
      last().onclose({ code: 1006 });
      waits.at(-1)?.run();
    }
    last().onopen();
    last().onclose({ code: 1006 });
    expect(waits.map(({ ms }) => ms)).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000, 250]);
    expect(said.at(-1)).toEqual({ kind: 'lost', attempt: 1 });
  });

  it('goes on over a new connection when it is told that the old one is deaf', () => {
    const open = stream([]);
    last().onopen();
    last().onmessage(warning(3));
    const deaf = last();
    open.reopen();
    expect(deaf.close).toHaveBeenCalled();
    expect([deaf.onmessage, deaf.onclose]).toEqual([null, null]);
    expect([sockets.length, last().url.endsWith('from_sequence=4'), waits]).toEqual([2, true, []]);
  });

  it('does not come back when everything was said, nor when it was closed here', () => {
    open();
    last().onclose({ code: 1000 });
    expect(said.at(-1)).toEqual({ kind: 'complete' });
    const closed = open();
    closed.close();
    last().onclose({ code: 1005 });
    expect(waits).toEqual([]);
  });
});

describe('socketUrl', () => {
  it('keeps the parameters of the address and the security of the page', () => {
    expect(socketUrl('/s?a=1', 'http://127.0.0.1:8080/', { from_sequence: '3' })).toBe(
      'ws://127.0.0.1:8080/s?a=1&from_sequence=3',
    );
    expect(socketUrl('https://other.example/s', 'http://page.example/', {})).toBe('wss://other.example/s');
  });
});
