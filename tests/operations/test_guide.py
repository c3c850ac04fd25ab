"""What reads and carries out the commands of documents, and that nothing is passed over in silence.

    python3 -m unittest discover -q -s tests/operations
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "services")]
import daemon
import guide
import runbooks

DOCUMENT = """# A document

```sh
export name=Robin
```

Text, and what is no command:

```toml
key = "value"
```

1. In a list:

   ```sh
   echo "$name" > name.txt
   ```

```sh needs=docker
docker run kinemotion
```
"""


class Guide(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def document(self, text: str) -> Path:
        path = self.folder / "document.md"
        path.write_text(text)
        return path

    def carry_out(self, text: str, timeout_s: float = 30) -> guide.Done:
        return guide.carry_out(guide.blocks(self.document(text)), self.folder, os.environ, timeout_s)

    def test_blocks_of_commands_are_found_with_their_lines_and_marks(self) -> None:
        found = [(block.line, block.needs, block.text) for block in guide.blocks(self.document(DOCUMENT))]
        self.assertEqual(
            found,
            [
                (4, None, "export name=Robin\n"),
                (16, None, 'echo "$name" > name.txt\n'),
                (20, "docker", "docker run kinemotion\n"),
            ],
        )

    def test_a_block_that_nobody_would_carry_out_is_refused(self) -> None:
        for text, said in [
            ("```bash\ntrue\n```\n", "name the language sh, not bash"),
            ("```sh need=docker\ntrue\n```\n", "`need=docker` is no mark"),
            ("\n```sh\ntrue\n", "2: the block is not closed"),
        ]:
            with self.assertRaisesRegex(guide.Malformed, said):
                guide.blocks(self.document(text))

    def test_one_shell_carries_out_all_blocks(self) -> None:
        blocks = [block for block in guide.blocks(self.document(DOCUMENT)) if not block.needs]
        self.assertEqual(guide.carry_out(blocks, self.folder, os.environ, 30).code, 0)
        self.assertEqual((self.folder / "name.txt").read_text(), "Robin\n")

    def test_the_block_that_fails_is_named_and_nothing_comes_after_it(self) -> None:
        done = self.carry_out("```sh\ntrue\n```\n\n```sh\necho before\nfalse\necho after > after.txt\n```\n")
        self.assertEqual((done.code, done.block.line), (1, 6))
        self.assertIn("before", done.said)
        self.assertFalse((self.folder / "after.txt").exists())

    def test_a_failure_within_a_pipe_is_one(self) -> None:
        self.assertEqual(self.carry_out("```sh\nfalse | cat\n```\n").code, 1)

    def test_a_variable_that_nobody_set_is_a_failure(self) -> None:
        self.assertNotEqual(self.carry_out('```sh\necho "$nobody_set_this"\n```\n').code, 0)

    def test_what_takes_too_long_is_ended_with_all_that_it_started(self) -> None:
        done = self.carry_out("```sh\nsleep 1000 &\necho $! > child\nwait\n```\n", timeout_s=2)
        self.assertIsNone(done.code)
        self.assert_over(int((self.folder / "child").read_text()))

    def test_what_is_left_in_the_background_is_ended(self) -> None:
        done = self.carry_out("```sh\nsleep 1000 &\necho $! > child\n```\n")
        self.assertEqual(done.code, 0)
        self.assert_over(int((self.folder / "child").read_text()))

    def assert_over(self, pid: int) -> None:
        # Whoever takes it up may not have waited for it yet.
        ask = ["ps", "-o", "state=", "-p", str(pid)]

        def is_over() -> bool:
            return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() in ("", "Z")

        daemon.until(f"the end of {pid}", is_over, 10)


class Runbooks(unittest.TestCase):
    def run_text(self, text: str) -> tuple[list[str], str]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "runbook.md"
            path.write_text(text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                return runbooks.run([path], Path("/nowhere")), out.getvalue()

    def test_what_is_not_carried_out_is_told_with_its_reason(self) -> None:
        problems, said = self.run_text("```sh needs=cloud\nkubectl get pods\n```\n")
        self.assertEqual(problems, [])
        self.assertIn("needs cloud (a cluster, or an account at a cloud): kubectl get pods", said)

    def test_a_need_that_nobody_knows_is_an_error(self) -> None:
        problems, _ = self.run_text("```sh needs=luck\ntrue\n```\n")
        self.assertEqual(len(problems), 1)
        self.assertIn("nobody knows what needs=luck is", problems[0])


if __name__ == "__main__":
    unittest.main()
