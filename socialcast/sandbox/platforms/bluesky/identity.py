"""Who is who: handles, DIDs and their documents, and what a server says of itself (atproto identity pages, 2026-04)."""

from __future__ import annotations

import json

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.bluesky.access import Call, operation
from socialcast.sandbox.platforms.bluesky.refusals import answer, invalid
from socialcast.sandbox.platforms.bluesky.repo import Repo
from socialcast.sandbox.platforms.bluesky.tables import GATEWAY_HOST, service_of

__all__ = ["Identity"]


class Identity(Repo):
    """The part of the mirror that knows names."""

    @operation
    def resolve_handle(self, call: Call) -> Response:
        """The DID of a handle."""
        user = self.find_user(call.told["handle"])
        if user is None:
            raise invalid("Unable to resolve handle")
        return answer({"did": user.did})

    @operation
    def describe_server(self, call: Call) -> Response:
        """What a server says of itself."""
        told = {"availableUserDomains": [f".{GATEWAY_HOST}"], "inviteCodeRequired": False, "links": {}, "contact": {}}
        return answer({"did": f"did:web:{call.request.host}", **told})

    @operation
    def describe_repo(self, call: Call) -> Response:
        """Whose repository it is and which collections it has."""
        user = self.repo_of(call)
        collections = sorted({collection for collection, _ in user.records})
        told = {"handle": user.handle, "did": user.did, "didDoc": user.did_document, "handleIsCorrect": True}
        return answer({**told, "collections": collections})

    def get_did_document(self, request: Request, did: str) -> Response:
        """GET https://plc.directory/{did}."""
        user = self.users.get(did) if service_of(request.host) == "directory" else None
        if user is None:
            return answer({"message": f"DID not registered: {did}"}, 404)
        return Response(json.dumps(user.did_document), mimetype="application/did+ld+json")
