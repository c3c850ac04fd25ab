"""The HTTP and WebSocket part of the API, by Locust."""

import csv
import subprocess
import sys
from pathlib import Path

from bench import say, start
from sampling import Sampler, cores
from scenario import Goal, Scenario, number, table

LOAD = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(LOAD.parents[1] / "scripts"))
from environments import environment  # noqa: E402

USERS, PER_S, SECONDS = 40, 10, 30


def measure(bench):
    requirements = LOAD / "requirements.txt"
    version = requirements.read_text().partition("locust==")[2].split()[0]
    locust = environment(bench.cache / "tools" / f"locust-{version}", requirements) / "bin" / "locust"
    users, seconds = bench.sessions(USERS), bench.seconds(SECONDS)
    say(f"  {users} users for {seconds} s")
    # Nobody is refused: publishers who are waited for would have to be expected.
    with bench.daemon(LOAD__ADMISSION="false") as server:
        stem = bench.folder()
        command = [locust, "-f", LOAD / "locustfile.py", "--headless", "--host", server.url, "--users", users]
        command += ["--spawn-rate", PER_S, "--run-time", f"{seconds}s", "--csv", stem, "--only-summary"]
        with Sampler(server.pid) as sampler:
            run(command)
        rows = list(csv.DictReader(Path(f"{stem}_stats.csv").open()))
        return {"users": users, "endpoints": rows, "cores": cores(sampler.samples)}


def run(command):
    process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.communicate()[1]
    # 1 says that requests failed, which is in the figures.
    if process.returncode not in (0, 1):
        raise SystemExit(f"locust failed: {said.strip()[-500:]}")


def goals(figures):
    failed = int(figures["endpoints"][-1]["Failure Count"])
    asked = int(figures["endpoints"][-1]["Request Count"])
    return [Goal("no request fails", f"{failed} of {asked}", asked > 0 and failed == 0)]


def tell(figures):
    rows = [
        [
            f"{row['Type']} {row['Name']}".strip(),
            row["Request Count"],
            row["Failure Count"],
            f"{float(row['Requests/s']):.1f}",
            *(row[name] for name in ("50%", "95%", "99%")),
        ]
        for row in figures["endpoints"]
    ]
    header = ["request", "n", "failed", "per second", "p50 ms", "p95 ms", "p99 ms"]
    users = f"\n{figures['users']} users; the daemon took {number(figures['cores'], '', 2)} processors.\n"
    return table(header, rows) + users


SCENARIO = Scenario("api", "HTTP, WebSocket and Server-Sent Events by Locust", measure, tell, goals)
