"""Kills the daemon again and again while it works, and looks whether what it said is still true; see README.md.

    python3 kills.py --kills 200 --database sqlite --programs target/release
    tests/services/with-postgres.sh python3 kills.py --kills 200 --database postgres --programs target/release
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "load"), str(HERE.parent / "services")]

from database import Postgres, Sqlite
from trial import Trial

import machine
import report
from scenario import table

# The clip that is analysed as a file: two jumps, small enough to be done between two kills, large enough for the pose models.
CLIP = ["cmj", "--repetitions=2", "--size=426x240", "--view-m=2.7", "--fps=30"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, required=True, help="how often")
    parser.add_argument("--database", choices=["sqlite", "postgres"], required=True, help="the server is KINEMOTION_TEST_POSTGRES")
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and synthetic-athlete")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--document", type=Path, help="where the result is written, which has the two marker lines")
    options = parser.parse_args()
    programs = options.programs.resolve()

    work = Path(tempfile.mkdtemp(prefix="kinemotion-kills-"))
    clip = work / "clip.mp4"
    subprocess.run([programs / "synthetic-athlete", *CLIP, "--video", clip], check=True, stdout=subprocess.DEVNULL)
    database = stored_in(options.database, work)
    trial = Trial(programs / "kinemotion", work, database, clip.read_bytes(), random.Random(options.seed))
    since = time.monotonic()
    trial.run(options.kills)
    minutes = (time.monotonic() - since) / 60

    told = tell(trial, options, minutes, machine.where(programs / "kinemotion"))
    print(told)
    if options.document:
        report.put(options.document, f"make kills ({database.name})", told)
    for problem in trial.problems:
        print(problem, file=sys.stderr)
    if trial.problems:
        sys.exit(f"{len(trial.problems)} problems; everything is in {work}")
    shutil.rmtree(work)


def stored_in(database, work):
    if database == "sqlite":
        return Sqlite(work / "analyses")
    server = os.environ.get("KINEMOTION_TEST_POSTGRES")
    if not server:
        sys.exit("KINEMOTION_TEST_POSTGRES names no server: run this by tests/services/with-postgres.sh")
    return Postgres(server, f"kills-{os.getpid()}")


def tell(trial, options, minutes, where):
    count = trial.count
    rows = [
        ["kills at random moments while it worked", count["kills"]],
        ["kills while it started again", count["while_starting"]],
        ["live analyses that were interrupted", len(trial.live)],
        ["files that were analysed, at once or in another attempt", count["completed"]],
        ["files given up because three attempts were killed", count["given_up"]],
        ["repetitions told to a reader", sum(map(len, trial.reader.told.values()))],
        ["of those, lost", count["lost"]],
        ["requests to the webhook", trial.receiver.requests],
        ["different events among them", len(trial.receiver.bodies)],
        ["events that came with two contents", len(trial.receiver.contradictions)],
        ["looks at the database that was left", count["looks"]],
        ["problems of any kind", len(trial.problems)],
    ]
    return table(["", trial.database.name], rows) + (
        f"\n`--kills {options.kills} --seed {options.seed}`, {minutes:.0f} minutes; {where['date']}, {where['commit']}, "
        f"{where['machine']}, {where['system']}, {where['versions']}.\n"
    )


if __name__ == "__main__":
    main()
