"""The mirror of MediaWiki: its wikis, its routes and what the public sees of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from socialcast.sandbox.mirror import Account, Card, Mirror, Request, Response, Route
from socialcast.sandbox.platforms.mediawiki import people, policy, sessions, visit
from socialcast.sandbox.platforms.mediawiki.api import Call, answer
from socialcast.sandbox.platforms.mediawiki.modules import MODULES
from socialcast.sandbox.platforms.mediawiki.state import User, Wiki

__all__ = ["MediawikiMirror", "Wishes"]

_HOME = "wiki.example.org"
_MAIN_PAGE = "https://www.mediawiki.org/wiki/API:Main_page"
_FILE_PATHS = ("/images/{_}/{__}/{name}", "/wikipedia/{project}/{_}/{__}/{name}")
_CHECKS = (sessions.check_assertions, sessions.check_lag)


def _api_routes(path: str) -> list[Route]:
    named = [
        Route(method=method, path=path, handler=name, source=module.source, when=("action", name), verified=module.verified)
        for name, module in MODULES.items()
        for method in ("GET", "POST")
    ]
    others = [Route(method=method, path=path, handler="unknown", source=_MAIN_PAGE) for method in ("GET", "POST")]
    return named + others


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What kind of account a test wants, and what its wiki is to be like."""

    auth: str = "bot_password"  # or "oauth2" for an owner-only access token, or "password" for `action=clientlogin`
    bot: bool = False
    admin: bool = False
    rights: Iterable[str] | None = None  # in place of what the groups give
    blocked: str = ""  # the reason
    captcha: bool = False  # asked whenever an edit adds a link
    host: str = _HOME  # the wiki that the wishes below are for
    max_upload_bytes: int | None = None
    forbidden_texts: Iterable[str] = ()
    protected_titles: Iterable[str] = ()


