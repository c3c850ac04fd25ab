"""How many sessions get every frame looked at, against what ONNX Runtime alone could look at."""

import os

from scenario import Scenario, at_least, load_cores, measured_share, number, percent, table

FROM, UP_TO, SECONDS, FPS = 2, 20, 20, 30
# A session has full rate when it is measured in so many of its frames: the last ones are still under way when it ends.
FULL_SHARE, FULL_P95_MS = 0.95, 100
# The search ends after so many numbers of sessions in a row that did not have full rate.
MISSES = 2
GOAL = 0.75


def measure(bench):
    rates = [bench.inferences_per_s("fast")]
    loads, misses = [], 0
    for count in bench.steps(range(FROM, UP_TO + 1)):
        with bench.daemon(LOAD__ADMISSION="false") as server:
            load = bench.publish(server, count, bench.seconds(SECONDS))
        loads.append(load)
        misses = 0 if is_full(load) else misses + 1
        if misses == MISSES:
            break
    # The same machine may be another one half an hour later.
    rates.append(bench.inferences_per_s("fast"))
    return {"loads": loads, "inferences_per_s": rates, "processors": os.cpu_count()}


def is_full(load):
    worst, p95 = load["poses_per_s"]["least"], load["latency_ms"]["p95"]
    if load["failed"] or worst is None or p95 is None:
        return False
    return worst >= FULL_SHARE * FPS and measured_share(load) >= FULL_SHARE and p95 < FULL_P95_MS


def most(figures):
    """The load with the most sessions that all have full rate; None when there is none."""
    return max(filter(is_full, figures["loads"]), key=lambda load: load["sessions"], default=None)


def ratio(figures, load):
    """Frames looked at per second, of what ONNX Runtime alone could look at with the processors the load left."""
    left = 1 - load_cores(load) / figures["processors"]
    return FPS * load["sessions"] / (left * bare(figures))


def bare(figures):
    return sum(figures["inferences_per_s"]) / len(figures["inferences_per_s"])


def goals(figures):
    load = most(figures)
    text = f"full-rate sessions ≥ {100 * GOAL:.0f} % of bare ONNX Runtime on what the load leaves of the processors"
    return [at_least(text, ratio(figures, load) if load else 0.0, GOAL, "%")]


def tell(figures):
    header = ["sessions", "measured poses/s of a session, worst", "measured of frames sent", "p95 ms"]
    header += ["full rate", "of bare", "processors: daemon", "load"]
    rows = []
    for load in figures["loads"]:
        rows.append([
            load["sessions"],
            number(load["poses_per_s"]["least"], "", 1),
            percent(measured_share(load)),
            number(load["latency_ms"]["p95"]),
            "yes" if is_full(load) else "no",
            percent(ratio(figures, load), 0) if is_full(load) else "–",
            number(load["daemon"]["cores"], "", 2),
            f"{load_cores(load):.2f}",
        ])
    before, after = figures["inferences_per_s"]
    return table(header, rows) + (
        f"\nONNX Runtime alone in a loop on {figures['processors']} processors: {before:.0f} inferences per second before, "
        f"{after:.0f} after the sweep. Full rate: every session is measured in ≥ {100 * FULL_SHARE:.0f} % of {FPS} frames "
        f"per second and p95 is below {FULL_P95_MS} ms. *Of bare* takes the load's share of the processors off first; "
        f"with it, the most sessions are {whole_share(figures)} of what both processors could do.\n"
    )


def whole_share(figures):
    load = most(figures)
    return "–" if load is None else percent(FPS * load["sessions"] / bare(figures), 0)


SCENARIO = Scenario("full-rate", "The most sessions at full rate, `fast`", measure, tell, goals)
