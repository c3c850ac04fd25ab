"""Documents that programs write into, between two markers; what stands around them is written by hand."""

from scenario import table

VERDICTS = {True: "reached", False: "**NOT reached**", None: "not measured"}


def put(path, author, text):
    """Puts a text between the two lines of a document that say who writes there."""
    try:
        path.write_text(within(path.read_text(), author, text))
    except LookupError as error:
        raise SystemExit(f"{path} {error.args[0]}") from None


def within(document, author, text):
    """A document with another text between the two lines that say who writes there."""
    begin, end = (f"<!-- written by {author}: {edge} -->" for edge in ("begin", "end"))
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    if not after:
        raise LookupError(f"lacks the lines `{begin}` and `{end}`")
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def write(path, scenarios, results):
    """Puts the newest result of every scenario into docs/performance.md."""
    put(path, "make load", body(scenarios, results))


def body(scenarios, results):
    measured = [(scenario, results[scenario.name]) for scenario in scenarios if scenario.name in results]
    missing = [scenario.name for scenario in scenarios if scenario.name not in results]
    parts = []
    if measured:
        parts += [goals(measured), "## Where and when\n", provenance(measured)]
    if missing:
        parts.append(f"Not measured yet: {', '.join(f'`{name}`' for name in missing)}.\n")
    parts += [section(scenario, result) for scenario, result in measured]
    return "\n".join(parts)


def goals(measured):
    rows = []
    for scenario, result in measured:
        for goal in scenario.goals(result["figures"]):
            rows.append([f"`{scenario.name}`: {goal.text}", goal.found, VERDICTS[goal.reached]])
    return "## Goals\n\n" + table(["goal", "found", ""], rows, texts=3)


def provenance(measured):
    rows = []
    for scenario, result in measured:
        where = result["where"]
        rows.append([f"`{scenario.name}`", where["date"], where["commit"], where["machine"], where["system"], where["versions"]])
    return table(["scenario", "date", "commit", "machine", "system", "versions"], rows, texts=6)


def section(scenario, result):
    troubles = "".join(f"\n**{trouble}**\n" for trouble in result["troubles"])
    told = scenario.tell(result["figures"]).rstrip()
    return f"## {scenario.title}\n\n`make load SCENARIOS={scenario.name}`\n\n{told}\n{troubles}"
