"""Stand-ins for the images of others, made on this machine from Debian's packages where no registry of images is reached: see
stand-ins/Dockerfile. They are kept in buildah's storage, and made again when their recipe has changed."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from engines import said

RECIPES = Path(__file__).resolve().parent / "stand-ins"
BASE = "docker.io/library/debian:bookworm-slim"
# Which recipe a stand-in was made by.
LABEL = "org.kinemotion.recipe"
# The Python of Debian 12, which the stand-in for moto has.
PYTHON = "3.11"


def recipes():
    """What there are recipes for, with all that is in them."""
    stages = re.findall(r"^FROM \S+ AS (\S+)$(.*?)(?=^FROM |\Z)", (RECIPES / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    scripts = {target: re.findall(r"^COPY (\w+\.sh) ", text, re.MULTILINE) for target, text in stages}
    return {target: text + "".join((RECIPES / script).read_text() for script in scripts[target]) for target, text in stages}


def target_of(image):
    """The target that stands in for an image: `prom/prometheus:v2` is prometheus."""
    return re.fullmatch(r"(?:.*/)?([^/:]+):.+", image)[1]


def name_of(image):
    """What a stand-in is called in buildah's storage, where the name of the image itself could be that of another."""
    return f"localhost/kinemotion-stand-in:{target_of(image)}"


def make(images, cache):
    """Makes what is not there."""
    if subprocess.run(["buildah", "inspect", "--type", "image", BASE], capture_output=True).returncode:
        sys.exit(f"{BASE} is missing: run `STAND_IN=1 make image`, which makes a stand-in for it and the image of the daemon")
    base = said(["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", BASE])
    texts = recipes()
    for image in images:
        name = name_of(image)
        recipe = hashlib.sha256("\0".join([base, image, texts[target_of(image)]]).encode()).hexdigest()
        if recipe_of(name) != recipe:
            build(image, name, recipe, cache)


def recipe_of(name):
    told = subprocess.run(
        ["buildah", "inspect", "--type", "image", "--format", f'{{{{index .OCIv1.Config.Labels "{LABEL}"}}}}', name], capture_output=True, text=True
    )
    return told.stdout.strip()


def build(image, name, recipe, cache):
    print(f"making a stand-in for {image}", flush=True)
    packages = cache / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    if target_of(image) == "moto":
        install_moto(image.rpartition(":")[2], packages)
    options = ["--pull-never", "--isolation", "chroot", "--format", "docker", "--quiet"]
    said(["buildah", "bud", *options, "--label", f"{LABEL}={recipe}", "--build-context", f"packages={packages}",
          "--target", target_of(image), "--tag", name, RECIPES])
    shutil.rmtree(packages)


def install_moto(version, folder):
    """moto as the image has it, for the Python that its stand-in has; pip on this machine knows where to fetch from."""
    for_it = ["--python-version", PYTHON, "--implementation", "cp", "--only-binary=:all:"]
    said([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-compile", *for_it,
          "--target", folder, f"moto[s3]=={version}", "flask", "flask-cors"])
