"""Who may call, and how often: instances, accounts, apps, tokens with scopes, rates (docs, 2026-07-02)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import Any

from socialcast.sandbox.mirror import Account, Mirror, Request, Response
from socialcast.sandbox.platforms.mastodon import repeats
from socialcast.sandbox.platforms.mastodon.parameters import told as told_by
from socialcast.sandbox.platforms.mastodon.refusals import (
    BAD_TOKEN,
    DISABLED,
    NO_USER,
    NOT_FOUND,
    OUT_OF_SCOPE,
    TOO_MANY,
    RefusalError,
    answer,
    invalid,
)
from socialcast.sandbox.platforms.mastodon.state import App, Instance, Token, User, Window
from socialcast.sandbox.platforms.mastodon.tables import (
    ALL_SCOPES,
    DOMAIN,
    OPERATIONS,
    RATES,
    SERVERS,
    Operation,
    Server,
    covers,
)

__all__ = ["Access", "Call", "operation", "username_of"]

_EPOCH_SEQUENCE_BITS = 16
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_SERVER_FIELDS = frozenset(each.name for each in fields(Server))


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: where, whose it is, and what it was told."""

    name: str
    request: Request
    instance: Instance
    token: Token | None
    told: dict[str, Any]

    @property
    def server(self) -> Server:
        """How the instance is configured."""
        return self.instance.server

    @property
    def viewer(self) -> User | None:
        """Whose token was sent, where none is needed."""
        return self.token.user if self.token else None

    @property
    def user(self) -> User:
        """Whose token was sent. Raises RefusalError for an app's own."""
        if self.viewer is None:
            raise NO_USER
        return self.viewer

    @property
    def app(self) -> App:
        """The client program that calls. Raises RefusalError without a token."""
        if self.token is None:
            raise BAD_TOKEN
        return self.token.app


def operation(handler: Callable[..., Response]) -> Callable[..., Response]:
    """A handler that is called once token, scopes and rates are in order; every answer tells the rate that is nearest its end."""
    name = handler.__name__
    wanted = OPERATIONS[name]

    @wraps(handler)
    def guarded(self: Access, request: Request, **names: str) -> Response:
        windows: list[Window] = []
        try:
            instance = self.instance_at(request.host)
            token = _admitted(wanted, request, instance)
            self.count(wanted, token.user if token else None, request, windows)
            call = Call(name, request, instance, token, told_by(request))
            self.settle(instance)
            response = repeats.once(call, self.clock.now(), lambda: _answered(handler, self, call, names))
        except RefusalError as refusal:
            response = refusal.response()
        response.headers.update(min(windows, key=lambda window: window.left).headers() if windows else {})
        return response

    return guarded


