"""docs/performance.md: what `make load` measured, between two markers; what stands around them is written by hand."""

from scenario import table

BEGIN, END = "<!-- written by make load: begin -->", "<!-- written by make load: end -->"
VERDICTS = {True: "reached", False: "**NOT reached**", None: "not measured"}


def write(path, scenarios, results):
    """Puts the newest result of every scenario into the document."""
    text = path.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise SystemExit(f"{path} lacks the lines `{BEGIN}` and `{END}`")
    path.write_text(f"{before}{BEGIN}\n\n{body(scenarios, results)}\n{END}{after}")


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
