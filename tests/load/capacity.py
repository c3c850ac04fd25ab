"""What a processor carries, from the measurements in docs/performance.md, into docs/operations/scaling.md.

    python3 capacity.py --measurements docs/performance.md --document docs/operations/scaling.md
    python3 capacity.py … --check       # whether the document says what the measurements say
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import report
from scenario import number, table

AUTHOR = "make capacity"
#: Frames per second of the measured streams, and their share that must be looked at for full rate (scenario full-rate).
FPS, FULL_SHARE, FULL_P95_MS = 30, 0.95, 100
#: What is promised at least (`load.pose_rate_floor`, and the SLO of p95), and the frames that must become poses.
FLOOR_PER_S, PROMISED_P95_MS, KEPT_SHARE = 10.0, 200, 0.9


@dataclass(frozen=True)
class Load:
    """A row of the sweep over numbers of sessions."""

    model: str
    sessions: int
    worst_per_s: float
    p95_ms: float
    kept: float
    degraded: float
    failed: int
    cores: float

    @property
    def is_full(self) -> bool:
        return not self.failed and self.worst_per_s >= FULL_SHARE * FPS and self.p95_ms < FULL_P95_MS

    @property
    def is_promised(self) -> bool:
        fast_enough = self.worst_per_s >= FLOOR_PER_S and self.p95_ms < PROMISED_P95_MS
        return not self.failed and fast_enough and self.kept >= KEPT_SHARE


@dataclass(frozen=True)
class Measured:
    """What the document of measurements says."""

    processors: int
    machine: str
    loads: list[Load]
    #: Sessions of the scenario full-rate that had it, `fast`.
    most_full: int | None
    #: Memory without a session, and the most that each took over that, MB.
    memory_mb: tuple[float, float]
    #: Processors for everything but inference, per stream.
    bare_cores: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", type=Path, required=True)
    parser.add_argument("--document", type=Path, required=True, help="what is written; it has the two marker lines")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the document says something else")
    options = parser.parse_args()
    text = told(read(options.measurements.read_text()))
    before = options.document.read_text()
    if options.check:
        if report.within(before, AUTHOR, text) != before:
            sys.exit(f"{options.document} does not say what {options.measurements} says: run `{AUTHOR}`")
    else:
        report.put(options.document, AUTHOR, text)


def read(text: str) -> Measured:
    """Reads the tables that `make load` writes. Raises `LookupError` where one is missing."""
    machine = rows(text, "Where and when", "date")[0]["machine"]
    loads = [
        Load(
            model=row["model"],
            sessions=int(row["sessions"]),
            worst_per_s=figure(row["measured poses/s of a session, worst"]),
            p95_ms=figure(row["p95 ms"]),
            kept=figure(row["frames that became poses"]) / 100,
            degraded=figure(row["degraded"]) / 100,
            failed=int(row["failed"]),
            cores=figure(row["processors: daemon"]),
        )
        for row in rows(text, "Sessions against latency", "model")
    ]
    full = [int(row["sessions"]) for row in rows(text, "The most sessions at full rate", "sessions") if row["full rate"] == "yes"]
    nobody, *somebody = rows(text, "Memory, `fast` loaded", "sessions")
    added = max(figure(row["over nobody, MB per session"]) for row in somebody)
    # Inference costs nothing there; of the rows the one that kept most of its frames says most.
    stubbed = rows(text, "100 sessions with inference stubbed out", "sessions")
    bare = max(stubbed, key=lambda row: (int(row["frames/s"]) == FPS, figure(row["frames that became events"])))
    streams = int(bare["sessions"]) * figure(bare["frames that became events"]) / 100
    return Measured(
        processors=int(machine.split()[0]),
        machine=machine,
        loads=loads,
        most_full=max(full, default=None),
        memory_mb=(figure(nobody["memory MB"]), added),
        bare_cores=figure(bare["processors: daemon"]) / streams,
    )


def section(text: str, title: str) -> str:
    """What is below a heading that begins so, up to the next."""
    found = re.search(rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise LookupError(f"there is no section `{title}`: run `make load`")
    return found[1]


def rows(text: str, title: str, column: str) -> list[dict[str, str]]:
    """Rows of the first table of a section that has a column."""
    table: list[list[str]] = []
    for line in section(text, title).splitlines():
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table:
            if column in table[0]:
                break
            table = []
    if not table or column not in table[0] or len(table) < 3:
        raise LookupError(f"the section `{title}` has no table with a column `{column}`")
    header, _, *body = table
    return [dict(zip(header, row, strict=True)) for row in body]


def figure(text: str) -> float:
    """The number of a cell."""
    found = re.match(r"-?[\d.]+", text)
    if not found:
        raise LookupError(f"`{text}` is no number")
    return float(found[0])


def cores_per_stream(measured: Measured, model: str) -> float | None:
    """Processors of one stream at full rate, of the smallest load that had it; None where none had."""
    full = [load for load in measured.loads if load.model == model and load.is_full]
    smallest = min(full, key=lambda load: load.sessions, default=None)
    return smallest and smallest.cores / smallest.sessions


def told(measured: Measured) -> str:
    """The tables, in Markdown."""
    models = list(dict.fromkeys(load.model for load in measured.loads))
    body = [row(measured, model) for model in models]
    header = ["quality", "processors of a stream at full rate", "at full rate", "for each processor", "as promised", "for each processor"]
    alone, added = measured.memory_mb
    per_processor = 1 / measured.bare_cores
    gpu = [
        ["processors alone", "as above", f"{alone:.0f} MB and {added:.0f} MB for each stream"],
        ["GPU, inference", "**not measured**", "[how to measure it](#gpus)"],
        ["… processors beside it", f"at most {per_processor:.0f} for each: decoding, analysis and events take {measured.bare_cores:.2f}", "as above"],
    ]
    return (
        f"Measured on {measured.machine}, 640×480 at {FPS} frames/s, load and daemon on the same processors.\n\n"
        + table(header, body)
        + f"\n*Full rate*: every session is measured in ≥ {100 * FULL_SHARE:.0f} % of {FPS} frames per second, p95 below {FULL_P95_MS} ms. "
        f"*As promised*: ≥ {FLOOR_PER_S:.0f} measured poses per second in the worst session, p95 below {PROMISED_P95_MS} ms, "
        f"≥ {100 * KEPT_SHARE:.0f} % of frames become poses, none fails; the ladder is at work there, down to lighter models. "
        f"The sweep has steps ({', '.join(str(step) for step in steps(measured))}), so these are lower bounds.\n\n"
        + table(["what carries it", "streams", "memory"], gpu, texts=3)
    )


def row(measured: Measured, model: str) -> list[str]:
    loads = [load for load in measured.loads if load.model == model]
    full = max((load.sessions for load in loads if load.is_full), default=None)
    # A scenario of its own looks for the most sessions of `fast`, one by one.
    if model == "fast" and measured.most_full:
        full = max(full or 0, measured.most_full)
    promised = max((load.sessions for load in loads if load.is_promised), default=None)

    def each(count: int | None) -> str:
        return number(None if count is None else count / measured.processors, "", 1)

    return [f"`{model}`", number(cores_per_stream(measured, model), "", 2), number(full), each(full), number(promised), each(promised)]


def steps(measured: Measured) -> list[int]:
    return sorted({load.sessions for load in measured.loads})


if __name__ == "__main__":
    try:
        main()
    except LookupError as error:
        sys.exit(f"capacity: {error.args[0]}")
