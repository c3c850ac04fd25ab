"""Everything but inference: ICE, decode and events with landmark models that cost nothing."""

from scenario import Scenario, at_least, at_most, error_share, kept_share, load_cores, number, percent, skipped_share, table

COUNTS, SECONDS = (25, 50, 75, 100), 30


def measure(bench):
    loads = []
    for count in bench.steps(COUNTS):
        with bench.daemon(LOAD__ADMISSION="false", MODELS__PROVIDERS='["stub"]') as server:
            loads.append(bench.publish(server, count, bench.seconds(SECONDS)))
    return loads


def goals(loads):
    load = loads[-1]
    sessions = f"{load['sessions']} sessions without inference"
    return [
        at_most(f"{sessions}: errors < 1 %", error_share(load), 0.01, "%", 1),
        at_least(f"{sessions}: ≥ 98 % of frames sent become events", kept_share(load), 0.98, "%", 1),
    ]


def tell(loads):
    header = ["sessions", "failed", "frames that became events", "p50 ms", "p95 ms", "first event p95 ms"]
    header += ["processors: daemon", "load", "frames the load skipped"]
    rows = []
    for load in loads:
        rows.append([
            load["sessions"],
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
