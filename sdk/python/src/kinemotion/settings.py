"""Where the server is and how it is asked, for clients that wait and for those that do not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from . import streams
from .calls import Call, encoded
from .retries import Retries

#: Environment variables that say what is not given.
URL, KEY = "KINEMOTION_URL", "KINEMOTION_API_KEY"
#: Where a server is that was started without a configuration.
DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Settings:
    """See the module."""

    base_url: str
    api_key: str | None = field(repr=False)
    #: Longest silence of the server, seconds.
    timeout_s: float
    retries: Retries

    @classmethod
    def of(cls, api_key: str | None, base_url: str | None, timeout_s: float, retries: Retries | None) -> Settings:
        """What is given, else what the environment says, else a server of this machine that lets everybody in."""
        url = base_url or os.environ.get(URL) or DEFAULT_URL
        return cls(url.rstrip("/"), api_key or os.environ.get(KEY) or None, timeout_s, retries or Retries())

    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        return {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def http(self) -> dict[str, Any]:
        """Arguments of the HTTP client. Redirects are not followed: they would carry the key elsewhere."""
        return {"base_url": self.base_url, "headers": self.headers(), "timeout": self.timeout_s, "follow_redirects": False}

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """Arguments of a request."""
        headers: Mapping[str, str] = call.headers
        if call.json is not None:
            headers = {**headers, "content-type": "application/json"}
        return {
            "method": call.method,
            "url": call.path,
            "params": dict(call.query) or None,
            "headers": dict(headers),
            "content": encoded(call),
        }

    def timeout(self) -> httpx.Timeout:
        """How long anything else may be silent."""
        return httpx.Timeout(self.timeout_s)

    def url(self, call: Call[Any]) -> httpx.URL:
        """The whole address of a call."""
        return httpx.URL(f"{self.base_url}{call.path}", params=dict(call.query))

    def socket(self, call: Call[Any]) -> dict[str, Any]:
        """Arguments of a WebSocket."""
        silence_s = streams.SILENCE_S["websocket"]
        return {
            "uri": streams.socket_url(self.url(call)),
            "additional_headers": self.headers(),
            "open_timeout": self.timeout_s,
            "ping_timeout": silence_s,
            "max_size": streams.EVENT_BYTES,
        }

    def stream_timeout(self, transport: streams.Transport) -> httpx.Timeout:
        """How long a stream may take to open and be silent."""
        return streams.timeouts(transport, self.timeout_s)
