"""The example of every operation, sent in an order that makes sense: what is needed is made first, by examples too where it can be."""

import http.client
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from document import Lacking, operations

BOUNDARY = "a-boundary-of-this-test"
JSON, MULTIPART, SDP = "application/json", "multipart/form-data", "application/sdp"
# What stands for the name of a thing in examples, and for the bytes of a file.
NAME, FILE = "0199d4c0-7f00-7000-8000-000000000001", "the bytes of jump.mp4"
# What addresses name and nobody has to make.
ALWAYS_THERE = {"file": "index.m3u8", "metric": "jump_height_m"}


@dataclass(frozen=True)
class Step:
    """An example that is sent. `names` are the things its address names, by what the story calls them; `makes` is what the story
    calls the thing that it makes; `changes` are made to its body. A query replaces that of the example, and of the answer the
    first line is enough, for there may be no end of it."""

    operation: str
    names: dict = field(default_factory=dict)
    makes: str = ""
    media_type: str = JSON
    changes: dict = field(default_factory=dict)


def step(operation, makes="", media_type=JSON, changes=None, **names):
    return Step(operation, names, makes, media_type, changes or {})


def ends(name):
    """Reads the events of an analysis to the last one."""
    return step("GET /api/v1/analyses/{id}/stream", id=name)


ANALYSES, ANALYSIS = "/api/v1/analyses", "/api/v1/analyses/{id}"
STORY = [
    step("GET /api/v1/sports"),
    step("GET /api/v1/usage"),
    # Who it is about.
    step("POST /api/v1/athletes", makes="athlete"),
    step("GET /api/v1/athletes"),
    step("GET /api/v1/athletes/{id}", id="athlete"),
    step("PUT /api/v1/athletes/{id}", id="athlete"),
    step("POST /api/v1/training-sessions", makes="session"),
    step("GET /api/v1/training-sessions"),
    step("GET /api/v1/training-sessions/{id}", id="session"),
    step("PUT /api/v1/training-sessions/{id}", id="session"),
    step("POST /api/v1/webhooks/register", makes="webhook"),
    step("GET /api/v1/webhooks"),
    step("GET /api/v1/webhooks/{id}", id="webhook"),
    step("POST /api/v1/webhooks/{id}/test", id="webhook"),
    # A file, to its end.
    step(f"POST {ANALYSES}", makes="file", media_type=MULTIPART, changes={"report": True}),
    ends("file"),
    step(f"GET {ANALYSIS}/overlay.mp4", id="file"),
    step(f"GET {ANALYSIS}/report.html", id="file"),
    step(f"GET {ANALYSIS}/curves_phase.parquet", id="file"),
    step(f"GET {ANALYSIS}/curves_time.parquet", id="file"),
    step(f"GET {ANALYSIS}/curves.mat", id="file"),
    step("GET /api/v1/webhooks/{id}/deliveries", id="webhook"),
    step("GET /api/v1/webhooks/{id}/deliveries?limit=1", makes="delivery", id="webhook"),
    step("POST /api/v1/webhooks/{id}/deliveries/{delivery}/resend", id="webhook", delivery="delivery"),
    # The demo athlete live: recorded, watched, changed.
    step(f"POST {ANALYSES}", makes="live", changes={"record": True, "outputs": [{"hls": True}]}),
    step(f"GET {ANALYSIS}/stream?types=pose", id="live"),
    step(f"GET {ANALYSIS}", id="live"),
    step(f"GET {ANALYSES}"),
    step(f"PATCH {ANALYSIS}", id="live"),
    step(f"GET {ANALYSIS}/snapshot.jpg", id="live"),
    step(f"GET {ANALYSIS}/diagnostics", id="live"),
    step(f"GET {ANALYSIS}/diagnostics/pipeline.dot", id="live"),
    step("POST /whep/{id}", makes="viewer", media_type=SDP, id="live"),
    step("DELETE /whep/{id}/{viewer}", id="live", viewer="viewer"),
    step("POST /api/v1/tokens", id="live"),
    step(f"DELETE {ANALYSIS}", id="live"),
    ends("live"),
    # By now its first segments are written.
    step("GET /hls/{id}/{file}", id="live"),
    step(f"GET {ANALYSIS}/recording.mp4", id="live"),
    step(f"GET {ANALYSIS}/events.ndjson", id="live"),
    step(f"GET {ANALYSIS}/results.json", id="live"),
    step(f"GET {ANALYSIS}/results.csv", id="live"),
    step(f"GET {ANALYSIS}/results.mat", id="live"),
    # Somebody publishes.
    step("POST /whip", makes="published", media_type=SDP),
    step("PATCH /whip/{id}", media_type="application/trickle-ice-sdpfrag", id="published"),
    step("DELETE /whip/{id}", id="published"),
    step(f"POST {ANALYSES}", makes="waiting", changes={"input": {"streaming": True}}),
    step("POST /whip/{id}", media_type=SDP, id="waiting"),
    # What was measured.
    step("GET /api/v1/repetitions"),
    step("GET /api/v1/exports/repetitions.csv"),
    step("GET /api/v1/exports/repetitions.parquet"),
    step("GET /api/v1/athletes/{id}/trends", id="athlete"),
    step("GET /api/v1/athletes/{id}/metrics/{metric}", id="athlete"),
    step("GET /api/v1/athletes/{id}/export.zip", id="athlete"),
    # A file in pieces.
    step("POST /api/v1/uploads", makes="upload"),
    step("HEAD /api/v1/uploads/{id}", id="upload"),
    step("PATCH /api/v1/uploads/{id}", media_type="application/offset+octet-stream", id="upload"),
    # Who may do what.
    step("POST /api/v1/keys", makes="key"),
    step("GET /api/v1/keys"),
    step("POST /api/v1/keys/{id}/rotate", makes="key", id="key"),
    step("GET /api/v1/audit"),
]
# What is taken away again: made anew, as whatever was sent meanwhile may have taken the first ones away.
FAREWELL = [
    step("POST /api/v1/uploads", makes="upload"),
    step("DELETE /api/v1/uploads/{id}", id="upload"),
    step("POST /api/v1/keys", makes="key"),
    step("DELETE /api/v1/keys/{id}", id="key"),
    step("POST /api/v1/athletes", makes="athlete", changes={"external_id": "another"}),
    step("POST /api/v1/training-sessions", makes="session", changes={"athlete": "another"}),
    step("POST /api/v1/webhooks/register", makes="webhook"),
    step("POST /api/v1/webhooks/{id}/enable", id="webhook"),
    step("DELETE /api/v1/webhooks/{id}", id="webhook"),
    step("DELETE /api/v1/training-sessions/{id}", id="session"),
    step("DELETE /api/v1/athletes/{id}", id="athlete"),
]


