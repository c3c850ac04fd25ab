"""A running daemon for tests; `KINEMOTION_BIN` names the program, or the folder it is in."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def program() -> Path:
    """The program under test; skips the test without one."""
    named = os.environ.get("KINEMOTION_BIN")
    if not named:
        raise unittest.SkipTest("KINEMOTION_BIN does not say where the daemon is")
    path = Path(named)
    return path / "kinemotion" if path.is_dir() else path


@contextmanager
def running(**settings: str) -> Iterator[str]:
    """The address of a daemon with fresh storage on free ports; settings like `AUTH__TOKENS`."""
    with tempfile.TemporaryDirectory(prefix="kinemotion-sdk-") as folder:
        environment = {
            "ADMIN__LISTEN": "127.0.0.1:0",
            "STORAGE__FOLDER": folder,
            "LOG__FILTER": "warn",
            "LOAD__ADMISSION": "false",
            "MODELS__LOADED": json.dumps(["fast"]),
            **settings,
        }
        named = {f"KINEMOTION_SERVE__{key}": value for key, value in environment.items()}
        child = subprocess.Popen(
            [program(), "serve", "--listen", "127.0.0.1:0"],
            env={**os.environ, **named},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        try:
            address = next((line.split()[1] for line in child.stdout if line.startswith("studio")), None)
            if address is None:
                raise RuntimeError("the daemon ended before it said its address")
            yield address.rstrip("/")
        finally:
            child.terminate()
            child.communicate()
