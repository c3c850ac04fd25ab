"""Prometheus, Alertmanager and the node exporter with what deploy/monitoring ships, on ports of a test's own. Only ports, and times that are
minutes there, are others."""

import contextlib
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/services"))
from daemon import free_ports, tail  # noqa: E402

MONITORING = ROOT / "deploy/monitoring"
# How long a program may take until it answers, and anything else until it is so, seconds.
READY_S, PATIENCE_S = 30, 120


def until(what, found, within_s=PATIENCE_S):
    """Waits until something is found, which it gives; from outside it can only be tried."""
    give_up = time.monotonic() + within_s
    while not (result := found()):
        if time.monotonic() > give_up:
            raise SystemExit(f"{what}: not within {within_s} s")
        time.sleep(0.25)
    return result


class Prometheus:
    def __init__(self, port):
        self.port = port

    def get(self, path, **parameters):
        """`data` of an answer. Raises ValueError for what Prometheus does not take."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]

    def query(self, expression):
        """What there is of an expression now: labels and value of each series, without those that are no number."""
        found = self.get("query", query=expression)["result"]
        return [(one["metric"], value) for one in found if (value := float(one["value"][1])) == value]


@contextlib.contextmanager
def running(folder, daemon_port, receiver_url):
    """All three while it is entered; gives Prometheus. The daemon's admin listener is watched, and alerts are told to a receiver, at
    /pager and /tickets."""
    port, alertmanager_port, node_port = free_ports(3)
    configuration = prepare(folder, daemon_port, alertmanager_port, node_port, receiver_url)
    commands = {
        port: [
            "prometheus",
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        alertmanager_port: [
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alerts'}",
            f"--web.listen-address=127.0.0.1:{alertmanager_port}",
            "--cluster.listen-address=",
        ],
        node_port: ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{node_port}"],
    }
    with contextlib.ExitStack() as stack:
        for at, command in commands.items():
            stack.enter_context(process(command, at, folder / f"{command[0]}.log"))
        yield Prometheus(port)


def prepare(folder, daemon_port, alertmanager_port, node_port, receiver_url):
    """Copies what is shipped, with other ports and seconds for minutes. Gives the configuration of Prometheus."""
    shutil.copytree(MONITORING / "prometheus", folder / "prometheus")
    for job, port in (("kinemotion", daemon_port), ("node", node_port), ("alertmanager", alertmanager_port)):
        (folder / f"prometheus/targets/{job}.yml").write_text(f'- targets: ["127.0.0.1:{port}"]\n')
    configuration = folder / "prometheus/prometheus.yml"
    rewrite(configuration, configuration, r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s")
    alerts = folder / "prometheus/rules/alerts.yml"
    # The one that the test makes fire; the others keep their time.
    rewrite(alerts, alerts, r"(- alert: KinemotionDown\n(?: {8}.*\n)*?) {8}for: 1m\n", r"\1        for: 2s\n")
    rewrite(MONITORING / "alertmanager/alertmanager.yml", folder / "alertmanager.yml", r"http://localhost:9098/", receiver_url)
    rewrite(folder / "alertmanager.yml", folder / "alertmanager.yml", r"group_(wait|interval): \d+[sm]", r"group_\1: 1s")
    return configuration


def rewrite(source, target, pattern, replacement):
    text, count = re.subn(pattern, replacement, source.read_text())
    assert count, f"{source} has no {pattern!r} any more"
    target.write_text(text)


@contextlib.contextmanager
def process(command, port, log):
    """A program that answers at a port while it is entered."""
    with log.open("wb") as out:
        try:
            child = subprocess.Popen(command, stdout=out, stderr=out)
        except FileNotFoundError:
            raise SystemExit(f"{command[0]} is missing: run `make setup-tests`") from None
    try:
        until(f"{command[0]} answers", lambda: answers(child, port, log), READY_S)
        yield
    finally:
        child.terminate()
        child.wait()


def answers(child, port, log):
    if child.poll() is not None:
        raise SystemExit(f"{child.args[0]} ended; its log ends with: {tail(log)}")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        # The node exporter has only pages that say 404 to this, which is an answer too.
        connection.request("GET", "/-/ready")
        return connection.getresponse().status in (200, 404)
    except OSError:
        return False
