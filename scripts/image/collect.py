#!/usr/bin/env python3
"""Copies what of GStreamer is in the image, and every library that takes, out of a root file system with all of its packages.

    collect.py SECTION --program FILE --base STATUS --out FOLDER [--beyond FOLDER]

SECTION is one of plugins.toml beside this file. A library of a package that the base image has (STATUS is its
/var/lib/dpkg/status) is left to it; what lies below `--beyond` already is not copied again. Each package that something was
copied from leaves its licence in /usr/share/doc and its record in /var/lib/dpkg/status.d, where scanners for vulnerabilities look.
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tomllib

LIBRARIES = pathlib.Path(f"/usr/lib/{platform.machine()}-linux-gnu")
SCANNER = LIBRARIES / "gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the compiled program, whose libraries are taken too")
    parser.add_argument("--base", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--beyond", type=pathlib.Path)
    arguments = parser.parse_args()

    section = tomllib.loads(pathlib.Path(__file__).with_name("plugins.toml").read_text())[arguments.section]
    base = packages_of(arguments.base)
    roots = [LIBRARIES / f"gstreamer-1.0/libgst{name}.so" for name in section["plugins"]]
    roots += [LIBRARIES / name for name in section["opened"]]
    roots.append(SCANNER)
    missing = [str(root) for root in roots if not root.exists()]
    if missing:
        sys.exit(f"collect: no package that is installed has {', '.join(missing)}")

    # Whatever a file links to is wanted under the name it links to, which may be a symbolic link.
    wanted = set(roots)
    for root in [*roots, arguments.program]:
        wanted |= linked(root)
    packages, size = set(), 0
    for path in sorted(wanted):
        package = owner(path)
        if package in base:
            continue
        if arguments.beyond and (arguments.beyond / path.relative_to("/")).exists():
            continue
        packages.add(package)
        size += copy(path, arguments.out)
    for package in sorted(packages):
        keep_record(package, arguments.out)
    print(f"collect: {arguments.section}: {len(roots)} plugins and programs, {size / 1e6:.1f} MB, from {len(packages)} packages")


def packages_of(status):
    """The packages of a dpkg status file."""
    return set(re.findall(r"^Package: (\S+)$", status.read_text(), re.MULTILINE))


def linked(path):
    """Every library that loading `path` loads."""
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    absent = re.findall(r"(\S+) => not found", said)
    if absent:
        sys.exit(f"collect: {path} needs {', '.join(absent)}, which no package that is installed has")
    return {pathlib.Path(found) for found in re.findall(r"=> (/\S+)", said)}


def merged(path):
    """The path below /usr, as /lib is a link to /usr/lib."""
    return path if path.is_relative_to("/usr") else pathlib.Path("/usr") / path.relative_to("/")


def owner(path):
    """The package that a file is of."""
    path = merged(path)
    real = path.resolve()
    # Packages name their files with or without /usr.
    names = [str(name) for file in (path, real) for name in (file, file.relative_to("/usr").as_posix())]
    names = [name if name.startswith("/") else f"/{name}" for name in names]
    for name in names:
        said = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True).stdout
        if said:
            return said.split(":")[0]
    sys.exit(f"collect: {path} is of no package")


def copy(path, out):
    """Copies a file and, when it is a symbolic link, the link as well; returns the bytes."""
    path = merged(path)
    target = out / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_symlink():
        shutil.copy2(path, target)
        return target.stat().st_size
    real = path.resolve()
    beside = out / real.relative_to("/")
    beside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(real, beside)
    if not target.is_symlink():
        target.symlink_to(os.path.relpath(real, path.parent.resolve()))
    return beside.stat().st_size


def keep_record(package, out):
    records = out / "var/lib/dpkg/status.d"
    records.mkdir(parents=True, exist_ok=True)
    status = subprocess.run(["dpkg-query", "--status", package], capture_output=True, text=True, check=True).stdout
    (records / package).write_text(status)
    licence = pathlib.Path("/usr/share/doc") / package / "copyright"
    if licence.exists():
        target = out / licence.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        # A link leads to another package of the same source.
        shutil.copyfile(licence.resolve(), target)


if __name__ == "__main__":
    main()
