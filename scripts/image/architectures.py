#!/usr/bin/env python3
"""Looks whether the Dockerfile can be built for arm64, without building it: every package it installs resolves for arm64 with all that
it depends on, these packages have every plugin and library of plugins.toml, and models.lock has an ONNX Runtime.

Runs on Debian 12, whose archive it asks (20 MB). It says nothing about whether the program works there.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURE, MACHINE = "arm64", "aarch64"
# Their packages have what plugins.toml names.
HOLDERS = re.compile(r"^(gstreamer1\.0-|libgstreamer|glib-networking$|libsoup-3|libnss3$)")


def main():
    release = pathlib.Path("/etc/os-release").read_text()
    if "VERSION_CODENAME=bookworm" not in release:
        sys.exit("architectures: this asks the archive of Debian 12, so it runs on Debian 12")
    packages = installed_by((ROOT / "Dockerfile").read_text())
    with tempfile.TemporaryDirectory(prefix="kinemotion-apt-") as folder:
        apt = Apt(pathlib.Path(folder))
        everything = apt.resolved(packages)
        print(f"architectures: {len(packages)} packages resolve for {ARCHITECTURE}, with {len(everything)} in all")
        files = apt.files(sorted(name for name in everything if HOLDERS.match(name)))
    wanted = named(tomllib.loads((ROOT / "scripts/image/plugins.toml").read_text()))
    missing = sorted(wanted - files)
    if missing:
        sys.exit(f"architectures: no package for {ARCHITECTURE} has {', '.join(missing)}")
    print(f"architectures: {len(wanted)} plugins and libraries are there for {ARCHITECTURE}")
    runtimes = tomllib.loads((ROOT / "models/models.lock").read_text())["runtime"]
    runtime = next((one for one in runtimes if one["architecture"] == MACHINE), None)
    if not runtime or MACHINE not in runtime["file"]:
        sys.exit(f"architectures: models.lock has no ONNX Runtime for {MACHINE}")
    print(f"architectures: {runtime['file']} is pinned")


def installed_by(dockerfile):
    """The packages of every `apt-get install`, and of the scripts that build libraries."""
    text = dockerfile + "".join((ROOT / f"scripts/image/{name}.sh").read_text() for name in ["libav", "libnice"])
    text = text.replace("\\\n", " ")
    lists = re.findall(r"apt-get install -y --no-install-recommends ([^&|;\n]+)", text)
    packages = {name for names in lists for name in names.split()}
    assert len(lists) >= 5 and "gstreamer1.0-plugins-good" in packages, "the lists of packages are not found"
    return sorted(packages)


def named(sections):
    """File names of what plugins.toml wants."""
    plugins = {f"libgst{name}.so" for section in sections.values() for name in section["plugins"]}
    return plugins | {pathlib.PurePath(name).name for section in sections.values() for name in section["opened"]}


class Apt:
    """apt as on a machine of that architecture with nothing installed."""

    def __init__(self, folder):
        self.folder = folder
        for name in ["state/lists/partial", "cache/archives/partial"]:
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        options = {
            "APT::Architecture": ARCHITECTURE,
            "APT::Architectures": ARCHITECTURE,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
        }
        self.options = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        self.said(["apt-get", "--quiet", *self.options, "update"])

    def said(self, command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"architectures: {' '.join(command[:1] + command[-3:])}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def resolved(self, packages):
        """Everything that would be installed."""
        said = self.said(["apt-get", *self.options, "install", "--simulate", "--no-install-recommends", *packages])
        return set(re.findall(r"^Inst (\S+)", said, re.MULTILINE))

    def files(self, packages):
        """Names of all files in packages."""
        self.said(["apt-get", "--quiet", *self.options, "download", *packages])
        listed = [self.said(["dpkg-deb", "--contents", str(package)]) for package in self.folder.glob("*.deb")]
        paths = [line.split(" -> ")[0] for text in listed for line in text.splitlines()]
        return {path.rpartition("/")[2] for path in paths}


if __name__ == "__main__":
    main()
