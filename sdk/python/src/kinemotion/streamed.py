"""An analysis that is heard while it runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

from .errors import AnalysisFailed, NotFound
from .metrics import Metrics
from .models import Analysis, AnyEvent, EventType, MetricUpdateEvent, RepetitionEvent
from .orders import Order
from .settings import Settings

#: The numbers of a frame come as an event each, one right after the other; what comes within so many seconds is told
#: together.
SETTLE_S = 0.02


class Update(Metrics):
    """Numbers of the repetition under way, or of one that is complete."""

    __slots__ = ("final", "person", "timestamp_ms")

    def __init__(self, numbers: dict[str, float | None], *, timestamp_ms: float, person: int | None, final: bool) -> None:
        super().__init__(numbers)
        #: Media time, milliseconds.
        self.timestamp_ms = timestamp_ms
        #: Track id.
        self.person = person
        #: Whether the repetition is complete and its numbers do not change any more.
        self.final = final


OnUpdate = Callable[[Update], Awaitable[None] | None]


class StreamedAnalysis:
    """`async with client.stream_analysis(…) as stream: results = await stream.wait()`

    Leaving it before the analysis has ended ends the analysis.
    """

    def __init__(self, settings: Settings, order: Order, on_update: OnUpdate | None) -> None:
        self._settings = settings
        self._order = order
        self._on_update = on_update
        self._analysis: Analysis | None = None
        self._told: asyncio.Task[None] | None = None

    @property
    def analysis(self) -> Analysis:
        """As it was when it was made."""
        if self._analysis is None:
            raise RuntimeError("the analysis is made by `async with`")
        return self._analysis

    async def __aenter__(self) -> Self:
        from .aio import AsyncKinemotionClient

        settings = self._settings
        self._client = AsyncKinemotionClient(
            settings.api_key, settings.base_url, timeout_s=settings.timeout_s, retries=settings.retries
        )
        try:
            self._analysis = await self._client.create_analysis(**self._order)
        except BaseException:
            await self._client.close()
            raise
        self._told = asyncio.create_task(self._tell())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._told is not None
        try:
            if not self._told.done():
                self._told.cancel()
                await asyncio.wait({self._told})
            await self._end()
        finally:
            await self._client.close()

    async def wait(self) -> Analysis:
        """Waits for the end. Raises `AnalysisFailed` where it ended without its results, and what `on_update` raised."""
        assert self._told is not None
        await asyncio.shield(self._told)
        analysis = await self._client.get_analysis(self.analysis.analysis_id)
        if analysis.status == "failed":
            raise AnalysisFailed(analysis)
        return analysis

    async def _end(self) -> None:
        """Ends the analysis where it runs."""
        try:
            if not (await self._client.get_analysis(self.analysis.analysis_id)).ended:
                await self._client.delete_analysis(self.analysis.analysis_id)
        except NotFound:
            return

    async def _tell(self) -> None:
        """Tells of numbers until the analysis ends."""
        types: tuple[EventType, ...] = ("metric_update", "repetition", "state", "analysis_complete")
        under_way: dict[int | None, dict[str, float | None]] = {}
        async for moment in moments(self._client.events(self.analysis.analysis_id, types)):
            for update in updates(moment, under_way):
                told = self._on_update(update) if self._on_update else None
                if inspect.isawaitable(told):
                    await told


def updates(moment: list[AnyEvent], under_way: dict[int | None, dict[str, float | None]]) -> list[Update]:
    """What there is to tell of events that came together; `under_way` has the numbers so far of everybody."""
    told: list[Update] = []
    changed: dict[int | None, float] = {}
    for event in moment:
        if isinstance(event, MetricUpdateEvent):
            under_way.setdefault(event.data.person, {})[event.data.key] = event.data.value
            changed[event.data.person] = event.timestamp_ms
        elif isinstance(event, RepetitionEvent):
            repetition = event.data
            under_way.pop(repetition.person, None)
            changed.pop(repetition.person, None)
            numbers = {**dict.fromkeys(repetition.metrics.withheld), **repetition.metrics}
            told.append(Update(numbers, timestamp_ms=event.timestamp_ms, person=repetition.person, final=True))
    for person, at in changed.items():
        told.append(Update(dict(under_way[person]), timestamp_ms=at, person=person, final=False))
    return told


async def moments(events: AsyncIterator[AnyEvent]) -> AsyncIterator[list[AnyEvent]]:
    """Events that come right after one another, together."""
    together: list[AnyEvent] = []
    following: asyncio.Task[AnyEvent | None] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(anext(events, None))
            # Not `wait_for`, which would cancel the reading in the middle of an event.
            done, _ = await asyncio.wait({following}, timeout=SETTLE_S if together else None)
            event = following.result() if done else None
            if event is not None:
                together.append(event)
            elif together:
                yield together
                together = []
            if done:
                following = None
                if event is None:
                    return
    finally:
        if following is not None:
            following.cancel()
