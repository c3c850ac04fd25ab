"""What 1,000 analyses of files and an hour of a live stream cost, into docs/operations/cost.md: analyses are measured here, live streams are told
as docs/performance.md has them.

    python3 cost.py --programs target/release --measurements docs/performance.md --document docs/operations/cost.md \\
        --processor-hour 0.04048 --gigabyte-hour 0.004445 --currency USD
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import capacity
import machine
import report
from scenario import number, table

AUTHOR = "make cost"
QUALITIES = ("fast", "balanced", "accurate")
#: The clip: three jumps at 720 lines and 60 frames/s, as phones film.
CLIP = ("cmj", "--repetitions", "3", "--size", "1280x720", "--fps", "60")
RUNS = 3
#: How much of the processors that are paid for is used: `load.budget` live; files wait, so they fill more of the time.
LIVE_SHARE, FILE_SHARE = 0.9, 0.7


@dataclass(frozen=True)
class Prices:
    """What is paid, per hour."""

    processor: float
    gigabyte: float
    #: Memory for each processor that is paid for, GB.
    gigabytes_per_processor: float
    currency: str

    def of(self, processor_hours: float) -> float:
        return processor_hours * (self.processor + self.gigabytes_per_processor * self.gigabyte)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and synthetic-athlete")
    parser.add_argument("--measurements", type=Path, required=True)
    parser.add_argument("--document", type=Path, required=True, help="what is written; it has the two marker lines")
    parser.add_argument("--processor-hour", type=price, required=True, help="price of one processor for an hour")
    parser.add_argument("--gigabyte-hour", type=price, default=0.0, help="price of 1 GB of memory for an hour, where it is paid apart")
    parser.add_argument("--gigabytes-per-processor", type=price, default=2.0, help="memory that is paid for with each processor")
    parser.add_argument("--currency", default="USD")
    options = parser.parse_args()
    prices = Prices(options.processor_hour, options.gigabyte_hour, options.gigabytes_per_processor, options.currency)
    live = capacity.read(options.measurements.read_text())
    files = measure(options.programs.resolve())
    report.put(options.document, AUTHOR, told(files, live, prices))


def price(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no price")
    return value


def measure(programs: Path) -> dict[str, object]:
    """Processor seconds of one analysis, graphics included, for each quality."""
    with tempfile.TemporaryDirectory(prefix="kinemotion-cost-") as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        subprocess.run([programs / "synthetic-athlete", *CLIP, "--video", clip], check=True, capture_output=True)
        seconds = {
            quality: statistics.median(analysis_s(programs, clip, quality, folder) for _ in range(RUNS)) for quality in QUALITIES
        }
        source = json.loads((folder / "result.json").read_text())["source"]
    where = machine.where(programs / "kinemotion")
    return {"cpu_s": seconds, "duration_s": source["duration_s"], "frames": source["frames"], "where": where}


def analysis_s(programs: Path, clip: Path, quality: str, folder: Path) -> float:
    """Processor seconds of an analysis as the daemon makes it of a file: results, and the video with graphics."""
    outputs = ["-o", folder / "result.json", "--overlay", folder / "overlay.mp4"]
    before = os.times()
    subprocess.run([programs / "kinemotion", "analyze", clip, "--quality", quality, *outputs], check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def told(files: dict, live: capacity.Measured, prices: Prices) -> str:
    """The tables, in Markdown."""
    where, money = files["where"], f"{prices.currency}"
    header = ["quality", "processor seconds", f"{money} for 1,000 files", "processors of a live stream", f"{money} for an hour of it"]
    body = []
    for quality in QUALITIES:
        cores = capacity.cores_per_stream(live, quality)
        files_cost = prices.of(1000 * files["cpu_s"][quality] / 3600 / FILE_SHARE)
        live_cost = None if cores is None else prices.of(cores / LIVE_SHARE)
        body.append([f"`{quality}`", number(files["cpu_s"][quality], "", 1), number(files_cost, "", 2), number(cores, "", 2), number(live_cost, "", 3)])
    return (
        f"At {prices.processor:g} {money} for a processor and {prices.gigabyte:g} {money} for 1 GB of memory an hour, "
        f"{prices.gigabytes_per_processor:g} GB for each processor.\n\n"
        + table(header, body)
        + f"\nA file is a clip of {files['duration_s']:.1f} s with {files['frames']} frames, 1280×720, analysed with its video with graphics: median of {RUNS}, "
        f"{where['date']}, commit {where['commit']}, {where['machine']}. Live streams are those of [scaling.md](scaling.md#what-a-processor-carries), at full rate, without outgoing video. "
        f"Of the processors that are paid for, files use {100 * FILE_SHARE:.0f} % and live streams {100 * LIVE_SHARE:.0f} %; "
        "where they stand idle for longer, divide by what is used.\n"
    )


if __name__ == "__main__":
    try:
        main()
    except LookupError as error:
        sys.exit(f"cost: {error.args[0]}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"cost: {error.cmd[0]} failed: {error.stderr.decode(errors='replace').strip()[-500:]}")
