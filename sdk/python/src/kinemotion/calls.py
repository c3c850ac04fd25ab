"""Every call of the API once, for clients that wait and for those that do not."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import httpx

from . import orders
from .errors import UnexpectedAnswer
from .models import (
    Analysis,
    AnalysisList,
    Athlete,
    AthleteList,
    AuditList,
    DeliveryList,
    Diagnostics,
    KeyList,
    MadeKey,
    MadeToken,
    MetricSeries,
    RegisteredWebhook,
    RepetitionList,
    Results,
    Sports,
    Test,
    TrainingSession,
    TrainingSessionList,
    Trends,
    Usage,
    Webhook,
    WebhookList,
    read,
)

T = TypeVar("T")


class Page(Protocol):
    """Part of a list."""

    @property
    def next_cursor(self) -> str | None: ...


#: Methods that may be sent twice.
_REPEATABLE = frozenset(["GET", "HEAD", "PUT", "DELETE"])


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and what becomes of its answer."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    content: bytes | None = None
    #: Whether doing it twice does no harm.
    repeatable: bool = False


def _call(
    method: str,
    template: str,
    read: Callable[[httpx.Response], T],
    parts: Mapping[str, str] | None = None,
    repeatable: bool | None = None,
    **more: Any,
) -> Call[T]:
    """A call of a path as the OpenAPI file writes it."""
    path = template
    for name, part in (parts or {}).items():
        path = path.replace(f"{{{name}}}", quote(part, safe=""))
    return Call(method, path, read, repeatable=method in _REPEATABLE if repeatable is None else repeatable, **more)


def _json(kind: type[T]) -> Callable[[httpx.Response], T]:
    def of(response: httpx.Response) -> T:
        try:
            return read(kind, response.json())
        except (ValueError, TypeError) as error:
            raise UnexpectedAnswer(f"{response.request.method} {response.request.url.path}: {error}") from error

    return of


def _nothing(response: httpx.Response) -> None:
    return None


def _text(response: httpx.Response) -> str:
    return response.text


def _bytes(response: httpx.Response) -> bytes:
    return response.content


# Analyses


def create_analysis(order: orders.Order) -> Call[Analysis]:
    key = order.get("idempotency_key") or str(uuid.uuid4())
    headers = {"idempotency-key": key}
    # The server keeps the key, so twice is once.
    return _call("POST", "/api/v1/analyses", _json(Analysis), repeatable=True, json=orders.body(order), headers=headers)


def analyses(query: Mapping[str, str]) -> Call[AnalysisList]:
    return _call("GET", "/api/v1/analyses", _json(AnalysisList), query=query)


def get_analysis(analysis_id: str) -> Call[Analysis]:
    return _call("GET", "/api/v1/analyses/{id}", _json(Analysis), {"id": analysis_id})


def change_analysis(analysis_id: str, change: Mapping[str, object]) -> Call[Analysis]:
    parts = {"id": analysis_id}
    return _call("PATCH", "/api/v1/analyses/{id}", _json(Analysis), parts, json=change, repeatable=True)


def delete_analysis(analysis_id: str) -> Call[None]:
    # The first ends it, the second removes what it found: twice is not the same as once.
    return _call("DELETE", "/api/v1/analyses/{id}", _nothing, {"id": analysis_id}, repeatable=False)


def results(analysis_id: str) -> Call[Results]:
    return _call("GET", "/api/v1/analyses/{id}/results.json", _json(Results), {"id": analysis_id})


def results_csv(analysis_id: str) -> Call[str]:
    return _call("GET", "/api/v1/analyses/{id}/results.csv", _text, {"id": analysis_id})


def snapshot(analysis_id: str) -> Call[bytes]:
    return _call("GET", "/api/v1/analyses/{id}/snapshot.jpg", _bytes, {"id": analysis_id})


def diagnostics(analysis_id: str) -> Call[Diagnostics]:
    return _call("GET", "/api/v1/analyses/{id}/diagnostics", _json(Diagnostics), {"id": analysis_id})


def pipeline_graph(analysis_id: str) -> Call[str]:
    return _call("GET", "/api/v1/analyses/{id}/diagnostics/pipeline.dot", _text, {"id": analysis_id})


def sports() -> Call[Sports]:
    return _call("GET", "/api/v1/sports", _json(Sports))


# What is read as it comes, not by `read`


def recording(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/recording.mp4", _nothing, {"id": analysis_id})


def overlay_video(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/overlay.mp4", _nothing, {"id": analysis_id})


def report(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/report.html", _nothing, {"id": analysis_id})


def results_mat(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/results.mat", _nothing, {"id": analysis_id})


def curves_phase(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/curves_phase.parquet", _nothing, {"id": analysis_id})


def curves_time(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/curves_time.parquet", _nothing, {"id": analysis_id})


def curves_mat(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/curves.mat", _nothing, {"id": analysis_id})


def stored_events(analysis_id: str) -> Call[None]:
    return _call("GET", "/api/v1/analyses/{id}/events.ndjson", _nothing, {"id": analysis_id})


def export_csv(query: Mapping[str, str]) -> Call[None]:
    return _call("GET", "/api/v1/exports/repetitions.csv", _nothing, query=query)


def export_parquet(query: Mapping[str, str]) -> Call[None]:
    return _call("GET", "/api/v1/exports/repetitions.parquet", _nothing, query=query)


def export_athlete(athlete: str) -> Call[None]:
    return _call("GET", "/api/v1/athletes/{id}/export.zip", _nothing, {"id": athlete})


def stream(analysis_id: str, query: Mapping[str, str], accept: str) -> Call[None]:
    headers = {"accept": accept}
    return _call("GET", "/api/v1/analyses/{id}/stream", _nothing, {"id": analysis_id}, query=query, headers=headers)


# Uploads, after tus 1.0 (tus.io/protocols/resumable-upload)

_TUS = {"tus-resumable": "1.0.0"}
_OCTETS = "application/offset+octet-stream"


def create_upload(size: int, name: str, media_type: str) -> Call[str]:
    """Its answer is the name of the upload."""
    pairs = {"filename": name, "filetype": media_type}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    headers = {**_TUS, "upload-length": str(size), "upload-metadata": metadata}
    return _call("POST", "/api/v1/uploads", _name_of_upload, headers=headers, repeatable=True)


def _name_of_upload(response: httpx.Response) -> str:
    location = response.headers.get("location", "")
    name = httpx.URL(location).path.rstrip("/").rpartition("/")[2]
    if not name:
        raise UnexpectedAnswer("the answer to a new upload has no Location")
    return name


def upload_offset(upload_id: str) -> Call[int]:
    """How much of an upload the server has."""
    return _call("HEAD", "/api/v1/uploads/{id}", _offset, {"id": upload_id}, headers=_TUS)


def upload_part(upload_id: str, offset: int, content: bytes) -> Call[int]:
    """Sends the bytes from an offset on; how much the server has afterwards."""
    headers = {**_TUS, "upload-offset": str(offset), "content-type": _OCTETS}
    return _call("PATCH", "/api/v1/uploads/{id}", _offset, {"id": upload_id}, headers=headers, content=content)


def _offset(response: httpx.Response) -> int:
    try:
        return int(response.headers["upload-offset"])
    except (KeyError, ValueError):
        raise UnexpectedAnswer("the answer about an upload has no Upload-Offset") from None


def delete_upload(upload_id: str) -> Call[None]:
    return _call("DELETE", "/api/v1/uploads/{id}", _nothing, {"id": upload_id}, headers=_TUS)


# History


def create_athlete(data: orders.AthleteData) -> Call[Athlete]:
    return _call("POST", "/api/v1/athletes", _json(Athlete), json=data)


def athletes(query: Mapping[str, str]) -> Call[AthleteList]:
    return _call("GET", "/api/v1/athletes", _json(AthleteList), query=query)


def get_athlete(athlete: str) -> Call[Athlete]:
    return _call("GET", "/api/v1/athletes/{id}", _json(Athlete), {"id": athlete})


def change_athlete(athlete: str, data: orders.AthleteData) -> Call[Athlete]:
    return _call("PUT", "/api/v1/athletes/{id}", _json(Athlete), {"id": athlete}, json=data)


def erase_athlete(athlete: str) -> Call[None]:
    return _call("DELETE", "/api/v1/athletes/{id}", _nothing, {"id": athlete})


def create_training_session(data: orders.TrainingSessionData) -> Call[TrainingSession]:
    return _call("POST", "/api/v1/training-sessions", _json(TrainingSession), json=data)


def training_sessions(query: Mapping[str, str]) -> Call[TrainingSessionList]:
    return _call("GET", "/api/v1/training-sessions", _json(TrainingSessionList), query=query)


def get_training_session(session: str) -> Call[TrainingSession]:
    return _call("GET", "/api/v1/training-sessions/{id}", _json(TrainingSession), {"id": session})


def change_training_session(session: str, data: orders.TrainingSessionData) -> Call[TrainingSession]:
    return _call("PUT", "/api/v1/training-sessions/{id}", _json(TrainingSession), {"id": session}, json=data)


def remove_training_session(session: str) -> Call[None]:
    return _call("DELETE", "/api/v1/training-sessions/{id}", _nothing, {"id": session})


def repetitions(query: Mapping[str, str]) -> Call[RepetitionList]:
    return _call("GET", "/api/v1/repetitions", _json(RepetitionList), query=query)


def trends(athlete: str, query: Mapping[str, str]) -> Call[Trends]:
    return _call("GET", "/api/v1/athletes/{id}/trends", _json(Trends), {"id": athlete}, query=query)


def metric_series(athlete: str, metric: str, query: Mapping[str, str]) -> Call[MetricSeries]:
    names = {"id": athlete, "metric": metric}
    return _call("GET", "/api/v1/athletes/{id}/metrics/{metric}", _json(MetricSeries), names, query=query)


# Keys


def create_key(name: str, scopes: Sequence[str] | None, expires_in_days: int | None) -> Call[MadeKey]:
    given = {"name": name, "scopes": scopes, "expires_in_days": expires_in_days}
    return _call("POST", "/api/v1/keys", _json(MadeKey), json=_without_none(given))


def keys() -> Call[KeyList]:
    return _call("GET", "/api/v1/keys", _json(KeyList))


def rotate_key(key_id: str, overlap_hours: int | None) -> Call[MadeKey]:
    given = _without_none({"overlap_hours": overlap_hours})
    return _call("POST", "/api/v1/keys/{id}/rotate", _json(MadeKey), {"id": key_id}, json=given)


def revoke_key(key_id: str) -> Call[None]:
    return _call("DELETE", "/api/v1/keys/{id}", _nothing, {"id": key_id})


def create_token(analysis_id: str, scopes: Sequence[str], expires_in_s: int | None) -> Call[MadeToken]:
    given = {"analysis_id": analysis_id, "scopes": list(scopes), "expires_in_s": expires_in_s}
    return _call("POST", "/api/v1/tokens", _json(MadeToken), json=_without_none(given), repeatable=True)


def usage() -> Call[Usage]:
    return _call("GET", "/api/v1/usage", _json(Usage))


def audit(query: Mapping[str, str]) -> Call[AuditList]:
    return _call("GET", "/api/v1/audit", _json(AuditList), query=query)


# Webhooks


def register_webhook(url: str, events: Sequence[str], sport_types: Sequence[str]) -> Call[RegisteredWebhook]:
    given = {"url": url, "events": list(events), "sport_types": list(sport_types)}
    return _call("POST", "/api/v1/webhooks/register", _json(RegisteredWebhook), json=given)


def webhooks() -> Call[WebhookList]:
    return _call("GET", "/api/v1/webhooks", _json(WebhookList))


def get_webhook(webhook_id: str) -> Call[Webhook]:
    return _call("GET", "/api/v1/webhooks/{id}", _json(Webhook), {"id": webhook_id})


def remove_webhook(webhook_id: str) -> Call[None]:
    return _call("DELETE", "/api/v1/webhooks/{id}", _nothing, {"id": webhook_id})


def enable_webhook(webhook_id: str) -> Call[None]:
    return _call("POST", "/api/v1/webhooks/{id}/enable", _nothing, {"id": webhook_id}, repeatable=True)


def test_webhook(webhook_id: str) -> Call[Test]:
    return _call("POST", "/api/v1/webhooks/{id}/test", _json(Test), {"id": webhook_id})


def deliveries(webhook_id: str, query: Mapping[str, str]) -> Call[DeliveryList]:
    return _call("GET", "/api/v1/webhooks/{id}/deliveries", _json(DeliveryList), {"id": webhook_id}, query=query)


def resend_delivery(webhook_id: str, delivery_id: str) -> Call[None]:
    parts = {"id": webhook_id, "delivery": delivery_id}
    return _call("POST", "/api/v1/webhooks/{id}/deliveries/{delivery}/resend", _nothing, parts)


def _without_none(given: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in given.items() if value is not None}


def encoded(call: Call[Any]) -> bytes | None:
    """The body of a call."""
    if call.json is None:
        return call.content
    return json.dumps(call.json, allow_nan=False).encode()