class MediawikiMirror(Mirror):
    """Wikis that refuse what MediaWiki refuses; `lag_seconds` is how far their replicas are behind."""

    name = "mediawiki"
    HOSTS = ("*.wikipedia.org", "commons.wikimedia.org", "upload.wikimedia.org", _HOME)
    ROUTES = (
        *_api_routes("/w/api.php"),
        *_api_routes("/api.php"),
        Route(method="GET", path="/wiki/{title:path}", handler="page", source=_MAIN_PAGE),
        Route(method="GET", path="/index.php", handler="page", source=_MAIN_PAGE),
        Route(method="GET", path="/w/index.php", handler="page", source=_MAIN_PAGE),
        *(Route(method="GET", path=path, handler="file", source=_MAIN_PAGE) for path in _FILE_PATHS),
    )

    def reset(self) -> None:
        """Forget all wikis and users."""
        super().reset()
        self.lag_seconds = 0.0
        self.users: dict[str, User] = {}
        self.wikis: dict[str, Wiki] = {}
        self.traffic = policy.Traffic()

    def wiki(self, host: str = _HOME) -> Wiki:
        """The wiki on this host; tests may set its attributes."""
        host = host.lower()
        if host not in self.wikis:
            self.wikis[host] = Wiki(host)
        self.wikis[host].settle(self.clock.now())
        return self.wikis[host]

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A user who exists on every wiki, as `Wishes` describes."""
        wanted = Wishes(**wishes)
        groups = ("*", "user", *(["bot"] if wanted.bot else []), *(["sysop"] if wanted.admin else []))
        user = User(
            id=len(self.users) + 1,
            name=name[0].upper() + name[1:].replace("_", " "),
            groups=groups,
            rights=sessions.rights_of(groups) if wanted.rights is None else frozenset(wanted.rights),
            block_reason=wanted.blocked,
            captcha=wanted.captcha,
        )
        self.users[user.name] = user
        self._prepare_wiki(wanted)
        return Account(id=str(user.id), name=user.name, credentials=self._credentials(user, wanted.auth))

    def _prepare_wiki(self, wanted: Wishes) -> None:
        wiki = self.wiki(wanted.host)
        wiki.max_upload_bytes = wanted.max_upload_bytes or wiki.max_upload_bytes
        wiki.forbidden_texts |= frozenset(wanted.forbidden_texts)
        wiki.protected_titles |= frozenset(wanted.protected_titles)

    def _credentials(self, user: User, auth: str) -> dict[str, str]:
        secret = self.ids.hexadecimal(32)
        if auth == "oauth2":
            user.access_token = secret
            return {"access_token": secret}
        if auth == "password":
            user.password = secret
            return {"username": user.name, "password": secret}
        if auth != "bot_password":
            raise ValueError(f"auth is bot_password, oauth2 or password, not {auth!r}")
        user.bot_password = secret
        return {"username": f"{user.name}@{sessions.BOT_NAME}", "password": secret}

    def expire_credentials(self, name: str) -> None:
        """Revoke this user's password and token, and end every session."""
        user = self.users[self.accounts[name].name]
        user.password = user.bot_password = user.access_token = ""
        for wiki in self.wikis.values():
            wiki.sessions = {key: session for key, session in wiki.sessions.items() if session.user is not user}

    def renew_credentials(self, name: str) -> None:
        """Set the user's password or token again."""
        user, told = self.users[self.accounts[name].name], self.accounts[name].credentials
        if "access_token" in told:
            user.access_token = told["access_token"]
        elif "@" in told["username"]:
            user.bot_password = told["password"]
        else:
            user.password = told["password"]

    def cards(self) -> list[Card]:
        """Every page and file, the last edited first."""
        for host in list(self.wikis):
            self.wiki(host)
        return visit.cards(self)

    def reply_as(self, name: str, id: str, text: str) -> str:
        """A user answers on a talk page, or begins a section on the talk page of another page; the talk page's id."""
        return people.reply(self, name, id, text)

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A user saves a page anew."""
        people.rewrite(self, name, id, text)

    def remove_as(self, name: str, id: str) -> None:
        """An administrator deletes a page, and the file with it."""
        people.remove(self, name, id)

    def _api(self, request: Request, action: str) -> Response:
        wiki = self.wiki(request.host)
        if wiki.is_wikimedia and (refusal := policy.agent_refusal(request)):
            return refusal
        session, revoked = sessions.recognise(self, wiki, request)
        user = session.user or sessions.anonymous(request)
        if wiki.is_wikimedia and (refusal := self.traffic.refusal(user, self.clock.now())):
            return refusal
        call = Call(
            mirror=self,
            wiki=wiki,
            session=session,
            user=user,
            module=action or "main",
            raw={**request.args, **request.form},
            in_url=frozenset(request.args),
            files=request.files,
            now=self.clock.now(),
        )
        checks = (sessions.refuse_revoked, *_CHECKS) if revoked else _CHECKS
        response = answer(call, request, MODULES.get(action), checks)
        if call.keep_session and session.id not in wiki.sessions:
            wiki.sessions[session.id] = session
            response.set_cookie(sessions.cookie_name(wiki), session.id, httponly=True)
        return response

    def edit(self, request: Request) -> Response:
        """`action=edit`."""
        return self._api(request, "edit")

    def upload(self, request: Request) -> Response:
        """`action=upload`."""
        return self._api(request, "upload")

    def delete(self, request: Request) -> Response:
        """`action=delete`."""
        return self._api(request, "delete")

    def rollback(self, request: Request) -> Response:
        """`action=rollback`."""
        return self._api(request, "rollback")

    def query(self, request: Request) -> Response:
        """`action=query`."""
        return self._api(request, "query")

    def parse(self, request: Request) -> Response:
        """`action=parse`."""
        return self._api(request, "parse")

    def login(self, request: Request) -> Response:
        """`action=login`."""
        return self._api(request, "login")

    def clientlogin(self, request: Request) -> Response:
        """`action=clientlogin`."""
        return self._api(request, "clientlogin")

    def logout(self, request: Request) -> Response:
        """`action=logout`."""
        return self._api(request, "logout")

    def paraminfo(self, request: Request) -> Response:
        """`action=paraminfo`."""
        return self._api(request, "paraminfo")

    def unknown(self, request: Request) -> Response:
        """Any other `action`, which the API itself refuses."""
        return self._api(request, request.values.get("action", ""))

    def page(self, request: Request, title: str = "") -> Response:
        """A page for a visitor."""
        wiki, name = self.wiki(request.host), title or request.args.get("title", "Main Page")
        shows = visit.history_response if request.args.get("action") == "history" else visit.page_response
        return shows(self, wiki, name)

    def file(self, request: Request, name: str, project: str = "", **_folders: str) -> Response:
        """A published file, on the wiki's own host or on upload.wikimedia.org."""
        host = "commons.wikimedia.org" if project == "commons" else f"{project}.wikipedia.org"
        return visit.file_response(self.wiki(host if project else request.host), name)
