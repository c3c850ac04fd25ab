"""A backup of a daemon whose tables are on a server: files by `kinemotion backup`, tables by the command that it names; and back."""

import os
import subprocess

from used import ANALYSES, SETTINGS, differences, is_ended, seen

import daemon
from database import Postgres

BACKUP, DUMP = "kinemotion.tar", "kinemotion.dump"
# Bad usage, or what cannot be.
REFUSED = (1, 2)


def back_up(kinemotion, folder, used):
    """While the daemon runs."""
    said = command(kinemotion, "backup", folder, folder / "used" / "analyses", used.database.settings)
    carry_out(said, "pg_dump", folder)
    assert (folder / DUMP).stat().st_size, said


def restored(kinemotion, folder, server_url, used, troubles):
    """Into a new database and a new folder: a daemon there says what the first one said."""
    place = folder / "restored"
    # Without the server that its tables are on it is half of something.
    refused = run(kinemotion, "restore", folder, place / "analyses", {})
    assert refused.returncode in REFUSED and "holds no database" in refused.stderr, refused
    assert not place.exists() or not any(place.iterdir()), list(place.iterdir())

    database = Postgres(server_url, f"restored-{os.getpid()}")
    said = command(kinemotion, "restore", folder, place / "analyses", database.settings)
    carry_out(said, "pg_restore", folder)
    with daemon.running(kinemotion, place, SETTINGS | database.settings, troubles, used.token) as server:
        assert not (found := differences(used.answers, seen(server, used.answers))), found
        assert is_ended(server, used.running) == "failed", "it ran when the backup was made"
        # What is new does not meet what was there.
        assert server.post("/api/v1/athletes", {"external_id": "roster-18"})["athlete_id"]
        status, answer = server.ask("DELETE", f"{ANALYSES}/{used.file}")
        assert status == 204, (status, answer)


def run(kinemotion, name, folder, storage, settings):
    settings = {"STORAGE__FOLDER": storage, **settings}
    environment = os.environ | {f"KINEMOTION_SERVE__{key}": str(value) for key, value in settings.items()}
    return subprocess.run([kinemotion, name, BACKUP], cwd=folder, env=environment, check=False, capture_output=True, text=True)


def command(*arguments):
    """What `kinemotion backup` or `restore` says."""
    done = run(*arguments)
    assert done.returncode == 0, done
    return done.stdout


def carry_out(said, program, folder):
    """Runs the command that was named, as it was."""
    named = [line.split() for line in said.splitlines() if line.strip().startswith(f"{program} ")]
    assert len(named) == 1, said
    subprocess.run(named[0], cwd=folder, check=True)
