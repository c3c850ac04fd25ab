"""Athletes, what they did, and what their numbers do over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .analyses import Repetition


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """An athlete."""

    athlete_id: str
    created_at: datetime
    #: Their name in your own books.
    external_id: str | None = None
    #: For people.
    name: str | None = None
    #: Stature, metres.
    height_m: float | None = None
    #: Body mass, kilograms.
    mass_kg: float | None = None


@dataclass(frozen=True, kw_only=True)
class AthleteList:
    """A page of athletes, the youngest entry first."""

    athletes: tuple[Athlete, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSession:
    """Repetitions that belong together because they were done together."""

    training_session_id: str
    name: str
    at: datetime
    #: `None` for a team.
    athlete_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSessionList:
    """A page of training sessions, the youngest first."""

    training_sessions: tuple[TrainingSession, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredRepetition:
    """A repetition that was measured before."""

    repetition_id: str
    analysis_id: str
    #: The number of its event there.
    sequence: int
    sport_type: str
    #: When it was done.
    at: datetime
    #: `A`, `B`, `C` or `F`.
    grade: str
    #: Everything that was measured.
    data: Repetition
    athlete_id: str | None = None
    training_session_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RepetitionList:
    """A page of repetitions, sorted as was said."""

    repetitions: tuple[StoredRepetition, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    #: Half the width of the interval, where it is known.
    uncertainty: float | None = None


@dataclass(frozen=True, kw_only=True)
class Change(Estimate):
    """From the mean of the earlier half to that of the later one."""

    #: Whether it is more than chance: the interval leaves no change out.
    certain: bool


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value."""

    at: datetime
    value: float
    #: Half the width of its 95 % interval.
    uncertainty: float | None = None


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """A value of a metric, and where it comes from."""

    at: datetime
    value: float
    #: `1` for a pure number.
    unit: str
    #: `A`, `B`, `C` or `F`.
    grade: str
    sport_type: str
    analysis_id: str
    repetition_id: str
    #: Half the width of its 95 % interval.
    uncertainty: float | None = None
    #: How it was measured.
    method: str | None = None


@dataclass(frozen=True, kw_only=True)
class MetricSeries:
    """A page of values of one metric, sorted as was said."""

    #: Key of the metric, with its unit.
    metric: str
    values: tuple[MetricValue, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class MetricTrend:
    """What one number does over time."""

    #: Key of the metric, with its unit.
    metric: str
    #: Repetitions that have this number.
    count: int
    highest: Estimate
    lowest: Estimate
    mean: Estimate
    #: Every value, the oldest first.
    series: tuple[Point, ...]
    change: Change | None = None


@dataclass(frozen=True, kw_only=True)
class Trends:
    """What numbers of an athlete do over time."""

    sport_type: str
    #: One for each metric that was measured.
    trends: tuple[MetricTrend, ...]

    def of(self, metric: str) -> MetricTrend | None:
        """The trend of a metric, by its key."""
        return next((trend for trend in self.trends if trend.metric == metric), None)
