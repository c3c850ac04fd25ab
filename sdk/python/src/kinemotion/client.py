"""The client that waits for answers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

import httpx

from . import calls, orders, streams, uploads
from .calls import Call, Page
from .errors import AnalysisFailed, ApiError, KinemotionError, NoAnswer, NotFound, ServerFault, Unavailable, problem
from .models import (
    Analysis,
    AnalysisSummary,
    AnyEvent,
    Athlete,
    AuditEntry,
    Delivery,
    Diagnostics,
    EventType,
    Key,
    MadeKey,
    MadeToken,
    MetricValue,
    RegisteredWebhook,
    Results,
    Sports,
    StoredRepetition,
    Test,
    TrainingSession,
    Trends,
    Usage,
    Webhook,
)
from .retries import Retries
from .settings import Settings
from .streamed import OnUpdate, StreamedAnalysis

T = TypeVar("T")
P = TypeVar("P", bound=Page)


class KinemotionClient:
    """Talks to a kinemotion server. May be used by several threads at once.

    What is not given comes from the environment: `KINEMOTION_API_KEY`, `KINEMOTION_URL`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
    ) -> None:
        self._settings = Settings.of(api_key, base_url, timeout_s, retries)
        self._http = httpx.Client(**self._settings.http())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes connections."""
        self._http.close()

    # Analyses

    def create_analysis(self, **order: Unpack[orders.Order]) -> Analysis:
        """Has something analysed. A `video_path` of this machine is uploaded first."""
        path = orders.local_file(order)
        if path is not None:
            order = orders.uploaded(order, self.upload(path))
        return self._do(calls.create_analysis(order))

    def analyses(self, **wanted: Unpack[orders.AnalysisFilter]) -> Iterator[AnalysisSummary]:
        """Running and ended ones, the youngest first; pages are fetched as they are needed."""
        return self._pages(calls.analyses, orders.query(wanted), lambda page: page.analyses)

    def get_analysis(self, analysis_id: str) -> Analysis:
        """State, source, counts, latency and every repetition so far."""
        return self._do(calls.get_analysis(analysis_id))

    def change_analysis(
        self, analysis_id: str, *, sport_type: str | None = None, overlay: bool | None = None
    ) -> Analysis:
        """Looks for another movement from now on, or draws on the video that leaves, or not."""
        change = {"sport_type": sport_type, "overlay": overlay}
        return self._do(calls.change_analysis(analysis_id, {k: v for k, v in change.items() if v is not None}))

    def delete_analysis(self, analysis_id: str) -> None:
        """Ends one that runs, which keeps its results; removes one that has ended, with everything it left."""
        self._do(calls.delete_analysis(analysis_id))

    def wait(self, analysis_id: str) -> Analysis:
        """Waits for the end. Raises `AnalysisFailed` where it ended without its results."""
        for _ in self.events(analysis_id, types=["state", "analysis_complete"]):
            pass
        analysis = self.get_analysis(analysis_id)
        if analysis.status == "failed":
            raise AnalysisFailed(analysis)
        return analysis

    def results(self, analysis_id: str) -> Results:
        """Every repetition so far, and what was ordered."""
        return self._do(calls.results(analysis_id))

    def results_csv(self, analysis_id: str) -> str:
        """Results as a table: one line per repetition."""
        return self._do(calls.results_csv(analysis_id))

    def snapshot(self, analysis_id: str) -> bytes:
        """The present picture with overlay, a JPEG."""
        return self._do(calls.snapshot(analysis_id))

    def recording(self, analysis_id: str, path: str | os.PathLike[str]) -> None:
        """Saves the recording, an MP4 file."""
        self._save(calls.recording(analysis_id), path)

    def overlay_video(self, analysis_id: str, path: str | os.PathLike[str]) -> None:
        """Saves the video of a file with graphics, an MP4 file."""
        self._save(calls.overlay_video(analysis_id), path)

    def report(self, analysis_id: str, path: str | os.PathLike[str]) -> None:
        """Saves the page about a file, HTML that needs nothing else."""
        self._save(calls.report(analysis_id), path)

    def results_mat(self, analysis_id: str, path: str | os.PathLike[str]) -> None:
        """Saves the results for MATLAB and Octave, a MAT-file."""
        self._save(calls.results_mat(analysis_id), path)

    def curves(
        self, analysis_id: str, path: str | os.PathLike[str], format: Literal["phase", "time", "mat"] = "phase"
    ) -> None:
        """Saves the joint curves of a file: by phase or over time as Parquet, or both for MATLAB and Octave."""
        curves = {"phase": calls.curves_phase, "time": calls.curves_time, "mat": calls.curves_mat}[format]
        self._save(curves(analysis_id), path)

    def stored_events(self, analysis_id: str, path: str | os.PathLike[str]) -> None:
        """Saves every event but poses, one JSON object per line."""
        self._save(calls.stored_events(analysis_id), path)

    def diagnostics(self, analysis_id: str) -> Diagnostics:
        """Why something went wrong."""
        return self._do(calls.diagnostics(analysis_id))

    def pipeline_graph(self, analysis_id: str) -> str:
        """The pipeline in Graphviz's language."""
        return self._do(calls.pipeline_graph(analysis_id))

    def sports(self) -> Sports:
        """What can be measured."""
        return self._do(calls.sports())

    # Events

    def events(
        self,
        analysis_id: str,
        types: Sequence[EventType] = (),
        from_sequence: int = 0,
        transport: streams.Transport = "sse",
        patience_s: float = 60.0,
    ) -> Iterator[AnyEvent]:
        """Events since the beginning and as they happen, until the analysis ends.

        A connection that is lost is opened again where it stopped; after `patience_s` without one, the loss is raised.
        """
        standing = streams.Standing(tuple(types), from_sequence, patience_s)
        while True:
            failure: httpx.TransportError | ApiError | None = None
            try:
                with self._texts(analysis_id, standing, transport) as texts:
                    for text in texts:
                        event = standing.take(text)
                        if event is not None:
                            yield event
            except (httpx.TransportError, ApiError) as error:
                failure = error
            if failure is None and (standing.ended or self._is_over(analysis_id)):
                return
            time.sleep(standing.wait_s(failure))

    def stream_analysis(
        self, *, on_update: OnUpdate | None = None, **order: Unpack[orders.Order]
    ) -> StreamedAnalysis:
        """Has something analysed and hears it meanwhile: `async with client.stream_analysis(…) as stream`."""
        return StreamedAnalysis(self._settings, order, on_update)

    def _is_over(self, analysis_id: str) -> bool:
        """Whether a stream ended because the analysis has, and not because something between cut it."""
        try:
            analysis = self.get_analysis(analysis_id)
            return analysis.ended
        except NotFound:
            return True
        except (NoAnswer, Unavailable, ServerFault):
            return False

    @contextmanager
    def _texts(
        self, analysis_id: str, standing: streams.Standing, transport: streams.Transport
    ) -> Iterator[Iterator[str]]:
        if transport == "websocket":
            with self._socket(calls.stream(analysis_id, standing.query(), "*/*")) as texts:
                yield texts
            return
        decoder = streams.DECODERS[transport]()
        call = calls.stream(analysis_id, standing.query(), decoder.accept)
        with self._answer(call, self._settings.stream_timeout(transport)) as answer:
            standing.opened()
            yield (text for chunk in answer.iter_bytes() for text in decoder.feed(chunk))

    @contextmanager
    def _answer(self, call: Call[Any], timeout: httpx.Timeout) -> Iterator[httpx.Response]:
        """An answer that is read as it comes."""
        with self._http.stream(**self._settings.request(call), timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                raise problem(answer)
            yield answer

    def _save(self, call: Call[None], path: str | os.PathLike[str]) -> None:
        with self._answer(call, self._settings.timeout()) as answer:
            with open(path, "wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)

    @contextmanager
    def _socket(self, call: Call[Any]) -> Iterator[Iterator[str]]:
        with streams.socket_errors(self._settings.url(call)):
            from websockets.sync.client import connect

            with connect(**self._settings.socket(call)) as socket:
                yield (message if isinstance(message, str) else message.decode() for message in socket)

    # Uploads

    def upload(self, path: str | os.PathLike[str]) -> str:
        """Uploads a file part by part, gone on with after every interruption; the `upload` of an order."""
        with open(path, "rb") as file:
            size, name = uploads.size(file), os.path.basename(path)
            upload = self._do(calls.create_upload(size, name, uploads.media_type(name)))
            progress = uploads.Progress()
            while progress.offset < size:
                try:
                    part = uploads.part(file, progress.offset)
                    progress.arrived(self._do(calls.upload_part(upload, progress.offset, part)))
                except KinemotionError as error:
                    progress.failed(error)
                    progress.offset = self._do(calls.upload_offset(upload))
        return upload

    def delete_upload(self, upload: str) -> None:
        """Removes an upload that is not needed."""
        self._do(calls.delete_upload(upload))

    # History

    def create_athlete(self, **data: Unpack[orders.AthleteData]) -> Athlete:
        """Enters an athlete."""
        return self._do(calls.create_athlete(data))

    def athletes(self) -> Iterator[Athlete]:
        """Every athlete, the youngest entry first; pages are fetched as they are needed."""
        return self._pages(calls.athletes, {}, lambda page: page.athletes)

    def get_athlete(self, athlete: str) -> Athlete:
        """An athlete by `athlete_id` or `external_id`."""
        return self._do(calls.get_athlete(athlete))

    def change_athlete(self, athlete: str, **data: Unpack[orders.AthleteData]) -> Athlete:
        """Replaces what is known; what is absent is not known any more."""
        return self._do(calls.change_athlete(athlete, data))

    def erase_athlete(self, athlete: str) -> None:
        """Erases an athlete with every analysis, recording and number of theirs."""
        self._do(calls.erase_athlete(athlete))

    def create_training_session(self, **data: Unpack[orders.TrainingSessionData]) -> TrainingSession:
        """Enters a training session; analyses that name it as `training_session_id` belong to it."""
        return self._do(calls.create_training_session(data))

    def training_sessions(self, athlete: str | None = None) -> Iterator[TrainingSession]:
        """Training sessions, of an athlete or all, the youngest first; pages are fetched as they are needed."""
        query = {"athlete": athlete} if athlete else {}
        return self._pages(calls.training_sessions, query, lambda page: page.training_sessions)

    def get_training_session(self, training_session_id: str) -> TrainingSession:
        """A training session."""
        return self._do(calls.get_training_session(training_session_id))

    def change_training_session(
        self, training_session_id: str, **data: Unpack[orders.TrainingSessionData]
    ) -> TrainingSession:
        """Replaces what is known. What was measured in it stays whose it is."""
        return self._do(calls.change_training_session(training_session_id, data))

    def remove_training_session(self, training_session_id: str) -> None:
        """Removes a training session; what was measured in it stays, and belongs to none."""
        self._do(calls.remove_training_session(training_session_id))

    def repetitions(self, **wanted: Unpack[orders.RepetitionFilter]) -> Iterator[StoredRepetition]:
        """Repetitions of all analyses, the youngest first unless `sort` says something else; pages are fetched as they are needed."""
        return self._pages(calls.repetitions, orders.query(wanted), lambda page: page.repetitions)

    def trends(self, athlete: str, **wanted: Unpack[orders.TrendFilter]) -> Trends:
        """Highest, lowest, mean and change of an athlete's numbers, with their 95 % intervals."""
        return self._do(calls.trends(athlete, orders.query(wanted)))

    def metric_series(self, athlete: str, metric: str, **wanted: Unpack[orders.MetricFilter]) -> Iterator[MetricValue]:
        """Every value of one metric, the youngest first unless `sort` says something else; pages are fetched as they are needed."""
        return self._pages(partial(calls.metric_series, athlete, metric), orders.query(wanted), lambda page: page.values)

    def export_repetitions(
        self, path: str | os.PathLike[str], format: Literal["csv", "parquet"], **wanted: Unpack[orders.ExportFilter]
    ) -> None:
        """Saves repetitions as a table, the oldest first."""
        export = {"csv": calls.export_csv, "parquet": calls.export_parquet}[format]
        self._save(export(orders.query(wanted)), path)

    def export_athlete(self, athlete: str, path: str | os.PathLike[str]) -> None:
        """Saves everything of an athlete, a ZIP archive."""
        self._save(calls.export_athlete(athlete), path)

    # Keys

    def create_key(
        self, name: str, scopes: Sequence[str] | None = None, expires_in_days: int | None = None
    ) -> MadeKey:
        """Makes a key; it is said this once."""
        return self._do(calls.create_key(name, scopes, expires_in_days))

    def keys(self) -> tuple[Key, ...]:
        """Every key, the oldest first."""
        listed = self._do(calls.keys())
        return listed.keys

    def rotate_key(self, key_id: str, overlap_hours: int | None = None) -> MadeKey:
        """Makes another key that may do the same; the old one stays good for a while."""
        return self._do(calls.rotate_key(key_id, overlap_hours))

    def revoke_key(self, key_id: str) -> None:
        """Ends a key at once."""
        self._do(calls.revoke_key(key_id))

    def create_token(
        self, analysis_id: str, scopes: Sequence[str], expires_in_s: int | None = None
    ) -> MadeToken:
        """Makes a short-lived token for a page that publishes or watches one analysis, so that the key stays where it is."""
        return self._do(calls.create_token(analysis_id, scopes, expires_in_s))

    def usage(self) -> Usage:
        """What was used this month, and what there is."""
        return self._do(calls.usage())

    def audit(self) -> Iterator[AuditEntry]:
        """What was changed by whom, the youngest first."""
        return self._pages(calls.audit, {}, lambda page: page.changes)

    # Webhooks

    def register_webhook(
        self, url: str, events: Sequence[EventType] = (), sport_types: Sequence[str] = ()
    ) -> RegisteredWebhook:
        """Has an address told of events; the secret that signs is said this once."""
        return self._do(calls.register_webhook(url, events, sport_types))

    def webhooks(self) -> tuple[Webhook, ...]:
        """Every webhook, the oldest first."""
        listed = self._do(calls.webhooks())
        return listed.webhooks

    def get_webhook(self, webhook_id: str) -> Webhook:
        """A webhook, and whether it takes what it is told."""
        return self._do(calls.get_webhook(webhook_id))

    def remove_webhook(self, webhook_id: str) -> None:
        """Removes a webhook, with what waited to be delivered to it."""
        self._do(calls.remove_webhook(webhook_id))

    def enable_webhook(self, webhook_id: str) -> None:
        """Tells one that was disabled again."""
        self._do(calls.enable_webhook(webhook_id))

    def test_webhook(self, webhook_id: str) -> Test:
        """Sends an event of type `test` at once, and says how it went."""
        return self._do(calls.test_webhook(webhook_id))

    def deliveries(self, webhook_id: str, state: str | None = None) -> Iterator[Delivery]:
        """What was and is to be delivered, the youngest first: all, or what is `waiting`, `delivered` or `given_up`."""
        query = {"state": state} if state else {}
        return self._pages(partial(calls.deliveries, webhook_id), query, lambda page: page.deliveries)

    def resend_delivery(self, webhook_id: str, delivery_id: str) -> None:
        """Delivers something again, with the same `event_id`."""
        self._do(calls.resend_delivery(webhook_id, delivery_id))

    # How calls are made

    def _do(self, call: Call[T]) -> T:
        tried = 0
        while True:
            failure: httpx.TransportError | ApiError
            try:
                answer = self._http.request(**self._settings.request(call))
                if answer.is_success:
                    return call.read(answer)
                failure = problem(answer)
            except httpx.TransportError as error:
                failure = error
            time.sleep(self._settings.retries.wait_s(failure, tried, call.repeatable))
            tried += 1

    def _pages(
        self, page_of: Callable[[dict[str, str]], Call[P]], query: dict[str, str], items: Callable[[P], Sequence[T]]
    ) -> Iterator[T]:
        cursor: dict[str, str] = {}
        while True:
            page = self._do(page_of({**query, **cursor}))
            yield from items(page)
            if page.next_cursor is None:
                return
            cursor = {"cursor": page.next_cursor}
