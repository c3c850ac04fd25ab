"""What the README shows runs, and what is made from something else is what it would be made to now."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

from . import examples, fake
from .examples import ID, PATH, sse, state, update
from .fake import Answer, problem
from .test_webhooks import EVENT, SECRET, signed

HERE = Path(__file__).parent.parent
AT = "2026-11-25T18:00:00.000Z"


class Readme(unittest.TestCase):
    def test_its_snippets_run_one_after_the_other(self) -> None:
        snippets = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
        self.assertGreater(len(snippets), 5)
        said = io.StringIO()
        names: dict[str, object] = {}
        with fake.running() as server, contextlib.redirect_stdout(said):
            answers(server)
            environment = {"KINEMOTION_URL": server.url, "KINEMOTION_API_KEY": "km_key"}
            with mock.patch.dict(os.environ, environment):
                for snippet in snippets:
                    exec(compile(snippet, "README.md", "exec"), names)
            names["client"].close()  # type: ignore[attr-defined]
        for words in ["0.314 ± 0.010 m, grade A", "jump_height_m is 0.300 for now", "final: True", "+0.020 ± 0.010 m", SECRET]:
            self.assertIn(words, said.getvalue())
        self.assertIn("athlete.height_m give metres", said.getvalue())
        body, headers = signed(SECRET, EVENT, int(time.time()))
        receive = names["on_request"]
        assert callable(receive)
        with contextlib.redirect_stdout(said):
            self.assertEqual((receive(body, headers), receive(body + b" ", headers)), (204, 401))


def answers(server: fake.Fake) -> None:
    """What the snippets ask for."""
    repetition = examples.repetition(0.314)
    done = examples.analysis("completed", repetition)
    refused = problem(422, "invalid-value", "give metres between 0.5 and 2.72", field="athlete.height_m")
    server.on("POST /api/v1/analyses", Answer(202, done), Answer(201, done), refused)
    server.on(f"GET {PATH}", Answer(body=done))
    events = [update(0, "jump_height_m", 0.3), examples.event(1, "repetition", repetition), state(2, "done")]
    server.on(f"GET {PATH}/stream", Answer(parts=[sse(*events)]))
    server.on("POST /api/v1/athletes", Answer(201, {"athlete_id": "a", "created_at": AT}))
    stored = {"repetition_id": "r", "analysis_id": ID, "sequence": 1, "sport_type": "cmj", "at": AT, "grade": "A"}
    server.on("GET /api/v1/repetitions", Answer(body={"repetitions": [{**stored, "data": repetition}]}))
    number = {"value": 0.3, "uncertainty": 0.01}
    trend = {"metric": "jump_height_m", "count": 4, "highest": number, "lowest": number, "mean": number, "series": []}
    change = {"value": 0.02, "uncertainty": 0.01, "certain": True}
    server.on("GET /api/v1/athletes/roster-17/trends", Answer(body={"sport_type": "cmj", "trends": [{**trend, "change": change}]}))
    value = {"at": AT, **number, "unit": "m", "method": "flight_time", "grade": "A", "sport_type": "cmj", "analysis_id": ID}
    values = [{**value, "repetition_id": "r"}]
    server.on("GET /api/v1/athletes/roster-17/metrics/jump_height_m", Answer(body={"metric": "jump_height_m", "values": values}))
    key = {"key_id": "k", "name": "n", "prefix": "km_abc", "scopes": [], "created_at": AT, "key": "km_abcdef"}
    server.on("POST /api/v1/keys", Answer(201, key))
    webhook = {"webhook_id": "w", "url": "https://a.example/", "events": [], "sport_types": [], "created_at": AT}
    server.on("POST /api/v1/webhooks/register", Answer(201, {**webhook, "secret": SECRET}))


class Made(unittest.TestCase):
    def test_the_client_that_does_not_wait_is_made_from_the_one_that_does(self) -> None:
        command = [sys.executable, str(HERE / "scripts" / "make_async.py"), "--check"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((made.returncode, made.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
