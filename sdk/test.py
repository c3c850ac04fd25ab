"""Every test of the SDKs and of the examples, with the daemon in the folder given; see README.md.

    python3 sdk/test.py target/release --cache ~/.cache/kinemotion
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from environments import environment

PYTHON_EXAMPLES = ["coaching-app", "wearable-recovery", "octave", "notebook"]
NOTEBOOK = ROOT / "examples" / "notebook"
# What `pip install sdk/python` needs.
WHEELS = ["httpx==0.28.1", "setuptools==84.2.1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="folder of kinemotion and synthetic-athlete")
    parser.add_argument("--cache", type=Path, required=True, help="where Python packages are kept")
    options = parser.parse_args()
    python = environment(options.cache / "sdk-python", ROOT / "sdk" / "requirements.txt") / "bin" / "python"
    variables = {
        **os.environ,
        "KINEMOTION_BIN": str(options.programs.resolve()),
        "KINEMOTION_NOTEBOOK": str(environment(options.cache / "notebook", NOTEBOOK / "requirements.txt")),
        "KINEMOTION_WHEELS": str(wheels(python, options.cache / "sdk-wheels")),
        "PYTHONPATH": str(ROOT / "sdk" / "python" / "src"),
    }

    def run(*command: object, folder: str = ".") -> None:
        subprocess.run(list(map(str, command)), cwd=ROOT / folder, env=variables, check=True)

    run(python, "-m", "unittest", "discover", "-q", "-t", ".", "-s", "tests", folder="sdk/python")
    run(python, "-m", "mypy", folder="sdk/python")
    run(python, "-m", "mypy", "--strict", *sorted((ROOT / "examples").glob("*/[!t]*.py")))
    run("npm", "--prefix", "sdk/js", "run", "--silent", "build")
    run("npm", "--prefix", "sdk/js", "test", "--silent")
    run(python, "-m", "unittest", "-q", "sdk/test_packages.py")
    run(python, "-m", "unittest", "-q", "sdk/test_drift.py")
    run(python, "-m", "unittest", "-q", "sdk/test_guide.py")
    for example in PYTHON_EXAMPLES:
        run(python, "-m", "unittest", "discover", "-q", "-s", f"examples/{example}")
    run("node", "--test", *sorted((ROOT / "examples").glob("*/*.test.mjs")))


def wheels(python: Path, folder: Path) -> Path:
    """The folder with the packages that one of ours is installed with, fetched when they are not there."""
    stamp, wanted = folder / "ready", "\n".join(WHEELS)
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "pip", "-q", "wheel", "-w", folder, *WHEELS], check=True)
        stamp.write_text(wanted)
    return folder


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        sys.exit(f"{failure.cmd} failed")
