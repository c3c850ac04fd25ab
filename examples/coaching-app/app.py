"""A coaching app that keeps what it is told by webhooks in a database of its own; see README.md."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kinemotion import InvalidSignature, KinemotionClient, KinemotionError, WebhookEvent, WebhookReceiver
from kinemotion.orders import AthleteGiven

TABLES = """
CREATE TABLE IF NOT EXISTS webhook (url TEXT NOT NULL, secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (analysis_id TEXT PRIMARY KEY, athlete TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jumps (
    event_id TEXT PRIMARY KEY, analysis_id TEXT NOT NULL, at TEXT NOT NULL, grade TEXT NOT NULL,
    height_m REAL, reactive_strength_index REAL);
"""
#: Largest request taken, bytes; a repetition has about 5 kB.
MOST_BYTES = 1 << 20


class Book:
    """The app's own database."""

    def __init__(self, path: str) -> None:
        self._path = path
        with closing(self._open()) as database:
            database.executescript(TABLES)

    def _open(self) -> sqlite3.Connection:
        # One each: requests come in threads of their own.
        return sqlite3.connect(self._path)

    def note_webhook(self, url: str, secret: str) -> None:
        with closing(self._open()) as database, database:
            database.execute("INSERT INTO webhook VALUES (?, ?)", (url, secret))

    def secrets(self) -> list[str]:
        """The newest first; the one before is good until nobody uses it any more."""
        with closing(self._open()) as database:
            return [secret for (secret,) in database.execute("SELECT secret FROM webhook ORDER BY rowid DESC LIMIT 2")]

    def note_order(self, analysis_id: str, athlete: str) -> None:
        with closing(self._open()) as database, database:
            database.execute("INSERT INTO orders VALUES (?, ?)", (analysis_id, athlete))

    def note(self, event: WebhookEvent) -> None:
        """Keeps a jump. One that is told twice has the same `event_id` and is kept once."""
        grade = event.data.get("quality", {}).get("grade", "F")
        height, index = event.metrics.get("jump_height"), event.metrics.get("reactive_strength_index")
        row = (event.event_id, event.analysis_id, event.timestamp_iso.isoformat(), grade, height, index)
        with closing(self._open()) as database, database:
            database.execute("INSERT OR IGNORE INTO jumps VALUES (?, ?, ?, ?, ?, ?)", row)

    def board(self) -> list[tuple[str, int, float]]:
        """Athletes with how often and how high they jumped, the highest first. What is graded F does not count."""
        # Joined when it is read: a jump may be told before the order is noted.
        query = """SELECT athlete, COUNT(*), MAX(height_m) FROM jumps JOIN orders USING (analysis_id)
                   WHERE grade <> 'F' AND height_m IS NOT NULL GROUP BY athlete ORDER BY 3 DESC"""
        with closing(self._open()) as database:
            return database.execute(query).fetchall()


def server(book: Book, port: int) -> ThreadingHTTPServer:
    """Listens to webhooks."""
    receiver = WebhookReceiver(*book.secrets())

    class Hooks(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(self._take())
            self.end_headers()

        def _take(self) -> int:
            length = int(self.headers.get("content-length") or 0)
            if not 0 < length <= MOST_BYTES:
                return 413
            try:
                event = receiver.receive(self.rfile.read(length), dict(self.headers.items()))
            except InvalidSignature as error:
                self.log_error("refused: %s", error)
                return 401
            except KinemotionError as error:
                self.log_error("not understood: %s", error)
                return 400
            if event.event_type == "repetition":
                book.note(event)
            # Only now: what is not noted is told again.
            return 204

    return ThreadingHTTPServer(("127.0.0.1", port), Hooks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("book", help="file of the database")
    actions = parser.add_subparsers(dest="action", required=True)
    register = actions.add_parser("register", help="have this app told, once")
    register.add_argument("url", help="where the server reaches this app")
    serve = actions.add_parser("serve", help="listen to webhooks")
    serve.add_argument("--port", type=int, default=9000)
    order = actions.add_parser("order", help="have a video analysed")
    order.add_argument("video", help="s3://…, https://… or a file of this machine")
    order.add_argument("--athlete", required=True)
    order.add_argument("--height-m", type=float)
    actions.add_parser("board", help="show who jumped how high")
    options = parser.parse_args()

    book = Book(options.book)
    if options.action == "serve":
        with server(book, options.port) as listening:
            print(f"listening on port {listening.server_port}", flush=True)
            listening.serve_forever()
    if options.action == "board":
        for name, jumps, height in book.board():
            print(f"{name:20} {jumps:3} jumps, highest {100 * height:.1f} cm")
        return
    with KinemotionClient() as client:
        if options.action == "register":
            webhook = client.register_webhook(options.url, events=["repetition"], sport_types=["cmj", "dropjump"])
            book.note_webhook(webhook.url, webhook.secret)
        else:
            athlete: AthleteGiven = {"height_m": options.height_m} if options.height_m else {}
            analysis = client.create_analysis(video_path=options.video, sport_type="cmj", athlete=athlete)
            book.note_order(analysis.analysis_id, options.athlete)
            print(analysis.analysis_id)


if __name__ == "__main__":
    try:
        main()
    except KinemotionError as error:
        sys.exit(str(error))
