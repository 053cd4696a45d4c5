"""The refusals of Mastodon and its kin: a status and one sentence under `error` (docs and server code, 2026-07)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = [
    "BAD_TOKEN",
    "DISABLED",
    "NOT_FOUND",
    "NOT_READY",
    "NO_USER",
    "OUT_OF_SCOPE",
    "TOO_MANY",
    "RefusalError",
    "answer",
    "invalid",
    "missing_media",
]


class RefusalError(Exception):
    """Ends a call with this status and sentence."""

    def __init__(self, status: int, error: str, **more: str) -> None:
        super().__init__(status, error)
        self.status, self.body = status, {"error": error, **more}

    def response(self) -> Response:
        """The answer that the client gets."""
        return answer(self.body, self.status)


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer as the servers give it."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


def invalid(what: str) -> RefusalError:
    """Something that the model's validation does not take."""
    return RefusalError(422, f"Validation failed: {what}")


def missing_media(ids: Iterable[str]) -> RefusalError:
    """Media that were used up or cleaned away, or never were (Mastodon 4.3, issue 31681)."""
    return RefusalError(422, f"Media {', '.join(ids)} not found or already attached to another post")


BAD_TOKEN = RefusalError(401, "The access token is invalid")
NO_USER = RefusalError(401, "This method requires an authenticated user")
DISABLED = RefusalError(403, "Your login is currently disabled")
OUT_OF_SCOPE = RefusalError(403, "This action is outside the authorized scopes")
NOT_FOUND = RefusalError(404, "Record not found")
TOO_MANY = RefusalError(429, "Too many requests")
NOT_READY = RefusalError(422, "Cannot attach files that have not finished processing. Try again in a moment!")
