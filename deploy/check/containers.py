"""The Dockerfile and the compose file."""

import re
import tomllib

from facts import PREFIX, settings
from tree import Tree, run

DOCKERFILE, COMPOSE = "Dockerfile", "deploy/compose/dev.yml"
# DL3008 wants versions of Debian packages, which vanish from the archive with the next update.
HADOLINT = ["--ignore", "DL3008"]
# The user that volumes in deploy/kubernetes belong to, and the ports services there lead to.
USER, PORTS = "10001", {"8080", "8081"}
# Targets beside the daemon's own.
STAGES = {"cli", "gpu"}
# Ends by itself, so nobody asks whether it is well.
ONCE = "service_completed_successfully"


def dockerfile(tree: Tree) -> list[str]:
    """hadolint, and what the manifests rely on."""
    path = tree.file(DOCKERFILE)
    run([tree.tools.python / "hadolint", "--no-color", *HADOLINT, path])
    text = re.sub(r"\\\n", " ", path.read_text())
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stages = {words[3].lower() for words in lines if words[0].upper() == "FROM" and len(words) > 3}
    problems = [f"{DOCKERFILE}: there is no stage {stage}" for stage in sorted(STAGES - stages)]
    users = [words[1].split(":")[0] for words in lines if words[0].upper() == "USER"]
    if users[-1:] != [USER] or not set(users) <= {USER, "0", "root"}:
        problems.append(f"{DOCKERFILE}: USER is {', '.join(users) or 'root'} one after the other, the manifests run it as {USER}")
    if not any(words[0].upper() == "HEALTHCHECK" and words[1].upper() != "NONE" for words in lines):
        problems.append(f"{DOCKERFILE}: there is no HEALTHCHECK")
    exposed = {port.split("/")[0] for words in lines if words[0].upper() == "EXPOSE" for port in words[1:]}
    if not exposed <= PORTS:
        problems.append(f"{DOCKERFILE}: exposes {sorted(exposed - PORTS)}, where the daemon does not listen")
    copied = [source for words in lines if words[0].upper() == "COPY" for source in words[1:-1]]
    members = tomllib.loads(tree.file("Cargo.toml").read_text())["workspace"]["members"]
    for member in members:
        if not any(member == source or member.startswith(f"{source}/") for source in copied):
            problems.append(f"{DOCKERFILE}: the member {member} of the workspace is not copied")
    for words in lines:
        if words[0].upper() == "FROM" and words[-1 if len(words) < 4 else -3].endswith(":latest"):
            problems.append(f"{DOCKERFILE}: {' '.join(words)} is another image every day")
        if words[0].upper() == "ADD" and any(word.startswith(("http://", "https://")) for word in words):
            problems.append(f"{DOCKERFILE}: {' '.join(words[:2])} takes what it gets, without a hash")
    return problems


def compose(tree: Tree) -> list[str]:
    """The schema of compose files, and what makes `up --wait` mean that everything is well."""
    path = tree.file(COMPOSE)
    run([tree.tools.python / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path])
    document = tree.yaml(COMPOSE)
    services, known = document["services"], settings(tree)
    waited_for = {name for service in services.values() for name, how in dependencies(service).items() if how == ONCE}
    problems = []
    for name, service in services.items():
        where = f"{COMPOSE}: {name}"
        if name not in waited_for and "test" not in service.get("healthcheck", {}):
            problems.append(f"{where} has no healthcheck")
        image = service.get("image", "")
        if "build" not in service and not re.search(r":[\w.${}:-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?$", image):
            problems.append(f"{where}: image {image!r} has no version")
        for other, how in dependencies(service).items():
            if other not in services:
                problems.append(f"{where} waits for {other}, which is not there")
            elif how == "service_started":
                problems.append(f"{where} waits for the start of {other} only, and not until it is well")
        for mount in service.get("volumes", []):
            source = mount.split(":")[0] if isinstance(mount, str) else mount.get("source", "")
            if source.startswith(".") and not (path.parent / source).exists():
                problems.append(f"{where} mounts {source}, which is not there")
            elif re.match(r"[a-z]", source) and source not in (document.get("volumes") or {}):
                problems.append(f"{where} mounts the volume {source}, which is not declared")
        environment = service.get("environment") or {}
        names = [entry.split("=")[0] for entry in environment] if isinstance(environment, list) else environment
        problems += [f"{where}: {variable} is no setting" for variable in names
                     if variable.startswith(PREFIX) and variable not in known]
    return problems


def dependencies(service: dict) -> dict[str, str]:
    """Services that are waited for, and until when."""
    named = service.get("depends_on", {})
    if isinstance(named, list):
        return dict.fromkeys(named, "service_started")
    return {name: how.get("condition", "service_started") for name, how in named.items()}


