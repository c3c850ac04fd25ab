"""What the daemon has: settings, addresses, and what it counts. Taken from what its own tests hold equal to the program."""

import re
import tomllib

from tree import Tree, Trouble

SETTINGS, REGISTRY = "daemon/src/serve/kinemotion.toml", "docs/operations/metrics.md"
PREFIX = "KINEMOTION_SERVE__"
# Sections in which names of one's own may be added.
OPEN_SECTIONS = {"tiers"}
# What Prometheus and the way to it add.
TARGET_LABELS = {"__name__", "job", "instance", "namespace", "pod", "container", "service", "endpoint", "node"}


def settings(tree: Tree) -> dict[str, object]:
    """Defaults by the variable that overrides them."""
    sections = tomllib.loads(tree.text(SETTINGS))
    return {f"{PREFIX}{section}__{key}".upper(): value for section, keys in sections.items() for key, value in keys.items()}


def unknown_settings(tree: Tree, text: str, where: str) -> list[str]:
    """What is wrong with a configuration file: no TOML, unknown keys, values of another kind."""
    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [f"{where} is no TOML: {error}"]
    known = settings(tree)
    problems = []
    for section, keys in sections.items():
        if section in OPEN_SECTIONS:
            continue
        for key, value in keys.items():
            variable = f"{PREFIX}{section}__{key}".upper()
            if variable not in known:
                problems.append(f"{where}: there is no {section}.{key} in {SETTINGS}")
            elif not same_kind(known[variable], value):
                problems.append(f"{where}: {section}.{key} is {value!r}, its default is {known[variable]!r}")
    return problems


def same_kind(default: object, value: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(default) is type(value)


def readable(default: object, text: str) -> bool:
    """Whether the daemon takes a text from the environment for this setting: texts as they are, the rest as in TOML."""
    if isinstance(default, str):
        return True
    try:
        return same_kind(default, tomllib.loads(f"value = {text}")["value"])
    except tomllib.TOMLDecodeError:
        return False


def effective(tree: Tree, text: str, environment: dict[str, str]) -> dict[str, object]:
    """Settings in force, by variable: defaults, then the file, then the environment."""
    values = settings(tree)
    for section, keys in tomllib.loads(text).items():
        values |= {f"{PREFIX}{section}__{key}".upper(): value for key, value in keys.items()}
    for variable, said in environment.items():
        # What cannot be read is told by the check of variables.
        if variable in values and readable(values[variable], said):
            values[variable] = said if isinstance(values[variable], str) else tomllib.loads(f"value = {said}")["value"]
    return values


def metrics(tree: Tree) -> dict[str, set[str]]:
    """Labels by the name of a series, histograms with their three names: what tables of the registry's document say."""
    found: dict[str, set[str]] = {}
    header: list[str] = []
    for line in tree.text(REGISTRY).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if not line.startswith("|"):
            header = []
        elif not header:
            header = [cell.lower() for cell in cells]
        elif "type" in header and (name := re.match(r"`((?:kinemotion|process)_\w+)", cells[0])):
            row = dict(zip(header, cells))
            for series in series_of(name[1], row["type"]):
                found[series] = labels_of(row.get("labels", ""))
    if not found:
        raise Trouble(f"{REGISTRY} has no table of metrics")
    return found


def labels_of(said: str) -> set[str]:
    """Label names: words in code with a colon, before what they may be."""
    return set(re.findall(r"`(\w+)`:", said))


def series_of(name: str, kind: str) -> list[str]:
    if "histogram" in kind.lower():
        return [f"{name}_bucket", f"{name}_sum", f"{name}_count"]
    return [name]
