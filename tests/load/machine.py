"""Where and on what something was measured."""

import datetime
import os
import platform
import re
import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def where(kinemotion):
    """Date, commit, machine and versions."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": f"{os.cpu_count()} × {processor()}, {memory_gb():.0f} GB",
        "system": f"{distribution()}, Linux {platform.release().partition('-')[0]}",
        "versions": f"{said(kinemotion, '--version')}, {gstreamer()}, ONNX Runtime {onnx_runtime()}",
    }


def said(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def commit():
    """The commit, and whether something is changed; the document itself is changed by every scenario."""
    changed = said("git", "-C", HERE, "status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs")
    return said("git", "-C", HERE, "rev-parse", "--short=10", "HEAD") + (" and changes" if changed else "")


def processor():
    models = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return models[0] if models else platform.machine()


def memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def distribution():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def gstreamer():
    return said("gst-inspect-1.0", "--version").splitlines()[1]


def onnx_runtime():
    """The version that models.lock pins."""
    lock = tomllib.loads((HERE.parents[1] / "models" / "models.lock").read_text())
    return lock["runtime"][0]["version"]
