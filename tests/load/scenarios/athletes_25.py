"""25 athletes for two minutes, as a group of courts or gyms would send them."""

from scenario import (
    Scenario,
    at_least,
    at_most,
    error_share,
    kept_share,
    load_cores,
    number,
    percent,
    reasons,
    skipped_share,
    spread,
    table,
)

SESSIONS, SECONDS = 25, 120
# Memory that stays is the same at both ends of a minute but for what the allocator holds back for a while.
STEADY_MB = 5


def measure(bench):
    with bench.daemon() as server:
        return bench.publish(server, bench.sessions(SESSIONS), bench.seconds(SECONDS))


def goals(load):
    used = load["daemon"]
    growth = used["growth_mb_per_minute"]
    published = load["sessions"] - load["refused"] - load["failed"]
    return [
        at_least(f"{load['sessions']} sessions publish to the end", published, load["sessions"], ""),
        at_most("p95 frame sent → metric received < 200 ms", load["latency_ms"]["p95"], 200, "ms"),
        at_most("errors < 1 %", error_share(load), 0.01, "%", 1),
        at_least("≥ 10 measured poses per second in the worst session", load["poses_per_s"]["least"], 10, "per second", 1),
        at_most(
            f"memory does not grow: < {STEADY_MB} MB in the last minute", growth, STEADY_MB, "MB per minute", 1
        ),
        at_least("decode at full rate: ≥ 98 % of frames sent become poses", kept_share(load), 0.98, "%", 1),
    ]


def tell(load):
    used, latency, rate = load["daemon"], load["latency_ms"], load["poses_per_s"]
    rows = [
        ["frame sent → metric received p50, p95, p99", spread(latency)],
        ["… of frames that were looked at", spread(load["measured_latency_ms"])],
        ["WHIP POST → first metric p50, p95", f"{number(load['setup_ms']['p50'])}, {number(load['setup_ms']['p95'])} ms"],
        ["measured poses per second: worst, median session", f"{number(rate['least'], '', 1)}, {number(rate['p50'], '', 1)}"],
        ["frames sent (from the first pose on); poses measured, predicted, of an empty picture", frames(load)],
        ["degraded", percent(load["degraded"])],
        ["refused, failed", f"{load['refused']}, {load['failed']} of {load['sessions']}"],
        ["not sent for want of a processor (the load's own fault)", percent(skipped_share(load))],
        ["processors: daemon, load", f"{number(used['cores'], '', 2)}, {load_cores(load):.2f}"],
        ["memory, growth in the last minute", f"{used['rss_mb']:.0f} MB, {number(used['growth_mb_per_minute'], 'MB per minute', 1)}"],
        ["threads, descriptors", f"{used['threads']}, {used['descriptors']}"],
    ]
    return table(["", ""], rows) + "\n" + reasons(load)


def frames(load):
    return f"{load['frames']} ({load['frames_since_first_pose']}); {load['measured']}, {load['predicted']}, {load['nobody']}"


SCENARIO = Scenario("athletes-25", "25 sessions at 640×480 and 30 frames/s, `fast`, two minutes", measure, tell, goals)
