"""Commands of documents, to be carried out by tests: blocks of Markdown between ```sh and ```.

A block can say what it needs that not every machine has: ```sh needs=docker
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)(?P<rest>[^`\n]*)$")
NEEDS = re.compile(r" needs=(?P<what>[\w-]+)")
#: Other names for shells: a block with one of them would be carried out by nobody, and nobody would notice.
SHELLS = {"bash", "shell", "console", "zsh"}


class Malformed(Exception):
    """A block that cannot be read; says where."""


@dataclass(frozen=True)
class Block:
    """A block of commands. `line` is that of its first command; `needs` is None when every machine can carry it out."""

    path: Path
    line: int
    needs: str | None
    text: str


@dataclass(frozen=True)
class Done:
    """How blocks ended. `block` is the one that was carried out last, `said` what came out of the shell."""

    code: int | None
    block: Block
    said: str


def blocks(path: Path) -> list[Block]:
    """The blocks of commands of a document, in order.

    Raises `Malformed` where a fence is not closed, names another shell, or has a mark that is not known.
    """
    found: list[Block] = []
    lines = iter(enumerate(path.read_text().splitlines(), 1))
    for number, line in lines:
        fence = FENCE.match(line)
        if not fence:
            continue
        indent, text = fence["indent"], []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            text.append(inner.removeprefix(indent))
        else:
            raise Malformed(f"{path}:{number}: the block is not closed")
        if fence["language"] in SHELLS:
            raise Malformed(f"{path}:{number}: name the language sh, not {fence['language']}")
        if fence["language"] != "sh":
            continue
        mark = NEEDS.fullmatch(fence["rest"].rstrip())
        if fence["rest"].strip() and not mark:
            raise Malformed(f"{path}:{number}: `{fence['rest'].strip()}` is no mark; needs=WORD is one")
        found.append(Block(path, number + 1, mark["what"] if mark else None, "\n".join(text) + "\n"))
    return found


def carry_out(commands: Iterable[Block], folder: Path, environment: Mapping[str, str], timeout_s: float) -> Done:
    """Carries out blocks one after the other in one shell that ends at the first failure, with all that it started.

    `code` is None where they took longer than `timeout_s`.
    """
    commands = list(commands)
    # Each command is said before it is carried out, so that the one that fails is the last.
    script = "".join(f": block {number}\n{block.text}" for number, block in enumerate(commands))
    log = folder / "commands.log"
    with log.open("wb") as out:
        shell = subprocess.Popen(
            ["bash", "-euv", "-o", "pipefail", "-c", script], cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )
        try:
            code = shell.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            # What it left running would hold ports and folders of the next one.
            end_group(shell)
    said = log.read_text(errors="replace")
    begun = re.findall(r"^: block (\d+)$", said, re.MULTILINE)
    return Done(code, commands[int(begun[-1]) if begun else 0], said)


def end_group(shell: subprocess.Popen[bytes]) -> None:
    """Ends a shell and what it started."""
    try:
        os.killpg(shell.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    shell.wait()
