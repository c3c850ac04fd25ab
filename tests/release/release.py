#!/usr/bin/env python3
"""Tests of the scripts that a release is made with, and of the one that looks at links."""

import datetime
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "release"))

import version as versions
from notes import Missing, notes

CHANGELOG = "# Changelog\n\n## Unreleased\n\n- Next.\n\n## 0.2.0 (2026-12-01)\n\n- Second.\n  Goes on.\n\n## 0.1.0\n\n- First.\n\n## 0.0.9\n"


class Notes(unittest.TestCase):
    def test_a_section_ends_where_the_next_begins(self) -> None:
        self.assertEqual(notes(CHANGELOG, "0.2.0"), "- Second.\n  Goes on.")
        self.assertEqual(notes(CHANGELOG, "0.1.0"), "- First.")

    def test_a_version_that_is_missing_empty_or_there_twice_is_an_error(self) -> None:
        for wrong, why in (("0.2", "no section"), ("0.0.9", "empty"), ("0.3.0", "no section")):
            with self.assertRaisesRegex(Missing, why):
                notes(CHANGELOG, wrong)
        with self.assertRaisesRegex(Missing, "2 sections"):
            notes(CHANGELOG + CHANGELOG, "0.1.0")

    def test_the_program_says_what_is_missing_and_fails(self) -> None:
        done = subprocess.run([ROOT / "scripts/release/notes.py", "99.0.0"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no section `## 99.0.0`", done.stderr)


class Version(unittest.TestCase):
    def setUp(self) -> None:
        """A copy of the files that a version stands in."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        found = [path.relative_to(ROOT) for path in ROOT.glob("**/Cargo.toml")]
        manifests = [str(path) for path in found if not {"target", "node_modules"} & set(path.parts)]
        for name in {*manifests, *versions.places(ROOT), "CHANGELOG.md"}:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.version = versions.version(ROOT)

    def test_every_file_of_the_repository_says_the_same_version(self) -> None:
        self.assertEqual(versions.check(ROOT, None), [])

    def test_a_file_that_says_another_version_is_named(self) -> None:
        for name in versions.places(self.root):
            with self.subTest(name):
                text = (self.root / name).read_text()
                changed = text.replace(f'version = "{self.version}"', 'version = "9.9.9"').replace(f'"version": "{self.version}"', '"version": "9.9.9"')
                (self.root / name).write_text(changed)
                problems = versions.check(self.root, None)
                (self.root / name).write_text(text)
                self.assertTrue(problems)
                if name != "Cargo.toml":
                    self.assertTrue(all(problem.startswith(f"{name} says 9.9.9") for problem in problems), problems)

    def test_setting_a_version_leaves_a_repository_that_may_be_tagged_with_it(self) -> None:
        versions.change(self.root, "9.9.9", datetime.date(2026, 12, 1))
        self.assertEqual(versions.check(self.root, "v9.9.9"), [])
        self.assertIn("## Unreleased\n\n## 9.9.9 (2026-12-01)\n", (self.root / "CHANGELOG.md").read_text())
        with self.assertRaises(Missing):
            versions.change(self.root, "9.9.9", datetime.date(2026, 12, 1))

    def test_a_tag_of_another_version_is_refused(self) -> None:
        versions.change(self.root, "9.9.9", datetime.date(2026, 12, 1))
        (problem,) = versions.check(self.root, "v9.9.8")
        self.assertIn("has to be v9.9.9", problem)

    def test_what_is_no_version_is_refused(self) -> None:
        for wrong in ("v1.0.0", "1.0", "", "1.0.0\n"):
            with self.assertRaises(Missing):
                versions.change(self.root, wrong, datetime.date(2026, 12, 1))


class Artifacts(unittest.TestCase):
    def make(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([ROOT / "scripts/release/artifacts.sh", *map(str, arguments)], capture_output=True, text=True)

    def test_sums_are_of_every_file_and_not_of_themselves(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("b.deb", "a file.tar.gz"):
                (Path(folder) / name).write_text(name)
            for _ in range(2):
                self.assertEqual(self.make("sums", folder).returncode, 0)
            listed = (Path(folder) / "SHA256SUMS").read_text().splitlines()
            self.assertEqual([line.split("  ")[1] for line in listed], ["a file.tar.gz", "b.deb"])
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)

    def test_what_is_missing_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for arguments, why in ((("sums", folder), "nothing in"), (("programs", folder, "/nowhere", "/nowhere/x.so"), "no program /nowhere/kinemotion"),
                                   (("everything", folder), "everything is none of")):
                done = self.make(*arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)


class Publishing(unittest.TestCase):
    def test_what_is_missing_is_named_before_anything_is_sent(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            there = {"PATH": os.environ["PATH"], "IMAGE": "registry.example/kinemotion", "REGISTRY_TOKEN": "secret"}
            for arguments, gone, why in ((["image.sh", "push", folder], None, "server-amd64.tar"), (["image.sh", "push", folder], "IMAGE", "IMAGE is not set"),
                                         (["image.sh", "push", folder], "REGISTRY_TOKEN", "REGISTRY_TOKEN is not set"),
                                         (["image.sh", "bills", folder], None, "ARCHITECTURE is not set"), (["publish.sh", folder], None, "SHA256SUMS")):
                environment = {name: value for name, value in there.items() if name != gone}
                done = subprocess.run([ROOT / "scripts/release" / arguments[0], *arguments[1:]], env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)

    def test_files_that_are_not_those_of_the_sums_are_not_published(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "SHA256SUMS").write_text(f"{'0' * 64}  file\n")
            (Path(folder) / "file").touch()
            done = subprocess.run([ROOT / "scripts/release/publish.sh", folder], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("file: FAILED", done.stdout)


class Links(unittest.TestCase):
    def setUp(self) -> None:
        spec = importlib.util.spec_from_file_location("check_links", ROOT / "scripts/check-links.py")
        self.links = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.links)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "other.md").write_text("# A `heading`, twice!\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n")

    def broken(self, text: str) -> list[str]:
        file = self.folder / "page.md"
        file.write_text(text)
        return [problem.removeprefix(f"{file}:") for problem in self.links.broken(file)]

    def test_files_and_headings_that_are_there_are_found(self) -> None:
        text = "# Here\n[a](other.md) [b](other.md#a-heading-twice) [c](other.md#twice-1) [d](#here) ![e](<other.md>)\n\n[f]: other.md\n"
        self.assertEqual(self.broken(text), [])

    def test_what_is_not_there_is_named_with_its_line(self) -> None:
        for link, why in (("nowhere.md", "nowhere.md: there is no such file"), ("other.md#no-heading", "other.md has no such heading"),
                          ("#there", "page.md has no such heading"), ("other.md#twice-2", "other.md has no such heading")):
            (problem,) = self.broken(f"# Here\n\nSee [this]({link}).\n")
            self.assertTrue(problem.startswith("3: "), problem)
            self.assertIn(why, problem)
        self.assertEqual(len(self.broken("[x]: nowhere.md\n")), 1)

    def test_other_sites_and_code_are_left_alone(self) -> None:
        self.assertEqual(self.broken("[a](https://nowhere.example/x) [b](mailto:a@b.example) `[c](nowhere.md)`\n\n```md\n[d](nowhere.md)\n```\n"), [])


if __name__ == "__main__":
    unittest.main()
