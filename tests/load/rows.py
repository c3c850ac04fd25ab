"""Many repetitions, written past the daemon: plausible rows, made by the database itself."""

import sqlite3
import subprocess

# Repetitions of one analysis, and athletes who take turns: so few that one has a full page of a thousand repetitions already.
PER_ANALYSIS, ATHLETES = 100, 10
METRICS = ("jump_height_m", "flight_time_ms", "countermovement_depth_m", "takeoff_velocity_m_s")
# The first is done in September 2020, the others each a minute later.
FIRST_MS, EVERY_MS = 1_600_000_000_000, 60_000

# In both: `n` counts repetitions; NAME(n) stands for the name of a thing, NUMBERS for the rows of n.
STATEMENTS = (
    """INSERT INTO athletes (id, tenant, name, created_at)
       NUMBERS SELECT NAME(n), 'local', 'Athlete ' || n, n FROM numbers WHERE n < {athletes}""",
    """INSERT INTO analyses (id, spec, state, created_at, ended_at, tenant, kind, sport)
       NUMBERS SELECT NAME(n), (SELECT MIN(spec) FROM analyses), 'done', '2020-09-13T12:26:40.000Z', '2020-09-13T12:26:40.000Z',
         'local', 'live', 'cmj' FROM numbers WHERE n % {per_analysis} = 0""",
    """INSERT INTO events (analysis_id, sequence, type, line)
       NUMBERS SELECT NAME(n - n % {per_analysis}), n % {per_analysis}, 'repetition', '{line}' FROM numbers""",
    """INSERT INTO repetitions (id, tenant, analysis_id, sequence, athlete_id, sport, at, grade)
       NUMBERS SELECT NAME(n), 'local', NAME(n - n % {per_analysis}), n % {per_analysis}, NAME(n * 7919 % {athletes}), 'cmj',
         {first_ms} + {every_ms} * n, 'A' FROM numbers""",
    # Values that stand in no order: 7919 and 10007 are primes.
    *(
        f"""INSERT INTO metric_values (repetition_id, metric, value, uncertainty, tenant, athlete_id)
            NUMBERS SELECT NAME(n), '{metric}', 0.2 + (n * 7919 % 10007) / 33333.0, 0.01, 'local', NAME(n * 7919 % {{athletes}})
            FROM numbers"""
        for metric in METRICS
    ),
)
LINE = (
    '{"type":"repetition","timestamp_ms":1500.0,"sequence":0,"data":{"movement":"cmj","person":0,"start_s":1.0,"end_s":3.2,'
    '"phases":[{"name":"flight","start_s":2.1,"end_s":2.6}],"events":{"takeoff_s":2.1,"landing_s":2.6},"metrics":'
    '{"jump_height_m":0.31,"flight_time_ms":503.0},"uncertainty":{"jump_height_m":0.01,"flight_time_ms":8.0},"methods":'
    '{"jump_height_m":"flight_time"},"warnings":[],"quality":{"grade":"A","reasons":[],"degraded":false}}}'
)


class Sqlite:
    """The file of a daemon that does not run."""

    name = "SQLite"
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT {since} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {until})"
    settings = {}

    def __init__(self, folder):
        self.path = folder / "analyses" / "kinemotion.sqlite3"

    def thing(self, number):
        return f"printf('%08x-0000-7000-8000-%012x', {number}, {number})"

    def execute(self, statements):
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
        # Nothing is left in a log that the daemon would have to go through.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


class Postgres:
    """A database of its own on a server, `postgres://user@host:port`."""

    name = "Postgres"
    numbers = "WITH numbers AS (SELECT n FROM generate_series({since}::bigint, {until} - 1) AS n)"

    def __init__(self, server):
        self.server, self.url = f"{server}/postgres", f"{server}/listing"
        self.settings = {"STORAGE__DATABASE": self.url}
        psql(self.server, "DROP DATABASE IF EXISTS listing", "CREATE DATABASE listing")

    def thing(self, number):
        return f"(lpad(to_hex({number}), 8, '0') || '-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))"

    def execute(self, statements):
        psql(self.url, *statements, "VACUUM ANALYZE")


def psql(url, *statements):
    commands = [word for statement in statements for word in ("--command", statement)]
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", *commands, url], check=True, stdout=subprocess.DEVNULL)


def add(database, since, until):
    """Stores the repetitions from number `since` to before `until`."""
    values = {"athletes": ATHLETES, "per_analysis": PER_ANALYSIS, "first_ms": FIRST_MS, "every_ms": EVERY_MS}
    database.execute([written(statement, database, since, until, values) for statement in STATEMENTS])


def written(statement, database, since, until, values):
    text = statement.replace("{line}", "LINE").format(**values)
    text = text.replace("NUMBERS", database.numbers.format(since=since, until=until))
    head, *parts = text.split("NAME(")
    for part in parts:
        number, _, rest = part.partition(")")
        head += database.thing(f"({number})") + rest
    return head.replace("LINE", LINE)


def name(number):
    """The name of a thing as it is stored."""
    return f"{number:08x}-0000-7000-8000-{number:012x}"
