"""`meta=` submodules of a query: the wiki, the user, and the tokens that writes need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socialcast.sandbox.platforms.mediawiki.api import Call
from socialcast.sandbox.platforms.mediawiki.limits import MAX_PAGE_BYTES, MIN_CHUNK_BYTES
from socialcast.sandbox.platforms.mediawiki.sessions import block_info
from socialcast.sandbox.platforms.mediawiki.state import User, Wiki, iso
from socialcast.sandbox.platforms.mediawiki.titles import NAMESPACES

__all__ = ["MODULES", "PARAMETERS"]

PARAMETERS: Mapping[str, tuple[str, ...]] = {"tokens": ("type",), "userinfo": ("uiprop",), "siteinfo": ("siprop",)}
_TOKENS = ("csrf", "login", "rollback", "watch", "patrol", "userrights", "createaccount")

Facts = dict[str, Any]


def _tokens(call: Call) -> Facts:
    kinds = call.values("type", "csrf", known=_TOKENS)
    call.keep_session = True
    return {"tokens": {f"{kind}token": call.session.token(kind) for kind in kinds}}


_USER: Mapping[str, Callable[[Call, User], Facts]] = {
    "groups": lambda _, user: {"groups": list(user.groups)},
    "rights": lambda _, user: {"rights": sorted(user.rights)},
    "blockinfo": lambda _, user: block_info(user),
    "hasmsg": lambda _, user: {} if user.is_anonymous else {"messages": False},
    "ratelimits": lambda call, user: {"ratelimits": _rate_limits(call.wiki, user)},
    "editcount": lambda call, user: {"editcount": sum(revision.user == user.name for _, revision in call.wiki.revisions())},
}


def _rate_limits(wiki: Wiki, user: User) -> Facts:
    limits = {} if "noratelimit" in user.rights else wiki.rate_limits
    return {action: {"user": {"hits": hits, "seconds": seconds}} for action, (hits, seconds) in limits.items()}


def _userinfo(call: Call) -> Facts:
    user = call.user
    told: Facts = {"id": user.id, "name": user.name, **({"anon": True} if user.is_anonymous else {})}
    for name in call.values("uiprop", known=tuple(_USER)):
        told |= _USER[name](call, user)
    return {"userinfo": told}


def _general(call: Call) -> Facts:
    wiki, server = call.wiki, f"https://{call.wiki.host}"
    return {
        "mainpage": "Main Page",
        "base": f"{server}/wiki/Main_Page",
        "sitename": wiki.host,
        "generator": wiki.generator,
        "case": "first-letter",
        "lang": "en",
        "readonly": False,
        "writeapi": True,
        "maxarticlesize": MAX_PAGE_BYTES,
        "timezone": "UTC",
        "timeoffset": 0,
        "articlepath": "/wiki/$1",
        "scriptpath": wiki.script_path,
        "script": f"{wiki.script_path}/index.php",
        "server": server,
        "servername": wiki.host,
        "time": iso(call.now),
        "uploadsenabled": True,
        "maxuploadsize": wiki.max_upload_bytes,
        "minuploadchunksize": MIN_CHUNK_BYTES,
    }


def _namespaces(_: Call) -> Facts:
    return {
        str(number): {
            "id": number,
            "case": "first-letter",
            "name": name,
            "content": number == 0,
            **({"canonical": name} if name else {}),
        }
        for number, name in NAMESPACES.items()
    }


_SITE: Mapping[str, Callable[[Call], Any]] = {
    "general": _general,
    "namespaces": _namespaces,
    "fileextensions": lambda call: [{"ext": extension} for extension in call.wiki.file_extensions],
}


def _siteinfo(call: Call) -> Facts:
    return {name: _SITE[name](call) for name in call.values("siprop", "general", known=tuple(_SITE))}


MODULES: Mapping[str, Callable[[Call], Mapping[str, Any]]] = {"tokens": _tokens, "userinfo": _userinfo, "siteinfo": _siteinfo}
