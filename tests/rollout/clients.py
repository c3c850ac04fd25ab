"""Those who use the service behind haproxy: many short ones, and one that reads a live analysis all the time."""

import base64
import http.client
import json
import os
import socket
import threading
import time
from collections import namedtuple
from http.cookies import SimpleCookie

ANALYSES = "/api/v1/analyses"
# Each of so many clients begins anew so many seconds after its last beginning, or when it is through.
CLIENTS, PACE_S = 4, 0.1

# When it came (clock of the machine), which server gave it (None: haproxy itself), and its status.
Answer = namedtuple("Answer", "at server status")
# Counts as a bad answer; no server says so.
NO_ANSWER = 599


class Client:
    """A client that comes for the first time and keeps its cookie, which says whose it is."""

    def __init__(self, address):
        self.address, self.server = address, None

    def ask(self, method, path, body=None):
        """Status and JSON of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        headers = {"Cookie": f"SERVER={self.server}"} if self.server else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        cookie = SimpleCookie(answer.headers.get("Set-Cookie")).get("SERVER")
        self.server = cookie.value if cookie else self.server
        # haproxy's own answers are pages.
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(text) if text and is_json else None

    def order(self, **source):
        """Orders an analysis; its name, or None when it is refused."""
        status, answer = self.ask("POST", ANALYSES, {"sport_type": "cmj", "quality": "fast", "input": source})
        return answer["analysis_id"] if status == 201 else None


class Load:
    """Clients that order an analysis nobody will publish to, look at it and take it back, while it is entered. `answers` is what they
    got."""

    def __init__(self, address):
        self.address, self.answers = address, []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def work(self):
        begins = time.monotonic()
        while not self.over.wait(max(0, begins - time.monotonic())):
            begins = time.monotonic() + PACE_S
            client = Client(self.address)
            order = {"sport_type": "cmj", "quality": "fast", "input": {"streaming": True}}
            status, made = self.ask(client, "POST", ANALYSES, order)
            if status == 201:
                path = f"{ANALYSES}/{made['analysis_id']}"
                self.ask(client, "GET", path)
                # The first ends it, the second removes it.
                self.ask(client, "DELETE", path)
                self.ask(client, "DELETE", path)

    def ask(self, client, method, path, body=None):
        try:
            status, answer = client.ask(method, path, body)
        except (OSError, http.client.HTTPException):
            status, answer = NO_ANSWER, None
        self.answers.append(Answer(time.time(), client.server, status))
        return status, answer

    def since(self, began):
        """Answers that came since then."""
        return [answer for answer in list(self.answers) if answer.at >= began]


class LiveReader:
    """Reads a live analysis of the demo athlete over a WebSocket, on a thread of its own, until it ends. `broken` says what went wrong."""

    def __init__(self, address):
        self.client = Client(address)
        self.analysis_id = self.client.order(demo=True)
        assert self.analysis_id, "the demo athlete is refused"
        self.events, self.broken = [], None
        self.ended = threading.Event()
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {ANALYSES}/{self.analysis_id}/stream HTTP/1.1\r\nHost: {address}\r\nCookie: SERVER={self.client.server}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b"".join(iter(self.stream.readline, b"\r\n"))
        assert head.startswith(b"HTTP/1.1 101"), head
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while (frame := self.frame())[0] != 8:
                kind, payload = frame
                if kind == 1:
                    self.events.append(json.loads(payload))
                elif kind == 9:
                    # A pong says the same again, masked with nothing.
                    self.socket.sendall(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        except (OSError, ValueError) as error:
            self.broken = repr(error)
        self.ended.set()

    def frame(self):
        """Kind and payload of a frame; the server does not split messages."""
        kind, length = self.exactly(2)
        if length >= 126:
            length = int.from_bytes(self.exactly(2 if length == 126 else 8), "big")
        return kind & 0x0F, self.exactly(length)

    def exactly(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise ValueError("the stream broke off")
        return data

    def state(self):
        states = [event["data"]["state"] for event in list(self.events) if event["type"] == "state"]
        return states[-1] if states else None

    def goes_on_from(self, count):
        """Whether another pose has come since there were so many events. It must not have ended."""
        assert not self.ended.is_set(), f"the live analysis is gone: {self.broken or self.state()}"
        return any(event["type"] == "pose" for event in self.events[count:])

    def finish(self):
        """Ends the analysis as a user does; what is wrong with what was read, if anything."""
        assert self.goes_on_from(0)
        status, _ = self.client.ask("DELETE", f"{ANALYSES}/{self.analysis_id}")
        assert status == 204, f"its end is answered with {status}"
        assert self.ended.wait(60), "the stream does not end"
        assert self.broken is None, self.broken
        assert self.state() == "done", self.state()
        numbers = [event["sequence"] for event in self.events]
        assert numbers == sorted(set(numbers)), "events come twice or out of order"
        missing = numbers[-1] - numbers[0] + 1 - len(numbers)
        # Poses a slow reader was late for.
        dropped = sum(event.get("dropped", 0) for event in self.events[1:])
        assert missing == dropped, f"{missing} events are missing, {dropped} are said to be"
