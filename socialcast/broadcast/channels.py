"""Channels opened for work: settings resolved, credentials found, publishers made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import requests

from socialcast.model.errors import ConfigurationError
from socialcast.model.problems import Problem
from socialcast.publisher import Connection, Publisher
from socialcast.registry import publisher_class
from socialcast.wire.clock import Clock
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Channel, resolve_settings
from socialcast.wire.transport import Transport

__all__ = ["open_channels", "same_accounts"]

_SANDBOX_TIMEOUT_SECONDS = 30


def open_channels(
    channels: Iterable[Channel], transport: Transport, clock: Clock, cache_folder: Path, *, to_send: bool
) -> dict[str, Publisher]:
    """A publisher for each channel, by its name; to plan, secrets may be missing, `to_send` they may not.

    Raises ConfigurationError that tells everything that is wrong with any channel.
    """
    opened, wrong = {}, []
    with requests.Session() as admin:
        admin.trust_env = False  # a proxy is no way to a sandbox on this machine
        for channel in channels:
            try:
                opened[channel.name] = publisher = _open(channel, transport, clock, cache_folder, admin, to_send=to_send)
                if to_send:
                    publisher.require_credentials()
            except ConfigurationError as error:
                wrong.append(str(error))
    if wrong:
        raise ConfigurationError("\n".join(dict.fromkeys(wrong)))  # two channels may lack one library
    return opened


def same_accounts(publishers: Mapping[str, Publisher]) -> list[Problem]:
    """A problem for each channel that publishes as the same account as an earlier one."""
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for channel, publisher in publishers.items():
        if not publisher.identity:
            continue
        first = seen.setdefault((publisher.name, publisher.identity), channel)
        if first != channel:
            problems.append(same_account_problem(first, channel))
    return problems


def same_account_problem(first: str, second: str) -> Problem:
    """What to say of two channels with one account: everything would be posted twice there."""
    message = f"publishes as the same account as {first}, so everything would appear twice there"
    return Problem(
        code="channels.same_account",
        channel=second,
        path="channels",
        message=message,
        fix=f"remove {second} or give it its own account",
    )


def _open(
    channel: Channel, transport: Transport, clock: Clock, cache_folder: Path, admin: requests.Session, *, to_send: bool
) -> Publisher:
    kind = publisher_class(channel.platform)
    if channel.wording.template and not kind.fills_template:
        raise ConfigurationError(f"channel {channel.name!r}: {kind.name} has no use for template: remove it")
    if channel.audience not in kind.capabilities.audience:
        raise ConfigurationError(
            f'channel {channel.name!r}: everybody sees what is on {kind.name}, so audience = "{channel.audience.value}" cannot'
            " be kept there: remove it, and reach journalists through a channel whose readers you choose"
        )
    given = _sandbox_credentials(channel, kind, transport.sandbox_url, admin) if transport.sandbox_url else None
    settings = resolve_settings(kind.Settings, channel, given=given, blank_missing_secrets=not to_send)
    for name in settings.__struct_fields__:
        if isinstance(value := getattr(settings, name), Secret):
            transport.learn(value)
    connection = Connection(
        channel=channel.name,
        transport=transport,
        clock=clock,
        policy=channel.policy,
        audience=channel.audience,
        photos=channel.photos,
        wording=channel.wording,
        video=channel.video,
        folder=channel.folder,
        cache_folder=os.fspath(cache_folder),
    )
    return kind(settings, connection)


def _sandbox_credentials(channel: Channel, kind: type[Publisher], sandbox_url: str, admin: requests.Session) -> dict[str, str]:
    address = f"{sandbox_url}/_sandbox/accounts/{channel.platform}/{channel.name}"
    try:
        answer = admin.post(address, json=kind.sandbox_wishes(channel.settings), timeout=_SANDBOX_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=_Account).credentials
    except requests.ConnectionError:
        raise ConfigurationError(f"no sandbox answers at {sandbox_url}; start one with: socialcast sandbox") from None
    except requests.RequestException as error:
        raise ConfigurationError(f"the sandbox at {sandbox_url} gives no account for channel {channel.name!r}: {error}") from None


class _Account(msgspec.Struct):
    credentials: dict[str, str]
