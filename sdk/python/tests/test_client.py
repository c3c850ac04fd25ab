"""Calls, errors, retries, pages and uploads, against a server written in the test."""

from __future__ import annotations

import base64
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import httpx
from kinemotion import (
    ApiError,
    AsyncKinemotionClient,
    Conflict,
    InvalidRequest,
    KinemotionClient,
    NoAnswer,
    NotFound,
    RateLimited,
    Retries,
    Unavailable,
    UnexpectedAnswer,
    uploads,
)
from kinemotion.orders import Order

from . import examples, fake
from .fake import Answer, Asked, problem

QUICK = Retries(most=2, first_s=0.001)


class WithServer(unittest.TestCase):
    """A fake server and a client of it."""

    def setUp(self) -> None:
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.server = stack.enter_context(fake.running())
        self.client = stack.enter_context(KinemotionClient("km_key", self.server.url, retries=QUICK))


class Calls(WithServer):
    def test_an_analysis_is_made_of_what_is_given_and_nothing_else(self) -> None:
        self.server.on("POST /api/v1/analyses", Answer(202, examples.analysis("queued")))
        analysis = self.client.create_analysis(
            video_path="s3://bucket/athlete.mp4", sport_type="cmj", athlete={"height_m": 1.8}, idempotency_key="once"
        )
        (asked,) = self.server.asked
        self.assertEqual(
            asked.json(),
            {"sport_type": "cmj", "athlete": {"height_m": 1.8}, "input": {"video_path": "s3://bucket/athlete.mp4"}},
        )
        self.assertEqual(asked.headers["authorization"], "Bearer km_key")
        self.assertEqual(asked.headers["idempotency-key"], "once")
        self.assertEqual((analysis.status, analysis.ended), ("queued", False))

    def test_an_order_says_exactly_one_input(self) -> None:
        orders: list[Order] = [{}, {"demo": True, "streaming": True}]
        for order in orders:
            with self.assertRaisesRegex(ValueError, "exactly one"):
                self.client.create_analysis(**order)

    def test_a_camera_of_the_server_and_how_it_stands_are_two_things(self) -> None:
        self.server.on("POST /api/v1/analyses", Answer(201, examples.analysis()))
        self.client.create_analysis(device="/dev/video0", camera={"yaw_deg": 5})
        self.assertEqual(self.server.asked[-1].json(), {"input": {"camera": "/dev/video0"}, "camera": {"yaw_deg": 5}})

    def test_numbers_are_found_with_and_without_their_unit(self) -> None:
        lower, higher = examples.repetition(0.29), examples.repetition(0.33)
        self.server.on(f"GET {examples.PATH}", Answer(body=examples.analysis("completed", lower, higher, lower)))
        analysis = self.client.get_analysis(examples.ID)
        self.assertEqual(analysis.metrics["jump_height"], 0.33)
        self.assertEqual(analysis.metrics["jump_height_m"], 0.33)
        self.assertEqual(analysis.results[0].uncertainty["jump_height"], 0.01)
        self.assertIn("flight_time", analysis.metrics)
        self.assertNotIn("flight", analysis.metrics)
        with self.assertRaisesRegex(KeyError, "withheld"):
            analysis.metrics["peak_power"]
        with self.assertRaisesRegex(KeyError, "not among"):
            analysis.metrics["speed"]

    def test_names_in_paths_are_escaped(self) -> None:
        athlete = {"athlete_id": "a", "created_at": "2026-11-25T18:00:00Z", "external_id": "roster/17 ö"}
        self.server.on("GET /api/v1/athletes/roster%2F17%20%C3%B6", Answer(body=athlete))
        self.assertEqual(self.client.get_athlete("roster/17 ö").external_id, "roster/17 ö")

    def test_the_environment_says_what_is_not_given(self) -> None:
        self.server.on("GET /api/v1/keys", Answer(body={"keys": []}))
        environment = {"KINEMOTION_URL": self.server.url + "/", "KINEMOTION_API_KEY": "km_other"}
        with mock.patch.dict("os.environ", environment), KinemotionClient() as client:
            self.assertEqual(client.keys(), ())
        self.assertEqual(self.server.asked[-1].headers["authorization"], "Bearer km_other")

    def test_an_answer_of_another_shape_names_what_is_wrong(self) -> None:
        for body, named in [
            ({"keys": [{"key_id": 1}]}, r"keys\[0\]\.key_id"),
            ({}, "keys is missing"),
            (b"<html>", "GET /api/v1/keys"),
        ]:
            self.server.on("GET /api/v1/keys", Answer(body=body))
            with self.assertRaisesRegex(UnexpectedAnswer, named):
                self.client.keys()

    def test_the_key_is_not_shown_by_accident(self) -> None:
        self.assertNotIn("km_key", repr(self.client._settings))


