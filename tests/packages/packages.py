#!/usr/bin/env python3
"""Makes the packages for Debian and looks at them: what is in them, what the unit may do, that the program and the plugin of the
packages work, and what dpkg does with them in a root folder of their own. Nothing of this machine is changed; it needs root.

    python3 tests/packages/packages.py --programs target/release --plugin target/plugins/libgstkinemotion.so
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "services"), str(Path(__file__).parent)]

from chroot import Chroot
from daemon import END_S, READY_S, free_ports

# As `systemd-analyze security` counts: 0 may do nothing, 10 everything.
EXPOSURE, EXPOSURE_WITH_DEVICES = 1.4, 1.8


def run(*command: object, **more: object) -> str:
    """What a command says. One that fails is told with all it said."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Packages(unittest.TestCase):
    options: argparse.Namespace
    folder: Path
    deb: dict[str, Path]
    tree: Path
    machine: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.deb = build(cls.options, cls.folder / "first")
        cls.tree = cls.folder / "tree"
        for deb in cls.deb.values():
            run("dpkg-deb", "--extract", deb, cls.tree)
        # For systemd-analyze: the packages in a machine that has systemd's own units.
        cls.machine = cls.folder / "machine"
        run("cp", "--archive", "--link", cls.tree, cls.machine)
        for kind in ("target", "slice", "service", "socket"):
            for unit in Path("/lib/systemd/system").glob(f"*.{kind}"):
                shutil.copy(unit, cls.machine / "lib/systemd/system", follow_symlinks=False)
        (cls.machine / "bin").mkdir()
        (cls.machine / "bin/kill").touch(0o755)

    def field(self, package: str, name: str) -> str:
        return run("dpkg-deb", "--field", self.deb[package], name).strip()

    def program_version(self) -> str:
        return run(self.tree / "usr/bin/kinemotion", "--version").split()[-1]

    def test_lintian_finds_no_error(self) -> None:
        run("lintian", "--allow-root", "--fail-on", "error", *self.deb.values())

    def test_the_same_programs_give_the_same_bytes(self) -> None:
        for name, again in build(self.options, self.folder / "second").items():
            self.assertEqual(again.read_bytes(), self.deb[name].read_bytes(), name)

    def test_packages_have_the_version_of_the_program(self) -> None:
        for package in self.deb:
            self.assertEqual(self.field(package, "Version"), f"{self.program_version()}-1")

    def test_packages_of_all_elements_that_analyses_are_made_of_are_depended_on(self) -> None:
        elements = (ROOT / "pipelines/src/elements.rs").read_text()
        needed = set(re.findall(r'package: "([a-z0-9.-]+)"', elements))
        self.assertIn("gstreamer1.0-plugins-ugly", needed)
        depended = {entry.split()[0] for entry in self.field("kinemotion", "Depends").split(", ")}
        self.assertLessEqual(needed, depended)

    def test_licences_are_in_each_package(self) -> None:
        for package in self.deb:
            text = (self.tree / "usr/share/doc" / package / "copyright").read_text()
            self.assertIn("MIT License", text)
            self.assertIn("Apache License, Version 2.0", text)

    def test_licences_of_all_crates_are_in_each_package(self) -> None:
        # Those of this repository are told with their folder.
        lines = [line.partition("|")[0] for line in run(ROOT / "scripts/release/crates.sh").splitlines() if "(/" not in line]
        others = {f"{name} {version.removeprefix('v')}: " for name, version, *_ in map(str.split, lines)}
        self.assertGreater(len(others), 300)
        for package in self.deb:
            packed = (self.tree / "usr/share/doc" / package / "third-party-licences.gz").read_bytes()
            text = gzip.decompress(packed).decode()
            self.assertEqual([crate for crate in others if f"\n{crate}" not in text], [])
            for words in ("Permission is hereby granted", "Apache License", "Mozilla Public License"):
                self.assertIn(words, text)

    def test_the_unit_is_one_that_systemd_understands_and_may_do_little(self) -> None:
        self.check_unit(EXPOSURE)

    def test_the_unit_with_each_drop_in_for_devices_is_as_well(self) -> None:
        folder = self.machine / "etc/systemd/system/kinemotion.service.d"
        folder.mkdir(parents=True)
        for example in sorted((self.tree / "usr/share/doc/kinemotion/examples").glob("*.conf")):
            with self.subTest(example.name):
                drop_in = folder / example.name
                drop_in.write_text(example.read_text())
                self.assertGreater(self.check_unit(EXPOSURE_WITH_DEVICES), EXPOSURE, "the drop-in was not read")
                drop_in.unlink()

    def check_unit(self, most: float) -> float:
        complaints = [line for line in run("systemd-analyze", f"--root={self.machine}", "--man=no", "verify", "kinemotion.service").splitlines()
                      if "kinemotion" in line]
        self.assertEqual(complaints, [])
        said = run("systemd-analyze", f"--root={self.machine}", "--offline=yes", "security", "--no-pager", "kinemotion.service")
        exposure = float(re.search(r"exposure level for kinemotion\.service: ([\d.]+)", said)[1])
        self.assertLessEqual(exposure, most, said)
        return exposure

    def test_the_user_and_its_folder_are_made_from_what_the_package_says(self) -> None:
        root = self.folder / "users"
        for part in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d", "var/lib"):
            (root / part).mkdir(parents=True)
        for part in ("usr/lib/sysusers.d/kinemotion.conf", "usr/lib/tmpfiles.d/kinemotion.conf"):
            (root / part).write_text((self.tree / part).read_text())
        run("systemd-sysusers", f"--root={root}", "kinemotion.conf")
        run("systemd-tmpfiles", f"--root={root}", "--create", "kinemotion.conf")
        name, _, user, group, _, home, shell = re.search("^kinemotion:.*$", (root / "etc/passwd").read_text(), re.M)[0].split(":")
        self.assertEqual((home, shell), ("/var/lib/kinemotion", "/usr/sbin/nologin"))
        folder = (root / "var/lib/kinemotion").stat()
        self.assertEqual((folder.st_uid, folder.st_gid, folder.st_mode & 0o7777), (int(user), int(group), 0o750))

    def test_the_plugin_has_its_five_elements_where_gstreamer_looks(self) -> None:
        triplet = run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()
        folder = self.tree / "usr/lib" / triplet / "gstreamer-1.0"
        environment = {**os.environ, "GST_PLUGIN_PATH": str(folder), "GST_REGISTRY": str(self.folder / "registry.bin")}
        said = run("gst-inspect-1.0", "kinemotion", env=environment)
        for element in ("kinepose", "kinephase", "kineoverlay", "kinejson"):
            self.assertIn("Factory Details", run("gst-inspect-1.0", element, env=environment))
        self.assertIn(str(folder), said)

    def test_the_daemon_starts_with_the_settings_of_the_package_and_is_waited_for(self) -> None:
        port, admin = free_ports(2)
        settings = {"SERVER__LISTEN": f"127.0.0.1:{port}", "ADMIN__LISTEN": f"127.0.0.1:{admin}", "STORAGE__FOLDER": self.folder / "stored"}
        environment = {**os.environ, "PATH": f"{self.tree}/usr/bin:{os.environ['PATH']}",
                       **{f"KINEMOTION_SERVE__{key}": str(value) for key, value in settings.items()}}
        until_ready = self.tree / "usr/libexec/kinemotion/until-ready"
        with (self.folder / "daemon.log").open("w+") as log:
            daemon = subprocess.Popen([self.tree / "usr/bin/kinemotion", "serve", "--config", self.tree / "etc/kinemotion/kinemotion.toml"],
                                      env=environment, stdout=log, stderr=log)
            try:
                run(until_ready, daemon.pid, f"http://127.0.0.1:{admin}", env=environment, timeout=READY_S)
                self.assertTrue((self.folder / "stored").is_dir())
            finally:
                daemon.terminate()
                daemon.wait(END_S)
        with self.assertRaisesRegex(AssertionError, "has ended before it was ready"):
            run(until_ready, daemon.pid, f"http://127.0.0.1:{admin}", env=environment, timeout=READY_S)

    def test_dpkg_installs_upgrades_removes_and_purges(self) -> None:
        with Chroot(self.folder / "chroot") as chroot:
            said = chroot.dpkg("--install", *self.deb.values())
            self.assertIn("kinemotion-admin models pull", said)
            self.assertEqual(chroot.called(), ["systemd-sysusers kinemotion.conf", "systemd-tmpfiles --create kinemotion.conf",
                                               "systemctl --system daemon-reload"], "a first installation starts nothing")
            settings = chroot.root / "etc/kinemotion/kinemotion.toml"
            settings.write_text(settings.read_text() + "# ours\n")
            measured = chroot.root / "var/lib/kinemotion/analyses/analyses.db"
            measured.parent.mkdir(parents=True)
            measured.touch()
            (chroot.root / "var/lib/kinemotion/models").mkdir()

            (chroot.root / "etc/kinemotion/secrets.env").write_text("# ours\nKINEMOTION_SERVE__AUTH__SESSION_SECRET=a b$c\n")
            found = chroot.run("kinemotion-admin", "models", "pull")
            self.assertEqual(chroot.called(), ["runuser -u kinemotion -- /usr/bin/kinemotion models pull"])
            self.assertEqual((found["KINEMOTION_SERVE__AUTH__SESSION_SECRET"], found["HOME"], found["KINEMOTION_CACHE"], found["PWD"]),
                             ("a b$c", *["/var/lib/kinemotion"] * 3))

            newer = build(self.options, self.folder / "newer", REVISION="2")
            chroot.dpkg("--install", *newer.values())
            calls = chroot.called()
            self.assertEqual((calls[0], calls[-1]), ("systemctl stop kinemotion.service", "systemctl start kinemotion.service"))
            self.assertIn("# ours", settings.read_text())

            chroot.dpkg("--remove", "gst-kinemotion", "kinemotion")
            self.assertIn("systemctl stop kinemotion.service", chroot.called())
            self.assertFalse((chroot.root / "usr/bin/kinemotion").exists())
            self.assertIn("# ours", settings.read_text())

            said = chroot.dpkg("--purge", "gst-kinemotion", "kinemotion")
            self.assertIn("still has what was measured", said)
            self.assertTrue(measured.exists())
            self.assertFalse((chroot.root / "var/lib/kinemotion/models").exists())
            self.assertFalse(settings.exists())
            self.assertTrue((settings.parent / "secrets.env").exists(), "what the package did not bring is not its own to remove")


def build(options: argparse.Namespace, out: Path, **environment: str) -> dict[str, Path]:
    """The packages by their names. They are packed quickly, not well."""
    run(ROOT / "deploy/debian/build.sh", "--programs", options.programs, "--plugin", options.plugin, "--out", out,
        env={**os.environ, "COMPRESSION": "gzip", **environment})
    return {deb.name.partition("_")[0]: deb for deb in sorted(out.glob("*.deb"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of kinemotion")
    parser.add_argument("--plugin", type=Path, required=True, help="libgstkinemotion.so")
    Packages.options, rest = parser.parse_known_args()
    if os.geteuid():
        sys.exit("packages: dpkg needs root to install into a folder")
    with tempfile.TemporaryDirectory(prefix="kinemotion-packages-") as folder:
        Packages.folder = Path(folder)
        # dpkg-deb and systemd look at the folder as other users would.
        Packages.folder.chmod(0o755)
        if not unittest.main(argv=[sys.argv[0], *rest], exit=False).result.wasSuccessful():
            sys.exit(1)


if __name__ == "__main__":
    main()
