"""Where a publisher is put to the test: its mirror in a sandbox, or a real server behind the same few calls."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import requests

from socialcast.broadcast import Broadcast
from socialcast.model.announcement import Announcement, Link, Live, Photo, Subtitles, Video
from socialcast.model.capabilities import Capabilities, Support, VideoRules
from socialcast.model.post import Post
from socialcast.publisher import Publisher
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.settings import Channel, Policy

__all__ = ["SandboxStage", "Sight", "Stage", "clip", "event", "film", "picture", "sample", "saying", "shows_what_it_gets"]

_FAR_AHEAD = datetime(2100, 1, 1, 9, tzinfo=UTC)
_POSTER_SIZE = (1280, 720)
_SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:01.500\nThe dome opens.\n"

Sight = tuple[str, ...]  # one visible thing: its kind, title, words, alt texts and small print, without ids and addresses


class Stage(Protocol):
    """A platform to publish on, and a way to look at it that shares nothing with the publisher."""

    platform: str

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        """A broadcast with one channel, named "contract", on this platform."""

    def sights(self) -> list[Sight]:
        """What the public sees now, in an order that does not depend on ids."""

    def opens(self, url: str) -> bool:
        """Whether a visitor finds something at that address."""


class SandboxStage:
    """The publisher's mirror."""

    def __init__(self, sandbox: Sandbox, platform: str) -> None:
        self.sandbox, self.platform = sandbox, platform

    def channel(self, name: str = "contract", **settings: Any) -> Channel:
        """A channel on this platform that adapts what does not fit."""
        wanted: Mapping[str, Any] = {**publisher_class(self.platform).sandbox_settings, **settings}
        return Channel(name=name, platform=self.platform, policy=Policy.ADAPT, settings=wanted)

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        """A broadcast with one channel whose waits move the sandbox's clock."""
        return Broadcast([self.channel(**settings)], ledger=ledger, sandbox=self.sandbox, clock=SandboxClock(self.sandbox))

    def sights(self) -> list[Sight]:
        """The mirror's public cards."""
        with self.sandbox.mirror(self.platform).lock:
            cards = self.sandbox.mirror(self.platform).cards()
        words = {card.id: f"{card.kind} {card.title} {card.text}" for card in cards}
        return sorted(
            (
                card.kind,
                card.title,
                card.warning,
                _timeless(card.text or card.html),
                *(f"{seen.kind}: {seen.alt}: {seen.caption}" for seen in card.pictures),
                *(f"{name}: {_timeless(fact)}" for name, fact in card.facts.items()),
                f"under: {_timeless(words.get(card.parent, ''))}",
            )
            for card in cards
        )

    def renew_token(self) -> None:
        """Sign in again where the token has expired."""
        mirror = self.sandbox.mirror(self.platform)
        with mirror.lock:
            mirror.renew_credentials("contract")

    def opens(self, url: str) -> bool:
        """Whether the sandbox has a page there."""
        return requests.get(url, timeout=30).status_code == 200


def sample(publisher: type[Publisher] | Publisher, *, key: str = "contract", photos: int = 2, **fields: Any) -> Announcement:
    """An announcement that this platform can carry: photos where it takes them, else a video or a live event, and a thread's
    length where it has threads."""
    table = publisher.capabilities
    sentence = "The doors of the old observatory open to everybody at nine, with a talk on the winter sky. "
    text = sentence * (4 if table.thread is not Support.NONE else 1)
    pictures = tuple(picture(index) for index in range(photos if table.photos else 0))
    film = clip() if table.video and not table.photos else None
    live = event() if table.live and not (table.video or table.photos) else None
    values: dict[str, Any] = {
        "key": key,
        "title": "Open doors",
        "text": text.strip(),
        "photos": pictures,
        "video": film,
        "live": live,
    }
    values["tags"] = ("open doors", "astronomy")
    return Announcement(**{**values, "link": Link("https://example.org/open-doors"), **fields})


def shows_what_it_gets(table: Capabilities) -> bool:
    """Whether there is something to look at once it has an announcement; a bare live server takes pictures and no more."""
    return bool(table.text or table.photos or table.video or (table.live and table.live.tells_state))


def picture(index: int, size: tuple[int, int] = (48, 32)) -> Photo:
    """A small photo of its own colour, with alt text."""
    from PIL import Image

    buffer, number = io.BytesIO(), index + 1
    Image.new("RGB", size, (40 * index % 256, 90, 160)).save(buffer, "JPEG")
    alt, caption = f"The dome, view {number}", f"View {number}"
    return Photo(buffer.getvalue(), alt=alt, caption=caption, credit="A. Example", licence="CC-BY-4.0")


def clip() -> Video:
    """A video of two seconds with a silent sound track, described."""
    return Video(Path(__file__).with_name("clip.mp4"), alt="A test picture in colours", title="Open doors at the observatory")


def film(rules: VideoRules) -> Video:
    """The same video with the poster and the subtitles that a platform takes."""
    return msgspec.structs.replace(
        clip(),
        poster=picture(0, _POSTER_SIZE) if rules.poster else None,
        subtitles=(Subtitles(data=_SUBTITLES),) if rules.subtitles else (),
    )


def event() -> Live:
    """A live event to create."""
    return Live(title="Open doors at the observatory", starts_at=_FAR_AHEAD)


def _timeless(text: str) -> str:
    """Without what differs from run to run: addresses, times, and those in a wiki's signature."""
    text = re.sub(r"https?://[^\s\"'<>]+|/at/[^\s\"'<>]+", "(address)", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)|\d\d:\d\d, \d+ \w+ \d{4} \(UTC\)", "(time)", text)


def saying(text: str, **more: Any) -> Post:
    """A post with that text, as one composes it for work on a publisher itself."""
    return Post(key="said", channel="contract", platform="any", parts=(text,), **more)
