"""Receiving what webhooks send: who sent it is checked first, after the Standard Webhooks specification 1.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .errors import InvalidSignature, UnexpectedAnswer
from .metrics import Metrics
from .models import read

#: How far the clocks of both sides may be apart, seconds, which is also how long a request can be replayed.
TOLERANCE_S = 300


@dataclass(frozen=True, kw_only=True)
class WebhookEvent:
    """What a webhook is told."""

    #: The same when it is told again: what has been seen can be left aside.
    event_id: str
    timestamp_iso: datetime
    #: As of streams; `test` and `webhook_disabled` are about a webhook and not about an analysis.
    event_type: str
    #: Everything the event says, as the `data` of streams.
    data: dict[str, Any]
    analysis_id: str | None = None
    sport_type: str | None = None
    #: The number of the event in its analysis.
    sequence: int | None = None
    #: Media time, milliseconds.
    timestamp_ms: float | None = None
    #: Numbers of a repetition or of a moment; none for other events.
    metrics: Metrics = field(default_factory=lambda: Metrics({}))


class WebhookReceiver:
    """Knows the secret of a webhook, `whsec_…`; several while it is being changed."""

    def __init__(
        self, *secrets: str, tolerance_s: float = TOLERANCE_S, now: Callable[[], float] = time.time
    ) -> None:
        if not secrets:
            raise ValueError("give at least one secret")
        self._keys = [_key(secret) for secret in secrets]
        self._tolerance_s = tolerance_s
        self._now = now

    def receive(self, body: bytes | str, headers: Mapping[str, str]) -> WebhookEvent:
        """The event of a request: its body as it came, byte for byte, and its headers.

        Raises `InvalidSignature` where it does not come from whoever knows the secret, or is too old.
        """
        payload = body.encode() if isinstance(body, str) else body
        self.verify(payload, headers)
        try:
            return read(WebhookEvent, json.loads(payload), "the event")
        except (ValueError, TypeError) as error:
            raise UnexpectedAnswer(f"a signed request cannot be read: {error}") from error

    def verify(self, payload: bytes, headers: Mapping[str, str]) -> None:
        """Checks the signature alone."""
        given = {name.lower(): value for name, value in headers.items()}
        try:
            name, timestamp = given["webhook-id"], given["webhook-timestamp"]
            signatures = given["webhook-signature"].split()
        except KeyError as missing:
            raise InvalidSignature(f"the request has no {missing.args[0]}") from None
        self._check_time(timestamp)
        signed = f"{name}.{timestamp}.".encode() + payload
        wanted = [hmac.new(key, signed, hashlib.sha256).digest() for key in self._keys]
        # Every pair is compared, each in constant time.
        same = [hmac.compare_digest(one, other) for one in map(_signature, signatures) for other in wanted]
        if not any(same):
            raise InvalidSignature("no signature of the request is right")

    def _check_time(self, timestamp: str) -> None:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise InvalidSignature("webhook-timestamp is no number of seconds")
        apart_s = self._now() - int(timestamp)
        if abs(apart_s) > self._tolerance_s:
            raise InvalidSignature(f"the request is {apart_s:.0f} s old; {self._tolerance_s:.0f} are allowed")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 24:
        # Without the secret itself: errors end in logs.
        raise ValueError("a secret is whsec_ and at least 24 bytes in base64")
    return key


def _signature(text: str) -> bytes:
    """The bytes of `v1,…`; none of another version, which is like no signature at all."""
    version, _, value = text.partition(",")
    try:
        return base64.b64decode(value, validate=True) if version == "v1" else b""
    except binascii.Error:
        return b""
