#!/usr/bin/env python3
"""Starts an image as an operator would and looks whether it keeps what is promised.

    image.py --engine docker|podman|buildah IMAGE [--cli IMAGE]

Needs nothing but the engine; with buildah also runc, unshare and root.
"""

import argparse
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import engines

# What an image may have, all layers and uncompressed, bytes.
MOST_BYTES = 300_000_000
# How long anything may take that is waited for, and the end of a container that is asked to, seconds.
PATIENCE_S, END_S = 120, 60
UID = 10001
# Set in the network namespace that the test makes for itself.
INSIDE = "KINEMOTION_IMAGE_TEST_INSIDE"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--engine", choices=["docker", "podman", "buildah"], required=True)
    parser.add_argument("--cli", help="image of the command line, looked at too")
    arguments = parser.parse_args()
    if arguments.engine == "buildah" and INSIDE not in os.environ:
        enter_network()
    engine = engines.of_name(arguments.engine)

    has_settings(engine, arguments.image)
    is_small(engine, arguments.image)
    carries_bill(engine, arguments.image, "kinemotion-server")
    checks_itself(engine, arguments.image, ["doctor", "--live"])
    with tempfile.TemporaryDirectory(prefix="kinemotion-image-") as volume:
        volume = pathlib.Path(volume)
        # Whoever runs a container gives it a folder of its user, as fsGroup does in Kubernetes.
        os.chown(volume, UID, UID)
        first = serves(engine, arguments.image, volume)
        finds_again(engine, arguments.image, volume, first)
    if arguments.cli:
        has_settings(engine, arguments.cli)
        is_small(engine, arguments.cli)
        carries_bill(engine, arguments.cli, "kinemotion-cli")
        checks_itself(engine, arguments.cli, ["doctor"])
    print("the image keeps what is promised")


def enter_network():
    """Goes on in a network namespace with nothing but loopback."""
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv])


def report(text):
    print(f"ok  {text}", flush=True)


def until(what, found, container=None):
    """Waits until something is found, which it gives; from outside it can only be tried."""
    give_up = time.monotonic() + PATIENCE_S
    while not (result := found()):
        if container and not container.is_running():
            raise SystemExit(f"{what}: the container ended: {container.log()[-2000:]}")
        if time.monotonic() > give_up:
            raise SystemExit(f"{what}: not within {PATIENCE_S} s{': ' + container.log()[-2000:] if container else ''}")
        time.sleep(0.02)
    return result


def has_settings(engine, image):
    config = engine.config(image)
    assert config["User"].split(":")[0] == str(UID), f"{image} runs as {config['User']!r}"
    for label in ["title", "description", "source", "licenses", "version", "revision"]:
        assert config["Labels"].get(f"org.opencontainers.image.{label}"), f"{image} has no label {label}"
    report(f"{image} runs as {UID} and has its labels")


def is_small(engine, image):
    size = engine.size(image)
    assert size <= MOST_BYTES, f"{image} has {size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f} MB"
    report(f"{image} has {size / 1e6:.0f} MB")


def carries_bill(engine, image, name):
    """Every shared library of the image is of a package, and every package is in the bill of materials."""
    bill = json.loads(engine.once(image, ["/usr/share/kinemotion/sbom.cdx.json"], "cat"))
    assert bill["metadata"]["component"]["name"] == name, bill["metadata"]
    billed = {component["name"] for component in bill["components"] if component["purl"].startswith("pkg:deb/")}
    recorded = set(engine.once(image, ["-c", "ls /var/lib/dpkg/status.d; dpkg-query -f '${Package}\\n' -W"], "sh").split())
    assert recorded <= billed, f"not in the bill: {sorted(recorded - billed)}"
    crates = sum(component["purl"].startswith("pkg:cargo/") for component in bill["components"])
    assert crates > 100, f"only {crates} crates are in the bill"
    report(f"{image} has a bill of {len(bill['components'])} components")


def checks_itself(engine, image, arguments):
    said = engine.once(image, arguments)
    assert "everything is ready" in said, said
    report(f"{image}: `kinemotion {' '.join(arguments)}`: every element is made and a picture is looked at")


