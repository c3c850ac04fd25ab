"""What stands around the daemons: haproxy with the shipped configuration, Prometheus, and the services that admit analyses."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/services"))
import daemon  # noqa: E402
from receiver import Listener  # noqa: E402

HAPROXY_CFG = ROOT / "deploy/rollout/haproxy.cfg"
# Whatever is waited for comes within this time, seconds.
PATIENCE_S = 60


def until(what, found):
    """Waits until something is found, which it gives; from outside it can only be tried."""
    give_up = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < give_up, f"{what}: not within {PATIENCE_S} s"
        time.sleep(0.05)
    return result


class Admitter(Listener):
    """The service a daemon asks before an analysis begins (`[admission]`), while it is entered. It is what makes a version bad here:
    `mode` is "good"; "broken", which answers 500, so that the daemon answers 503; or "slow", so that the daemon is."""

    # Of "slow", seconds. The daemon waits for 2 s at most.
    DELAY_S = 1.5

    def __init__(self):
        super().__init__()
        self.mode = "good"

    def take(self, *_):
        if self.mode == "slow":
            time.sleep(self.DELAY_S)
        return 500 if self.mode == "broken" else 204


@contextlib.contextmanager
def process(command, log, **options):
    """A program that is ended at the end."""
    with log.open("wb") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, **options)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def program(name):
    """Where a program of Debian is; some are out of the PATH of everybody but root."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"{name} is missing: run `make setup-tests`")
    return found


class Haproxy:
    """haproxy in front of blue and green: `address` is host and port of the service, `metrics` of its exporter."""

    def __init__(self, folder):
        self.socket = folder / "admin.sock"
        port, metrics_port = daemon.free_ports(2)
        self.address, self.metrics = f"127.0.0.1:{port}", f"127.0.0.1:{metrics_port}"

    @contextlib.contextmanager
    def running(self, blue, green):
        log = self.socket.with_name("haproxy.log")
        environment = os.environ | {
            "ROLLOUT_SOCKET": str(self.socket),
            "ROLLOUT_LISTEN": self.address,
            "ROLLOUT_METRICS": self.metrics,
            "ROLLOUT_BLUE": blue.url.removeprefix("http://"),
            "ROLLOUT_BLUE_ADMIN": str(blue.admin_port),
            "ROLLOUT_GREEN": green.url.removeprefix("http://"),
            "ROLLOUT_GREEN_ADMIN": str(green.admin_port),
        }
        with process([program("haproxy"), "-db", "-f", HAPROXY_CFG], log, env=environment) as running:
            until("haproxy is there", lambda: alive(running, log) and self.socket.exists() and self.servers())
            yield self

    def servers(self):
        """What haproxy has of each server: weight, and state as bits (0 ready, 1 maintenance, 8 drains)."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(b"show servers state kinemotion\n")
            _, names, *lines = client.makefile().read().strip().splitlines()
        columns = [dict(zip(names.removeprefix("# ").split(), line.split())) for line in lines]
        return {row["srv_name"]: (int(row["srv_uweight"]), int(row["srv_admin_state"])) for row in columns}


class Prometheus:
    """A Prometheus that looks every second at haproxy and the daemons, whose label `server` has haproxy's names."""

    def __init__(self, folder):
        self.folder = folder
        self.port = daemon.free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def running(self, haproxy, **daemons):
        targets = [{"targets": [f"127.0.0.1:{one.admin_port}"], "labels": {"server": name}} for name, one in daemons.items()]
        configuration = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {"job_name": "haproxy", "static_configs": [{"targets": [haproxy.metrics]}]},
                {"job_name": "kinemotion", "static_configs": targets},
            ],
        }
        # JSON is YAML too.
        path, log = self.folder / "prometheus.yml", self.folder / "prometheus.log"
        path.write_text(json.dumps(configuration))
        options = [f"--config.file={path}", f"--storage.tsdb.path={self.folder / 'tsdb'}"]
        options += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        with process([program("prometheus"), *options], log) as running:
            everybody = str(1 + len(daemons))
            until("Prometheus has seen everybody", lambda: alive(running, log) and self.ask("sum(up)") == everybody)
            yield self

    def ask(self, query):
        """The number that answers a query; None: there is none."""
        url = f"{self.url}/api/v1/query?query={urllib.parse.quote(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return None  # it is not there yet
        return result[0]["value"][1] if result else None


def alive(running, log):
    assert running.poll() is None, f"{running.args[0]} ended: {daemon.tail(log)}"
    return True
