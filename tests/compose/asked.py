"""What is asked of the services, from outside through the ports that are published, and where they keep what they are told."""

import json
import os
import socket
import subprocess
import urllib.request

import image
from engines import ADMIN_PORT, said
from image import Api, report, until
from up import COMPOSE

TURN_PORT = 3478
# How long a client of the TURN server may take, seconds.
TURN_S = 60
# The exit code of who did not end in time (`stop_grace_period`).
KILLED = 137


def is_reached_from_here_only(stack):
    """The ports of the file are published, and to this machine only."""
    for name, service in stack.services.items():
        ports = {(f"{port['target']}/{port['protocol']}", port["published"]) for port in service.get("ports", ())}
        # A service in the network of another has none.
        told = stack.inspected(name)["NetworkSettings"]["Ports"] or {}
        published = [(port, one["HostPort"], one["HostIp"]) for port, ones in told.items() for one in ones or ()]
        assert {(port, at) for port, at, _ in published} == ports, f"{name} publishes {published}, not {ports}"
        assert all(address == "127.0.0.1" for *_, address in published), f"{name} publishes {published}: not only to this machine"
    report("ports are published to this machine only")


def has_no_rights(stack):
    """What the file takes from containers is taken from what runs in them."""
    for name, service in stack.services.items():
        lines = stack.execute(name, "cat", "/proc/1/status").splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if service.get("cap_drop") == ["ALL"]:
            rights = {key: value for key, value in status.items() if key.startswith("Cap") and int(value, 16)}
            assert not rights, f"{name} has {rights}"
            assert status["Uid"].split()[0] != "0", f"{name} runs as root"
        if "no-new-privileges:true" in service.get("security_opt", ()):
            assert status["NoNewPrivs"] == "1", f"{name} may get new privileges"
        if service.get("read_only"):
            for path in ["/usr/bin/x", "/etc/x", "/var/x", "/x"]:
                assert stack.container(name).executed(["sh", "-c", f": >{path}"]).returncode, f"{path} of {name} can be written"
            for path in ["/tmp/x", "/data/x"]:
                stack.execute(name, "sh", "-c", f": >{path} && rm {path}")
        for mount in stack.inspected(name)["Mounts"]:
            assert mount["RW"] == (mount["Type"] == "volume"), f"{name}: {mount['Source']} of this machine can be written"
    hardened = sorted(name for name, service in stack.services.items() if service.get("cap_drop") == ["ALL"])
    assert hardened, "nobody is without rights"
    report(f"without rights, and of new ones: {', '.join(hardened)}")


def measures(api):
    """A live analysis with its recording, and that recording as a file. Gives the two."""
    live = until("room for an analysis", lambda: let_in(api))
    return live, image.measures(api, live)


def let_in(api):
    """A machine that is busy with other things has no room at first."""
    try:
        return api.make_demo(record=True)
    except AssertionError as refused:
        if ": 503 " not in str(refused):
            raise
        return None


def keeps_in_postgres(stack, api, analyses):
    """The tables have what the API says."""
    for analysis in analyses:
        query = f"SELECT count(*) FROM repetitions WHERE analysis_id = '{analysis}'"
        kept = int(stack.execute("postgres", "psql", "--username=kinemotion", "-At", "-c", query))
        results = api.json("GET", f"/api/v1/analyses/{analysis}")["results"]
        assert kept == len(results) > 0, f"Postgres has {kept} repetitions of {analysis}, the API {len(results)}"
    files = stack.execute("kinemotion", "sh", "-c", "find /data -name '*.sqlite*' -o -name '*.db*'")
    assert not files, f"there is a database beside it: {files}"
    report("Postgres has the repetitions, and there is no other database")