class Errors(WithServer):
    def test_a_problem_is_an_exception_of_its_kind_that_names_the_field(self) -> None:
        answer = problem(422, "invalid-value", "give metres between 0.5 and 2.72", field="athlete.height_m")
        self.server.on("POST /api/v1/analyses", answer)
        with self.assertRaises(InvalidRequest) as caught:
            self.client.create_analysis(demo=True, athlete={"height_m": 180})
        error = caught.exception
        self.assertEqual((error.status, error.kind, error.field), (422, "invalid-value", "athlete.height_m"))
        self.assertIn("athlete.height_m: give metres", str(error))

    def test_an_error_that_is_no_problem_document_has_its_status(self) -> None:
        self.server.on("GET /api/v1/sports", Answer(418, b"<html>teapot</html>"))
        with self.assertRaises(ApiError) as caught:
            self.client.sports()
        self.assertEqual((caught.exception.status, caught.exception.kind), (418, "about:blank"))

    def test_redirects_are_not_followed_with_the_key(self) -> None:
        self.server.on("GET /api/v1/sports", Answer(302, None, {"location": f"{self.server.url}/elsewhere"}))
        with self.assertRaises(ApiError):
            self.client.sports()
        self.assertEqual(len(self.server.asked), 1)

    def test_somebody_who_is_not_there_is_no_answer(self) -> None:
        with KinemotionClient(base_url="http://127.0.0.1:9", retries=QUICK) as client:
            with self.assertRaisesRegex(NoAnswer, "127.0.0.1:9"):
                client.sports()


class Repeating(WithServer):
    full = problem(503, "unavailable", "full", {"retry-after": "0"}, reason="full")

    def test_a_refusal_is_tried_again_whatever_was_asked(self) -> None:
        self.server.on("POST /api/v1/analyses", self.full, Answer(201, examples.analysis()))
        self.client.create_analysis(demo=True)
        self.assertEqual(len(self.server.asked), 2)

    def test_it_is_given_up_after_as_many_tries_as_were_said(self) -> None:
        self.server.on("POST /api/v1/analyses", self.full)
        with self.assertRaises(Unavailable) as caught:
            self.client.create_analysis(demo=True)
        self.assertEqual(caught.exception.reason, "full")
        self.assertEqual(len(self.server.asked), 3)

    def test_what_may_have_been_done_is_repeated_only_where_twice_does_no_harm(self) -> None:
        lost = Answer(cut=True)
        self.server.on(f"GET {examples.PATH}", lost, Answer(body=examples.analysis()))
        self.client.get_analysis(examples.ID)
        self.server.on(f"DELETE {examples.PATH}", lost)
        with self.assertRaises(NoAnswer):
            self.client.delete_analysis(examples.ID)
        self.assertEqual(len(self.server.asked_for(f"DELETE {examples.PATH}")), 1)

    def test_an_order_is_repeated_under_the_same_key(self) -> None:
        self.server.on("POST /api/v1/analyses", Answer(cut=True), Answer(202, examples.analysis("queued")))
        self.client.create_analysis(video_path="https://example.org/a.mp4")
        first, second = (asked.headers["idempotency-key"] for asked in self.server.asked)
        self.assertEqual(first, second)

    def test_the_server_says_how_long_to_wait(self) -> None:
        retries = Retries(most=3, first_s=0.5, longest_s=30)

        def refused(seconds: float | None) -> RateLimited:
            return RateLimited(429, "refused", "", "", retry_after_s=seconds)

        self.assertEqual(retries.wait_s(refused(20), 0, repeatable=False), 20)
        self.assertLessEqual(retries.wait_s(refused(None), 0, repeatable=False), 0.5)
        self.assertGreaterEqual(retries.wait_s(refused(None), 2, repeatable=False), 1.0)
        with self.assertRaises(RateLimited):
            retries.wait_s(refused(3600), 0, repeatable=False)
        with self.assertRaises(RateLimited):
            retries.wait_s(refused(1), 3, repeatable=True)

    def test_retry_after_may_be_a_date(self) -> None:
        headers = {"retry-after": "Wed, 21 Oct 2065 07:28:00 GMT"}
        self.server.on("GET /api/v1/sports", problem(429, "refused", "too many", headers))
        with self.assertRaises(RateLimited) as caught:
            self.client.sports()
        self.assertGreater(caught.exception.retry_after_s or 0, 1e6)


