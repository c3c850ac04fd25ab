"""The users of the requirements: 25 as a baseline and 100 at the peak, one more each second, and what they are promised.

Users ask the API, with 1 to 3 s between what they do; beside them publish as many live sessions as the machine carries easily.
"""

import os

from bench import say
from scenario import Goal, Scenario, at_most, error_share, number, percent, spread
from users import asking

from .api import requests

STAGES = {"baseline": 25, "peak": 100}
RAMP_PER_S, HOLD_S = 1, 60
PAUSE = "1-3"
P95_MS, ERROR_SHARE = 200, 0.01
# A live session of `fast` at full rate takes half a processor; the API and the load need theirs, too.
PROCESSORS_PER_SESSION = 2
# Of one kind of request, for a percentile that means something.
LEAST_REQUESTS = 10
# It reads until somebody else ends what it reads: how long that takes is no latency.
WAITS = "to the end"


def measure(bench):
    live = bench.sessions(max(1, (os.cpu_count() or 1) // PROCESSORS_PER_SESSION))
    return [stage(bench, name, bench.sessions(users), live) for name, users in STAGES.items()]


def stage(bench, name, users, live):
    seconds = users // RAMP_PER_S + bench.seconds(HOLD_S)
    say(f"  {name}: {users} users and {live} live sessions for {seconds} s")
    # All users come from one address; nobody is refused for load, as publishers who are waited for would have to be expected.
    with bench.daemon(LOAD__ADMISSION="false", LIMITS__ADDRESS_PER_S="0") as server:
        meanwhile = Meanwhile(asking(bench, server, users, RAMP_PER_S, seconds, PAUSE))
        published = bench.publish(server, live, seconds, meanwhile=meanwhile)
    return {"stage": name, "users": users, "live": published, "requests": meanwhile.rows}


class Meanwhile:
    """Users who are there while others publish; keeps what they counted."""

    def __init__(self, users):
        self.users, self.rows = users, None

    def __enter__(self):
        self.rows = self.users.__enter__()

    def __exit__(self, *failure):
        return self.users.__exit__(*failure)


def goals(stages):
    return [goal for one in stages for goal in of_stage(one)]


def of_stage(one):
    who = f"{one['users']} users ({one['stage']})"
    slowest = max(kinds(one["requests"]), key=lambda row: float(row["95%"]), default=None)
    name = f", slowest {slowest['Type']} {slowest['Name']}" if slowest else ""
    live = one["live"]
    return [
        at_most(f"{who}: p95 of every kind of request < {P95_MS} ms{name}", slowest and float(slowest["95%"]), P95_MS, "ms"),
        at_most(f"{who}: requests that fail < 1 %", failed_share(one["requests"]), ERROR_SHARE, "%", 2),
        at_most(f"{who}: p95 frame sent → metric received of {live['sessions']} live < {P95_MS} ms", live["latency_ms"]["p95"], P95_MS, "ms"),
        at_most(f"{who}: live sessions that fail < 1 %", error_share(live), ERROR_SHARE, "%", 1),
        Goal(f"{who}: nobody who publishes is refused", f"{live['refused']}", live["refused"] == 0),
    ]


def kinds(rows):
    """Kinds of requests whose percentiles count; the last row is all of them together."""
    return [row for row in rows[:-1] if WAITS not in row["Name"] and int(row["Request Count"]) >= LEAST_REQUESTS]


def failed_share(rows):
    asked = int(rows[-1]["Request Count"]) if rows else 0
    return int(rows[-1]["Failure Count"]) / asked if asked else None


def tell(stages):
    parts = []
    for one in stages:
        live = one["live"]
        parts.append(
            f"{one['users']} users ({one['stage']}), {RAMP_PER_S} more each second; {live['sessions']} live: frame sent → metric received p50, p95, p99 "
            f"{spread(live['latency_ms'])}, degraded {percent(live['degraded'])}; the daemon took {number(live['daemon']['cores'], '', 2)} processors.\n\n"
            + requests(one["requests"])
        )
    return "\n".join(parts)


SCENARIO = Scenario("slo", "Users of the requirements: 25 and 100, with live sessions beside them", measure, tell, goals)
