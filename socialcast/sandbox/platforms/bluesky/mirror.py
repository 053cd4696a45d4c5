"""The mirror of Bluesky: its hosts, its routes and what the public sees of it."""

from __future__ import annotations

from dataclasses import replace

from socialcast.sandbox.mirror import Act, Card, Request, Response
from socialcast.sandbox.platforms.bluesky.blobs import send_blob
from socialcast.sandbox.platforms.bluesky.cards import card_of, profile_page
from socialcast.sandbox.platforms.bluesky.lexicons import POST
from socialcast.sandbox.platforms.bluesky.people import People
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError, invalid
from socialcast.sandbox.platforms.bluesky.state import Record, User
from socialcast.sandbox.platforms.bluesky.tables import HOSTS, METHODS, ROUTES, service_of

__all__ = ["BlueskyMirror"]

_VERBS = {method.nsid: method.verb for method in METHODS.values()}


class BlueskyMirror(People):
    """Bluesky as a client of its servers and a visitor of its site meet it."""

    name = "bluesky"
    HOSTS = HOSTS
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """The posts that exist now, newest first."""
        shown = sorted(self.posts(), key=lambda record: (record.at, record.rkey), reverse=True)
        return [self._card(record) for record in shown if not self._is_kept_out(record)]

    def get_image(self, request: Request, size: str, did: str, cid: str) -> Response:
        """A picture of a post; nobody is shown a file that no record refers to."""
        user = self.users.get(did) if service_of(request.host) == "files" else None
        blob = user.blobs.get(cid) if user else None
        return send_blob(blob, request) if blob and blob.is_permanent else Response(status=404)

    def not_found(self, request: Request) -> Response | None:
        """The site's other pages; for calls what the servers say."""
        if service_of(request.host) == "site":
            return self._site_page(request.path)
        nsid = request.path.removeprefix("/xrpc/")
        if nsid in _VERBS:
            return invalid(f"Incorrect HTTP method ({request.method}) expected {_VERBS[nsid]}").response()
        known = request.path.startswith("/xrpc/")
        return RefusalError(501, "MethodNotImplemented", "Method Not Implemented").response() if known else None

    def _site_page(self, path: str) -> Response:
        """An account's page under its handle, to which the one under its DID leads, as that of a post does."""
        match path.rstrip("/").split("/"):
            case ["", "profile", actor] if user := self.find_user(actor):
                if actor.lower() != user.handle:
                    return _moved(user.url)
                return Response(profile_page(user, self.profile_of(user), self._cards_of(user)), mimetype="text/html")
            case ["", "profile", actor, "post", rkey] if (
                post := self.post_at(f"at://{actor}/{POST}/{rkey}")
            ) and actor == post.did:
                return _moved(f"{self.users[post.did].url}/post/{rkey}")
        return Response("<!doctype html><title>Not Found</title><p>Not found", 404, mimetype="text/html")

    def _card(self, record: Record) -> Card:
        card = card_of(record, self.users[record.did], self._parent_of(record))
        acts = (Act.REPLY, Act.REMOVE, *((Act.MODERATE,) if self.root_of(record) else ()))
        return replace(card, acts=acts, warning="Hidden by the author of the thread" if self.is_hidden(record) else "")

    def _cards_of(self, user: User) -> list[Card]:
        return [card for card in self.cards() if card.account == f"@{user.handle}"]

    def _parent_of(self, record: Record) -> Record | None:
        return self.post_at(record.first[1].get("reply", {}).get("parent", {}).get("uri", ""))


def _moved(url: str) -> Response:
    return Response(status=302, headers={"Location": url})
