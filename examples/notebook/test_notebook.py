"""The notebook as its README says, on clips of the synthetic athlete; `KINEMOTION_NOTEBOOK` names the environment it runs in."""

from __future__ import annotations

import csv
import json
import os
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from footage import render, run
from support import commands

NOTEBOOK = "jumps.ipynb"
CLIPS = {
    "2026-11-03.mp4": ["--height-m", "0.30", "--repetitions", "2"],
    "2026-11-10.mp4": ["--height-m", "0.33", "--repetitions", "2", "--seed", "2"],
    "2026-11-17.mp4": ["--height-m", "0.36", "--repetitions", "3", "--seed", "3", "--noise", "6"],
}
JUMPS = 7
#: Jumps of the clip whose curves are drawn.
DRAWN = 3


class Notebook(unittest.TestCase):
    def test_its_readme_makes_tables_and_figures(self) -> None:
        environment = os.environ.get("KINEMOTION_NOTEBOOK")
        if not environment:
            self.skipTest("KINEMOTION_NOTEBOOK names no environment with requirements.txt")
        temporary = tempfile.TemporaryDirectory(prefix="kinemotion-notebook-")
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        for clip, options in CLIPS.items():
            render(folder / clip, *options)
        shutil.copy(HERE / NOTEBOOK, folder)
        for command in commands(HERE):
            if command[0] == "jupyter":
                command[0] = str(Path(environment) / "bin" / "jupyter")
            run(command, folder)

        outputs = said(folder / NOTEBOOK)
        table, by_phase = (output["text/plain"] for output in outputs if "text/html" in output)
        with (folder / "jumps.csv").open(newline="") as file:
            # As pandas shows them.
            heights = [f"{float(row['jump_height_m']):.6f}" for row in csv.DictReader(file)]
        self.assertEqual(len(heights), JUMPS)
        for height in heights:
            self.assertIn(height, table)
        for phase in ["lowering", "push-off", "flight"]:
            self.assertEqual(by_phase.count(phase), DRAWN)
        for name in ["joint-curves", "jump-heights"]:
            picture = (folder / f"{name}.png").read_bytes()
            width, height = struct.unpack(">II", picture[16:24])
            self.assertGreater(min(width, height), 700, "300 dots per inch at the width of a column")
            self.assertTrue((folder / f"{name}.pdf").read_bytes().startswith(b"%PDF"))

    def test_it_is_kept_without_outputs(self) -> None:
        cells = json.loads((HERE / NOTEBOOK).read_text())["cells"]
        kept = [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
        self.assertEqual(kept, [])


def said(notebook: Path) -> list[dict[str, Any]]:
    """What the cells of a notebook show, with text in one piece."""
    cells = json.loads(notebook.read_text())["cells"]
    outputs = [output["data"] for cell in cells for output in cell.get("outputs", []) if "data" in output]
    return [{kind: "".join(text) for kind, text in data.items()} for data in outputs]


if __name__ == "__main__":
    unittest.main()
