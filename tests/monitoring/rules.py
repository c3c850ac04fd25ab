"""Checks everything in deploy/monitoring that needs no daemon: files, rules with their tests, what becomes of those tests when a rule is
wrong, dashboards, and that every alert is explained. See README.md.

    python3 tests/monitoring/rules.py
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rulefile

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/monitoring/grafana"))
import panels  # noqa: E402

MONITORING = ROOT / "deploy/monitoring"
PROMETHEUS, ALERTMANAGER = MONITORING / "prometheus", MONITORING / "alertmanager/alertmanager.yml"
GRAFANA = MONITORING / "grafana"
EXPLAINED = "docs/operations/alerts.md"
# What is said of every alert.
PARTS = ("Means", "First look", "Do", "Escalate")
ROUTES = {"critical": "pager", "warning": "tickets"}


def main():
    alerts = rulefile.alerts(PROMETHEUS / "rules/alerts.yml")
    problems = [*files_are_valid(), *wrong_dashboards_are_noticed(), *alerts_are_complete(alerts), *alerts_are_explained(alerts)]
    if not problems:
        problems += wrong_alerts_are_noticed(alerts)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)


def files_are_valid():
    """The files by the programs that read them, and the tests of the rules."""
    tests = sorted((PROMETHEUS / "tests").glob("*.yml"))
    for command in (
        ["promtool", "check", "config", PROMETHEUS / "prometheus.yml"],
        ["promtool", "test", "rules", *tests],
        ["amtool", "check-config", ALERTMANAGER],
        [sys.executable, GRAFANA / "dashboards.py", "--check"],
    ):
        yield from trouble(command)
    for severity, receiver in ROUTES.items():
        route = ["amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"--verify.receivers={receiver}"]
        yield from trouble([*route, f"severity={severity}", "alertname=Any"])


def wrong_dashboards_are_noticed():
    """Whatever `dashboards.py --check` looks for, it finds."""

    def put(key, value):
        def change(first, second):
            place = second["gridPos"] if key in second["gridPos"] else second
            place[key] = first[key] if value is None else value

        return change

    def measured_in_nothing(_, second):
        second["fieldConfig"]["defaults"]["unit"] = "parsec"

    changes = (
        put("id", None),
        put("title", None),
        put("x", 0),
        put("w", 25),
        put("targets", []),
        put("description", ""),
        measured_in_nothing,
    )
    for path in sorted((GRAFANA / "dashboards").glob("*.json")):
        for nth, change in enumerate(changes):
            dashboard = json.loads(path.read_text())
            change(*[panel for panel in dashboard["panels"] if panel["type"] != "row"][:2])
            if not list(panels.faults(dashboard)):
                yield f"{path.name}: nobody notices change {nth}"


def trouble(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        yield f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}"


def alerts_are_complete(alerts):
    for alert in alerts:
        if alert.severity() not in ROUTES:
            yield f"{alert.name}: severity is {alert.severity()}, which nobody is told of"
        for key in ("summary", "description"):
            if not alert.field(key):
                yield f"{alert.name} has no {key}"
        address = alert.field("runbook_url") or ""
        if not address.endswith(f"{EXPLAINED}#{alert.name.lower()}"):
            yield f"{alert.name}: runbook_url {address!r} does not lead to its entry in {EXPLAINED}"


def alerts_are_explained(alerts):
    """Every alert has an entry with all parts, and there are no others."""
    parts = re.split(r"^### (\w+)\n", (ROOT / EXPLAINED).read_text(), flags=re.MULTILINE)
    entries = dict(zip(parts[1::2], parts[2::2]))
    names = {alert.name for alert in alerts}
    for name in sorted(names ^ entries.keys()):
        yield f"{EXPLAINED} lacks {name}" if name in names else f"{EXPLAINED} explains {name}, which is no alert"
    for name, text in entries.items():
        for part in PARTS:
            if not re.search(rf"^- \*{part}\*: \S", text, re.MULTILINE):
                yield f"{EXPLAINED}: {name} does not say {part!r}"


def wrong_alerts_are_noticed(alerts):
    """A test must turn red for every threshold and every duration that is changed a little."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        names = sorted({alert.name for alert in alerts})
        found = list(pool.map(lambda name: tried([alert for alert in alerts if alert.name == name]), names))
    print(f"{sum(mutants for mutants, _ in found)} wrong alerts were tried")
    return [problem for _, problems in found for problem in problems]


def tried(alerts):
    """How many changes were made to the alerts of one name, and what no test noticed."""
    name, mutants, problems = alerts[0].name, 0, []
    with tempfile.TemporaryDirectory(prefix="kinemotion-rules-") as folder:
        folder = Path(folder)
        (folder / "rules").mkdir()
        recording = (PROMETHEUS / "rules/recording.yml").read_text()
        # Most alerts look at nothing that is recorded, and recording it is most of the work.
        recorded = re.findall(r"- record: (\S+)", recording)
        needed = any(record in alert.text for alert in alerts for record in recorded)
        (folder / "rules/recording.yml").write_text(recording if needed else "groups: []\n")
        tests = own_tests(folder / "tests", name)
        if not tests:
            return 0, [f"{name} has no test"]
        if red(folder, alerts, tests):
            return 0, [f"the tests of {name} do not pass without the other alerts"]
        for alert in alerts:
            for change, mutant in alert.mutants():
                mutants += 1
                if not red(folder, [mutant if one is alert else one for one in alerts], tests):
                    problems.append(f"{name}: no test notices {change}")
    return mutants, problems


def own_tests(folder, name):
    """The tests of one alert, which are those whose name begins with its name, written into files of their own."""
    folder.mkdir()
    for path in (PROMETHEUS / "tests").glob("*.yml"):
        head, cases = rulefile.cases(path)
        own = [text for case, text in cases.items() if re.match(rf"{name}\b", case)]
        if own:
            (folder / path.name).write_text(f"{head}\ntests:\n{''.join(own)}")
    return sorted(folder.iterdir())


def red(folder, alerts, tests):
    (folder / "rules/alerts.yml").write_text(rulefile.HEAD + "".join(alert.text for alert in alerts))
    return subprocess.run(["promtool", "test", "rules", *tests], capture_output=True).returncode != 0


if __name__ == "__main__":
    main()
