"""A daemon that is given work and killed, round after round, and what must be true of it after each."""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from database import disagreements
from witnesses import TRANSPORTS, Reader, Refused, events

import daemon
from receiver import Receiver

# A kill comes within so many seconds after the daemon is ready: the demo athlete has landed twice by then.
LONGEST_S = 8
# As the dice fall, it waits instead until a reader hears of a repetition, or of the end of the file, and comes within so many seconds
# after that; in any case after a minute.
SOON_S, PATIENCE_S = 0.5, 60
# One kill in so many is followed by one while the daemon starts again, within so many seconds: it looks after what the first left.
AGAIN_OF, STARTING_S = 4, 0.7
# A process that analyses a file may outlive its daemon by so much; one delivery may be held for 20 s by one who is dead.
LINGERS_S, DELIVERED_S = 10, 90
# How often a file is tried (docs/adr/0021).
ATTEMPTS = 3


class Trial:
    """`problems` are sentences; `count` and `live`, the names of live analyses, are for the table."""

    def __init__(self, program, work, database, clip, dice):
        self.program, self.work, self.database, self.dice = program, work, database, dice
        # One body for all: an order that is sent again under its key has to be the same.
        self.order = daemon.multipart({"sport_type": "cmj", "quality": "fast", "overlay": False}, clip)
        self.problems, self.count, self.live = [], Counter(), []
        self.reader, self.receiver = Reader(), Receiver()
        self.files = {}  # the analysis of every order for a file, by its key; None until it is known
        self.webhook = None

    def run(self, kills):
        with self.receiver:
            for number in range(1, kills + 1):
                self.work_and_kill()
                if number % 10 == 0:
                    print(f"  {number} kills, {len(self.problems)} problems", file=sys.stderr, flush=True)
            self.finish()
        self.problems += self.receiver.contradictions + self.reader.troubles
        if not self.reader.told or not self.receiver.bodies:
            self.problems.append("nobody was told anything: nothing was tried")

    def start(self):
        settings = {"WEBHOOKS__PRIVATE_HOSTS": "true", "LOAD__ADMISSION": "false", "MODELS__LOADED": '["fast"]'}
        return daemon.start(self.program, self.work, settings | self.database.settings)

    def work_and_kill(self):
        """One round."""
        server = self.ready()
        awaited = self.dice.choice([None, self.reader.hears, self.reader.ends])
        self.reader.hears.clear()
        self.reader.ends.clear()
        kill = threading.Thread(target=self.kill_later, args=(server, awaited, self.dice.random()))
        kill.start()
        try:
            self.look_back(server)
            self.give_work(server)
        except Refused as refused:
            self.problems.append(str(refused))
        except (OSError, http.client.HTTPException):
            pass  # it was killed meanwhile
        kill.join()
        self.count["kills"] += 1
        self.look_at_what_is_left(server)
        if self.dice.randrange(AGAIN_OF) == 0:
            server = self.start()
            time.sleep(self.dice.uniform(0, STARTING_S))
            server.kill()
            self.count["while_starting"] += 1
            self.look_at_what_is_left(server)

    def kill_later(self, server, awaited, share):
        """Kills after a share of the longest time, counted from what is awaited, or from now on."""
        if awaited:
            awaited.wait(PATIENCE_S)
        time.sleep(share * (SOON_S if awaited else LONGEST_S))
        server.process.kill()

    def ready(self):
        server = self.start()
        try:
            server.until_ready()
        except BaseException:
            server.kill()
            raise
        return server

    def give_work(self, server):
        """A live analysis, a file when none is under way, and readers of both."""
        if self.webhook is None:
            body = {"url": self.receiver.url, "events": ["repetition", "analysis_complete", "error"]}
            self.webhook = ask(server, "POST", "/api/v1/webhooks/register", body)["webhook_id"]
        order = {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}
        made = ask(server, "POST", "/api/v1/analyses", order)["analysis_id"]
        self.live.append(made)
        self.follow(server, made)
        self.follow(server, self.order_file(server))

    def follow(self, server, analysis_id):
        self.reader.follow(server.url, analysis_id, self.dice.choice(list(TRANSPORTS)))

    def order_file(self, server):
        """The file that is under way, else a new one. An order whose answer did not come is sent again under its key."""
        key, analysis_id = list(self.files.items())[-1] if self.files else (None, None)
        if key is None or (analysis_id is not None and self.has_ended(server, analysis_id)):
            key, analysis_id = f"file-{len(self.files)}", None
            self.files[key] = None
        if analysis_id is None:
            headers = self.order["headers"] | {"Idempotency-Key": key}
            analysis_id = ask(server, "POST", "/api/v1/analyses", self.order["body"], headers)["analysis_id"]
            self.files[key] = analysis_id
        return analysis_id

    def has_ended(self, server, analysis_id):
        return ask(server, "GET", f"/api/v1/analyses/{analysis_id}")["status"] in ("completed", "failed")

    def look_back(self, server):
        """The last live analysis still says what it said before the kill."""
        if self.live:
            self.still_says(server, self.live[-1])

    def still_says(self, server, analysis_id):
        said = list(events(server.url, analysis_id, "NDJSON"))
        for event in self.reader.told.get(analysis_id, []):
            if event not in said:
                self.lost(analysis_id, event)

    def lost(self, analysis_id, event):
        self.count["lost"] += 1
        self.problems.append(f"{analysis_id} does not say any more what a reader heard: {event}")

    def look_at_what_is_left(self, server):
        """The daemon is dead: its processes are gone, everybody has heard what they have, and the database agrees with itself."""
        self.alone(server)
        self.reader.join()
        self.look_at_database()

    def look_at_database(self):
        self.count["looks"] += 1
        # Before the first start is through there are no tables.
        if self.live:
            self.problems += disagreements(self.database)

    def alone(self, server):
        """No process of a dead daemon goes on."""
        server.process.wait()
        give_up = time.monotonic() + LINGERS_S
        # The kernel tells nobody about the children of somebody else.
        while left := [pid for pid in processes() if str(self.work) in command_line(pid)]:
            if time.monotonic() > give_up:
                self.problems.append(f"the daemon is dead, and {[command_line(pid) for pid in left]} goes on")
                return
            time.sleep(0.05)

    def finish(self):
        """Lets everything come to its end, and looks at all of it."""
        server = self.ready()
        for analysis_id in filter(None, self.files.values()):
            # It ends with the analysis.
            list(events(server.url, analysis_id, "NDJSON"))
            self.judge_file(server, analysis_id)
        for analysis_id in self.live:
            self.still_says(server, analysis_id)
        self.until_delivered(server)
        trouble = server.end()
        self.problems += [trouble] if trouble else []
        self.look_at_database()
        self.everything_was_done_once()

    def judge_file(self, server, analysis_id):
        """A file has its results, or has been given up because it was killed as often as it may be tried."""
        view = ask(server, "GET", f"/api/v1/analyses/{analysis_id}")
        if view["status"] == "completed":
            self.count["completed"] += 1
            said = [(event["timestamp_ms"], event["data"]) for event in events(server.url, analysis_id, "NDJSON")]
            for event in self.reader.told.get(analysis_id, []):
                # Another attempt says the same under other numbers.
                if (event["timestamp_ms"], event["data"]) not in said:
                    self.lost(analysis_id, event)
        elif f"{ATTEMPTS} times" in (view["reason"] or ""):
            self.count["given_up"] += 1
        else:
            self.problems.append(f"file {analysis_id} is {view['status']}: {view['reason']}")

    def until_delivered(self, server):
        give_up = time.monotonic() + DELIVERED_S
        path = f"/api/v1/webhooks/{self.webhook}/deliveries?state=waiting"
        # Nobody says when the last one is through.
        while waiting := ask(server, "GET", path)["deliveries"]:
            if time.monotonic() > give_up:
                self.problems.append(f"{len(waiting)} deliveries still wait: {waiting[0]}")
                return
            time.sleep(0.25)

    def everything_was_done_once(self):
        """Each order for a file has led to one analysis, and whatever was to be delivered has arrived as it is stored."""
        files = self.database.rows("SELECT id FROM analyses WHERE kind = 'file'")
        orders = set(filter(None, self.files.values()))
        # The last order may have been taken without its sender having heard of it.
        if not orders <= {row["id"] for row in files} or len(files) > len(self.files):
            self.problems.append(f"{len(self.files)} orders for files have led to {len(files)} analyses")
        for row in self.database.rows("SELECT event_id, body, state FROM deliveries"):
            arrived = self.receiver.bodies.get(row["event_id"])
            if row["state"] == "delivered" and arrived != row["body"].encode():
                self.problems.append(f"event {row['event_id']} arrived as {arrived} and is stored as {row['body']}")


def ask(server, method, path, body=None, headers=()):
    """What the daemon answers, as JSON.

    Raises OSError or HTTPException when it is killed meanwhile, Refused when it answers anything but success."""
    status, text = server.ask(method, path, body, headers)
    if not 200 <= status < 300:
        raise Refused(f"{method} {path} is answered with {status}: {text.decode()}")
    return json.loads(text)


def processes():
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended meanwhile
