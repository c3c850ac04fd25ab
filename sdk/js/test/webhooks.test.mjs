// Signatures of webhooks.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { InvalidSignature, UnexpectedAnswer } from 'kinemotion-client';
import { WebhookReceiver } from 'kinemotion-client/webhooks';

// The example of the specification (standardwebhooks.com, 1.0).
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const [ID, AT, BODY] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}'];
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

const receiver = (secrets = SECRET, now = AT) => new WebhookReceiver(secrets, { now: () => now * 1000 });
const headers = (signature = SIGNATURE, at = AT) => ({
  'Webhook-Id': ID,
  'webhook-timestamp': String(at),
  'WEBHOOK-SIGNATURE': signature,
});
const bytes = (text) => new TextEncoder().encode(text);

function signed(body) {
  const mac = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64')).update(`${ID}.${AT}.${body}`);
  return new Headers(headers(`v1,${mac.digest('base64')}`));
}

test('the example of the specification is right', async () => {
  await receiver().verify(bytes(BODY), headers());
  await receiver().verify(bytes(BODY), new Headers(headers()));
});

test('one right signature among several is enough', async () => {
  await receiver().verify(bytes(BODY), headers(`v1a,AAAA v1,AAAA v1,?? ${SIGNATURE}`));
});

test('either secret is good while it is changed', async () => {
  const other = `whsec_${Buffer.alloc(32, 'x').toString('base64')}`;
  await receiver([other, SECRET]).verify(bytes(BODY), headers());
  await assert.rejects(receiver(other).verify(bytes(BODY), headers()), InvalidSignature);
});

test('whatever is changed is noticed', async () => {
  for (const [body, changed] of [
    [`${BODY} `, headers()],
    [BODY, { ...headers(), 'Webhook-Id': 'msg_other' }],
    [BODY, headers(SIGNATURE, AT + 1)],
    [BODY, headers('')],
    [BODY, headers('v1,')],
    [BODY, headers(SIGNATURE.replace('v1,', 'v2,'))],
    [BODY, {}],
  ]) {
    await assert.rejects(receiver().verify(bytes(body), changed), InvalidSignature, JSON.stringify(changed));
  }
});

test('what is old or from the future is refused', async () => {
  for (const now of [AT - 300, AT + 300]) await receiver(SECRET, now).verify(bytes(BODY), headers());
  for (const now of [AT - 301, AT + 301]) await assert.rejects(receiver(SECRET, now).verify(bytes(BODY), headers()), /old/);
  for (const at of ['', '-1', '1e9', '9'.repeat(50)]) {
    await assert.rejects(receiver().verify(bytes(BODY), headers(SIGNATURE, at)), /no number/);
  }
});

test('an event is read, and a signed request of another shape is told apart from a forgery', async () => {
  const event = { event_id: ID, timestamp_iso: '2025-11-24T16:00:00.123Z', event_type: 'repetition', data: {} };
  const body = JSON.stringify({ ...event, metrics: { jump_height_m: 0.31 } });
  assert.equal((await receiver().receive(body, signed(body))).metrics.jump_height_m, 0.31);
  await assert.rejects(
    receiver().receive(BODY, headers()),
    (error) => error instanceof UnexpectedAnswer && /event_id/.test(error.message),
  );
  await assert.rejects(receiver().receive('{', signed('{')), UnexpectedAnswer);
  await assert.rejects(receiver().receive('null', signed('null')), UnexpectedAnswer);
});

test('a secret is not said when it is wrong', () => {
  for (const secret of ['whsec_short', 'whsec_%%%%', ''])
    assert.throws(() => new WebhookReceiver(secret), /^RangeError: a secret is whsec_/);
  assert.throws(() => new WebhookReceiver([]), RangeError);
});
