"""Makes prometheus-rule.yml of the rules that Prometheus loads without an operator, text for text.

    python3 deploy/kubernetes/components/monitoring/rules.py           # writes it
    python3 deploy/kubernetes/components/monitoring/rules.py --check   # fails when it is not what would be written
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEAD = "# Made of deploy/monitoring/prometheus/rules by rules.py: change those, then call it.\n"
RESOURCE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kinemotion-{name}
  labels:
    app.kubernetes.io/name: kinemotion
spec:
"""


def resources(root: Path) -> str:
    """The resources of all files of rules, with their comments."""
    files = sorted((root / "deploy/monitoring/prometheus/rules").glob("*.yml"))
    if not files:
        raise SystemExit("there are no rules in deploy/monitoring/prometheus/rules")
    return HEAD + "---\n".join(RESOURCE.format(name=file.stem) + indented(file.read_text()) for file in files)


def indented(text: str) -> str:
    """A file one level deeper. Texts of several lines keep what they say, as YAML counts from their first line."""
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def main() -> None:
    root, file = HERE.parents[3], HERE / "prometheus-rule.yml"
    made = resources(root)
    if sys.argv[1:] == ["--check"]:
        if not file.exists() or file.read_text() != made:
            raise SystemExit(f"{file.relative_to(root)} is not made of the rules there are: call {Path(__file__).relative_to(root)}")
    else:
        file.write_text(made)


if __name__ == "__main__":
    main()
