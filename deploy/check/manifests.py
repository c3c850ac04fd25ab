"""Manifests as files: they render, keep to the schemas of two versions of Kubernetes, and to the policies of checkov."""

import importlib.util
import json

import jsonschema
import kubernetes_validate
import yaml
from facts import unknown_settings
from pathlib import Path
from tree import OVERLAYS, Tree, Trouble, run, scratch

# The oldest that has everything that is used, and the newest whose schemas are at hand.
VERSIONS = ["1.30", "1.37"]
SCHEMAS = Path(__file__).resolve().parent / "schemas"
EXAMPLES = ["deploy/kubernetes/overlays/production/secret.example.yml", "deploy/kubernetes/turn/secret.example.yml"]
PLACEHOLDER = "CHANGE-ME"
RULES = "deploy/kubernetes/components/monitoring/rules.py"


def schemas(tree: Tree) -> list[str]:
    """Every resource keeps to its schema, strictly: unknown keys are mistakes."""
    problems, seen = [], set()
    examples = [(path, resource) for path in EXAMPLES for resource in [tree.yaml(path)]]
    for where, resource in [(overlay, resource) for overlay in OVERLAYS for resource in tree.rendered(overlay)] + examples:
        name = f"{where}: {resource['kind']} {resource['metadata']['name']}"
        # Overlays have most in common.
        if (text := json.dumps(resource)) in seen:
            continue
        seen.add(text)
        own = SCHEMAS / f"{resource['kind'].lower()}.json"
        if own.exists():
            errors = jsonschema.Draft202012Validator(json.loads(own.read_text())).iter_errors(resource)
            problems += [f"{name}: {error.json_path}: {error.message}" for error in errors]
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                problems.append(f"{name} in Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}")
            except kubernetes_validate.SchemaNotFoundError:
                problems.append(f"{name}: there is no schema of {resource['apiVersion']} {resource['kind']} in Kubernetes {version}")
    return problems


def policies(tree: Tree) -> list[str]:
    """checkov over what a cluster would get. What is permitted has its reason beside it, as an annotation."""
    with scratch() as folder:
        for overlay in OVERLAYS:
            file = Path(folder) / f"{Path(overlay).name}.yml"
            file.write_text(yaml.safe_dump_all(tree.rendered(overlay)))
        return checkov(tree, Path(folder), "kubernetes")


def checkov(tree: Tree, folder: Path, framework: str, *options: str) -> list[str]:
    """What checkov finds wrong. It has to look at something, or it would be content with nothing."""
    said = json.loads(run([tree.tools.checkov / "checkov", "--directory", folder, "--framework", framework, "--output", "json", "--compact",
                           "--quiet", "--skip-download", "--soft-fail", *options]))
    if not isinstance(said, dict) or said.get("summary", {}).get("resource_count", 0) == 0:
        raise Trouble(f"checkov finds nothing of {framework} to look at")
    if said["summary"]["parsing_errors"]:
        raise Trouble(f"checkov cannot read {said['results']['parsing_errors']}")
    return [f"{check['file_path']}: {check['resource']}: {check['check_name']} ({check['check_id']})"
            for check in said["results"]["failed_checks"]]


def generated(tree: Tree) -> list[str]:
    """The resource with the rules is made of the rules, and configuration files say what the daemon knows."""
    module = importlib.util.spec_from_file_location("rules", tree.file(RULES))
    rules = importlib.util.module_from_spec(module)
    module.loader.exec_module(rules)
    made = "deploy/kubernetes/components/monitoring/prometheus-rule.yml"
    problems = []
    if tree.text(made) != rules.resources(tree.root):
        problems.append(f"{made} is not made of the rules there are: call {RULES}")
    for path in tree.files("deploy/kubernetes/**/kinemotion.toml"):
        problems += unknown_settings(tree, path.read_text(), tree.name(path))
    return problems


def secrets(tree: Tree) -> list[str]:
    """Manifests ask for keys that the examples name, and no file has a real secret."""
    problems, named = [], {}
    for path in EXAMPLES:
        example = tree.yaml(path)
        named[example["metadata"]["name"]] = example["stringData"]
        problems += [f"{path}: {key} is not a placeholder with {PLACEHOLDER}"
                     for key, value in example["stringData"].items() if PLACEHOLDER not in value]
    asked: set[tuple[str, str]] = set()
    for overlay in OVERLAYS:
        for resource in tree.rendered(overlay):
            if resource["kind"] == "Secret":
                problems.append(f"{overlay} contains the Secret {resource['metadata']['name']}")
            for container in resource.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
                for variable in container.get("env", []):
                    if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                        asked.add((reference["name"], reference["key"]))
                    elif any(word in variable["name"] for word in ("SECRET", "PASSWORD", "TOKENS", "DATABASE", "REDIS", "TURN__")):
                        problems.append(f"{overlay}: {variable['name']} does not come from a Secret")
    problems += [f"the Secret {name} is asked for {key}, which its example does not name"
                 for name, key in sorted(asked) if key not in named.get(name, {})]
    return problems + [f"the example of the Secret {name} names {key}, which nobody asks for"
                       for name, keys in named.items() for key in keys if (name, key) not in asked]
