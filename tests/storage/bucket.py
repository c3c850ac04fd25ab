"""Files in a bucket of an S3 server: put away, served from there, removed with their analysis, and what becomes of them while it is away."""

import contextlib
import http.client
import subprocess
import xml.etree.ElementTree as xml

from used import ANALYSES, DEMO, FILE, FILE_FILES, PATIENCE_S, SETTINGS, is_ended, make

import daemon

ARCHIVE, VIDEOS = "archive", "videos"
# The server looks at no signature, but an object is not for those who do not say who they are.
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=kinemotion/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
# What is an object's name in the answer to a list (Amazon S3 API, ListObjectsV2).
NAME = "{http://s3.amazonaws.com/doc/2006-03-01/}Key"


class Storage:
    """An S3 server while it is entered, with two buckets. What was in it is gone when it was away."""

    def __init__(self, program, folder):
        self.program, self.folder, self.process = program, folder, None
        (self.port,) = daemon.free_ports(1)
        self.settings = {
            "S3__ENDPOINT": f"http://127.0.0.1:{self.port}",
            "S3__ACCESS_KEY": "kinemotion",
            "S3__SECRET_KEY": "of the test",
            "STORAGE__BUCKET": ARCHIVE,
            "SOURCES__BUCKETS": f'["{VIDEOS}"]',
        }

    def come(self):
        log = (self.folder / "moto.log").open("ab")
        self.process = subprocess.Popen([self.program, "-H", "127.0.0.1", "-p", str(self.port)], stdout=log, stderr=log)
        daemon.until("the S3 server", self.is_there)
        for bucket in (ARCHIVE, VIDEOS):
            assert self.ask("PUT", f"/{bucket}")[0] == 200, bucket

    def is_there(self):
        assert self.process.poll() is None, daemon.tail(self.folder / "moto.log")
        with contextlib.suppress(OSError):
            return self.ask("GET", "/")[0] == 200

    def go(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, SIGNED)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def names(self, analysis):
        """Names of what is there of an analysis."""
        status, listed = self.ask("GET", f"/{ARCHIVE}?list-type=2&prefix={analysis}/")
        assert status == 200, listed
        return {key.text.removeprefix(f"{analysis}/") for key in xml.fromstring(listed).iter(NAME)}

    def object(self, analysis, name):
        status, body = self.ask("GET", f"/{ARCHIVE}/{analysis}/{name}")
        assert status == 200, body
        return body

    def __enter__(self):
        try:
            self.come()
        except BaseException:
            self.go()
            raise
        return self

    def __exit__(self, *_):
        self.go()


def put_away(kinemotion, folder, storage, clip, troubles):
    assert storage.ask("PUT", f"/{VIDEOS}/squad/jump.mp4", clip)[0] == 200
    with daemon.running(kinemotion, folder / "bucket", SETTINGS | storage.settings, troubles) as server:
        source = {"input": {"video_path": f"s3://{VIDEOS}/squad/jump.mp4"}}
        file = server.post(ANALYSES, FILE | source)["analysis_id"]
        assert is_ended(server, file) == "completed", server.get(f"{ANALYSES}/{file}")
        live = make(server, DEMO | {"record": True, "outputs": [{"hls": True}]})
        daemon.until("a playlist", lambda: server.ask("GET", f"/hls/{live}/index.m3u8")[0] == 200, PATIENCE_S)
        # It ends, and keeps what it has said.
        assert server.ask("DELETE", f"{ANALYSES}/{live}")[0] == 204
        assert is_ended(server, live) == "completed", server.get(f"{ANALYSES}/{live}")
        for analysis in (live, file):
            daemon.until(f"{analysis} is put away", lambda: not in_folder(folder, analysis), PATIENCE_S)
        assert storage.names(file) == {path.removeprefix("/") for path in FILE_FILES}, storage.names(file)
        assert {"recording.mp4", "hls/index.m3u8"} < storage.names(live), storage.names(live)
        for path in FILE_FILES:
            served(server, f"{ANALYSES}/{file}{path}", storage.object(file, path.removeprefix("/")))
        served(server, f"{ANALYSES}/{live}/recording.mp4", storage.object(live, "recording.mp4"))
        for name in storage.names(live):
            if name.startswith("hls/"):
                served(server, f"/hls/{live}/{name.removeprefix('hls/')}", storage.object(live, name))
        for analysis, other in ((file, live), (live, None)):
            assert server.ask("DELETE", f"{ANALYSES}/{analysis}")[0] == 204
            assert not storage.names(analysis), storage.names(analysis)
            assert other is None or storage.names(other), "somebody else's"
        # What is not there, or in no bucket that may be read.
        none = server.post(ANALYSES, FILE | {"input": {"video_path": f"s3://{VIDEOS}/squad/none.mp4"}})["analysis_id"]
        assert is_ended(server, none) == "failed"
        assert "no such object" in server.get(f"{ANALYSES}/{none}")["reason"]
        status, answer = server.ask("POST", ANALYSES, FILE | {"input": {"video_path": f"s3://{ARCHIVE}/jump.mp4"}})
        assert status == 422 and b"input.video_path" in answer, (status, answer)


def served(server, path, body):
    """A file is served as it lies in the bucket, wholly and in parts."""
    status, whole = server.ask("GET", path)
    assert status == 200 and whole == body and body, (path, status, len(whole), len(body))
    status, part = server.ask("GET", path, headers={"Range": "bytes=3-9"})
    assert status == 206 and part == body[3:10], (path, status, part)


def in_folder(folder, analysis):
    """Whether something of an analysis lies in the folder of the daemon."""
    return (folder / "bucket" / "analyses" / analysis).exists()


def away(kinemotion, folder, storage, clip, troubles):
    with daemon.running(kinemotion, folder / "bucket", SETTINGS | storage.settings, troubles) as server:
        storage.go()
        file = server.post(ANALYSES, **daemon.multipart(FILE, clip))["analysis_id"]
        assert is_ended(server, file) == "completed", server.get(f"{ANALYSES}/{file}")
        daemon.until("it is noticed", lambda: "its files stay in the folder" in server.log.read_text(), PATIENCE_S)
        for path in FILE_FILES:
            body = (folder / "bucket" / "analyses" / file / path.removeprefix("/")).read_bytes()
            served(server, f"{ANALYSES}/{file}{path}", body)
        # An order whose object cannot be fetched is tried again before it has failed, and says why.
        order = FILE | {"input": {"video_path": f"s3://{VIDEOS}/squad/jump.mp4"}}
        late = server.post(ANALYSES, order)["analysis_id"]
        daemon.until("it waits for the bucket", lambda: tried_again(server, late), PATIENCE_S)
        storage.come()
        assert storage.ask("PUT", f"/{VIDEOS}/squad/jump.mp4", clip)[0] == 200
        assert is_ended(server, late) == "completed", server.get(f"{ANALYSES}/{late}")
        daemon.until(f"{late} is put away", lambda: not in_folder(folder, late), PATIENCE_S)
        assert server.ask("DELETE", f"{ANALYSES}/{file}")[0] == 204
        assert not in_folder(folder, file)


def tried_again(server, analysis):
    view = server.get(f"{ANALYSES}/{analysis}")
    assert view["status"] in ("queued", "running"), view
    return "tried again" in (view["reason"] or "")
