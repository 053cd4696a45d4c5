"""Wikimedia's etiquette as its servers enforce it: a User-Agent with a contact, and so many requests in a minute."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.mediawiki.state import User

__all__ = ["REQUESTS_PER_MINUTE", "Traffic", "agent_refusal"]

# Limits hold since March 2026; their numbers were in no page that was read, so these are the sandbox's own.
REQUESTS_PER_MINUTE: Mapping[str, int] = {"anonymous": 200, "user": 2000}
_CONTACT = re.compile(r"https?://\S+|\S+@\S+\.\S+")
# A library's own name tells whom to ask about the library, not about this client: all its users would share one throttle.
_LIBRARIES = re.compile(
    r"(?i)^(python-requests|python-urllib3?|python-httpx|aiohttp|curl|wget|go-http-client|java|okhttp|mwclient)\b/?"
)
_POLICY = (
    "Name your tool and a way to reach its operator in the User-Agent, as the policy asks: "
    "https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy\n"
)
_WINDOW_SECONDS = 60


def agent_refusal(request: Request) -> Response | None:
    """The 403 for a client that does not say who runs it (Wikimedia User-Agent policy, enforced since 2025-07-30)."""
    agent = request.headers.get("User-Agent", "")
    if _CONTACT.search(agent) and not _LIBRARIES.match(agent):
        return None
    return Response(_POLICY, 403, mimetype="text/plain")


class Traffic:
    """Who asked how often in the last minute, over all wikis together."""

    def __init__(self) -> None:
        self.requests_per_minute = dict(REQUESTS_PER_MINUTE)
        self._asked_at: defaultdict[str, list[float]] = defaultdict(list)

    def refusal(self, user: User, now: float) -> Response | None:
        """The 429 for one request too many; accounts with the bot flag are exempt."""
        if "bot" in user.rights:
            return None
        asked = self._asked_at[user.name]
        asked[:] = [at for at in asked if at > now - _WINDOW_SECONDS]
        if len(asked) < self.requests_per_minute["anonymous" if user.is_anonymous else "user"]:
            asked.append(now)
            return None
        wait_seconds = max(1, round(asked[0] + _WINDOW_SECONDS - now))
        return Response("Too many requests.\n", 429, {"Retry-After": str(wait_seconds)}, mimetype="text/plain")
