"""Both SDKs as packages, installed where nothing else is, against a running daemon. Nothing is fetched.

    KINEMOTION_BIN=target/release KINEMOTION_WHEELS=FOLDER python3 -m unittest sdk/test_packages.py
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SDK = Path(__file__).resolve().parent
sys.path.insert(0, str(SDK / "python"))

from tests import daemon

COMPILER = SDK.parent / "web" / "node_modules" / ".bin" / "tsc"
PYTHON = """
import sys
from importlib.metadata import version
from pathlib import Path

import kinemotion
from kinemotion import AsyncKinemotionClient, KinemotionClient

folder = Path(kinemotion.__file__).parent
assert folder.is_relative_to(sys.prefix), folder
assert (folder / "py.typed").exists(), "its types are not told"
assert version("kinemotion-client") and AsyncKinemotionClient
print([sport.name for sport in KinemotionClient(base_url=sys.argv[1]).sports().sports])
"""
TYPESCRIPT = """
import { KinemotionClient, best, type Analysis } from 'kinemotion-client';
import { Publisher, Viewer } from 'kinemotion-client/webrtc';
import * as webhooks from 'kinemotion-client/webhooks';

const client = new KinemotionClient({ baseUrl: process.argv[2] });
const highest: (analysis: Analysis) => unknown = best;
if (![highest, Publisher, Viewer, ...Object.values(webhooks)].every((part) => typeof part === 'function')) throw new Error('a part is missing');
console.log((await client.sports()).sports.map(({ name }) => name));
"""
#: Only what a compiler must know of Node here.
NODE = "declare const process: { argv: string[] };\n"


class Packages(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kinemotion-packages-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_in_folder(self, *command: object, **settings: str) -> str:
        """What a command says that knows nothing of the sources."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings
        done = subprocess.run(list(map(str, command)), cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_pip_installs_the_python_one_into_a_fresh_environment(self) -> None:
        wheels = os.environ.get("KINEMOTION_WHEELS")
        if not wheels:
            self.skipTest("KINEMOTION_WHEELS names no folder")
        # Building leaves files in the sources.
        shutil.copytree(SDK / "python", self.folder / "python", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
        self.run_in_folder(sys.executable, "-m", "venv", "fresh")
        self.run_in_folder("fresh/bin/pip", "install", "./python", PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels, PIP_DISABLE_PIP_VERSION_CHECK="1")
        with daemon.running() as url:
            self.assertIn("cmj", self.run_in_folder("fresh/bin/python", "-c", PYTHON, url))

    def test_npm_installs_the_typescript_one_with_its_types(self) -> None:
        self.run_in_folder("npm", "pack", "--silent", "--pack-destination", self.folder, SDK / "js")
        (package,) = self.folder.glob("*.tgz")
        (self.folder / "package.json").write_text('{"type": "module", "private": true}')
        self.run_in_folder("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", package)
        (self.folder / "smoke.ts").write_text(NODE + TYPESCRIPT)
        self.run_in_folder(COMPILER, "--strict", "--target", "es2022", "--module", "nodenext", "smoke.ts")
        with daemon.running() as url:
            self.assertIn("cmj", self.run_in_folder("node", "smoke.js", url))


if __name__ == "__main__":
    unittest.main()
