/** Sends a camera to a session over WHIP and receives its events on the data channel `metrics`. */

import { negotiate, release } from './negotiate';

/** Enough for 720p60 of somebody jumping; the estimate of the bandwidth stays below it where it must. */
const MOST_BITS_PER_S = 6_000_000;

export interface PublisherListener {
  /** A line of the data channel. */
  line(text: string): void;
  connection(state: RTCPeerConnectionState): void;
}

export class Publisher {
  private resource: string | null = null;
  private readonly connection = new RTCPeerConnection();

  private constructor(listener: PublisherListener) {
    // In order, because the event numbers are; never sent twice, because a pose that comes late is of no use. What must
    // not be lost arrives by WebSocket.
    const channel = this.connection.createDataChannel('metrics', { ordered: true, maxRetransmits: 0 });
    channel.onmessage = ({ data }) => listener.line(String(data));
    this.connection.onconnectionstatechange = () => listener.connection(this.connection.connectionState);
  }

  static async start(endpoint: string, media: MediaStream, listener: PublisherListener): Promise<Publisher> {
    const publisher = new Publisher(listener);
    try {
      for (const track of media.getVideoTracks()) {
        // A fast movement needs its frames more than their sharpness.
        track.contentHint = 'motion';
        publisher.connection.addTransceiver(track, {
          direction: 'sendonly',
          streams: [media],
          sendEncodings: [{ maxBitrate: MOST_BITS_PER_S }],
        });
      }
      publisher.resource = await negotiate(publisher.connection, endpoint);
      return publisher;
    } catch (error) {
      publisher.connection.close();
      throw error;
    }
  }

  /** Time of a packet to the daemon and back, milliseconds; `null` before one was measured. */
  async roundTripMs(): Promise<number | null> {
    let found: number | null = null;
    for (const report of (await this.connection.getStats()).values()) {
      if (report.type === 'candidate-pair' && report.nominated && typeof report.currentRoundTripTime === 'number') {
        found = report.currentRoundTripTime * 1000;
      }
    }
    return found;
  }

  /** Stops sending and returns how to tell the daemon so, which ends the session; `null` when it knows of nothing. */
  close(): (() => Promise<void>) | null {
    this.abandon();
    const { resource } = this;
    this.resource = null;
    return resource === null ? null : () => release(resource);
  }

  /** Gives up the connection without a word, so that another one can take its place in the session. */
  abandon(): void {
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }
}
