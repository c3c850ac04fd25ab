"""Events: what their bytes say, and how a stream that is lost goes on."""

from __future__ import annotations

import tempfile
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kinemotion import (
    AnalysisFailed,
    AsyncKinemotionClient,
    Event,
    KinemotionClient,
    MetricUpdateEvent,
    NoAnswer,
    NotFound,
    RepetitionEvent,
    Retries,
    StateEvent,
    UnexpectedAnswer,
    Update,
)
from kinemotion.streams import Lines, ServerSentEvents, Transport

from . import examples, fake
from .examples import ID, PATH, ndjson, sse, state, update
from .fake import Answer, problem
from .test_client import WithServer

STREAM = f"GET {PATH}/stream"
EVENTS = [state(0, "live"), update(1, "jump_height_m", 0.3), examples.event(2, "repetition", examples.repetition())]
ALL = [*EVENTS, state(3, "done")]


class Decoders(unittest.TestCase):
    def test_events_are_the_same_however_their_bytes_are_cut(self) -> None:
        texts = [*ALL, examples.event(4, "warning", {"message": "a line\u2028in a line, ö"})]
        for decoder, encode in [(ServerSentEvents, sse), (Lines, ndjson)]:
            encoded = encode(*texts)
            for size in (1, 7, len(encoded)):
                one = decoder()
                chunks = [encoded[i : i + size] for i in range(0, len(encoded), size)]
                self.assertEqual([text for chunk in chunks for text in one.feed(chunk)], texts)

    def test_comments_other_fields_and_several_lines_of_data(self) -> None:
        decoder = ServerSentEvents()
        text = b": keep-alive\n\nevent: x\r\nid: 1\r\ndata:{\r\ndata: }\r\n\r\n"
        self.assertEqual(list(decoder.feed(text)), ["{\n}"])

    def test_a_line_without_an_end_is_not_kept_for_ever(self) -> None:
        decoder = Lines()
        with self.assertRaises(UnexpectedAnswer):
            for _ in range(20):
                decoder.feed(b"x" * (1 << 17))


class Streams(WithServer):
    def test_events_have_their_classes_and_unknown_ones_are_kept(self) -> None:
        unknown = examples.event(3, "heartbeat", {"beat": 1}, dropped=2)
        self.server.on(STREAM, Answer(parts=[sse(*EVENTS), sse(unknown), sse(state(4, "done"))]))
        events = list(self.client.events(ID))
        self.assertEqual(
            [type(event) for event in events], [StateEvent, MetricUpdateEvent, RepetitionEvent, Event, StateEvent]
        )
        repetition = events[2]
        assert isinstance(repetition, RepetitionEvent)
        self.assertEqual(repetition.data.metrics["jump_height"], 0.31)
        self.assertEqual((events[3].data, events[3].dropped), ({"beat": 1}, 2))

    def test_each_transport_asks_for_its_own(self) -> None:
        transports: list[tuple[Transport, Any, str]] = [
            ("sse", sse, "text/event-stream"),
            ("ndjson", ndjson, "application/x-ndjson"),
        ]
        for transport, encode, accept in transports:
            self.server.on(STREAM, Answer(parts=[encode(*ALL)]))
            events = list(self.client.events(ID, types=["state", "repetition"], transport=transport))
            self.assertEqual([event.sequence for event in events], [0, 1, 2, 3])
            asked = self.server.asked[-1]
            self.assertEqual(asked.headers["accept"], accept)
            self.assertEqual(asked.query, {"from_sequence": "0", "types": "state,repetition"})

    def test_a_lost_stream_goes_on_behind_the_last_event_and_nothing_comes_twice(self) -> None:
        again = sse(*ALL[1:])
        self.server.on(STREAM, Answer(parts=[sse(*ALL[:2])], cut=True), Answer(cut=True), Answer(parts=[again]))
        events = list(self.client.events(ID))
        self.assertEqual([event.sequence for event in events], [0, 1, 2, 3])
        self.assertEqual([asked.query["from_sequence"] for asked in self.server.asked_for(STREAM)], ["0", "2", "2"])

    def test_a_stream_that_something_between_cut_cleanly_goes_on_too(self) -> None:
        self.server.on(STREAM, Answer(parts=[sse(*EVENTS)]), Answer(parts=[sse(state(3, "done"))]))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("running")))
        self.assertEqual(len(list(self.client.events(ID))), 4)

    def test_a_stream_of_some_types_ends_when_the_analysis_has(self) -> None:
        self.server.on(STREAM, Answer(parts=[sse(EVENTS[2])]))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("completed")))
        self.assertEqual(len(list(self.client.events(ID, types=["repetition"]))), 1)
        self.assertEqual(len(self.server.asked_for(STREAM)), 1)

    def test_what_cannot_be_mended_by_waiting_is_raised(self) -> None:
        self.server.on(STREAM, problem(404, "not-found", "no such analysis"))
        with self.assertRaises(NotFound):
            list(self.client.events(ID))
        self.server.on(STREAM, Answer(cut=True))
        with self.assertRaises(NoAnswer):
            list(self.client.events(ID, patience_s=0))

    def test_waiting_ends_with_the_results_or_says_why_there_are_none(self) -> None:
        self.server.on(STREAM, Answer(parts=[sse(state(0, "done"))]))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("completed", examples.repetition(0.4))))
        self.assertEqual(self.client.wait(ID).metrics["jump_height"], 0.4)
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("failed", reason="no video track")))
        with self.assertRaisesRegex(AnalysisFailed, "no video track"):
            self.client.wait(ID)

    def test_files_are_saved_as_they_come_and_nothing_is_saved_of_a_refusal(self) -> None:
        self.server.on(f"GET {PATH}/recording.mp4", Answer(parts=[b"moov", b"mdat"]))
        self.server.on("GET /api/v1/exports/repetitions.parquet", Answer(parts=[b"PAR1"]))
        self.server.on(f"GET {PATH}/curves_time.parquet", Answer(parts=[b"PAR1time"]))
        self.server.on(f"GET {PATH}/curves.mat", Answer(parts=[b"MATLAB"]))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            self.client.recording(ID, path)
            self.assertEqual(path.read_bytes(), b"moovmdat")
            self.client.curves(ID, path, "time")
            self.assertEqual(path.read_bytes(), b"PAR1time")
            self.client.curves(ID, path, "mat")
            self.assertEqual(path.read_bytes(), b"MATLAB")
            self.client.export_repetitions(path, "parquet", athlete="roster-17", from_="2026-11-01T00:00:00Z")
            self.assertEqual(path.read_bytes(), b"PAR1")
            self.assertEqual(self.server.asked[-1].query, {"athlete": "roster-17", "from": "2026-11-01T00:00:00Z"})
            with self.assertRaises(NotFound):
                self.client.overlay_video(ID, Path(folder) / "other")
            self.assertFalse((Path(folder) / "other").exists())


