"""Where the processors' time goes: a flame graph of a daemon that measures some sessions.

    python3 flamegraph.py --programs target/release --output out/flamegraph.svg [--small]
"""

import argparse
import concurrent.futures
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from bench import Bench, say

SESSIONS, PROFILE_S = 2, 20
# Of the load before the profile begins and after it has ended.
AROUND_S = 3


class Profile:
    """A profile that is taken while something else goes on."""

    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.svg = None

    def __enter__(self):
        self.taken = self.pool.submit(take, self.server, self.seconds)

    def __exit__(self, *_):
        self.pool.shutdown()
        self.svg = self.taken.result()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and whip-load")
    parser.add_argument("--output", type=Path, required=True, help="the SVG file")
    parser.add_argument("--small", action="store_true", help="a few seconds: tries the programs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        bench = Bench(options.programs.resolve(), Path(cache), {}, options.small, soak_minutes=0)
        seconds = bench.seconds(PROFILE_S)
        with bench.daemon() as server:
            # Before a load is made for nothing.
            take(server, 1)
            profile = Profile(server, seconds)
            bench.publish(server, SESSIONS, seconds + AROUND_S, meanwhile=profile)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(profile.svg)
    say(f"{options.output}: {seconds} s of {SESSIONS} sessions; open it in a browser")


def take(server, seconds):
    """A flame graph of so many seconds, as SVG."""
    url = f"http://127.0.0.1:{server.admin_port}/debug/pprof/profile?seconds={seconds}&format=svg"
    try:
        with urllib.request.urlopen(url, timeout=seconds + 30) as answer:
            svg = answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"the daemon takes no profile: {error.code} {error.read().decode(errors='replace')[:300]}") from None
    if b"<svg" not in svg[:1000]:
        raise SystemExit(f"the daemon's profile is no SVG: it begins with {svg[:80]!r}")
    return svg


if __name__ == "__main__":
    sys.exit(main())
