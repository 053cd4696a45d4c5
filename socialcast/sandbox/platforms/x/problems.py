"""X's refusals: the texts and shapes of its error bodies (X API docs, 2026-08-22, and field reports of the same year)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.mirror import Response

TYPES = "https://api.x.com/2/problems/"
PROBLEM_JSON = "application/problem+json"


class RefusalError(Exception):
    """Ends a call with this status and body."""

    def __init__(self, status: int, body: Mapping[str, Any], mimetype: str = PROBLEM_JSON) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.mimetype = mimetype

    def response(self) -> Response:
        """The answer that the client gets."""
        return Response(json.dumps(self.body), self.status, mimetype=self.mimetype)


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal whose words are always the same."""

    status: int
    title: str
    detail: str
    type: str = "about:blank"

    def refusal(self) -> RefusalError:
        """The exception that answers with this problem."""
        return RefusalError(self.status, {"title": self.title, "detail": self.detail, "type": self.type, "status": self.status})


UNAUTHORIZED = Problem(401, "Unauthorized", "Unauthorized")
CREDITS_DEPLETED = Problem(
    402, "CreditsDepleted", "Your account does not have any credits to fulfill this request.", TYPES + "credits"
)
FORBIDDEN = Problem(403, "Forbidden", "Forbidden")
NOT_PERMITTED = Problem(403, "Forbidden", "You are not permitted to perform this action.")
DUPLICATE = Problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
PARENT_INVISIBLE = Problem(403, "Forbidden", "You attempted to reply to a Tweet that is deleted or not visible to you.")
REPLY_RULE = Problem(
    403,
    "Forbidden",
    "You can only reply to or quote posts where you are mentioned or are the author.",
    TYPES + "not-authorized-for-resource",
)
CASHTAGS = Problem(403, "Forbidden", "You can include at most 1 cashtag in a post.")
NOT_AUTHOR = Problem(403, "Forbidden", "You are not authorized to delete this Tweet.")
NOT_CONVERSATION = Problem(403, "Forbidden", "You are not permitted to hide this reply: the conversation is not yours.")
SEGMENT_TOO_LARGE = Problem(413, "Payload Too Large", "Payload Too Large")
TOO_MANY_REQUESTS = Problem(429, "Too Many Requests", "Too Many Requests")


def invalid(message: str, parameter: str = "", value: object = "") -> RefusalError:
    """400 with the message and, where one is to blame, the parameter."""
    error: dict[str, Any] = {"message": message}
    if parameter:
        error = {"parameters": {parameter: [str(value)]}, **error}
    return RefusalError(
        400,
        {
            "errors": [error],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": TYPES + "invalid-request",
            "status": 400,
        },
    )


def missing(kind: str, id: str, parameter: str = "id") -> dict[str, Any]:
    """The entry under `errors` for a resource that does not exist, which a lookup answers with status 200."""
    return {
        "value": id,
        "detail": f"Could not find {kind} with {parameter}: [{id}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": id,
        "type": TYPES + "resource-not-found",
    }


def not_found(kind: str, id: str, parameter: str = "id") -> RefusalError:
    """404 for a resource that a write or a status call needs."""
    return RefusalError(404, {**missing(kind, id, parameter), "status": 404})


def oauth2_error(status: int, error: str, description: str) -> RefusalError:
    """What the token endpoint answers, in the shape of RFC 6749 section 5.2."""
    return RefusalError(status, {"error": error, "error_description": description}, "application/json")
