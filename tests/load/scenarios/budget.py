"""What each stage of a frame may take, and what it takes: the budget of the latency that is promised."""

import os
import re
import urllib.request

from scenario import Goal, Scenario, at_most, number, table

FAMILY = "kinemotion_frame_latency_seconds"
# p95 in milliseconds. Of the 200 that are promised from camera to screen the requirements give 116 to the camera (33), the network (50) and the
# picture in the browser (33); networks get 40 and kinematics 10 of the rest as they have it. end_to_end is all that a daemon does.
BUDGET_MS = {"decode": 14, "inference": 40, "analysis": 10, "delivery": 20, "end_to_end": 84}
SECONDS = 30
# As many as have full rate: beyond that the ladder gives stages what it takes from frames.
PROCESSORS_PER_SESSION = 1


def measure(bench):
    sessions = bench.sessions(max(1, (os.cpu_count() or 1) // PROCESSORS_PER_SESSION))
    with bench.daemon() as server:
        load = bench.publish(server, sessions, bench.seconds(SECONDS))
        with urllib.request.urlopen(f"http://127.0.0.1:{server.admin_port}/metrics", timeout=30) as answer:
            stages = histograms(answer.read().decode())
    missing = [stage for stage in BUDGET_MS if stage not in stages]
    if missing:
        raise SystemExit(f"this daemon does not tell {FAMILY} of {', '.join(missing)}")
    told = {stage: {"n": n, "mean_ms": mean, "p50_ms": ms(found, 0.5), "p95_ms": ms(found, 0.95)} for stage, (n, mean, found) in stages.items()}
    return {"sessions": sessions, "stages": told, "latency_ms": load["latency_ms"]}


def histograms(text):
    """Count, mean in milliseconds and cumulative buckets of each stage, from the text of /metrics."""
    found = {}
    for suffix, labels, value in re.findall(rf"^{FAMILY}_(bucket|sum|count)\{{([^}}]*)\}} (\S+)$", text, re.MULTILINE):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        stage = found.setdefault(labels["stage"], {"buckets": []})
        if suffix == "bucket":
            stage["buckets"].append((float(labels["le"].replace("+Inf", "inf")), float(value)))
        else:
            stage[suffix] = float(value)
    return {
        name: (stage["count"], 1e3 * stage["sum"] / stage["count"] if stage["count"] else None, sorted(stage["buckets"]))
        for name, stage in found.items()
    }


def ms(buckets, share):
    """A quantile in milliseconds, taken as even within a bucket as Prometheus does; None of nothing, or beyond the last bound."""
    total = buckets[-1][1] if buckets else 0
    below, low = 0.0, 0.0
    for bound, count in buckets:
        if total and count >= share * total:
            if bound == float("inf"):
                return None
            return 1e3 * (low + (bound - low) * (share * total - below) / (count - below))
        below, low = count, bound
    return None


def goals(figures):
    # Nothing at all, or beyond the last bound: the one is not measured, the other too slow.
    return [
        at_most(f"{stage}: p95 < {most} ms", found["p95_ms"], most, "ms", 1)
        if found["p95_ms"] is not None or not found["n"]
        else Goal(f"{stage}: p95 < {most} ms", "beyond every bound", False)
        for stage, most in BUDGET_MS.items()
        for found in [figures["stages"][stage]]
    ]


def tell(figures):
    rows = []
    for stage, most in BUDGET_MS.items():
        found = figures["stages"][stage]
        left = None if found["p95_ms"] is None else (most - found["p95_ms"]) / most
        rows.append([stage, most, *(number(found[name], "", 2) for name in ("mean_ms", "p50_ms", "p95_ms")), number(left, "%"), int(found["n"])])
    header = ["stage of a frame", "budget p95 ms", "mean ms", "p50 ms", "p95 ms", "left", "frames"]
    return table(header, rows) + (
        f"\n{figures['sessions']} sessions, 640×480 at 30 frames/s, `fast`; p95 frame sent → metric received at the client: {number(figures['latency_ms']['p95'], 'ms')}. "
        "Stages are those of [metrics.md](operations/metrics.md#stages-of-a-frame); their p95 do not add up, and waiting between them is in end_to_end alone.\n"
    )


SCENARIO = Scenario("budget", "Performance budget: what each stage of a frame takes", measure, tell, goals)
