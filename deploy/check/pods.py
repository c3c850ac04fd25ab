"""Pods against the daemon: its addresses, settings, memory, time to end, and how little they may."""

import re
from typing import Iterator, NamedTuple

from facts import PREFIX, effective, readable, settings
from tree import OVERLAYS, Tree

# `sessions.drain_s` begins after the hook, and files are closed after that.
CLOSING_S = 20
PROBES = {"startupProbe": "/readyz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
USER = 10001
UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class Daemon(NamedTuple):
    """The daemon's container in an overlay, and the settings it would have."""

    where: str
    workload: dict
    pod: dict
    container: dict
    settings: dict[str, object]

    def port(self, setting: str) -> int:
        return int(str(self.settings[PREFIX + setting]).rpartition(":")[2])


def daemons(tree: Tree) -> Iterator[Daemon]:
    """The daemon of every overlay that has one."""
    for overlay in OVERLAYS:
        resources = tree.rendered(overlay)
        maps = {resource["metadata"]["name"]: resource["data"] for resource in resources if resource["kind"] == "ConfigMap"}
        for resource in resources:
            if resource["kind"] != "Deployment" or resource["metadata"]["labels"]["app.kubernetes.io/name"] != "kinemotion":
                continue
            pod = resource["spec"]["template"]["spec"]
            container = pod["containers"][0]
            config = next(volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "config")
            said = {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}
            yield Daemon(overlay, resource, pod, container, effective(tree, maps[config]["kinemotion.toml"], said))


def environment(tree: Tree) -> list[str]:
    """Variables are settings with values of their kind, and refer to what was said before them."""
    known, problems = settings(tree), []
    for daemon in daemons(tree):
        said: set[str] = set()
        for variable in daemon.container["env"]:
            name, value = variable["name"], variable.get("value", "")
            if name.startswith("KINEMOTION_") and name not in known:
                problems.append(f"{daemon.where}: {name} is no setting of the daemon")
            elif name in known and "value" in variable and not readable(known[name], value):
                problems.append(f"{daemon.where}: {name} cannot be {value!r}, its default is {known[name]!r}")
            problems += [f"{daemon.where}: {name} refers to {other}, which is not said before it"
                         for other in re.findall(r"\$\((\w+)\)", value) if other not in said]
            said.add(name)
    return problems


def shape(tree: Tree) -> list[str]:
    """Probes, ports, memory and the time to end are those of the daemon's settings."""
    problems = []
    for daemon in daemons(tree):
        where, container = daemon.where, daemon.container
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for name, setting in (("http", "SERVER__LISTEN"), ("admin", "ADMIN__LISTEN")):
            if ports.get(name) != daemon.port(setting):
                problems.append(f"{where}: the port {name} is {ports.get(name)}, the daemon listens on {daemon.port(setting)}")
            address = str(daemon.settings[PREFIX + setting])
            if not address.startswith(("0.0.0.0:", "[::]:", "$(POD_IP):")):
                problems.append(f"{where}: nobody reaches {setting} at {address} from outside of the pod")
        for probe, path in PROBES.items():
            asked = container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") not in ("admin", ports.get("admin")):
                problems.append(f"{where}: {probe} asks {asked}, the daemon answers at {path} of its port admin")
        problems += memory(daemon) + ending(daemon) + volumes(daemon)
    return problems


def memory(daemon: Daemon) -> list[str]:
    """The container's limit holds the daemon at its own limit, a tenth more, and its batch processes."""
    value = {key: daemon.settings[PREFIX + key] for key in ("SESSIONS__MEMORY_MB", "BATCH__WORKERS", "BATCH__MEMORY_MB")}
    if not value["SESSIONS__MEMORY_MB"]:
        return [f"{daemon.where}: sessions.memory_mb is not set, so the daemon does not know its limit"]
    needed = (1.1 * value["SESSIONS__MEMORY_MB"] + value["BATCH__WORKERS"] * value["BATCH__MEMORY_MB"]) * 1e6
    limit = quantity(daemon.container["resources"]["limits"]["memory"])
    return [] if needed <= limit else [f"{daemon.where}: the daemon and its batch processes may use {needed:.0f} bytes of {limit:.0f}"]


def ending(daemon: Daemon) -> list[str]:
    """The grace period has room for the hook, for the drain and for closing."""
    hook = daemon.container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
    problems = []
    mounts = {mount["mountPath"] for mount in daemon.container["volumeMounts"]}
    if len(hook) != 2 or hook[1].rpartition("/")[0] not in mounts:
        problems.append(f"{daemon.where}: preStop runs {hook}, which is in none of the volumes")
    live = next((int(variable["value"]) for variable in daemon.container["env"] if variable["name"] == "LIVE_S"), None)
    if live is None:
        return [*problems, f"{daemon.where}: LIVE_S is not set, without which the hook does not wait"]
    needed = live + int(daemon.settings[PREFIX + "SESSIONS__DRAIN_S"]) + CLOSING_S
    given = daemon.pod.get("terminationGracePeriodSeconds", 30)
    if given < needed:
        problems.append(f"{daemon.where}: terminationGracePeriodSeconds is {given}, live analyses, drain and closing take {needed}")
    return problems


def volumes(daemon: Daemon) -> list[str]:
    """What the daemon writes to is a volume, as its root is read-only."""
    mounts = {mount["mountPath"]: mount for mount in daemon.container["volumeMounts"]}
    folder = daemon.settings[PREFIX + "STORAGE__FOLDER"]
    problems = [f"{daemon.where}: {path} is no volume that can be written" for path in (folder, "/tmp")
                if path not in mounts or mounts[path].get("readOnly")]
    config = daemon.container["command"][daemon.container["command"].index("--config") + 1]
    if config.rpartition("/")[0] not in mounts:
        problems.append(f"{daemon.where}: {config} is in none of the volumes")
    return problems


def privileges(tree: Tree) -> list[str]:
    """Nobody is root, writes to the image, gains rights, or talks to the Kubernetes API."""
    problems = []
    for overlay in OVERLAYS:
        resources = tree.rendered(overlay)
        level = next(resource["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
                     for resource in tree.around(overlay) if resource["kind"] == "Namespace")
        for resource in resources:
            if resource["kind"] not in ("Deployment", "DaemonSet", "StatefulSet"):
                continue
            where, pod = f"{overlay}: {resource['metadata']['name']}", resource["spec"]["template"]["spec"]
            if level != ("privileged" if pod.get("hostNetwork") else "restricted"):
                problems.append(f"{where}: the level of pod security is {level}")
            security = pod.get("securityContext", {})
            wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
            if resource["metadata"]["labels"]["app.kubernetes.io/name"] == "kinemotion":
                wanted |= {"runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
            problems += [f"{where}: {key} is not {value}" for key, value in wanted.items() if security.get(key) != value]
            if pod.get("automountServiceAccountToken") is not False:
                problems.append(f"{where}: gets a token of the Kubernetes API")
            for container in pod["containers"] + pod.get("initContainers", []):
                own = container.get("securityContext", {})
                for key, value in {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}.items():
                    if own.get(key) != value:
                        problems.append(f"{where}: {key} of {container['name']} is not {value}")
    return problems


def quantity(text: str | int) -> float:
    """`500m`, `8Gi`, `4` as a number."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m|[KMGT]i|[kMGT]|)", str(text))
    if not match:
        raise ValueError(f"{text!r} is no quantity")
    return float(match[1]) / 1000 if match[2] == "m" else float(match[1]) * UNITS[match[2]]
