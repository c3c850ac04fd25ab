"""Dashboards as files: unique, not on top of each other, and every panel asks for what is counted."""

import itertools
import json
import re
from typing import Iterator

from facts import metrics
from prometheus import FOREIGN, labels_of_targets, recorded
from promql import unknown, unreadable, without_variables
from tree import Tree, Trouble

FOLDER = "deploy/monitoring/grafana/dashboards"
WIDTH = 24


def dashboards(tree: Tree) -> list[str]:
    problems, expressions, uids = [], {}, {}
    for file in tree.files(f"{FOLDER}/*.json"):
        name = tree.name(file)
        try:
            board = json.loads(file.read_text())
        except json.JSONDecodeError as error:
            raise Trouble(f"{name} is no JSON: {error}") from error
        uid = board.get("uid")
        if not uid or uid in uids:
            problems.append(f"{name}: its uid {uid!r} is missing or that of {uids.get(uid)}")
        uids[uid] = name
        problems += places(name, list(panels(board["panels"]))) + content(name, board)
        expressions |= {where: text for where, text in queries(name, board)}
    if not expressions:
        raise Trouble(f"no dashboard in {FOLDER} asks for anything")
    readable = {where: without_variables(text) for where, text in expressions.items()}
    return problems + unreadable(readable) + unknown(metrics(tree), recorded(tree), FOREIGN, labels_of_targets(tree), expressions)


def panels(found: list[dict]) -> Iterator[dict]:
    """All of them, those in collapsed rows too."""
    for panel in found:
        yield panel
        yield from panels(panel.get("panels", []))


def places(name: str, found: list[dict]) -> list[str]:
    problems = []
    ids = [panel.get("id") for panel in found]
    problems += [f"{name}: two panels have the id {one}" for one in sorted({one for one in ids if ids.count(one) > 1}, key=str)]
    for panel in found:
        at = panel["gridPos"]
        if at["x"] < 0 or at["y"] < 0 or at["w"] < 1 or at["h"] < 1 or at["x"] + at["w"] > WIDTH:
            problems.append(f"{name}: {title(panel)} does not fit into {WIDTH} columns")
    for one, other in itertools.combinations(found, 2):
        if overlap(one["gridPos"], other["gridPos"]):
            problems.append(f"{name}: {title(one)} lies on {title(other)}")
    return problems


def overlap(one: dict, other: dict) -> bool:
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


def content(name: str, board: dict) -> list[str]:
    """Every panel has a title, asks for something, and asks no variable that is not there."""
    problems = []
    known = {variable["name"] for variable in board.get("templating", {}).get("list", [])}
    for panel in panels(board["panels"]):
        if panel["type"] in ("row", "text"):
            continue
        if not panel.get("title"):
            problems.append(f"{name}: panel {panel.get('id')} has no title")
        if not panel.get("targets") and panel["type"] not in ("alertlist", "dashlist"):
            problems.append(f"{name}: {title(panel)} asks for nothing")
        references = [target.get("refId") for target in panel.get("targets", [])]
        if len(references) != len(set(references)):
            problems.append(f"{name}: {title(panel)} has two queries of one refId")
        used = {match[1] or match[2] for target in panel.get("targets", []) for match in re.finditer(r"\$(?:(\w+)|\{(\w+))", target.get("expr", ""))}
        problems += [f"{name}: {title(panel)} uses ${one}, which is no variable" for one in sorted(used - known) if not one.startswith("__")]
    return problems


def queries(name: str, board: dict) -> Iterator[tuple[str, str]]:
    for panel in panels(board["panels"]):
        for index, target in enumerate(panel.get("targets", [])):
            if not target.get("expr"):
                raise Trouble(f"{name}: query {index} of {title(panel)} is empty")
            yield f"{name}: {title(panel)}, query {target.get('refId', index)}", target["expr"]
    for note in board.get("annotations", {}).get("list", []):
        if note.get("expr"):
            yield f"{name}: annotation {note['name']}", note["expr"]
    for variable in board.get("templating", {}).get("list", []):
        asked = variable.get("query", "")
        text = asked if isinstance(asked, str) else asked.get("query", "")
        if match := re.fullmatch(r"label_values\((.+),\s*\w+\)", text):
            yield f"{name}: variable {variable['name']}", match[1]


def title(panel: dict) -> str:
    return f"panel {panel.get('id')} ({panel.get('title', panel.get('type'))})"
