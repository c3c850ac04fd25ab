import { afterEach, describe, expect, it, vi } from 'vitest';
import { fragment, iceServers, negotiate } from './negotiate';

describe('iceServers', () => {
  it('reads STUN and TURN servers from a Link header and nothing else', () => {
    const link =
      '<stun:stun.example.net>; rel="ice-server", ' +
      '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="pass"; credential-type="password", ' +
      '<https://example.net/events>; rel="urn:ietf:params:whip:ext:core:server-sent-events"';
    expect(iceServers(link)).toEqual([
      { urls: 'stun:stun.example.net' },
      { urls: 'turn:turn.example.net?transport=udp', username: 'user', credential: 'pass' },
    ]);
    expect(iceServers(null)).toEqual([]);
  });
});

describe('fragment', () => {
  it('names the session, the medium and the candidate', () => {
    const offer = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uY\r\na=mid:0\r\n';
    const candidate = { candidate: 'candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host', sdpMid: '0' } as RTCIceCandidate;
    expect(fragment(offer, candidate).split('\r\n')).toEqual([
      'a=ice-ufrag:EsAw',
      'a=ice-pwd:P2uY',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=mid:0',
      'a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host',
      '',
    ]);
  });
});

describe('negotiate', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A connection that writes down what is done to it. */
  function connection(done: string[]): RTCPeerConnection {
    return {
      iceGatheringState: 'complete',
      localDescription: { sdp: 'v=0 offer' },
      addEventListener: () => undefined,
      setConfiguration: ({ iceServers }: RTCConfiguration) => void done.push(`servers ${JSON.stringify(iceServers)}`),
      setLocalDescription: async () => void done.push('offer'),
      setRemoteDescription: async ({ sdp }: RTCSessionDescriptionInit) => void done.push(`answer ${sdp}`),
    } as unknown as RTCPeerConnection;
  }

  /** A server that tells a TURN server, and answers a POST with these headers. */
  function server(headers: Record<string, string>): void {
    vi.stubGlobal('location', { search: '', href: 'http://daemon/' });
    vi.stubGlobal('fetch', async (_: string, { method }: RequestInit) => {
      const link = '<turn:turn.example.net>; rel="ice-server"; username="u"; credential="p"';
      const response =
        method === 'OPTIONS' ? new Response('', { headers: { link } }) : new Response('v=0 answer', { status: 201, headers });
      Object.defineProperty(response, 'url', { value: 'http://daemon/whip/1' });
      return response;
    });
  }

  it('knows the TURN servers before it makes its offer', async () => {
    server({ location: '/whip/1', etag: '"a"' });
    const done: string[] = [];
    expect(await negotiate(connection(done), 'http://daemon/whip/1')).toBe('http://daemon/whip/1');
    expect(done).toEqual([
      'servers [{"urls":"turn:turn.example.net","username":"u","credential":"p"}]',
      'offer',
      'answer v=0 answer',
    ]);
  });

  it('names what is missing in an answer', async () => {
    server({});
    await expect(negotiate(connection([]), 'http://daemon/whip/1')).rejects.toThrow('location');
  });
});
