"""The mirror of Matrix: its hosts, its routes and what members of its rooms see."""

from __future__ import annotations

from socialcast.sandbox.mirror import Card, Request, Response
from socialcast.sandbox.platforms.matrix.cards import cards_of
from socialcast.sandbox.platforms.matrix.people import People
from socialcast.sandbox.platforms.matrix.refusals import RefusalError
from socialcast.sandbox.platforms.matrix.tables import HOSTS, ROUTES
from socialcast.sandbox.routing import RouteTable

__all__ = ["MatrixMirror"]

_METHODS = ("GET", "POST", "PUT", "DELETE")


class MatrixMirror(People):
    """A homeserver as clients meet it."""

    name = "matrix"
    HOSTS = HOSTS
    ROUTES = ROUTES

    def cards(self) -> list[Card]:
        """All rooms that say something, with their messages, newest first."""
        cards = [card for room in self.rooms.values() for card in cards_of(room)]
        places = {event.id: event.order for room in self.rooms.values() for event in room.events}
        return sorted(cards, key=lambda card: (places.get(card.id, 0), card.at), reverse=True)

    def show_front(self, request: Request) -> Response:
        """What matrix.to shows of every address of its: the part after # stays with the reader's program."""
        return Response("<!doctype html><title>Matrix</title><p>Open this in a Matrix program", mimetype="text/html")

    def not_found(self, request: Request) -> Response | None:
        """A known path with a verb that it does not have; what is unknown altogether is loudly so."""
        known = RouteTable(ROUTES)
        others = (Request({**request.environ, "REQUEST_METHOD": verb}) for verb in _METHODS if verb != request.method)
        if any(known.match(other) for other in others):
            return RefusalError(405, "M_UNRECOGNIZED", "Unrecognized request").response()
        return None
