"""What every channel will show, with all problems, before anything is sent: pure, and with a digest to approve."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from socialcast.broadcast.channels import same_accounts
from socialcast.compose.preflight import check, photo_adaptations, with_limits
from socialcast.delivery.ledger import Delivery
from socialcast.model.announcement import Announcement
from socialcast.model.capabilities import Capabilities
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Draft, State
from socialcast.publisher import Publisher
from socialcast.wire.settings import Channel, Policy

__all__ = ["Hosted", "Plan", "PlannedChannel", "check_post", "compose_post", "hosted_before", "hosted_elsewhere", "make_plan"]


class PlannedChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's share: its post, its problems, or the reason why it gets nothing; a host gives links to the others."""

    channel: str
    platform: str
    required: bool = True
    post: Post | None = None
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    is_host: bool = False

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop this channel."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


class Hosted(NamedTuple):
    """What a channel gave a link to in an earlier run."""

    channel: str
    url: str


_NOTHING: Mapping[str, Hosted] = MappingProxyType({})


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All channels; `digest` is the same on every machine, addresses that hosts will give standing as placeholders.

    `general` are the problems that belong to no channel.
    """

    key: str
    announcement_digest: str
    channels: tuple[PlannedChannel, ...]
    general: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over what every channel will show."""
        shown = [(c.channel, c.platform, c.post.digest if c.post else c.skipped) for c in self.channels]
        return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of all channels included."""
        return (*self.general, *(problem for channel in self.channels for problem in channel.problems))

    @property
    def is_stopped(self) -> bool:
        """Whether an error, of a required channel or in general, forbids to send anything."""
        return bool(self.general) or any(channel.required and channel.errors for channel in self.channels)

    def __getitem__(self, channel: str) -> PlannedChannel:
        return {planned.channel: planned for planned in self.channels}[channel]


def make_plan(
    announcement: Announcement,
    channels: Mapping[str, Channel],
    publishers: Mapping[str, Publisher],
    known: Collection[str],
    hosted: Mapping[str, Hosted] = _NOTHING,
) -> Plan:
    """Compose and check every channel, hosts first, as they are published; no network.

    `known` are the names of all channels that there are, of which this may concern some; `hosted` is what others gave
    links to before.
    """
    accounts = same_accounts(publishers)

    def planned(name: str, links: Mapping[str, str]) -> PlannedChannel:
        return _planned(announcement, channels[name], publishers[name], links, accounts)

    given = {name: _given_links(announcement, publishers[name], name) for name in channels}
    hosts = {
        name: msgspec.structs.replace(planned(name, hosted_elsewhere(announcement, publishers, name, hosted)), is_host=True)
        for name in channels
        if given[name]
    }
    links: dict[str, str] = {}
    for name, host in hosts.items():
        if host.post and not host.errors:
            links = given[name] | links
    links = {kind: _placeholder(kind, before.channel) for kind, before in hosted.items()} | links
    return Plan(
        key=announcement.resolved_key,
        announcement_digest=announcement.digest,
        channels=tuple(hosts.get(name) or planned(name, links) for name in channels),
        general=tuple(_overrides_of_nobody(announcement, known)),
    )


def compose_post(announcement: Announcement, publisher: Publisher, links: Mapping[str, str], capabilities: Capabilities) -> Post:
    """The channel's post with every adaptation named, those of its photos included."""
    post = publisher.compose(announcement, links)
    return msgspec.structs.replace(post, adaptations=(*post.adaptations, *photo_adaptations(post, capabilities)))


def check_post(post: Post, publisher: Publisher, channel: Channel, limits: Mapping[str, int]) -> list[Problem]:
    """Every problem of a post under the limits of its account."""
    problems = check(post, with_limits(publisher.capabilities, dict(limits)), channel.policy)
    return problems + [msgspec.structs.replace(problem, channel=channel.name) for problem in publisher.check(post)]


def hosted_elsewhere(
    announcement: Announcement, publishers: Mapping[str, Publisher], name: str, hosted: Mapping[str, Hosted]
) -> dict[str, str]:
    """What other channels host, by kind, without an address: no host waits for another's."""
    others = [publisher for other, publisher in publishers.items() if other != name and not _skips(announcement, other)]
    return dict.fromkeys(hosted, "") | {kind: "" for publisher in others for kind in publisher.gives(announcement)}


def hosted_before(rows: Mapping[str, Delivery], channels: Collection[str]) -> dict[str, Hosted]:
    """What earlier runs published on other channels than these, by kind."""
    published = [row for name, row in rows.items() if name not in channels and row.state == State.PUBLISHED.value and row.draft]
    return {kind: Hosted(row.channel, url) for row in published for kind, url in msgspec.convert(row.draft, Draft).links.items()}


def _given_links(announcement: Announcement, publisher: Publisher, channel: str) -> dict[str, str]:
    return {kind: _placeholder(kind, channel) for kind in sorted(publisher.gives(announcement))}


def _placeholder(kind: str, channel: str) -> str:
    """Stands for the address that a host gives once it has prepared; an address, since X counts any as 23."""
    return f"https://example.org/placeholder/{kind}-on-{channel}"


def _planned(
    announcement: Announcement, channel: Channel, publisher: Publisher, links: Mapping[str, str], accounts: list[Problem]
) -> PlannedChannel:
    name, required = channel.name, channel.required
    if reason := _skips(announcement, name):
        return PlannedChannel(channel=name, platform=channel.platform, required=required, skipped=reason)
    post = compose_post(announcement, publisher, links, publisher.capabilities)
    problems = [*check_post(post, publisher, channel, {}), *(problem for problem in accounts if problem.channel == name)]
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if channel.policy is Policy.SKIP and errors:
        reason = "; ".join(problem.message for problem in errors)
        return PlannedChannel(channel=name, platform=channel.platform, required=required, skipped=reason)
    return PlannedChannel(channel=name, platform=channel.platform, required=required, post=post, problems=tuple(problems))


def _skips(announcement: Announcement, channel: str) -> str:
    override = announcement.channels.get(channel)
    return (override.skip or "") if override else ""


def _overrides_of_nobody(announcement: Announcement, known: Collection[str]) -> list[Problem]:
    return [
        Problem(
            code="channels.unknown",
            path=f"channels.{name}",
            message=f"the announcement speaks of channel {name!r}, which the channels file does not have",
            fix=f"name one of: {', '.join(sorted(known))}",
        )
        for name in announcement.channels
        if name not in known
    ]
