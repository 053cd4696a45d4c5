"""The modules of the API that this mirror answers, with the page each was written from and how it was verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialcast.sandbox.mirror import Verified
from socialcast.sandbox.platforms.mediawiki import edit, query, sessions, upload
from socialcast.sandbox.platforms.mediawiki.api import Call, Module

__all__ = ["MODULES"]

_PAGES = "https://www.mediawiki.org/wiki/API:"
_LOGIN = frozenset({"lgpassword", "lgtoken"})


def _paraminfo(call: Call) -> Mapping[str, Any]:
    named = call.values("modules")
    if strange := [name for name in named if name not in MODULES]:
        call.warn("badmodule", f"No such modules: {', '.join(strange)}.")
    return {"paraminfo": {"modules": [_described(MODULES[name]) for name in named if name in MODULES]}}


def _described(module: Module) -> dict[str, Any]:
    parameters = [{"name": name} for name in sorted(module.parameters)]
    return {"name": module.name, "path": module.name, "mustbeposted": module.post_only, "parameters": parameters}


MODULES: Mapping[str, Module] = {
    module.name: module
    for module in (
        Module(
            name="edit",
            run=edit.edit,
            parameters=edit.EDIT_PARAMETERS,
            source=f"{_PAGES}Edit",
            token="csrf",  # noqa: S106 - a kind of token
            post_only=True,
            verified=Verified.SERVER,
        ),
        Module(
            name="upload",
            run=upload.upload,
            parameters=upload.PARAMETERS,
            source=f"{_PAGES}Upload",
            token="csrf",  # noqa: S106
            post_only=True,
            verified=Verified.SERVER,
        ),
        Module(
            name="delete",
            run=edit.delete,
            parameters=edit.DELETE_PARAMETERS,
            source=f"{_PAGES}Delete",
            token="csrf",  # noqa: S106
            post_only=True,
            verified=Verified.SERVER,
        ),
        Module(
            name="rollback",
            run=edit.rollback,
            parameters=edit.ROLLBACK_PARAMETERS,
            source=f"{_PAGES}Rollback",
            token="rollback",  # noqa: S106
            post_only=True,
            verified=Verified.SERVER,
        ),
        Module(
            name="query",
            run=query.query,
            parameters=query.PARAMETERS,
            source=f"{_PAGES}Query",
            verified=Verified.SERVER,
        ),
        Module(
            name="parse",
            run=query.parse,
            parameters=query.PARSE_PARAMETERS,
            source=f"{_PAGES}Parsing_wikitext",
            verified=Verified.SERVER,
        ),
        Module(
            name="login",
            run=sessions.login,
            parameters=frozenset({"lgname", "lgpassword", "lgtoken"}),
            source=f"{_PAGES}Login",
            post_only=True,
            secrets=_LOGIN,
            verified=Verified.SERVER,
        ),
        Module(
            name="clientlogin",
            run=sessions.clientlogin,
            parameters=frozenset({"username", "password", "logintoken", "loginreturnurl", "logincontinue"}),
            source=f"{_PAGES}Login",
            post_only=True,
            secrets=frozenset({"password", "logintoken"}),
        ),
        Module(
            name="logout",
            run=sessions.logout,
            parameters=frozenset({"token"}),
            source=f"{_PAGES}Logout",
            token="csrf",  # noqa: S106
            post_only=True,
        ),
        Module(name="paraminfo", run=_paraminfo, parameters=frozenset({"modules"}), source=f"{_PAGES}Parameter_information"),
    )
}
