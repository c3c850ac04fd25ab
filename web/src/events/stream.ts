/** The event stream of a session over WebSocket, gone on with after every interruption where it stopped. */

import type { EventType, WireEvent } from '../api/types';
import { withToken } from '../api/token';
import { Feed } from './intake';
import { parseEvent } from './parse';

/** Waits before the tries after a lost connection, milliseconds; the last one repeats. */
const WAITS_MS = [250, 500, 1000, 2000, 4000];

/** Code with which the server closes a stream that has said everything. */
const COMPLETE = 1000;

export type StreamStatus =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** Lost; `attempt` counts tries since it was last open. */
  | { kind: 'lost'; attempt: number }
  | { kind: 'complete' };

export interface StreamListener {
  event(event: WireEvent, feed: Feed): void;
  status(status: StreamStatus): void;
}

/** What the stream needs of its surroundings; tests bring their own. */
export interface Surroundings {
  open(url: string): WebSocket;
  later(run: () => void, ms: number): void;
}

const BROWSER: Surroundings = {
  open: (url) => new WebSocket(withToken(url)),
  later: (run, ms) => void setTimeout(run, ms),
};

/** Address of a WebSocket for an address of the API. */
export function socketUrl(url: string, base: string, parameters: Record<string, string>): string {
  const address = new URL(url, base);
  address.protocol = address.protocol === 'https:' || address.protocol === 'wss:' ? 'wss:' : 'ws:';
  for (const [key, value] of Object.entries(parameters)) address.searchParams.set(key, value);
  return address.href;
}

export class EventStream {
  readonly feed: Feed;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly base: string,
    private readonly listener: StreamListener,
    /** The types wanted; all when empty. */
    private readonly types: readonly EventType[] = [],
    private readonly surroundings: Surroundings = BROWSER,
  ) {
    this.feed = new Feed(types.length === 0 || types.includes('pose'));
    listener.status({ kind: 'connecting' });
    this.connect();
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }

  /** Opens the connection anew: one that died without a word looks as if it were open. */
  reopen(): void {
    if (this.closed || !this.socket) return;
    this.socket.onclose = null;
    this.socket.onmessage = null;
    this.socket.close();
    this.connect();
  }

  private connect(): void {
    if (this.closed) return;
    const parameters: Record<string, string> = { from_sequence: String(this.feed.next) };
    if (this.types.length > 0) parameters.types = this.types.join(',');
    const socket = this.surroundings.open(socketUrl(this.url, this.base, parameters));
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.listener.status({ kind: 'open' });
    };
    socket.onmessage = ({ data }) => {
      const event = parseEvent(String(data));
      if (event) this.listener.event(event, this.feed);
    };
    socket.onclose = ({ code }) => {
      if (this.closed) return;
      if (code === COMPLETE) {
        this.closed = true;
        this.listener.status({ kind: 'complete' });
        return;
      }
      const wait = WAITS_MS[Math.min(this.attempt, WAITS_MS.length - 1)] ?? 0;
      this.attempt += 1;
      this.listener.status({ kind: 'lost', attempt: this.attempt });
      this.surroundings.later(() => this.connect(), wait);
    };
  }
}
