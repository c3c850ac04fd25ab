/** Video over WebRTC in browsers: publish a camera by WHIP (RFC 9725), watch the picture with graphics by WHEP. */

import type { KinemotionClient, OrderOptions } from './client.js';
import { UnexpectedAnswer } from './errors.js';
import { Once, readEvent, type WireEvent } from './events.js';
import type { Analysis, CreateAnalysis } from './models.js';
import type { StreamOptions } from './stream.js';

/** Enough for 720p60 of somebody jumping; the estimate of the bandwidth stays below it where it must. */
const MOST_BITS_PER_S = 6_000_000;

/** Host candidates are there at once; whoever needs longer is sent after the offer. */
const GATHERING_MS = 500;

export interface PublishOptions {
  /** Events of the data channel: quicker than a stream, but some may be lost on the way. */
  onEvent?: (event: WireEvent) => void;
  onConnection?: (state: RTCPeerConnectionState) => void;
  maxBitrate?: number;
}

/** Something that is sent or received, until it is closed. */
class Session {
  protected resource: string | null = null;
  readonly connection = new RTCPeerConnection();

  protected constructor(protected readonly client: KinemotionClient) {}

  protected async negotiate(endpoint: string | undefined, what: string): Promise<void> {
    if (!endpoint) throw new UnexpectedAnswer(`the analysis has no ${what}`);
    try {
      this.resource = await negotiate(this.client, this.connection, endpoint);
    } catch (error) {
      this.connection.close();
      throw error;
    }
  }

  /** Ends it and tells the server so. */
  async close(): Promise<void> {
    const { resource } = this;
    this.abandon();
    this.resource = null;
    if (resource !== null)
      await this.client.http.answer({ method: 'DELETE', path: resource, repeatable: false, keepalive: true });
  }

  /** Gives up the connection without a word, so that another one can take its place. */
  abandon(): void {
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }
}

/** A camera that is sent to an analysis. Closing it ends the analysis. */
export class Publisher extends Session {
  static async start(
    client: KinemotionClient,
    analysis: Analysis,
    media: MediaStream,
    options: PublishOptions = {},
  ): Promise<Publisher> {
    const publisher = new Publisher(client);
    const { connection } = publisher;
    // In order, because the event numbers are; never sent twice, because what comes late is of no use.
    const channel = connection.createDataChannel('metrics', { ordered: true, maxRetransmits: 0 });
    channel.onmessage = ({ data }) => options.onEvent?.(readEvent(String(data)));
    connection.onconnectionstatechange = () => options.onConnection?.(connection.connectionState);
    const sendEncodings = [{ maxBitrate: options.maxBitrate ?? MOST_BITS_PER_S }];
    for (const track of media.getVideoTracks()) {
      // A fast movement needs its frames more than their sharpness.
      track.contentHint = 'motion';
      connection.addTransceiver(track, { direction: 'sendonly', streams: [media], sendEncodings });
    }
    await publisher.negotiate(analysis.whip_url, 'whip_url: give input {"streaming": true}');
    return publisher;
  }
}

/** The picture of an analysis with its graphics. */
export class Viewer extends Session {
  /** For the `srcObject` of a video element. */
  readonly media = new MediaStream();

  static async start(client: KinemotionClient, analysis: Analysis): Promise<Viewer> {
    const viewer = new Viewer(client);
    const { receiver } = viewer.connection.addTransceiver('video', { direction: 'recvonly' });
    // As live as it can be: a late frame is worse than a rough one.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    viewer.media.addTrack(receiver.track);
    await viewer.negotiate(analysis.whep_url, 'whep_url');
    return viewer;
  }
}

export interface LiveOptions extends Omit<PublishOptions, 'onEvent'>, OrderOptions {
  order: Omit<CreateAnalysis, 'input'>;
  media: MediaStream;
  /** Every event once, as soon as it comes on either way. */
  onEvent: (event: WireEvent) => void;
  /** The stream was lost for good. */
  onError?: (error: unknown) => void;
  stream?: Omit<StreamOptions, 'signal'>;
}

