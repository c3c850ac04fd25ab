"""Whether this version is slower than another: the same loads for both in turn, on the same machine, in one run; see README.md.

    python3 compare.py --base origin/main --head target/release --cache DIR [--report FILE.md]
    python3 compare.py --base-programs FOLDER --head target/release --cache DIR

Exits with 1 when something takes more than --slower beyond what it took before.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import Bench, say
from scenario import table

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, SLOWER = 5, 0.10
SESSIONS, LIVE_S = 2, 10

#: What a measurement is of one version: something that is better when it is less.
Measure = Callable[[Path], float]


@dataclass(frozen=True)
class Ratio:
    """How much more this version takes than the other, round by round, and what both took in the middle."""

    name: str
    base: float
    head: float
    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def is_slower(self, slower: float) -> bool:
        """Whether it is slower beyond the threshold, and not in some rounds alone: the least but one of them is slower, too."""
        second = sorted(self.rounds)[min(1, len(self.rounds) - 1)]
        return self.median > 1 + slower and second > 1 + slower / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    base = parser.add_mutually_exclusive_group(required=True)
    base.add_argument("--base", metavar="REVISION", help="what is built to compare with")
    base.add_argument("--base-programs", type=Path, metavar="FOLDER", help="the same, built already")
    parser.add_argument("--head", type=Path, required=True, metavar="FOLDER", help="programs of this version, with whip-load and synthetic-athlete")
    parser.add_argument("--cache", type=Path, required=True, help="where the other version is built")
    parser.add_argument("--report", type=Path, help="where the table is written")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--slower", type=float, default=SLOWER, help=f"share by which it may be slower [default: {SLOWER}]")
    options = parser.parse_args()
    head = options.head.resolve()
    with contextlib.ExitStack() as stack:
        other = options.base_programs.resolve() if options.base_programs else build(options.base, options.cache.resolve())
        clip = stack.enter_context(rendered(head))
        ratios = compare(measures(clip, head), other, head, options.rounds)
    text = told(ratios, options.base or str(options.base_programs), options.slower)
    print(text)
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(text)
    slower = [ratio for ratio in ratios if ratio.is_slower(options.slower)]
    sys.exit(f"slower: {', '.join(ratio.name for ratio in slower)}" if slower else 0)


def compare(measures: dict[str, Measure], base: Path, head: Path, rounds: int) -> list[Ratio]:
    """Measures both versions in turn, and the other one first in each second round, so that what the machine does meanwhile meets both."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in measures}
    for number in range(rounds):
        for name, measure in measures.items():
            order = ((0, base), (1, head)) if number % 2 == 0 else ((1, head), (0, base))
            values = {which: measure(programs) for which, programs in order}
            pair = (values[0], values[1])
            found[name].append(pair)
            say(f"  round {number + 1}, {name}: {pair[0]:.3g} before, {pair[1]:.3g} now")
    return [
        Ratio(name, statistics.median(b for b, _ in pairs), statistics.median(h for _, h in pairs), [h / b for b, h in pairs])
        for name, pairs in found.items()
    ]


def told(ratios: list[Ratio], base: str, slower: float) -> str:
    """The table, in Markdown."""
    rows = [
        [
            ratio.name,
            f"{ratio.base:.3g}",
            f"{ratio.head:.3g}",
            f"{ratio.median:.3f}",
            f"{min(ratio.rounds):.3f} … {max(ratio.rounds):.3f}",
            "**slower**" if ratio.is_slower(slower) else "",
        ]
        for ratio in ratios
    ]
    header = [f"against {base}", "before", "now", "ratio", "least … most", ""]
    return table(header, rows) + f"\nLess is better. {len(ratios[0].rounds)} rounds in turn on one machine; slower is a median above {1 + slower:.2f}.\n"


def measures(clip: Path, head: Path) -> dict[str, Measure]:
    """What is measured. Processor time rather than time, as it says the same on a machine that does something else."""
    return {
        "inference, processor milliseconds (`models bench`, `fast`)": inference_ms,
        "file, processor seconds (`analyze`, `fast`)": lambda programs: file_s(programs, clip),
        f"live, processor milliseconds of the daemon for a measured pose ({SESSIONS} sessions)": lambda programs: live_ms(programs, head),
    }


def inference_ms(programs: Path) -> float:
    """Processor time of one inference, its share of what it takes to begin included."""
    said: list[dict[str, float]] = []

    def bench() -> None:
        command = [programs / "kinemotion", "models", "bench", "--quality", "fast", "--seconds", "3", "--threads", "1", "--json"]
        said.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))

    spent = cpu_s(bench)
    return 1e3 * spent / (said[0]["inferences_per_s"] * said[0]["seconds"])


def cpu_s(work: Callable[[], None]) -> float:
    """Processor time of the programs that something runs to their end, seconds."""
    before = os.times()
    work()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def file_s(programs: Path, clip: Path) -> float:
    command = [programs / "kinemotion", "analyze", clip, "--quality", "fast", "-f", "json"]
    return cpu_s(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def live_ms(programs: Path, head: Path) -> float:
    """Processor time of a daemon with some sessions by the poses it measured; whoever publishes is of this version for both."""
    with tempfile.TemporaryDirectory() as cache:
        bench = Bench(head, Path(cache), {}, small=False, soak_minutes=0)
        bench.kinemotion = programs / "kinemotion"
        with bench.daemon(LOAD__ADMISSION="false", LOAD__POSE_RATE_FLOOR="30") as server:
            load = bench.publish(server, SESSIONS, LIVE_S)
        if bench.troubles or load["failed"] or not load["measured"]:
            raise SystemExit(f"the load on {programs} failed: {[*bench.troubles, *load['reasons']]}")
        return 1e3 * (load["daemon"]["after"]["cpu_s"] - load["daemon"]["before"]["cpu_s"]) / load["measured"]


@contextlib.contextmanager
def rendered(programs: Path) -> Iterator[Path]:
    """A clip of two jumps."""
    with tempfile.TemporaryDirectory(prefix="kinemotion-compare-") as folder:
        clip = Path(folder) / "clip.mp4"
        subprocess.run([programs / "synthetic-athlete", "cmj", "--repetitions", "2", "--video", clip], check=True, capture_output=True)
        yield clip


def build(revision: str, cache: Path) -> Path:
    """Builds another version as its own Makefile does, beside this one. Gives the folder of its programs."""
    resolved = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    ).stdout.strip()
    if not resolved:
        raise SystemExit(f"there is no revision {revision}")
    target = cache / "compare" / "target"
    with tempfile.TemporaryDirectory(prefix="kinemotion-compare-") as folder:
        tree = Path(folder) / "tree"
        say(f"building {revision} ({resolved[:10]}) in {target}")
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", tree, resolved], check=True)
        try:
            # What make hands on to its children would otherwise go to this one, too.
            environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
            subprocess.run(["make", "-C", tree, "build"], env={**environment, "CARGO_TARGET_DIR": str(target)}, check=True)
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", tree], check=True)
    return target / "release"


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"compare: {error.cmd} failed")
