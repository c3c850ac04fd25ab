"""Daemons that share a database, a folder and a Redis, each by a way of its own that can be cut."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from cut import Cut

# How long a daemon may take until it is ready (it loads models), and anything else until it is so, seconds.
READY_S, PATIENCE_S = 60, 60
TOKEN = "token-of-the-test"
SECRET = "a secret of thirty-two bytes at least, of all replicas"


def until(what, found, within_s=PATIENCE_S):
    """Waits until something is found, which it gives; from outside it can only be tried."""
    began = time.monotonic()
    while not (result := found()):
        assert time.monotonic() - began < within_s, f"{what}: not within {within_s} s"
        time.sleep(0.05)
    return result


class Replica:
    """A running daemon."""

    def __init__(self, program, folder, postgres, redis, settings):
        database, cache = urllib.parse.urlsplit(postgres), urllib.parse.urlsplit(redis)
        self.postgres = Cut(database.hostname, database.port)
        self.redis = Cut(cache.hostname, cache.port)
        self.port, admin = free_port(), free_port()
        self.admin = admin
        everything = {
            "ADMIN__LISTEN": f"127.0.0.1:{admin}",
            "STORAGE__FOLDER": folder,
            "STORAGE__DATABASE": database._replace(netloc=f"{database.username}@127.0.0.1:{self.postgres.port}").geturl(),
            "CLUSTER__REDIS": f"redis://127.0.0.1:{self.redis.port}",
            "CLUSTER__ADDRESS": f"http://127.0.0.1:{self.port}",
            "AUTH__TOKENS": json.dumps([TOKEN]),
            "AUTH__SESSION_SECRET": SECRET,
            "LOAD__ADMISSION": "false",
            "MODELS__LOADED": '["fast"]',
        } | settings
        environment = os.environ | {f"KINEMOTION_SERVE__{key}": value for key, value in everything.items()}
        command = [program, "serve", "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        until("a replica is ready", self.is_ready, READY_S)

    def is_ready(self):
        assert self.process.poll() is None, "a replica ended"
        try:
            return self.ask("GET", "/readyz", port=self.admin)[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, headers=(), port=None):
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        headers = {"Authorization": f"Bearer {TOKEN}"} | dict(headers)
        if isinstance(body, dict):
            body, headers = json.dumps(body), headers | {"Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path):
        """The JSON of an answer."""
        status, body = self.ask("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def make_demo(self):
        """Makes an analysis of the demo athlete; its name."""
        order = {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}
        status, body = self.ask("POST", "/api/v1/analyses", order)
        assert status == 201, (status, body)
        return json.loads(body)["analysis_id"]

    def gauge(self, name):
        """A number of /metrics that has no labels."""
        _, text = self.ask("GET", "/metrics", port=self.admin)
        values = [line.split()[1] for line in text.decode().splitlines() if line.split()[0] == name]
        return float(values[0]) if values else None

    def works(self):
        """Whether it has a process at a file."""
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            try:
                if children.read_text().strip():
                    return True
            except OSError:
                pass  # a thread that has just ended
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


class Stream:
    """Reads the events of an analysis at a replica, on a thread of its own."""

    def __init__(self, replica, analysis, from_sequence=0):
        self.events, self.ended = [], threading.Event()
        path = f"/api/v1/analyses/{analysis}/stream?from_sequence={from_sequence}"
        self.connection = http.client.HTTPConnection("127.0.0.1", replica.port)
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while line := self.answer.readline():
                self.events.append(json.loads(line))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the replica was killed in the middle
        self.ended.set()

    def of(self, *types):
        return [event for event in list(self.events) if event["type"] in types]

    def lasting(self):
        """Text of everything but poses; how many were dropped is about one reader."""
        lasting = [event for event in list(self.events) if event["type"] != "pose"]
        return [json.dumps(event | {"dropped": 0}, sort_keys=True) for event in lasting]

    def is_in_order(self):
        numbers = [event["sequence"] for event in list(self.events)]
        return all(a < b for a, b in zip(numbers, numbers[1:]))

    def state(self):
        states = self.of("state")
        return states[-1]["data"]["state"] if states else None


def stored(replica, analysis):
    """Everything of an analysis that is stored, as [`Stream.lasting`] has it."""
    status, text = replica.ask("GET", f"/api/v1/analyses/{analysis}/events.ndjson")
    assert status == 200, (status, text)
    return [json.dumps(json.loads(line) | {"dropped": 0}, sort_keys=True) for line in text.decode().splitlines()]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