class Api:
    """The HTTP API of a container."""

    def __init__(self, container):
        self.container = container

    def connection(self, port=engines.PORT):
        host, port = self.container.address(port)
        return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)

    def ask(self, method, path, body=None, kind="application/json", port=engines.PORT):
        """Status and body of an answer."""
        connection = self.connection(port)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, kind="application/json"):
        status, answer = self.ask(method, path, body, kind)
        assert status < 300, f"{method} {path}: {status} {answer.decode(errors='replace')}"
        return json.loads(answer)

    def is_ready(self):
        try:
            return self.ask("GET", "/readyz", port=engines.ADMIN_PORT)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def make_demo(self, **more):
        order = {"sport_type": "cmj", "quality": "fast", "input": {"demo": True}, "athlete": {"height_m": 1.8}} | more
        return self.json("POST", "/api/v1/analyses", json.dumps(order))["analysis_id"]

    def events(self, analysis_id, types):
        """Events as they come, until the analysis has ended."""
        connection = self.connection()
        connection.request("GET", f"/api/v1/analyses/{analysis_id}/stream?types={types}")
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        for line in answer:
            if line.strip():
                yield json.loads(line)

    def ended(self, analysis_id):
        def look():
            found = self.json("GET", f"/api/v1/analyses/{analysis_id}")
            return found if found["status"] in ("completed", "failed") else None

        return until(f"{analysis_id} ends", look, self.container)


def measures(api, live):
    """A live analysis that is recorded, and its recording as a file, of which it gives the name."""
    heights = first_repetitions(api, live, 2)
    report(f"live: repetitions arrive, {heights} m")
    api.ask("DELETE", f"/api/v1/analyses/{live}")
    assert api.ended(live)["status"] == "completed"
    status, recording = api.ask("GET", f"/api/v1/analyses/{live}/recording.mp4")
    assert status == 200, recording
    file = order_file(api, recording)
    found = api.ended(file)
    assert found["status"] == "completed", found
    assert found["results"], "no repetition in a file that has some"
    report(f"file: its recording of {len(recording) / 1e6:.1f} MB is analysed, {len(found['results'])} repetitions")
    return file


def serves(engine, image, volume):
    """One live analysis, its recording as a file, and the end; returns the name of the one that was running then."""
    with engine.started(image, volume, {}) as container:
        api = Api(container)
        until("ready", api.is_ready, container)
        report(f"ready {time.monotonic() - container.began:.1f} s after the start")
        until("healthy", container.is_healthy, container)
        report("the health check passes")

        for path in ["/usr/bin/x", "/etc/x", "/usr/share/kinemotion/x"]:
            assert container.executed(["sh", "-c", f": >{path}"]).returncode, f"{path} can be written"
        assert container.executed(["id", "-u"]).stdout.strip() == str(UID)
        report("nothing can be written outside of /data and /tmp")

        measures(api, api.make_demo(record=True))

        running = api.make_demo()
        until("poses", lambda: api.json("GET", f"/api/v1/analyses/{running}")["counts"]["poses"], container)
        states = []
        reader = threading.Thread(target=lambda: states.extend(api.events(running, "state")))
        reader.start()
        began = time.monotonic()
        container.terminate()
        code = container.ended(END_S)
        reader.join(PATIENCE_S)
        assert code == 0, f"it ended with {code}: {container.log()[-2000:]}"
        report(f"SIGTERM: it ended with 0 after {time.monotonic() - began:.1f} s, the last state was {states[-1]['data']['state']}")
        return running


def first_repetitions(api, analysis_id, count):
    heights = []
    try:
        for event in api.events(analysis_id, "repetition"):
            heights.append(round(event["data"]["metrics"]["jump_height_m"], 3))
            if len(heights) == count:
                return heights
    except TimeoutError:
        pass
    found = api.json("GET", f"/api/v1/analyses/{analysis_id}")
    raise SystemExit(f"only {len(heights)} repetitions came from the demo athlete: {json.dumps(found)[:1500]}")


def order_file(api, video):
    boundary = "kinemotion-image-test"
    order = json.dumps({"sport_type": "cmj", "quality": "fast"})
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="request"\r\n\r\n{order}\r\n'.encode(),
        f'--{boundary}\r\nContent-Disposition: form-data; name="video"; filename="demo.mp4"\r\n\r\n'.encode() + video + b"\r\n",
        f"--{boundary}--\r\n".encode(),
    ]
    return api.json("POST", "/api/v1/analyses", b"".join(parts), f"multipart/form-data; boundary={boundary}")["analysis_id"]


def finds_again(engine, image, volume, analysis_id):
    with engine.started(image, volume, {}) as container:
        api = Api(container)
        until("ready again", api.is_ready, container)
        found = api.json("GET", f"/api/v1/analyses/{analysis_id}")
        assert found["status"] == "completed" and found["counts"]["poses"], found
        report("what ran at SIGTERM is completed, and there after the next start")
        container.terminate()
        assert container.ended(END_S) == 0


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        raise SystemExit(f"image: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise SystemExit(f"image: the container did not end within {END_S} s") from error
