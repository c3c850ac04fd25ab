"""What can go wrong. Errors of the API are RFC 9457 problem documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from .models import Analysis


class KinemotionError(Exception):
    """Any error of this package."""


class NoAnswer(KinemotionError):
    """The server could not be reached, or did not answer in time."""


class UnexpectedAnswer(KinemotionError):
    """The server answered something this version does not understand."""


class InvalidSignature(KinemotionError):
    """A request to a webhook does not come from whoever knows its secret, or is too old."""


class AnalysisFailed(KinemotionError):
    """An analysis ended without its results."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__(f"analysis {analysis.analysis_id} failed: {analysis.reason or 'no reason was given'}")
        self.analysis = analysis


class ApiError(KinemotionError):
    """An answer from 400 up."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        field: str | None = None,
        reason: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        #: HTTP status code.
        self.status = status
        #: Stable name of the kind of problem, e.g. `invalid-value`.
        self.kind = kind
        #: The kind in words.
        self.title = title
        #: What is wrong in this case, and what would be right.
        self.detail = detail
        #: The member of the request it is about, e.g. `athlete.height_m`.
        self.field = field
        #: What there is no room for (503), or what was used up (429, 403).
        self.reason = reason
        #: Seconds after which another try is worth it.
        self.retry_after_s = retry_after_s
        about = f"{field}: " if field else ""
        super().__init__(f"{title} ({status}): {about}{detail}")


class InvalidRequest(ApiError):
    """400, 413, 415, 422: the request cannot be read, or a value in it is not allowed."""


class Unauthorized(ApiError):
    """401: a valid key is needed."""


class Forbidden(ApiError):
    """403: whoever holds this key may not do that."""


class NotFound(ApiError):
    """404: there is no such thing, or it is somebody else's."""


class Conflict(ApiError):
    """409: the present state does not allow it."""


class RateLimited(ApiError):
    """429: more requests, or analyses of a month, than are allowed."""


class Unavailable(ApiError):
    """503: no further analysis can be started now."""


class ServerFault(ApiError):
    """500 and up: something failed on the other side."""


_CLASSES: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: RateLimited,
    503: Unavailable,
}

_PREFIX = "urn:kinemotion:problem:"


def problem(response: httpx.Response) -> ApiError:
    """The error of an answer whose body was read. A body that is no problem document gives the status alone."""
    return problem_of(response.status_code, response.reason_phrase, response.headers.get("retry-after"), response.content)


def problem_of(status: int, phrase: str, retry_after: str | None, body: bytes) -> ApiError:
    """The error of an answer of any transport."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    members = document if isinstance(document, dict) else {}

    def text(name: str) -> str | None:
        value = members.get(name)
        return value if isinstance(value, str) and value else None

    fallback = ServerFault if status >= 500 else ApiError
    return _CLASSES.get(status, fallback)(
        status=status,
        kind=(text("type") or "about:blank").removeprefix(_PREFIX),
        title=text("title") or phrase or f"HTTP {status}",
        detail=text("detail") or "the answer says no more",
        field=text("field"),
        reason=text("reason"),
        retry_after_s=_seconds(retry_after),
    )


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a `Retry-After`, which is a number of them or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
