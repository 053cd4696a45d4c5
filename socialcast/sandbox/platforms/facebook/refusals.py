"""Facebook's refusals: code, subcode and words in one shape (Graph API error handling, 2026-11-22)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = ["GONE", "RefusalError", "denied", "parameter"]


class RefusalError(Exception):
    """Ends a call with this code; HTTP is 400 unless said otherwise."""

    def __init__(
        self, code: int, message: str, subcode: int | None = None, *, status: int = 400, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code, subcode, message)
        self.code, self.message, self.subcode, self.status, self.data = code, message, subcode, status, data

    def response(self) -> Response:
        """The answer that the client gets."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code, "is_transient": False}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.data is not None:
            error["error_data"] = self.data
        return Response(json.dumps({"error": {**error, "fbtrace_id": "Asandbox"}}), self.status, mimetype="application/json")


def parameter(message: str, subcode: int | None = None) -> RefusalError:
    """What was sent cannot be."""
    return RefusalError(100, f"(#100) {message}", subcode)


def denied(permission: str) -> RefusalError:
    """A permission that the token does not have."""
    return RefusalError(200, f"(#200) Requires {permission} permission to manage the object", status=403)


GONE = RefusalError(
    100, "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not support it", 33
)
