"""What the API shows of accounts, media and statuses (docs.joinmastodon.org/entities, 2026-07-02)."""

from __future__ import annotations

from typing import Any

from socialcast.sandbox.platforms.mastodon import text
from socialcast.sandbox.platforms.mastodon.state import Attachment, Instance, Scheduled, Status, User, Version, stamp

__all__ = ["account_view", "attachment_view", "content", "edit_view", "scheduled_view", "status_view"]

_NO_DETAILS: dict[str, Any] = {"emojis": [], "fields": []}


def account_view(instance: Instance, user: User, host: str = "") -> dict[str, Any]:
    """An account as everybody sees it."""
    base = f"https://{host or instance.domain}"
    own = [status for status in instance.statuses.values() if status.user is user]
    return {
        "id": user.id,
        "username": user.name,
        "acct": user.name,
        "display_name": user.name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": stamp(user.created_at),
        "note": "",
        "url": f"{base}/@{user.name}",
        "uri": f"{base}/users/{user.name}",
        **dict.fromkeys(("avatar", "avatar_static"), f"{base}/avatars/original/missing.png"),
        **dict.fromkeys(("header", "header_static"), f"{base}/headers/original/missing.png"),
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": len(own),
        "last_status_at": stamp(own[-1].at)[:10] if own else None,
        **_NO_DETAILS,
    }


def attachment_view(attachment: Attachment, now: float, version: Version | None = None) -> dict[str, Any]:
    """A file; without an address and measures while it is being processed."""
    is_ready = now >= attachment.ready_at
    description, focus = version.described[attachment.id] if version else (attachment.description, attachment.focus)
    return {
        "id": attachment.id,
        "type": attachment.kind,
        "url": attachment.url if is_ready else None,
        "preview_url": attachment.url if attachment.kind == "image" and is_ready else None,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(attachment, focus) if is_ready else None,
        "description": description,
        "blurhash": None,
    }


def _meta(attachment: Attachment, focus: tuple[float, float] | None) -> dict[str, Any]:
    meta: dict[str, Any] = {"focus": {"x": focus[0], "y": focus[1]}} if focus else {}
    if attachment.size:
        width, height = attachment.size
        told = {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
        meta |= {"original": told, "small": told}
    return meta


def content(instance: Instance, words: str) -> str:
    """A text as HTML, with the pages of those it mentions."""

    def address(name: str, server: str) -> str | None:
        known = instance.named(name) if server in ("", instance.domain) else None
        return f"https://{instance.domain}/@{known.name}" if known else None

    return str(text.markup(words, instance.domain, address))


def status_view(instance: Instance, status: Status, viewer: User | None) -> dict[str, Any]:
    """A status as this viewer sees it."""
    shown, parent = status.shown, status.parent
    told = {
        "id": status.id,
        "created_at": stamp(status.at),
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": parent.user.id if parent else None,
        "sensitive": shown.sensitive,
        "spoiler_text": shown.spoiler_text,
        "visibility": status.visibility,
        "language": shown.language,
        "uri": f"https://{status.host}/users/{status.user.name}/statuses/{status.id}",
        "url": status.url,
        "replies_count": len(instance.replies_to(status)),
        "reblogs_count": 0,
        "favourites_count": len(status.favourites),
        "quotes_count": 0,
        "edited_at": stamp(shown.at) if len(status.versions) > 1 else None,
        "content": content(instance, shown.text),
        "reblog": None,
        "application": {"name": status.app.name, "website": status.app.website},
        "account": account_view(instance, status.user, status.host),
        "media_attachments": _media(instance, shown),
        "mentions": _mentions(instance, shown.text),
        "tags": _tags(instance, shown.text),
        "emojis": [],
        "quote": None,
        "card": None,
        "poll": None,
    }
    return told | (_relation(status, viewer) if viewer else {})


def _relation(status: Status, viewer: User) -> dict[str, Any]:
    own = {"pinned": False} if status.user is viewer else {}
    told = {"favourited": viewer.id in status.favourites, "reblogged": False, "muted": False, "bookmarked": False}
    return {**told, **own, "filtered": []}


def _media(instance: Instance, version: Version) -> list[dict[str, Any]]:
    return [attachment_view(instance.media[id], version.at, version) for id in version.media if id in instance.media]


def _mentions(instance: Instance, words: str) -> list[dict[str, str]]:
    here = (name for name, server in text.mentions(words) if server in ("", instance.domain))
    known = {user.id: user for name in here if (user := instance.named(name))}
    return [
        {"id": user.id, "username": user.name, "acct": user.name, "url": f"https://{instance.domain}/@{user.name}"}
        for user in known.values()
    ]


def _tags(instance: Instance, words: str) -> list[dict[str, str]]:
    names = dict.fromkeys(tag.lower() for tag in text.hashtags(words))
    return [{"name": name, "url": f"https://{instance.domain}/tags/{name}"} for name in names]


def edit_view(instance: Instance, status: Status, version: Version) -> dict[str, Any]:
    """One version of a status."""
    return {
        "content": content(instance, version.text),
        "spoiler_text": version.spoiler_text,
        "sensitive": version.sensitive,
        "created_at": stamp(version.at),
        "account": account_view(instance, status.user, status.host),
        "media_attachments": _media(instance, version),
        "emojis": [],
        "quote": None,
    }


def scheduled_view(instance: Instance, scheduled: Scheduled) -> dict[str, Any]:
    """A status that is to come."""
    version = scheduled.version
    params = {
        "text": version.text,
        "media_ids": list(version.media) or None,
        "sensitive": version.sensitive,
        "spoiler_text": version.spoiler_text or None,
        "visibility": scheduled.visibility,
        "language": version.language,
        "scheduled_at": None,
        "poll": None,
        "idempotency": scheduled.key,
        "in_reply_to_id": int(scheduled.parent.id) if scheduled.parent else None,
        "application_id": int(scheduled.app.id),
        "with_rate_limit": True,
    }
    at = stamp(scheduled.due_at)
    return {"id": scheduled.id, "scheduled_at": at, "params": params, "media_attachments": _media(instance, version)}
