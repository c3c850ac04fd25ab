"""A daemon of one's own: fresh storage, free ports, settings by environment."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
import uuid

# How long it may take to be ready (it loads models), and to end once it is asked to (`sessions.drain_s` is 20), seconds.
READY_S, END_S = 60, 40
# How long an answer may take, seconds: a request that waits for something else is answered after `server.request_s`, 30.
ANSWER_S = 60


class Daemon:
    """A running `kinemotion serve`. `token` is what it is asked with, where it lets in nobody without."""

    def __init__(self, process, port, admin_port, log, token=None):
        self.process, self.log, self.token = process, log, token
        self.pid = process.pid
        self.port, self.admin_port = port, admin_port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None, headers=(), port=None):
        """Status and body of an answer. A dictionary is sent as JSON."""
        headers = ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | dict(headers)
        if isinstance(body, dict):
            body, headers = json.dumps(body), headers | {"Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=ANSWER_S)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def get(self, path):
        """The JSON of an answer, which must be 200."""
        status, body = self.ask("GET", path)
        assert status == 200, f"GET {path} is answered with {status}: {body.decode()}"
        return json.loads(body)

    def post(self, path, body, **sent):
        """The JSON of an answer to a POST, which must be one of success."""
        status, answer = self.ask("POST", path, body, **sent)
        assert status in (200, 201, 202), f"POST {path} is answered with {status}: {answer.decode()}"
        return json.loads(answer)

    def metrics(self):
        """What it counts: value by `name{labels}` as in `/metrics`, without the buckets of histograms."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples if "_bucket{" not in name}

    def is_ready(self):
        try:
            return self.ask("GET", "/readyz", port=self.admin_port)[0] == 200
        except OSError:
            return False

    def until_ready(self):
        # There is no event to wait for: from outside, a port that opens can only be tried.
        give_up = time.monotonic() + READY_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise SystemExit(f"the daemon does not get ready; its log ends with: {tail(self.log)}")
            time.sleep(0.05)

    def kill(self):
        """Ends it as a loss of power would, but for what the operating system has."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """Ends it as Ctrl-C does. Says what it did not do properly; None when all is well."""
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"the daemon did not end within {END_S} s; its log ends with: {tail(self.log)}"
        return f"the daemon ended with {code}; its log ends with: {tail(self.log)}" if code else None


def start(program, folder, settings, token=None, ports=None):
    """A daemon in `folder` with `settings`: values by SECTION__KEY as in `KINEMOTION_SERVE__SECTION__KEY`. It need not be ready yet;
    whoever starts it ends it. Started in the same folder again it finds what is stored there."""
    folder.mkdir(parents=True, exist_ok=True)
    port, admin_port = ports or free_ports(2)
    settings = {
        "SERVER__LISTEN": f"127.0.0.1:{port}",
        "ADMIN__LISTEN": f"127.0.0.1:{admin_port}",
        "STORAGE__FOLDER": folder / "analyses",
        "LOG__FILTER": "warn",
        **settings,
    }
    environment = os.environ | {f"KINEMOTION_SERVE__{key}": str(value) for key, value in settings.items()}
    log = folder / "daemon.log"
    with log.open("ab") as out:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=out, stderr=out)
    return Daemon(process, port, admin_port, log, token)


@contextlib.contextmanager
def running(program, folder, settings, troubles, token=None):
    """A daemon that is ready, as `start` makes it. How it ended, if not well, is added to `troubles`: what was measured before is
    not lost."""
    daemon = start(program, folder, settings, token)
    try:
        daemon.until_ready()
        yield daemon
    except BaseException:
        daemon.kill()
        raise
    trouble = daemon.end()
    if trouble:
        troubles.append(trouble)


def multipart(order, video):
    """Body and headers of an order that comes with its file."""
    boundary = uuid.uuid4().hex
    part = '--{}\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'.format
    body = (part(boundary, "request", "") + json.dumps(order) + "\r\n").encode()
    body += part(boundary, "video", '; filename="clip.mp4"').encode() + video + f"\r\n--{boundary}--\r\n".encode()
    return {"body": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def until(what, found, within_s=READY_S):
    """Waits until something is found, which it gives; from outside it can only be tried."""
    began = time.monotonic()
    while not (result := found()):
        assert time.monotonic() - began < within_s, f"{what}: not within {within_s} s"
        time.sleep(0.05)
    return result


def free_ports(count):
    """Ports nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def tail(path, lines=5):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
