"""A server that somebody runs: its watch page, which shows whether pictures come in (RTMP specification 1.0, 2026-11-22)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from socialcast.sandbox.mirror import Account, Card, Mirror, Request, Response, Route

__all__ = ["RtmpMirror"]

_HOST = "watch.example.org"


class RtmpMirror(Mirror):
    """One page for each stream key; the ingest itself answers on the sandbox's own port."""

    name = "rtmp"
    HOSTS = (_HOST,)
    ROUTES = (Route(method="GET", path="/", handler="watch", source="any server's player page"),)

    def reset(self) -> None:
        """Forget all streams."""
        super().reset()
        self.on_air: dict[str, float] = {}

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A stream of its own."""
        return Account(id=name, name=name, credentials={"stream_key": f"sandbox-{name}-{self.ids.hexadecimal(8)}"})

    def expire_credentials(self, name: str) -> None:
        """The key is taken away, and no picture is taken with it."""
        self.accounts.pop(name)

    def renew_credentials(self, name: str) -> None:
        """A new key is given on the next use."""

    def set_ingest(self, key: str, is_active: bool) -> None:
        """Pictures begin or cease to come in with that key."""
        if key not in {account.credentials["stream_key"] for account in self.accounts.values()}:
            raise KeyError("no stream has that key")
        if is_active:
            self.on_air[key] = self.clock.now()
        else:
            self.on_air.pop(key, None)

    def cards(self) -> list[Card]:
        """What is on the air."""
        return [self._card(account) for account in self.accounts.values() if account.credentials["stream_key"] in self.on_air]

    def watch(self, request: Request) -> Response:
        """GET /: the player."""
        words = "On the air" if self.on_air else "Nothing is on the air"
        return Response(f"<!doctype html><title>{words}</title><p>{words}", mimetype="text/html")

    def _card(self, account: Account) -> Card:
        return Card(
            id=account.id,
            kind="live event",
            account=account.name,
            url=f"https://{_HOST}/",
            at=datetime.fromtimestamp(self.on_air[account.credentials["stream_key"]], UTC),
            title="On the air",
            facts={"state": "live"},
        )
