"""What each stage of a frame takes, against its budget, into docs/performance.md. Exits with 1 when a stage takes more.

    python3 budget.py --programs target/release --document docs/performance.md [--small]
"""

import argparse
import sys
import tempfile
from pathlib import Path

import machine
import report
from bench import Bench
from scenario import table
from scenarios.budget import SCENARIO

AUTHOR = "make budget"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and whip-load")
    parser.add_argument("--document", type=Path, required=True, help="what is written; it has the two marker lines")
    parser.add_argument("--small", action="store_true", help="a few seconds: tries the programs, writes nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        bench = Bench(options.programs.resolve(), Path(cache), {}, options.small, soak_minutes=0)
        where = machine.where(bench.kinemotion)
        figures = SCENARIO.measure(bench)
    goals = SCENARIO.goals(figures)
    text = told(figures, goals, where)
    print(text)
    if not options.small:
        report.put(options.document, AUTHOR, text)
    broken = [goal.text for goal in goals if not goal.reached] + bench.troubles
    sys.exit(f"beyond the budget: {'; '.join(broken)}" if broken else 0)


def told(figures, goals, where):
    """The table, what became of it, and where it was measured, in Markdown."""
    rows = [[goal.text, goal.found, report.VERDICTS[goal.reached]] for goal in goals]
    place = f"{where['date']}, commit {where['commit']}, {where['machine']}, {where['system']}, {where['versions']}"
    return f"{SCENARIO.tell(figures)}\n{table(['goal', 'found', ''], rows, texts=3)}\n{place}.\n"


if __name__ == "__main__":
    main()
