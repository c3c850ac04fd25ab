"""Documents that programs write into, between two markers; what stands around them is written by hand."""

from dataclasses import dataclass

from scenario import table, table_rows

VERDICTS = {True: "reached", False: "**NOT reached**", None: "not measured"}


def put(path, author, text):
    """Puts a text between the two lines of a document that say who writes there."""
    try:
        path.write_text(within(path.read_text(), author, text))
    except LookupError as error:
        raise SystemExit(f"{path} {error.args[0]}") from None


def within(document, author, text):
    """A document with another text between the two lines that say who writes there."""
    before, _, after = split(document, author)
    begin, end = markers(author)
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def split(document, author):
    """What stands before, between and after the two lines."""
    begin, end = markers(author)
    before, _, rest = document.partition(begin)
    between, _, after = rest.partition(end)
    if not after:
        raise LookupError(f"lacks the lines `{begin}` and `{end}`")
    return before, between, after


def markers(author):
    return [f"<!-- written by {author}: {edge} -->" for edge in ("begin", "end")]


def write(path, scenarios, results):
    """Puts the newest result of every scenario into docs/performance.md."""
    try:
        _, before, _ = split(path.read_text(), "make load")
    except LookupError as error:
        raise SystemExit(f"{path} {error.args[0]}") from None
    put(path, "make load", body(scenarios, results, before))


@dataclass(frozen=True)
class Part:
    """What is told of one scenario: rows of the tables of goals and of where it was measured, and a section."""

    goals: str
    where: str
    section: str


def body(scenarios, results, before=""):
    """Of scenarios without a result here, what was told `before` stays: they were measured on another machine, or the cache is gone."""
    parts = {scenario.name: part(scenario, results[scenario.name]) if scenario.name in results else told(scenario.name, before) for scenario in scenarios}
    measured = [part for part in parts.values() if part]
    missing = [f"`{name}`" for name, part in parts.items() if not part]
    text = []
    if measured:
        text += ["## Goals\n", table(["goal", "found", ""], [], texts=3) + "".join(part.goals for part in measured)]
        header = ["scenario", "date", "commit", "machine", "system", "versions"]
        text += ["## Where and when\n", table(header, [], texts=6) + "".join(part.where for part in measured)]
    if missing:
        text.append(f"Not measured yet: {', '.join(missing)}.\n")
    return "\n".join([*text, *(part.section for part in measured)])


def part(scenario, result):
    goals = [[f"`{scenario.name}`: {goal.text}", goal.found, VERDICTS[goal.reached]] for goal in scenario.goals(result["figures"])]
    where = result["where"]
    provenance = [f"`{scenario.name}`", where["date"], where["commit"], where["machine"], where["system"], where["versions"]]
    troubles = "".join(f"\n**{trouble}**\n" for trouble in result["troubles"])
    section = f"## {scenario.title}\n\n{command(scenario.name)}\n\n{scenario.tell(result['figures']).rstrip()}\n{troubles}"
    return Part(table_rows(goals), table_rows([provenance]), section)


def told(name, before):
    """The part of a scenario in what was written before; None when there is none."""
    sections = (f"## {section.strip()}\n" for section in before.split("\n## "))
    section = next((section for section in sections if f"\n{command(name)}\n" in section), None)
    if section is None:
        return None
    goals, where = ("".join(f"{line}\n" for line in before.splitlines() if line.startswith(f"| `{name}`{mark}")) for mark in (": ", " |"))
    return Part(goals, where, section)


def command(name):
    return f"`make load SCENARIOS={name}`"
