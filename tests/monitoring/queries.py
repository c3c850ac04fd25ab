"""What dashboards, rules and the requirement documents ask Prometheus."""

import json
import re
from dataclasses import dataclass

from stack import MONITORING

# What stands for the variables of Grafana.
VARIABLES = {"$job": "kinemotion", "$instance": ".*", "$__rate_interval": "1m", "$__range": "1h"}
# What one daemon on a test machine does not have, and why. Queries of it must be valid and give nothing, so that this list
# does not outlive its reasons.
ELSEWHERE = {
    "kinemotion_replicas": "only daemons of a cluster count them",
    "kinemotion_redis_up": "only daemons of a cluster have a Redis",
    "probe_ssl_earliest_cert_expiry": "comes from prometheus-blackbox-exporter, which has nobody to ask here",
}
# What depends on the machine: a container may have no disk of its own and no network but the loopback. Queries of it must be valid.
OF_THE_MACHINE = {"node_filesystem_avail_bytes", "node_network_receive_bytes_total", "node_network_transmit_bytes_total"}
# The requirement documents, as they are written: implementation-roadmap.md 2.3 "Grafana Dashboards".
AS_WRITTEN = (
    "ws_active_connections",
    "histogram_quantile(0.95, rate(frame_latency_ms_bucket[5m]))",
    "rate(analyses_failed_total[5m])",
    "memory_usage_mb",
    "cpu_usage_percent",
    # And the other names of 2.2 "Prometheus Integration".
    "analyses_total",
    "histogram_quantile(0.95, rate(mediapipe_process_ms_bucket[5m]))",
    "histogram_quantile(0.95, rate(kinematics_calc_ms_bucket[5m]))",
    # infrastructure-assessment.md 5 "Alert Rules (SLO Enforcement)", without what they are compared with.
    "rate(analyses_failed_total[5m]) / rate(analyses_total[5m])",
    '(100 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100)',
)
# A series in an expression: a name of ours or of the exporters, and what it is chosen by.
SELECTOR = re.compile(
    r"(?<![\w:])((?:kinemotion[_:]|process_|node_|probe_|analyses_|frame_latency_|(?:job|instance):kinemotion_)[\w:]*)(\{[^}]*\})?"
)


@dataclass(frozen=True)
class Query:
    """`where` is who asks; `expression` has no variables any more."""

    where: str
    expression: str

    def is_of(self, names):
        return any(re.search(rf"\b{name}\b", self.expression) for name in names)


def of_dashboards():
    """The queries of all panels, and those of annotations, which need not find anything."""
    panels, others = [], []
    for path in sorted((MONITORING / "grafana/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                panels.append(Query(f"{path.name}: {panel['title']} {target['refId']}", substituted(target["expr"])))
        for annotation in dashboard["annotations"]["list"]:
            others.append(Query(f"{path.name}: annotation {annotation['name']}", substituted(annotation["expr"])))
    return panels, others


def substituted(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, f"a variable nobody knows is in {expression}"
    return expression


def of_rules(prometheus):
    """Every series that a rule chooses, by itself: rules give nothing while all is well, but what they look at is there."""
    selectors = {}
    for group in prometheus.get("rules")["groups"]:
        for rule in group["rules"]:
            for name, matchers in SELECTOR.findall(rule["query"]):
                selectors.setdefault(name + matchers, f"rule {rule['name']}")
    return [Query(where, f"count({selector})") for selector, where in sorted(selectors.items())]


def rule_errors(prometheus):
    for group in prometheus.get("rules")["groups"]:
        for rule in group["rules"]:
            if rule.get("lastError"):
                yield f"rule {rule['name']}: {rule['lastError']}"
