"""Half an hour at four fifths of what fits: nothing creeps."""

from sampling import middle, slope
from scenario import Goal, Scenario, error_share, number, percent, table

from . import full_rate

SHARE, FEWEST = 0.8, 1
# The first minute begins and warms up.
WARM_UP_MINUTES = 1
# Flat: what the slope adds over the whole time is less than this.
FLAT_MS, FLAT_MB = 10, 10


def measure(bench):
    sessions = fitting(bench)
    minutes = bench.soak_minutes
    with bench.daemon() as server:
        return bench.publish(server, sessions, bench.seconds(60 * minutes))


def fitting(bench):
    sweep = bench.results.get("full-rate")
    load = sweep and full_rate.most(sweep["figures"])
    if bench.small:
        return bench.sessions(FEWEST)
    if not load:
        raise SystemExit("soak: run the scenario full-rate first, it tells how many sessions fit")
    return max(FEWEST, round(SHARE * load["sessions"]))


def minutes(load):
    """Latency and memory by the minute, full ones after the warm-up."""
    samples = load["daemon"]["samples"]
    begin = samples[0]["at_s"] if samples else 0
    told = []
    for minute, latency in enumerate(load["minutes"]):
        inside = [sample for sample in samples if minute * 60 <= sample["at_s"] - begin < (minute + 1) * 60]
        told.append({"minute": minute, "latency_ms": latency, "rss_mb": middle(inside, "rss_mb")})
    return told


def creep(load, figure):
    """What the slope over the minutes after the warm-up, but for the last that is not whole, adds over all of them."""
    told = minutes(load)[WARM_UP_MINUTES:-1]
    per_minute = slope([(row["minute"], figure(row)) for row in told])
    return None if per_minute is None else per_minute * len(told)


def goals(load):
    latency = creep(load, lambda row: row["latency_ms"]["p95"])
    memory = creep(load, lambda row: row["rss_mb"])

    def flat(text, value, bound, unit):
        return Goal(text, number(value, unit, 1), None if value is None else abs(value) < bound)

    return [
        flat(f"p95 is flat: the slope adds < {FLAT_MS} ms", latency, FLAT_MS, "ms"),
        flat(f"memory is flat: the slope adds < {FLAT_MB} MB", memory, FLAT_MB, "MB"),
        Goal("nobody fails", percent(error_share(load)), load["failed"] == 0),
    ]


def tell(load):
    rows = [
        [row["minute"], number(row["latency_ms"]["p50"]), number(row["latency_ms"]["p95"]), number(row["rss_mb"], "", 1)]
        for row in minutes(load)
    ]
    return f"{load['sessions']} sessions, {load['seconds'] / 60:.0f} minutes.\n\n" + table(
        ["minute", "p50 ms", "p95 ms", "memory MB"], rows
    )


SCENARIO = Scenario("soak", "Soak at 80 % of the most sessions at full rate", measure, tell, goals)
