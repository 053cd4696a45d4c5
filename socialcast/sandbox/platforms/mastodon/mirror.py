"""The mirror of Mastodon: its hosts, its routes and what the public sees of it."""

from __future__ import annotations

from socialcast.sandbox.mirror import Card, Request, Response
from socialcast.sandbox.platforms.mastodon.cards import card_of
from socialcast.sandbox.platforms.mastodon.people import People
from socialcast.sandbox.platforms.mastodon.refusals import NOT_FOUND
from socialcast.sandbox.platforms.mastodon.state import VISITORS
from socialcast.sandbox.platforms.mastodon.tables import HOSTS, ROUTES

__all__ = ["MastodonMirror"]


class MastodonMirror(People):
    """Instances of Mastodon, or of other servers with its API, as clients and visitors meet them."""

    name = "mastodon"
    HOSTS = HOSTS
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """The statuses that everybody may read, newest first."""
        for instance in self.instances.values():
            self.settle(instance)
        shown = [
            (instance, status)
            for instance in self.instances.values()
            for status in instance.statuses.values()
            if status.visibility in VISITORS
        ]
        return [card_of(*each) for each in sorted(shown, key=lambda each: int(each[1].id), reverse=True)]

    def not_found(self, request: Request) -> Response | None:
        """A page that is not there, in the words of the API for a call to it; what it has and we do not is loudly unknown."""
        is_page = request.path.startswith("/@")
        return NOT_FOUND.response() if is_page else None
