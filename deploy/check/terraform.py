"""deploy/aws: format, validity and its own tests, which mock the cloud."""

import os
import shutil
from pathlib import Path

from manifests import checkov
from tree import Tree, Trouble, run, scratch

FOLDER = "deploy/aws"
# Where packages put providers; Terraform looks through its own folders and asks its registry besides.
PROVIDERS = ["/usr/share", "/usr/local/share", "/opt"]
WANTED = "*/*/hashicorp/aws"


def terraform(tree: Tree) -> list[str]:
    files = tree.files(f"{FOLDER}/*.tf")
    if not shutil.which("terraform"):
        tree.note(f"{FOLDER}: Terraform is not installed, so nothing looked at it")
        return []
    run(["terraform", "fmt", "-check", "-diff", "-recursive", tree.file(FOLDER)])
    with scratch() as folder:
        # init writes beside what it reads.
        module = Path(folder) / "aws"
        shutil.copytree(files[0].parent, module, ignore=shutil.ignore_patterns(".terraform*"))
        mirror = [f"-plugin-dir={found.parents[1].parent}" for base in PROVIDERS for found in Path(base).glob(WANTED)][:1]
        try:
            run(["terraform", f"-chdir={module}", "init", "-backend=false", "-input=false", "-no-color", *mirror], env=quiet())
        except Trouble as trouble:
            if "provider" not in str(trouble).lower():
                raise
            tree.note(f"{FOLDER}: its provider is not installed and cannot be fetched, so only its format was looked at")
            return []
        run(["terraform", f"-chdir={module}", "validate", "-no-color"], env=quiet())
        run(["terraform", f"-chdir={module}", "test", "-no-color"], env=quiet())
    return []


def quiet() -> dict[str, str]:
    """Without a configuration file that is named and not there."""
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    return {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"} | ({"TF_CLI_CONFIG_FILE": ""} if named and not Path(named).exists() else {})


def policies(tree: Tree) -> list[str]:
    tree.files(f"{FOLDER}/*.tf")
    return checkov(tree, tree.file(FOLDER), "terraform")
