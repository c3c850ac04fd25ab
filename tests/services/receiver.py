"""Servers that take what is posted to them: one for tests to say what it does, and a receiver of webhooks."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# One event in so many is refused when it first comes, so that some are told again.
REFUSED_OF = 7


class Listener:
    """Takes POST requests at `url` while it is entered. `take` says what is made of one."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def take(self, path, body):
        """Takes a request; the status it is answered with."""
        raise NotImplementedError

    def handler(self):
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # whoever spoke was killed meanwhile
                self.send_response(listener.take(self.path, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Receiver(Listener):
    """A receiver of webhooks that refuses some events at first. `bodies` is what came, by `event_id`; `contradictions` are events
    that came with two contents."""

    def __init__(self):
        super().__init__()
        self.bodies, self.contradictions = {}, []
        self.requests, self.refused = 0, set()
        self.lock = threading.Lock()

    def take(self, _, body):
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
