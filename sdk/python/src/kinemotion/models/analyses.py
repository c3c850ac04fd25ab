"""Analyses, and what they find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..metrics import Metrics


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of a repetition."""

    name: str
    #: Seconds of media time.
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Grade:
    """How far the numbers of a repetition can be trusted."""

    #: `A`, `B`, `C` or `F`.
    grade: str
    #: Why it is not better.
    reasons: tuple[str, ...] = ()
    #: Whether it was measured less well than was asked for, because the machine was busy.
    degraded: bool = False


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """A completed repetition. Final: it is never revised."""

    movement: str
    #: Track id of the person.
    person: int
    #: Seconds of media time.
    start_s: float
    end_s: float
    #: Phases in order.
    phases: tuple[Phase, ...]
    #: Named instants in seconds of media time, e.g. `takeoff_s`.
    events: dict[str, float]
    metrics: Metrics
    #: Half widths of the 95 % intervals.
    uncertainty: Metrics
    #: How each number was measured.
    methods: dict[str, str]
    #: What a reader should know, one sentence each.
    warnings: tuple[str, ...]
    quality: Grade
    #: Contacts of gait, in order.
    steps: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnalysisSummary:
    """The most important about an analysis."""

    analysis_id: str
    #: `queued`, `running`, `completed` or `failed`.
    status: str
    #: `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    state: str
    #: Movement looked for, or `auto`.
    sport_type: str
    created_at: datetime
    #: How many repetitions so far.
    repetitions: int
    #: Why it is in this state, where there is something to say.
    reason: str | None = None
    #: Of a file, how much is done, 0 to 1.
    progress: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("completed", "failed")


@dataclass(frozen=True, kw_only=True)
class AthleteInfo:
    """What is known about the athlete."""

    #: Stature, metres.
    height_m: float | None = None
    #: Body mass, kilograms.
    mass_kg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How the camera stands; degrees."""

    roll_deg: float | None = None
    yaw_deg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What comes in."""

    #: `whip`, `uri`, `camera`, `demo` or `file`.
    kind: str
    width: int
    height: int
    fps: float
    codec: str | None = None
    decoder: str | None = None
    hardware: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Frames and what became of them."""

    frames: int
    poses: int
    predicted: int
    dropped: int


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds from the arrival of a frame to its event."""

    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, kw_only=True)
class Service:
    """What an analysis gets of the machine."""

    #: Whether that is less than was asked for.
    degraded: bool
    #: Landmark model in use.
    model: str
    #: Whether outgoing video may carry graphics.
    overlay: bool
    #: Most poses per second; `None` when every frame is measured.
    pose_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class OutputState:
    """A place the video is sent to."""

    #: `rtmp`, `srt`, `fill`, `matte`, `hls` or `recording`.
    kind: str
    target: str
    #: `connecting`, `running`, `retrying`, `done` or `failed`.
    state: str
    dropped: int
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Analysis(AnalysisSummary):
    """An analysis, running or ended."""

    #: `fast`, `balanced` or `accurate`.
    quality: str
    source: Source
    counts: Counts
    latency: Latency
    #: Number the next event gets.
    next_sequence: int
    #: Repetitions so far.
    results: tuple[Repetition, ...]
    athlete: AthleteInfo = AthleteInfo()
    camera: Camera = Camera()
    box_height_m: float | None = None
    #: Address or device of the source, without credentials.
    address: str | None = None
    #: `None` when it has ended.
    service: Service | None = None
    #: Who watches by WHEP.
    viewers: int = 0
    outputs: tuple[OutputState, ...] = ()
    #: Publish here by WHIP; only when the analysis takes a publisher.
    whip_url: str | None = None
    #: Watch the picture with overlay here by WHEP.
    whep_url: str | None = None
    stream_url: str | None = None
    overlay_url: str | None = None
    snapshot_url: str | None = None
    results_url: str | None = None
    results_csv_url: str | None = None
    #: Every event that is kept, one JSON object per line.
    events_url: str | None = None
    diagnostics_url: str | None = None
    #: Of a file, the video with graphics; it is there when the analysis is completed.
    overlay_video_url: str | None = None
    #: Of a file, the page about it; it is there when the analysis is completed.
    report_url: str | None = None
    recording_url: str | None = None
    hls_url: str | None = None
    #: The webhook that was ordered with it.
    webhook_id: str | None = None
    #: What signs what that webhook is told; only in the answer to the order. `WebhookReceiver(secret)` checks signatures.
    webhook_secret: str | None = None

    @property
    def best(self) -> Repetition | None:
        """The repetition with the highest jump; where nothing jumps, the newest one."""
        heights = [result for result in self.results if HEIGHT in result.metrics]
        if heights:
            return max(heights, key=lambda result: result.metrics[HEIGHT])
        return self.results[-1] if self.results else None

    @property
    def metrics(self) -> Metrics:
        """Numbers of `best`; none before the first repetition."""
        return self.best.metrics if self.best else Metrics({})


#: By which jumps are compared.
HEIGHT = "jump_height_m"


@dataclass(frozen=True, kw_only=True)
class AnalysisList:
    """A page of analyses, the youngest first."""

    analyses: tuple[AnalysisSummary, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Results:
    """Results of an analysis so far."""

    #: Name and version of the document.
    schema: str
    analysis_id: str
    #: What was ordered.
    order: dict[str, object]
    repetitions: tuple[Repetition, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that happened."""

    at: datetime
    #: `state`, `warning`, `error` or `message`.
    kind: str
    #: The element it is about, or `session`.
    from_: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What pose estimation did."""

    detector_runs: int
    landmarker_runs: int
    skipped_late: int
    inference_s: float
    overhead_s: float


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """How an analysis goes, or went."""

    analysis_id: str
    state: str
    #: Whether a graph of the pipeline was taken, because it failed.
    graph: bool
    source: Source
    counts: Counts
    latency: Latency
    engine: Engine
    #: The youngest messages, the oldest of them first.
    notes: tuple[Note, ...]
    #: Notes before them that are gone.
    forgotten: int
    reason: str | None = None
