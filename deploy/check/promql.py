"""Which series an expression of PromQL reads, and by which labels it chooses. promtool says whether it is an expression."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from tree import Trouble, run, scratch

TOKEN = re.compile(r"""(?P<space>\s+|\#[^\n]*) | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`) | (?P<range>\[[^\]]*\])
    | (?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:ms|[smhdwy]\d*)*) | (?P<word>[A-Za-z_:][\w:]*) | (?P<sign>=~|!~|!=|==|[<>]=?|.)""", re.X)
BEFORE_LABELS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = BEFORE_LABELS | {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"}


class Selector(NamedTuple):
    """A series that is read, with the labels that choose among its kind."""

    name: str
    labels: tuple[str, ...]


def selectors(expression: str) -> list[Selector]:
    tokens = [(kind, match[kind]) for match in TOKEN.finditer(expression) if (kind := match.lastgroup) != "space"]
    found, at = [], 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "word" and text.lower() in BEFORE_LABELS and following == "(":
            at = closing(tokens, at + 1, ")")
        elif kind == "word" and text.lower() not in WORDS and following != "(" and not is_aggregation(text, following):
            labels: list[str] = []
            if following == "{":
                end = closing(tokens, at + 1, "}")
                labels = [word for inner, word in tokens[at + 2:end] if inner == "word"]
                at = end
            found.append(Selector(text, tuple(labels)))
        elif text == "{":
            at = closing(tokens, at, "}")
        at += 1
    return found


def is_aggregation(word: str, following: str) -> bool:
    """`sum by (…) (…)`: the name of a function before its labels."""
    return following.lower() in {"by", "without"} and word.islower()


def closing(tokens: list[tuple[str, str]], at: int, sign: str) -> int:
    return next((index for index in range(at, len(tokens)) if tokens[index] == ("sign", sign)), len(tokens) - 1)


def without_variables(expression: str) -> str:
    """An expression of a dashboard with something in place of its variables."""
    for variable, value in {"__rate_interval": "5m", "__interval": "1m", "__range": "1h"}.items():
        expression = re.sub(rf"\$(?:{variable}\b|\{{{variable}\}})", value, expression)
    return re.sub(r"\$\{\w+(?::\w+)?\}|\$\w+", "x", expression)


def unreadable(expressions: dict[str, str]) -> list[str]:
    """What promtool finds wrong with expressions, by where they are from."""
    wrong = []
    with scratch() as folder:
        rules = [{"record": f"expression:{index}", "expr": text} for index, text in enumerate(expressions.values())]
        file = Path(folder) / "rules.yml"
        file.write_text(json.dumps({"groups": [{"name": "expressions", "rules": rules}]}, indent=1))
        try:
            run(["promtool", "check", "rules", file])
        except Trouble as error:
            places = list(expressions)
            said = str(error)
            for index in dict.fromkeys(re.findall(r"expression:(\d+)", said)):
                wrong.append(f"{places[int(index)]} is no PromQL: {expressions[places[int(index)]]}")
            wrong = wrong or [said]
    return wrong


def unknown(tree_metrics: dict[str, set[str]], other: set[str], foreign: tuple[str, ...], target_labels: set[str],
            expressions: dict[str, str]) -> list[str]:
    """Series nobody makes, and labels the daemon's have not."""
    problems = []
    for where, expression in expressions.items():
        for name, labels in selectors(without_variables(expression)):
            if name in tree_metrics:
                extra = {"le"} if name.endswith("_bucket") else set()
                strange = set(labels) - tree_metrics[name] - target_labels - extra
                problems += [f"{where}: {name} has no label {label}" for label in sorted(strange)]
            elif name not in other and not name.startswith(foreign):
                problems.append(f"{where}: nobody counts {name}")
    return problems