class Access(Mirror):
    """The part of the mirror that knows who is who."""

    def reset(self) -> None:
        """Forget all instances."""
        super().reset()
        self.instances: dict[str, Instance] = {}
        self._anonymous: dict[str, dict[str, Window]] = {}
        self._last_id = 0

    def open_account(self, name: str, **wishes: Any) -> Account:
        """An account with a token that does not expire.

        `server` names one of SERVERS, and any field of Server changes it: what the instance at `domain` is like from now on,
        which is the one that answers at all hosts that are no other instance's. `scopes`, `application` and `is_disabled` are
        the account's own.
        """
        domain, scopes = wishes.pop("domain", DOMAIN), wishes.pop("scopes", ALL_SCOPES)
        application, is_disabled = wishes.pop("application", "socialcast"), wishes.pop("is_disabled", False)
        instance = self._instance(domain, wishes)
        user = User(id=self.next_id(), name=_free_username(name, instance), created_at=self.clock.now(), is_disabled=is_disabled)
        instance.users[user.id] = user
        app = self.add_app(instance, application, frozenset(scopes.split()))
        token = self.issue(instance, app, user, app.scopes)
        return Account(id=user.id, name=name, credentials={"access_token": token.text})

    def expire_credentials(self, name: str) -> None:
        """The owner revokes the app's access."""
        for token in self._tokens_of(name):
            token.is_revoked = True

    def renew_credentials(self, name: str) -> None:
        """The same token works again."""
        for token in self._tokens_of(name):
            token.is_revoked = False

    def instance_at(self, host: str) -> Instance:
        """The instance at this host; a host that is no instance's own, as one that a test registered, leads to the first."""
        domain = host.partition(":")[0].lower()
        return self.instances.get(domain) or self._instance(DOMAIN, {})

    def next_id(self) -> str:
        """A fresh snowflake: milliseconds, shifted to make room for a sequence."""
        self._last_id = max(self._last_id + 1, int(self.clock.now() * 1000) << _EPOCH_SEQUENCE_BITS)
        return str(self._last_id)

    def settle(self, instance: Instance) -> None:
        """Bring the instance to the present; subclasses publish what is due and clean away what lapsed."""

    def count(self, wanted: Operation, user: User | None, request: Request, windows: list[Window]) -> None:
        """Count the call in each of its windows. Raises RefusalError where one is full; `windows` learn of it all the same."""
        mine = user.windows if user else self._anonymous.setdefault(request.remote_addr or "", {})
        for name in filter(None, ("all", wanted.rate)):
            window = mine.get(name)
            if window is None or window.resets_at <= self.clock.now():
                rate = RATES[name]
                seconds = rate.seconds - self.clock.now() % rate.seconds
                window = mine[name] = Window(rate, self.clock.now() + seconds)
            windows.append(window)
            if window.left < 1:
                raise TOO_MANY
        for window in windows:
            window.used += 1

    def add_app(
        self, instance: Instance, name: str, scopes: frozenset[str], uris: tuple[str, ...] = (), website: str | None = None
    ) -> App:
        """Register a client program."""
        app = App(
            id=str(len(instance.apps) + 1),
            name=name,
            website=website,
            scopes=scopes,
            redirect_uris=uris or (_OUT_OF_BAND,),
            client_id=f"sandbox-client-{self.ids.hexadecimal(16)}",
            client_secret=f"sandbox-client-secret-{self.ids.hexadecimal(16)}",
        )
        instance.apps[app.client_id] = app
        return app

    def issue(self, instance: Instance, app: App, user: User | None, scopes: frozenset[str]) -> Token:
        """A token; one without a user is the app's own."""
        text = f"sandbox-token-{self.ids.hexadecimal(16)}-of-{user.name if user else app.name}"
        token = Token(text=text, app=app, user=user, scopes=scopes, created_at=self.clock.now())
        instance.tokens[token.text] = token
        return token

    @operation
    def create_app(self, call: Call) -> Response:
        """Register a client program."""
        name, uris = call.told.get("client_name"), call.told.get("redirect_uris")
        if not name:
            raise invalid("Application name can't be blank")
        if not uris:
            raise invalid("Redirect URI must be an absolute URI.")
        listed = tuple(uris) if isinstance(uris, list) else tuple(str(uris).split())
        scopes = frozenset(str(call.told.get("scopes") or "read").split())
        app = self.add_app(call.instance, str(name), scopes, listed, call.told.get("website"))
        return answer({**_application(app), "client_id": app.client_id, "client_secret": app.client_secret})

    @operation
    def verify_app(self, call: Call) -> Response:
        """Whose token it is, as an app."""
        return answer(_application(call.app))

    @operation
    def create_token(self, call: Call) -> Response:
        """The app's own token, which acts for nobody."""
        app = call.instance.apps.get(str(call.told.get("client_id")))
        if app is None or call.told.get("client_secret") != app.client_secret:
            words = "Client authentication failed due to unknown client, no client authentication included, or unsupported"
            raise RefusalError(401, "invalid_client", error_description=f"{words} authentication method.")
        if call.told.get("grant_type") != "client_credentials":
            kind = "invalid_grant" if call.told.get("grant_type") == "authorization_code" else "unsupported_grant_type"
            raise RefusalError(400, kind, error_description="The provided authorization grant is invalid, expired or revoked.")
        scopes = frozenset(str(call.told.get("scope") or "read").split())
        if not all(covers(app.scopes, (scope,)) for scope in scopes):
            words = "The requested scope is invalid, unknown, or malformed."
            raise RefusalError(400, "invalid_scope", error_description=words)
        token = self.issue(call.instance, app, None, scopes)
        told = {"access_token": token.text, "token_type": "Bearer"}
        return answer({**told, "scope": " ".join(sorted(scopes)), "created_at": int(token.created_at)})

    @operation
    def revoke_token(self, call: Call) -> Response:
        """End a token; only its own app may."""
        token = call.instance.tokens.get(str(call.told.get("token")))
        app = call.instance.apps.get(str(call.told.get("client_id")))
        if token is None or app is not token.app or call.told.get("client_secret") != token.app.client_secret:
            words = "You are not authorized to revoke this token"
            raise RefusalError(403, "unauthorized_client", error_description=words)
        token.is_revoked = True
        return answer({})

    def _instance(self, domain: str, wishes: dict[str, Any]) -> Instance:
        """The instance of this domain, made as it is wished."""
        kind = wishes.pop("server", None)
        if unknown := wishes.keys() - _SERVER_FIELDS:
            raise ValueError(f"no wishes {', '.join(sorted(unknown))}, only server, {', '.join(sorted(_SERVER_FIELDS))}")
        if domain not in self.instances:
            self.instances[domain] = Instance(domain, SERVERS["mastodon"])
        instance = self.instances[domain]
        instance.server = replace(SERVERS[kind] if kind else instance.server, **wishes)
        return instance

    def _tokens_of(self, name: str) -> list[Token]:
        id = self.accounts[name].id
        tokens = (token for instance in self.instances.values() for token in instance.tokens.values())
        return [token for token in tokens if token.user and token.user.id == id]


