"""Both clients against the running daemon. What an older daemon does not offer is skipped, with a word."""

from __future__ import annotations

import os
import tempfile
import threading
import unittest
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
from kinemotion import (
    AnalysisFailed,
    AsyncKinemotionClient,
    CompleteEvent,
    Forbidden,
    InvalidRequest,
    KinemotionClient,
    NotFound,
    PoseEvent,
    RepetitionEvent,
    Unauthorized,
    WebhookReceiver,
)
from kinemotion.streams import Transport

from . import daemon

TRANSPORTS: list[Transport] = ["sse", "ndjson", "websocket"]


class Shared:
    """The daemon of tests that do not disturb one another."""

    url = ""
    paths: dict[str, Any] = {}


def setUpModule() -> None:
    stack = ExitStack()
    unittest.addModuleCleanup(stack.close)
    Shared.url = stack.enter_context(daemon.running())
    Shared.paths = httpx.get(f"{Shared.url}/api/v1/openapi.json").json()["paths"]


class WithDaemon(unittest.TestCase):
    def setUp(self) -> None:
        self.client = KinemotionClient(base_url=Shared.url)
        self.addCleanup(self.client.close)

    def need(self, path: str) -> None:
        if path not in Shared.paths:
            self.skipTest(f"this daemon has no {path}")

    def own_daemon(self, **settings: str) -> str:
        """The address of a daemon for this test alone, which is also that of `client`."""
        url = self.enterContext(daemon.running(**settings))
        self.client = self.enterContext(KinemotionClient(base_url=url))
        return url

    def demo(self) -> str:
        return self.client.create_analysis(demo=True, sport_type="cmj", quality="fast").analysis_id


class Live(WithDaemon):
    def test_a_demo_is_made_heard_changed_ended_and_removed(self) -> None:
        name = self.demo()
        heard = self.client.events(name, types=["repetition"])
        first = next(heard)
        assert isinstance(first, RepetitionEvent)
        self.assertGreater(first.data.metrics["jump_height"], 0.05)
        analysis = self.client.get_analysis(name)
        self.assertEqual((analysis.status, analysis.source.kind, analysis.sport_type), ("running", "demo", "cmj"))
        self.assertEqual(self.client.change_analysis(name, sport_type="squat").sport_type, "squat")
        self.assertTrue(self.client.snapshot(name).startswith(b"\xff\xd8"))
        self.assertEqual(self.client.diagnostics(name).source.kind, "demo")
        self.assertIn("digraph", self.client.pipeline_graph(name))
        self.assertIn(name, [one.analysis_id for one in self.client.analyses(state="live")])

        self.client.delete_analysis(name)
        ended = self.client.wait(name)
        self.assertEqual(ended.status, "completed")
        self.assertEqual(len(list(heard)), len(ended.results) - 1)
        results = self.client.results(name)
        self.assertEqual(results.repetitions[0].metrics, first.data.metrics)
        self.assertIn("jump_height_m", self.client.results_csv(name).splitlines()[0])

        self.client.delete_analysis(name)
        with self.assertRaises(NotFound):
            self.client.get_analysis(name)

    def test_every_transport_says_the_same(self) -> None:
        name = self.demo()
        self.assertIsInstance(next(self.client.events(name, types=["pose"])), PoseEvent)
        next(self.client.events(name, types=["repetition"]))
        self.client.delete_analysis(name)
        kept: list[list[tuple[int, str]]] = []
        for transport in TRANSPORTS:
            events = self.client.events(name, types=["repetition", "state", "analysis_complete"], transport=transport)
            kept.append([(event.sequence, event.type) for event in events])
        self.assertEqual(kept[0], kept[1])
        self.assertEqual(kept[0], kept[2])
        self.assertIn("analysis_complete", [kind for _, kind in kept[0]])
        later = self.client.events(name, types=["repetition", "state", "analysis_complete"], from_sequence=kept[0][1][0])
        self.assertEqual([(event.sequence, event.type) for event in later], kept[0][1:])

    def test_what_can_be_measured(self) -> None:
        sports = self.client.sports()
        jump = next(sport for sport in sports.sports if sport.name == "cmj")
        self.assertIn("jump_height_m", jump.metrics)
        self.assertIn("jump_height_m", [metric.key for metric in sports.metrics])

    def test_problems_name_the_field(self) -> None:
        with self.assertRaises(InvalidRequest) as caught:
            self.client.create_analysis(demo=True, athlete={"height_m": 180})
        self.assertEqual(caught.exception.field, "athlete.height_m")
        with self.assertRaises(NotFound):
            next(self.client.events("0199d4c0-7f00-7000-8000-000000000001"))


class LiveAsynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_a_demo_is_streamed_until_its_first_repetition(self) -> None:
        async with AsyncKinemotionClient(base_url=Shared.url) as client:
            heights: list[float] = []
            async with client.stream_analysis(
                demo=True, sport_type="cmj", quality="fast", on_update=lambda told: heights.append(told["jump_height"])
            ) as stream:
                name = stream.analysis.analysis_id
                async for event in client.events(name, types=["repetition"]):
                    break
                await client.delete_analysis(name)
                results = await stream.wait()
            self.assertEqual(results.status, "completed")
            self.assertIn(results.results[0].metrics["jump_height"], heights)
            for transport in TRANSPORTS:
                last = [event async for event in client.events(name, ["analysis_complete"], transport=transport)]
                self.assertIsInstance(last[-1], CompleteEvent)


class History(WithDaemon):
    def test_athletes_are_entered_paged_changed_and_erased(self) -> None:
        self.need("/api/v1/athletes")
        for n in range(3):
            self.client.create_athlete(external_id=f"roster-{n}", name="Robin", height_m=1.8)
        with self.subTest("found by either name"):
            athlete = self.client.get_athlete("roster-1")
            self.assertEqual(self.client.get_athlete(athlete.athlete_id), athlete)
        self.assertEqual(self.client.change_athlete("roster-1", external_id="roster-1", mass_kg=75).name, None)
        self.assertEqual(len(list(self.client.athletes())), 3)
        self.client.erase_athlete("roster-1")
        self.assertEqual(len(list(self.client.athletes())), 2)

    def test_repetitions_and_trends_of_an_athlete(self) -> None:
        self.need("/api/v1/repetitions")
        athlete = self.client.create_athlete(external_id="jumper")
        analysis = self.client.create_analysis(demo=True, sport_type="cmj", quality="fast", athlete_id="jumper")
        event = next(self.client.events(analysis.analysis_id, types=["repetition"]))
        assert isinstance(event, RepetitionEvent)
        self.client.delete_analysis(analysis.analysis_id)
        self.client.wait(analysis.analysis_id)
        stored = list(self.client.repetitions(athlete="jumper", sport_type="cmj"))
        self.assertEqual(stored[-1].data.metrics, event.data.metrics)
        self.assertEqual({one.athlete_id for one in stored}, {athlete.athlete_id})
        trend = self.client.trends("jumper", sport_type="cmj", metrics=["jump_height_m"]).of("jump_height_m")
        assert trend is not None
        self.assertEqual((trend.count, len(trend.series)), (len(stored), len(stored)))
        values = list(self.client.metric_series("jumper", "jump_height_m", sport_type="cmj"))
        self.assertEqual([one.repetition_id for one in values], [one.repetition_id for one in stored])
        self.assertEqual({one.unit for one in values}, {"m"})


