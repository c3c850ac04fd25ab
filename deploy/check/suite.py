"""Every check by its name. A check takes a tree and says what is wrong with it; one that has nothing to look at fails."""

import traceback
from typing import Callable

import containers
import dashboards
import live
import manifests
import pods
import prometheus
import terraform
import wiring
import workflows
from tree import Tree, Trouble

# Those that take longest come first, so that the last one does not run alone.
CHECKS: dict[str, Callable[[Tree], list[str]]] = {
    "rule-tests": prometheus.tests,
    "manifest-policies": manifests.policies,
    "terraform": terraform.terraform,
    "terraform-policies": terraform.policies,
    "running-daemon": live.trial,
    "manifest-schemas": manifests.schemas,
    "workflows": workflows.workflows,
    "manifests-made-of-others": manifests.generated,
    "secrets": manifests.secrets,
    "pod-environment": pods.environment,
    "pod-shape": pods.shape,
    "pod-privileges": pods.privileges,
    "selectors": wiring.selectors,
    "network-policies": wiring.network,
    "numbers": wiring.numbers,
    "rights": wiring.rights,
    "autoscaling": prometheus.autoscaling,
    "dockerfile": containers.dockerfile,
    "compose": containers.compose,
    "prometheus": prometheus.configuration,
    "rule-series": prometheus.series,
    "dashboards": dashboards.dashboards,
}


def problems(tree: Tree, name: str) -> list[str]:
    """What a check finds. A file of a shape that the check cannot read is a problem too, as nobody has looked at it."""
    try:
        return CHECKS[name](tree)
    except Trouble as trouble:
        return [str(trouble)]
    except (AttributeError, IndexError, KeyError, LookupError, StopIteration, TypeError, ValueError):
        return [f"{name} cannot read what is there:\n{traceback.format_exc(limit=-2).strip()}"]
