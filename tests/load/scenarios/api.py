"""The HTTP and WebSocket part of the API, by Locust."""

from bench import say
from sampling import Sampler, cores
from scenario import Goal, Scenario, number, table
from users import asking

USERS, PER_S, SECONDS = 40, 10, 30


def measure(bench):
    users, seconds = bench.sessions(USERS), bench.seconds(SECONDS)
    say(f"  {users} users for {seconds} s")
    # Nobody is refused: publishers who are waited for would have to be expected, and all come from one address.
    with bench.daemon(LOAD__ADMISSION="false", LIMITS__ADDRESS_PER_S="0") as server:
        with Sampler(server.pid) as sampler, asking(bench, server, users, PER_S, seconds) as rows:
            pass
        return {"users": users, "endpoints": rows, "cores": cores(sampler.samples)}


def goals(figures):
    failed = int(figures["endpoints"][-1]["Failure Count"])
    asked = int(figures["endpoints"][-1]["Request Count"])
    return [Goal("no request fails", f"{failed} of {asked}", asked > 0 and failed == 0)]


def requests(endpoints):
    """Rows of Locust's statistics as Markdown."""
    rows = [
        [
            f"{row['Type']} {row['Name']}".strip(),
            row["Request Count"],
            row["Failure Count"],
            f"{float(row['Requests/s']):.1f}",
            *(row[name] for name in ("50%", "95%", "99%")),
        ]
        for row in endpoints
    ]
    return table(["request", "n", "failed", "per second", "p50 ms", "p95 ms", "p99 ms"], rows)


def tell(figures):
    users = f"\n{figures['users']} users; the daemon took {number(figures['cores'], '', 2)} processors.\n"
    return requests(figures["endpoints"]) + users


SCENARIO = Scenario("api", "HTTP, WebSocket and Server-Sent Events by Locust", measure, tell, goals)
