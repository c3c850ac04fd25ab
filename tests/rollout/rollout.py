"""Rollouts with two real daemons behind a real haproxy, watched by a real Prometheus; see README.md.

    python3 tests/rollout/rollout.py --programs target/release [TRIAL…]
"""

import argparse
import contextlib
import json
import signal
import subprocess
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from clients import ANALYSES, Client, LiveReader, Load
from stack import Admitter, Haproxy, Prometheus, daemon, until

PROMOTED, ROLLED_BACK, LEFT = 0, 3, 4
# Weight and state of servers as haproxy has them.
ALL, SOME, DRAINS, IN_MAINTENANCE = (100, 0), (10, 0), (0, 8), (0, 1)
# Fresh clients that look where a new one gets to.
NEWCOMERS = 30
# No rollout takes longer than that, seconds.
LONGEST_S = 120

PLAN = """
old = ["blue"]
new = ["green"]
hold_s = 3
drain_s = 30
[limits]
p95_ms = 1000 # the machine of a test may be slow; what is bad takes 1500
requests = 20
window_s = 10
blind_s = 30
[prometheus]
url = "{prometheus}"
interval_ms = 500
[haproxy]
socket = "{socket}"
"""


class Bench:
    """Everything that runs, and the program that is tried."""

    def __init__(self, program, folder, haproxy, prometheus, admitters, load):
        self.program, self.haproxy, self.load = program, haproxy, load
        self.admitters = admitters
        self.plan = folder / "rollout.toml"
        self.plan.write_text(PLAN.format(prometheus=prometheus.url, socket=haproxy.socket))

    @contextlib.contextmanager
    def rollout(self, *words):
        """A running rollout. What it says is read while it is entered; it has ended then, or is ended."""
        command = [self.program, *words, "--plan", self.plan]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # One that does not decide is not waited for for ever.
        watchdog = threading.Timer(LONGEST_S, process.kill)
        watchdog.start()
        try:
            yield Rollout(process)
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            process.stdout.close()

    def told(self, code, *words):
        """All that a rollout says which ends with this code."""
        with self.rollout(*words) as rollout:
            return rollout.ended(code)

    def servers(self):
        servers = self.haproxy.servers()
        return servers["blue"], servers["green"]

    def newcomers(self):
        """The servers that new clients get to."""
        clients = [Client(self.haproxy.address) for _ in range(NEWCOMERS)]
        for client in clients:
            status, _ = client.ask("GET", f"{ANALYSES}?limit=1")
            assert status == 200, status
        return {client.server for client in clients}


class Rollout:
    def __init__(self, process):
        self.process, self.told = process, []

    def until(self, event, **fields):
        """What it says next of that kind, with these fields."""
        for line in self.process.stdout:
            self.told.append(json.loads(line))
            if self.told[-1]["event"] == event and fields.items() <= self.told[-1].items():
                return self.told[-1]
        raise AssertionError(f"it ends with {self.process.wait()} without {event} {fields}: {self.told}")

    def ended(self, code):
        self.told += [json.loads(line) for line in self.process.stdout]
        ended = self.process.wait()
        assert ended == code, f"it ended with {ended}, not {code}: {self.told}"
        return self.told


def shares(told):
    return [event["share"] for event in told if event["event"] == "step"]


def only(told, event):
    (found,) = [one for one in told if one["event"] == event]
    return found


def looking_changes_nothing(bench):
    before = bench.servers()
    (status,) = bench.told(0, "status")
    assert (status["share"], status["ready"]) == (0, True), status
    assert status["old_sessions"] > 0, "there is a live one"
    would = [event for event in bench.told(0, "canary", "--dry-run") if event["event"] == "would_send"]
    assert [event["share"] for event in would] == [10, 50, 100, 0], would
    assert "set server kinemotion/green weight 10" in would[0]["orders"], would
    assert bench.servers() == before


def errors(bench):
    """The canary is good at first. Then its daemon answers every order with 503, as its configuration names a service that is broken."""
    # It stays at its first step for as long as it is good.
    with bench.rollout("canary", "--hold-s", "3600") as rollout:
        rollout.until("step", share=10)
        # Somebody has an analysis on the canary.
        found = ((client, client.order(streaming=True)) for client in iter(lambda: Client(bench.haproxy.address), None))
        guest, analysis = next((client, made) for client, made in found if client.server == "green")
        bench.admitters["green"].mode = "broken"
        rollout.until("rolled_back")
        assert bench.servers() == (ALL, DRAINS), bench.servers()
        assert bench.newcomers() == {"blue"}
        # The guest is not thrown out, and is told of.
        left = rollout.until("draining")
        while not left["sessions"]:
            left = rollout.until("draining")
        assert guest.ask("GET", f"{ANALYSES}/{analysis}")[0] == 200
        assert guest.ask("DELETE", f"{ANALYSES}/{analysis}")[0] == 204 and guest.server == "green"
        told = rollout.ended(ROLLED_BACK)
    assert shares(told) == [10], told
    why = only(told, "rolled_back")
    assert "answers are bad" in why["why"], why
    assert only(told, "put_away") and bench.servers() == (ALL, IN_MAINTENANCE), bench.servers()
    bad = [answer for answer in bench.load.answers if answer.status >= 500]
    took_s = moment(why) - min(answer.at for answer in bad)
    print(f"  {why['why']}: rolled back {took_s:.1f} s after the first of {len(bad)} bad answers (goal: 60 s at most)")
    assert all(answer.server == "green" for answer in bad), "a client of the good one got a bad answer"


