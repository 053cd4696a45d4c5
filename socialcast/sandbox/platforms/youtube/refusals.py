"""YouTube's refusals: one error shape, told apart by `errors[0].reason` (Data API docs, errors, 2026-11-22)."""

from __future__ import annotations

import json
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = ["RefusalError", "bad", "forbidden", "missing"]


class RefusalError(Exception):
    """Ends a call with this status and reason."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "youtube") -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain

    def response(self) -> Response:
        """The answer that the client gets."""
        error: dict[str, Any] = {"message": self.message, "domain": self.domain, "reason": self.reason}
        body = {"error": {"code": self.status, "message": self.message, "errors": [error]}}
        return Response(json.dumps(body), self.status, mimetype="application/json")


def bad(reason: str, message: str) -> RefusalError:
    """400: what was sent cannot be."""
    return RefusalError(400, reason, message)


def forbidden(reason: str, message: str, domain: str = "youtube.common") -> RefusalError:
    """403: rights, limits and states."""
    return RefusalError(403, reason, message, domain)


def missing(kind: str) -> RefusalError:
    """404: gone, or not this account's to see."""
    return RefusalError(404, f"{kind}NotFound", f"The {kind} that you requested cannot be found.", f"youtube.{kind}")
