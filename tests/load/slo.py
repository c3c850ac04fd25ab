"""Whether the users of the requirements get what they are promised; see README.md. Exits with 1 when an SLO is broken or could not be measured.

    python3 slo.py --programs target/release --cache DIR --report FOLDER [--small]
"""

import argparse
import json
import sys
from pathlib import Path

import report
import scenarios
from bench import Bench
from load import Results, run
from scenario import table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and whip-load")
    parser.add_argument("--cache", type=Path, required=True, help="where results and tools are kept")
    parser.add_argument("--report", type=Path, required=True, help="where summary.json and summary.md are written")
    parser.add_argument("--small", action="store_true", help="a few users for a few seconds: tries the programs")
    options = parser.parse_args()
    scenario = scenarios.ALL["slo"]
    results = Results(options.cache / ("load-small" if options.small else "load"))
    bench = Bench(options.programs.resolve(), options.cache, results, options.small, soak_minutes=0)
    sys.exit(finish(scenario, run(scenario, bench, results), options.report, options.small))


def finish(scenario, result, folder, small=False):
    """Writes the summaries. Gives the exit status: 0 when all that was promised was kept."""
    goals = scenario.goals(result["figures"])
    broken = [goal for goal in goals if not goal.reached]
    kept = not broken and not result["troubles"]
    folder.mkdir(parents=True, exist_ok=True)
    found = {"kept": kept, "goals": [vars(goal) for goal in goals], "troubles": result["troubles"], "where": result["where"]}
    (folder / "summary.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (folder / "summary.md").write_text(summary(scenario, result, goals, kept, small))
    for goal in broken:
        print(f"broken: {goal.text}: {goal.found}", file=sys.stderr)
    return 0 if kept else 1


def summary(scenario, result, goals, kept, small):
    """Markdown for a comment on a change."""
    where = result["where"]
    rows = [[goal.text, goal.found, report.VERDICTS[goal.reached]] for goal in goals]
    parts = [
        f"## Load test: {'SLOs are kept' if kept else '**SLOs are broken**'}\n",
        "A small run, which tries the programs: its numbers mean nothing.\n" if small else "",
        table(["promised", "found", ""], rows, texts=3),
        "".join(f"**{trouble}**\n" for trouble in result["troubles"]),
        f"<details><summary>Every request</summary>\n\n{scenario.tell(result['figures'])}\n</details>\n",
        f"{where['commit']}, {where['date']}, {where['machine']}, {where['versions']}\n",
    ]
    return "\n".join(part for part in parts if part)


if __name__ == "__main__":
    main()
