"""Jumps beside recovery as the README shows it, and with the daemon."""

from __future__ import annotations

import re
import sys
import unittest
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import join
from support import commands, daemon, examples, fake, run

from kinemotion import KinemotionClient

FIRST = date(2026, 11, 16)


def stored(day: date, height: float | None, grade: str = "A") -> dict:
    data = examples.repetition(height)
    name = f"{day}-{height}"
    where = {"repetition_id": name, "analysis_id": examples.ID, "sequence": 1, "sport_type": "cmj"}
    return {**where, "at": f"{day}T17:00:00Z", "grade": grade, "data": data}


class Join(unittest.TestCase):
    def test_what_its_readme_shows_comes_out(self) -> None:
        heights = [0.33, 0.34, 0.33, 0.34, 0.29, 0.33]
        repetitions = [stored(FIRST + timedelta(days=n), height) for n, height in enumerate(heights)]
        # Lower ones of the same day, what cannot be trusted, and a day without the wearable.
        repetitions += [stored(FIRST, 0.30), stored(FIRST, 0.60, "F"), stored(FIRST, None), stored(date(2026, 12, 1), 0.33)]
        with fake.running() as server:
            server.on("GET /api/v1/repetitions", fake.Answer(body={"repetitions": repetitions}))
            (command,) = commands(HERE)
            said = run(command, HERE, server.url)
            self.assertEqual(
                server.asked[0].query, {"athlete": "roster-17", "sport_type": "cmj", "from": "2026-11-01T00:00:00Z"}
            )
        shown = re.search(r"```text\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
        assert shown is not None
        self.assertEqual(said, shown.group(1))

    def test_a_jump_that_is_lower_by_less_than_its_interval_is_as_usual(self) -> None:
        days = {FIRST + timedelta(days=n): join.Jump(0.33, 0.01) for n in range(4)}
        wearable = {day: (60.0 + n % 2, 8.0) for n, day in enumerate(days)}
        for lower, hrv, said in [
            (0.321, 60, "as planned"),
            (0.319, 60, "keep an eye on it"),
            (0.33, 40, "keep an eye on it"),
            (0.319, 40, "go easy"),
        ]:
            day = FIRST + timedelta(days=4)
            joined = join.join({**days, day: join.Jump(lower, 0.01)}, {**wearable, day: (hrv, 8.0)})
            self.assertEqual(joined[-1].advice, said)

    def test_jumps_of_the_daemon_are_joined(self) -> None:
        with daemon.running() as url, KinemotionClient(base_url=url) as client:
            client.create_athlete(external_id="roster-17")
            analysis = client.create_analysis(demo=True, sport_type="cmj", quality="fast", athlete_id="roster-17")
            next(iter(client.events(analysis.analysis_id, types=["repetition"])))
            client.delete_analysis(analysis.analysis_id)
            client.wait(analysis.analysis_id)
            jumps = join.best_of_days(client.repetitions(athlete="roster-17", sport_type="cmj"))
            (day,) = jumps
            (joined,) = join.join(jumps, {day: (60.0, 8.0)})
            self.assertGreater(joined.jump.height_m, 0.05)
            self.assertEqual(joined.advice, "not enough days")


if __name__ == "__main__":
    unittest.main()
