"""Carries out the commands of docs/operations against daemons of its own; see README.md.

    tests/services/with-postgres.sh python3 tests/operations/runbooks.py --programs target/release [DOCUMENT …]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "services"))

import daemon  # noqa: E402
import guide  # noqa: E402

DOCUMENTS = ROOT / "docs" / "operations"
#: How long the commands of one document may take, seconds.
TIMEOUT_S = 300
#: Where a server of Postgres is, when there is one.
POSTGRES = "KINEMOTION_TEST_POSTGRES"

#: A clip of a jump, for pages that name it.
CLIP = "jump.mp4"

#: What a block may need that is not given here, and why not.
NEEDS = {
    "cloud": "a cluster, or an account at a cloud",
    "docker": "a container engine and the image",
    "systemd": "a machine of its own with systemd and the package",
    "checkout": "the sources; make has targets and tests of its own",
    "monitoring": "Prometheus, Alertmanager or Grafana that run",
    "haproxy": "two versions behind haproxy; make test-rollout has them",
    "bucket": "a bucket",
    "gpu": "a GPU",
    "tools": "programs that the tests do not install",
}
#: What can be given here, and what must be in the environment for it.
GIVEN = {"postgres": POSTGRES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="*", type=Path, metavar="DOCUMENT", help="all of docs/operations without any")
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and synthetic-athlete")
    options = parser.parse_args()
    programs = options.programs.resolve()
    if not (programs / "kinemotion").is_file():
        parser.error(f"there is no kinemotion in {programs}")
    try:
        problems = run(options.documents or sorted(DOCUMENTS.glob("*.md")), programs)
    except guide.Malformed as problem:
        sys.exit(str(problem))
    sys.exit("\n".join(problems) or None)


def run(documents: list[Path], programs: Path) -> list[str]:
    """Carries out what can be carried out and tells of the rest. Gives what went wrong."""
    problems, left = [], []
    for document in documents:
        groups: dict[str | None, list[guide.Block]] = {}
        for block in guide.blocks(document):
            if block.needs is None or block.needs in GIVEN and GIVEN[block.needs] in os.environ:
                groups.setdefault(block.needs, []).append(block)
            elif block.needs in GIVEN:
                left.append(told(block, f"{GIVEN[block.needs]} is not set"))
            elif block.needs in NEEDS:
                left.append(told(block, NEEDS[block.needs]))
            else:
                problems.append(f"{place(block)}: nobody knows what needs={block.needs} is; {', '.join([*GIVEN, *NEEDS])} are known")
        for needs, blocks in groups.items():
            since = time.monotonic()
            problem = carry_out(blocks, needs, programs)
            problems += [problem] if problem else []
            state = "FAILED" if problem else f"{len(blocks)} blocks"
            print(f"{document.name}{f' ({needs})' if needs else ''}: {state}, {time.monotonic() - since:.0f} s", flush=True)
    print("\nnot carried out here:", *left, sep="\n  ", flush=True)
    return problems


def carry_out(blocks: list[guide.Block], needs: str | None, programs: Path) -> str | None:
    """Carries out blocks of one document in an empty folder against a fresh daemon. Says what went wrong, if anything."""
    with tempfile.TemporaryDirectory(prefix="kinemotion-runbook-") as name:
        home, work = Path(name) / "daemon", Path(name) / "work"
        work.mkdir()
        settings = {"MODELS__LOADED": '["fast"]', "LOAD__ADMISSION": "false", "AUTH__SESSION_SECRET": os.urandom(32).hex()}
        if needs == "postgres":
            settings["STORAGE__DATABASE"] = database(Path(name).name.replace("-", "_"))
        troubles: list[str] = []
        with daemon.running(programs / "kinemotion", home, settings, troubles) as server:
            config = home / "kinemotion.toml"
            config.write_text(configuration(server, home, settings))
            environment = {
                **os.environ,
                "PATH": f"{programs}:{os.environ['PATH']}",
                "KINEMOTION_URL": server.url,
                "KINEMOTION_ADMIN": f"http://127.0.0.1:{server.admin_port}",
                "KINEMOTION_CONFIG": str(config),
                "KINEMOTION_DATABASE": settings.get("STORAGE__DATABASE", ""),
                "KINEMOTION_API_KEY": key(programs, config),
            }
            begin(server, environment["KINEMOTION_API_KEY"])
            if any(CLIP in block.text for block in blocks):
                render(programs, work / CLIP)
            done = guide.carry_out(blocks, work, environment, TIMEOUT_S)
        if done.code != 0:
            how = f"ended with {done.code}" if done.code is not None else f"did not end within {TIMEOUT_S} s"
            return f"{place(done.block)}: {how}:\n{indented(done.said, 25)}"
        return f"{place(blocks[0])}: {troubles[0]}" if troubles else None


def configuration(server: daemon.Daemon, home: Path, settings: dict[str, str]) -> str:
    """The settings of a daemon as its file would have them: what commands find by --config."""
    return "\n".join([
        f'[server]\nlisten = "{server.url.removeprefix("http://")}"',
        f'[admin]\nlisten = "127.0.0.1:{server.admin_port}"',
        f'[storage]\nfolder = "{home / "analyses"}"\ndatabase = "{settings.get("STORAGE__DATABASE", "")}"',
        f'[models]\nloaded = {settings["MODELS__LOADED"]}',
        f'[auth]\nsession_secret = "{settings["AUTH__SESSION_SECRET"]}"',
        '[log]\nfilter = "warn"\n',
    ])


def database(name: str) -> str:
    """A new database of the server of Postgres."""
    server = os.environ[POSTGRES]
    subprocess.run(["createdb", f"--maintenance-db={server}/postgres", name], check=True)
    return f"{server}/{name}"


def key(programs: Path, config: Path) -> str:
    """A key that may do everything."""
    command = [programs / "kinemotion", "keys", "create", "--config", config]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def begin(server: daemon.Daemon, token: str) -> None:
    """Makes an analysis that ends at once, so that something is stored."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(method: str, path: str, body: object = None) -> bytes:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{server.url}/api/v1/{path}", method=method, headers=headers, data=data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    made = json.loads(ask("POST", "analyses", {"sport_type": "cmj", "quality": "fast", "input": {"streaming": True}}))
    ask("DELETE", f"analyses/{made['analysis_id']}")


def render(programs: Path, clip: Path) -> None:
    """Renders a countermovement jump."""
    subprocess.run([programs / "synthetic-athlete", "cmj", "--video", clip], check=True, capture_output=True)


def place(block: guide.Block) -> str:
    path = block.path.resolve()
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{block.line}"


def told(block: guide.Block, why: str) -> str:
    return f"{place(block)}: needs {block.needs} ({why}): {block.text.strip().splitlines()[0]}"


def indented(text: str, lines: int) -> str:
    """The end of a text."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


if __name__ == "__main__":
    main()
