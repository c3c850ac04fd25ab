"""Daemons that share a database, a folder and a Redis, each by a way of its own that can be cut."""

import http.client
import json
import os
import sys
import threading
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services"))

import daemon
from cut import Cut

# How long anything may take until it is so, seconds.
PATIENCE_S = 60
TOKEN = "token-of-the-test"
SECRET = "a secret of thirty-two bytes at least, of all replicas"


def until(what, found, within_s=PATIENCE_S):
    """Waits until something is found, which it gives."""
    return daemon.until(what, found, within_s)


class Replica:
    """A running daemon. Its log lies in a folder of its own, what it stores where the others do."""

    def __init__(self, program, folder, number, postgres, redis, settings):
        database, cache = urllib.parse.urlsplit(postgres), urllib.parse.urlsplit(redis)
        self.postgres = Cut(database.hostname, database.port)
        self.redis = Cut(cache.hostname, cache.port)
        ports = daemon.free_ports(2)
        everything = {
            "STORAGE__FOLDER": folder / "analyses",
            "STORAGE__DATABASE": database._replace(netloc=f"{database.username}@127.0.0.1:{self.postgres.port}").geturl(),
            "CLUSTER__REDIS": f"redis://127.0.0.1:{self.redis.port}",
            "CLUSTER__ADDRESS": f"http://127.0.0.1:{ports[0]}",
            "AUTH__TOKENS": json.dumps([TOKEN]),
            "AUTH__SESSION_SECRET": SECRET,
            "LOAD__ADMISSION": "false",
            "MODELS__LOADED": '["fast"]',
        } | settings
        self.daemon = daemon.start(program, folder / f"replica-{number}", everything, TOKEN, ports)
        self.port, self.pid, self.url = self.daemon.port, self.daemon.pid, self.daemon.url
        self.ask, self.get, self.post, self.kill = self.daemon.ask, self.daemon.get, self.daemon.post, self.daemon.kill
        try:
            self.daemon.until_ready()
        except BaseException:
            self.kill()
            raise

    def make(self, order):
        """Makes an analysis; its name."""
        return self.post("/api/v1/analyses", {"sport_type": "cmj", "quality": "fast"} | order)["analysis_id"]

    def make_demo(self):
        """Makes an analysis of the demo athlete; its name."""
        return self.make({"input": {"demo": True}})

    def gauge(self, name):
        """A number of /metrics that has no labels."""
        return self.daemon.metrics().get(name)

    def works(self):
        """Whether it has a process at a file."""
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            try:
                if children.read_text().strip():
                    return True
            except OSError:
                pass  # a thread that has just ended
        return False

    def media_ports(self):
        """Where it has a socket for datagrams, which is what WebRTC sends."""
        lines = [line.split() for table in ("udp", "udp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        ports = {f"socket:[{words[9]}]": int(words[1].rpartition(":")[2], 16) for words in lines}
        return {ports[link] for link in map(os.readlink, Path(f"/proc/{self.pid}/fd").iterdir()) if link in ports}

    def end(self):
        """Ends it unless it was killed."""
        if self.daemon.process.poll() is None and (trouble := self.daemon.end()):
            print(trouble, file=sys.stderr)


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
