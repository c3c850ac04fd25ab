"""Everything but inference: ICE, decode and events with landmark models that cost nothing."""

from scenario import Scenario, at_least, at_most, error_share, kept_share, load_cores, number, percent, skipped_share, table

COUNTS, SECONDS = (25, 50, 75, 100), 30
# Frames per second of each publisher; the most publishers also at fewer, which shows what does not grow with frames.
FULL, FEWER = 30, (10, 5)


def measure(bench):
    counts = bench.steps(COUNTS)
    plan = [(count, FULL) for count in counts] + [(counts[-1], fps) for fps in FEWER]
    return [publish(bench, *step) for step in plan]


def publish(bench, count, fps):
    with bench.daemon(LOAD__ADMISSION="false", MODELS__PROVIDERS='["stub"]') as server:
        return bench.publish(server, count, bench.seconds(SECONDS), fps=fps) | {"fps": fps}


def goals(loads):
    most = max(load["sessions"] for load in loads)
    return [goal for load in loads if load["sessions"] == most for goal in holds(load)]


def holds(load):
    sessions = f"{load['sessions']} sessions at {load['fps']} frames/s without inference"
    return [
        at_most(f"{sessions}: errors < 1 %", error_share(load), 0.01, "%", 1),
        at_least(f"{sessions}: ≥ 98 % of frames sent become events", kept_share(load), 0.98, "%", 1),
    ]


def tell(loads):
    header = ["sessions", "frames/s", "failed", "frames that became events", "p50 ms", "p95 ms", "first event p95 ms"]
    header += ["processors: daemon", "load", "frames the load skipped"]
    rows = []
    for load in loads:
        rows.append([
            load["sessions"],
            load["fps"],
            load["failed"],
            percent(kept_share(load)),
            number(load["latency_ms"]["p50"]),
            number(load["latency_ms"]["p95"]),
            number(load["setup_ms"]["p95"]),
            number(load["daemon"]["cores"], "", 2),
            f"{load_cores(load):.2f}",
            percent(skipped_share(load)),
        ])
    return table(header, rows) + (
        "\nFrames are encoded once for all publishers, but each is received, decoded and answered by itself; daemon and load "
        "share the processors.\n"
    )


SCENARIO = Scenario("stubbed-100", "100 sessions with inference stubbed out", measure, tell, goals)
