"""What the tests of the examples share: the server and answers of the SDK's tests, and the commands of a README."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "sdk" / "python"))

from tests import daemon, examples, fake, test_webhooks

__all__ = ["commands", "daemon", "environment", "examples", "fake", "run", "test_webhooks"]


def commands(folder: Path) -> list[list[str]]:
    """The commands of the first block of a README."""
    block = re.search(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert block is not None
    lines = [shlex.split(line, comments=True) for line in block.group(1).splitlines()]
    return [[sys.executable if word == "python3" else word for word in line] for line in lines]


def environment(url: str) -> dict[str, str]:
    """That of a program that asks this server."""
    return {**os.environ, "KINEMOTION_URL": url, "KINEMOTION_API_KEY": "km_key"}


def run(command: list[str], folder: Path, url: str) -> str:
    """What a command says; fails with what it says when it fails."""
    done = subprocess.run(command, cwd=folder, env=environment(url), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command} failed:\n{done.stderr}")
    return done.stdout
