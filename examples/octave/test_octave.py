"""The script as the README shows it, with Octave, on results of the program."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from footage import render, run
from support import commands

ROW = re.compile(r"^ +(\d+) +([\d.]+) ms  ([\d.]+) \+- ([\d.]+) m  ([\d.]+) m$", re.MULTILINE)


@unittest.skipUnless(shutil.which("octave-cli"), "there is no octave-cli: scripts/setup.sh installs it")
class Heights(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="kinemotion-octave-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        shutil.copy(HERE / "jump_heights.m", self.folder)

    def test_heights_of_the_readme_are_those_of_the_program(self) -> None:
        render(self.folder / "jumps.mp4", "--repetitions", "2")
        analyze, octave = commands(HERE)
        run(analyze, self.folder)
        rows = ROW.findall(run(octave, self.folder))
        self.assertEqual([row[0] for row in rows], ["1", "2"])
        # The same clip once more, in a format that is read in another way.
        run([*analyze[:-1], "jumps.json"], self.folder)
        repetitions = json.loads((self.folder / "jumps.json").read_text())["repetitions"]
        for (_, flight_ms, height, uncertainty, in_file), repetition in zip(rows, repetitions, strict=True):
            metrics = repetition["metrics"]
            self.assertEqual(flight_ms, f"{metrics['flight_time_ms']:.1f}")
            self.assertEqual({height, in_file}, {f"{metrics['jump_height_m']:.3f}"})
            self.assertEqual(uncertainty, f"{repetition['uncertainty']['jump_height_m']:.3f}")

    def test_what_the_readme_shows_has_the_form_of_what_is_said(self) -> None:
        self.assertEqual(len(ROW.findall((HERE / "README.md").read_text())), 2)

    def test_a_height_that_does_not_follow_from_its_flight_time_is_told(self) -> None:
        save = """
            r.metrics.jump_height_m = 0.3; r.uncertainty.jump_height_m = 0.01;
            r.events.takeoff_s = 1; r.events.landing_s = 1.5;
            repetitions = r; save('-v6', 'bad.mat', 'repetitions');
            jump_heights('bad.mat');
        """
        with self.assertRaisesRegex(AssertionError, r"repetition 1: 0\.306457812 m from the flight time, 0\.300000000 m"):
            run(["octave-cli", "--eval", save], self.folder)


if __name__ == "__main__":
    unittest.main()
