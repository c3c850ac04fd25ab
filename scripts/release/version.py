#!/usr/bin/env python3
"""The version, which stands in several files:

    version.py show              the version, by Cargo.toml
    version.py check [TAG]       fails when a file says another, or, with a tag as v0.2.0, when that or the changelog does
    version.py set 0.2.0         writes it everywhere, and makes its section in the changelog of `## Unreleased`
"""

import argparse
import datetime
import re
import sys
import tomllib
from pathlib import Path

from notes import Missing, notes

ROOT = Path(__file__).resolve().parents[2]
VERSION = r"\d+\.\d+\.\d+(?:-[\w.]+)?"


def places(root: Path) -> dict[str, list[str]]:
    """Patterns by file. What is before the version and what is after are groups, and each pattern is there."""
    own = "|".join(sorted(re.escape(name) for name in members(root)))
    lock = rf'(?m)(^name = "(?:{own})"\nversion = ")({VERSION})(")'
    return {
        "Cargo.toml": [rf'(?m)(^version = ")({VERSION})(")', rf'(\bpath = "[\w/-]+", version = ")({VERSION})(")'],
        "Cargo.lock": [lock],
        "fuzz/Cargo.lock": [lock],
        "sdk/python/pyproject.toml": [rf'(?m)(^version = ")({VERSION})(")'],
        "sdk/js/package.json": [rf'(?m)(^  "version": ")({VERSION})(")'],
    }


def members(root: Path) -> list[str]:
    """Crates whose version is that of the workspace."""
    workspace = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]
    manifests = [tomllib.loads((root / member / "Cargo.toml").read_text())["package"] for member in workspace["members"]]
    return [package["name"] for package in manifests if package["version"] == {"workspace": True}]


def version(root: Path) -> str:
    return tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def check(root: Path, tag: str | None) -> list[str]:
    """What does not agree."""
    wanted = version(root)
    problems = []
    for name, patterns in places(root).items():
        text = (root / name).read_text()
        for pattern in patterns:
            found = [match[2] for match in re.finditer(pattern, text)]
            if not found:
                problems.append(f"{name} has no version where one is looked for")
            problems += [f"{name} says {other}, Cargo.toml {wanted}" for other in found if other != wanted]
    if tag is not None:
        if tag != f"v{wanted}":
            problems.append(f"the tag is {tag}, the version is {wanted}: it has to be v{wanted}")
        try:
            notes((root / "CHANGELOG.md").read_text(), wanted)
        except Missing as problem:
            problems.append(str(problem))
    return problems


def change(root: Path, new: str, date: datetime.date) -> None:
    """Writes a version everywhere."""
    if not re.fullmatch(VERSION, new):
        raise Missing(f"{new} is no version as 0.2.0")
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text()
    notes(text, "Unreleased")
    if re.search(rf"^## {re.escape(new)}\b", text, re.M):
        raise Missing(f"the changelog has {new} already")
    changelog.write_text(text.replace("## Unreleased\n", f"## Unreleased\n\n## {new} ({date})\n", 1))
    for name, patterns in places(root).items():
        text = (root / name).read_text()
        for pattern in patterns:
            text = re.sub(pattern, rf"\g<1>{new}\g<3>", text)
        (root / name).write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show")
    commands.add_parser("check").add_argument("tag", nargs="?")
    commands.add_parser("set").add_argument("version")
    options = parser.parse_args()
    if options.command == "show":
        print(version(ROOT))
    elif options.command == "check":
        problems = check(ROOT, options.tag)
        if problems:
            sys.exit("\n".join(f"version: {problem}" for problem in problems))
    else:
        try:
            change(ROOT, options.version, datetime.datetime.now(datetime.UTC).date())
        except Missing as problem:
            sys.exit(f"version: {problem}")


if __name__ == "__main__":
    main()
