#!/usr/bin/env python3
"""Runs deploy/compose/dev.yml as it is and looks whether everything in it works together. See README.md.

    compose.py --programs target/release --cache DIR
    compose.py --programs target/release --cache DIR --running [--without SERVICE]
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("image", "monitoring", "services", "kills")]

import asked  # noqa: E402
import engine  # noqa: E402
import stand_ins  # noqa: E402
import up  # noqa: E402
import watched  # noqa: E402
from engines import said  # noqa: E402
from image import Api, report  # noqa: E402

# What deploy/compose/README.md says of `up --wait`; told beside what it took, and not asserted.
GOAL_S = 60
DAEMON = "kinemotion:server"
# Where programs are from.
CLIENTS = {"docker": "run `apt-get install docker.io`", "turnutils_uclient": "run `apt-get install coturn`"}
OWN = {
    "dockerd": "run `apt-get install docker.io`",
    "buildah": "run `apt-get install buildah`",
    "unshare": "run `apt-get install util-linux`",
    "ip": "run `apt-get install iproute2`",
    "iptables": "run `apt-get install iptables`",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of whip-load")
    parser.add_argument("--cache", type=Path, required=True, help="where the engine keeps its images")
    parser.add_argument("--running", action="store_true", help="take the engine that docker finds, with the images that it has or fetches")
    parser.add_argument("--without", action="append", default=[], metavar="SERVICE", help="leave out a service that has no image (with --running)")
    options = parser.parse_args()
    # What has been started is ended then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("compose: told to end"))
    engine.needs(CLIENTS | ({} if options.running else OWN))
    up.needed()
    programs, services = options.programs.resolve(), up.described()["services"]
    if not (programs / "whip-load").exists():
        sys.exit(f"{programs / 'whip-load'} is missing: run `cargo build --release --locked -p whip-load`")
    if options.running:
        check(programs, {name: service for name, service in services.items() if name not in options.without})
    else:
        on_own_engine(programs, services, options.cache.resolve() / "compose")


def on_own_engine(programs, services, cache):
    """With stand-ins, in a network of the test's own. What has no stand-in is left out."""
    if os.getuid():
        sys.exit("an engine of its own needs root; --running takes one that is there")
    others = {name: service["image"] for name, service in services.items() if service["image"] != DAEMON}
    left_out = {name for name, image in others.items() if stand_ins.target_of(image) not in stand_ins.recipes()}
    images = [image for name, image in others.items() if name not in left_out]
    if not engine.is_inside():
        if subprocess.run(["buildah", "inspect", "--type", "image", DAEMON], capture_output=True).returncode:
            sys.exit(f"{DAEMON} is missing: run `STAND_IN=1 make image`")
        # They need a network, which there is none of inside.
        stand_ins.make(images, cache)
        engine.enter_network()
    with engine.running(cache / "engine"):
        engine.load({image: stand_ins.name_of(image) for image in images} | {DAEMON: DAEMON})
        print(f"all images but {DAEMON} are stand-ins; left out, as there is none: {', '.join(sorted(left_out)) or 'nothing'}", flush=True)
        mine = {name: service for name, service in services.items() if name not in left_out}
        # Whatever a run left that was killed is of this engine, which is nobody else's.
        up.Stack(mine).down()
        said(["docker", "volume", "prune", "--force"])
        check(programs, mine)
    report("nothing is left of the engine")


def check(programs, services):
    with up.Stack(services) as stack:
        report(f"healthy {stack.took_s:.1f} s after `docker compose up --wait` on new volumes (goal {GOAL_S} s)")
        api = Api(stack.container("kinemotion"))
        asked.is_reached_from_here_only(stack)
        asked.has_no_rights(stack)
        asked.relays(stack)
        prometheus = watched.prometheus_watches()
        live, file = asked.measures(api)
        asked.keeps_in_postgres(stack, api, (live, file))
        asked.shares_in_redis(stack)
        asked.puts_into_the_bucket(stack, api, live, file)
        with watched.published(programs, api):
            watched.dashboards_find(prometheus, api)
        asked.ends_and_comes_again(stack, live)
    report("nothing is left of the services")
    print("everything in deploy/compose/dev.yml that ran works together")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        raise SystemExit(f"compose: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise SystemExit(f"compose: `{error.cmd[0]}` did not end within {error.timeout} s") from error
