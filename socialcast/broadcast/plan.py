"""What every channel will show, with all problems, before anything is sent: pure, and with a digest to approve."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from socialcast.broadcast.channels import same_accounts
from socialcast.compose.preflight import check, photo_adaptations, with_limits
from socialcast.model.announcement import Announcement
from socialcast.model.capabilities import Capabilities
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.publisher import Publisher
from socialcast.wire.settings import Channel, Policy

__all__ = ["Plan", "PlannedChannel", "check_post", "compose_post", "make_plan", "planned_links"]


class PlannedChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's share: its post, its problems, or the reason why it gets nothing."""

    channel: str
    platform: str
    required: bool = True
    post: Post | None = None
    problems: tuple[Problem, ...] = ()
    skipped: str = ""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop this channel."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All channels; `digest` is the same on every machine, addresses that hosts will give standing as placeholders."""

    key: str
    announcement_digest: str
    channels: tuple[PlannedChannel, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over what every channel will show."""
        shown = [(c.channel, c.platform, c.post.digest if c.post else c.skipped) for c in self.channels]
        return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of all channels."""
        return tuple(problem for channel in self.channels for problem in channel.problems)

    @property
    def is_stopped(self) -> bool:
        """Whether an error on a required channel forbids to send anything."""
        return any(channel.required and channel.errors for channel in self.channels)

    def __getitem__(self, channel: str) -> PlannedChannel:
        return next(planned for planned in self.channels if planned.channel == channel)


def make_plan(announcement: Announcement, channels: Mapping[str, Channel], publishers: Mapping[str, Publisher]) -> Plan:
    """Compose and check every channel; no network."""
    links = planned_links(announcement, publishers)
    accounts = same_accounts(publishers)
    planned = [_planned(announcement, channel, publishers[name], links, accounts) for name, channel in channels.items()]
    unknown = _overrides_of_nobody(announcement, channels)
    if unknown and planned:
        planned[0] = msgspec.structs.replace(planned[0], problems=(*planned[0].problems, *unknown))
    return Plan(key=announcement.resolved_key, announcement_digest=announcement.digest, channels=tuple(planned))


def planned_links(announcement: Announcement, publishers: Mapping[str, Publisher]) -> dict[str, str]:
    """Stand-ins for the addresses that hosts give once they have prepared; X counts any address as 23."""
    media = {"album": announcement.photos, "video": announcement.video, "live": announcement.live}
    links: dict[str, str] = {}
    for name, publisher in publishers.items():
        for kind in sorted(publisher.capabilities.gives):
            if media.get(kind) and not _skips(announcement, name):
                links.setdefault(kind, f"https://example.org/{kind}-on-{name}")
    return links


def compose_post(announcement: Announcement, publisher: Publisher, links: Mapping[str, str], capabilities: Capabilities) -> Post:
    """The channel's post with every adaptation named, those of its photos included."""
    post = publisher.compose(announcement, links)
    return msgspec.structs.replace(post, adaptations=(*post.adaptations, *photo_adaptations(post, capabilities.photos)))


def check_post(post: Post, publisher: Publisher, channel: Channel, limits: Mapping[str, int]) -> list[Problem]:
    """Every problem of a post under the limits of its account."""
    problems = check(post, with_limits(publisher.capabilities, dict(limits)), channel.policy)
    return problems + [msgspec.structs.replace(problem, channel=channel.name) for problem in publisher.check(post)]


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


def _overrides_of_nobody(announcement: Announcement, channels: Mapping[str, Channel]) -> list[Problem]:
    return [
        Problem(
            code="channels.unknown",
            path=f"channels.{name}",
            message=f"the announcement speaks of channel {name!r}, which the channels file does not have",
            fix=f"name one of: {', '.join(sorted(channels))}",
        )
        for name in announcement.channels
        if name not in channels
    ]
