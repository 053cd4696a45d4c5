"""Answers in Flickr's two formats: one payload makes the JSON and the XML, and so does one failure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from socialcast.sandbox.mirror import Response

__all__ = ["Fail", "Payload", "answer", "content", "paged", "refusal"]

Payload = dict[str, Any]


class Fail(Exception):
    """A call that Flickr refuses with this code; the words come from the method's table unless given."""

    def __init__(self, code: int, words: str = "", **attributes: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words
        self.attributes = attributes


def content(text: str) -> Payload:
    """Text as Flickr's JSON wraps it: what is an element's text in XML."""
    return {"_content": text}


def paged(items: Sequence[Any], page: str, per_page: str, default: int, most: int) -> tuple[Payload, Sequence[Any]]:
    """The paging attributes of a list, and the items of the page that was asked for."""
    size = min(int(per_page), most) if per_page.isdecimal() and int(per_page) else default
    number = max(1, int(page)) if page.isdecimal() else 1
    attributes = {"page": number, "pages": -(-len(items) // size), "perpage": size, "total": len(items)}
    return attributes, items[(number - 1) * size : number * size]


def answer(payload: Payload, values: Mapping[str, str]) -> Response:
    """What Flickr sends when a call went well, in the format that the call asked for."""
    return _json({**payload, "stat": "ok"}, values) if values.get("format") == "json" else _xml("ok", payload)


def refusal(fail: Fail, words: str, values: Mapping[str, str]) -> Response:
    """What Flickr sends when it refuses a call: HTTP 200 all the same."""
    if values.get("format") == "json":
        return _json({"stat": "fail", "code": fail.code, "message": words, **fail.attributes}, values)
    return _xml("fail", {"err": {"code": fail.code, "msg": words, **fail.attributes}})


def _json(body: Payload, values: Mapping[str, str]) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if values.get("nojsoncallback") == "1":
        return Response(text, mimetype="application/json")
    return Response(f"{values.get('jsoncallback', 'jsonFlickrApi')}({text})", mimetype="text/javascript")


def _xml(stat: str, payload: Payload) -> Response:
    root = _element("rsp", {"stat": stat, **payload})
    return Response(ET.tostring(root, encoding="utf-8", xml_declaration=True), mimetype="text/xml")


def _element(name: str, value: Payload) -> ET.Element:
    """A scalar is an attribute, `_content` the text, a mapping a child and a list that many children."""
    element = ET.Element(name)
    for key, part in value.items():
        if key == "_content":
            element.text = part
        elif isinstance(part, dict):
            element.append(_element(key, part))
        elif isinstance(part, list):
            element.extend(_element(key, child) for child in part)
        else:
            element.set(key, str(part))
    return element
