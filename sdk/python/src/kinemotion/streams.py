"""Reading a stream of events: what its bytes say, where it stands, and when it is opened again.

Nothing here waits for anything: the clients do, each in its way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

import httpx

from .errors import ApiError, NoAnswer, UnexpectedAnswer, problem_of
from .models import AnyEvent, StateEvent, read_event
from .retries import REFUSED, UNDECIDED, as_error

Transport = Literal["sse", "ndjson", "websocket"]

#: Waits before the tries after a lost connection, seconds; the last one repeats.
WAITS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
#: Nothing heard for so long is a connection that died without a word, seconds. The server says something every 15 s on
#: Server-Sent Events and every 20 s on WebSockets; NDJSON may be silent for as long as nothing happens.
SILENCE_S: dict[Transport, float | None] = {"sse": 45.0, "ndjson": None, "websocket": 60.0}
#: States after which nothing comes.
_LAST = frozenset(["done", "failed"])
#: Longest event taken, bytes: a pose of sixteen people has about 12 kB.
EVENT_BYTES = 1 << 20


@dataclass
class Standing:
    """Where a stream stands, whatever carries it."""

    types: tuple[str, ...]
    #: Number of the next event wanted.
    next: int
    #: Seconds without a connection after which it is given up.
    patience_s: float
    #: Whether the analysis was heard to end.
    ended: bool = False
    _failures: int = 0
    _heard_at: float = field(default_factory=time.monotonic)

    def query(self) -> dict[str, str]:
        """Parameters that ask for what is still missing."""
        query = {"from_sequence": str(self.next)}
        if self.types:
            query["types"] = ",".join(self.types)
        return query

    def take(self, text: str) -> AnyEvent | None:
        """The event of a text; `None` for one that came before."""
        try:
            event = read_event(json.loads(text))
        except (ValueError, TypeError) as error:
            raise UnexpectedAnswer(f"an event cannot be read: {error}") from error
        self._failures = 0
        self.opened()
        if event.sequence < self.next:
            return None
        self.next = event.sequence + 1
        if isinstance(event, StateEvent) and event.data.state in _LAST:
            self.ended = True
        return event

    def opened(self) -> None:
        """The server was heard."""
        self._heard_at = time.monotonic()

    def wait_s(self, failure: httpx.TransportError | ApiError | None) -> float:
        """Seconds until the stream is opened again, or raises the failure; `None` is a stream that ended too early."""
        if isinstance(failure, ApiError) and failure.status not in REFUSED | UNDECIDED:
            raise failure
        if time.monotonic() - self._heard_at > self.patience_s:
            raise as_error(failure) if failure else NoAnswer("the stream ends again and again before the analysis does")
        wait = WAITS_S[min(self._failures, len(WAITS_S) - 1)]
        self._failures += 1
        asked = failure.retry_after_s if isinstance(failure, ApiError) else None
        return max(wait, asked or 0.0)


class Decoder(Protocol):
    """From bytes as they come to texts of events."""

    def feed(self, chunk: bytes) -> Iterable[str]: ...


class Lines:
    """One JSON object per line (NDJSON). Only a line feed ends a line: a text in JSON may hold other separators."""

    accept = "application/x-ndjson"

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterable[str]:
        return [line.decode() for line in self._lines(chunk) if line]

    def _lines(self, chunk: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > EVENT_BYTES:
            raise UnexpectedAnswer(f"an event of more than {EVENT_BYTES} bytes")
        return lines


class ServerSentEvents(Lines):
    """`text/event-stream` as the HTML standard defines it, section 9.2.6, of which the server uses `id` and `data`."""

    accept = "text/event-stream"

    def __init__(self) -> None:
        super().__init__()
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterable[str]:
        events = []
        for line in self._lines(chunk):
            text = line.removesuffix(b"\r").decode()
            if not text and self._data:
                events.append("\n".join(self._data))
                self._data = []
            elif text.startswith("data:"):
                self._data.append(text[5:].removeprefix(" "))
        return events


DECODERS: dict[Transport, type[Lines]] = {"sse": ServerSentEvents, "ndjson": Lines}


def timeouts(transport: Transport, connect_s: float) -> httpx.Timeout:
    """How long a stream may take to open and be silent."""
    return httpx.Timeout(connect_s, read=SILENCE_S[transport])


def socket_url(url: httpx.URL) -> str:
    """The address of a WebSocket for one of the API."""
    return str(url.copy_with(scheme="wss" if url.scheme == "https" else "ws"))


@contextmanager
def socket_errors(url: httpx.URL) -> Iterator[None]:
    """Errors of the package `websockets` as those of the other transports."""
    try:
        from websockets.exceptions import InvalidStatus, WebSocketException
    except ImportError as error:
        raise ImportError("the transport websocket needs: pip install kinemotion-client[websocket]") from error
    try:
        yield
    except InvalidStatus as error:
        answer = error.response
        raise problem_of(
            answer.status_code, answer.reason_phrase, answer.headers.get("retry-after"), bytes(answer.body or b"")
        ) from error
    except (WebSocketException, OSError) as error:
        raise httpx.NetworkError(str(error), request=httpx.Request("GET", url)) from error
