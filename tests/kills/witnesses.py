"""A client that remembers what it was told by streams."""

import http.client
import json
import threading
from urllib.parse import urlsplit

TRANSPORTS = {"SSE": "text/event-stream", "NDJSON": "application/x-ndjson"}


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
