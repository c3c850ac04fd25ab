#!/usr/bin/env python3
"""Writes the licences of the crates that are compiled in, as their packages bring them: whoever passes a program on passes them on, too.

    licences.py --crates FILE --out FILE

The lines of `--crates` are those of crates.sh. The texts come from the packages of the crates, which cargo has
downloaded to build them. The same input gives the same bytes.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

# How the files of a package begin that say under which terms it may be passed on.
BEGINNINGS = ("COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE")
# What such files end with; others are programs.
ENDINGS = ("", ".md", ".rst", ".txt")
# The folder that some keep several in (https://reuse.software/spec/).
FOLDER = "LICENSES"
HEAD = "kinemotion is built from the following works of others. Each is named with its licence (https://spdx.org/licenses/) and its source."
RULE = "-" * 80


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crates", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    crates = packages(compiled_in(arguments.crates.read_text()))
    texts = collections.defaultdict(list)
    for crate in crates:
        for file in files(pathlib.Path(crate["manifest_path"]).parent):
            texts[file.read_text(errors="replace").strip()].append(title(crate))
    silent = sorted({title(crate) for crate in crates} - {name for names in texts.values() for name in names})
    arguments.out.write_text("\n".join(document(crates, texts, silent)))
    print(f"licences: {arguments.out}: {len(crates)} crates, {len(texts)} texts, {len(silent)} crates bring none")


def compiled_in(lines):
    """Name and version of every crate in lines like `serde v1.0.0|MIT OR Apache-2.0`."""
    crates = (line.partition("|")[0].split() for line in lines.splitlines() if line.strip())
    return {(name, version.removeprefix("v")) for name, version, *_ in crates}


def packages(wanted):
    """What cargo knows of these crates, without those that are kinemotion's own."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    known = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)["packages"]
    found = {(crate["name"], crate["version"]): crate for crate in known}
    if missing := wanted - found.keys():
        sys.exit(f"licences: cargo knows nothing of {', '.join(sorted(name for name, _ in missing))}")
    return [found[crate] for crate in sorted(wanted) if found[crate]["source"]]


def files(folder):
    """What a package says of its terms, and of those of whatever it has within it."""
    names = (file for file in sorted(folder.rglob("*")) if file.is_file() and is_text(file))
    return [file for file in names if file.parent.name == FOLDER or file.name.upper().startswith(BEGINNINGS)]


def is_text(file):
    # LICENSE-MPL-2.0 and LICENSE.MIT have no ending.
    return file.suffix in ENDINGS or not file.suffix[1:].islower()


def title(crate):
    return f"{crate['name']} {crate['version']}"


def document(crates, texts, silent):
    yield HEAD
    yield ""
    for crate in crates:
        source = crate["repository"] or crate["homepage"] or "no address is given"
        yield f"{title(crate)}: {crate['license'] or 'see its text'}, {source}"
        if title(crate) in silent:
            authors = ", ".join(author.partition(" <")[0] for author in crate["authors"])
            yield f"    by {authors or 'its contributors'}; its package brings no text, that of its licence is at the address above"
    for text, names in texts.items():
        yield f"\n{RULE}\n{', '.join(dict.fromkeys(names))}\n{RULE}\n\n{text}"
    yield ""


main()
