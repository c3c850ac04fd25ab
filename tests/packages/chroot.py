"""A root folder with just so much in it that dpkg can install there. systemd's programs are stand-ins that write down how they are
called."""

import re
import shutil
import subprocess
from pathlib import Path

# What the scripts of the packages call.
PROGRAMS = ["sh", "cat", "env", "rm", "rmdir"]
STAND_INS = ["runuser", "systemctl", "systemd-sysusers", "systemd-tmpfiles"]


class Chroot:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls = root / "calls"

    def __enter__(self) -> "Chroot":
        for folder in ("bin", "var/lib/dpkg/info", "var/lib/dpkg/updates", "run/systemd/system", "dev", "tmp"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()
        (self.root / "dev/null").touch()
        for name in PROGRAMS:
            program = shutil.which(name, path="/usr/bin:/bin")
            self.copy(Path(program), self.root / "bin" / name)
            libraries = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
            for library in re.findall(r"(/\S+)", libraries):
                self.copy(Path(library), self.root / library.lstrip("/"))
        for name in STAND_INS:
            stand_in = self.root / "bin" / name
            stand_in.write_text(f'#!/bin/sh\necho "{name} $*" >>/calls\nenv >/environment\n')
            stand_in.chmod(0o755)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.root)

    @staticmethod
    def copy(source: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.resolve(), to)

    def dpkg(self, *arguments: object) -> str:
        """What dpkg says. Packages that ours depend on are not there."""
        command = ["dpkg", f"--root={self.root}", "--force-depends", "--force-confold", *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def run(self, *command: str) -> dict[str, str]:
        """What the last program that a command calls finds in its environment."""
        subprocess.run(["chroot", self.root, *command], check=True, env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        return dict(line.partition("=")[::2] for line in (self.root / "environment").read_text().splitlines())

    def called(self) -> list[str]:
        """How stand-ins were called since the last time."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return lines
