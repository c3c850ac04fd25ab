"""Runs the big loads one after another and writes docs/performance.md; see README.md.

    python3 load.py --programs target/release --cache DIR --document docs/performance.md [SCENARIO …]
"""

import argparse
import json
import time
from pathlib import Path

import machine
import report
import scenarios
from bench import Bench, say


# Raised when figures change; results of before are no longer told.
FORMAT = 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(scenarios.ALL)}; all without any")
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and whip-load")
    parser.add_argument("--cache", type=Path, required=True, help="where results and tools are kept")
    parser.add_argument("--document", type=Path, required=True, help="what is written; it has the two marker lines")
    parser.add_argument("--soak-minutes", type=int, default=30)
    parser.add_argument("--resume", action="store_true", help="leave out what was measured at this commit")
    parser.add_argument("--small", action="store_true", help="a few sessions for a few seconds: tries the programs, writes nothing")
    options = parser.parse_args()
    unknown = [name for name in options.scenarios if name not in scenarios.ALL]
    if unknown:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(scenarios.ALL)}")

    results = Results(options.cache / ("load-small" if options.small else "load"))
    bench = Bench(options.programs.resolve(), options.cache, results, options.small, options.soak_minutes)
    for name in options.scenarios or scenarios.ALL:
        if options.resume and results.are_of(name, machine.commit()):
            say(f"{name}: measured already")
            continue
        run(scenarios.ALL[name], bench, results)
        if not options.small:
            report.write(options.document, scenarios.ALL.values(), results)
            say(f"  written: {options.document}")


def run(scenario, bench, results):
    say(f"{scenario.name}: {scenario.title}")
    since = time.monotonic()
    where = machine.where(bench.kinemotion)
    bench.troubles.clear()
    figures = scenario.measure(bench)
    result = {"format": FORMAT, "where": where, "figures": figures, "troubles": list(bench.troubles)}
    results.keep(scenario.name, result)
    print(f"\n{scenario.title}\n\n{scenario.tell(figures)}")
    for goal in scenario.goals(figures):
        print(f"{report.VERDICTS[goal.reached]:>16}  {goal.text}: {goal.found}")
    say(f"  {time.monotonic() - since:.0f} s")
    return result


class Results(dict):
    """The newest result of each scenario, kept as JSON files."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        stored = ((path.stem, json.loads(path.read_text())) for path in folder.glob("*.json"))
        super().__init__((name, result) for name, result in stored if result["format"] == FORMAT)

    def are_of(self, name, commit):
        return name in self and self[name]["where"]["commit"] == commit

    def keep(self, name, result):
        self[name] = result
        path = self.folder / f"{name}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False))
        part.rename(path)


if __name__ == "__main__":
    main()
