"""What every channel will show, with all problems, before anything is sent: pure, and with a digest to approve.

The digest is that of the plan's `content`: plain data in named parts, so that two plans can be compared. A photo stands there
by its original's bytes and by the limits that it is fitted to, and not by the fitted bytes: encoding 800 photos is no work
for a plan, and encoders differ between machines while the recipe does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from socialcast.broadcast.channels import same_accounts
from socialcast.compose import moving
from socialcast.compose.languages import about_language
from socialcast.compose.preflight import check, photo_adaptations, with_limits
from socialcast.compose.seen import as_seen
from socialcast.delivery.ledger import Delivery
from socialcast.model.announcement import Announcement, Link, told_by_content
from socialcast.model.capabilities import Capabilities
from socialcast.model.cost import Cost
from socialcast.model.post import Post
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Draft, State
from socialcast.publisher import Publisher
from socialcast.wire.settings import Channel, Policy, settings_in_sight

__all__ = [
    "PAGE",
    "Plan",
    "PlannedChannel",
    "check_post",
    "compose_post",
    "digest_of_content",
    "first_of_each_kind",
    "hosted_before",
    "hosted_elsewhere",
    "led_to_its_page",
    "make_plan",
]

# What of the table decides over a post; where it was read and how lost writes are found again does not.
_LIMITS = ("text", "photos", "video", "live", "link", "tags", "thread", "album", "media_required", "audience", "embargo", "gives")


_NAMES = {"live": "live event"}  # of what is not called by its kind
PAGE = "page"  # the kind of link that an announcement's own page is; its address is known before anything is prepared


class PlannedChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's share: its post, its problems, or the reason why it gets nothing; a host gives links to the others.

    A page's address is known beforehand, so it is prepared after the hosts and before the feeds.

    `told` is the post as plain data, its files by the bytes that they had when it was planned.
    `links` are the stand-ins for the addresses of hosts that the post was composed with, `settings` what the channel is set
    to without its secrets, `costs` what it takes; `schedules` says that the platform itself ends the embargo,
    `due_at` when it goes out, where that is ahead of the embargo's end.
    """

    channel: str
    platform: str
    required: bool = True
    policy: Policy = Policy.REFUSE
    post: Post | None = None
    told: dict[str, Any] = {}
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    is_host: bool = False
    is_page: bool = False
    links: dict[str, str] = {}
    settings: dict[str, Any] = {}
    capabilities: Capabilities | None = None
    costs: tuple[Cost, ...] = ()
    schedules: bool = False
    due_at: datetime | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop this channel."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def seen(self) -> Post | None:
        """The post as its readers will see it: without what the platform has no place for."""
        return as_seen(self.post, self.capabilities) if self.post and self.capabilities else self.post

    @property
    def made_public(self) -> str:
        """When, and by whom, in words."""
        if self.post is None or self.post.embargo is None:
            return "at once"
        who = "the platform itself" if self.schedules else "socialcast, which has to run then"
        when = f"ahead, under embargo, at {_minute(self.due_at)}" if self.due_at else _minute(self.post.embargo)
        return f"{when}, by {who}"

    @property
    def content(self) -> dict[str, Any]:
        """What a person approves, as plain data: no path, no secret, no time."""
        if self.post is None:
            return {"platform": self.platform, "skipped": self.skipped}
        return {
            "platform": self.platform,
            "required": self.required,
            "policy": self.policy.value,
            "post": self.told,
            "settings": self.settings,
            "limits": {name: getattr(self.capabilities, name) for name in _LIMITS} if self.capabilities else {},
            "costs": self.costs,
            "schedules": self.schedules,
            **({"due_at": self.due_at} if self.due_at else {}),
        }


