"""When something is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass

import httpx

from .errors import ApiError, KinemotionError, NoAnswer

#: Answers that say that nothing was done.
REFUSED = frozenset([429, 503])
#: Answers that leave open whether something was done.
UNDECIDED = frozenset([408, 502, 504])
#: Failures before a request was sent.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Retries:
    """How often and how patiently. What may have been done already is only tried again where twice does no harm."""

    #: Tries after the first.
    most: int = 4
    #: About how long the first wait is, seconds; each further one is twice as long.
    first_s: float = 0.5
    #: No wait is longer, seconds. Where the server asks for more patience (`Retry-After`), its refusal is raised.
    longest_s: float = 30.0

    def wait_s(self, failure: httpx.TransportError | ApiError, tried: int, repeatable: bool) -> float:
        """Seconds until the next try, or raises the failure.

        `tried` counts tries before the one that failed; `repeatable` says whether doing it twice does no harm.
        """
        again = tried < self.most and (_is_refusal(failure) or (repeatable and _is_undecided(failure)))
        # Half of it by chance, so that many who failed together do not come back together.
        wait: float = min(self.longest_s, self.first_s * 2.0**tried) * random.uniform(0.5, 1.0)
        if isinstance(failure, ApiError):
            wait = max(wait, failure.retry_after_s or 0.0)
        if again and wait <= self.longest_s:
            return wait
        raise as_error(failure)


def as_error(failure: httpx.TransportError | ApiError) -> KinemotionError:
    """A failure as an error of this package."""
    if isinstance(failure, ApiError):
        return failure
    error = NoAnswer(f"{failure.request.url.copy_with(query=None)}: {failure or type(failure).__name__}")
    error.__cause__ = failure
    return error


def _is_refusal(failure: httpx.TransportError | ApiError) -> bool:
    if isinstance(failure, ApiError):
        return failure.status in REFUSED
    return isinstance(failure, NOT_SENT)


def _is_undecided(failure: httpx.TransportError | ApiError) -> bool:
    return not isinstance(failure, ApiError) or failure.status in UNDECIDED
