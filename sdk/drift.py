"""Compares both SDKs with the OpenAPI file of a server: every path, every model member, which of them are certain, and their kinds.

    python3 sdk/drift.py --url http://127.0.0.1:8080        # a server that runs
    KINEMOTION_BIN=target/release python3 sdk/drift.py      # one that is started for it

Exits with 1 where something differs. Needs nothing but Python: the SDKs are read, not run.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON, JS = HERE / "python" / "src" / "kinemotion", HERE / "js" / "src"

#: Operations that are nobody's to call by name: encoders publish to an address, browsers use those of an analysis.
LEFT_OUT = {
    "POST /whip",
    "POST /whip/{id}",
    "PATCH /whip/{id}",
    "DELETE /whip/{id}",
    "POST /whep/{id}",
    "DELETE /whep/{id}/{viewer}",
    "GET /hls/{id}/{file}",
}

#: Schemas and the classes that stand for them, where the names are not the same but for `View`.
NAMES = {"RepetitionView": "StoredRepetition", "ChangeView": "AuditEntry", "ChangeList": "AuditList"}
#: Schemas without a class of their own: members of others, or what only the server reads.
NO_CLASS = {"Diagnostics", "Input", "Links", "OrderWithFile", "Output", "Person", "Problem", "Quality", "RotateKey", "Trend"}
#: Requests, and the classes of Python that say the same as keyword arguments.
REQUESTS = {
    "AnalysisConfig": "AnalysisConfig",
    "AthleteData": "AthleteData",
    "CreateAnalysis": "What",
    "TrainingSessionData": "TrainingSessionData",
}
#: Requests whose members are parameters of a method in Python.
METHODS = {"ChangeAnalysis", "CreateKey", "CreateToken", "RegisterWebhook"}
#: Lists, and the class of both SDKs that filters them.
FILTERS = {
    "GET /api/v1/analyses": "AnalysisFilter",
    "GET /api/v1/repetitions": "RepetitionFilter",
    "GET /api/v1/exports/repetitions.csv": "ExportFilter",
    "GET /api/v1/exports/repetitions.parquet": "ExportFilter",
    "GET /api/v1/athletes/{id}/trends": "TrendFilter",
    "GET /api/v1/athletes/{id}/metrics/{metric}": "MetricFilter",
}
#: Parameters that the SDKs set themselves.
OF_PAGES = {"cursor", "limit"}


@dataclass(frozen=True)
class Member:
    """A member of a model."""

    #: Whether it is always there and something.
    certain: bool
    #: `string`, `number`, `boolean` or `array`; `None` where it is something else.
    kind: str | None


Models = dict[str, dict[str, Member]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="where a server is; without it one is started")
    url = parser.parse_args().url
    differences = compare(document(url))
    print("\n".join(differences) or "both SDKs say what the server says")
    sys.exit(bool(differences))


def document(url: str | None) -> dict[str, Any]:
    """The OpenAPI file."""
    if url:
        with urllib.request.urlopen(f"{url.rstrip('/')}/api/v1/openapi.json") as answer:
            return json.load(answer)
    sys.path.insert(0, str(HERE / "python"))
    from tests import daemon

    with daemon.running() as started:
        return document(started)


def compare(document: dict[str, Any]) -> list[str]:
    """Everything that differs, a line each."""
    differences: set[str] = set()
    for name, paths, models in [
        ("python", python_paths(), python_models()),
        ("js", js_paths(), js_models()),
    ]:
        differences.update(f"{name}: {line}" for line in compare_paths(set(operations(document)), paths))
        differences.update(f"{name}: {line}" for line in compare_models(name, document, models))
        differences.update(f"{name}: {line}" for line in compare_inputs(name, document))
        differences.update(f"{name}: {line}" for line in compare_filters(document, models))
    return sorted(differences)


def compare_paths(server: set[str], sdk: set[str]) -> list[str]:
    missing = [f"{path} is not called" for path in server - sdk - LEFT_OUT]
    return missing + [f"{path} does not exist" for path in sdk - server]


def compare_models(sdk: str, document: dict[str, Any], models: Models) -> list[str]:
    lines = []
    for schema in document["components"]["schemas"]:
        if schema in NO_CLASS or (sdk == "python" and schema in METHODS):
            continue
        name = REQUESTS.get(schema, schema) if sdk == "python" else schema
        name = NAMES.get(name, name.removesuffix("View"))
        if name not in models:
            lines.append(f"{schema} has no class {name}")
            continue
        wanted, had = properties(document, schema), models[name]
        if schema == "CreateAnalysis":
            wanted.pop("input")
            had = {key: member for key, member in had.items() if key != "input"}
        lines += [f"{schema}.{key} is missing" for key in wanted.keys() - had.keys()]
        lines += [f"{schema}.{key} does not exist" for key in had.keys() - wanted.keys()]
        for key in wanted.keys() & had.keys():
            if had[key].certain and not wanted[key].certain and schema not in REQUESTS:
                lines.append(f"{schema}.{key} may be absent")
            if None not in (had[key].kind, wanted[key].kind) and had[key].kind != wanted[key].kind:
                lines.append(f"{schema}.{key} is a {wanted[key].kind}, not a {had[key].kind}")
    return lines


def compare_inputs(sdk: str, document: dict[str, Any]) -> list[str]:
    wanted = {key for key in schema_members(document) if key.startswith("Input.")}
    # A part of a multipart request, in the place of which the SDKs upload.
    wanted.discard("Input.file")
    had = {f"Input.{key}" for key in (python_inputs() if sdk == "python" else js_inputs())}
    return [f"{key} is missing" for key in wanted - had] + [f"{key} does not exist" for key in had - wanted]


def compare_filters(document: dict[str, Any], models: Models) -> list[str]:
    lines = []
    for operation, name in FILTERS.items():
        known = {one.partition("?")[2] for one in parameters(document) if one.startswith(f"{operation}?")} - OF_PAGES
        if operation not in operations(document):
            continue
        lines += [f"{operation}?{key} is missing" for key in known - models[name].keys()]
        lines += [f"{operation}?{key} does not exist" for key in models[name].keys() - known]
    return lines


# The OpenAPI file

METHOD_NAMES = ("get", "post", "put", "patch", "delete", "head")


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in document["paths"].items()
        for method in METHOD_NAMES
        if method in item
    }


def parameters(document: dict[str, Any]) -> list[str]:
    return [
        f"{name}?{parameter['name']}"
        for name, operation in operations(document).items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    ]


def schema_members(document: dict[str, Any]) -> list[str]:
    """Schemas and their members, `Schema` and `Schema.member`."""
    schemas = document["components"]["schemas"]
    return [*schemas, *(f"{name}.{key}" for name in schemas for key in properties(document, name))]


def properties(document: dict[str, Any], name: str) -> dict[str, Member]:
    """Members of a schema, those of what it is made of included."""

    def collect(schema: dict[str, Any]) -> dict[str, Member]:
        if "$ref" in schema:
            return collect(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        required = schema.get("required", [])
        found = {
            key: Member(key in required and not nullable(value), kind(value))
            for key, value in schema.get("properties", {}).items()
        }
        for part in schema.get("allOf", []) + schema.get("oneOf", []):
            found |= collect(part)
        return found

    return collect(document["components"]["schemas"][name])


def nullable(schema: dict[str, Any]) -> bool:
    return "null" in schema.get("type", []) or any(one.get("type") == "null" for one in schema.get("oneOf", []))


def kind(schema: dict[str, Any]) -> str | None:
    types = schema.get("type", [])
    names = [one for one in ([types] if isinstance(types, str) else types) if one != "null"]
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "array": "array"}.get(
        names[0] if names else ""
    )


# The SDK for Python


def python_paths() -> set[str]:
    text = (PYTHON / "calls.py").read_text()
    return {f"{method} {path}" for method, path in re.findall(r'_call\(\s*"(\w+)",\s*"([^"]+)"', text)}


def python_models() -> Models:
    trees = [ast.parse(path.read_text()) for path in [*sorted((PYTHON / "models").glob("*.py")), PYTHON / "orders.py"]]
    classes = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}

    def members(name: str) -> dict[str, Member]:
        node, found = classes[name], {}
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                found |= members(base.id)
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                annotation = ast.unparse(field.annotation)
                found[field.target.id.rstrip("_")] = Member(field.value is None, python_kind(annotation))
        return found

    return {name: members(name) for name in classes}


def python_kind(annotation: str) -> str | None:
    plain = annotation.removeprefix("NotRequired[").removesuffix("]" if annotation.startswith("NotRequired[") else "")
    plain = plain.removesuffix(" | None")
    if plain.startswith(("tuple[", "list[")):
        return "array"
    return {"str": "string", "datetime": "string", "int": "number", "float": "number", "bool": "boolean"}.get(plain)


def python_inputs() -> list[str]:
    for node in ast.parse((PYTHON / "orders.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INPUTS":
            return list(ast.literal_eval(node.value).values())
    raise LookupError("orders.py has no INPUTS")


# The SDK for TypeScript


def js_paths() -> set[str]:
    found = set()
    for file in JS.glob("*.ts"):
        text = file.read_text()
        constants = dict(re.findall(r"const (\w+) = '(/[^']*)'", text))
        address = r"(?:path\(\s*)?(?:'(/api[^']*)'|(\w+))"
        calls = re.findall(rf"method: '(\w+)',\s*path: {address}", text)
        calls += [("GET", *one) for one in re.findall(rf"this\.pages\(\s*{address}", text)]
        for method, literal, name in calls:
            if literal or name in constants:
                found.add(f"{method} {literal or constants[name]}")
    return found


def js_models() -> Models:
    text = (JS / "models.ts").read_text()
    interfaces = {
        name: (bases, body)
        for name, bases, body in re.findall(r"(?ms)^export interface (\w+)(?: extends ([\w, ]+))? \{(.*?)^\}", text)
    }

    def members(name: str) -> dict[str, Member]:
        bases, body = interfaces[name]
        found = {}
        for base in filter(None, bases.split(", ")):
            found |= members(base)
        for key, maybe, kind in re.findall(r"(?m)^  (\w+)(\??): (.*);$", body):
            found[key] = Member(not maybe and "null" not in kind, js_kind(kind))
        return found

    return {name: members(name) for name in interfaces}


def js_kind(text: str) -> str | None:
    plain = text.removesuffix(" | null")
    if plain.startswith("readonly [") or plain.endswith("[]"):
        return "array"
    if plain in ("Status", "State", "Grade", "Quality"):
        return "string"
    return plain if plain in ("string", "number", "boolean") else None


def js_inputs() -> list[str]:
    text = (JS / "models.ts").read_text()
    union = re.search(r"(?s)export type Input =(.*?);\n\n", text)
    assert union is not None
    # A file becomes an upload before it is sent.
    return [key for key in re.findall(r"\| \{ (\w+):", union.group(1)) if key != "video"]


if __name__ == "__main__":
    main()