export interface Live {
  readonly analysis: Analysis;
  readonly publisher: Publisher;
  /** Resolves when the analysis has said everything. */
  readonly ended: Promise<void>;
  /** Ends the analysis, which keeps its results. */
  close(): Promise<void>;
}

/**
 * Measures what a camera shows: makes an analysis, publishes to it and hears it twice, by the data channel, which is quicker,
 * and by a stream, which loses nothing.
 */
export async function measureLive(client: KinemotionClient, options: LiveOptions): Promise<Live> {
  const { order, media, onEvent, onError, stream, ...rest } = options;
  const analysis = await client.createAnalysis({ ...order, input: { streaming: true } }, rest);
  const once = new Once();
  const hear = (event: WireEvent) => {
    if (once.accept(event)) onEvent(event);
  };
  let publisher: Publisher;
  try {
    publisher = await Publisher.start(client, analysis, media, { ...rest, onEvent: hear });
  } catch (error) {
    await client.deleteAnalysis(analysis.analysis_id).catch(() => undefined);
    throw error;
  }
  const listen = async () => {
    for await (const event of client.events(analysis.analysis_id, stream)) hear(event);
  };
  const ended = listen().catch((error: unknown) => onError?.(error));
  return { analysis, publisher, ended, close: () => publisher.close() };
}

/** Offers, applies the answer and returns the address of the resource that was made. */
async function negotiate(client: KinemotionClient, connection: RTCPeerConnection, endpoint: string): Promise<string> {
  const { http } = client;
  // Only servers that are known before the offer are asked for candidates of it.
  const allowed = await http.answer({ method: 'OPTIONS', path: endpoint, repeatable: true });
  const servers = iceServers(allowed.headers.get('link'));
  if (servers.length > 0) connection.setConfiguration({ iceServers: servers });
  await connection.setLocalDescription();
  await gathered(connection);
  const offer = connection.localDescription?.sdp ?? '';
  const response = await http.answer({
    method: 'POST',
    path: endpoint,
    headers: { 'content-type': 'application/sdp' },
    body: offer,
  });
  const location = response.headers.get('location');
  if (location === null) throw new UnexpectedAnswer(`the answer of ${endpoint} has no Location`);
  const resource = new URL(location, http.url(endpoint)).href;
  // A viewer's answer has no version that counts: WHEP takes no candidates after the offer.
  const version = response.headers.get('etag');
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (!candidate?.candidate || !version) return;
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': version };
    // One that does not arrive is one way less to connect; `connectionState` says if there is none left.
    http.once({ method: 'PATCH', path: resource, headers, body: fragment(offer, candidate) }).catch(() => undefined);
  });
  await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  return resource;
}

/** Resolves when every candidate is in the local description, or after `GATHERING_MS`. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = () => connection.iceGatheringState === 'complete' && resolve();
    connection.addEventListener('icegatheringstatechange', done);
    setTimeout(resolve, GATHERING_MS);
    done();
  });
}

/** STUN and TURN servers from a `Link` header, as section 4.6 of RFC 9725 writes them. */
export function iceServers(link: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, urls = '', parameters = ''] of (link ?? '').matchAll(/<([^>]+)>([^<]*)/g)) {
    if (!/rel="?ice-server"?/.test(parameters)) continue;
    const value = (name: string) => new RegExp(`${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(parameters)?.[1]?.replace(/\\(.)/g, '$1');
    const [username, credential] = [value('username'), value('credential')];
    servers.push({ urls, ...(username && { username }), ...(credential && { credential }) });
  }
  return servers;
}

/** A candidate as a fragment of SDP (RFC 8840). */
export function fragment(description: string, candidate: RTCIceCandidate): string {
  const line = (name: string) => new RegExp(`^a=${name}:.*$`, 'm').exec(description)?.[0].trim() ?? '';
  const media = /^m=.*$/m.exec(description)?.[0].trim() ?? '';
  const lines = [line('ice-ufrag'), line('ice-pwd'), media, `a=mid:${candidate.sdpMid ?? '0'}`, `a=${candidate.candidate}`, ''];
  return lines.join('\r\n');
}
