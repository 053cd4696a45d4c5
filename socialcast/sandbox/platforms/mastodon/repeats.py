"""What comes of an Idempotency-Key that was seen before: on Mastodon, on some of its versions, and on other servers.

Mastodon's issues 21075, 30039 and 40399; GoToSocial's 2723; the code of Pixelfed (2024-03) and of Pleroma's plug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.platforms.mastodon.entities import status_view
from socialcast.sandbox.platforms.mastodon.refusals import NOT_FOUND, RefusalError, answer
from socialcast.sandbox.platforms.mastodon.tables import LIMITS

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.mastodon.access import Call

__all__ = ["once"]

_REPLAYED_VERBS = frozenset({"POST", "PUT", "PATCH"})
Run = Callable[[], Response]


def once(call: Call, now: float, run: Run) -> Response:
    """The answer to a call, as its server takes the key that came with it."""
    key = call.request.headers.get("Idempotency-Key", "")
    return _KINDS[call.server.repeats](call, key, now, run) if key else run()


def _by_status(call: Call, key: str, now: float, run: Run) -> Response:
    """Only new statuses know keys, for an hour and per account; scheduled ones ignore them."""
    if call.name != "create_status" or call.told.get("scheduled_at"):
        return run()
    id, until = call.user.keys.get(key, ("", 0.0))
    if until > now:
        return _same_again(call, id)
    response = run()
    if response.status_code == HTTPStatus.OK:
        call.user.keys[key] = (response.get_json()["id"], now + LIMITS.key_seconds)
    return response


def _same_again(call: Call, id: str) -> Response:
    """What was made with the key, whatever the call now says."""
    if call.server.repeats == "failing":
        return answer({"status": 500, "error": "Internal Server Error"}, 500)
    if id not in call.instance.statuses:
        raise NOT_FOUND
    return answer(status_view(call.instance, call.instance.statuses[id], call.user))


def _burned(call: Call, key: str, now: float, run: Run) -> Response:
    """Spent at first sight, even where the first attempt failed."""
    if call.name != "create_status":
        return run()
    if call.instance.burned.get(key, 0.0) > now:
        raise RefusalError(400, "Duplicate idempotency key.")
    call.instance.burned[key] = now + LIMITS.key_seconds
    return run()


def _replayed(call: Call, key: str, now: float, run: Run) -> Response:
    """The whole earlier answer, a refusal too, to whatever account and call of these verbs the key comes with again."""
    if call.request.method not in _REPLAYED_VERBS:
        return run()
    earlier, until = call.instance.replays.get(key, (None, 0.0))
    if earlier is None or until <= now:
        response = run()
        call.instance.replays[key] = (_copy(response), now + LIMITS.replay_seconds)
        return response
    response = _copy(earlier)
    response.headers["idempotent-replayed"] = "true"
    return response


def _copy(response: Response) -> Response:
    return Response(response.get_data(), response.status_code, content_type=response.content_type)


_KINDS: Mapping[str, Callable[[Call, str, float, Run], Response]] = {
    "honoured": _by_status,
    "failing": _by_status,
    "burned": _burned,
    "replayed": _replayed,
    "ignored": lambda call, key, now, run: run(),
}
