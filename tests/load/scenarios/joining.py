"""Ten begin at the same moment."""

from scenario import Goal, Scenario, at_most, number, table

SESSIONS, SECONDS, ROUNDS, AT_ONCE = 10, 10, 3, 1000


def measure(bench):
    return [join(bench) for _ in range(bench.times(ROUNDS))]


def join(bench):
    with bench.daemon() as server:
        return bench.publish(server, bench.sessions(SESSIONS), bench.seconds(SECONDS), ramp=AT_ONCE)


def goals(loads):
    times = [load["setup_ms"]["p95"] for load in loads]
    worst = None if None in times else max(times)
    joined = sum(load["setup_ms"]["n"] for load in loads)
    asked = sum(load["sessions"] for load in loads)
    return [
        at_most(f"WHIP POST → first metric p95 < 1 s, worst of {len(loads)} rounds", worst, 1000, "ms"),
        Goal("everybody who joins gets a metric", f"{joined} of {asked}", joined == asked),
    ]


def tell(loads):
    rows = []
    for number_of_round, load in enumerate(loads, 1):
        setup = load["setup_ms"]
        figures = [number(setup[name]) for name in ("least", "p50", "p95")]
        rows.append([number_of_round, f"{setup['n']} of {load['sessions']}", *figures])
    return table(["round", "got a metric", "soonest ms", "p50 ms", "p95 ms"], rows)


SCENARIO = Scenario("joining", "Ten join at once: WHIP POST → first metric", measure, tell, goals)
