import { describe, expect, it } from 'vitest';
import { fragment, iceServers } from './negotiate';

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
