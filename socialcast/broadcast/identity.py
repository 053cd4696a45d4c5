"""Who an announcement is published as: on each channel by one account, and by each account under one channel's name."""

from __future__ import annotations

from collections.abc import Mapping

from socialcast.delivery.ledger import Delivery, Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.errors import NotAllowed
from socialcast.model.receipt import Account, State

__all__ = ["Identity", "holders", "require_one_name", "require_same_account"]

_ACCOUNT = "account"  # under which every delivery notes who it publishes as

Identity = tuple[str, str, str]  # platform, and the account's id and address


def holders(ledger: Ledger, key: str, rows: Mapping[str, Delivery]) -> dict[Identity, str]:
    """The channels under whose names earlier runs published the announcement."""
    return {
        (rows[channel].platform, account["id"], account["url"]): channel
        for channel, account in ledger.notes(key, _ACCOUNT).items()
        if channel in rows and rows[channel].state != State.SKIPPED.value
    }


def require_one_name(held_by: Mapping[Identity, str], account: Account, platform: str, channel: str) -> None:
    """Raise NotAllowed where the account has this announcement under another channel's name."""
    holder = held_by.get((platform, account.id, account.url), channel)
    if holder != channel:
        raise NotAllowed(
            f"{account.name or account.id} has this announcement already, as channel {holder!r}",
            hint=f"if {holder!r} was renamed, name it so again: a new name would publish everything twice",
        )


def require_same_account(steps: Steps, account: Account) -> None:
    """Raise NotAllowed where somebody else began this announcement on the channel; the first account is noted."""
    now = {"id": account.id, "name": account.name, "url": account.url}
    known = steps.note(_ACCOUNT, now)
    if known["id"] != account.id:
        before, after = (told["name"] or told["id"] for told in (known, now))
        raise NotAllowed(
            f"this announcement was begun as {before}, and the channel is now {after}",
            hint="give the new account a channel of its own, or the old credentials back",
        )
