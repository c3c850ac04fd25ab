"""Events of an analysis, as every stream carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from ._read import read
from .analyses import Repetition, Source, Latency

D = TypeVar("D", covariant=True)

EventType = Literal[
    "pose", "phase", "metric_update", "repetition", "analysis_complete", "warning", "error", "state", "service"
]


@dataclass(frozen=True, kw_only=True)
class Event(Generic[D]):
    """Something that happened. An event of a type that this version does not know is an `Event` with plain `data`."""

    type: str
    #: Media time, milliseconds.
    timestamp_ms: float
    #: Without gaps per analysis; streams are resumed by it.
    sequence: int
    data: D
    analysis_id: str | None = None
    #: Events of which this reader was too slow, since the last one it got.
    dropped: int = 0


@dataclass(frozen=True, kw_only=True)
class Person:
    """Where somebody's landmarks are."""

    id: int
    #: The person whose numbers count.
    selected: bool
    #: `measured` or `predicted`.
    source: str
    #: The 33 landmarks of BlazePose: x and y as a fraction of the picture, visibility 0 to 1.
    landmarks: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Everybody in a frame."""

    width: int
    height: int
    persons: tuple[Person, ...]
    #: How well the frame was measured.
    quality: dict[str, Any] | None = None
    #: What the person whose numbers count is doing.
    live: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseBegan:
    """A phase began; interim."""

    movement: str
    phase: str
    #: Seconds of media time.
    start_s: float
    person: int | None = None


@dataclass(frozen=True, kw_only=True)
class MetricUpdate:
    """A number that may still change."""

    movement: str
    #: Key of the registry.
    key: str
    value: float
    person: int | None = None


@dataclass(frozen=True, kw_only=True)
class Complete:
    """What was found in sum."""

    repetitions: int
    duration_s: float
    frames: int
    frames_with_pose: int
    frames_predicted: int
    frames_dropped: int
    source: Source
    latency: Latency


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something a person should know."""

    message: str
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """What the session is doing now."""

    #: `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    state: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServiceChange:
    """What the session gets of the machine now."""

    degraded: bool
    pose_rate: float | None = None
    model: str | None = None
    overlay: bool | None = None


class PoseEvent(Event[Pose]):
    """`pose`"""


class PhaseEvent(Event[PhaseBegan]):
    """`phase`"""


class MetricUpdateEvent(Event[MetricUpdate]):
    """`metric_update`"""


class RepetitionEvent(Event[Repetition]):
    """`repetition`"""


class CompleteEvent(Event[Complete]):
    """`analysis_complete`"""


class WarningEvent(Event[Notice]):
    """`warning`: the analysis goes on."""


class ErrorEvent(Event[Notice]):
    """`error`: something failed."""


class StateEvent(Event[StateChange]):
    """`state`"""


class ServiceEvent(Event[ServiceChange]):
    """`service`"""


AnyEvent = (
    PoseEvent
    | PhaseEvent
    | MetricUpdateEvent
    | RepetitionEvent
    | CompleteEvent
    | WarningEvent
    | ErrorEvent
    | StateEvent
    | ServiceEvent
    | Event[Any]
)

#: Class of an event and of its `data`, by its type.
KINDS: dict[str, tuple[type[Event[Any]], Any]] = {
    "pose": (PoseEvent, Pose),
    "phase": (PhaseEvent, PhaseBegan),
    "metric_update": (MetricUpdateEvent, MetricUpdate),
    "repetition": (RepetitionEvent, Repetition),
    "analysis_complete": (CompleteEvent, Complete),
    "warning": (WarningEvent, Notice),
    "error": (ErrorEvent, Notice),
    "state": (StateEvent, StateChange),
    "service": (ServiceEvent, ServiceChange),
}


def read_event(value: object) -> AnyEvent:
    """An event of its class. Raises `TypeError` where it is none."""
    envelope: Event[Any] = read(Event, value, "the event")
    kind, data = KINDS.get(envelope.type, (Event, Any))
    return kind(
        type=envelope.type,
        timestamp_ms=envelope.timestamp_ms,
        sequence=envelope.sequence,
        data=read(data, envelope.data, f"{envelope.type}.data"),
        analysis_id=envelope.analysis_id,
        dropped=envelope.dropped,
    )
