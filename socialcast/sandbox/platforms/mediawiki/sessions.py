"""Who is calling: cookie sessions, bot passwords, owner-only access tokens, rights, and the assertions that protect a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from socialcast.sandbox.mirror import Ids, Request
from socialcast.sandbox.platforms.mediawiki.api import ApiError, Call
from socialcast.sandbox.platforms.mediawiki.state import Session, User, Wiki

if TYPE_CHECKING:
    from socialcast.sandbox.platforms.mediawiki.mirror import MediawikiMirror

__all__ = [
    "BOT_NAME",
    "anonymous",
    "block_info",
    "check_assertions",
    "check_lag",
    "clientlogin",
    "cookie_name",
    "login",
    "logout",
    "recognise",
    "refuse_revoked",
    "require_right",
    "rights_of",
    "throttle",
]

BOT_NAME = "socialcast"
_GROUP_RIGHTS: Mapping[str, frozenset[str]] = {
    "*": frozenset({"read", "edit", "createpage", "createtalk", "writeapi"}),
    "user": frozenset(
        {"upload", "reupload", "reupload-shared", "minoredit", "applychangetags", "move", "purge", "autoconfirmed"}
    ),
    "bot": frozenset({"bot", "apihighlimits", "noratelimit", "autopatrol", "nominornewtalk"}),
    "sysop": frozenset({"delete", "undelete", "block", "protect", "editprotected", "rollback", "noratelimit", "apihighlimits"}),
}
_LAG_RETRY_SECONDS = 5


def rights_of(groups: Iterable[str]) -> frozenset[str]:
    """What members of these groups may do."""
    return frozenset().union(*(_GROUP_RIGHTS[group] for group in groups))


def anonymous(request: Request) -> User:
    """Somebody who is not signed in and goes by the IP address."""
    return User(id=0, name=request.remote_addr or "127.0.0.1", groups=("*",), rights=rights_of(("*",)))


def cookie_name(wiki: Wiki) -> str:
    """The session cookie's name, different on each wiki."""
    return "".join(letter if letter.isalnum() else "_" for letter in wiki.host) + "_session"


def recognise(mirror: MediawikiMirror, wiki: Wiki, request: Request) -> tuple[Session, bool]:
    """The session of this request, and whether its access token is one that was never given or has been revoked."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        known = wiki.sessions.get(request.cookies.get(cookie_name(wiki), ""))
        return known or _fresh(mirror.ids), False
    user = next((user for user in mirror.users.values() if token and user.access_token == token), None)
    if user is None:
        return _fresh(mirror.ids), True
    key = f"oauth2/{token}"
    if key not in wiki.sessions:
        wiki.sessions[key] = Session(id=key, secret=mirror.ids.hexadecimal(32), user=user)
    return wiki.sessions[key], False


def _fresh(ids: Ids) -> Session:
    return Session(id=ids.hexadecimal(32), secret=ids.hexadecimal(32))


def check_assertions(call: Call) -> None:
    """Refuse when the session is not the one that the client believes it has; this comes before everything else."""
    expected = call.text("assert")
    failed = {"user": call.user.is_anonymous, "anon": not call.user.is_anonymous, "bot": "bot" not in call.user.rights}
    if expected and expected not in failed:
        raise ApiError("badvalue", "assert", expected)
    if expected and failed[expected]:
        raise ApiError(f"assert{expected}failed")
    if call.has("assertuser") and call.text("assertuser").replace("_", " ") != call.user.name:
        raise ApiError("assertnameduserfailed", call.text("assertuser"))


def check_lag(call: Call) -> None:
    """Refuse when the replicas are further behind than the client accepts."""
    most, lag = call.integer("maxlag"), call.mirror.lag_seconds
    if most is not None and lag > most:
        headers = {"Retry-After": str(max(_LAG_RETRY_SECONDS, int(most))), "X-Database-Lag": str(int(lag))}
        raise ApiError("maxlag", lag, headers=headers, lag=lag, type="db")


def require_right(call: Call, right: str) -> None:
    """Refuse a user who is blocked or lacks the right."""
    if call.user.block_reason:
        raise ApiError("blocked", blockinfo=block_info(call.user))
    if right not in call.user.rights:
        raise ApiError("permissiondenied", right)


def block_info(user: User) -> dict[str, Any]:
    """The block as clients see it; empty for a user who is not blocked."""
    if not user.block_reason:
        return {}
    return {
        "blockid": user.id,
        "blockedby": "Admin",
        "blockreason": user.block_reason,
        "blockexpiry": "infinite",
        "blockpartial": False,
    }


def throttle(call: Call, action: str) -> None:
    """Count this action, and refuse it beyond the wiki's rate limit."""
    if action not in call.wiki.rate_limits or "noratelimit" in call.user.rights:
        return
    hits, seconds = call.wiki.rate_limits[action]
    done = call.wiki.done_at[call.user.name, action]
    done[:] = [at for at in done if at > call.now - seconds]
    if len(done) >= hits:
        raise ApiError("ratelimited")
    done.append(call.now)


def login(call: Call) -> Mapping[str, Any]:
    """`action=login`: for bot passwords."""
    call.keep_session = True
    if not call.has("lgtoken"):
        return {"login": {"result": "NeedToken", "token": call.session.token("login")}}
    if call.raw["lgtoken"] != call.session.token("login") or call.session.id not in call.wiki.sessions:
        return {"login": _failed(call, "sessionlost", "The session of this login is gone; begin again.")}
    name, _, bot = call.text("lgname").partition("@")
    user = call.mirror.users.get(name.replace("_", " "))
    if user is None or bot != BOT_NAME or not user.bot_password or call.raw.get("lgpassword") != user.bot_password:
        return {"login": _failed(call, "wrongpassword", "Incorrect username or password.")}
    call.session.user = user
    return {"login": {"result": "Success", "lguserid": user.id, "lgusername": user.name}}


def _failed(call: Call, code: str, text: str) -> dict[str, Any]:
    return {"result": "Failed", "reason": call.message(code, text)}


def clientlogin(call: Call) -> Mapping[str, Any]:
    """`action=clientlogin`: for the account's own password, never for a bot password."""
    call.keep_session = True
    call.require_one("logincontinue", "loginreturnurl")
    user = call.mirror.users.get(call.text("username"))
    if user is None or not user.password or call.raw.get("password") != user.password:
        return {"clientlogin": {"status": "FAIL", "message": "Incorrect username or password.", "messagecode": "wrongpassword"}}
    call.session.user = user
    return {"clientlogin": {"status": "PASS", "username": user.name}}


def logout(call: Call) -> Mapping[str, Any]:
    """`action=logout`: the session is over."""
    call.wiki.sessions.pop(call.session.id, None)
    return {}


def refuse_revoked(_: Call) -> None:
    """Refuse an access token that was never given or has been revoked."""
    raise ApiError("mwoauth-invalid-authorization")
