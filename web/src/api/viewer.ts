/** Plays the picture of a session over WHEP. */

import { negotiate, release } from './negotiate';

export class Viewer {
  private resource: string | null = null;

  private constructor(
    private readonly connection: RTCPeerConnection,
    readonly media: MediaStream,
  ) {}

  static async start(endpoint: string): Promise<Viewer> {
    const connection = new RTCPeerConnection();
    const media = new MediaStream();
    const viewer = new Viewer(connection, media);
    try {
      const { receiver } = connection.addTransceiver('video', { direction: 'recvonly' });
      // As live as it can be: a late frame is worse than a rough one.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      media.addTrack(receiver.track);
      viewer.resource = await negotiate(connection, endpoint);
      return viewer;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    this.connection.close();
    if (this.resource !== null) void release(this.resource).catch(() => undefined);
    this.resource = null;
  }
}
