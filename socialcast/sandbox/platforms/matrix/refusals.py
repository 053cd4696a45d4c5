"""A homeserver's refusals: one shape, told apart by `errcode` (client-server API 1.19, "Standard error response")."""

from __future__ import annotations

import json
import math
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = [
    "BAD_OBJECT",
    "NOT_JSON",
    "NO_EVENT",
    "NO_TOKEN",
    "RefusalError",
    "answer",
    "forbidden",
    "limited",
    "missing",
    "not_found",
    "too_large",
    "unknown_token",
]


class RefusalError(Exception):
    """Ends a call with this status and code."""

    def __init__(self, status: int, errcode: str, error: str, **more: Any) -> None:
        super().__init__(status, errcode, error)
        self.status, self.body = status, {"errcode": errcode, "error": error, **more}

    def response(self) -> Response:
        """The answer that the client gets; one that must wait is told how long in both ways."""
        response = answer(self.body, self.status)
        if wait_ms := self.body.get("retry_after_ms"):
            response.headers["Retry-After"] = str(math.ceil(wait_ms / 1000))
        return response


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer as a homeserver gives it."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def forbidden(error: str) -> RefusalError:
    """Something that the caller may not do."""
    return RefusalError(403, "M_FORBIDDEN", error)


def not_found(error: str) -> RefusalError:
    """Something that is not there, or not for the caller."""
    return RefusalError(404, "M_NOT_FOUND", error)


def missing(name: str) -> RefusalError:
    """A parameter that must be there."""
    return RefusalError(400, "M_MISSING_PARAM", f"Missing params: ['{name}']")


def too_large(error: str) -> RefusalError:
    """An event, a name or a file past its limit."""
    return RefusalError(413, "M_TOO_LARGE", error)


def limited(wait_seconds: float) -> RefusalError:
    """Too many calls of a kind."""
    wait_ms = math.ceil(wait_seconds * 1000)
    return RefusalError(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=wait_ms)


def unknown_token(error: str = "Invalid access token passed.", *, is_soft: bool = False) -> RefusalError:
    """A token that is none; softly where the device stays and may sign in again."""
    return RefusalError(401, "M_UNKNOWN_TOKEN", error, soft_logout=is_soft)


NO_TOKEN = RefusalError(401, "M_MISSING_TOKEN", "Missing access token")
NOT_JSON = RefusalError(400, "M_NOT_JSON", "Content not JSON.")
BAD_OBJECT = RefusalError(400, "M_BAD_JSON", "Content must be a JSON object.")
NO_EVENT = not_found("Event not found.")
