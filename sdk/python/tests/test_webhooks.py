"""Signatures of webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unittest
from typing import Any

from kinemotion import InvalidSignature, UnexpectedAnswer, WebhookReceiver

from . import examples

# The example of the specification (standardwebhooks.com, 1.0).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

EVENT = {
    "event_id": "e1",
    "timestamp_iso": "2025-11-24T16:00:00.123Z",
    "event_type": "repetition",
    "analysis_id": examples.ID,
    "sport_type": "cmj",
    "sequence": 7,
    "timestamp_ms": 1500.0,
    "metrics": {"jump_height_m": 0.31, "peak_power_w": None},
    "data": {"movement": "cmj"},
}


def headers(signature: str = SIGNATURE, at: object = AT) -> dict[str, str]:
    return {"Webhook-Id": ID, "webhook-timestamp": str(at), "WEBHOOK-SIGNATURE": signature}


def signed(secret: str, event: dict[str, Any], at: int) -> tuple[bytes, dict[str, str]]:
    """A request as the daemon sends it."""
    body = json.dumps(event).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event['event_id']}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return body, {"webhook-id": event["event_id"], "webhook-timestamp": str(at), "webhook-signature": signature}


class Signatures(unittest.TestCase):
    def receiver(self, *secrets: str, now: float = AT) -> WebhookReceiver:
        return WebhookReceiver(*(secrets or (SECRET,)), now=lambda: now)

    def test_the_example_of_the_specification_is_right(self) -> None:
        self.receiver().verify(BODY.encode(), headers())

    def test_one_right_signature_among_several_is_enough(self) -> None:
        self.receiver().verify(BODY.encode(), headers(f"v1a,AAAA v1,AAAA v1,?? {SIGNATURE}"))

    def test_either_secret_is_good_while_it_is_changed(self) -> None:
        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        self.receiver(other, SECRET).verify(BODY.encode(), headers())
        with self.assertRaises(InvalidSignature):
            self.receiver(other).verify(BODY.encode(), headers())

    def test_whatever_is_changed_is_noticed(self) -> None:
        for body, changed in [
            (BODY + " ", headers()),
            (BODY, headers() | {"Webhook-Id": "msg_other"}),
            (BODY, headers(at=AT + 1)),
            (BODY, headers("")),
            (BODY, headers("v1,")),
            (BODY, headers(SIGNATURE.replace("v1,", "v2,"))),
            (BODY, {}),
        ]:
            with self.subTest(changed), self.assertRaises(InvalidSignature):
                self.receiver().verify(body.encode(), changed)

    def test_what_is_old_or_from_the_future_is_refused(self) -> None:
        for now in (AT - 300, AT + 300):
            self.receiver(now=now).verify(BODY.encode(), headers())
        for now in (AT - 301, AT + 301):
            with self.assertRaisesRegex(InvalidSignature, "old"):
                self.receiver(now=now).verify(BODY.encode(), headers())
        for at in ("", "-1", "1e9", "٣", "9" * 5000):
            with self.assertRaisesRegex(InvalidSignature, "no number"):
                self.receiver().verify(BODY.encode(), headers(at=at))

    def test_an_event_is_read_with_its_numbers(self) -> None:
        body, sent = signed(SECRET, EVENT, AT)
        event = self.receiver().receive(body, sent)
        self.assertEqual((event.event_type, event.metrics["jump_height"], event.metrics.withheld), ("repetition", 0.31, ("peak_power_w",)))
        self.assertEqual(event.timestamp_iso.year, 2025)

    def test_a_signed_request_of_another_shape_is_told_apart_from_a_forgery(self) -> None:
        with self.assertRaisesRegex(UnexpectedAnswer, "event_id"):
            self.receiver().receive(BODY, headers())

    def test_a_secret_is_not_said_when_it_is_wrong(self) -> None:
        for secret in ("whsec_short", "whsec_%%%%", ""):
            with self.assertRaisesRegex(ValueError, "^a secret is whsec_"):
                WebhookReceiver(secret)


if __name__ == "__main__":
    unittest.main()