class Pages(WithServer):
    def test_pages_are_fetched_as_they_are_needed(self) -> None:
        def page(asked: Asked) -> Answer:
            n = int(asked.query.get("cursor", "0"))
            entry = {"athlete_id": str(n), "created_at": "2026-11-25T18:00:00Z"}
            return Answer(body={"athletes": [entry], **({"next_cursor": str(n + 1)} if n < 2 else {})})

        self.server.on("GET /api/v1/athletes", page)
        athletes = self.client.athletes()
        self.assertIsInstance(athletes, Iterator)
        self.assertEqual(next(athletes).athlete_id, "0")
        self.assertEqual(len(self.server.asked), 1)
        self.assertEqual([athlete.athlete_id for athlete in athletes], ["1", "2"])

    def test_a_filter_goes_with_every_page(self) -> None:
        first = {"repetitions": [], "next_cursor": "x"}
        self.server.on("GET /api/v1/repetitions", Answer(body=first), Answer(body={"repetitions": []}))
        list(self.client.repetitions(athlete="roster-17", from_="2026-11-01T00:00:00Z"))
        wanted = {"athlete": "roster-17", "from": "2026-11-01T00:00:00Z"}
        self.assertEqual([asked.query for asked in self.server.asked], [wanted, {**wanted, "cursor": "x"}])

    def test_values_of_a_metric_come_with_where_they_were_measured(self) -> None:
        value = {"at": "2026-11-25T18:00:00Z", "value": 0.31, "uncertainty": 0.01, "unit": "m", "method": "flight_time"}
        value |= {"grade": "A", "sport_type": "cmj", "analysis_id": "a", "repetition_id": "r"}
        pages = [{"metric": "jump_height_m", "values": [value], "next_cursor": "x"}, {"metric": "jump_height_m", "values": [value]}]
        self.server.on("GET /api/v1/athletes/roster%2F17/metrics/jump_height_m", *(Answer(body=page) for page in pages))
        values = list(self.client.metric_series("roster/17", "jump_height_m", sport_type="cmj", sort="-value"))
        self.assertEqual([(one.value, one.method, one.at.year) for one in values], [(0.31, "flight_time", 2026)] * 2)
        wanted = {"sport_type": "cmj", "sort": "-value"}
        self.assertEqual([asked.query for asked in self.server.asked], [wanted, {**wanted, "cursor": "x"}])

    def test_metrics_of_a_trend_are_one_parameter(self) -> None:
        estimate = {"value": 0.31, "uncertainty": None}
        change = {"value": 0.02, "uncertainty": 0.01, "certain": True}
        trend = {"metric": "jump_height_m", "count": 4, "highest": estimate, "lowest": estimate, "mean": estimate}
        body = {"sport_type": "cmj", "trends": [{**trend, "change": change, "series": []}]}
        self.server.on("GET /api/v1/athletes/a/trends", Answer(body=body))
        trends = self.client.trends("a", sport_type="cmj", metrics=["jump_height_m", "flight_time_ms"])
        self.assertEqual(self.server.asked[0].query["metrics"], "jump_height_m,flight_time_ms")
        found = trends.of("jump_height_m")
        assert found is not None and found.change is not None
        self.assertTrue(found.change.certain)


