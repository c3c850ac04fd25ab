"""Tables on a server as every version up to this one has left them, with what it could store, are brought up to date by a start."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from used import ANALYSES, LIVE_FILES, SETTINGS, differences, seen

import daemon
from database import Postgres, psql

MIGRATIONS = sorted((Path(__file__).resolve().parents[2] / "daemon/src/serve/store/migrations/postgres").glob("*.sql"))
# Members of an order that came with the third version, as files, tenants and keys did.
YOUNGER = ["tenant", "athlete_id", "session_id", "config", "file", "webhook"]
PLATFORM_SINCE = 3
# What is said of an analysis in the same words since the first version.
ALWAYS = ["/results.csv", "/events.ndjson"]
# How sqlx notes what was done.
NOTES = """
    CREATE TABLE _sqlx_migrations (
        version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
        success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL
    )"""


def older_versions(kinemotion, folder, server_url, used, troubles):
    """Of what was used, the daemon was killed; its files lie in `folder / "used"`."""
    assert len(MIGRATIONS) >= PLATFORM_SINCE, MIGRATIONS
    for version in range(1, len(MIGRATIONS) + 1):
        place = folder / f"version-{version}"
        shutil.copytree(folder / "used" / "analyses", place / "analyses")
        database = Postgres(server_url, f"version-{version}-{os.getpid()}")
        age(database, version)
        fill(database, used.database, version)
        token = used.token if version >= PLATFORM_SINCE else None
        # Tables are up to date after the first start.
        for start in ("the first", "another"):
            with daemon.running(kinemotion, place, SETTINGS | database.settings, troubles, token) as server:
                look(server, used, version, f"version {version}, {start} start")


def age(database, version):
    """Makes the tables of a version."""
    psql(database.url, NOTES)
    for number, file in enumerate(MIGRATIONS[:version], start=1):
        text = file.read_bytes()
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", file, database.url], check=True)
        description = file.stem.partition("_")[2]
        checksum = hashlib.sha384(text).hexdigest()
        note = f"({number}, '{description}', TRUE, decode('{checksum}', 'hex'), 0)"
        psql(database.url, f"INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES {note}")


def fill(database, source, version):
    """Copies what a version had room for: rows of its tables, in its columns."""
    columns = {}
    for row in database.rows("""
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY table_name, ordinal_position"""):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    # What the steps put there themselves comes as well.
    psql(database.url, f"TRUNCATE {', '.join(columns)}")
    for table, names in columns.items():
        rows = f"COPY (SELECT {', '.join(names)} FROM {table}) TO STDOUT"
        copied = subprocess.run(["psql", "-q", "-c", rows, source.url], check=True, stdout=subprocess.PIPE).stdout
        # Tables refer to one another, and come in the order of the alphabet.
        into = ["-c", "SET session_replication_role = replica", "-c", f"COPY {table} ({', '.join(names)}) FROM STDIN"]
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", *into, database.url], check=True, input=copied)
    if version < PLATFORM_SINCE:
        # There were live analyses only, which have said the same.
        order = f"(spec::jsonb - '{{{','.join(YOUNGER)}}}'::text[]) || '{{\"source\": \"demo\"}}'"
        psql(database.url, f"UPDATE analyses SET spec = ({order})::text")


def look(server, used, version, when):
    """What was stored is found again, where the youngest version looks for it."""
    paths = [f"{ANALYSES}/{used.file}{path}" for path in ALWAYS] + [f"{ANALYSES}/{used.live}{path}" for path in ALWAYS + LIVE_FILES]
    if version >= PLATFORM_SINCE:
        paths = used.answers
    known = {path: used.answers[path] for path in paths}
    assert not (found := differences(known, seen(server, known))), f"{when}: {found}"
    states = {one["analysis_id"]: one["status"] for one in server.get(f"{ANALYSES}?sport_type=cmj")["analyses"]}
    assert states == {used.file: "completed", used.live: "completed", used.running: "failed"}, f"{when}: {states}"
    if version < PLATFORM_SINCE:
        # They knew no history, and no daemon that did not has ever stored on a server: nothing is entered into it afterwards.
        return
    # Those of what was under way may be more than were seen.
    had, has = (
        [measured(one) for one in repetitions if one["analysis_id"] != used.running]
        for repetitions in (used.repetitions, server.get("/api/v1/repetitions")["repetitions"])
    )
    assert had and has == had, f"{when}: {has}"
    by_height = server.get("/api/v1/repetitions?sport_type=cmj&sort=-jump_height_m")["repetitions"]
    assert had[0] in map(measured, by_height), f"{when}: {by_height}"


def measured(repetition):
    """What of a repetition any version has stored."""
    return {key: repetition[key] for key in ("analysis_id", "sequence", "at", "sport_type", "grade", "data")}
