"""A Docker engine of the test's own, in a network of its own: ports are free and lead nowhere else, and firewall rules, bridges and forwarding
go with it. Images are kept in a folder for the next time."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from engines import said
from image import until

import daemon

# Set in the network that the test makes for itself.
INSIDE = "KINEMOTION_COMPOSE_TEST_INSIDE"
# How long the engine may take to end, seconds: it ends containerd before.
END_S = 60


def is_inside():
    return INSIDE in os.environ


def enter_network():
    """Goes on in a network namespace with nothing but loopback."""
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv])


@contextlib.contextmanager
def running(folder):
    """The engine while it is entered; `docker` asks it. Whoever leaves it leaves nothing but images in the folder."""
    before = left(folder)
    # The name of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="kinemotion-compose-") as state:
        state = Path(state)
        address = f"unix://{state / 'socket'}"
        command = ["dockerd", "--data-root", folder, "--exec-root", state / "run", "--pidfile", state / "pid", "--host", address, "--bridge", "none"]
        with (state / "log").open("wb") as log:
            # Ctrl-C is for the test, which ends the services before the engine.
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        os.environ["DOCKER_HOST"] = address
        try:
            until("the engine answers", lambda: answers(process, state / "log"))
            yield
        finally:
            process.terminate()
            process.wait(END_S)
    more = left(folder) - before
    assert not more, f"the engine has left {', '.join(sorted(more))}"


def answers(process, log):
    assert process.poll() is None, f"dockerd ended with {process.returncode}: {daemon.tail(log)}"
    return subprocess.run(["docker", "version"], capture_output=True).returncode == 0


def left(folder):
    """What an engine that has ended may have left: programs and interfaces in the test's network, and mounts."""
    here = os.readlink("/proc/self/ns/net")
    found = {f"the interface {line.split(':')[1].strip()}" for line in said(["ip", "-o", "link"]).splitlines()}
    for entry in Path("/proc").glob("[0-9]*"):
        # Some end while they are looked at.
        with contextlib.suppress(OSError):
            if os.readlink(entry / "ns/net") == here and entry.name != str(os.getpid()):
                found.add(f"the program {(entry / 'comm').read_text().strip()}")
    return found | {f"the mount {line.split()[1]}" for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line}


def load(images):
    """Brings images from buildah's storage: names there, by their names here. Those that are here already stay."""
    for name, source in images.items():
        wanted = said(["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", source])
        here = subprocess.run(["docker", "image", "inspect", "--format", "{{.Id}}", name], capture_output=True, text=True)
        if here.stdout.strip().removeprefix("sha256:") == wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="kinemotion-compose-") as folder:
            archive = Path(folder) / "image.tar"
            said(["buildah", "push", "--quiet", source, f"docker-archive:{archive}:{name}"])
            said(["docker", "load", "--quiet", "--input", archive])


def needs(programs):
    """Ends with what is missing of programs, and where they are from."""
    missing = [f"{program} is missing: {where}" for program, where in programs.items() if not shutil.which(program)]
    if missing:
        sys.exit("\n".join(missing))