class Uploads(WithServer):
    """A server that keeps what it is sent, and loses some of it."""

    def setUp(self) -> None:
        super().setUp()
        self.kept = b""
        self.content = bytes(range(250)) * 4
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "athlete.mp4"
        self.file.write_bytes(self.content)
        patched = mock.patch.object(uploads, "PART_BYTES", 300)
        patched.start()
        self.addCleanup(patched.stop)
        self.server.on("POST /api/v1/uploads", Answer(201, None, {"location": "/api/v1/uploads/u1"}))
        self.server.on("HEAD /api/v1/uploads/u1", lambda asked: self.offset(200))
        self.server.on("POST /api/v1/analyses", Answer(202, examples.analysis("queued")))

    def offset(self, status: int) -> Answer:
        return Answer(status, None, {"upload-offset": str(len(self.kept))})

    def keep(self, asked: Asked) -> Answer:
        if int(asked.headers["upload-offset"]) != len(self.kept):
            return problem(409, "conflict", "the offset is another")
        self.kept += asked.body
        return self.offset(204)

    def test_a_file_of_this_machine_is_uploaded_in_parts_before_it_is_analysed(self) -> None:
        self.server.on("PATCH /api/v1/uploads/u1", self.keep)
        self.client.create_analysis(video_path=self.file, sport_type="cmj")
        self.assertEqual(self.kept, self.content)
        self.assertEqual(self.server.asked[0].headers["upload-length"], "1000")
        self.assertIn(base64.b64encode(b"athlete.mp4").decode(), self.server.asked[0].headers["upload-metadata"])
        self.assertEqual(len(self.server.asked_for("PATCH /api/v1/uploads/u1")), 4)
        self.assertEqual(self.server.asked[-1].json()["input"], {"upload": "u1"})

    def test_it_goes_on_where_the_server_says_it_is(self) -> None:
        def arrives_without_a_word(asked: Asked) -> Answer:
            self.keep(asked)
            return Answer(cut=True)

        self.server.on("PATCH /api/v1/uploads/u1", self.keep, arrives_without_a_word, Answer(cut=True), self.keep)
        self.client.upload(self.file)
        self.assertEqual(self.kept, self.content)

    def test_it_is_given_up_where_nothing_arrives(self) -> None:
        self.server.on("PATCH /api/v1/uploads/u1", problem(409, "conflict", "no"))
        with self.assertRaises(Conflict):
            self.client.upload(self.file)

    def test_an_upload_that_is_gone_is_not_asked_about(self) -> None:
        self.server.on("PATCH /api/v1/uploads/u1", problem(404, "not-found", "expired"))
        with self.assertRaises(NotFound):
            self.client.upload(self.file)
        self.assertEqual(self.server.asked_for("HEAD /api/v1/uploads/u1"), [])


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_it_has_the_same_methods(self) -> None:
        def public(kind: type) -> set[str]:
            return {name for name in vars(kind) if not name.startswith("_")}

        self.assertEqual(public(AsyncKinemotionClient), public(KinemotionClient))

    async def test_calls_retries_and_pages(self) -> None:
        with fake.running() as server:
            athletes = {"athletes": [{"athlete_id": "a", "created_at": "2026-11-25T18:00:00Z"}]}
            server.on("GET /api/v1/athletes", Repeating.full, Answer(body={**athletes, "next_cursor": "x"}), Answer(body=athletes))
            async with AsyncKinemotionClient(base_url=server.url, retries=QUICK) as client:
                self.assertEqual([athlete.athlete_id async for athlete in client.athletes()], ["a", "a"])
            self.assertEqual(len(server.asked), 3)

    async def test_no_answer_is_an_error_of_this_package(self) -> None:
        async with AsyncKinemotionClient(base_url="http://127.0.0.1:9", retries=QUICK) as client:
            with self.assertRaises(NoAnswer) as caught:
                await client.keys()
        self.assertIsInstance(caught.exception.__cause__, httpx.ConnectError)


if __name__ == "__main__":
    unittest.main()
