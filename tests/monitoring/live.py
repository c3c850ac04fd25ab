"""A real Prometheus watches a real daemon at work: every query of every dashboard finds something, what rules look at is there, and an alert
that fires comes to its receiver. See README.md.

    python3 tests/monitoring/live.py --programs target/release
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import queries
import stack
import work
from stack import PATIENCE_S, until

import daemon
from receiver import Listener, Receiver

# How long it may take until everything that is counted has been counted, seconds: a file is analysed meanwhile.
COUNTED_S = 480


class Inbox(Listener):
    """Who is told of alerts while it is entered. `told` are pairs of the path and the alert."""

    def __init__(self):
        super().__init__()
        self.told, self.news = [], threading.Event()

    def take(self, path, body):
        self.told += [(path, alert) for alert in json.loads(body)["alerts"]]
        self.news.set()
        return 200

    def wait_for(self, name, since):
        """The path and the alert of this name that began to fire after a moment."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            self.news.clear()
            for path, alert in list(self.told):
                if alert["labels"]["alertname"] == name and datetime.fromisoformat(alert["startsAt"]) >= since:
                    return path, alert
            if not self.news.wait(give_up - time.monotonic()):
                raise SystemExit(f"nobody is told of {name} within {PATIENCE_S} s; told was {self.told}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion, synthetic-athlete and whip-load")
    programs = parser.parse_args().programs.resolve()
    with tempfile.TemporaryDirectory(prefix="kinemotion-monitoring-") as folder, Inbox() as inbox:
        problems = watched(programs, Path(folder), inbox)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)


def watched(programs, folder, inbox):
    """Everything that is not as it should be."""
    clip = folder / "clip.mp4"
    subprocess.run([programs / "synthetic-athlete", *work.CLIP, "--video", clip], check=True, stdout=subprocess.DEVNULL)
    problems = []
    server = daemon.start(programs / "kinemotion", folder / "daemon", work.SETTINGS)
    try:
        server.until_ready()
        with stack.running(folder, server.admin_port, inbox.url) as prometheus:
            # What is counted from now on rises between two looks of Prometheus.
            until("the rules are evaluated", lambda: prometheus.query("ws_active_connections"))
            with Receiver() as receiver, work.Work(programs, server, receiver.url, clip.read_bytes()) as at_work:
                problems += everything_is_counted(prometheus, at_work)
            problems += page_is_well_formed(server)
            problems += queries.rule_errors(prometheus)
            # The daemon is gone for good, and somebody is told.
            since = datetime.now(UTC)
            trouble = server.end()
            problems += [trouble] if trouble else []
            problems += told_well(*inbox.wait_for("KinemotionDown", since))
    except BaseException:
        server.kill()
        raise
    return problems


def everything_is_counted(prometheus, at_work):
    """Asks every query until it finds something, while the daemon works. Gives those that find nothing or are not understood."""
    panels, others = queries.of_dashboards()
    wanted = [*panels, *(queries.Query("requirement documents", text) for text in queries.AS_WRITTEN), *queries.of_rules(prometheus)]
    elsewhere = [query for query in wanted if query.is_of(queries.ELSEWHERE)]
    of_the_machine = [query for query in wanted if query.is_of(queries.OF_THE_MACHINE)]
    missing = [query for query in wanted if query not in elsewhere and query not in of_the_machine]
    count, problems, statuses = len(missing), [], set()
    for query in (*elsewhere, *of_the_machine, *others):
        ask(prometheus, query, problems)
    give_up = time.monotonic() + COUNTED_S
    while (missing or 503 not in statuses) and not problems and time.monotonic() < give_up:
        statuses |= set(at_work.ask_for_nothing())
        missing = [query for query in missing if not ask(prometheus, query, problems)]
        # The next numbers come with the next look of Prometheus.
        time.sleep(1)
    # Which queries find something outside their place is known only now: everything has been counted.
    for query in elsewhere:
        if ask(prometheus, query, problems):
            problems.append(f"{query.where} finds something after all, take it out of ELSEWHERE: {query.expression}")
    problems += [f"{query.where} finds nothing: {query.expression}" for query in missing]
    if not {200, 404, 503} <= statuses:
        problems.append(f"the daemon has not answered as it was made to: {sorted(statuses)}")
    print(
        f"{count - len(missing)} of {count} queries find something, {len(elsewhere)} are for elsewhere, {len(of_the_machine)} as the machine has it"
    )
    return problems


def ask(prometheus, query, problems):
    try:
        return prometheus.query(query.expression)
    except ValueError as error:
        problems.append(f"{query.where}: {error}: {query.expression}")
        return []


def page_is_well_formed(server):
    """The page of metrics by the program that knows how it should look."""
    page = work.page(server)
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
    if done.returncode:
        yield f"promtool does not like /metrics: {done.stderr.decode()}"


def told_well(path, alert):
    """An alert comes to the right receiver and says what it should."""
    if path != "/pager":
        yield f"KinemotionDown is told to {path}"
    if alert["labels"]["severity"] != "critical" or alert["labels"]["instance"] not in alert["annotations"]["description"]:
        yield f"KinemotionDown does not say who is down: {alert}"
    if not alert["annotations"]["runbook_url"].endswith("docs/operations/alerts.md#kinemotiondown"):
        yield f"KinemotionDown does not lead to its entry: {alert}"


if __name__ == "__main__":
    main()
