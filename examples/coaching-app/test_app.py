"""The coaching app as its README shows it, and with the daemon."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import app
from support import commands, daemon, environment, examples, fake, run, test_webhooks

from kinemotion import KinemotionClient

SECRET = test_webhooks.SECRET


def told(event_id: str, height: float, grade: str = "A", secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """A request as the daemon sends it."""
    numbers = {"jump_height_m": height, "reactive_strength_index": None}
    data = {"movement": "cmj", "quality": {"grade": grade, "reasons": []}}
    event = {**test_webhooks.EVENT, "event_id": event_id, "metrics": numbers, "data": data}
    return test_webhooks.signed(secret, event, int(time.time()))


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def listening(book: app.Book):
    with app.server(book, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hooks"
        finally:
            server.shutdown()
            thread.join()


class CoachingApp(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "coach.sqlite3")
        self.book = app.Book(self.path)

    def test_what_its_readme_shows_runs(self) -> None:
        webhook = {"webhook_id": "w", "url": "https://coach.example/hooks", "events": [], "sport_types": []}
        made = fake.Answer(201, {**webhook, "created_at": "2026-11-25T18:00:00Z", "secret": SECRET})
        with fake.running() as server:
            server.on("POST /api/v1/webhooks/register", made)
            server.on("POST /api/v1/analyses", fake.Answer(202, examples.analysis("queued")))
            register, serve, order, board = (
                [self.path if word == "coach.sqlite3" else word for word in command] for command in commands(HERE)
            )
            run(register, HERE, server.url)
            serve[serve.index("--port") + 1] = "0"
            app_process = subprocess.Popen(serve, cwd=HERE, env=environment(server.url), stdout=subprocess.PIPE, text=True)
            try:
                assert app_process.stdout is not None
                port = int(app_process.stdout.readline().split()[-1])
                run(order, HERE, server.url)
                for request in [told("e1", 0.31), told("e2", 0.34), told("e1", 0.31)]:
                    self.assertEqual(post(f"http://127.0.0.1:{port}/hooks", *request), 204)
                self.assertEqual(run(board, HERE, server.url), "Robin                  2 jumps, highest 34.0 cm\n")
            finally:
                app_process.terminate()
                app_process.communicate()

    def test_what_is_forged_or_no_event_changes_nothing(self) -> None:
        self.book.note_webhook("https://coach.example/hooks", SECRET)
        other = "whsec_" + "x" * 32
        body, headers = told("e1", 0.31)
        with listening(self.book) as url:
            self.assertEqual(post(url, *told("e1", 0.31, secret=other)), 401)
            self.assertEqual(post(url, body + b" ", headers), 401)
            self.assertEqual(post(url, b"", headers), 413)
            self.assertEqual(post(url, *test_webhooks.signed(SECRET, {"event_id": "e"}, int(time.time()))), 400)
        self.book.note_order(examples.ID, "Robin")
        self.assertEqual(self.book.board(), [])

    def test_a_jump_may_come_before_its_order_and_what_is_graded_f_does_not_count(self) -> None:
        self.book.note_webhook("https://coach.example/hooks", SECRET)
        with listening(self.book) as url:
            for request in [told("e1", 0.31), told("e2", 0.60, "F")]:
                self.assertEqual(post(url, *request), 204)
        self.assertEqual(self.book.board(), [])
        self.book.note_order(examples.ID, "Robin")
        self.assertEqual(self.book.board(), [("Robin", 1, 0.31)])

    def test_it_is_told_by_the_daemon(self) -> None:
        with daemon.running(WEBHOOKS__PRIVATE_HOSTS="true") as url, KinemotionClient(base_url=url) as client:
            # The secret is known only once the address is, so the address is taken first.
            self.book.note_webhook("taken", SECRET)
            with listening(self.book) as taken:
                pass
            webhook = client.register_webhook(taken, events=["repetition"], sport_types=["cmj"])
            self.book.note_webhook(webhook.url, webhook.secret)
            port = int(taken.rpartition(":")[2].partition("/")[0])
            arrived = threading.Event()
            note, self.book.note = self.book.note, lambda event: (note(event), arrived.set())  # type: ignore[method-assign]
            with app.server(self.book, port) as server:
                thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
                thread.start()
                try:
                    analysis = client.create_analysis(demo=True, sport_type="cmj", quality="fast")
                    self.book.note_order(analysis.analysis_id, "Demo")
                    self.assertTrue(arrived.wait(60))
                    client.delete_analysis(analysis.analysis_id)
                finally:
                    server.shutdown()
                    thread.join()
            (row,) = self.book.board()
            self.assertEqual(row[0], "Demo")
            self.assertGreater(row[2], 0.05)


if __name__ == "__main__":
    unittest.main()
