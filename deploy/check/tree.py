"""What is checked: a tree of files, the tools at hand, and what a check says."""

import functools
import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import yaml

OVERLAYS = ["deploy/kubernetes/overlays/dev", "deploy/kubernetes/overlays/production", "deploy/kubernetes/overlays/gpu",
            "deploy/kubernetes/overlays/direct", "deploy/kubernetes/overlays/next", "deploy/kubernetes/turn"]
# The next version, which shares everything but its pods with production.
NEXT, PRODUCTION = "deploy/kubernetes/overlays/next", "deploy/kubernetes/overlays/production"
# What `make setup-tests` cannot install.
BY_HAND = {"kubectl": "https://kubernetes.io/docs/tasks/tools says how to"}


class Trouble(Exception):
    """Something that makes a check fail; its text says what and where."""


@dataclass(frozen=True)
class Tools:
    """Folders of programs that are no part of the system, and what else is not in the tree."""

    python: Path
    checkov: Path
    actionlint: Path
    program: Path | None


@dataclass
class Tree:
    """A checkout, or a copy of one that is broken on purpose."""

    root: Path
    tools: Tools
    notes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def file(self, path: str) -> Path:
        """A file that has to be there."""
        found = self.root / path
        if not found.exists():
            raise Trouble(f"{path} is not there")
        return found

    def files(self, pattern: str) -> list[Path]:
        """Files of which there has to be one at least."""
        found = sorted(self.root.glob(pattern))
        if not found:
            raise Trouble(f"there is no {pattern}")
        return found

    def name(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def text(self, path: str) -> str:
        return self.file(path).read_text()

    def yaml(self, path: str) -> object:
        try:
            return yaml.safe_load(self.text(path))
        except yaml.YAMLError as error:
            raise Trouble(f"{path} is no YAML: {error}") from error

    def note(self, text: str) -> None:
        """Something that could not be looked at here."""
        with self.lock:
            self.notes.append(text)

    def rendered(self, overlay: str) -> list[dict]:
        """The resources of an overlay, as a cluster would get them."""
        with self.lock:
            return self._rendered(overlay)

    def around(self, overlay: str) -> list[dict]:
        """The resources of an overlay with those it is put beside."""
        return self.rendered(overlay) + (self.rendered(PRODUCTION) if overlay == NEXT else [])

    @functools.cache
    def _rendered(self, overlay: str) -> list[dict]:
        said = run(["kubectl", "kustomize", self.file(overlay)])
        return [resource for resource in yaml.safe_load_all(said) if resource]

    # Trees are compared by what they are, so that what was rendered is kept for each.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def run(command: list, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What a program says; what it complains about when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=os.environ | (env or {}), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Trouble(f"{words[0]} is not installed: {BY_HAND.get(words[0], '`make setup-tests` installs it')}") from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip() or "nothing"
        raise Trouble(f"{Path(words[0]).name} {words[1]} ended with {done.returncode} and said:\n{said[-3000:]}")
    return done.stdout


def scratch() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="kinemotion-deploy-")
