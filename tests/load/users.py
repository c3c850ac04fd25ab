"""Users of the API by Locust, while something else goes on."""

import contextlib
import csv
import subprocess
import sys
from pathlib import Path

from bench import start

LOAD = Path(__file__).resolve().parent
sys.path.insert(0, str(LOAD.parents[1] / "scripts"))
from environments import environment  # noqa: E402


def locust(cache):
    """Path of Locust, installed into the cache when it is not there."""
    requirements = LOAD / "requirements.txt"
    version = requirements.read_text().partition("locust==")[2].split()[0]
    return environment(cache / "tools" / f"locust-{version}", requirements) / "bin" / "locust"


@contextlib.contextmanager
def asking(bench, server, users, per_s, seconds, pause="0.1-0.5"):
    """Users who ask a daemon, so many more each second, for some seconds from the first one on; each waits `pause` seconds between what it
    does. Gives a list that holds the rows of Locust's statistics after the block, the last of which is all requests together."""
    stem = bench.folder()
    command = [locust(bench.cache), "-f", LOAD / "locustfile.py", "--headless", "--host", server.url, "--users", users]
    command += ["--spawn-rate", per_s, "--run-time", f"{seconds}s", "--csv", stem, "--only-summary", "--pause", pause]
    process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    rows = []
    try:
        yield rows
        said = process.communicate()[1]
    except BaseException:
        process.kill()
        process.wait()
        raise
    # 1 says that requests failed, which is in the figures.
    if process.returncode not in (0, 1):
        raise SystemExit(f"locust failed: {said.strip()[-500:]}")
    rows += csv.DictReader(Path(f"{stem}_stats.csv").open())
