"""Everything the OpenAPI document describes is asked of a running daemon: by its examples, and by what schemathesis makes up.

    python3 api.py --programs target/release --cache DIR
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(HERE.parent / "services")]

import daemon
from environments import environment

# The file that is analysed: one jump, small enough to be quick, large enough for the pose models.
CLIP = ["cmj", "--repetitions=1", "--size=426x240", "--view-m=2.7", "--fps=30"]
SETTINGS = {
    "LOAD__ADMISSION": "false",
    "MODELS__LOADED": '["fast"]',
    # Thousands of requests from one address are what this is.
    "LIMITS__KEY_PER_S": "0",
    "LIMITS__ADDRESS_PER_S": "0",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and synthetic-athlete")
    parser.add_argument("--cache", type=Path, required=True, help="where schemathesis is kept")
    parser.add_argument("--examples", type=int, default=10, help="how many requests schemathesis makes up for each operation, beside edges")
    options = parser.parse_args()
    tools = environment(options.cache / "tools" / "schemathesis", HERE / "requirements.txt") / "bin"
    if Path(sys.prefix) != tools.parent:
        # The rest needs what is there.
        os.execv(tools / "python", [tools / "python", *sys.argv])
    from story import Teller

    programs = options.programs.resolve()
    with tempfile.TemporaryDirectory(prefix="kinemotion-api-") as folder:
        folder, troubles = Path(folder), []
        clip = folder / "clip.mp4"
        subprocess.run([programs / "synthetic-athlete", *CLIP, "--video", clip], check=True, stdout=subprocess.DEVNULL)
        key = made_key(programs / "kinemotion", folder)
        with daemon.running(programs / "kinemotion", folder, SETTINGS, troubles) as server:
            teller = Teller(server.url, key, clip.read_bytes())
            teller.begin()
            print(f"{len(teller.described)} operations, {len(teller.problems)} problems with their examples", file=sys.stderr, flush=True)
            if not made_up(tools, folder, server.url, key, teller.things, options.examples):
                troubles.append("schemathesis has found something")
            teller.end()
            if server.process.poll() is not None:
                raise SystemExit(f"the daemon ended; its log ends with: {daemon.tail(server.log)}")
    for problem in teller.problems + troubles:
        print(problem, file=sys.stderr)
    sys.exit(1 if teller.problems or troubles else 0)


def made_key(kinemotion, folder):
    """A key that may do everything, made before the daemon starts."""
    storage = {"KINEMOTION_SERVE__STORAGE__FOLDER": str(folder / "analyses")}
    said = subprocess.run([kinemotion, "keys", "create"], env=os.environ | storage, check=True, stdout=subprocess.PIPE, text=True)
    return next(word for word in said.stdout.split() if word.startswith("km_"))


def made_up(tools, folder, url, key, things, examples):
    """Whether schemathesis finds nothing."""
    command = [tools / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run", f"{url}/api/v1/openapi.json"]
    command += ["--url", url, "--header", f"Authorization: Bearer {key}", "--max-examples", examples]
    hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "KINEMOTION_THINGS": json.dumps(things)}
    return subprocess.run([str(word) for word in command], env=os.environ | hooks, cwd=folder).returncode == 0


if __name__ == "__main__":
    main()
