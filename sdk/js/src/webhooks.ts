/** Receiving what webhooks send: who sent it is checked first, after the Standard Webhooks specification 1.0. */

import { InvalidSignature, UnexpectedAnswer } from './errors.js';
import type { Numbers } from './metrics.js';

/** How far the clocks of both sides may be apart, seconds, which is also how long a request can be replayed. */
const TOLERANCE_S = 300;

/** What a webhook is told. `test` and `webhook_disabled` are about a webhook and not about an analysis. */
export interface WebhookEvent {
  /** The same when it is told again: what has been seen can be left aside. */
  event_id: string;
  timestamp_iso: string;
  event_type: string;
  /** Everything the event says, as the `data` of streams. */
  data: Readonly<Record<string, unknown>>;
  analysis_id?: string;
  sport_type?: string;
  /** The number of the event in its analysis. */
  sequence?: number;
  /** Media time. */
  timestamp_ms?: number;
  /** Numbers of a repetition or of a moment. */
  metrics?: Numbers;
}

/** Headers of a request, in whichever form they come. */
export type HeadersLike = Headers | Readonly<Record<string, string | string[] | undefined>>;

export interface ReceiverOptions {
  toleranceS?: number;
  /** The time of day, milliseconds. */
  now?: () => number;
}

/** Knows the secret of a webhook, `whsec_…`; several while it is being changed. */
export class WebhookReceiver {
  private readonly secrets: Uint8Array<ArrayBuffer>[];
  private readonly toleranceS: number;
  private readonly now: () => number;

  constructor(secrets: string | readonly string[], { toleranceS = TOLERANCE_S, now = Date.now }: ReceiverOptions = {}) {
    this.secrets = [secrets].flat().map(secretBytes);
    if (this.secrets.length === 0) throw new RangeError('give at least one secret');
    this.toleranceS = toleranceS;
    this.now = now;
  }

  /**
   * The event of a request: its body as it came, byte for byte, and its headers. Throws `InvalidSignature` where it does not
   * come from whoever knows the secret, or is too old.
   */
  async receive(body: string | Uint8Array, headers: HeadersLike): Promise<WebhookEvent> {
    const payload = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    await this.verify(payload, headers);
    let event: unknown;
    try {
      event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    } catch {
      throw new UnexpectedAnswer('a signed request is not JSON');
    }
    for (const member of ['event_id', 'timestamp_iso', 'event_type']) {
      if (typeof (event as Record<string, unknown> | null)?.[member] !== 'string') {
        throw new UnexpectedAnswer(`a signed request has no ${member}`);
      }
    }
    return event as WebhookEvent;
  }

  /** Checks the signature alone. */
  async verify(payload: Uint8Array, headers: HeadersLike): Promise<void> {
    const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
      header(headers, name),
    );
    this.checkTime(timestamp as string);
    const signed = join(new TextEncoder().encode(`${id}.${timestamp}.`), payload);
    const subtle = await subtleCrypto();
    let good = false;
    for (const secret of this.secrets) {
      const key = await subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
      for (const signature of (signatures as string).split(' ').map(signatureBytes)) {
        // `verify` compares in constant time.
        if (signature) good = (await subtle.verify('HMAC', key, signature, signed)) || good;
      }
    }
    if (!good) throw new InvalidSignature('no signature of the request is right');
  }

  private checkTime(timestamp: string): void {
    if (!/^\d{1,12}$/.test(timestamp)) throw new InvalidSignature('webhook-timestamp is no number of seconds');
    const apartS = Math.floor(this.now() / 1000) - Number(timestamp);
    if (Math.abs(apartS) > this.toleranceS) {
      throw new InvalidSignature(`the request is ${apartS} s old; ${this.toleranceS} are allowed`);
    }
  }
}

function header(headers: HeadersLike, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : named(headers, name);
  if (typeof value !== 'string') throw new InvalidSignature(`the request has no ${name}`);
  return value;
}

function named(headers: Exclude<HeadersLike, Headers>, name: string): unknown {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

function bytes(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  const key = bytes(secret.replace(/^whsec_/, ''));
  // Without the secret itself: errors end in logs.
  if (!key || key.length < 24) throw new RangeError('a secret is whsec_ and at least 24 bytes in base64');
  return key;
}

/** The bytes of `v1,…`; `null` of another version, which is like no signature at all. */
function signatureBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const [version, value = ''] = text.split(',');
  return version === 'v1' ? bytes(value) : null;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Node 18 has it in a module only. */
async function subtleCrypto(): Promise<SubtleCrypto> {
  if (globalThis.crypto?.subtle) return globalThis.crypto.subtle;
  const module = 'node:crypto';
  const { webcrypto } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ module)) as { webcrypto: Crypto };
  return webcrypto.subtle;
}
