"""Holds requests and answers against an OpenAPI file whose media types and required fields a real client does not follow.

Vimeo's file names a media type of its own for each body and lists every field of an answer as required, while its guides send
plain JSON and ask for some fields: names, types and enumerated values are what is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

EVERYWHERE = frozenset({"fields"})  # what every call takes, though the file does not say so


class Description:
    """One API's operations; `seen` are those that were held."""

    def __init__(self, path: Path) -> None:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        self._document: dict[str, Any] = json.loads(json.dumps(document))  # YAML has numbers for the status codes
        self._registry: Any = Registry().with_resource("", Resource(contents=self._document, specification=DRAFT202012))
        self.operations = {
            (method.upper(), template): operation
            for template, item in self._document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "put", "patch", "delete")
        }
        self.seen: set[tuple[str, str]] = set()

    def hold(self, method: str, url: str, body: Any, status: int, answer: Any) -> str:
        """The operation; raises AssertionError with the path of what the description does not allow."""
        parts = urlsplit(url)
        found = self._operation(method, parts.path)
        operation = self.operations[found]
        self._hold_query(found, operation, parse_qs(parts.query))
        if body:
            self._hold_body(found, body)
        if status < 300 and isinstance(answer, dict):
            self._hold_answer(found, operation, status, answer)
        self.seen.add(found)
        return " ".join(found)

    def _operation(self, method: str, path: str) -> tuple[str, str]:
        fitting = [
            (verb, template)
            for verb, template in self.operations
            if verb == method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
        ]
        assert fitting, f"{method} {path} is not described"
        return min(fitting, key=lambda one: one[1].count("{"))

    def _hold_query(self, found: tuple[str, str], operation: Mapping[str, Any], query: Mapping[str, list[str]]) -> None:
        described = {rule["name"]: rule for rule in map(self._resolved, operation.get("parameters", ()))}
        unknown = set(query) - set(described) - EVERYWHERE
        assert not unknown, f"{found}: {sorted(unknown)} are not described"
        for name, values in query.items():
            allowed = described.get(name, {}).get("schema", {}).get("enum")
            assert not allowed or set(values) <= set(allowed), f"{found}?{name}={values}, none of {allowed}"

    def _hold_body(self, found: tuple[str, str], body: Any) -> None:
        method, template = found
        content = self.operations[found]["requestBody"]["content"]
        (media_type,) = content
        place = ("paths", template, method.lower(), "requestBody", "content", media_type, "schema")
        described = set(content[media_type]["schema"].get("properties", {}))
        for one in body if isinstance(body, list) else [body]:
            assert set(one) <= described, f"{found}: {sorted(set(one) - described)} are not described"
            self._hold_value(place, one, str(found))

    def _hold_answer(self, found: tuple[str, str], operation: Mapping[str, Any], status: int, answer: dict[str, Any]) -> None:
        method, template = found
        content = operation["responses"].get(str(status), {}).get("content") or {}
        for media_type in content:
            place = ("paths", template, method.lower(), "responses", str(status), "content", media_type, "schema")
            self._hold_answered(self._at(place), answer, f"answer of {' '.join(found)}")

    def _hold_answered(self, schema: dict[str, Any], value: Any, where: str) -> None:
        """Every name is described, and every value of its kind, however deep; what was not asked for may be missing."""
        if isinstance(value, dict) and schema.get("type") == "array":
            value = value["data"]  # the file describes lists without the page that they come in
        if isinstance(value, dict) and "properties" in schema:
            for name, item in value.items():
                assert name in schema["properties"], f"{where}.{name} is not described"
                self._hold_answered(self._resolved(schema["properties"][name]), item, f"{where}.{name}")
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                self._hold_answered(self._resolved(schema["items"]), item, f"{where}[{index}]")
        else:
            error = next(iter(OAS30Validator(schema, registry=self._registry).iter_errors(value)), None)
            assert error is None, f"{where}: {error.message}"

    def _hold_value(self, place: tuple[str, ...], value: Any, where: str) -> None:
        schema = self._at(place)
        bare = {name: rule for name, rule in schema.items() if name != "required"}  # what an answer was not asked for
        error = next(iter(OAS30Validator(bare, registry=self._registry).iter_errors(value)), None)
        assert error is None, f"{where}{error.json_path.removeprefix('$')}: {error.message}"

    def _at(self, place: tuple[str, ...]) -> dict[str, Any]:
        node: Any = self._document
        for step in place:
            node = self._resolved(node)[step]
        schema: dict[str, Any] = self._resolved(node)
        return schema

    def _resolved(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            reference, node = node["$ref"], self._document
            for step in reference.removeprefix("#/").split("/"):
                node = node[step.replace("~1", "/").replace("~0", "~")]
        if isinstance(node, dict) and len(node.get("allOf", ())) == 1:  # how OpenAPI 3.0 says that a reference may be null
            return {**self._resolved(node["allOf"][0]), "nullable": node.get("nullable", False)}
        return node
