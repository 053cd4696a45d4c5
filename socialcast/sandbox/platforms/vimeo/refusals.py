"""Vimeo's refusals: one shape, told apart by `error_code` (API error pages, 2026-11-22)."""

from __future__ import annotations

import json
from typing import Any

from socialcast.sandbox.mirror import Response

__all__ = ["GONE", "RefusalError", "invalid", "no_plan", "no_scope"]


class RefusalError(Exception):
    """Ends a call with this status and code; `wrong` are the parameters that do not fit."""

    def __init__(self, status: int, code: int, message: str, wrong: tuple[str, ...] = ()) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message, self.wrong = status, code, message, wrong

    def response(self) -> Response:
        """The answer that the client gets."""
        body: dict[str, Any] = {
            "error": self.message,
            "link": None,
            "developer_message": self.message,
            "error_code": self.code,
        }
        if self.wrong:
            body["invalid_parameters"] = [
                {"field": name, "error_code": self.code, "error": f"The value of {name} is invalid."} for name in self.wrong
            ]
        return Response(json.dumps(body), self.status, mimetype="application/vnd.vimeo.error+json")


def invalid(*names: str) -> RefusalError:
    """Parameters that cannot be."""
    return RefusalError(400, 2204, "Something strange occurred. Please check your parameters.", names)


def no_scope(scope: str) -> RefusalError:
    """A scope that the token does not have."""
    return RefusalError(403, 3200, f"Your access token does not have the {scope} scope")


def no_plan(what: str) -> RefusalError:
    """Something that the account's plan does not have."""
    return RefusalError(403, 3200, f"Your account's plan does not include {what}.")


GONE = RefusalError(404, 5000, "The requested resource could not be found.")
