"""What a daemon is given to do so that everything that is counted has something to count."""

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "services"))
from daemon import multipart  # noqa: E402

# The demo athlete twice and a publisher; one more is refused.
DEMOS, MOST = 2, 3
SETTINGS = {
    "SESSIONS__MOST": MOST,
    "LOAD__ADMISSION": "false",
    "MODELS__LOADED": json.dumps(["fast"]),
    "WEBHOOKS__PRIVATE_HOSTS": "true",
}
DEMO = {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}
# The clip that is analysed as a file: small, and large enough for the pose models.
CLIP = ["cmj", "--repetitions=2", "--size=426x240", "--view-m=2.7", "--fps=30"]
# How long the publisher publishes at most; it is ended when enough was seen.
PUBLISHES = "600s"


class Work:
    """Work that goes on while it is entered, for a daemon with [`SETTINGS`]."""

    def __init__(self, programs, server, receiver_url, clip):
        self.programs, self.server, self.receiver_url, self.clip = programs, server, receiver_url, clip
        self.socket = self.publisher = None

    def __enter__(self):
        body = {"url": self.receiver_url, "events": ["repetition", "analysis_complete", "error"]}
        self.server.post("/api/v1/webhooks/register", body)
        analyses = [self.demo() for _ in range(DEMOS)]
        self.socket = watch(self.server, analyses[0])
        self.file(self.clip)
        self.file(b"no video at all")
        command = [self.programs / "whip-load", "--url", self.server.url, "--clients", "1", "--duration", PUBLISHES]
        self.publisher = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.publisher.terminate()
        self.publisher.wait()
        self.socket.close()

    def demo(self):
        return self.server.post("/api/v1/analyses", DEMO)["analysis_id"]

    def file(self, content):
        order = {"sport_type": "cmj", "quality": "fast", "overlay": False}
        self.server.post("/api/v1/analyses", **multipart(order, content))

    def ask_for_nothing(self):
        """Requests that go well, that make no sense, and, once all places are taken, one that is refused; their statuses."""
        orders = [
            ("GET", "/api/v1/sports", None),
            ("GET", "/api/v1/analyses/none", None),
            ("POST", "/api/v1/analyses", {"sport_type": "chess"}),
        ]
        # Before that it would take the publisher's place.
        if self.server.metrics()["kinemotion_analyses_places_left"] == 0:
            orders.append(("POST", "/api/v1/analyses", DEMO))
        return [self.server.ask(*order)[0] for order in orders]


def page(server):
    """/metrics as it is."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.admin_port}/metrics", timeout=30) as answer:
        return answer.read()


def watch(server, analysis_id):
    """A WebSocket that listens to an analysis and reads whatever comes, on a thread of its own, until it is closed."""
    host = urlsplit(server.url)
    connection = socket.create_connection((host.hostname, host.port))
    request = (
        f"GET /api/v1/analyses/{analysis_id}/stream HTTP/1.1",
        f"Host: {host.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
    )
    connection.sendall("\r\n".join((*request, "", "")).encode())
    said = connection.recv(4096)
    if not said.startswith(b"HTTP/1.1 101 "):
        raise SystemExit(f"a WebSocket is answered with {said.decode(errors='replace')}")
    threading.Thread(target=drain, args=(connection,), daemon=True).start()
    return connection


def drain(connection):
    try:
        while connection.recv(1 << 16):
            pass
    except OSError:
        pass  # it was closed
