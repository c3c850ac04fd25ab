"""The manifests against a running daemon: it takes the settings, answers the probes, counts what the registry says, and its end waits."""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

from facts import metrics
from pods import PROBES
from tree import Tree, Trouble

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "services"))
import daemon as service  # noqa: E402

CONFIG, DRAIN = "deploy/kubernetes/base/kinemotion.toml", "deploy/kubernetes/base/drain.sh"
# Measures nothing, so that no models are needed.
TRIAL = {"MODELS__PROVIDERS": '["stub"]', "LOAD__ADMISSION": "false"}
# How long anything may take that should come at once, seconds.
PATIENCE_S = 60


def trial(tree: Tree) -> list[str]:
    if not tree.tools.program:
        tree.note("no program is built, so the manifests were held against documents only: `make build` makes one")
        return []
    sections = tomllib.loads(tree.text(CONFIG))
    told = {f"{section}__{key}".upper(): json.dumps(value) if not isinstance(value, str) else value
            for section, keys in sections.items() for key, value in keys.items()}
    own = {"SERVER__LISTEN", "ADMIN__LISTEN", "STORAGE__FOLDER"}
    troubles: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kinemotion-deploy-") as folder:
        taken = {key: value for key, value in told.items() if key not in own}
        try:
            with service.running(tree.tools.program, Path(folder), taken | TRIAL, troubles) as daemon:
                problems = probes(daemon) + drains(tree, daemon) + counted(tree, daemon)
        except SystemExit as end:
            # How the daemon's own tests are ended when it does not get ready.
            raise Trouble(str(end)) from end
    return problems + troubles


def probes(daemon: service.Daemon) -> list[str]:
    problems = []
    for probe, path in PROBES.items():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{daemon.admin_port}{path}", timeout=PATIENCE_S):
                pass
        except urllib.error.URLError as error:
            problems.append(f"{probe}: the daemon answers {path} with {error}")
    return problems


def counted(tree: Tree, daemon: service.Daemon) -> list[str]:
    """Everything in /metrics is in the registry's document, with its labels."""
    known, problems = metrics(tree), set()
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.admin_port}/metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        name, labels = re.match(r"([\w:]+)(?:\{(.*)\})? ", line).groups()
        if name not in known:
            problems.add(f"the daemon counts {name}, which the registry's document does not name")
        else:
            strange = set(re.findall(r'(\w+)="', labels or "")) - known[name] - ({"le"} if name.endswith("_bucket") else set())
            problems |= {f"the daemon counts {name} by {label}, the registry's document does not" for label in strange}
    return sorted(problems)


def drains(tree: Tree, daemon: service.Daemon) -> list[str]:
    """The hook before the end waits for what is live, but not for longer than it may, and then lets go."""
    order = json.dumps({"sport_type": "cmj", "input": {"demo": True}}).encode()
    made = asked(daemon, "POST", "/api/v1/analyses", order)
    around = os.environ | {"POD_IP": "127.0.0.1", "ADMIN_PORT": str(daemon.admin_port), "SETTLE_S": "0"}
    hook = ["bash", str(tree.file(DRAIN))]
    problems = []
    impatient = subprocess.run(hook, env=around | {"LIVE_S": "0"}, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if impatient.returncode or not impatient.stdout.startswith("1 analyses"):
        problems.append(f"{DRAIN} ends with {impatient.returncode} and says {impatient.stdout + impatient.stderr!r} while an analysis runs")
    with subprocess.Popen(hook, env=around | {"LIVE_S": "3600"}, stdout=subprocess.PIPE, text=True) as patient:
        try:
            if not patient.stdout.readline().startswith("1 analyses"):
                problems.append(f"{DRAIN} does not wait for an analysis that runs")
            asked(daemon, "DELETE", f"/api/v1/analyses/{made['analysis_id']}")
            if patient.wait(PATIENCE_S):
                problems.append(f"{DRAIN} ends with {patient.returncode}")
        except subprocess.TimeoutExpired:
            patient.kill()
            problems.append(f"{DRAIN} goes on waiting when nothing runs")
    return problems


def asked(daemon: service.Daemon, method: str, path: str, body: bytes | None = None) -> dict:
    headers = {"Content-Type": "application/json"} if body else {}
    request = urllib.request.Request(daemon.url + path, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.loads(answer.read() or b"{}")
