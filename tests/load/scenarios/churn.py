"""1,000 sessions made and ended one after another: what stays behind."""

import time

from sampling import look
from scenario import Goal, Scenario, at_most, number, reasons, table

TIMES, WARM_UP, AT_ONCE = 1000, 100, 4
# The longest a session may take to its first metric, seconds.
PATIENCE = 30
# A session is let go of after its publisher has been answered; threads that may block live on for 10 s without work (Tokio).
SETTLE_S = 15
# Threads of pools and connections that are kept for a while come and go; a leak has as many as there were sessions.
WOBBLE = 5


def measure(bench):
    # Nobody is refused: those who leave are still counted for a moment when the next ones come.
    with bench.daemon(LOAD__ADMISSION="false") as server:
        warm_up = come_and_go(bench, server, WARM_UP)
        before = settled(bench, server)
        churn = come_and_go(bench, server, TIMES)
        after = settled(bench, server)
        at_once = bench.sessions(AT_ONCE)
        figures = {"warm_up": warm_up, "before": before, "churn": churn, "after": after}
        return {"at_once": at_once, "running": running(server), **figures}


def come_and_go(bench, server, times):
    clients = bench.sessions(AT_ONCE)
    turns = max(1, bench.times(times) // clients)
    return bench.publish(server, clients, PATIENCE, times=turns, ramp=1000)


def settled(bench, server):
    time.sleep(bench.seconds(SETTLE_S))
    return look(server.pid)


def running(server):
    """Analyses that have not ended."""
    states = ("waiting", "connecting", "live", "stalled", "finishing")
    counted = server.metrics()
    return sum(counted.get(f'kinemotion_analyses{{state="{state}"}}', 0) for state in states)


def goals(figures):
    before, after, churn = figures["before"], figures["after"], figures["churn"]
    got = churn["setup_ms"]["n"]

    def back(what):
        return Goal(f"no {what} stay", f"{before[what]} → {after[what]}", after[what] <= before[what] + WOBBLE)

    return [
        Goal(f"{churn['sessions']} sessions get a metric", f"{got}", got == churn["sessions"]),
        back("threads"),
        back("descriptors"),
        Goal("no pipeline runs", f"{figures['running']:.0f}", figures["running"] == 0),
        at_most("memory back to within 10 MB", after["rss_mb"] - before["rss_mb"], 10, "MB more", 1),
    ]


def tell(figures):
    before, after, churn = figures["before"], figures["after"], figures["churn"]
    rows = [
        [f"after {figures['warm_up']['sessions']} sessions of warm-up", *state(before)],
        [f"after {churn['sessions']} more", *state(after)],
    ]
    setup = churn["setup_ms"]
    return table(["", "memory MB", "threads", "descriptors"], rows) + (
        f"\n{figures['at_once']} at a time, {churn['sessions'] / churn['seconds']:.1f} sessions per second, each until its first metric: "
        f"p50 {number(setup['p50'])}, p95 {number(setup['p95'], 'ms')} after its POST.\n\n" + reasons(churn)
    )


def state(sample):
    return [number(sample["rss_mb"], "", 1), sample["threads"], sample["descriptors"]]


SCENARIO = Scenario("churn", "1,000 sessions one after another", measure, tell, goals)
