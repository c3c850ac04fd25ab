"""Dashboards as Grafana reads them: panels laid out from left to right, variables, thresholds. What they show is in boards/."""

from dataclasses import dataclass, field
from itertools import combinations

COLUMNS = 24
STAT, CHART = (4, 4), (8, 8)
# What stands for `@` in an expression: the daemons that were chosen above the dashboard.
CHOSEN = 'job=~"$job",instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# What is promised (docs/operations/monitoring.md): 200 ms, 1 % errors, 80 % of the processors, 85 % of the memory, 99 % of the time.
LATENCY, ERRORS, CPU, MEMORY, AVAILABLE = ((0.2, "red"),), ((0.01, "red"),), ((0.8, "red"),), ((0.85, "red"),), ((0.99, "red"),)
# The window of rates, as Grafana chooses it.
EVERY = "[$__rate_interval]"
# Units of Grafana that are used here. The numbers are in base units; Grafana makes ms and MB of them.
UNITS = {"short", "none", "s", "bytes", "percent", "percentunit", "reqps", "ops", "Bps", "string"}


@dataclass(frozen=True)
class Panel:
    """`queries` are pairs of an expression and what its lines are called. `limits` are values from which on it is bad, each with its
    colour; `floor` turns that round: below the first it is bad. The size is in columns and rows."""

    title: str
    says: str
    unit: str
    queries: tuple
    kind: str = "timeseries"
    size: tuple = CHART
    limits: tuple = ()
    floor: bool = False
    stacked: bool = False

    def json(self, number, left, top):
        width, height = self.size
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.says,
            "datasource": SOURCE,
            "gridPos": {"x": left, "y": top, "w": width, "h": height},
            "fieldConfig": {"defaults": self.defaults(), "overrides": []},
            "options": OPTIONS[self.kind],
            "targets": [self.target(nth, *query) for nth, query in enumerate(self.queries)],
        }

    def defaults(self):
        colours = [("green", None), *((colour, limit) for limit, colour in self.limits)]
        if self.floor:
            ((limit, colour),) = self.limits
            colours = [(colour, None), ("green", limit)]
        defaults = {
            "unit": self.unit,
            "color": {"mode": "thresholds" if self.kind in ("stat", "gauge") else "palette-classic"},
            "thresholds": {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in colours]},
        }
        if self.kind == "timeseries":
            defaults["custom"] = {
                "thresholdsStyle": {"mode": "line" if self.limits else "off"},
                "fillOpacity": 20 if self.stacked else 0,
                "stacking": {"mode": "normal" if self.stacked else "none"},
            }
        return defaults

    def target(self, nth, expression, legend):
        at_once = self.kind not in ("timeseries", "state-timeline")
        return {
            "refId": chr(ord("A") + nth),
            "datasource": SOURCE,
            "expr": expression.replace("@", CHOSEN),
            "legendFormat": legend,
            "instant": at_once,
            "range": not at_once,
        }


LATEST = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
OPTIONS = {
    "stat": LATEST | {"colorMode": "value", "graphMode": "none", "textMode": "auto"},
    "gauge": LATEST | {"showThresholdMarkers": True},
    "piechart": LATEST | {"pieType": "donut", "legend": {"displayMode": "table", "placement": "right", "values": ["value", "percent"]}},
    "bargauge": LATEST | {"orientation": "horizontal", "displayMode": "basic"},
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    "state-timeline": {"legend": {"displayMode": "list", "placement": "bottom"}, "showValue": "auto"},
}


@dataclass(frozen=True)
class Row:
    """A heading and the panels under it."""

    title: str
    panels: tuple


@dataclass(frozen=True)
class Dashboard:
    name: str
    uid: str
    title: str
    rows: tuple
    tags: tuple = field(default=("kinemotion",))

    def json(self):
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": list(self.tags),
            "schemaVersion": 39,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "15s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": VARIABLES},
            "annotations": {"list": [STARTS]},
            "links": [{"type": "dashboards", "title": "kinemotion", "tags": ["kinemotion"], "asDropdown": True}],
            "panels": self.panels(),
        }

    def panels(self):
        made, top, number = [], 0, 1
        for row in self.rows:
            place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
            made.append({"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []})
            number, left, top, height = number + 1, 0, top + 1, 0
            for panel in row.panels:
                if left + panel.size[0] > COLUMNS:
                    left, top, height = 0, top + height, 0
                made.append(panel.json(number, left, top))
                number, left, height = number + 1, left + panel.size[0], max(height, panel.size[1])
            top += height
        return made


def stat(title, says, unit, expression, legend="", **more):
    return Panel(title, says, unit, ((expression, legend),), kind="stat", size=STAT, **more)


def chart(title, says, unit, *queries, **more):
    return Panel(title, says, unit, queries, **more)


def quantiles(metric, *quantiles, matcher="@"):
    """Queries for quantiles of a histogram over all daemons."""
    return tuple(
        (f"histogram_quantile({quantile}, sum by (le) (rate({metric}_bucket{{{matcher}}}{EVERY})))", f"p{quantile * 100:g}")
        for quantile in quantiles
    )


def rate(metric, by, matcher="@"):
    return f"sum by ({by}) (rate({metric}{{{matcher}}}{EVERY}))"


def variable(name, label, query, **more):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    } | more


VARIABLES = [
    {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
    variable("job", "Job", "label_values(kinemotion_ready, job)"),
    variable("instance", "Daemon", 'label_values(kinemotion_ready{job=~"$job"}, instance)', multi=True, includeAll=True, allValue=".*"),
]
STARTS = {
    "name": "Starts",
    "datasource": SOURCE,
    "enable": True,
    "iconColor": "blue",
    "expr": f"changes(process_start_time_seconds{{{CHOSEN}}}[1m]) > 0",
    "titleFormat": "{{instance}} has started",
}


def faults(dashboard):
    """What is wrong with a dashboard as JSON."""
    panels = dashboard["panels"]
    name = dashboard["uid"]
    for key in ("id", "title"):
        values = [panel[key] for panel in panels]
        for value in sorted({value for value in values if values.count(value) > 1}, key=str):
            yield f"{name}: two panels have the {key} {value!r}"
    for one, other in combinations(panels, 2):
        if overlap(one["gridPos"], other["gridPos"]):
            yield f"{name}: {one['title']!r} lies over {other['title']!r}"
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] < 0 or place["x"] + place["w"] > COLUMNS:
            yield f"{name}: {panel['title']!r} leaves the page"
        if panel["type"] != "row":
            if panel["fieldConfig"]["defaults"]["unit"] not in UNITS:
                yield f"{name}: {panel['title']!r} has an unknown unit"
            if not panel["targets"] or not panel["description"]:
                yield f"{name}: {panel['title']!r} shows nothing, or does not say what it shows"


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
