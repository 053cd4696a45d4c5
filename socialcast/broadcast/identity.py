"""Who an announcement is published as: in each place by one account, and under one channel's name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from socialcast.delivery.ledger import Delivery, Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.errors import NotAllowed
from socialcast.model.receipt import Account
from socialcast.publisher import Publisher

__all__ = ["Identity", "holders", "identity_of", "require_one_name", "require_same_account"]

_ACCOUNT = "account"  # under which every delivery notes who it publishes as
_DIGITS = 16


class Identity(NamedTuple):
    """Two channels of one identity would show everything twice."""

    platform: str
    id: str
    where: str


def identity_of(publisher: Publisher, account: Account) -> Identity:
    """The account, and where the channel publishes as that: a digest, since settings may hold what is for nobody else."""
    place = hashlib.sha256(publisher.place.encode()).hexdigest()[:_DIGITS] if publisher.place else ""
    return Identity(publisher.name, account.id, place or account.url)


def holders(ledger: Ledger, key: str, rows: Mapping[str, Delivery]) -> dict[Identity, set[str]]:
    """The channels under whose names earlier runs sent something of the announcement."""
    held_by: dict[Identity, set[str]] = {}
    notes = ledger.notes(key, _ACCOUNT)
    for channel in ledger.senders(key) & notes.keys() & rows.keys():
        known = notes[channel]
        identity = Identity(rows[channel].platform, known["id"], known.get("where", known["url"]))
        held_by.setdefault(identity, set()).add(channel)
    return held_by


def require_one_name(held_by: Mapping[Identity, set[str]], identity: Identity, account: Account, channel: str) -> None:
    """Raise NotAllowed where the announcement was begun in that place under another channel's name."""
    names = held_by.get(identity, {channel})
    if channel not in names:
        holder = min(names)
        raise NotAllowed(
            f"this announcement was begun as {account.name or account.id} before, by the channel {holder!r}",
            hint=f"if {holder!r} was renamed, name it so again: a new name would publish everything twice",
        )


def require_same_account(steps: Steps, identity: Identity, account: Account) -> None:
    """Raise NotAllowed where somebody else began the announcement on the channel; the first account is noted."""
    now = {"id": account.id, "name": account.name, "url": account.url, "where": identity.where}
    known = steps.note(_ACCOUNT, now)
    if known["id"] != account.id:
        before, after = (told["name"] or told["id"] for told in (known, now))
        raise NotAllowed(
            f"this announcement was begun as {before}, and the channel is now {after}",
            hint="give the new account a channel of its own, or the old credentials back",
        )
