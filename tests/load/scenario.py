"""What a scenario is, and how its figures are written down."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """Something that must hold, and what was found. `reached` is None where it could not be found out."""

    text: str
    found: str
    reached: bool | None


@dataclass(frozen=True)
class Scenario:
    """`measure` takes a Bench and returns figures that JSON can hold; `tell` makes Markdown of them, `goals` judges them."""

    name: str
    title: str
    measure: Callable
    tell: Callable
    goals: Callable = lambda figures: []


def at_most(text, value, bound, unit, digits=0):
    """A goal that a value is below a bound."""
    return Goal(text, number(value, unit, digits), None if value is None else value < bound)


def at_least(text, value, bound, unit, digits=0):
    """A goal that a value reaches a bound."""
    return Goal(text, number(value, unit, digits), None if value is None else value >= bound)


def number(value, unit="", digits=0):
    """A figure with its unit, a dash for none; shares are told in "%"."""
    if value is None:
        return "–"
    if unit == "%":
        value = 100 * value
    return f"{value:.{digits}f}{' ' if unit else ''}{unit}"


def percent(share, digits=1):
    return number(share, "%", digits)


def spread(figures, names="p50 p95 p99", digits=0):
    """Some of the figures of a distribution of times in milliseconds."""
    return ", ".join(number(figures[name], "", digits) for name in names.split()) + " ms"


def table(header, lines, texts=1):
    """Markdown; so many columns are text, those after them are figures."""
    rule = ["---"] * texts + ["---:"] * (len(header) - texts)
    return table_rows([header, rule, *lines])


def table_rows(lines):
    """Rows of a table in Markdown."""
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


# Figures that several scenarios tell of a load, as `Bench.publish` returns it.


def poses(load):
    return load["measured"] + load["predicted"] + load["nobody"]


def kept_share(load):
    """Poses of all kinds heard, of the frames sent from each session's first pose on: what was decoded and came through."""
    return of_frames(load, poses(load))


def measured_share(load):
    return of_frames(load, load["measured"])


def of_frames(load, count):
    frames = load["frames_since_first_pose"]
    return count / frames if frames else None


def error_share(load):
    """Failed sessions of those that were not refused."""
    tried = load["sessions"] - load["refused"]
    return load["failed"] / tried if tried else None


def skipped_share(load):
    """Frames the load itself did not send for want of a processor."""
    asked = load["frames"] + load["skipped"]
    return load["skipped"] / asked if asked else None


def load_cores(load):
    return load["cpu_s"] / load["seconds"]


def reasons(load):
    """Why sessions failed or were refused, as a list."""
    lines = (f"- {count} × {reason}" for reason, count in load["reasons"].items())
    return "".join(f"{line}\n" for line in lines)
