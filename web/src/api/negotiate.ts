/** What WHIP (RFC 9725) and WHEP have in common: one offer, one answer, one resource to delete. */

import { text } from '../text/en';
import { Problem, remove, request } from './problem';

/** Host candidates are there at once; whoever needs longer is sent after the offer. */
const GATHERING_MS = 500;

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
  for (const entry of (link ?? '').matchAll(/<([^>]+)>([^<]*)/g)) {
    const [, url = '', parameters = ''] = entry;
    if (!/rel="?ice-server"?/.test(parameters)) continue;
    const value = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(parameters)?.[1];
    const username = value('username');
    const credential = value('credential');
    servers.push({ urls: url, ...(username && { username }), ...(credential && { credential }) });
  }
  return servers;
}

/** A candidate as a fragment of SDP (RFC 8840). */
export function fragment(description: string, candidate: RTCIceCandidate): string {
  const line = (name: string) => new RegExp(`^a=${name}:.*$`, 'm').exec(description)?.[0].trim() ?? '';
  const media = /^m=.*$/m.exec(description)?.[0].trim() ?? '';
  return [line('ice-ufrag'), line('ice-pwd'), media, `a=mid:${candidate.sdpMid ?? '0'}`, `a=${candidate.candidate}`, ''].join(
    '\r\n',
  );
}

/** Offers, applies the answer and returns the address of the resource that was made. */
export async function negotiate(connection: RTCPeerConnection, endpoint: string): Promise<string> {
  // Only servers that are known before the offer are asked for candidates of it.
  const allowed = await request(endpoint, { method: 'OPTIONS' });
  const servers = iceServers(allowed.headers.get('link'));
  if (servers.length > 0) connection.setConfiguration({ iceServers: servers });
  await connection.setLocalDescription();
  await gathered(connection);
  const offer = connection.localDescription?.sdp ?? '';
  const headers = { 'content-type': 'application/sdp' };
  const response = await request(endpoint, { method: 'POST', headers, body: offer });
  const resource = new URL(header(response, 'location'), response.url).href;
  // A viewer's answer has no version: WHEP takes no candidates after the offer.
  const version = response.headers.get('etag');
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate?.candidate && version) void trickle(resource, version, fragment(offer, candidate));
  });
  await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  return resource;
}

/** A header that the answer must have. */
function header(response: Response, name: string): string {
  const value = response.headers.get(name);
  if (value === null) throw new Problem(text.wire.brokenAnswer, text.wire.noHeader(response.url, name), response.status);
  return value;
}

/** A candidate that does not arrive is one way less to connect; `connectionState` says if there is none left. */
async function trickle(resource: string, version: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': version };
  await request(resource, { method: 'PATCH', headers, body }).catch(() => undefined);
}

/** Deletes a WHIP or WHEP resource, also while the page goes away. */
export async function release(resource: string): Promise<void> {
  await remove(resource, true);
}
