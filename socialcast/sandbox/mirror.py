"""What a mirror is made of: routes as data, a clock that tests move, seeded ids, stored media, and what visitors see."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from ctypes import c_double
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, StrEnum
from multiprocessing.sharedctypes import RawValue
from typing import Any, ClassVar

from werkzeug.wrappers import Response

from socialcast.sandbox.media import Blob, MediaStore
from socialcast.sandbox.request import Request

__all__ = [
    "Account",
    "Act",
    "Blob",
    "Card",
    "Clock",
    "Ids",
    "MediaStore",
    "Mirror",
    "NotShownError",
    "Picture",
    "Request",
    "Response",
    "Route",
    "UnplayedError",
    "Verified",
]


class UnplayedError(ValueError):
    """What a person wants to do by hand, and the platform, or the mirror of it, does not let people do; the message says why."""


class NotShownError(KeyError):
    """There is no such card, so that nobody can do anything with it; the message says where to look for those that there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class Act(StrEnum):
    """What people do on a platform by hand: no app of ours stands behind it."""

    REPLY = "reply"
    EDIT = "edit"
    REMOVE = "remove"
    MODERATE = "moderate"


class Verified(Enum):
    """How sure we are that a route behaves like the platform's."""

    DOCUMENTATION = "written from the platform's documentation"
    DESCRIPTION = "checked against the platform's machine-readable description"
    SERVER = "checked against a real server of this platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call that a mirror answers; `when` tells apart calls that share one path by a parameter's value."""

    method: str
    path: str  # "/2/tweets/{id}": a name in braces matches one segment, "{title:path}" any number, and goes to the handler
    handler: str
    source: str  # the page it was written from
    when: tuple[str, str] | None = None
    verified: Verified = Verified.DOCUMENTATION
    keeps_torn: bool = False  # whether it keeps what arrived of a body that broke off, as uploads do that can go on


class Clock:
    """Wall time plus whatever a test has added: processing delays, token expiry and rate windows follow it."""

    def __init__(self) -> None:
        self.ahead_seconds: c_double = RawValue("d", 0.0)  # which other processes of this machine can be given to read

    def now(self) -> float:
        """The current time in Unix seconds."""
        return time.time() + self.ahead_seconds.value

    def datetime(self) -> datetime:
        """The current time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the time forward; it never goes back."""
        if seconds < 0:
            raise ValueError(f"the clock only goes forward, not by {seconds} seconds")
        self.ahead_seconds.value += seconds


class Ids:
    """Ids and tokens that a seed makes repeatable."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable is what these are for

    def digits(self, count: int) -> str:
        """A decimal string of so many digits that does not start with 0."""
        return str(self._random.randrange(10 ** (count - 1), 10**count))

    def hexadecimal(self, count: int) -> str:
        """A lower-case hexadecimal string of so many characters."""
        return f"{self._random.getrandbits(4 * count):0{count}x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account on the platform and the credentials it was given, named as the platform names them."""

    id: str
    name: str
    credentials: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A photo or video as a visitor meets it; `url` is the address on the platform."""

    url: str
    alt: str = ""
    caption: str = ""
    kind: str = "photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One post, photo, album or page that the public can see now; `parent` is the id of the card it answers or belongs to."""

    id: str
    kind: str
    account: str
    url: str
    at: datetime
    title: str = ""
    text: str = ""
    warning: str = ""  # what a visitor reads first, with text and pictures folded below it
    html: str = ""  # already safe HTML, where the platform renders markup; replaces `text` on the page
    pictures: tuple[Picture, ...] = ()
    parent: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)  # licence, tags, history: shown in small print
    acts: tuple[Act, ...] = ()  # what a person can do with it by hand


class Mirror(ABC):
    """One platform. Subclasses give `name`, `HOSTS`, `ROUTES` and the handlers that the routes name.

    A handler is `def handler(self, request, **path_names) -> Response`. It runs under the mirror's lock, with the body
    already read, so it needs no locking of its own and must not wait.
    """

    name: ClassVar[str]
    HOSTS: ClassVar[tuple[str, ...]]  # exact names or patterns such as "*.wikipedia.org"
    ROUTES: ClassVar[tuple[Route, ...]]
    MODERATION: ClassVar[
        tuple[str, ...]
    ] = ()  # the states that what people wrote can be brought into, as the platform names them
    SPEAKS_SMTP: ClassVar[int] = 0  # how many bytes a mail may have that its hosts take by SMTP; 0: they speak HTTP

    def __init__(self, clock: Clock, media: MediaStore, seed: str = "socialcast") -> None:
        self.clock = clock
        self.media = media
        self.seed = seed
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget everything: a clean platform without accounts. Subclasses extend it with their state."""
        self.ids = Ids(f"{self.seed}/{self.name}")
        self.accounts: dict[str, Account] = {}

    def account(self, name: str, **wishes: Any) -> Account:
        """The account of that name, opened on first use; `wishes` are the platform's own kinds of account."""
        if name not in self.accounts:
            self.accounts[name] = self.open_account(name, **wishes)
        return self.accounts[name]

    @abstractmethod
    def open_account(self, name: str, **wishes: Any) -> Account:
        """Make an account with credentials that this mirror, and nobody else, accepts."""

    @abstractmethod
    def expire_credentials(self, name: str) -> None:
        """Let this account's token stop working, as an expiry or a revocation does."""

    def renew_credentials(self, name: str) -> None:
        """Let this account be used again, as when its owner signs in anew; the credentials stay the words that they were."""
        raise NotImplementedError(f"the mirror of {self.name} does not say how {name} signs in again")

    @abstractmethod
    def cards(self) -> list[Card]:
        """What the public sees now, newest first; private and unpublished things are not in it."""

    def reply_as(self, name: str, id: str, text: str) -> str:
        """The id of what a person of that name answers to the card of that id; UnplayedError where that is not possible."""
        raise UnplayedError(f"nobody answers on {self.name}")

    def edit_as(self, name: str, id: str, text: str) -> None:
        """A person of that name gives the card another text; UnplayedError where that is not possible."""
        raise UnplayedError(f"nobody changes a text on {self.name} by hand")

    def remove_as(self, name: str, id: str) -> None:
        """A person of that name deletes what the card shows; UnplayedError where that is not possible."""
        raise UnplayedError(f"nobody deletes anything on {self.name} by hand")

    def moderate_as(self, name: str, id: str, state: str) -> None:
        """A person of that name brings what somebody wrote into one of the states of MODERATION; UnplayedError otherwise."""
        raise UnplayedError(f"nothing is moderated on {self.name}")

    def set_ingest(self, key: str, is_active: bool) -> None:
        """Pictures begin or cease to come in with that stream key; KeyError for a key that no live event has."""
        raise KeyError(f"{self.name} has no live events")

    def not_found(self, request: Request) -> Response | None:
        """The platform's own answer to a path it does not know; None for the sandbox's loud 501."""
        return None
