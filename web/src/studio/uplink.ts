/** The picture of the camera on its way to the daemon, taken up again after it was cut. */

import { Publisher } from '../api/publisher';
import type { WireEvent } from '../api/types';
import { Feed } from '../events/intake';
import { parseEvent } from '../events/parse';

/** A publisher whose connection failed is tried again after so long, milliseconds. */
const REPUBLISH_MS = 2000;

export interface UplinkListener {
  event(event: WireEvent, feed: Feed): void;
  /** The picture reaches the daemon for the first time. */
  connected(): void;
  changed(): void;
  /** The picture cannot be sent, and nothing is tried any more. */
  failed(error: unknown): void;
}

export class Uplink {
  /** Whether the picture reaches the daemon, or did. */
  state: 'none' | 'up' | 'down' = 'none';
  private publisher: Publisher | null = null;
  private republishing: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly endpoint: string,
    private readonly media: MediaStream,
    private readonly listener: UplinkListener,
  ) {}

  async publish(): Promise<void> {
    const channel = new Feed(true);
    this.publisher = await Publisher.start(this.endpoint, this.media, {
      line: (text) => {
        const event = parseEvent(text);
        if (event) this.listener.event(event, channel);
      },
      connection: (state) => this.entered(state),
    });
    // Whoever closed this meanwhile has ended the session without it.
    if (this.closed) this.publisher.abandon();
  }

  async roundTripMs(): Promise<number | null> {
    return (await this.publisher?.roundTripMs()) ?? null;
  }

  /** Stops sending and returns how to tell the daemon so, which ends the session; `null` when it knows of nothing. */
  close(): (() => Promise<void>) | null {
    this.closed = true;
    this.state = 'none';
    clearTimeout(this.republishing);
    return this.publisher?.close() ?? null;
  }

  private entered(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      if (this.state === 'none') this.listener.connected();
      this.state = 'up';
    } else if (this.state === 'up') {
      this.state = 'down';
    }
    if (state === 'failed') {
      this.publisher?.abandon();
      const again = () => this.publish().catch((error: unknown) => !this.closed && this.listener.failed(error));
      this.republishing = setTimeout(() => void again(), REPUBLISH_MS);
    }
    this.listener.changed();
  }
}
