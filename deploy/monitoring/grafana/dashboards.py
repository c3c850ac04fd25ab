"""Writes the dashboards of boards/ as Grafana reads them, dashboards/*.json; `--check` says whether what is there is what would be written.

python3 deploy/monitoring/grafana/dashboards.py [--check]
"""

import argparse
import json
import sys
from pathlib import Path

from boards.analysis import ANALYSIS
from boards.data_quality import DATA_QUALITY
from boards.infrastructure import INFRASTRUCTURE
from boards.system_health import SYSTEM_HEALTH
from panels import faults

FOLDER = Path(__file__).resolve().parent / "dashboards"
DASHBOARDS = (SYSTEM_HEALTH, ANALYSIS, INFRASTRUCTURE, DATA_QUALITY)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; say what is not as it would be written")
    check = parser.parse_args().check
    made = {FOLDER / f"{dashboard.name}.json": dashboard.json() for dashboard in DASHBOARDS}
    problems = [fault for dashboard in made.values() for fault in faults(dashboard)]
    uids = [dashboard["uid"] for dashboard in made.values()]
    problems += [f"two dashboards have the uid {uid}" for uid in set(uids) if uids.count(uid) > 1]
    problems += [f"{path} is none of ours" for path in FOLDER.glob("*.json") if path not in made]
    for path, dashboard in made.items():
        text = json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"
        if not check:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            problems.append(f"{path} is not what dashboards.py writes: run it again")
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