class Teller:
    """Sends the examples to a daemon. `problems` are sentences; `things` are the names of what was made."""

    def __init__(self, url, key, clip):
        self.url, self.key, self.clip = url, key, clip
        self.things, self.tags, self.problems = {}, {}, []

    def begin(self):
        """Reads what is described, and sends what leaves something behind."""
        document = json.loads(self.ask("GET", "/api/v1/openapi.json", {}, None)[2])
        self.described = {operation.name: operation for operation in operations(document)}
        told = {(step.operation.partition("?")[0], step.media_type) for step in STORY + FAREWELL}
        for operation in self.described.values():
            for media_type in operation.media_types:
                if (operation.name, media_type or JSON) not in told:
                    self.problems.append(f"no step of the story sends {operation.name} {media_type or ''}")
        self.tell(STORY)

    def end(self):
        """Sends what takes everything away again."""
        self.tell(FAREWELL)

    def tell(self, steps):
        for step in steps:
            name, _, query = step.operation.partition("?")
            if name not in self.described:
                self.problems.append(f"{name} is not described")
            elif problem := self.take(step, self.described[name], query):
                self.problems.append(f"{name}: {problem}")

    def take(self, step, operation, query):
        """Sends one example; what is wrong about it or its answer, else None."""
        media_type = step.media_type if operation.media_types != [None] else None
        try:
            path, headers, body = operation.example(media_type)
        except Lacking as lacking:
            return str(lacking)
        missing = [name for name in step.names.values() if name not in self.things]
        if missing:
            return f"there is no {', '.join(missing)}, which should have been made before"
        path = self.named(path, operation, step)
        if query:
            path = f"{path.partition('?')[0]}?{query}"
        if "If-Match" in headers:
            headers["If-Match"] = self.tags[step.names["id"]]
        headers, body = self.encoded(headers, body, media_type, step)
        status, answer_type, content, location, tag = self.ask(operation.method, path, headers, body, first=bool(query))
        if status >= 300:
            return f"{path} is answered with {status}: {content[:300]!r}"
        parsed = json.loads(content) if answer_type == JSON else None
        problem = operation.check(status, answer_type, parsed)
        if not problem and step.makes:
            self.things[step.makes] = made(step, location, parsed)
            self.tags[step.makes] = tag
        return problem

    def named(self, path, operation, step):
        """The address of what was made, in place of that of the example."""
        address = operation.path
        for parameter, thing in step.names.items():
            address = address.replace(f"{{{parameter}}}", self.things[thing])
        _, question, query = path.partition("?")
        for parameter, text in ALWAYS_THERE.items():
            address = address.replace(f"{{{parameter}}}", text)
        return address + question + query

    def encoded(self, headers, body, media_type, step):
        """The body of an example as it is sent, with things that are there in place of those it names."""
        if media_type is None:
            return headers, None
        if media_type == MULTIPART:
            part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
            head = f"{part % 'request'}{json.dumps({**body['request'], **step.changes})}\r\n{part % 'video'}"
            media_type = f"{MULTIPART}; boundary={BOUNDARY}"
            body = head.encode() + self.clip + f"\r\n--{BOUNDARY}--\r\n".encode()
        elif media_type == JSON:
            text = json.dumps({**body, **step.changes})
            body = text.replace(NAME, self.things.get(step.names.get("id"), NAME)).encode()
        else:
            body = body.encode()
        return {**headers, "Content-Type": media_type}, body

    def ask(self, method, path, headers, body, first=False):
        """Status, media type, body, Location and ETag of an answer; of one that goes on for ever, the `first` line."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **headers})
        answer = connection.getresponse()
        content = answer.readline() if first else answer.read()
        media_type = (answer.getheader("Content-Type") or "").partition(";")[0]
        connection.close()
        return answer.status, media_type, content, answer.getheader("Location") or "", answer.getheader("ETag")


def made(step, location, answer):
    """The name of what a step has made: the end of its address, else what the answer calls it."""
    if location:
        return location.rstrip("/").rpartition("/")[2]
    if step.makes == "delivery":
        return answer["deliveries"][0]["delivery_id"]
    return next(value for name, value in answer.items() if name == f"{step.makes}_id" or name.endswith("_id"))