Links: TypeAlias = Mapping[str, str]  # addresses by kind
_NOTHING: Mapping[str, Links] = MappingProxyType({})


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All channels; `digest` is the same on every machine, addresses that hosts will give standing as placeholders.

    `general` are the problems that belong to no channel, `placeholders` says what each of those addresses stands for.
    """

    key: str
    announcement_digest: str
    channels: tuple[PlannedChannel, ...]
    general: tuple[Problem, ...] = ()
    placeholders: Mapping[str, str] = {}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of `content`."""
        return digest_of_content(self.content)

    @property
    def content(self) -> dict[str, Any]:
        """What the digest is made of, as plain JSON data: every channel's post, settings, limits and cost."""
        told = {"key": self.key, "channels": {channel.channel: channel.content for channel in self.channels}}
        content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told, order="sorted"))
        return content

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of all channels included."""
        return (*self.general, *(problem for channel in self.channels for problem in channel.problems))

    @property
    def is_stopped(self) -> bool:
        """Whether an error, of a required channel or in general, forbids to send anything."""
        general = any(problem.severity is Severity.ERROR for problem in self.general)
        return general or any(channel.required and channel.errors for channel in self.channels)

    def __getitem__(self, channel: str) -> PlannedChannel:
        return {planned.channel: planned for planned in self.channels}[channel]


def digest_of_content(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a plan's content."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def make_plan(
    announcement: Announcement,
    channels: Mapping[str, Channel],
    publishers: Mapping[str, Publisher],
    known: Collection[str],
    hosted: Mapping[str, Links] = _NOTHING,
) -> Plan:
    """Compose and check every channel, hosts first, as they are published; no network.

    A channel for the press gives links only to what is for the press: nobody else could open them.
    `known` are the names of all channels that there are, in their order, of which this may concern some; `hosted` is what others
    gave links to before.
    """
    accounts = same_accounts(publishers)

    def planned(name: str, links: Mapping[str, str]) -> PlannedChannel:
        return _planned(announcement, channels[name], publishers[name], links, accounts)

    open_to_all = [name for name in channels if announcement.audience.may_see(channels[name].audience)]
    given = {name: stand_ins for name in open_to_all if (stand_ins := _given_links(announcement, publishers[name], name))}
    before = {name: {kind: _known_address(kind, name, url) for kind, url in links.items()} for name, links in hosted.items()}
    every_link = first_of_each_kind({**given, **before}, known)
    pages = {name: dict(addresses) for name in open_to_all if (addresses := _foreseen_by_page(announcement, publishers[name]))}
    certain = [pages[name] for name in pages if channels[name].required and _is_sound(planned(name, every_link))]
    hosts = _planned_hosts(announcement, {name: publishers[name] for name in given}, hosted, certain, planned)
    there = {**before, **{name: given[name] for name, host in hosts.items() if _is_sound(host)}}
    links = first_of_each_kind(there, known)
    shown = {name: msgspec.structs.replace(planned(name, links), is_page=True) for name in pages}
    links = first_of_each_kind({**there, **{name: pages[name] for name, page in shown.items() if _is_sound(page)}}, known)
    shares = tuple(hosts.get(name) or shown.get(name) or planned(name, links) for name in channels)
    return Plan(
        key=announcement.resolved_key,
        announcement_digest=announcement.digest,
        channels=shares,
        general=tuple(_overrides_of_nobody(announcement, known)),
        placeholders=_placeholders(links, shares),
    )


def _planned_hosts(
    announcement: Announcement,
    publishers: Mapping[str, Publisher],
    hosted: Mapping[str, Links],
    pages: Iterable[Mapping[str, str]],
    planned: Callable[[str, Mapping[str, str]], PlannedChannel],
) -> dict[str, PlannedChannel]:
    """The hosts; what one of them cannot show is on another only where that other one has no errors."""
    hosting: Mapping[str, Publisher] = publishers
    while True:
        hosts = {
            name: msgspec.structs.replace(
                planned(name, hosted_elsewhere(announcement, hosting, name, hosted, pages)), is_host=True
            )
            for name in publishers
        }
        still = {name: publishers[name] for name in hosting if _is_sound(hosts[name])}
        if len(still) == len(hosting):
            return hosts
        hosting = still


def compose_post(announcement: Announcement, publisher: Publisher, links: Mapping[str, str], capabilities: Capabilities) -> Post:
    """The channel's post, under the announcement's embargo, with every adaptation named, those of its language, its photos and
    its video included."""
    post = publisher.compose(led_to_its_page(announcement, publisher, links), links)
    may_transcode = bool(announcement.video and announcement.video.adapt) or publisher.connection.video.adapt
    about = (
        *about_language(announcement, publisher.said(announcement), publisher.connection.wording.language),
        *photo_adaptations(post, capabilities),
        *moving.adaptations(post, capabilities, may_transcode=may_transcode),
    )
    return msgspec.structs.replace(post, embargo=announcement.embargo, adaptations=(*post.adaptations, *about))


def led_to_its_page(announcement: Announcement, publisher: Publisher, links: Mapping[str, str]) -> Announcement:
    """The announcement with the address of its own page as its link, where the author gave none."""
    page = links.get(PAGE, "")
    if announcement.link or not page or page in publisher.foreseen(announcement).values():
        return announcement
    return msgspec.structs.replace(announcement, link=Link(page))


def check_post(post: Post, publisher: Publisher, channel: Channel, limits: Mapping[str, int]) -> list[Problem]:
    """Every problem of a post under the limits of its account."""
    problems = check(post, with_limits(publisher.capabilities, dict(limits)), channel.policy, channel.audience)
    return problems + [msgspec.structs.replace(problem, channel=channel.name) for problem in publisher.check(post)]


def hosted_elsewhere(
    announcement: Announcement,
    publishers: Mapping[str, Publisher],
    name: str,
    hosted: Mapping[str, Links],
    pages: Iterable[Mapping[str, str]] = (),
) -> dict[str, str]:
    """What other channels host, by kind, without an address: no host waits for another's. The addresses of `pages`, which
    are known beforehand, are told."""
    others = [publisher for other, publisher in publishers.items() if other != name and not _skips(announcement, other)]
    before = first_of_each_kind(hosted)
    elsewhere = {kind: url if kind == PAGE else "" for kind, url in before.items()}
    elsewhere |= {kind: "" for publisher in others for kind in publisher.gives(announcement)}
    return elsewhere | first_of_each_kind(dict(enumerate(pages)))


def hosted_before(rows: Mapping[str, Delivery], channels: Collection[str]) -> dict[str, Links]:
    """What earlier runs published on other channels than these, and gave links to."""
    published = [row for name, row in rows.items() if name not in channels and row.state == State.PUBLISHED.value and row.draft]
    return {row.channel: msgspec.convert(row.draft, Draft).links for row in published}


def first_of_each_kind(given: Mapping[Any, Links], known: Iterable[Any] = ()) -> dict[str, str]:
    """The address of each kind from the channel that comes first among all that give one, whichever run published it."""
    found: dict[str, str] = {}
    for name in dict.fromkeys((*known, *given)):
        found = {**given.get(name, {}), **found}
    return found


def _given_links(announcement: Announcement, publisher: Publisher, channel: str) -> dict[str, str]:
    """What a host gives, under stand-ins for the addresses that it has when it has prepared."""
    kinds = sorted(publisher.gives(announcement) - publisher.foreseen(announcement).keys())
    return {kind: _placeholder(kind, channel) for kind in kinds}


def _foreseen_by_page(announcement: Announcement, publisher: Publisher) -> Mapping[str, str]:
    """The addresses of a channel that knows all that it gives; none of a host."""
    foreseen, gives = publisher.foreseen(announcement), publisher.gives(announcement)
    return foreseen if gives <= foreseen.keys() else {}


def _is_sound(planned: PlannedChannel) -> bool:
    """Whether it will be published, as far as a plan can tell."""
    return planned.post is not None and not planned.errors


def _known_address(kind: str, channel: str, url: str) -> str:
    """The address that a plan shows for what an earlier run made public: the one it would have shown then."""
    return url if kind == PAGE else _placeholder(kind, channel)


def _placeholder(kind: str, channel: str) -> str:
    """Stands for the address that a host gives once it has prepared; an address, since X counts any as 23."""
    return f"https://example.org/placeholder/{kind}-on-{channel}"


def _placeholders(links: Mapping[str, str], shares: Iterable[PlannedChannel]) -> dict[str, str]:
    """What is meant by those that some channel shows."""
    shown = "\n".join(part for share in shares if share.post for part in share.post.parts)
    return {
        url: f"the address of the {_NAMES.get(kind, kind)}, which is known once it is there"
        for kind, url in links.items()
        if url in shown and kind != PAGE
    }


def _planned(
    announcement: Announcement, channel: Channel, publisher: Publisher, links: Mapping[str, str], accounts: list[Problem]
) -> PlannedChannel:
    name = channel.name
    bare = PlannedChannel(channel=name, platform=channel.platform, required=channel.required, policy=channel.policy)
    if reason := _skips(announcement, name):
        return msgspec.structs.replace(bare, skipped=reason)
    post = compose_post(announcement, publisher, links, publisher.capabilities)
    problems = [*check_post(post, publisher, channel, {}), *(problem for problem in accounts if problem.channel == name)]
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if channel.policy is Policy.SKIP and errors:
        return msgspec.structs.replace(bare, skipped="; ".join(problem.message for problem in errors))
    if not channel.audience.may_see(announcement.audience):
        return msgspec.structs.replace(bare, problems=tuple(problems))  # a page of the plan must not show it there either
    return msgspec.structs.replace(
        bare,
        post=post,
        told=told_by_content(post),
        problems=tuple(problems),
        links=dict(links),
        settings={**_wishes(channel), **settings_in_sight(publisher.Settings, channel)},
        capabilities=publisher.capabilities,
        costs=publisher.cost(post),
        schedules=publisher.schedules,
        due_at=channel.due_at(post.embargo) if post.embargo and channel.hours_ahead else None,
    )


def _wishes(channel: Channel) -> dict[str, Any]:
    """What the channel wants of media and words, where it wants something."""
    wishes = {name: told_by_content(getattr(channel, name)) for name in ("photos", "video", "wording")}
    return {name: told for name, told in wishes.items() if told}


def _minute(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds" if moment.second else "minutes")


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
