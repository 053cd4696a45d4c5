"""Random stories: an announcement, some channels, what goes wrong on the way, and where the process dies."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from socialcast.model.announcement import Announcement, Link
from socialcast.registry import publisher_class
from socialcast.testing.matrix.faults import FAULTS
from socialcast.testing.matrix.scenes import provable
from socialcast.testing.stage import clip, picture
from socialcast.wire.settings import Policy

__all__ = ["BOUNDARIES", "LEDGERS", "Death", "Mishap", "Place", "Story", "stories"]

BOUNDARIES = AFTER, UNRECORDED, RECORDED, BEFORE = (
    "after the platform acted",
    "before a record",
    "after a record",
    "before a request",
)
LEDGERS = KEPT, MOVED, LOST = "kept", "moved to another machine", "lost"
FINAL = "token expired"  # no run overcomes it without a new token


class Place(msgspec.Struct, frozen=True):
    """A channel, named as its platform."""

    platform: str
    policy: Policy
    required: bool


class Mishap(msgspec.Struct, frozen=True):
    """So many requests to a platform, of this method or of any, go wrong from the `nth` on."""

    platform: str
    what: str
    method: str | None
    nth: int
    times: int


class Death(msgspec.Struct, frozen=True):
    """The process dies at the nth write to a platform, or at the nth record about it; the next one has this ledger."""

    platform: str
    when: str
    nth: int
    ledger: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run needs, small enough to be printed where it fails."""

    places: tuple[Place, ...]
    key: str
    title: str
    text: str
    tags: tuple[str, ...] = ()
    has_link: bool = False
    photos: int = 0
    has_video: bool = False
    mishaps: tuple[Mishap, ...] = ()
    deaths: tuple[Death, ...] = ()  # of the first run, of the second ...

    @property
    def announcement(self) -> Announcement:
        """What is published."""
        return Announcement(
            key=self.key,
            title=self.title,
            text=self.text,
            tags=self.tags,
            link=Link("https://example.org/open-doors") if self.has_link else None,
            photos=tuple(map(picture, range(self.photos))),
            video=clip() if self.has_video else None,
        )

    @property
    def can_settle(self) -> bool:
        """Whether running it again overcomes everything that goes wrong."""
        return all(mishap.what != FINAL for mishap in self.mishaps)


_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
_PHRASES = (
    "Türen offen",
    "観測所の公開日",
    "مرصد",
    "👩‍🚀👩🏽‍🔬",
    "e\u0301toile",
    "*stars* & <b>[[sky]]</b>",
    "#open @all",
    "x" * 180,
)
_WORDS = st.one_of(st.sampled_from(_PHRASES), st.text(_LETTERS, min_size=1, max_size=12))
_TEXTS = st.lists(_WORDS, min_size=1, max_size=4).map(lambda words: f"Open doors. {' '.join(words)}")
_TAGS = st.lists(st.sampled_from(["open doors", "Sternwarte", "観測所"]), unique=True).map(tuple)
_KEYS = st.text("abcdefgh0123456789-äß観", min_size=1, max_size=20)
_PLATFORMS = st.sampled_from(provable())
_OVERCOME = st.sampled_from([name for name, rule in FAULTS.items() if rule and name != FINAL])


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any story over the platforms that have a mirror."""
    platforms = draw(st.lists(_PLATFORMS, unique=True, min_size=1, max_size=4))
    return Story(
        places=tuple(draw(_place(platform)) for platform in platforms),
        key=draw(_KEYS),
        title=draw(st.sampled_from(["Open doors", "Offene Türen: Führung & Musik", "観測所"])),
        text=draw(_TEXTS),
        tags=draw(_TAGS),
        has_link=draw(st.booleans()),
        photos=draw(st.integers(0, 5)),
        has_video=draw(st.integers(0, 3)) == 3,
        mishaps=draw(_mishaps(platforms)),
        deaths=draw(_deaths(platforms)),
    )


def _place(platform: str) -> st.SearchStrategy[Place]:
    """A host is required: without it the others would rightly say something else."""
    is_host = bool(publisher_class(platform).capabilities.gives)
    required = st.just(True) if is_host else st.booleans()
    return st.builds(Place, st.just(platform), st.sampled_from([Policy.ADAPT, Policy.SKIP]), required)


def _mishaps(platforms: list[str]) -> st.SearchStrategy[tuple[Mishap, ...]]:
    """Some that can be overcome, and now and then one that cannot."""
    where, method, nth = st.sampled_from(platforms), st.sampled_from(["POST", None]), st.integers(1, 7)
    usual = st.lists(st.builds(Mishap, where, _OVERCOME, method, nth, st.integers(1, 3)), max_size=4).map(tuple)
    last = st.tuples(st.builds(Mishap, where, st.just(FINAL), method, nth, st.just(1)))
    return st.integers(0, 9).flatmap(lambda chance: last if chance == 7 else usual)


def _deaths(platforms: list[str]) -> st.SearchStrategy[tuple[Death, ...]]:
    """One of the first run at least, though it may settle before."""
    where, nth = st.sampled_from(platforms), st.integers(1, 7)
    death = st.builds(Death, where, st.sampled_from(BOUNDARIES), nth, st.sampled_from(LEDGERS))
    return st.lists(death, min_size=1, max_size=3).map(tuple)
