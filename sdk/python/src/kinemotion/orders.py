"""What clients send, as keyword arguments with types."""

from __future__ import annotations

import os
from typing import Any, Literal, NotRequired, TypedDict, cast
from urllib.parse import urlsplit

Quality = Literal["fast", "balanced", "accurate"]
#: One of several people in the picture: who takes up most of it, who is nearest to its centre, or who moves most.
Person = Literal["largest", "nearest_centre", "most_moving"]


class AthleteGiven(TypedDict, total=False):
    """What is known about the athlete."""

    #: Stature, metres; gives lengths and speeds their scale.
    height_m: float
    #: Body mass, kilograms; needed for power and force.
    mass_kg: float


class CameraGiven(TypedDict, total=False):
    """How the camera stands; estimated when absent. Degrees."""

    roll_deg: float
    yaw_deg: float


class AnalysisConfig(TypedDict, total=False):
    """What else the measurement may be told."""

    #: Frames per second at which a slow-motion file was filmed.
    capture_fps: float
    #: Whose movement is measured, and nobody else's.
    person: Person


class Output(TypedDict, total=False):
    """A place the video is sent to: one of these."""

    rtmp: str
    srt: str
    fill: str
    matte: str
    hls: bool


class What(TypedDict, total=False):
    """What is measured and how."""

    #: Name of a movement, or `auto`.
    sport_type: str
    quality: Quality
    athlete: AthleteGiven
    #: `athlete_id` or `external_id` of an athlete.
    athlete_id: str
    training_session_id: str
    camera: CameraGiven
    #: Height of the box of drop jumps, metres.
    box_height_m: float
    #: People followed at once.
    max_persons: int
    #: Whether the video that leaves carries skeleton, phase and numbers.
    overlay: bool
    record: bool
    outputs: list[Output]
    #: Whether a page is made of it; only of a file.
    report: bool
    #: Told of this analysis alone; `webhook_secret` of the answer is what signs.
    webhook_url: str
    config: AnalysisConfig


class Order(What, total=False):
    """An analysis to be made: what is measured, and exactly one of the inputs."""

    #: `s3://…`, `https://…`, or a file of this machine, which is uploaded.
    video_path: str | os.PathLike[str]
    #: An upload that is complete.
    upload: str
    #: Somebody publishes by WHIP.
    streaming: bool
    #: A live source: `rtsp://…`, `srt://…`, `http(s)://…`, `file://…` of the server.
    uri: str
    #: A camera of the server, `/dev/video0`.
    device: str
    #: The rendered demo athlete.
    demo: bool
    #: The same key makes the same analysis once. One is made up where it is not given.
    idempotency_key: str


class AthleteData(TypedDict, total=False):
    """What is known about an athlete. What is absent is not known any more."""

    external_id: str
    name: str
    height_m: float
    mass_kg: float


class TrainingSessionData(TypedDict):
    """What is known about a training session."""

    name: str
    #: `athlete_id` or `external_id`; absent for a team.
    athlete: NotRequired[str]
    #: RFC 3339; now when absent.
    at: NotRequired[str]


class Filter(TypedDict, total=False):
    """What is wanted; what is absent does not matter."""

    #: `athlete_id` or `external_id`.
    athlete: str
    training_session_id: str
    sport_type: str
    #: From this moment on, RFC 3339; `from` in the API, which is a word of Python.
    from_: str
    #: Before this moment.
    until: str


class AnalysisFilter(Filter, total=False):
    """Which analyses are wanted."""

    #: `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    state: str
    #: `queued`, `running`, `completed` or `failed`.
    status: str


class ExportFilter(Filter, total=False):
    """Which repetitions are wanted as a table."""

    analysis_id: str
    #: `A`, `B`, `C` or `F`.
    grade: str


class RepetitionFilter(ExportFilter, total=False):
    """Which repetitions are wanted."""

    #: `at` or the key of a metric; with a minus in front, the youngest or highest comes first.
    sort: str


class TrendFilter(TypedDict):
    """Which trend is wanted."""

    sport_type: str
    #: Keys; all when absent.
    metrics: NotRequired[list[str]]
    from_: NotRequired[str]
    until: NotRequired[str]


class MetricFilter(TypedDict, total=False):
    """Which values of a metric are wanted."""

    sport_type: str
    #: `A`, `B`, `C` or `F`.
    grade: str
    from_: str
    until: str
    #: `at` or `value`; with a minus in front, the youngest or highest comes first.
    sort: str


#: Keys of an order that say where pictures come from, and the member of `input` each becomes.
INPUTS = {
    "video_path": "video_path",
    "upload": "upload",
    "streaming": "streaming",
    "uri": "uri",
    "device": "camera",
    "demo": "demo",
}


def local_file(order: Order) -> str | None:
    """The path of a file of this machine that has to be uploaded first."""
    path = order.get("video_path")
    if path is None:
        return None
    # A letter before a colon is a drive of Windows.
    return None if isinstance(path, str) and len(urlsplit(path).scheme) > 1 else os.fspath(path)


def body(order: Order) -> dict[str, Any]:
    """The JSON of an order. Raises `ValueError` where it does not say exactly one input."""
    given = dict(order)
    given.pop("idempotency_key", None)
    inputs = {INPUTS[key]: given.pop(key) for key in INPUTS if key in given}
    if len(inputs) != 1:
        raise ValueError(f"give exactly one of {', '.join(INPUTS)}")
    return {**given, "input": inputs}


def uploaded(order: Order, upload_id: str) -> Order:
    """The same order of a file that has been uploaded."""
    given = cast(dict[str, Any], {key: value for key, value in order.items() if key != "video_path"})
    return cast(Order, {**given, "upload": upload_id})


def query(given: AnalysisFilter | ExportFilter | TrendFilter | MetricFilter) -> dict[str, str]:
    """The parameters of a filter."""
    return {
        key.rstrip("_"): ",".join(value) if isinstance(value, list) else str(value) for key, value in given.items()
    }
