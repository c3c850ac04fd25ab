"""Alerts as they stand in a file of rules: read as text, for the standard library knows no YAML. Written in another form than the files
here have, an alert would not be found: `alerts` counts twice."""

import re
from dataclasses import dataclass

HEAD = "groups:\n  - name: one-alert\n    rules:\n"
BLOCK = re.compile(r"^      - alert: (\w+)\n((?:        .*\n)+)", re.MULTILINE)
NUMBER = r"\d+(?:\.\d+)?"
# What stands behind a comparison: a number, or a product of numbers.
THRESHOLD = re.compile(rf"(?:[<>]=?|[=!]=)\s*({NUMBER}(?:\s*\*\s*{NUMBER})*)")
HOLD = re.compile(r"^        for: (\d+)(\w)\n", re.MULTILINE)


@dataclass(frozen=True)
class Alert:
    """One alert. `text` is its YAML."""

    name: str
    text: str

    def field(self, key):
        """The text of a field that is on one line, or folded below its key; None when it is not there."""
        found = re.search(rf"^( +){key}: (?:>-\n((?:\1  .*\n)+)|(.*)\n)", self.text, re.MULTILINE)
        return found and " ".join((found[2] or found[3]).split())

    def severity(self):
        found = re.search(r"severity: (\w+)", self.field("labels") or "")
        return found and found[1]

    def expression(self):
        """Where the expression begins and ends in the text."""
        found = re.search(r"^        expr: (?:>-\n(?: {10}.*\n)+|.*\n)", self.text, re.MULTILINE)
        return found.span()

    def mutants(self):
        """What is changed, and the alert changed so: every number of a threshold more and less, and the time it must last."""
        begin, end = self.expression()
        for threshold in THRESHOLD.finditer(self.text, begin, end):
            for number in re.finditer(NUMBER, threshold[1]):
                at = threshold.start(1) + number.start(), threshold.start(1) + number.end()
                for other in others(number[0]):
                    yield f"{number[0]} → {other} in {threshold[0]!r}", self.with_text(*at, other)
        if hold := HOLD.search(self.text):
            seconds = int(hold[1]) * {"s": 1, "m": 60, "h": 3600}[hold[2]]
            for other in (seconds // 2, seconds * 2):
                yield f"for: {hold[1]}{hold[2]} → {other}s", self.with_text(hold.start(1), hold.end(2), f"{other}s")

    def with_text(self, begin, end, text):
        return Alert(self.name, self.text[:begin] + text + self.text[end:])


def others(number):
    """A little more and a little less."""
    value = float(number)
    if value.is_integer() and value < 10:
        return f"{value + 1:g}", f"{value - 1:g}"
    return f"{value * 1.05:g}", f"{value * 0.95:g}"


def alerts(path):
    """All alerts of a file."""
    text = path.read_text()
    found = [Alert(block[1], block[0]) for block in BLOCK.finditer(text)]
    assert len(found) == text.count("- alert:"), f"{path}: an alert is not written as the others are"
    return found


def cases(path):
    """Head of a file of rule tests, and its tests as text by their name."""
    head, _, tests = path.read_text().partition("\ntests:\n")
    parts = re.split(r"^  - name: (.*)\n", tests, flags=re.MULTILINE)
    return head, {name: f"  - name: {name}\n{body}" for name, body in zip(parts[1::2], parts[2::2])}
