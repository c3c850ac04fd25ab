"""The OpenAPI document of a daemon: its operations, their examples, and what their answers must look like."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import jsonschema_rs


class Lacking(Exception):
    """What the document does not say."""


@dataclass(frozen=True)
class Operation:
    """What can be asked: `GET /api/v1/athletes/{id}`. `described` is what the document says about it."""

    document: dict
    method: str
    path: str
    described: dict

    @property
    def name(self):
        return f"{self.method} {self.path}"

    @property
    def media_types(self):
        """Of its bodies; one that is None where it has none."""
        return list(self.described.get("requestBody", {}).get("content", {})) or [None]

    def example(self, media_type):
        """Address, headers and body as the examples say, with the names that stand for things that are there.

        Raises Lacking when there is no example of something that must be given."""
        path, query, headers = self.path, {}, {}
        for parameter in self.described.get("parameters", []):
            name, value = parameter["name"], self.value(parameter)
            if value is None:
                if parameter.get("required"):
                    raise Lacking(f"{self.name} has no example of {name}")
            elif parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            elif parameter["in"] == "query":
                query[name] = value if isinstance(value, str) else str(value).lower()
            else:
                headers[name] = str(value)
        body = None
        if media_type is not None:
            body = self.value(self.described["requestBody"]["content"][media_type])
            if body is None:
                raise Lacking(f"{self.name} has no example of its body, {media_type}")
        return path + (f"?{urlencode(query)}" if query else ""), headers, body

    def value(self, described):
        """The example of a parameter or body: its own, or that of the schema it refers to."""
        for place in (described, self.resolved(described.get("schema", {}))):
            if "example" in place:
                return place["example"]
            if place.get("examples"):
                first = place["examples"]
                return next(iter(first.values()))["value"] if isinstance(first, dict) else first[0]
        return None

    def resolved(self, schema):
        while "$ref" in schema:
            place = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            schema = place
        return schema

    def check(self, status, media_type, body):
        """What of an answer is not as it is described; None when all is. `body` is None where it is no JSON."""
        responses = self.described["responses"]
        if str(status) not in responses:
            return f"{status} is not described"
        contents = responses[str(status)].get("content", {})
        if not contents:
            return None
        if media_type not in contents:
            return f"{media_type} is not described, {', '.join(contents)} is"
        if body is None:
            return None
        # Every reference leads into the components.
        schema = {**contents[media_type]["schema"], "components": self.document["components"]}
        problems = jsonschema_rs.Draft202012Validator(schema).iter_errors(body)
        return "; ".join(f"{problem.instance_path}: {problem.message}" for problem in problems) or None


def operations(document):
    """Every operation."""
    return [
        Operation(document, method.upper(), path, described)
        for path, item in document["paths"].items()
        for method, described in item.items()
    ]
