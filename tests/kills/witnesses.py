"""Clients that remember what they were told: a reader of streams, and a receiver of webhooks."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TRANSPORTS = {"SSE": "text/event-stream", "NDJSON": "application/x-ndjson"}
# One event in so many is refused when it first comes, so that some are told again.
REFUSED_OF = 7


class Refused(Exception):
    """The daemon answers, and does not do as it was asked."""


class Reader:
    """Reads what analyses say as it happens. `told` are the repetitions that came whole, by the name of their analysis; `troubles`
    are streams that were refused. `hears` is set when a repetition comes, `ends` when a stream does."""

    def __init__(self):
        self.told, self.troubles = {}, []
        self.hears, self.ends = threading.Event(), threading.Event()
        self.threads = []

    def follow(self, url, analysis_id, transport):
        """Begins to read, until the stream ends or breaks."""
        thread = threading.Thread(target=self.read, args=(url, analysis_id, transport), daemon=True)
        thread.start()
        self.threads.append(thread)

    def read(self, url, analysis_id, transport):
        told = self.told.setdefault(analysis_id, [])
        try:
            for event in events(url, analysis_id, transport):
                if event not in told:
                    told.append(event)
                    self.hears.set()
            self.ends.set()
        except Refused as refused:
            self.troubles.append(str(refused))
        except (OSError, http.client.HTTPException):
            pass  # the daemon was killed, which is what this is about

    def join(self):
        """Waits until nothing more can come."""
        for thread in self.threads:
            thread.join()
        self.threads.clear()


def events(url, analysis_id, transport):
    """Repetitions as they come, without what a slow reader is told beside them."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    path = f"/api/v1/analyses/{analysis_id}/stream?types=repetition"
    connection.request("GET", path, headers={"Accept": TRANSPORTS[transport]})
    answer = connection.getresponse()
    if answer.status != 200:
        raise Refused(f"GET {path} is answered with {answer.status}: {answer.read().decode()}")
    prefix = b"data:" if transport == "SSE" else b"{"
    for line in answer:
        # One that broke off in the middle was not told.
        if line.startswith(prefix) and line.endswith(b"\n"):
            event = json.loads(line.removeprefix(b"data:"))
            event.pop("dropped", None)
            yield event


class Receiver:
    """A receiver of webhooks while it is entered. `bodies` is what came, by `event_id`; `contradictions` are events that came with
    two contents."""

    def __init__(self):
        self.bodies, self.contradictions = {}, []
        self.requests, self.refused = 0, set()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the daemon was killed while it spoke
                self.send_response(receiver.take(body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def take(self, body):
        """Notes a request; the status it is answered with."""
        event_id = json.loads(body)["event_id"]
        with self.lock:
            self.requests += 1
            before = self.bodies.setdefault(event_id, body)
            if before != body:
                self.contradictions.append(f"event {event_id} came as {before} and as {body}")
            # Names of events are UUIDs: as good as dice that always fall alike.
            if int(event_id[:8], 16) % REFUSED_OF == 0 and event_id not in self.refused:
                self.refused.add(event_id)
                return 503
        return 204

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
