"""What readers get: accounts, their statuses page by page, threads, versions, notifications (docs, 2026-07-02)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.mastodon import text
from socialcast.sandbox.platforms.mastodon.access import Call, found_user, operation
from socialcast.sandbox.platforms.mastodon.entities import account_view, edit_view, scheduled_view, status_view
from socialcast.sandbox.platforms.mastodon.parameters import boolean, words
from socialcast.sandbox.platforms.mastodon.refusals import answer
from socialcast.sandbox.platforms.mastodon.state import Instance, Status, User, stamp
from socialcast.sandbox.platforms.mastodon.statuses import Statuses, may_read
from socialcast.sandbox.platforms.mastodon.tables import LIMITS

__all__ = ["Reads"]


class _Row(Protocol):
    @property
    def id(self) -> str: ...


Row = TypeVar("Row", bound=_Row)


class Reads(Statuses):
    """The part of the mirror that only shows."""

    @operation
    def verify_account(self, call: Call) -> Response:
        """Whose token it is, with what new posts are by default."""
        source = {"privacy": "public", "sensitive": False, "language": None, "note": "", "fields": []}
        more = {"follow_requests_count": 0, "hide_collections": None, "discoverable": True, "indexable": True}
        role = {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False}
        told = account_view(call.instance, call.user, call.request.host)
        return answer({**told, "source": {**source, **more}, "role": role})

    @operation
    def get_account(self, call: Call, id: str) -> Response:
        """An account."""
        return answer(account_view(call.instance, found_user(call.instance, id), call.request.host))

    @operation
    def get_account_statuses(self, call: Call, id: str) -> Response:
        """An account's statuses, newest first; one's own server knows them at once."""
        user = found_user(call.instance, id)
        rows = [each for each in call.instance.statuses.values() if each.user is user and may_read(each, call.viewer)]
        kept = [each for each in rows if _passes(each, call.told)]
        return _page(call, kept, lambda each: status_view(call.instance, each, call.viewer))

    @operation
    def get_status(self, call: Call, id: str) -> Response:
        """One status."""
        return answer(status_view(call.instance, self.visible_status(call, id), call.viewer))

    @operation
    def get_statuses(self, call: Call) -> Response:
        """Several by their ids; those that are not there are left out (4.3)."""
        found = [call.instance.statuses.get(id) for id in words(call.told.get("id"))]
        visible = [each for each in found if each and may_read(each, call.viewer)]
        return answer([status_view(call.instance, each, call.viewer) for each in visible])

    @operation
    def get_source(self, call: Call, id: str) -> Response:
        """The text as it was typed, for its author alone."""
        status = self.own_status(call, id)
        return answer({"id": id, "text": status.shown.text, "spoiler_text": status.shown.spoiler_text})

    @operation
    def get_history(self, call: Call, id: str) -> Response:
        """All versions, oldest first."""
        status = self.visible_status(call, id)
        return answer([edit_view(call.instance, status, version) for version in status.versions])

    @operation
    def get_context(self, call: Call, id: str) -> Response:
        """What it answers, and what answers it, parents before children."""
        status, is_known = self.visible_status(call, id), call.viewer is not None
        above = [each for each in _above(status) if may_read(each, call.viewer)]
        below = [each for each in _below(call.instance, status, is_known) if may_read(each, call.viewer)]
        ancestors = above[: LIMITS.context_max if is_known else LIMITS.public_ancestors][::-1]
        descendants = below[: LIMITS.context_max if is_known else LIMITS.public_descendants]
        told = {"ancestors": ancestors, "descendants": descendants}
        shown = {name: [status_view(call.instance, each, call.viewer) for each in rows] for name, rows in told.items()}
        return answer(shown)

    @operation
    def list_scheduled(self, call: Call) -> Response:
        """What is to come."""
        rows = [each for each in call.instance.scheduled.values() if each.user is call.user]
        return _page(call, rows, lambda each: scheduled_view(call.instance, each))

    @operation
    def get_notifications(self, call: Call) -> Response:
        """Who answered or named the account, newest first."""
        wanted = words(call.told.get("types")) or ["mention"]
        statuses = call.instance.statuses.values() if "mention" in wanted else ()
        rows = [each for each in statuses if _speaks_to(each, call.user) and may_read(each, call.user)]
        return _page(call, rows, lambda each: _mention(call, each))


def _mention(call: Call, status: Status) -> dict[str, Any]:
    account = account_view(call.instance, status.user, status.host)
    shown = status_view(call.instance, status, call.user)
    told = {"id": status.id, "type": "mention", "created_at": stamp(status.at), "group_key": f"ungrouped-{status.id}"}
    return {**told, "account": account, "status": shown}


def _speaks_to(status: Status, user: User) -> bool:
    named = {name.lower() for name, server in text.mentions(status.shown.text) if not server}
    return status.user is not user and user.name.lower() in named


def _passes(status: Status, told: dict[str, Any]) -> bool:
    """Whether the filters leave it; an answer to oneself is no reply."""
    is_reply = status.parent is not None and status.parent.user is not status.user
    tag = str(told.get("tagged") or "").lower()
    tags = [each.lower() for each in text.hashtags(status.shown.text)]
    return not (
        (boolean(told.get("exclude_replies")) and is_reply)
        or (boolean(told.get("only_media")) and not status.shown.media)
        or (tag and tag not in tags)
        or boolean(told.get("pinned"))
    )


def _above(status: Status) -> Iterator[Status]:
    while status.parent:
        status = status.parent
        yield status


def _below(instance: Instance, status: Status, is_known: bool, depth: int = 0) -> Iterator[Status]:
    if depth < LIMITS.public_depth or is_known:
        for child in instance.replies_to(status):
            yield child
            yield from _below(instance, child, is_known, depth + 1)


def _page(call: Call, rows: Iterable[Row], view: Any) -> Response:
    """The page that the ids ask for, newest first; `min_id` means the rows just above it. `limit` is clamped in silence."""
    told, limit = call.told, _limit(call.told.get("limit"))
    kept = sorted(rows, key=lambda row: _order(row.id), reverse=True)
    if told.get("max_id"):
        kept = [row for row in kept if _order(row.id) < _order(told["max_id"])]
    for name in ("since_id", "min_id"):
        if told.get(name):
            kept = [row for row in kept if _order(row.id) > _order(told[name])]
    page = kept[-limit:] if told.get("min_id") else kept[:limit]
    response = answer([view(row) for row in page])
    if page:
        response.headers["Link"] = _links(call, page, limit)
    return response


def _order(id: Any) -> tuple[int, str]:
    return len(str(id)), str(id)


def _limit(value: Any) -> int:
    wanted = int(value) if str(value).isdecimal() and int(value) else LIMITS.page
    return min(wanted, LIMITS.page_max)


def _links(call: Call, page: Sequence[Row], limit: int) -> str:
    base = f"https://{call.request.host}{call.request.path}"
    kept = {name: value for name, value in call.request.args.items() if name not in ("max_id", "min_id", "since_id")}

    def link(relation: str, **where: str) -> str:
        return f'<{base}?{urlencode({**kept, **where})}>; rel="{relation}"'

    following = [link("next", max_id=page[-1].id)] if len(page) == limit else []
    return ", ".join([*following, link("prev", min_id=page[0].id)])
