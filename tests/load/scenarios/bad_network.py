"""Datagrams that are lost and late, in both directions."""

from scenario import Goal, Scenario, at_most, kept_share, number, percent, reasons, table

SESSIONS, SECONDS = 4, 60
NETWORKS = (("0%", "0ms"), ("1%", "10ms"), ("5%", "50ms"))
# Metrics continue when no session is without one for so long: a key frame is asked for and comes well within it.
SILENCE_S = 5


def measure(bench):
    return [step(bench, loss, delay) for loss, delay in NETWORKS]


def step(bench, loss, delay):
    with bench.daemon() as server:
        load = bench.publish(server, bench.sessions(SESSIONS), bench.seconds(SECONDS), loss=loss, delay=delay)
    return {"loss": loss, "delay": delay, **load}


def goals(loads):
    load = loads[-1]
    network = f"{load['loss']} loss, {load['delay']} delay each way"
    return [
        Goal(f"{network}: every session survives", f"{load['failed']} failed", load["failed"] == 0),
        at_most(f"{network}: longest time without a metric < {SILENCE_S} s", load["silence_s"]["most"], SILENCE_S, "s", 1),
    ]


def tell(loads):
    header = ["loss", "delay each way", "failed", "frames that became poses", "measured poses/s, worst"]
    header += ["longest silence s", "p50 ms", "p95 ms", "key frames asked for"]
    rows = []
    for load in loads:
        rows.append([
            load["loss"],
            load["delay"],
            load["failed"],
            percent(kept_share(load)),
            number(load["poses_per_s"]["least"], "", 1),
            number(load["silence_s"]["most"], "", 1),
            number(load["latency_ms"]["p50"]),
            number(load["latency_ms"]["p95"]),
            load["key_frames_asked"],
        ])
    return table(header, rows) + "\n" + "".join(reasons(load) for load in loads)


SCENARIO = Scenario("bad-network", "Loss and delay", measure, tell, goals)
