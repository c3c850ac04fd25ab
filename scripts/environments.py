"""Virtual environments of tools that are written in Python, made from pinned requirements and kept in the cache."""

import shutil
import subprocess
import sys


def environment(folder, requirements):
    """The folder with the packages of a requirements file, made when they are not there."""
    stamp = folder / "ready"
    wanted = requirements.read_text()
    # The Python that it was made with may be gone: then its link leads nowhere.
    python = folder / "bin" / "python"
    if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "-q", "install", "-r", requirements], check=True)
        stamp.write_text(wanted)
    return folder
