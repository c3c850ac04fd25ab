"""100 sessions are asked for: those that fit keep what they were promised, the others are told at once."""

from scenario import Goal, Scenario, at_least, at_most, error_share, number, reasons, spread, table

SESSIONS, SECONDS = 100, 60


def measure(bench):
    with bench.daemon() as server:
        return bench.publish(server, bench.sessions(SESSIONS), bench.seconds(SECONDS))


def goals(load):
    inside = load["sessions"] - load["refused"]
    told = load["refused"] - load["refusals_without_when"]
    return [
        Goal("those over budget are refused", f"{load['refused']} of {load['sessions']}", load["refused"] > 0),
        Goal("every refusal says when to come again", f"{told} of {load['refused']}", told == load["refused"]),
        at_most("the slowest refusal takes < 50 ms", load["refusal_ms"]["most"], 50, "ms", 1),
        at_most(f"p95 of the {inside} inside < 200 ms", load["latency_ms"]["p95"], 200, "ms"),
        at_least("≥ 10 measured poses per second in the worst inside", load["poses_per_s"]["least"], 10, "per second", 1),
        at_most("errors inside < 1 %", error_share(load), 0.01, "%", 1),
    ]


def tell(load):
    refusal, latency = load["refusal_ms"], load["latency_ms"]
    rows = [
        ["asked for, refused, failed", f"{load['sessions']}, {load['refused']}, {load['failed']}"],
        ["WHIP POST → refused p50, p95, most", spread(refusal, "p50 p95 most", 1)],
        ["frame sent → metric received p50, p95, p99", spread(latency)],
        ["measured poses per second of the worst inside", number(load["poses_per_s"]["least"], "", 1)],
        ["processors the daemon took", number(load["daemon"]["cores"], "", 2)],
    ]
    return table(["", ""], rows) + "\n" + reasons(load)


SCENARIO = Scenario("asked-100", "100 sessions asked for", measure, tell, goals)