class Training(WithDaemon):
    def test_sessions_group_what_was_done_together_and_exports_hold_it(self) -> None:
        self.need("/api/v1/training-sessions")
        self.client.create_athlete(external_id="sprinter")
        session = self.client.create_training_session(name="Tuesday", athlete="sprinter")
        analysis = self.client.create_analysis(
            demo=True, sport_type="cmj", quality="fast", training_session_id=session.training_session_id
        )
        next(self.client.events(analysis.analysis_id, types=["repetition"]))
        self.client.delete_analysis(analysis.analysis_id)
        self.client.wait(analysis.analysis_id)
        stored = list(self.client.repetitions(training_session_id=session.training_session_id, sort="-jump_height_m"))
        heights = [one.data.metrics["jump_height"] for one in stored]
        self.assertEqual(heights, sorted(heights, reverse=True))
        listed = list(self.client.analyses(training_session_id=session.training_session_id, status="completed"))
        self.assertEqual([one.analysis_id for one in listed], [analysis.analysis_id])
        self.assertEqual(list(self.client.training_sessions(athlete="sprinter")), [session])
        changed = self.client.change_training_session(session.training_session_id, name="Wednesday")
        self.assertEqual(self.client.get_training_session(session.training_session_id), changed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export"
            self.client.export_repetitions(path, "csv", athlete="sprinter")
            self.assertEqual(len(path.read_text().splitlines()), 1 + len(stored))
            self.client.export_repetitions(path, "parquet", athlete="sprinter")
            self.assertEqual(path.read_bytes()[:4], b"PAR1")
            self.client.export_athlete("sprinter", path)
            self.assertTrue(zipfile.is_zipfile(path))
            self.client.results_mat(analysis.analysis_id, path)
            self.assertTrue(path.read_bytes().startswith(b"MATLAB 5.0"))
        self.client.remove_training_session(session.training_session_id)
        with self.assertRaises(NotFound):
            self.client.get_training_session(session.training_session_id)


class Files(WithDaemon):
    """Analyses of files. `KINEMOTION_CLIP` is one that shows a jump; any bytes tell how a file that is no video ends."""

    def test_a_file_that_is_no_video_is_uploaded_and_fails_with_a_reason(self) -> None:
        self.need("/api/v1/uploads")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "jump.mp4"
            path.write_bytes(bytes(range(256)) * 400)
            analysis = self.client.create_analysis(video_path=path, sport_type="cmj", quality="fast")
        with self.assertRaises(AnalysisFailed) as caught:
            self.client.wait(analysis.analysis_id)
        self.assertTrue(caught.exception.analysis.reason)
        self.client.delete_analysis(analysis.analysis_id)
        with self.assertRaises(NotFound):
            self.client.get_analysis(analysis.analysis_id)

    def test_an_upload_is_looked_at_and_removed(self) -> None:
        self.need("/api/v1/uploads")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "jump.mp4"
            path.write_bytes(b"x" * 1000)
            upload = self.client.upload(path)
        self.client.delete_upload(upload)
        with self.assertRaises(InvalidRequest):
            self.client.create_analysis(upload=upload)

    def test_a_clip_is_analysed(self) -> None:
        self.need("/api/v1/uploads")
        clip = os.environ.get("KINEMOTION_CLIP")
        if not clip:
            self.skipTest("KINEMOTION_CLIP names no clip of a jump")
        analysis = self.client.create_analysis(video_path=clip, sport_type="cmj", quality="fast", athlete={"height_m": 1.78})
        done = self.client.wait(analysis.analysis_id)
        self.assertGreater(done.metrics["jump_height"], 0.05)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            self.client.overlay_video(analysis.analysis_id, path)
            self.assertEqual(path.read_bytes()[4:8], b"ftyp")
            self.client.stored_events(analysis.analysis_id, path)
            self.assertIn(b'"repetition"', path.read_bytes())


class Keys(WithDaemon):
    def test_a_key_is_made_used_rotated_and_revoked(self) -> None:
        self.need("/api/v1/keys")
        url = self.own_daemon()
        first = self.client.create_key("admin")
        with KinemotionClient(first.key, url) as admin, KinemotionClient(base_url=url) as nobody:
            with self.assertRaises(Unauthorized):
                next(nobody.analyses())
            reader = admin.create_key("reader", scopes=["analyses:read"], expires_in_days=1)
            with KinemotionClient(reader.key, url) as limited:
                self.assertEqual(list(limited.analyses()), [])
                with self.assertRaises(Forbidden):
                    limited.create_analysis(demo=True)
            rotated = admin.rotate_key(reader.key_id, overlap_hours=0)
            self.assertEqual(rotated.scopes, ("analyses:read",))
            if "/api/v1/tokens" in Shared.paths:
                name = admin.create_analysis(demo=True, quality="fast").analysis_id
                token = admin.create_token(name, ["analyses:read"], expires_in_s=60)
                with KinemotionClient(token.token, url) as page:
                    self.assertEqual(page.get_analysis(name).analysis_id, name)
                    with self.assertRaises(Forbidden):
                        page.delete_analysis(name)
                self.assertEqual(admin.usage().analyses.used, 1)
                self.assertIn("POST /api/v1/tokens", [entry.action for entry in admin.audit()])
            admin.revoke_key(rotated.key_id)
            good = [key.key_id for key in admin.keys() if key.revoked_at is None and key.key_id == rotated.key_id]
            self.assertEqual(good, [])


class Webhooks(WithDaemon):
    def test_what_the_daemon_signs_is_received(self) -> None:
        self.need("/api/v1/webhooks/register")
        self.own_daemon(WEBHOOKS__PRIVATE_HOSTS="true")
        received: Queue[tuple[bytes, dict[str, str]]] = Queue()
        with receiving(received) as url:
            webhook = self.client.register_webhook(url, events=["analysis_complete"], sport_types=["cmj"])
            self.assertEqual(self.client.get_webhook(webhook.webhook_id).url, url)
            name = self.demo()
            next(self.client.events(name, types=["pose"]))
            self.client.delete_analysis(name)
            body, headers = received.get(timeout=60)
            event = WebhookReceiver(webhook.secret).receive(body, headers)
            self.assertEqual((event.event_type, event.analysis_id), ("analysis_complete", name))
            if "/api/v1/webhooks/{id}/deliveries" in Shared.paths:
                self.assertTrue(self.client.test_webhook(webhook.webhook_id).delivered)
                (delivery,) = self.client.deliveries(webhook.webhook_id)
                self.assertEqual(delivery.event_id, event.event_id)
                self.client.resend_delivery(webhook.webhook_id, delivery.delivery_id)
            self.client.enable_webhook(webhook.webhook_id)
            self.client.remove_webhook(webhook.webhook_id)
            self.assertEqual(self.client.webhooks(), ())


@contextmanager
def receiving(received: Queue[tuple[bytes, dict[str, str]]]) -> Iterator[str]:
    """The address of a server that keeps what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.put((body, dict(self.headers.items())))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/hook"
        finally:
            http.shutdown()
            thread.join()


if __name__ == "__main__":
    unittest.main()
