"""The HTTP and WebSocket part of the API under load, without media: analyses that wait for a publisher, and many who watch one.

    locust -f locustfile.py --headless --host http://127.0.0.1:8080 --users 20 --run-time 30s
"""

import json
import random
import time
import urllib.request

import websocket
from locust import HttpUser, events, task

# The demo athlete everybody watches.
watched = None
# How many events one reads before going away: a second of poses.
READ = 30


@events.init_command_line_parser.add_listener
def options(parser):
    parser.add_argument("--pause", default="0.1-0.5", metavar="LEAST-MOST", help="seconds between what a user does")


@events.test_start.add_listener
def begin(environment, **_):
    global watched
    watched = json.load(ask(environment, "POST", "/api/v1/analyses", {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}))


@events.test_stop.add_listener
def end(environment, **_):
    if watched:
        ask(environment, "DELETE", f"/api/v1/analyses/{watched['analysis_id']}")


def ask(environment, method, path, body=None):
    """A request that is not counted."""
    request = urllib.request.Request(environment.host + path, method=method, headers={"Content-Type": "application/json"})
    return urllib.request.urlopen(request, data=json.dumps(body).encode() if body else None, timeout=30)


class User(HttpUser):
    """Somebody who waits a little between one thing and the next."""

    abstract = True

    def wait_time(self):
        least, most = self.environment.parsed_options.pause.split("-")
        return random.uniform(float(least), float(most))


class Organiser(User):
    """Makes an analysis somebody would publish to, looks at it, and takes it away."""

    weight = 3

    @task
    def life(self):
        body = {"sport_type": "cmj", "quality": "fast", "input": {"streaming": True}}
        with self.client.post("/api/v1/analyses", json=body, catch_response=True) as answer:
            if answer.status_code != 201:
                answer.failure(f"{answer.status_code}: {answer.text[:100]}")
                return
        path = f"/api/v1/analyses/{answer.json()['analysis_id']}"
        name = "/api/v1/analyses/{id}"
        self.client.get(path, name=name)
        self.client.get("/api/v1/analyses?limit=20", name="/api/v1/analyses")
        self.client.delete(path, name=f"{name} ends")
        self.until_ended(path, name)
        self.client.delete(path, name=f"{name} removes")

    def until_ended(self, path, name):
        """Reads its events to the last, which comes when it has ended."""
        self.client.get(f"{path}/stream?types=state", name=f"{name}/stream NDJSON to the end")


class Watcher(User):
    """Reads a second of events and goes away."""

    weight = 1

    def path(self):
        return f"/api/v1/analyses/{watched['analysis_id']}/stream?types=pose"

    @task
    def server_sent_events(self):
        name = "/api/v1/analyses/{id}/stream SSE opens"
        headers = {"Accept": "text/event-stream"}
        with self.client.get(self.path(), name=name, headers=headers, stream=True, catch_response=True) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith(b"data:"))
            read = sum(1 for _, line in zip(range(READ), lines))
            if read < READ:
                answer.failure(f"the stream ended after {read} events")

    @task
    def web_socket(self):
        url = self.host.replace("http", "ws", 1) + self.path()
        self.counted("WS", "/api/v1/analyses/{id}/stream opens, first event", self.open, url)
        if self.socket:
            self.counted("WS", f"/api/v1/analyses/{{id}}/stream {READ} events", self.read)
            self.socket.close()

    def open(self, url):
        self.socket = None
        socket = websocket.create_connection(url, timeout=30)
        length = len(socket.recv())
        self.socket = socket
        return length

    def read(self):
        return sum(len(self.socket.recv()) for _ in range(READ))

    def counted(self, kind, name, call, *arguments):
        """Counts a call as a request."""
        since, length, problem = time.perf_counter(), 0, None
        try:
            length = call(*arguments)
        except (OSError, websocket.WebSocketException) as error:
            problem = error
        self.environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=1e3 * (time.perf_counter() - since),
            response_length=length,
            exception=problem,
            context={},
        )
