"""Memory of the process with nobody, and of each session more."""

from sampling import slope
from scenario import Scenario, at_most, number, table

COUNTS, SECONDS = (5, 10, 15), 20


def measure(bench):
    return [step(bench, count) for count in bench.steps(COUNTS)]


def step(bench, count):
    with bench.daemon() as server:
        return bench.publish(server, count, bench.seconds(SECONDS))


def alone_mb(loads):
    return max(load["daemon"]["before"]["rss_mb"] for load in loads)


def added_mb(loads):
    return slope([(load["sessions"] - load["refused"], load["daemon"]["rss_mb"]) for load in loads])


def goals(loads):
    return [
        at_most("≤ 200 MB without a session", alone_mb(loads), 200, "MB"),
        at_most("≤ 30 MB for each added session", added_mb(loads), 30, "MB", 1),
    ]


def tell(loads):
    rows = [[0, number(alone_mb(loads), "", 0), "–", "–", "–"]]
    for load in loads:
        used, sessions = load["daemon"], load["sessions"] - load["refused"]
        over = (used["rss_mb"] - used["before"]["rss_mb"]) / sessions if sessions else None
        rows.append([sessions, number(used["rss_mb"]), number(over, "", 1), used["threads"], used["descriptors"]])
    header = ["sessions", "memory MB", "over nobody, MB per session", "threads", "descriptors"]
    return table(header, rows) + f"\nEach added session: {number(added_mb(loads), 'MB', 1)} (slope of the rows with sessions).\n"


SCENARIO = Scenario("memory", "Memory, `fast` loaded", measure, tell, goals)
