"""The services of deploy/compose/dev.yml, by `docker compose`."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from engines import DockerContainer, said

FILE = Path(__file__).resolve().parents[2] / "deploy/compose/dev.yml"
COMPOSE = ["docker", "compose", "--ansi", "never", "--file", FILE]
# What deploy/compose/README.md asks for.
OLDEST = (2, 3)
HOW = "Docker Compose 2.3 or later is needed: the package docker-compose of Debian 13, which Debian 12 takes too; its own is too old"


def needed():
    """Ends when there is no Compose that reads the file."""
    done = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True)
    version = re.match(r"v?(\d+)\.(\d+)", done.stdout)
    if not version or tuple(map(int, version.groups())) < OLDEST:
        sys.exit(f"{HOW}; `docker compose version` says: {(done.stdout or done.stderr).strip()}")


def described():
    """The file as Compose reads it."""
    return json.loads(said([*COMPOSE, "config", "--format", "json"]))


class Stack:
    """`services` are those of the file that run, as Compose reads them. They are healthy when it is entered; afterwards nothing of them is
    left."""

    def __init__(self, services):
        self.services = services

    def __enter__(self):
        nothing_left()
        self.volumes = volumes()
        try:
            self.took_s = self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind:
            print(self.log(), file=sys.stderr)
        self.down()
        nothing_left()
        more = volumes() - self.volumes
        assert not more, f"volumes without a name are left: {more}"

    def up(self):
        """How long it took until everything was healthy, seconds. One command for everything, as deploy/compose/README.md has it, but for
        the image, which is there."""
        began = time.monotonic()
        done = subprocess.run([*COMPOSE, "up", "--no-build", "--wait", *self.services], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"`docker compose up --wait` ended with {done.returncode}: {done.stderr[-2000:]}\n{self.log()}")
        took_s = time.monotonic() - began
        # Compose says so; the engine has to say so too, and of each of them.
        healths = {name: self.inspected(name)["State"]["Health"]["Status"] for name in self.services}
        assert set(healths.values()) == {"healthy"}, healths
        return took_s

    def down(self):
        said([*COMPOSE, "down", "--volumes"])

    def log(self):
        """The end of what everybody said."""
        return subprocess.run([*COMPOSE, "logs", "--no-color", "--tail", "15"], capture_output=True, text=True).stdout

    def identity(self, service):
        return said([*COMPOSE, "ps", "--all", "--quiet", service])

    def inspected(self, service):
        """What the engine knows of the container of a service."""
        return json.loads(said(["docker", "inspect", self.identity(service)]))[0]

    def container(self, service):
        return DockerContainer("docker", self.identity(service), time.monotonic())

    def execute(self, service, *command):
        """What a command says that runs in the container of a service."""
        return said([*COMPOSE, "exec", "-T", service, *command])


def volumes():
    return set(said(["docker", "volume", "ls", "--quiet"]).split())


def nothing_left():
    """Neither before nor afterwards: what is there could be somebody's, with data in it."""
    project = f"label=com.docker.compose.project={described()['name']}"
    kinds = {"containers": ["ps", "--all"], "volumes": ["volume", "ls"], "networks": ["network", "ls"]}
    found = {kind: names for kind, command in kinds.items() if (names := said(["docker", *command, "--quiet", "--filter", project]).split())}
    if found:
        end = f"docker compose --file {os.path.relpath(FILE)} down --volumes"
        raise SystemExit(f"there are {found} of the project: end it with `{end}`, which erases its data")
