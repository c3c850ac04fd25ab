#!/usr/bin/env python3
"""Prints what the changelog says of one version: notes.py 0.2.0 [--changelog CHANGELOG.md]."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Missing(Exception):
    """The changelog does not say what it has to."""


def notes(changelog: str, version: str) -> str:
    """The text below `## VERSION` or `## VERSION (DATE)`, up to the next version."""
    sections = re.split(r"^## +(.+?) *$", changelog, flags=re.M)[1:]
    texts = [text.strip() for heading, text in zip(sections[::2], sections[1::2]) if heading.split()[0] == version]
    if len(texts) > 1:
        raise Missing(f"the changelog has {len(texts)} sections `## {version}`")
    if not texts:
        raise Missing(f"the changelog has no section `## {version}`: `scripts/release/version.py set {version}` makes it of `## Unreleased`")
    if not texts[0]:
        raise Missing(f"the section `## {version}` of the changelog is empty")
    return texts[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--changelog", type=Path, default=ROOT / "CHANGELOG.md")
    options = parser.parse_args()
    try:
        print(notes(options.changelog.read_text(), options.version))
    except Missing as problem:
        sys.exit(f"notes: {problem}")


if __name__ == "__main__":
    main()
