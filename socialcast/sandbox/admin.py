"""The administration, JSON under `/_sandbox/`: what `Sandbox` offers in Python, for programs in other processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from socialcast.sandbox.faults import Effect, Fault
from socialcast.sandbox.mirror import Act, Request, Response
from socialcast.sandbox.wall import all_cards

if TYPE_CHECKING:
    from socialcast.sandbox.app import App

__all__ = ["PREFIX", "respond"]

PREFIX = "/_sandbox/"


def respond(app: App, request: Request) -> Response | None:
    """The administration's answer; None where the path is not one of its own."""
    if not request.path.startswith(PREFIX):
        return None
    what, _, rest = request.path.removeprefix(PREFIX).partition("/")
    action = _ACTIONS.get((request.method, what))
    if action is None:
        return _json(404, {"error": f"no {request.method} {request.path}", "actions": [" ".join(key) for key in _ACTIONS]})
    try:
        return _json(200, action(app, rest, _wishes(request)))
    except (KeyError, TypeError, ValueError) as error:  # an unknown platform, field or effect: the caller's to mend
        return _json(400, {"error": f"{type(error).__name__}: {error}"})


def _wishes(request: Request) -> dict[str, Any]:
    body = request.get_data()
    wishes = json.loads(body) if body else {}
    if not isinstance(wishes, dict):
        raise TypeError("the body is to be a JSON object")
    return wishes


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} is not plain data")


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body, default=_plain, ensure_ascii=False), status, mimetype="application/json")


def _account(app: App, path: str, wishes: dict[str, Any]) -> object:
    platform, _, name = path.partition("/")
    return app.account(platform, name, wishes.pop("host", None), **wishes)


def _requests(app: App, path: str, wishes: dict[str, Any]) -> object:
    return app.requests(path or None)


def _faults(app: App, path: str, wishes: dict[str, Any]) -> object:
    return app.faults.rules()


def _add_fault(app: App, path: str, wishes: dict[str, Any]) -> object:
    app.add_fault(Fault(**{**wishes, "effect": Effect(wishes["effect"])}))
    return _faults(app, path, wishes)


def _clear_faults(app: App, path: str, wishes: dict[str, Any]) -> object:
    app.faults.clear()
    return []


def _clock(app: App, path: str, wishes: dict[str, Any]) -> object:
    return {"now": app.clock.now(), "utc": app.clock.datetime()}


def _advance(app: App, path: str, wishes: dict[str, Any]) -> object:
    app.clock.advance(float(wishes["advance_seconds"]))
    return _clock(app, path, wishes)


def _ingest(app: App, path: str, wishes: dict[str, Any]) -> object:
    mirror = app.mirrors[path]
    with mirror.lock:
        mirror.set_ingest(wishes["key"], bool(wishes["active"]))
    return {}


def _people(app: App, path: str, wishes: dict[str, Any]) -> object:
    if lacking := {"act", "name", "id"} - wishes.keys():
        raise ValueError(f"the body lacks {', '.join(sorted(lacking))}")
    return {"id": app.act(path, Act(wishes.pop("act")), **wishes)}


def _reset(app: App, path: str, wishes: dict[str, Any]) -> object:
    app.reset()
    return {}


def _register_host(app: App, path: str, wishes: dict[str, Any]) -> object:
    app.register_host(wishes["host"], wishes["platform"])
    return {}


def _cards(app: App, path: str, wishes: dict[str, Any]) -> object:
    return all_cards(app)


def _routes(app: App, path: str, wishes: dict[str, Any]) -> object:
    return {name: mirror.ROUTES for name, mirror in app.mirrors.items()}


_ACTIONS: Mapping[tuple[str, str], Callable[[App, str, dict[str, Any]], object]] = {
    ("GET", "accounts"): _account,
    ("POST", "accounts"): _account,
    ("GET", "requests"): _requests,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _advance,
    ("POST", "ingest"): _ingest,
    ("POST", "people"): _people,
    ("POST", "reset"): _reset,
    ("POST", "hosts"): _register_host,
    ("GET", "cards"): _cards,
    ("GET", "routes"): _routes,
}
