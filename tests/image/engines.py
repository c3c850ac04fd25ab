"""What runs an image: docker, podman, or runc on what buildah built. All of them give a container with a root file system that cannot be
written, without rights, and with the settings of the image."""

import contextlib
import json
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

# Where the image listens, by its own settings: the API, and probes with metrics.
PORT, ADMIN_PORT = 8080, 8081


def said(command, **options):
    """What a command writes; fails as it fails."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode:
        raise SystemExit(f"`{shlex.join(map(str, command))}` ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def of_name(name):
    return Buildah() if name == "buildah" else Docker(name)


class Docker:
    """docker, or podman, which takes the same commands."""

    def __init__(self, program):
        self.program = program

    def size(self, image):
        """Bytes of all layers."""
        return int(said([self.program, "image", "inspect", "--format", "{{.Size}}", image]))

    def config(self, image):
        """User, Entrypoint, Cmd, Env, Labels, Healthcheck and so on."""
        return json.loads(said([self.program, "image", "inspect", image]))[0]["Config"]

    def once(self, image, arguments, entrypoint=None):
        """What a container writes that runs one command and ends."""
        options = ["--entrypoint", entrypoint] if entrypoint else []
        return said([self.program, "run", "--rm", *self.hardened(), "--network", "none", *options, image, *arguments])

    @contextlib.contextmanager
    def started(self, image, volume, environment):
        options = [option for key, value in environment.items() for option in ("--env", f"{key}={value}")]
        ports = [option for port in (PORT, ADMIN_PORT) for option in ("--publish", f"127.0.0.1::{port}")]
        mount = f"type=bind,source={volume},target=/data"
        began = time.monotonic()
        name = said([self.program, "run", "--detach", *self.hardened(), *ports, "--mount", mount, *options, image])
        try:
            yield DockerContainer(self.program, name, began)
        finally:
            subprocess.run([self.program, "rm", "--force", name], stdout=subprocess.DEVNULL)

    def hardened(self):
        return ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


class DockerContainer:
    """A running container. `began` is when it was started, by the monotonic clock."""

    def __init__(self, program, name, began):
        self.program, self.name, self.began = program, name, began

    def address(self, port):
        host, _, published = said([self.program, "port", self.name, str(port)]).splitlines()[0].rpartition(":")
        return host, int(published)

    def executed(self, command):
        """How a command ends that runs inside."""
        return subprocess.run([self.program, "exec", self.name, *command], capture_output=True, text=True)

    def is_healthy(self):
        if self.program == "podman":
            return subprocess.run([self.program, "healthcheck", "run", self.name], capture_output=True).returncode == 0
        return said([self.program, "inspect", "--format", "{{.State.Health.Status}}", self.name]) == "healthy"

    def is_running(self):
        return said([self.program, "inspect", "--format", "{{.State.Running}}", self.name]) == "true"

    def terminate(self):
        said([self.program, "kill", "--signal", "TERM", self.name])

    def ended(self, within_s):
        """Its exit code."""
        return int(said([self.program, "wait", self.name], timeout=within_s))

    def log(self):
        done = subprocess.run([self.program, "logs", self.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout


class Buildah:
    """runc, in the network the test itself is in: `image.py` runs in one of its own, so ports are free and lead nowhere else."""

    def size(self, image):
        """Bytes of all files, as buildah tells none."""
        with self.mounted(image) as root:
            files = {(entry.st_dev, entry.st_ino): entry.st_size for entry in map(pathlib.Path.lstat, root.rglob("*"))}
        return sum(files.values())

    def config(self, image):
        return json.loads(said(["buildah", "inspect", "--type", "image", image]))["Docker"]["config"]

    def once(self, image, arguments, entrypoint=None):
        with self.bundle(image, arguments, {}, entrypoint=entrypoint) as bundle:
            return said(["runc", "run", "--bundle", bundle, bundle.name])

    @contextlib.contextmanager
    def started(self, image, volume, environment):
        health = self.config(image)["Healthcheck"]["Test"]
        with self.bundle(image, None, environment, volume) as bundle, (bundle / "log").open("w+") as log:
            began = time.monotonic()
            process = subprocess.Popen(["runc", "run", "--bundle", bundle, bundle.name], stdout=log, stderr=log)
            try:
                yield RuncContainer(bundle, process, health, began)
            finally:
                subprocess.run(["runc", "delete", "--force", bundle.name], capture_output=True)
                process.wait()

    @contextlib.contextmanager
    def mounted(self, image):
        container = said(["buildah", "from", "--pull-never", image])
        try:
            yield pathlib.Path(said(["buildah", "mount", container]))
        finally:
            said(["buildah", "rm", container])

    @contextlib.contextmanager
    def bundle(self, image, arguments, environment, volume=None, entrypoint=None):
        """What runc runs: the image's files, and how."""
        config = self.config(image)
        with self.mounted(image) as root:
            bundle = pathlib.Path(tempfile.mkdtemp(prefix="kinemotion-image-"))
            try:
                said(["runc", "spec", "--bundle", bundle])
                file = bundle / "config.json"
                spec = json.loads(file.read_text())
                first = [entrypoint] if entrypoint else config["Entrypoint"]
                user, _, group = config["User"].partition(":")
                process = spec["process"]
                process["terminal"] = False
                process["user"] = {"uid": int(user), "gid": int(group or user)}
                process["args"] = [*first, *(config.get("Cmd") or [] if arguments is None else arguments)]
                process["env"] = [*config["Env"], *(f"{key}={value}" for key, value in environment.items())]
                process["cwd"] = config.get("WorkingDir") or "/"
                process["capabilities"] = {}
                process["noNewPrivileges"] = True
                process.pop("rlimits", None)
                spec["root"] = {"path": str(root), "readonly": True}
                spec["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]})
                if volume:
                    spec["mounts"].append({"destination": "/data", "type": "bind", "source": str(volume), "options": ["bind", "rw", "nosuid", "nodev"]})
                spec["linux"]["namespaces"] = [kind for kind in spec["linux"]["namespaces"] if kind["type"] != "network"]
                spec["linux"].pop("resources", None)
                file.write_text(json.dumps(spec))
                yield bundle
            finally:
                shutil.rmtree(bundle)


class RuncContainer:
    """A running container. `began` is when it was started, by the monotonic clock."""

    def __init__(self, bundle, process, test, began):
        self.bundle, self.process, self.test, self.began = bundle, process, test, began

    def address(self, port):
        return "127.0.0.1", port

    def executed(self, command):
        return subprocess.run(["runc", "exec", self.bundle.name, *command], capture_output=True, text=True)

    def is_healthy(self):
        """Asks as the image says that it is to be asked: ["CMD", program, argument…]."""
        assert self.test[0] == "CMD", self.test
        return self.executed(self.test[1:]).returncode == 0

    def is_running(self):
        return self.process.poll() is None

    def terminate(self):
        said(["runc", "kill", self.bundle.name, "TERM"])

    def ended(self, within_s):
        return self.process.wait(within_s)

    def log(self):
        return (self.bundle / "log").read_text()
