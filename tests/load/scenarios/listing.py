"""Pages of repetitions while more and more are stored: they take as long as before."""

import http.client
import json
import os
import time
import urllib.parse

import rows
from bench import say
from scenario import Scenario, at_most, number, table

from . import api_get

STORED, TIMES = (1_000, 10_000, 100_000, 1_000_000), 200
# Flat: what is a thousand times as much takes less than so many times as long.
TIMES_AS_LONG = 2
LIMIT = 100
# What is asked, beside the page by a cursor into the middle.
ATHLETE = rows.name(7)
QUERIES = {
    "first page": {},
    "of an athlete": {"athlete": ATHLETE},
    "by a metric": {"sort": "-jump_height_m"},
    "of an athlete by a metric": {"athlete": ATHLETE, "sort": "-jump_height_m"},
}


def measure(bench):
    server = os.environ.get("KINEMOTION_TEST_POSTGRES")
    figures = []
    for make in (rows.Sqlite, (lambda _: rows.Postgres(server)) if server else None):
        if make:
            figures += of(bench, make)
    return figures


def of(bench, make):
    folder = bench.folder()
    database = make(folder)
    with bench.daemon_in(folder, LIMITS, database) as server:
        # Its order is that of all others.
        api_get.ended(server)
    figures, since = [], 0
    for stored in STORED[:2] if bench.small else STORED:
        say(f"  {database.name}: {stored} repetitions")
        rows.add(database, since, stored)
        since = stored
        with bench.daemon_in(folder, LIMITS, database) as server:
            figures.append({"database": database.name, "stored": stored, "ms": asked(bench, server, stored)})
    return figures


LIMITS = {"LIMITS__ADDRESS_PER_S": "0", "LIMITS__KEY_PER_S": "0", "STORAGE__REMEMBERED": "1"}


def asked(bench, server, stored):
    """p50 and p99 of each query, milliseconds."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=120)
    middle = rows.FIRST_MS + rows.EVERY_MS * stored // 2
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(middle / 1000))
    deep = {"cursor": get(connection, {"until": until})["next_cursor"]}
    queries = {"first page": QUERIES["first page"], "page from the middle": deep, **QUERIES}
    return {name: times(connection, query, bench.times(TIMES)) for name, query in queries.items()}


def get(connection, query):
    connection.request("GET", f"/api/v1/repetitions?{urllib.parse.urlencode({**query, 'limit': LIMIT})}")
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"a page is answered with {answer.status}: {text.decode()}")
    return json.loads(text)


def times(connection, query, count):
    taken = []
    for _ in range(count):
        since = time.perf_counter()
        get(connection, query)
        taken.append(1e3 * (time.perf_counter() - since))
    taken.sort()
    return {"p50": taken[len(taken) // 2], "p99": taken[min(len(taken) - 1, len(taken) * 99 // 100)]}


def goals(figures):
    goals = []
    for database in dict.fromkeys(row["database"] for row in figures):
        least, most = (pick([row for row in figures if row["database"] == database], key=lambda row: row["stored"]) for pick in (min, max))
        for query in most["ms"]:
            ratio = most["ms"][query]["p50"] / least["ms"][query]["p50"]
            text = f"{database}, {query}: {most['stored']} take < {TIMES_AS_LONG} × as long as {least['stored']}"
            goals.append(at_most(text, ratio, TIMES_AS_LONG, "×", 1))
    return goals


def tell(figures):
    queries = list(figures[0]["ms"])
    lines = [
        [row["database"], row["stored"], *(f"{number(row['ms'][query]['p50'], '', 1)} / {number(row['ms'][query]['p99'], '', 1)}" for query in queries)]
        for row in figures
    ]
    return table(["", "stored", *queries], lines) + (
        f"\np50 / p99 in milliseconds of {TIMES} pages of {LIMIT} repetitions, one after the other; {rows.ATHLETES} athletes, "
        f"{len(rows.METRICS)} numbers each.\n"
    )


SCENARIO = Scenario("listing", "Pages of repetitions, from a thousand stored to a million", measure, tell, goals)
