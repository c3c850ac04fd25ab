"""The check of the SDKs against a running daemon, and that it notices when one says something else.

    KINEMOTION_BIN=target/release python3 -m unittest sdk/test_drift.py
"""

import copy
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import drift


class Drift(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.document = drift.document(None)

    def differences(self, change) -> list[str]:
        changed = copy.deepcopy(self.document)
        change(changed["paths"], changed["components"]["schemas"])
        return drift.compare(changed)

    def test_both_sdks_say_what_the_server_says(self) -> None:
        self.assertEqual(drift.compare(self.document), [])

    def test_whatever_is_said_otherwise_is_named_for_both(self) -> None:
        for line, change in [
            ("GET /api/v1/sports does not exist", lambda paths, _: paths.pop("/api/v1/sports")),
            ("GET /api/v1/new is not called", lambda paths, _: paths.update({"/api/v1/new": {"get": {}}})),
            ("Source.fps does not exist", lambda _, schemas: schemas["Source"]["properties"].pop("fps")),
            ("Source.lens is missing", lambda _, schemas: schemas["Source"]["properties"].update(lens={"type": "string"})),
            ("Source.fps is a string, not a number", lambda _, schemas: schemas["Source"]["properties"]["fps"].update(type="string")),
            ("Source.fps may be absent", lambda _, schemas: schemas["Source"]["required"].remove("fps")),
            ("NewView has no class New", lambda _, schemas: schemas.update(NewView={"type": "object"})),
        ]:
            found = self.differences(change)
            for sdk in ("js", "python"):
                self.assertIn(f"{sdk}: {line}", found)


if __name__ == "__main__":
    unittest.main()
