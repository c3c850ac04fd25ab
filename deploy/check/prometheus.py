"""Rules, alerts and the way to people: they load, their own tests pass, and they read what is counted."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from facts import TARGET_LABELS, metrics
from promql import unknown, unreadable
from tree import Tree, Trouble, run

FOLDER = "deploy/monitoring/prometheus"
ALERTMANAGER = "deploy/monitoring/alertmanager/alertmanager.yml"
ADAPTER = "deploy/kubernetes/components/monitoring/adapter.yml"
AUTOSCALER = "deploy/kubernetes/components/replicas/autoscaler.yml"
# What exporters of others begin with, and what Prometheus adds itself.
FOREIGN = ("node_", "probe_", "prometheus_", "alertmanager_", "container_", "kube_", "pg_", "redis_", "haproxy_", "go_", "scrape_")
OWN = {"up", "ALERTS", "ALERTS_FOR_STATE"}


def configuration(tree: Tree) -> list[str]:
    """What Prometheus and Alertmanager say themselves."""
    run(["promtool", "check", "config", tree.file(f"{FOLDER}/prometheus.yml")])
    run(["promtool", "check", "rules", *tree.files(f"{FOLDER}/rules/*.yml")])
    run(["amtool", "check-config", tree.file(ALERTMANAGER)])
    return []


def tests(tree: Tree) -> list[str]:
    """The rules' own tests, file beside file; every alert is in one of them."""
    files = tree.files(f"{FOLDER}/tests/*.yml")
    tested = set(re.findall(r"alertname\W{1,4}(\w+)", "\n".join(file.read_text() for file in files)))
    alerts = dict.fromkeys(rule["alert"] for rule in rules(tree) if "alert" in rule)
    problems = [f"{FOLDER}/tests: nothing tests the alert {alert}" for alert in alerts if alert not in tested]
    with ThreadPoolExecutor() as pool:
        for trouble in pool.map(failure, files):
            problems += trouble
    return problems


def failure(file: Path) -> list[str]:
    try:
        run(["promtool", "test", "rules", file])
    except Trouble as trouble:
        return [str(trouble)]
    return []


def rules(tree: Tree) -> list[dict]:
    documents = [yaml.safe_load(file.read_text()) for file in tree.files(f"{FOLDER}/rules/*.yml")]
    return [rule for document in documents for group in document["groups"] for rule in group["rules"]]


def recorded(tree: Tree) -> set[str]:
    """Series that rules make."""
    return {rule["record"] for rule in rules(tree) if "record" in rule} | OWN


def labels_of_targets(tree: Tree) -> set[str]:
    """Labels that files of targets add."""
    added = re.findall(r"^\s+(\w+):\s", "\n".join(file.read_text() for file in (tree.root / FOLDER / "targets").glob("*.yml")), re.M)
    return TARGET_LABELS | set(added)


def series(tree: Tree) -> list[str]:
    """Every rule reads what the daemon, another rule or an exporter counts; every alert says what to do."""
    expressions = {f"{FOLDER}/rules: {rule.get('alert') or rule['record']}": str(rule["expr"]) for rule in rules(tree)}
    problems = unknown(metrics(tree), recorded(tree), FOREIGN, labels_of_targets(tree), expressions)
    for rule in rules(tree):
        if "alert" not in rule:
            continue
        where, annotations = f"{FOLDER}/rules: {rule['alert']}", rule.get("annotations", {})
        if not rule.get("labels", {}).get("severity"):
            problems.append(f"{where} has no severity, so nobody is called")
        problems += [f"{where} has no {key}" for key in ("summary", "runbook_url") if key not in annotations]
        problems += runbook(tree, where, annotations.get("runbook_url", ""))
    return problems


def runbook(tree: Tree, where: str, url: str) -> list[str]:
    """The heading an alert leads to."""
    match = re.search(r"(docs/operations/[\w./-]+\.md)#([\w-]+)$", url)
    if not match:
        return [f"{where}: {url!r} leads to no heading in docs/operations"] if url else []
    headings = re.findall(r"^#+ +(.+?) *$", tree.text(match[1]), re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return [] if match[2] in anchors else [f"{where}: {match[1]} has no heading {match[2]}"]


def autoscaling(tree: Tree) -> list[str]:
    """The autoscaler asks for what the adapter makes, and the adapter makes it of what the daemon counts."""
    adapter, scaler = tree.yaml(ADAPTER), tree.yaml(AUTOSCALER)["spec"]["metrics"]
    made = {kind: {rule["name"]["as"] for rule in adapter[key]} for kind, key in (("Pods", "rules"), ("External", "externalRules"))}
    asked = {kind: {metric[kind.lower()]["metric"]["name"] for metric in scaler if metric["type"] == kind} for kind in made}
    problems = []
    for kind in made:
        problems += [f"{AUTOSCALER}: {kind} {name} is made by no rule of {ADAPTER}" for name in sorted(asked[kind] - made[kind])]
        problems += [f"{ADAPTER}: {kind} {name} is asked for by nobody" for name in sorted(made[kind] - asked[kind])]
    if not any(metric["type"] == "Resource" and metric["resource"]["name"] == "cpu" for metric in scaler):
        problems.append(f"{AUTOSCALER} does not look at processors")
    expressions = {}
    for rule in adapter["rules"] + adapter["externalRules"]:
        where = f"{ADAPTER}: {rule['name']['as']}"
        filled = rule["metricsQuery"].replace("<<.LabelMatchers>>", 'namespace="x"').replace("<<.GroupBy>>", "namespace")
        expressions |= {f"{where}, seriesQuery": rule["seriesQuery"], f"{where}, metricsQuery": filled}
    return problems + unreadable(expressions) + unknown(metrics(tree), set(), (), TARGET_LABELS, expressions)
