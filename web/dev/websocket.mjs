// The server side of WebSocket (RFC 6455), as little of it as a stream of short text messages needs.

import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function frame(opcode, payload) {
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = short ? payload.length : 126;
  if (!short) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** Answers an upgrade; returns `send(text)`, `close(code)` and takes `onclose`. */
export function accept(request, socket) {
  const key = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${key}\r\n\r\n`,
  );
  const peer = {
    send: (text) => socket.writable && socket.write(frame(1, Buffer.from(text))),
    close: (code) => {
      const status = Buffer.alloc(2);
      status.writeUInt16BE(code);
      if (socket.writable) socket.end(frame(8, status));
    },
    drop: () => socket.destroy(),
    onclose: () => undefined,
  };
  socket.on('data', (data) => (data[0] & 0x0f) === 8 && peer.close(1000));
  socket.on('error', () => undefined);
  socket.on('close', () => peer.onclose());
  return peer;
}
