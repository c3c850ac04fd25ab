"""Where a daemon stores: tables of older versions, backups, a bucket; with real servers. See README.md.

    tests/services/with-postgres.sh python3 tests/storage/storage.py --programs target/release --cache DIR
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(HERE.parent / "services"), str(HERE.parent / "kills")]

from bucket import Storage, away, put_away
from environments import environment
from restoring import back_up, restored
from used import SETTINGS, Used, rendered
from versions import older_versions

import daemon
from database import Postgres


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and synthetic-athlete")
    parser.add_argument("--cache", type=Path, required=True, help="where moto is kept")
    options = parser.parse_args()
    server_url = os.environ.get("KINEMOTION_TEST_POSTGRES")
    if not server_url:
        sys.exit("KINEMOTION_TEST_POSTGRES names no server: run this by tests/services/with-postgres.sh")
    tools = environment(options.cache / "tools" / "moto", HERE / "requirements.txt") / "bin"
    programs = options.programs.resolve()
    kinemotion, troubles = programs / "kinemotion", []
    with tempfile.TemporaryDirectory(prefix="kinemotion-storage-") as folder:
        folder = Path(folder)
        clip = rendered(programs, folder)
        with told("something is stored, and backed up"):
            used = use(kinemotion, folder, server_url, clip)
        with told("what older versions have stored is there"):
            older_versions(kinemotion, folder, server_url, used, troubles)
        with told("what was backed up is there again"):
            restored(kinemotion, folder, server_url, used, troubles)
        with Storage(tools / "moto_server", folder) as storage:
            with told("files are put away in a bucket, and served from there"):
                put_away(kinemotion, folder, storage, clip, troubles)
            with told("a bucket that is away loses nothing"):
                away(kinemotion, folder, storage, clip, troubles)
    sys.exit("\n".join(troubles) or None)


def use(kinemotion, folder, server_url, clip):
    """Uses a daemon, backs it up and kills it."""
    database = Postgres(server_url, f"used-{os.getpid()}")
    server = daemon.start(kinemotion, folder / "used", SETTINGS | database.settings)
    try:
        server.until_ready()
        used = Used(server, database, clip)
        back_up(kinemotion, folder, used)
    finally:
        server.kill()
    return used


class told:
    """Says how long something took."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.since = time.monotonic()

    def __exit__(self, *failure):
        print(f"{'FAILED: ' if failure[0] else ''}{self.what}: {time.monotonic() - self.since:.0f} s", flush=True)


if __name__ == "__main__":
    main()
