"""What an instance tells of itself (docs "instance", NodeInfo 2.0, 2026-07-02)."""

from __future__ import annotations

from typing import Any

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.mastodon.access import Access, Call, operation
from socialcast.sandbox.platforms.mastodon.refusals import NOT_FOUND, answer
from socialcast.sandbox.platforms.mastodon.tables import Server

__all__ = ["Instances"]

_STATUS_LIMITS = ("max_characters", "max_media_attachments", "characters_reserved_per_url")
_MEDIA_LIMITS = (
    "description_limit",
    "image_size_limit",
    "image_matrix_limit",
    "video_size_limit",
    "video_frame_rate_limit",
    "video_matrix_limit",
)
_POLLS = {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746}
_FORK = "https://github.com/mastodon/mastodon"


class Instances(Access):
    """The part of the mirror that clients read limits from."""

    @operation
    def get_instance(self, call: Call) -> Response:
        """Version, limits and what the software calls itself."""
        if not call.server.has_v2:
            raise NOT_FOUND
        domain, server = call.request.host, call.server
        versions = {"api_versions": {"mastodon": server.api_version}} if server.api_version else {}
        told = {
            "domain": domain,
            "title": "Sandbox",
            "version": server.version,
            "source_url": _FORK,
            "description": "",
            "usage": {"users": {"active_month": len(call.instance.users)}},
            "thumbnail": {"url": f"https://{domain}/packs/media/images/preview.png"},
            "icon": [],
            "languages": ["en"],
            "configuration": _configuration(server),
            "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
            "contact": {"email": f"admin@{domain}", "account": None},
            "rules": [],
        }
        return answer(told | versions)

    @operation
    def get_old_instance(self, call: Call) -> Response:
        """The same in the form of before Mastodon 4."""
        count = len(call.instance.statuses)
        return answer(
            {
                "uri": call.request.host,
                "title": "Sandbox",
                "short_description": "",
                "description": "",
                "email": f"admin@{call.request.host}",
                "version": call.server.version,
                "urls": {"streaming_api": f"wss://{call.request.host}"},
                "stats": {"user_count": len(call.instance.users), "status_count": count, "domain_count": 1},
                "thumbnail": None,
                "languages": ["en"],
                "registrations": False,
                "approval_required": False,
                "invites_enabled": False,
                "configuration": _configuration(call.server),
                "contact_account": None,
                "rules": [],
            }
        )

    @operation
    def get_nodeinfo_links(self, call: Call) -> Response:
        """Where NodeInfo stands."""
        href = f"https://{call.request.host}/nodeinfo/2.0"
        return answer({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": href}]})

    @operation
    def get_nodeinfo(self, call: Call) -> Response:
        """What software it is, under its own name."""
        told = {"version": "2.0", "software": {"name": call.server.software, "version": call.server.version}}
        services: dict[str, list[str]] = {"outbound": [], "inbound": []}
        usage = {"users": {"total": len(call.instance.users)}, "localPosts": len(call.instance.statuses)}
        more = {"protocols": ["activitypub"], "services": services, "usage": usage, "openRegistrations": False}
        return answer({**told, **more, "metadata": {}})


def _configuration(server: Server) -> dict[str, Any]:
    media = {name: getattr(server, name) for name in _MEDIA_LIMITS}
    told: dict[str, Any] = {
        "urls": {},
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        "statuses": {name: getattr(server, name) for name in _STATUS_LIMITS},
        "media_attachments": {"supported_mime_types": list(server.supported_mime_types), **media},
        "polls": _POLLS,
        "translation": {"enabled": False},
        **server.tells,
    }
    return {name: part for name, part in told.items() if part is not None}
