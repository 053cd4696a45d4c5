"""Bluesky's refusals: one shape, told apart by the name under `error` (XRPC; server 0.5.35, 2026-09-28)."""

from __future__ import annotations

import json
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = ["INTERNAL", "RefusalError", "answer", "invalid", "unauthorized"]


class RefusalError(Exception):
    """Ends a call with this status and error name."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(status, error, message)
        self.status, self.error, self.message = status, error, message

    def response(self) -> Response:
        """The answer that the client gets."""
        return answer({"error": self.error, "message": self.message}, self.status)


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer as the servers give it."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def invalid(message: str) -> RefusalError:
    """Something that the schema or the server does not take."""
    return RefusalError(400, "InvalidRequest", message)


def unauthorized(message: str = "Authentication Required") -> RefusalError:
    """A sign-in or a repository that is not the caller's."""
    return RefusalError(401, "AuthenticationRequired", message)


INTERNAL = RefusalError(500, "InternalServerError", "Internal Server Error")
