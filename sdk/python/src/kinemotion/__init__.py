"""Client of the kinemotion API: analyses of how people move, live and from files.

    from kinemotion import KinemotionClient

    client = KinemotionClient(api_key="km_…", base_url="https://api.example.org")
    analysis = client.create_analysis(video_path="athlete.mp4", sport_type="cmj")
    print(client.wait(analysis.analysis_id).metrics["jump_height"])
"""

from .aio import AsyncKinemotionClient
from .client import KinemotionClient
from .errors import (
    AnalysisFailed,
    ApiError,
    Conflict,
    Forbidden,
    InvalidRequest,
    InvalidSignature,
    KinemotionError,
    NoAnswer,
    NotFound,
    RateLimited,
    ServerFault,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)
from .metrics import Metrics
from .models import (
    Analysis,
    Athlete,
    CompleteEvent,
    ErrorEvent,
    Event,
    MetricUpdateEvent,
    MetricValue,
    PhaseEvent,
    PoseEvent,
    Repetition,
    RepetitionEvent,
    ServiceEvent,
    StateEvent,
    StoredRepetition,
    Trends,
    WarningEvent,
)
from .retries import Retries
from .streamed import StreamedAnalysis, Update
from .webhooks import WebhookEvent, WebhookReceiver

__all__ = [
    "Analysis",
    "AnalysisFailed",
    "ApiError",
    "AsyncKinemotionClient",
    "Athlete",
    "CompleteEvent",
    "Conflict",
    "ErrorEvent",
    "Event",
    "Forbidden",
    "InvalidRequest",
    "InvalidSignature",
    "KinemotionClient",
    "KinemotionError",
    "MetricUpdateEvent",
    "MetricValue",
    "Metrics",
    "NoAnswer",
    "NotFound",
    "PhaseEvent",
    "PoseEvent",
    "RateLimited",
    "Repetition",
    "RepetitionEvent",
    "Retries",
    "ServerFault",
    "ServiceEvent",
    "StateEvent",
    "StoredRepetition",
    "StreamedAnalysis",
    "Trends",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "Update",
    "WarningEvent",
    "WebhookEvent",
    "WebhookReceiver",
]
