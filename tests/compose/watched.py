"""What Prometheus and Alertmanager of the services know, and whether the dashboards find something in it."""

import contextlib
import subprocess
import time

import live
import queries
import stack as monitoring
import work
from engines import PORT
from image import report, until

# What is not counted here, and why. Queries of it must be valid and give nothing, so that this list does not outlive its reasons.
ELSEWHERE = {
    r"node_\w+": "the machine itself is not watched (deploy/compose/targets/node.yml)",
    "kinemotion_webhook_delay_seconds_bucket": "webhooks lead to the network, and there is none here",
}
# How long Prometheus, which looks every 15 s, may take until every query has found something, seconds.
COUNTED_S = 240
# Where they are published.
PROMETHEUS_PORT = 9090


def prometheus_watches():
    """Gives Prometheus, when it has looked."""
    prometheus = monitoring.Prometheus(PROMETHEUS_PORT)
    targets = until("Prometheus has looked at everybody", lambda: looked(prometheus))
    down = [f"{target['scrapeUrl']}: {target['lastError']}" for target in targets if target["health"] != "up"]
    assert not down, f"targets that are not up: {down}"
    jobs = {target["labels"]["job"] for target in targets}
    assert jobs == {"kinemotion"}, f"watched are {jobs}"
    texts = [path.read_text() for path in (monitoring.MONITORING / "prometheus/rules").glob("*.yml")]
    shipped = sum(text.count(f"- {kind}: ") for text in texts for kind in ("alert", "record"))
    loaded = until("rules are evaluated", lambda: evaluated(prometheus))
    assert len(loaded) == shipped > 0, f"{len(loaded)} rules are loaded, {shipped} are shipped"
    bad = [(rule["name"], rule["health"], rule.get("lastError")) for rule in loaded if rule["health"] != "ok"]
    assert not bad, f"rules that are not well: {bad}"
    managers = [manager["url"] for manager in prometheus.get("alertmanagers")["activeAlertmanagers"]]
    assert managers == ["http://alertmanager:9093/api/v2/alerts"], f"Prometheus tells {managers} of alerts"
    report(f"Prometheus: {len(targets)} target up, {len(loaded)} rules, Alertmanager known")
    return prometheus


def looked(prometheus):
    targets = prometheus.get("targets")["activeTargets"]
    return targets if targets and all(target["health"] != "unknown" for target in targets) else None


def evaluated(prometheus):
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    return rules if rules and all(rule["health"] != "unknown" for rule in rules) else None


@contextlib.contextmanager
def published(programs, api):
    """A publisher while it is entered, once there are poses of it: its media go straight to the address of the container. What only changes
    with a new analysis has changed a moment ago then."""
    host, port = api.container.address(PORT)
    command = [programs / "whip-load", "--url", f"http://{host}:{port}", "--clients", "1", "--duration", work.PUBLISHES]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until("poses of a publisher", lambda: poses_of_publishers(api, process))
        report("a publisher outside of the containers is measured")
        yield
    finally:
        process.terminate()
        process.wait()


def poses_of_publishers(api, process):
    assert process.poll() is None, f"whip-load ended with {process.returncode}"
    analyses = (api.json("GET", f"/api/v1/analyses/{one['analysis_id']}") for one in api.json("GET", "/api/v1/analyses")["analyses"])
    return sum(one["counts"]["poses"] for one in analyses if one["source"]["kind"] == "whip")


def dashboards_find(prometheus, api):
    """Every query of every panel, until it has found something."""
    panels, others = queries.of_dashboards()
    problems = []
    elsewhere = [query for query in panels if query.is_of(ELSEWHERE)]
    missing = [query for query in panels if query not in elsewhere]
    count, give_up = len(missing), time.monotonic() + COUNTED_S
    while missing and not problems and time.monotonic() < give_up:
        # Requests are something to count too.
        api.json("GET", "/api/v1/analyses")
        missing = [query for query in missing if not live.ask(prometheus, query, problems)]
        time.sleep(1)
    for query in (*elsewhere, *others):
        if live.ask(prometheus, query, problems) and query in elsewhere:
            problems.append(f"{query.where} finds something after all, take it out of ELSEWHERE: {query.expression}")
    problems += [f"{query.where} finds nothing: {query.expression}" for query in missing]
    assert not problems, "\n".join(problems)
    report(f"dashboards: {count} queries of panels find something, {len(elsewhere)} are for elsewhere and valid")
