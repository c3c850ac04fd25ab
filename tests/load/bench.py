"""What a scenario measures with: a daemon of its own, and publishers that are counted."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sampling import Sampler, cores, look, middle, per_minute

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services"))
import daemon  # noqa: E402

# Sessions beyond which no scenario asks; `sessions.most` must not be what refuses.
MOST = 400
# Publishers that begin in each second unless a scenario says otherwise.
RAMP = 5
# Right of way of the load over the daemon, where it may be had: frames that are sent late would count against the daemon.
NICE = -10
# Between the video being encoded and the first publisher: the daemon counts what others take of the processors over some two seconds.
REST = "4s"
# What a run to try the programs is cut down to.
SMALL_SESSIONS, SMALL_SECONDS, SMALL_TIMES, SMALL_STEPS = 4, 5, 4, (2, 4)


class Bench:
    """Starts daemons and publishers. `results` are what other scenarios measured, by name; `small` cuts everything down.
    `troubles` are what daemons did not do properly at their end."""

    def __init__(self, programs, cache, results, small, soak_minutes):
        self.kinemotion, self.whip_load = programs / "kinemotion", programs / "whip-load"
        self.cache, self.results, self.small, self.soak_minutes = cache, results, small, soak_minutes
        self.work = tempfile.TemporaryDirectory(prefix="kinemotion-load-")
        self.numbers = itertools.count()
        self.troubles = []

    def sessions(self, count):
        return min(count, SMALL_SESSIONS) if self.small else count

    def seconds(self, seconds):
        return min(seconds, SMALL_SECONDS) if self.small else seconds

    def times(self, times):
        return min(times, SMALL_TIMES) if self.small else times

    def steps(self, counts):
        """Numbers of sessions to go through."""
        return SMALL_STEPS if self.small else counts

    def folder(self):
        return Path(self.work.name) / str(next(self.numbers))

    @contextlib.contextmanager
    def daemon(self, quality="fast", **settings):
        """A fresh daemon with one landmark model loaded."""
        settings = {"SESSIONS__MOST": MOST, "MODELS__LOADED": json.dumps([quality]), **settings}
        with daemon.running(self.kinemotion, self.folder(), settings, self.troubles) as running:
            yield running

    @contextlib.contextmanager
    def daemon_in(self, folder, settings, database):
        """A daemon in a folder that may have been another's before, with a database."""
        settings = {"MODELS__LOADED": '["fast"]', **settings, **database.settings}
        with daemon.running(self.kinemotion, folder, settings, self.troubles) as running:
            yield running

    def publish(self, server, sessions, seconds, quality="fast", ramp=RAMP, meanwhile=None, **options):
        """Runs whip-load against a daemon; options by its names, like `loss="5%"`. `meanwhile` is entered when it begins to publish and left
        when it has ended. Returns its JSON (see
        tests/whip-load/src/command/json.rs) and `daemon`, what the daemon used while all publishers were there."""
        path = self.folder().with_suffix(".json")
        arguments = {"url": server.url, "clients": sessions, "duration": f"{seconds}s", "quality": quality}
        arguments |= {"ramp-per-s": ramp, "json": path, "rest": REST} | options
        command = [self.whip_load, *(f"--{name}={value}" for name, value in arguments.items())]
        say(f"  {sessions} x {quality}" + "".join(f", {name} {value}" for name, value in options.items()))
        before = look(server.pid)
        with Sampler(server.pid) as sampler:
            began_s, full = self.run(command, server, (sessions - 1) / ramp + 0.8 * seconds, meanwhile or contextlib.nullcontext())
        if server.process.poll() is not None:
            raise SystemExit(f"the daemon ended under load; its log ends with: {daemon.tail(server.log)}")
        ramped_s = began_s + (sessions - 1) / ramp
        result = json.loads(path.read_text())
        # Of a load that was over before all had begun, everything.
        samples = sampler.between(ramped_s, ramped_s + seconds) or sampler.samples
        result["daemon"] = used(samples, before, server, full)
        return result

    def run(self, command, server, full_after_s, meanwhile):
        """Runs the load to its end. Says when it began to publish and what the daemon counted under full load."""
        process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            # It says what it has encoded and has rested, then publishes.
            said = process.stderr.readline()
            began_s = time.monotonic()
            full = None
            with meanwhile:
                try:
                    process.wait(full_after_s)
                except subprocess.TimeoutExpired:
                    full = server.metrics()
                    process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            raise SystemExit(f"whip-load failed: {said.strip()} {process.stderr.read().strip()}")
        return began_s, full

    def inferences_per_s(self, quality):
        """Inferences per second of ONNX Runtime alone in a loop on all processors."""
        command = [self.kinemotion, "models", "bench", "--quality", quality, "--json"]
        command += ["--seconds", str(self.seconds(5))]
        said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        return said["inferences_per_s"]


def used(samples, before, server, full):
    """What a daemon used in a stretch of time, and what it is like afterwards."""
    last_minute = [sample for sample in samples if sample["at_s"] >= samples[-1]["at_s"] - 60]
    return {
        "cores": cores(samples),
        "rss_mb": middle(samples[-10:], "rss_mb"),
        "threads": middle(samples[-10:], "threads"),
        "descriptors": middle(samples[-10:], "descriptors"),
        "growth_mb_per_minute": per_minute(last_minute, "rss_mb"),
        "before": before,
        "after": look(server.pid),
        "metrics_under_load": full,
        "metrics_after": server.metrics(),
        "samples": samples,
    }


def start(command, **options):
    """Starts a load, with right of way where that may be given."""
    process = subprocess.Popen([str(part) for part in command], **options)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    return process


def say(text):
    print(text, file=sys.stderr, flush=True)
