"""Holds requests against the description of an API that Google's client library ships."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import googleapiclient

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_QUERY_TYPES: Mapping[str, str] = {"boolean": r"true|false", "integer": r"-?\d+"}


class Request(NamedTuple):
    """What was sent."""

    method: str
    url: str
    body: bytes


class Discovery:
    """One API's operations and schemas."""

    def __init__(self, api: str) -> None:
        documents = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
        self._document = json.loads((documents / f"{api}.json").read_text(encoding="utf-8"))
        self.operations = {method["id"]: method for method in _methods(self._document)}

    def check(self, request: Request) -> str:
        """The operation's id; raises AssertionError with the path of what the description does not allow."""
        url = urlsplit(request.url)
        path = re.sub(r"^/(resumable/)?upload/", "/", url.path)
        operation = self._operation(request.method, path)
        assert (path == url.path) or "mediaUpload" in operation, f"{operation['id']} takes no upload"
        self._check_query(operation, parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
        if request.body and "request" in operation:
            self._check_value(operation["request"], json.loads(request.body), operation["id"])
        else:
            assert not request.body or path != url.path, f"{operation['id']} takes no body"
        return str(operation["id"])

    def check_answer(self, operation: str, answer: Any) -> None:
        """Raises AssertionError with the path of what the description does not have."""
        self._check_value(self.operations[operation]["response"], answer, f"answer of {operation}")

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for operation in self.operations.values():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", operation["path"])
            if operation["httpMethod"] == method and re.fullmatch(f"/{pattern}", path):
                return operation
        raise AssertionError(f"{method} {path} is no operation of the API")

    def _check_query(self, operation: dict[str, Any], query: Mapping[str, list[str]]) -> None:
        described = {**self._document["parameters"], **operation.get("parameters", {})}
        for name, values in query.items():
            where = f"{operation['id']}?{name}"
            assert name in described, f"{where} is not described"
            for value in values:
                _check_parameter(described[name], value, where)
        missing = {name for name, rule in described.items() if rule.get("required")} - set(query)
        assert not missing, f"{operation['id']} lacks {sorted(missing)}"
        self._check_parts(operation, query)

    def _check_parts(self, operation: dict[str, Any], query: Mapping[str, list[str]]) -> None:
        """A part is a property of the resource that comes back, or of the items of a list."""
        if "part" not in query:
            return
        properties = self._schema(operation["response"])["properties"]
        if "items" in properties and "items" in properties["items"]:
            properties = self._schema(properties["items"]["items"])["properties"]
        unknown = set(",".join(query["part"]).split(",")) - set(properties)
        assert not unknown, f"{operation['id']}?part={sorted(unknown)} is no part"

    def _check_value(self, rule: dict[str, Any], value: Any, where: str) -> None:
        rule = self._schema(rule)
        assert isinstance(value, _JSON_TYPES[rule["type"]]), f"{where} is a {type(value).__name__}, not a {rule['type']}"
        if "enum" in rule:
            assert value in rule["enum"], f"{where} is {value!r}, none of {rule['enum']}"
        for index, item in enumerate(value if rule["type"] == "array" else ()):
            self._check_value(rule["items"], item, f"{where}[{index}]")
        for name, item in value.items() if rule["type"] == "object" and "properties" in rule else ():
            assert name in rule["properties"], f"{where}.{name} is not described"
            self._check_value(rule["properties"][name], item, f"{where}.{name}")

    def _schema(self, rule: dict[str, Any]) -> dict[str, Any]:
        schema: dict[str, Any] = self._document["schemas"][rule["$ref"]] if "$ref" in rule else rule
        return schema


@cache
def youtube() -> Discovery:
    """The YouTube Data API."""
    return Discovery("youtube.v3")


def _methods(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)


def _check_parameter(rule: dict[str, Any], value: str, where: str) -> None:
    pattern = _QUERY_TYPES.get(rule["type"])
    assert not pattern or re.fullmatch(pattern, value), f"{where}={value} is no {rule['type']}"
    assert "enum" not in rule or value in rule["enum"], f"{where}={value} is none of {rule['enum']}"
    for bound, is_over in (("minimum", lambda a, b: a < b), ("maximum", lambda a, b: a > b)):
        assert bound not in rule or not is_over(int(value), int(rule[bound])), f"{where}={value} is past {rule[bound]}"