def shares_in_redis(stack):
    keys = stack.execute("redis", "redis-cli", "--raw", "keys", "*").splitlines()
    assert any("replica" in key for key in keys), f"Redis has {keys}"
    with urllib.request.urlopen(f"http://127.0.0.1:{ADMIN_PORT}/metrics", timeout=30) as page:
        lines = page.read().decode().splitlines()
    assert {"kinemotion_redis_up 1", "kinemotion_replicas 1"} <= set(lines), [line for line in lines if "redis" in line or "replicas" in line]
    report("Redis knows the daemon, and the daemon Redis")


# Asked in its container: the port is not published.
LISTED = """
import boto3, json, sys
keys = {"aws_access_key_id": "kinemotion", "aws_secret_access_key": "kinemotion", "region_name": "us-east-1"}
client = boto3.client("s3", endpoint_url="http://127.0.0.1:5000", **keys)
listed = client.list_objects_v2(Bucket="kinemotion", Prefix=sys.argv[1] + "/")
print(json.dumps({one["Key"].removeprefix(sys.argv[1] + "/"): one["Size"] for one in listed.get("Contents", ())}))
"""


def puts_into_the_bucket(stack, api, live, file):
    """Files are in the bucket and not in the volume any more, and come from there when they are asked for."""
    for analysis, name in ((live, "recording.mp4"), (file, "overlay.mp4")):
        look = ("sh", "-c", f"ls -d /data/analyses/{analysis} 2>/dev/null || true")
        until(f"the files of {analysis} leave the volume", lambda: not stack.execute("kinemotion", *look))
        objects = json.loads(stack.execute("s3", "python", "-c", LISTED, analysis))
        status, body = api.ask("GET", f"/api/v1/analyses/{analysis}/{name}")
        assert status == 200 and len(body) == objects.get(name), f"{name} of {analysis}: {status}, {len(body)} bytes; in the bucket are {objects}"
    report(f"S3 has the files, and they come from there: {', '.join(objects)}")


def answers_stun():
    """A Binding request through the published port is answered (RFC 8489, 6)."""
    cookie, transaction = bytes.fromhex("2112a442"), os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(TURN_S)
        client.sendto(bytes.fromhex("00010000") + cookie + transaction, ("127.0.0.1", TURN_PORT))
        answer = client.recv(1500)
    assert answer[:2] == bytes.fromhex("0101") and answer[4:20] == cookie + transaction, f"STUN is answered with {answer.hex()}"


def relays(stack):
    """STUN and TURN through the published port: two clients with relays that talk to each other, and none without the password."""
    answers_stun()
    (option,) = (option for option in stack.services["coturn"]["command"] if option.startswith("--user="))
    user, password = option.removeprefix("--user=").split(":")
    client = ["turnutils_uclient", "-y", "-u", user, "-p", str(TURN_PORT), "-n", "5", "-m", "1", "-l", "200"]
    said_together = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": TURN_S}
    for over in ([], ["-t"]):
        done = subprocess.run([*client, *over, "-w", password, "127.0.0.1"], **said_together)
        assert done.returncode == 0 and "Total lost packets 0 " in done.stdout, f"no relay: {done.stdout[-1000:]}"
    done = subprocess.run([*client, "-w", "another", "127.0.0.1"], **said_together)
    assert done.returncode and "Cannot complete Allocation" in done.stdout, f"a relay without the password: {done.stdout[-1000:]}"
    report("STUN answers, TURN relays over UDP and TCP, to those who have the password")


def ends_and_comes_again(stack, analysis):
    """Whoever is asked to end does so and is not killed, the daemon properly; what is stored is there after the next start."""
    said([*COMPOSE, "stop"])
    codes = {name: stack.inspected(name)["State"]["ExitCode"] for name in stack.services}
    assert codes["kinemotion"] == 0 and KILLED not in codes.values(), f"exit codes: {codes}"
    # Volumes without a name are of the containers alone.
    said([*COMPOSE, "rm", "--force", "--volumes"])
    took_s = stack.up()
    found = Api(stack.container("kinemotion")).json("GET", f"/api/v1/analyses/{analysis}")
    assert found["status"] == "completed" and found["results"], found
    report(f"everybody ends when asked to, and {took_s:.1f} s after the next start what was stored is there")
