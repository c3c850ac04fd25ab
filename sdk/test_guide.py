"""The commands of docs/api.md, one after the other in one shell, against a running daemon.

    KINEMOTION_BIN=target/release python3 -m unittest sdk/test_guide.py
"""

import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "sdk" / "python"), str(ROOT / "examples"), str(ROOT / "tests" / "services")]

import guide
from footage import render
from tests import daemon

GUIDE = ROOT / "docs" / "api.md"
#: What the commands leave, and how it begins.
FILES = {
    "results.csv": b"file,movement,",
    "curves_phase.parquet": b"PAR1",
    "curves.mat": b"MATLAB 5.0 MAT-file",
    "repetitions.csv": b"repetition_id,analysis_id,",
    "repetitions.parquet": b"PAR1",
    "robin.zip": b"PK",
    "app.key": b"km_",
}


class Guide(unittest.TestCase):
    def test_every_command_does_what_is_said(self) -> None:
        with tempfile.TemporaryDirectory(prefix="kinemotion-guide-") as name, daemon.running() as url:
            folder = Path(name)
            render(folder / "jump.mp4")
            done = guide.carry_out(guide.blocks(GUIDE), folder, {**os.environ, "KINEMOTION_URL": url}, timeout_s=600)
            self.assertEqual(done.code, 0, f"{GUIDE}:{done.block.line}: {done.said[-6000:]}")
            for file, begin in FILES.items():
                self.assertTrue((folder / file).read_bytes().startswith(begin), file)
            self.assertEqual((folder / "overlay.mp4").read_bytes()[4:8], b"ftyp")
            self.assertEqual((folder / "events.ndjson").read_text().count('"type":"repetition"'), 1)


if __name__ == "__main__":
    unittest.main()
