"""Proof that checks notice: each mutation breaks one thing in a copy of the tree, and the check it names has to fail and to say why."""

import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from suite import CHECKS, problems
from tree import Tree, Trouble, scratch

TABLES = Path(__file__).resolve().parent / "mutations"
# What mutations change, and what is read beside it; the rest is only looked for.
COPIED = ["deploy", ".github", "docs/operations", "daemon/src/serve/kinemotion.toml", "Dockerfile", "Makefile"]
# Needs a program.
LIVE = "running-daemon"


class Mutation(NamedTuple):
    """A textual change of a file, the check that has to notice, and a word of what it has to say."""

    breaks: str
    file: str
    search: str
    replace: str
    check: str
    says: str


def table() -> list[Mutation]:
    """All of them. One that is misspelt is no mutation."""
    found = [Mutation(**entry) for path in sorted(TABLES.glob("*.toml")) for entry in tomllib.loads(path.read_text())["mutation"]]
    strange = [mutation.check for mutation in found if mutation.check not in CHECKS]
    if strange:
        raise SystemExit(f"mutations name checks that are not there: {', '.join(strange)}")
    return found


def survivors(tree: Tree, like: str, at_once: int) -> int:
    """How many mutations are not noticed, or cannot be made any more."""
    chosen = [mutation for mutation in table() if like in mutation.file or like in mutation.check]
    if not tree.tools.program:
        print(f"no program is built, so mutations for {LIVE} are left out")
        chosen = [mutation for mutation in chosen if mutation.check != LIVE]
    if not chosen:
        raise SystemExit(f"there is no mutation of a file or for a check like {like!r}")
    with ThreadPoolExecutor(at_once) as pool:
        names = sorted({mutation.check for mutation in chosen})
        sound = {name: found for name, found in zip(names, pool.map(lambda name: problems(tree, name), names))}
        for name, found in sound.items():
            if found:
                print(f"{name} fails before anything is broken: {found[0]}")
        alive = 0
        for mutation, said in zip(chosen, pool.map(lambda mutation: outcome(tree, mutation), chosen)):
            alive += said is not None
            print(f"{'noticed' if said is None else 'SURVIVED':<9} {mutation.check}: {mutation.breaks} ({mutation.file})", flush=True)
            if said is not None:
                print(f"          {said}")
    red = sum(1 for found in sound.values() if found)
    print(f"{len(chosen)} mutations over {len(names)} checks, {alive} survived, {red} checks failed before")
    return alive + red


def outcome(tree: Tree, mutation: Mutation) -> str | None:
    """None when the check notices; what is wrong when it does not."""
    with scratch() as folder:
        broken = replace(tree, root=Path(folder), notes=[])
        copy(tree.root, broken.root)
        file = broken.root / mutation.file
        if not file.exists():
            return f"{mutation.file} is not there any more"
        text = file.read_text()
        if text.count(mutation.search) == 0:
            return f"{mutation.file} does not contain the text any more: {mutation.search!r}"
        file.write_text(text.replace(mutation.search, mutation.replace, 1))
        try:
            found = problems(broken, mutation.check)
        except Trouble as trouble:
            found = [str(trouble)]
    if not found:
        return "the check finds nothing"
    if mutation.says not in "\n".join(found):
        return f"the check does not say {mutation.says!r} but: {found[0][:500]}"
    return None


def copy(source: Path, target: Path) -> None:
    """A tree to break: files that are read are its own, everything else leads to the source."""
    for path in COPIED:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        if (source / path).is_dir():
            shutil.copytree(source / path, target / path, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "target"))
        elif (source / path).exists():
            shutil.copy(source / path, target / path)
    for path in source.iterdir():
        if not (target / path.name).exists() and path.name != ".git":
            (target / path.name).symlink_to(path)