def latency(bench):
    """The canary is slow, as the service of its configuration is. It comes out of maintenance."""
    bench.admitters["green"].mode = "slow"
    told = bench.told(ROLLED_BACK, "canary")
    why = only(told, "rolled_back")
    assert "p95 is" in why["why"], why
    print(f"  {why['why']}")
    assert shares(told) == [10] and bench.servers()[0] == ALL, told
    assert bench.newcomers() == {"blue"}


def nothing_known(bench):
    """Prometheus is away."""
    port = daemon.free_ports(1)[0]
    told = bench.told(ROLLED_BACK, "canary", "--prometheus", f"http://127.0.0.1:{port}", "--blind-s", "2", "--drain-s", "0")
    assert "cannot be judged" in only(told, "rolled_back")["why"], told
    assert shares(told) == [10] and bench.servers() == (ALL, DRAINS), told


def interrupted(bench):
    with bench.rollout("canary") as rollout:
        rollout.until("step", share=10)
        rollout.process.send_signal(signal.SIGTERM)
        told = rollout.ended(ROLLED_BACK)
    assert only(told, "rolled_back")["why"] == "interrupted by SIGTERM", told
    assert bench.servers()[0] == ALL and bench.newcomers() == {"blue"}


def by_hand(bench):
    with bench.rollout("canary", "--keep-on-interrupt") as rollout:
        rollout.until("step", share=10)
        rollout.process.send_signal(signal.SIGINT)
        rollout.ended(LEFT)
    assert bench.servers()[1] == SOME, bench.servers()
    told = bench.told(0, "rollback", "--drain-s", "0")
    assert only(told, "rolled_back")["share"] == 10 and bench.servers()[0] == ALL, told
    assert bench.newcomers() == {"blue"}


def promoted(bench):
    """A good canary, whose rollout is left alone in the middle, goes on from there. What runs on the old one runs on."""
    with bench.rollout("canary", "--keep-on-interrupt") as rollout:
        rollout.until("step", share=10)
        rollout.process.send_signal(signal.SIGINT)
        rollout.ended(LEFT)
    assert bench.servers()[1] == SOME, bench.servers()
    began = time.time()
    told = bench.told(PROMOTED, "canary", "--drain-s", "2")
    assert only(told, "started")["share"] == 10 and shares(told) == [50, 100], told
    assert bench.servers() == (DRAINS, ALL) and bench.newcomers() == {"green"}
    assert any(event["sessions"] for event in told if event["event"] == "draining"), "a live analysis is on the old one"
    nothing_was_bad(bench, began)


def blue_green(bench):
    """Back again, at once."""
    began = time.time()
    told = bench.told(PROMOTED, "blue-green", "--old", "green", "--new", "blue")
    assert shares(told) == [100] and bench.servers() == (ALL, DRAINS), told
    assert bench.newcomers() == {"blue"}
    nothing_was_bad(bench, began)


def nothing_was_bad(bench, began):
    answers = bench.load.since(began)
    bad = [answer for answer in answers if answer.status >= 400]
    assert answers and not bad, f"of {len(answers)} answers {len(bad)} are bad: {bad[:5]}"


def moment(event):
    return datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp()


TRIALS = [looking_changes_nothing, errors, latency, nothing_known, interrupted, by_hand, promoted, blue_green]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and kinemotion-rollout")
    parser.add_argument("--rollout", type=Path, help="kinemotion-rollout, where it is elsewhere")
    names = [trial.__name__ for trial in TRIALS]
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"some of {', '.join(names)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.trials) - set(names):
        parser.error(f"there is no trial {', '.join(unknown)}")
    program = (arguments.rollout or arguments.programs / "kinemotion-rollout").resolve()
    troubles = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinemotion-rollout-")))
        admitters = {name: stack.enter_context(Admitter()) for name in ("blue", "green")}
        daemons = {}
        for name, admitter in admitters.items():
            settings = {
                "ADMISSION__URL": admitter.url,
                # It is asked by a few, all of one address, however busy the machine is.
                "LIMITS__ADDRESS_PER_S": "0",
                "LOAD__ADMISSION": "false",
                "MODELS__LOADED": '["fast"]',
            }
            running = daemon.running(arguments.programs.resolve() / "kinemotion", folder / name, settings, troubles)
            daemons[name] = stack.enter_context(running)
        haproxy = stack.enter_context(Haproxy(folder).running(**daemons))
        prometheus = stack.enter_context(Prometheus(folder).running(haproxy, **daemons))
        live = LiveReader(haproxy.address)
        assert live.client.server == "blue", live.client.server
        until("the live analysis is seen", lambda: prometheus.ask('kinemotion_analyses{server="blue",state="live"}') == "1")
        load = stack.enter_context(Load(haproxy.address))
        bench = Bench(program, folder, haproxy, prometheus, admitters, load)
        for trial in TRIALS:
            if not arguments.trials or trial.__name__ in arguments.trials:
                began, before = time.monotonic(), len(live.events)
                for admitter in admitters.values():
                    admitter.mode = "good"
                trial(bench)
                until("the live analysis on the good one goes on", lambda: live.goes_on_from(before))
                print(f"{trial.__name__}: {time.monotonic() - began:.0f} s", flush=True)
        live.finish()
        print(f"the live analysis on the good one: {len(live.events)} events, none is missing")
    if troubles:
        raise SystemExit("\n".join(troubles))


if __name__ == "__main__":
    main()
