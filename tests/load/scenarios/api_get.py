"""GET of one analysis, as many a second as go, by wrk."""

import json
import re
import shutil
import subprocess
import urllib.request

from bench import say, start
from sampling import Sampler, cores
from scenario import Goal, Scenario, at_least, at_most, number, table

CONNECTIONS, SECONDS = 32, 20
PER_S, P99_MS = 5000, 20
MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def measure(bench):
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: run `make setup-tests`")
    # What is asked comes from one address.
    with bench.daemon(LIMITS__ADDRESS_PER_S="0", LIMITS__KEY_PER_S="0", LOAD__ADMISSION="false") as server:
        url = f"{server.url}/api/v1/analyses/{ended(server)}"
        seconds = bench.seconds(SECONDS)
        say(f"  {CONNECTIONS} connections for {seconds} s")
        command = ["wrk", "--threads", "1", "--connections", CONNECTIONS, "--duration", f"{seconds}s", "--latency", url]
        with Sampler(server.pid) as sampler:
            said = start(command, stdout=subprocess.PIPE, text=True).communicate()[0]
    return {"connections": CONNECTIONS, "seconds": seconds, "cores": cores(sampler.samples), **read(said)}


def ended(server):
    """An analysis that has ended: all requests but the first find it in memory, as those about one that runs do."""
    made = json.load(ask(server, "POST", "/api/v1/analyses", {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}}))
    path = f"/api/v1/analyses/{made['analysis_id']}"
    ask(server, "DELETE", path).close()
    ask(server, "GET", f"{path}/stream?types=state").read()
    return made["analysis_id"]


def ask(server, method, path, body=None):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json"}, method=method)
    return urllib.request.urlopen(request, timeout=60)


def read(said):
    """Figures out of what wrk prints."""
    percentiles = {name: float(value) * MS[unit] for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said)}
    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", said) + re.findall(r"(?:connect|read|write|timeout) (\d+)", said)
    return {
        "per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "n": int(re.search(r"(\d+) requests in", said)[1]),
        "failed": sum(map(int, failed)),
        "latency_ms": {f"p{name}": value for name, value in percentiles.items()},
    }


def goals(figures):
    return [
        at_least(f"≥ {PER_S} GETs of an analysis per second", figures["per_s"], PER_S, "per second"),
        at_most(f"p99 of them < {P99_MS} ms", figures["latency_ms"]["p99"], P99_MS, "ms", 1),
        Goal("none fails", f"{figures['failed']} of {figures['n']}", figures["n"] > 0 and figures["failed"] == 0),
    ]


def tell(figures):
    latency = figures["latency_ms"]
    row = [figures["connections"], figures["n"], figures["failed"], number(figures["per_s"])]
    row += [number(latency[name], "", 2) for name in ("p50", "p90", "p99")]
    header = ["connections", "n", "failed", "per second", "p50 ms", "p90 ms", "p99 ms"]
    return table(header, [row], texts=0) + f"\nThe daemon took {number(figures['cores'], '', 2)} processors; wrk has one thread.\n"


SCENARIO = Scenario("api-get", "GET of an analysis by wrk, SQLite", measure, tell, goals)
