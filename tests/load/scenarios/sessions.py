"""Sessions against latency, for each landmark model."""

from scenario import Scenario, kept_share, load_cores, number, percent, skipped_share, table

QUALITIES = ("fast", "balanced", "accurate")
COUNTS, SECONDS = (1, 2, 5, 10, 15, 20, 25, 30), 20


def measure(bench):
    return [step(bench, quality, count) for quality in QUALITIES for count in bench.steps(COUNTS)]


def step(bench, quality, count):
    # Nobody is refused, so that the table goes on where the daemon would say no.
    with bench.daemon(quality, LOAD__ADMISSION="false") as server:
        return {"quality": quality, **bench.publish(server, count, bench.seconds(SECONDS), quality)}


HEADER = [
    "model",
    "sessions",
    "measured poses/s of a session, worst",
    "median",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "frames that became poses",
    "degraded",
    "failed",
    "processors: daemon",
    "load",
    "frames the load skipped",
]


def tell(loads):
    return table(HEADER, [row(load) for load in loads])


def row(load):
    latency, rate = load["latency_ms"], load["poses_per_s"]
    return [
        load["quality"],
        load["sessions"],
        number(rate["least"], "", 1),
        number(rate["p50"], "", 1),
        *(number(latency[name]) for name in ("p50", "p95", "p99")),
        percent(kept_share(load)),
        percent(load["degraded"]),
        load["failed"],
        number(load["daemon"]["cores"], "", 2),
        f"{load_cores(load):.2f}",
        percent(skipped_share(load)),
    ]


SCENARIO = Scenario("sessions", "Sessions against latency, 20 s each, admission off", measure, tell)
