#!/usr/bin/env python3
"""Writes what an image, or a program alone, is made of: a bill of materials in CycloneDX 1.5, JSON.

    sbom.py --name kinemotion --version 0.1.0 --crates FILE --repository FOLDER [--status FILE-OR-FOLDER]... [--requirements FILE] \\
        [--architecture amd64] --out FILE

The lines of `--crates` are those of scripts/release/crates.sh: what is compiled in. Their hashes come from Cargo.lock, the libraries of the
pages from web/package-lock.json, models and ONNX Runtime from models/models.lock; packages of Debian from status files of dpkg, or
folders of them; `--requirements` is a file of pip with hashes. The same input gives the same bytes.
"""

import argparse
import json
import pathlib
import re
import sys
import tomllib
import urllib.parse
import uuid

# What uname calls an architecture, and what Debian does.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--crates", type=pathlib.Path, required=True)
    parser.add_argument("--repository", type=pathlib.Path, required=True)
    parser.add_argument("--status", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--requirements", type=pathlib.Path)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="amd64")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    repository = arguments.repository
    components = [
        *crates(arguments.crates.read_text(), tomllib.loads((repository / "Cargo.lock").read_text())),
        *pages(json.loads((repository / "web/package-lock.json").read_text())),
        *models(tomllib.loads((repository / "models/models.lock").read_text()), arguments.architecture),
    ]
    for status in arguments.status:
        files = sorted(status.iterdir()) if status.is_dir() else [status]
        for file in files:
            components += debian(file.read_text())
    if arguments.requirements:
        components += requirements(arguments.requirements.read_text())
    bill = document(arguments.name, arguments.version, components)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(bill, indent=1) + "\n")
    print(f"sbom: {arguments.out}: {len(bill['components'])} components")


def document(name, version, components):
    unique = {component["purl"]: component for component in components}
    components = [unique[purl] for purl in sorted(unique)]
    content = json.dumps([name, version, components])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": name, "name": name, "version": version}},
        "components": components,
    }


def component(kind, name, version, purl, *, licence=None, sha256=None, properties=None):
    """One entry. `licence` is an SPDX expression."""
    found = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if sha256:
        found["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    if licence:
        found["licenses"] = [{"expression": licence}]
    if properties:
        found["properties"] = [{"name": key, "value": value} for key, value in properties.items()]
    return found


def crates(lines, lock):
    """Crates by the lines of crates.sh."""
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
    for line in sorted({line.removesuffix(" (*)") for line in lines.splitlines() if line.strip()}):
        package, _, licence = line.partition("|")
        name, version, *_ = package.split()
        version = version.removeprefix("v")
        if (name, version) not in checksums:
            sys.exit(f"sbom: crate {name} {version} is not in Cargo.lock")
        # Older crates say "MIT/Apache-2.0".
        licence = licence.replace(" / ", "/").replace("/", " OR ")
        yield component("library", name, version, f"pkg:cargo/{name}@{version}", licence=licence, sha256=checksums[name, version])


def pages(lock):
    """Libraries that the pages carry: what is there for development alone is not in them."""
    for path, package in lock["packages"].items():
        if path and not package.get("dev"):
            name = path.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{urllib.parse.quote(name, safe='/')}@{package['version']}"
            yield component("library", name, package["version"], purl, licence=package.get("license"))


def models(lock, architecture):
    networks = lock["models"]
    purl = f"pkg:npm/{urllib.parse.quote(networks['package'], safe='/')}@{networks['version']}"
    converted = {network["onnx"]: network["onnx-sha256"] for network in networks["network"]}
    yield component(
        "machine-learning-model", networks["package"], networks["version"], purl, licence=networks["license"], sha256=networks["sha256"],
        properties={f"kinemotion:converted:{file}:sha256": sha256 for file, sha256 in converted.items()},
    )  # fmt: skip
    for runtime in lock["runtime"]:
        if runtime["architecture"] == ARCHITECTURES[architecture]:
            name, version = runtime["package"], runtime["version"]
            purl = f"pkg:pypi/{name}@{version}?file_name={runtime['file']}"
            yield component("library", name, version, purl, licence=runtime["license"], sha256=runtime["sha256"])


def debian(status):
    """Packages of a dpkg status file that are installed, or were copied from."""
    for paragraph in re.split(r"\n\n+", status.strip()):
        # A line that begins with a space goes on with the one before.
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        if not fields.get("Status", "").endswith(" installed"):
            continue
        name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
        purl = f"pkg:deb/debian/{name}@{urllib.parse.quote(version, safe='~+')}?arch={architecture}&distro=debian-12"
        source = fields.get("Source", name)
        yield component("library", name, version, purl, properties={"debian:source": source})


def requirements(text):
    """Packages of a file of pip: `name==version --hash=sha256:…`."""
    for name, version, sha256 in re.findall(r"^([\w.-]+)==(\S+)\s.*?--hash=sha256:([0-9a-f]{64})", text.replace("\\\n", " "), re.MULTILINE):
        yield component("library", name, version, f"pkg:pypi/{name}@{version}", sha256=sha256)


if __name__ == "__main__":
    main()
