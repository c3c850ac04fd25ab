"""A daemon that has been used: people, numbers, files, keys and webhooks are stored, and something is under way."""

import json
import subprocess

import daemon

ANALYSES = "/api/v1/analyses"
# The file that is analysed: one jump, small enough to be quick, large enough for the pose models.
CLIP = ["cmj", "--repetitions=1", "--size=426x240", "--view-m=2.7", "--fps=30"]
SETTINGS = {"LOAD__ADMISSION": "false", "MODELS__LOADED": '["fast"]'}
# How long an analysis may take until something is heard of it, seconds.
PATIENCE_S = 120
DEMO = {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}
FILE = {"sport_type": "cmj", "quality": "fast", "report": True}
# What an analysis leaves, by its kind.
LIVE_FILES = ["/recording.mp4"]
FILE_FILES = ["/overlay.mp4", "/report.html", "/curves_phase.parquet", "/curves_time.parquet", "/curves.mat"]
RESULTS = ["/results.json", "/results.csv", "/events.ndjson"]
# Everything else that is listed.
LISTS = ["/api/v1/athletes", "/api/v1/training-sessions", "/api/v1/webhooks", "/api/v1/audit"]
LISTS += ["/api/v1/athletes/roster-17/trends?sport_type=cmj", "/api/v1/repetitions?athlete=roster-17"]


def rendered(programs, folder):
    """Bytes of the clip."""
    clip = folder / "clip.mp4"
    subprocess.run([programs / "synthetic-athlete", *CLIP, "--video", clip], check=True, stdout=subprocess.DEVNULL)
    return clip.read_bytes()


class Used:
    """What was stored at a running daemon: `file` is an analysis of a file and of an athlete, `live` one that was recorded and has
    ended, `running` one that is still under way. `token` is a key, without which the daemon lets in nobody from now on; `answers` is what it
    said of everything that has ended, by path."""

    def __init__(self, server, database, clip):
        self.database = database
        athlete = {"external_id": "roster-17", "name": "Robin", "height_m": 1.78, "mass_kg": 75}
        server.post("/api/v1/athletes", athlete)
        visit = {"athlete": "roster-17", "name": "Monday", "at": "2026-11-23T18:00:00Z"}
        session = server.post("/api/v1/training-sessions", visit)["training_session_id"]
        server.post("/api/v1/webhooks/register", {"url": "https://coach.example/hooks", "sport_types": ["squat"]})
        self.token = server.token = server.post("/api/v1/keys", {"name": "operator"})["key"]
        whose = {"athlete_id": "roster-17", "training_session_id": session}
        self.file = server.post(ANALYSES, **daemon.multipart(FILE | whose, clip))["analysis_id"]
        assert is_ended(server, self.file) == "completed", server.get(f"{ANALYSES}/{self.file}")
        self.live = recorded_live(server, DEMO | {"record": True})
        self.running = make(server, DEMO)
        hear(server, self.running, "live")
        self.answers = seen(server, self.paths())
        self.repetitions = server.get("/api/v1/repetitions")["repetitions"]

    def paths(self):
        """Of everything that does not change any more."""
        of_file = [f"{ANALYSES}/{self.file}{path}" for path in ["", *RESULTS, *FILE_FILES]]
        return of_file + [f"{ANALYSES}/{self.live}{path}" for path in RESULTS + LIVE_FILES] + LISTS


def make(server, order):
    """Makes a live analysis; its name."""
    return server.post(ANALYSES, order)["analysis_id"]


def recorded_live(server, order):
    """The name of a live analysis that was under way and has ended. It need not have measured anything: that takes a processor."""
    analysis = make(server, order)
    hear(server, analysis, "live")
    status, answer = server.ask("DELETE", f"{ANALYSES}/{analysis}")
    assert status == 204, (status, answer)
    assert is_ended(server, analysis) == "completed", server.get(f"{ANALYSES}/{analysis}")
    return analysis


def hear(server, analysis, state):
    """Waits until an analysis has said that it is in a state."""
    said = lambda: any(event["data"]["state"] == state for event in events(server, analysis, "state"))
    daemon.until(f"{analysis} is {state}", said, PATIENCE_S)


def events(server, analysis, *kinds):
    """What is stored of what an analysis has said."""
    status, text = server.ask("GET", f"{ANALYSES}/{analysis}/events.ndjson")
    assert status == 200, (status, text)
    said = [json.loads(line) for line in text.splitlines()]
    return [event for event in said if event["type"] in kinds]


def is_ended(server, analysis):
    """Waits until an analysis has ended; its status then."""
    status = lambda: server.get(f"{ANALYSES}/{analysis}")["status"]
    return daemon.until(f"the end of {analysis}", lambda: status() in ("completed", "failed") and status(), PATIENCE_S)


def seen(server, paths):
    """What a daemon answers, without the address that it has by chance, by path."""
    answers = {}
    for path in paths:
        status, body = server.ask("GET", path)
        assert status == 200, f"GET {path} is answered with {status}: {body.decode()}"
        answers[path] = body.replace(f"127.0.0.1:{server.port}".encode(), b"HOST")
    return answers


def differences(before, after):
    """Where two answers are not the same, as sentences."""
    return [f"{path} was {show(before[path])} and is {show(after[path])}" for path in before if before[path] != after[path]]


def show(body):
    return body.decode() if len(body) < 4000 and body.isascii() else f"{len(body)} bytes"
