"""Clips for tests of the examples, and the program that measures them; `KINEMOTION_BIN` names the folder of both programs."""

from __future__ import annotations

import os
import subprocess
import unittest
from pathlib import Path

#: Height of the rendered athlete, metres.
STATURE_M = 1.78


def program(name: str) -> Path:
    """A program of the folder; skips the test where it is not."""
    folder = os.environ.get("KINEMOTION_BIN")
    if not folder or not (Path(folder) / name).exists():
        raise unittest.SkipTest(f"KINEMOTION_BIN names no folder with {name}")
    return Path(folder) / name


def render(clip: Path, *options: str) -> None:
    """Renders countermovement jumps."""
    command = [program("synthetic-athlete"), "cmj", "--stature-m", str(STATURE_M), *options, "--video", clip]
    subprocess.run(command, check=True, capture_output=True)


def run(command: list[str], folder: Path) -> str:
    """What a command of a README says in a folder of clips; fails with what it says when it fails."""
    if command[0] == "kinemotion":
        # The smallest model, as tests ask whether all of it fits together and not how exact it is.
        command = [str(program("kinemotion")), *command[1:], "--quality", "fast"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