def _answered(handler: Callable[..., Response], mirror: Access, call: Call, names: dict[str, str]) -> Response:
    """The handler's answer, refusals included: some servers repeat those too."""
    try:
        return handler(mirror, call, **names)
    except RefusalError as refusal:
        return refusal.response()


def _admitted(wanted: Operation, request: Request, instance: Instance) -> Token | None:
    """The token of the call, checked; None where none was sent and none is needed. Raises RefusalError."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if wanted.needs == "nothing" or (not kind and wanted.needs == "optional"):
        return None
    token = instance.tokens.get(text) if kind.lower() == "bearer" else None
    if token is None:
        raise BAD_TOKEN
    if token.is_revoked:
        raise RefusalError(401, "The access token was revoked")
    if not covers(token.scopes, wanted.scopes):
        raise OUT_OF_SCOPE
    if wanted.needs == "user" and token.user is None:
        raise NO_USER
    if token.user and token.user.is_disabled:
        raise DISABLED
    return token


def _application(app: App) -> dict[str, Any]:
    told = {"id": app.id, "name": app.name, "website": app.website, "scopes": sorted(app.scopes)}
    return {**told, "redirect_uris": list(app.redirect_uris), "redirect_uri": "\n".join(app.redirect_uris), "vapid_key": ""}


def username_of(name: str) -> str:
    """The account name that somebody of this name gets where it is free."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).strip("_") or "account"


def _free_username(name: str, instance: Instance) -> str:
    label = username_of(name)
    taken = sum(user.name.startswith(label) for user in instance.users.values())
    return f"{label}_{taken + 1}" if taken and instance.named(label) else label


def found_user(instance: Instance, id: str) -> User:
    """The account of this id. Raises RefusalError."""
    if (user := instance.users.get(id)) is None:
        raise NOT_FOUND
    return user
