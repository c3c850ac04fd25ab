"""Three daemons as one, with a real Postgres and a real Redis: what any of them answers, what becomes of those that are killed, what a
network does that is cut or silent. See README.md.

    tests/services/with-postgres.sh tests/services/with-redis.sh python3 tests/cluster/cluster.py --programs target/release --cache DIR [TEST…]
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "scripts"), str(HERE.parent / "services")]

import daemon
from environments import environment
from replica import PATIENCE_S, TOKEN, Replica, Stream, stored, until

# A replica that is killed is noticed within this time, seconds.
LOST_WITHIN_S = 10
# How long somebody publishes: a viewer joins meanwhile, seconds.
PUBLISHED_S = 40
SEED = int(os.environ.get("SEED", random.randrange(2**32)))


@dataclass(frozen=True)
class Tools:
    """What is run: the daemon, a publisher, and a viewer, which is Python with packages."""

    kinemotion: Path
    whip_load: Path
    cache: Path

    def viewer(self):
        """A command that watches; see viewer.py."""
        return [environment(self.cache / "tools" / "aiortc", HERE / "requirements.txt") / "bin" / "python", HERE / "viewer.py"]


@contextlib.contextmanager
def cluster(tools, **settings):
    """Three replicas with fresh storage."""
    server, redis = os.environ["KINEMOTION_TEST_POSTGRES"], os.environ["KINEMOTION_TEST_REDIS"]
    name = f"cluster_{uuid.uuid4().hex}"
    subprocess.run(["psql", "-q", f"{server}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
    # What the test before has counted is none of this one's.
    subprocess.run(["redis-cli", "-u", redis, "flushall"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        replicas = []
        try:
            for number in range(3):
                replicas.append(Replica(tools.kinemotion, Path(folder), number, f"{server}/{name}", redis, settings))
            for replica in replicas:
                until("all are there", lambda: replica.gauge("kinemotion_replicas") == 3)
                until("Redis is there", lambda: replica.gauge("kinemotion_redis_up") == 1)
            yield replicas
        except BaseException:
            for number, replica in enumerate(replicas):
                print(f"replica {number}: {daemon.tail(replica.daemon.log, 20)}", file=sys.stderr)
            raise
        finally:
            for replica in replicas:
                replica.end()


def any_answers(tools):
    with cluster(tools) as (a, b, c):
        analysis = a.make_demo()
        streams = [Stream(replica, analysis) for replica in (a, b, c)]
        until("a repetition", lambda: all(stream.of("repetition") for stream in streams))
        assert b.get(f"/api/v1/analyses/{analysis}")["state"] == "live"
        assert any(entry["analysis_id"] == analysis for entry in c.get("/api/v1/analyses")["analyses"])
        status, picture = c.ask("GET", f"/api/v1/analyses/{analysis}/snapshot.jpg")
        assert status == 200 and picture[:2] == b"\xff\xd8", status
        assert b.get(f"/api/v1/analyses/{analysis}/diagnostics")["state"] == "live"
        status, answer = b.ask("PATCH", f"/api/v1/analyses/{analysis}", {"overlay": False})
        assert status == 200, answer
        # Whoever makes up a proof is not believed, and asks no third one.
        status, answer = b.ask("DELETE", f"/api/v1/analyses/{analysis}", headers={"Kinemotion-Hop": "1.AAAA"})
        assert status == 503, (status, answer)
        status, answer = c.ask("DELETE", f"/api/v1/analyses/{analysis}")
        assert status == 204, answer
        for stream in streams:
            assert stream.ended.wait(PATIENCE_S) and stream.state() == "done", stream.state()
            assert stream.is_in_order()
            assert stream.lasting() == stored(c, analysis), "an event is lost, doubled or another"
        there, here = len(streams[1].of("pose")), len(streams[0].of("pose"))
        assert there > here / 2, f"{there} of {here} poses came to another replica"


def killed(tools):
    """One is killed at random under load. Its analysis is lost, the others go on, and whoever reads goes on reading elsewhere."""
    with cluster(tools) as replicas:
        analyses = [replica.make_demo() for replica in replicas]
        # Each is read at the next replica and at the one after that.
        readers = [[Stream(replicas[(n + k) % 3], analyses[n]) for k in (1, 2)] for n in range(3)]
        until("all are live", lambda: all(stream.state() == "live" for pair in readers for stream in pair))
        time.sleep(random.uniform(0, 3))
        victim = random.randrange(3)
        replicas[victim].kill()
        began = time.monotonic()
        for stream in readers[victim]:
            assert stream.ended.wait(LOST_WITHIN_S), "nobody noticed that a replica is lost"
            assert stream.state() == "failed" and stream.is_in_order()
        print(f"  lost after {time.monotonic() - began:.1f} s")
        survivors = [replica for n, replica in enumerate(replicas) if n != victim]
        for replica in survivors:
            assert replica.get(f"/api/v1/analyses/{analyses[victim]}")["status"] == "failed"
        events = stored(survivors[0], analyses[victim])
        assert events == readers[victim][0].lasting() == readers[victim][1].lasting()
        assert sum('"failed"' in event for event in events) == 1, "its end is told once"
        for n in range(3):
            if n == victim:
                continue
            # Of its two readers, one was at the victim: it resumes at the one who runs the analysis.
            cut_off = readers[n][0 if (n + 1) % 3 == victim else 1]
            assert cut_off.ended.wait(PATIENCE_S)
            resumed = Stream(replicas[n], analyses[n], cut_off.events[-1]["sequence"] + 1)
            assert replicas[n].ask("DELETE", f"/api/v1/analyses/{analyses[n]}")[0] == 204
            assert resumed.ended.wait(PATIENCE_S) and resumed.state() == "done"
            assert cut_off.lasting() + resumed.lasting() == stored(survivors[0], analyses[n])


def jobs_are_taken_up(tools):
    with cluster(tools) as replicas, tempfile.NamedTemporaryFile(suffix=".mp4") as clip:
        source = "videotestsrc num-buffers=1800 ! video/x-raw,width=640,height=480,framerate=30/1"
        encode = f"x264enc speed-preset=ultrafast ! mp4mux ! filesink location={clip.name}"
        subprocess.run(["gst-launch-1.0", "-q", *f"{source} ! {encode}".split()], check=True)
        order = daemon.multipart({"sport_type": "cmj", "quality": "fast"}, clip.read())
        analysis = replicas[0].post("/api/v1/analyses", **order)["analysis_id"]
        worker = until("somebody works", lambda: next((r for r in replicas if r.works()), None))
        worker.kill()
        others = [replica for replica in replicas if replica is not worker]
        until("another works", lambda: any(replica.works() for replica in others))
        look = lambda: others[0].get(f"/api/v1/analyses/{analysis}")["status"] == "completed"
        until("it is completed", look, 10 * PATIENCE_S)
        for replica in others:
            stream = Stream(replica, analysis)
            assert stream.ended.wait(PATIENCE_S) and stream.state() == "done" and stream.is_in_order()
            assert stream.lasting() == stored(others[0], analysis)


def limits_count_together(tools):
    burst, per_s = 30, 1
    limits = {"LIMITS__KEY_BURST": str(burst), "LIMITS__KEY_PER_S": f"{per_s}.0", "MODELS__PROVIDERS": '["stub"]'}
    with cluster(tools, **limits) as replicas:
        began = time.monotonic()
        answers = [replicas[n % 3].ask("GET", "/api/v1/usage")[0] for n in range(3 * burst)]
        let_in = answers.count(200)
        most = burst + per_s * (time.monotonic() - began) + 1
        assert burst <= let_in <= most, f"{let_in} of {burst} were let in"
        assert set(answers) == {200, 429}, set(answers)
        # Without Redis each counts for itself, and nobody is refused because of that.
        for replica in replicas:
            replica.redis.cut()
            until("it is noticed", lambda: replica.gauge("kinemotion_redis_up") == 0)
            assert replica.ask("GET", "/api/v1/usage")[0] == 200
        for replica in replicas:
            replica.redis.mend()
            until("it is back", lambda: replica.gauge("kinemotion_redis_up") == 1)
        # One that is asked on behalf of another does not count.
        time.sleep(10 / per_s)
        analysis = "0199d4c0-7f00-7000-8000-000000000001"
        assert replicas[0].ask("DELETE", f"/api/v1/analyses/{analysis}")[0] == 404


def without_redis(tools):
    redis_is_away(tools, lambda way: way.cut(), lambda way: way.mend())


def silent_redis(tools):
    """No connection ends, and nothing comes."""
    redis_is_away(tools, lambda way: way.silence(), lambda way: way.mend())


def redis_is_away(tools, take, give_back):
    with cluster(tools) as (a, b, c):
        foreign, own = a.make_demo(), b.make_demo()
        there, here = Stream(b, foreign), Stream(a, foreign)
        until("both are live", lambda: there.state() == here.state() == "live")
        take(b.redis)
        until("it is noticed", lambda: b.gauge("kinemotion_redis_up") == 0)
        before, poses = len(there.lasting()), len(there.of("pose"))
        until("what is stored comes from the database", lambda: len(there.lasting()) > before + 2)
        assert b.ask("GET", "/api/v1/usage")[0] == 200, "nobody is refused because of that"
        time.sleep(LOST_WITHIN_S)
        assert c.get(f"/api/v1/analyses/{own}")["state"] == "live", "who lost Redis is not lost"
        give_back(b.redis)
        until("it is back", lambda: b.gauge("kinemotion_redis_up") == 1)
        until("poses come again", lambda: len(there.of("pose")) > poses + 30)
        assert c.ask("DELETE", f"/api/v1/analyses/{foreign}")[0] == 204
        for stream in (there, here):
            assert stream.ended.wait(PATIENCE_S) and stream.state() == "done" and stream.is_in_order()
            assert stream.lasting() == stored(c, foreign)


def without_postgres(tools):
    postgres_is_away(tools, lambda way: way.cut(), lambda way: way.mend())


def silent_postgres(tools):
    """No connection ends, and nothing comes; then everything does that was sent."""
    postgres_is_away(tools, lambda way: way.silence(), lambda way: way.mend())


def forgotten_postgres(tools):
    """No connection ends, and on those that there were nothing will ever come again."""
    postgres_is_away(tools, lambda way: way.silence(), lambda way: way.forget())


def postgres_is_away(tools, take, give_back):
    with cluster(tools) as (a, b, c):
        analysis = a.make_demo()
        there, here = Stream(b, analysis), Stream(a, analysis)
        until("it is live", lambda: there.state() == here.state() == "live")
        take(a.postgres)
        time.sleep(LOST_WITHIN_S)
        assert c.get(f"/api/v1/analyses/{analysis}")["state"] == "live", "who lost the database is not lost"
        before = len(here.lasting())
        give_back(a.postgres)
        # What was measured meanwhile had to wait.
        until("what waited comes", lambda: len(here.lasting()) > before)
        assert c.ask("DELETE", f"/api/v1/analyses/{analysis}")[0] == 204
        for stream in (there, here):
            assert stream.ended.wait(PATIENCE_S) and stream.state() == "done" and stream.is_in_order()
            assert stream.lasting() == stored(c, analysis)


def video_by_way_of_others(tools):
    """One owns the session, HTTP of its publisher comes by another, that of a viewer by the third; media goes straight there."""
    viewer = tools.viewer()
    with cluster(tools) as (a, b, c), tempfile.TemporaryDirectory() as folder:
        analysis = a.make({"input": {"streaming": True}})
        stream = Stream(c, analysis)
        figures = Path(folder) / "figures.json"
        publish = [tools.whip_load, "--url", f"{b.url}/whip/{analysis}", "--token", TOKEN]
        publish += ["--duration", f"{PUBLISHED_S}s", "--json", figures]
        with subprocess.Popen(publish, stdout=subprocess.DEVNULL) as publisher:
            until("it is live", lambda: stream.state() == "live", PUBLISHED_S)
            watch = [*viewer, f"{c.url}/whep/{analysis}", "--token", TOKEN, "--frames", "30"]
            with subprocess.Popen(list(map(str, watch)), stdout=subprocess.PIPE, text=True) as watching:
                there = set(json.loads(watching.stdout.readline())["ports"])
                assert there and there <= a.media_ports(), (there, a.media_ports())
                assert not b.media_ports() and not c.media_ports(), "media passes by others"
                seen = json.loads(watching.stdout.readline())
            assert watching.returncode == 0 and seen["frames"] == 30, seen
            assert publisher.poll() is None, "the publisher ended before anybody had watched"
        assert publisher.returncode == 0, publisher.returncode
        told = json.loads(figures.read_text())
        assert not told["failed"] and not told["refused"] and told["measured"], told
        # It has ended its session by way of the second.
        assert stream.ended.wait(PATIENCE_S) and stream.state() == "done" and stream.is_in_order()
        heard, kept = stream.lasting(), stored(b, analysis)
        assert heard == kept, f"heard and not kept, or the other way round: {set(heard) ^ set(kept)}"
        status, answer = c.ask("POST", f"/whip/{analysis}", b"v=0", {"Content-Type": "application/sdp"})
        assert status == 409, (status, answer)


TESTS = [
    any_answers,
    killed,
    jobs_are_taken_up,
    limits_count_together,
    without_redis,
    silent_redis,
    without_postgres,
    silent_postgres,
    forgotten_postgres,
    video_by_way_of_others,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion and whip-load")
    parser.add_argument("--cache", type=Path, required=True, help="where aiortc is kept")
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"only these of {', '.join(test.__name__ for test in TESTS)}")
    options = parser.parse_args()
    programs = options.programs.resolve()
    tools = Tools(programs / "kinemotion", programs / "whip-load", options.cache)
    random.seed(SEED)
    print(f"SEED={SEED}")
    # What fails on another thread fails here, where replicas are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.excepthook = lambda failure: (sys.__excepthook__(*failure[:3]), os.kill(os.getpid(), signal.SIGTERM))
    for test in TESTS:
        if not options.tests or test.__name__ in options.tests:
            began = time.monotonic()
            test(tools)
            print(f"{test.__name__}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
