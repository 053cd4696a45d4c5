"""Calls to the Graph API held against the descriptions that Meta generates its own clients from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Described"]

# What every edge and node takes, beside its own parameters (Graph API overview, 2026-11-22).
_GENERAL = frozenset({"fields", "limit", "since", "until", "after", "before", "appsecret_proof"})
# The file itself, which the description of this edge leaves out and its reference page has.
_LEFT_OUT = {("Page", "POST", "photos"): frozenset({"source"})}
# What answers have beside the fields of a node: of every write, and of uploads in phases (Video API guide, 2026-11-22).
_ANSWERED = frozenset({"id", "success"})
_PHASES = frozenset({"upload_session_id", "video_id", "start_offset", "end_offset"})
_MADE_BY = {"photos": "Photo", "videos": "AdVideo", "feed": "PagePost", "live_videos": "LiveVideo", "comments": "Comment"}
_ID_NAMES = ("id", "video_id")


def _is_json(value: str) -> bool:
    return isinstance(json.loads(value), dict | list)


_FITS: Mapping[str, Callable[[str], object]] = {
    "bool": lambda value: value in ("true", "false"),
    "unsigned int": str.isdigit,
    "int": lambda value: re.fullmatch(r"-?\d+", value),
    "datetime": lambda value: value.isdigit() or re.match(r"\d{4}-\d\d-\d\dT", value),
    "Object": _is_json,
    "map": _is_json,
    "list": lambda value: re.fullmatch(r"\w+(,\w+)*", value) or _is_json(value),  # Graph takes words with commas as well
}


class Described:
    """The description, and which of its operations were seen; a call that it does not know raises with the parameter's name."""

    def __init__(self, folder: Path) -> None:
        document = json.loads((folder / "facebook-graph-codegen-subset-2026-04.json").read_text())
        self._nodes, self._enums = document["nodes"], document["_enums"]
        self._kinds: dict[str, str] = {}
        self.seen: set[tuple[str, str, str]] = set()

    def know(self, id: str, kind: str) -> None:
        """Say what an id is that no answer tells."""
        self._kinds[id] = kind

    def hold(self, method: str, path: str, parameters: Mapping[str, str], answer: Mapping[str, Any]) -> None:
        """Check one call, and learn from its answer what its ids are."""
        id, _, edge = path.partition("/")
        kind = self._kinds.get(id, "PagePost" if "_" in id else "")
        assert kind, f"{method} {path}: nobody has told what {id} is"
        known = self._operation(kind, method, edge)
        for name, value in parameters.items():
            bare = re.sub(r"\[\d+\]$", "", name)
            if bare in _GENERAL | _LEFT_OUT.get((kind, method, edge), frozenset()):
                continue
            assert bare in known, f"{kind} {method} {edge}: the description has no parameter {bare}"
            self._hold_value(f"{kind} {method} {edge}: {name}", _item_type(known[bare]) if bare != name else known[bare], value)
        self._hold_fields(kind, edge, parameters.get("fields", ""))
        self._hold_answer(kind, method, edge, answer)
        self.seen.add((kind, method, edge))
        self._learn(edge, answer)

    @property
    def operations(self) -> int:
        """How many the description has."""
        return sum(len(node["apis"]) for node in self._nodes.values())

    def _hold_answer(self, kind: str, method: str, edge: str, answer: Mapping[str, Any]) -> None:
        """A mirror answers with fields of the node that the description promises, and with values of their enumerations."""
        given = self._returned(kind, method, edge) if edge else kind
        beside = _ANSWERED | (_PHASES if (method, edge) == ("POST", "videos") else frozenset())
        for told in answer["data"] if method == "GET" and edge else [answer]:
            self._hold_node(given, told, f"answer of {kind} {method} {edge}: ", beside)

    def _hold_node(self, kind: str, told: Mapping[str, Any], where: str, beside: frozenset[str]) -> None:
        node = self._nodes.get(kind, {"fields": (), "apis": ()})
        known = {field["name"]: field["type"] for field in node["fields"]}
        edges = {op.get("endpoint") for op in node["apis"]}
        for name, value in told.items():
            assert name in known or name in edges or name in beside, f"{where}{name} is not described"
            kind_of_value = _item_type(known.get(name, ""))
            if (allowed := self._enums.get(kind_of_value)) is not None:
                assert value in allowed, f"{where}{name} is {value}, none of {allowed}"
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and kind_of_value in self._nodes:
                    self._hold_node(kind_of_value, item, f"{where}{name}.", _ANSWERED)

    def _returned(self, kind: str, method: str, edge: str) -> str:
        operations = (op for op in self._nodes[kind]["apis"] if op["method"] == method and (op.get("endpoint") or "") == edge)
        return str(next(operations)["return"])

    def _operation(self, kind: str, method: str, edge: str) -> dict[str, str]:
        for operation in self._nodes[kind]["apis"]:
            if operation["method"] == method and (operation.get("endpoint") or "") == edge:
                return {parameter["name"]: parameter["type"] for parameter in operation["params"]}
        raise AssertionError(f"the description has no {method} on {kind}/{edge}")

    def _hold_value(self, where: str, kind: str, value: str) -> None:
        if kind in self._enums:
            assert value in self._enums[kind], f"{where} is {value}, none of {self._enums[kind]}"
        elif (item := _item_type(kind)) in self._enums:
            assert set(json.loads(value)) <= set(self._enums[item]), f"{where} is {value}, not of {self._enums[item]}"
        else:
            assert _FITS.get(kind.partition("<")[0], bool)(value), f"{where} is {value!r}, no {kind}"

    def _hold_fields(self, kind: str, edge: str, wanted: str) -> None:
        """The names that are asked for, which on an edge are those of what it lists."""
        listing = (op for op in self._nodes[kind]["apis"] if op["method"] == "GET" and (op.get("endpoint") or "") == edge)
        listed = next(listing)["return"] if edge and wanted else kind
        known = {field["name"] for field in self._nodes[listed]["fields"]} | {
            op.get("endpoint") for op in self._nodes[listed]["apis"]
        }
        unknown = {name for name in _top_level(wanted) if name not in known}
        assert not unknown, f"{listed} has no field {', '.join(sorted(unknown))}"

    def _learn(self, edge: str, answer: Mapping[str, Any]) -> None:
        made = [answer, *(answer.get("data") or ())] if edge in _MADE_BY else []
        for told in made:
            self._kinds |= {str(told[name]): _MADE_BY[edge] for name in _ID_NAMES if name in told}


def _item_type(kind: str) -> str:
    return kind.removeprefix("list<").removesuffix(">")


def _top_level(fields: str) -> list[str]:
    """The names outside of braces, without what limits or sums them up."""
    while "{" in fields:
        fields = re.sub(r"\{[^{}]*\}", "", fields)
    return [name.partition(".")[0] for name in fields.split(",") if name]