@contextmanager
def sockets(answers: list[list[str] | int]) -> Iterator[tuple[str, list[str]]]:
    """A WebSocket server that says one list of texts per connection and closes, without a good-bye after all but the last;
    a number is the status of a refusal."""
    from websockets.sync.server import ServerConnection, serve

    asked: list[str] = []

    def refuse(connection: ServerConnection, request: Any) -> Any:
        asked.append(request.path)
        if isinstance(answers[0], int):
            return connection.respond(answers[0], "no")
        return None

    def say(connection: ServerConnection) -> None:
        texts = answers.pop(0)
        assert isinstance(texts, list)
        for text in texts:
            connection.send(text)
        if answers:
            connection.socket.close()

    with serve(say, "127.0.0.1", 0, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", asked
        finally:
            server.shutdown()
            thread.join()


class WebSockets(unittest.IsolatedAsyncioTestCase):
    async def test_both_clients_go_on_after_a_loss(self) -> None:
        with sockets([ALL[:2], ALL[2:]]) as (url, asked), KinemotionClient(base_url=url) as client:
            events = list(client.events(ID, transport="websocket"))
            self.assertEqual([event.sequence for event in events], [0, 1, 2, 3])
            self.assertEqual(asked, [f"{PATH}/stream?from_sequence=0", f"{PATH}/stream?from_sequence=2"])
        with sockets([ALL[:2], ALL[2:]]) as (url, asked):
            async with AsyncKinemotionClient(base_url=url) as later:
                numbers = [event.sequence async for event in later.events(ID, transport="websocket")]
                self.assertEqual(numbers, [0, 1, 2, 3])

    async def test_a_refusal_is_an_error_of_the_api(self) -> None:
        with sockets([404]) as (url, _), KinemotionClient(base_url=url) as client:
            with self.assertRaises(NotFound):
                list(client.events(ID, transport="websocket"))


class Streamed(unittest.IsolatedAsyncioTestCase):
    """`stream_analysis`"""

    def setUp(self) -> None:
        running = fake.running()
        self.server = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        self.server.on("POST /api/v1/analyses", Answer(201, examples.analysis()))
        self.client = AsyncKinemotionClient(base_url=self.server.url, retries=Retries(most=0))
        self.addAsyncCleanup(self.client.close)

    async def test_numbers_of_one_moment_are_told_together_and_those_of_a_repetition_are_final(self) -> None:
        first = [update(0, "flight_time_ms", 500.0), update(1, "jump_height_m", 0.30)]
        last = [examples.event(2, "repetition", examples.repetition(0.31)), state(3, "done")]
        self.server.on(STREAM, Answer(parts=[sse(*first)], cut=True), Answer(parts=[sse(*last)]))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("completed", examples.repetition(0.31))))
        told: list[Update] = []
        async with self.client.stream_analysis(demo=True, sport_type="cmj", on_update=told.append) as stream:
            results = await stream.wait()
        self.assertEqual([(one["jump_height"], one.final) for one in told], [(0.30, False), (0.31, True)])
        self.assertEqual(told[1].withheld, ("peak_power_w",))
        self.assertEqual(results.metrics["jump_height"], 0.31)
        self.assertEqual(self.server.asked_for(f"DELETE {PATH}"), [])

    async def test_what_the_callback_raises_comes_out_of_wait_and_ends_the_analysis(self) -> None:
        self.server.on(STREAM, Answer(parts=[sse(update(0, "flight_time_ms", 500.0))], cut=True))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("running")))
        self.server.on(f"DELETE {PATH}", Answer(204))

        async def broken(update: Update) -> None:
            raise ZeroDivisionError(update.timestamp_ms)

        with self.assertRaises(ZeroDivisionError):
            async with self.client.stream_analysis(demo=True, on_update=broken) as stream:
                await stream.wait()
        self.assertEqual(len(self.server.asked_for(f"DELETE {PATH}")), 1)

    async def test_leaving_before_the_end_ends_the_analysis(self) -> None:
        self.server.on(STREAM, Answer(parts=[sse(state(0, "live"))]))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("running")))
        self.server.on(f"DELETE {PATH}", Answer(204))
        async with self.client.stream_analysis(demo=True):
            pass
        self.assertEqual(len(self.server.asked_for(f"DELETE {PATH}")), 1)


if __name__ == "__main__":
    unittest.main()
