"""What a daemon has stored, read past it, in either database; and whether it agrees with itself."""

import json
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit


class Sqlite:
    """The file of a daemon that stores in this folder."""

    name = "SQLite"

    def __init__(self, folder):
        self.path = folder / "kinemotion.sqlite3"
        self.settings = {}

    def rows(self, query):
        """Rows as dictionaries. The file and its log are copied first, so that the next daemon finds them as the dead one left them."""
        with tempfile.TemporaryDirectory(prefix="kinemotion-kills-") as folder:
            for suffix in ("", "-wal"):
                source = Path(f"{self.path}{suffix}")
                if source.exists():
                    shutil.copy(source, folder)
            connection = sqlite3.connect(Path(folder) / self.path.name)
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(query)]
            finally:
                connection.close()

    def damage(self):
        """What the database says of itself: nothing when all is well."""
        found = [row["integrity_check"] for row in self.rows("PRAGMA integrity_check")]
        damage = [] if found == ["ok"] else found
        return damage + [f"a row of {row['table']} refers to none of {row['parent']}" for row in self.rows("PRAGMA foreign_key_check")]


class Postgres:
    """A database of its own on a server, `postgres://user@host:port`."""

    name = "Postgres"

    def __init__(self, server, database):
        self.server = urlsplit(server)._replace(path="/postgres").geturl()
        self.url = urlsplit(server)._replace(path=f"/{database}").geturl()
        self.settings = {"STORAGE__DATABASE": self.url}
        psql(self.server, f'CREATE DATABASE "{database}"')

    def rows(self, query):
        """Rows as dictionaries."""
        return json.loads(psql(self.url, f"SELECT COALESCE(json_agg(found), '[]') FROM ({query}) AS found"))

    def damage(self):
        """The server looks after itself and every reference: it is not the one that is killed."""
        return []


def psql(url, query):
    command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--command", query, url]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


# What must find no row, by what a row would mean.
IMPOSSIBLE = {
    "a repetition was announced and cannot be looked for": """
        SELECT e.analysis_id, e.sequence FROM events e
        LEFT JOIN repetitions r ON r.analysis_id = e.analysis_id AND r.sequence = e.sequence
        WHERE e.type = 'repetition' AND r.id IS NULL""",
    "a repetition can be looked for and has no event": """
        SELECT r.analysis_id, r.sequence FROM repetitions r
        LEFT JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence AND e.type = 'repetition'
        WHERE e.line IS NULL""",
    "a number belongs to no repetition": """
        SELECT v.repetition_id, v.metric FROM metric_values v
        LEFT JOIN repetitions r ON r.id = v.repetition_id WHERE r.id IS NULL""",
    "no webhook is to be told of a repetition": """
        SELECT r.analysis_id, r.sequence FROM repetitions r
        LEFT JOIN deliveries d ON d.event_id = r.id WHERE d.id IS NULL""",
    "an analysis has ended at no time, or at some time and not ended": """
        SELECT id, state, ended_at FROM analyses WHERE (state IN ('done', 'failed')) <> (ended_at IS NOT NULL)""",
    "a job and its analysis do not agree on whether they have ended, or how": """
        SELECT j.analysis_id, j.state, a.state AS of_analysis FROM jobs j JOIN analyses a ON a.id = j.analysis_id
        WHERE (CASE WHEN j.state IN ('done', 'failed') THEN j.state ELSE 'open' END)
           <> (CASE WHEN a.state IN ('done', 'failed') THEN a.state ELSE 'open' END)""",
    "a file has no job": """
        SELECT a.id FROM analyses a LEFT JOIN jobs j ON j.analysis_id = a.id WHERE a.kind = 'file' AND j.state IS NULL""",
}
COUNTED = """
    SELECT e.analysis_id, e.sequence, e.line,
      (SELECT COUNT(*) FROM metric_values v WHERE v.repetition_id = r.id) AS numbers
    FROM events e JOIN repetitions r ON r.analysis_id = e.analysis_id AND r.sequence = e.sequence"""
LAST_STATES = """
    SELECT a.id, a.state, e.line FROM analyses a JOIN events e ON e.analysis_id = a.id AND e.type = 'state'
    WHERE e.sequence = (SELECT MAX(l.sequence) FROM events l WHERE l.analysis_id = a.id AND l.type = 'state')"""


def disagreements(database):
    """Where what is stored does not agree with itself, as sentences."""
    found = database.damage()
    for meaning, query in IMPOSSIBLE.items():
        found += [f"{meaning}: {row}" for row in database.rows(query)]
    for row in database.rows(COUNTED):
        metrics = json.loads(row["line"])["data"]["metrics"].values()
        told = sum(value is not None for value in metrics)
        if told != row["numbers"]:
            found.append(f"event {row['sequence']} of {row['analysis_id']} tells {told} numbers, {row['numbers']} are stored")
    for row in database.rows(LAST_STATES):
        told = json.loads(row["line"])["data"]["state"]
        if told != row["state"]:
            found.append(f"{row['id']} is {row['state']} and has said {told}")
    return found
