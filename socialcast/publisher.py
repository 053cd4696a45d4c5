"""The interface of a platform: what every publisher is, and what it gets for nothing."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from socialcast.compose.expected import expected_sight
from socialcast.compose.render import render
from socialcast.delivery.fate import Answer, judge, read_answer
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Audience
from socialcast.model.capabilities import Capabilities
from socialcast.model.cost import Cost
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import ErrorRule, TerminalError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Access, Account, Draft, Item, LiveState, LiveStatus, Readiness, Receipt
from socialcast.model.sight import Left, Sight
from socialcast.wire.clock import Clock
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import PhotoWishes, Policy, VideoWishes
from socialcast.wire.transport import Exchange, Transport
from socialcast.wire.wording import Wording

__all__ = ["Answer", "Connection", "Ingest", "Publisher"]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """What a publisher is connected with: its channel's name, policy, readers, wishes and wording, the transport, the clock,
    the folder of its settings (for templates and tokens) and one for fitted media."""

    channel: str
    transport: Transport
    clock: Clock
    policy: Policy = Policy.REFUSE
    audience: Audience = Audience.PUBLIC
    photos: PhotoWishes = PhotoWishes()
    wording: Wording = Wording()
    video: VideoWishes = VideoWishes()
    folder: Path = Path()
    cache_folder: str | None = None


class Ingest(msgspec.Struct, frozen=True, kw_only=True):
    """Where an encoder sends a live event to: the server's address and the key, which lets anybody go live and is a secret."""

    url: str
    key: Secret


class Publisher(ABC):
    """One account on one platform.

    Subclasses give the four tables and, at least, `prepare` and `commit`. They never sleep, retry, check limits or
    catch what they do not handle: steps, preflight and the error table do that.
    """

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    errors: ClassVar[tuple[ErrorRule, ...]] = ()
    Settings: ClassVar[type[msgspec.Struct]]
    fills_template: ClassVar[bool] = True  # whether what it publishes is made of the channel's template
    sandbox_settings: ClassVar[Mapping[str, Any]] = {}  # what a channel needs, beside credentials, to run in a sandbox
    sandbox_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # other kinds of channels, by name: they make other calls

    def __init__(self, settings: Any, connection: Connection) -> None:
        self.settings, self.connection = settings, connection
        self.session = connection.transport.session(connection.channel)

    @classmethod
    def sandbox_wishes(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What kind of account to open in a sandbox for a channel with these settings."""
        return {"host": urlsplit(settings["url"]).netloc} if "url" in settings else {}

    def require_credentials(self) -> None:  # noqa: B027 - most have nothing to add to the fields that are required anyway
        """Raise ConfigurationError unless the settings hold credentials to send with; a plan is made without them."""

    @property
    def identity(self) -> str:
        """What tells two channels with one account apart from two accounts, without asking the platform; may be a secret."""
        return ""

    @property
    def place(self) -> str:
        """Where it publishes as its account, by the settings, where an account has several places: a room, a list of readers."""
        return ""

    def account(self) -> Account:
        """Who this channel publishes as; read only. Raises PublishError for credentials that do not work."""
        return Account(id="")

    def access(self) -> Access:
        """What the platform tells of the credentials, for `doctor`; read only. Nothing, where it tells nothing."""
        return Access()

    def gives(self, announcement: Announcement) -> frozenset[str]:
        """The kinds of links ("album", "video", "live", "page") that this channel gives to others; pure."""
        media = {
            "page": True,
            "album": announcement.photos,
            "video": announcement.video,
            "live": announcement.live and announcement.live.is_to_create,
        }
        return frozenset(kind for kind in self.capabilities.gives if media.get(kind))

    def foreseen(self, announcement: Announcement) -> Mapping[str, str]:
        """The addresses, by kind, that it gives and that are known before anything is prepared; pure. A channel that knows all
        of its addresses is prepared after the hosts, whose links it shows, and before the feeds."""
        return {}

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """What this channel will show; pure. `links` are the addresses that hosts give, by kind."""
        mine = self.connection
        return render(
            announcement,
            self.capabilities,
            links,
            channel=mine.channel,
            platform=self.name,
            wording=mine.wording,
            more_photos=mine.photos.more,
        )

    def said(self, announcement: Announcement) -> Announcement:
        """The announcement as this channel says it: in its language, with its override; pure."""
        return announcement.for_channel(self.connection.channel, self.connection.wording.language)

    def check(self, post: Post) -> list[Problem]:
        """Problems that only this platform knows of; pure, and on top of those that the capabilities tell."""
        return []

    def cost(self, post: Post) -> tuple[Cost, ...]:
        """What publishing it takes, in money or from a quota, when nothing goes wrong; pure."""
        return ()

    @abstractmethod
    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload and draft, invisibly; safe to repeat."""

    def ready(self, draft: Draft) -> Readiness:
        """One look at whether the platform has processed the draft."""
        return Readiness(ready=True)

    @abstractmethod
    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make it public."""

    @property
    def schedules(self) -> bool:
        """Whether an embargo is left to the platform: `schedule` is called before it ends."""
        return False

    def schedule(self, post: Post, draft: Draft, at: datetime, steps: Steps) -> None:
        """Let the platform make it public at that time; `commit` afterwards finds it so."""
        raise NotImplementedError

    # -- live events: as the capabilities say -----------------------------------------------------------------------------

    def ingest(self, event: Item) -> Ingest:
        """Where to send the event's pictures to; read only."""
        raise NotImplementedError

    def live_status(self, event: Item) -> LiveStatus:
        """Where the event is in its life; read only."""
        raise NotImplementedError

    def go_live(self, event: Item, steps: Steps) -> None:
        """Put the event on the air. Raises TerminalError where no pictures come in."""
        raise NotImplementedError

    def end_live(self, event: Item, steps: Steps) -> None:
        """Take the event off the air for good."""
        raise NotImplementedError

    # -- after publication: as the capabilities say -----------------------------------------------------------------------

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Change what was published into this post, in the aspects that `capabilities.edits` names, as the step of that name;
        gives the receipt as it is from now on. Raises TerminalError where the platform allows no more edits."""
        raise self.not_offered("changing what was published")

    def show_live(self, receipt: Receipt, state: LiveState, url: str, steps: Steps, *, name: str) -> None:
        """Show in what was published where its live event stands, and where it is watched, as the step of that name."""
        raise NotImplementedError

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """Answer what was published, or a reply to it, once, as the step of that name. Raises TerminalError where the reply is
        gone."""
        raise self.not_offered("answering")

    def append(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> tuple[Item, ...]:
        """Put the post's parts at the end of the thread, in order, each once, as steps that begin with that name; with its
        photos. The receipt lists what was appended before."""
        raise self.not_offered("going on with a thread")

    def retract(self, receipt: Receipt, steps: Steps) -> tuple[Left, ...] | None:
        """Take back everything the receipt lists, and what is gone already is no error; gives what had to stay.

        Raises TerminalError where nothing can be taken back.
        """
        raise TerminalError(f"{self.name} cannot take back what it published", hint="delete it by hand: " + receipt.url)

    def inspect(self, receipt: Receipt) -> Sight:
        """What the platform shows now of everything the receipt lists; read only, and in as few calls as it takes."""
        raise self.not_offered("reading back what was published")

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """What `inspect` tells as long as nobody changes anything; pure.

        Here the parts stand in the items of the first one's kind, in order, with their media and the addresses in them.
        """
        return expected_sight(post, receipt)

    def comparable(self, text: str) -> str:
        """The text without what the platform changes in any text, so that equal texts are equal; pure."""
        return " ".join(unicodedata.normalize("NFC", text).split())

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """What else on the account bears this announcement's marker; read only. Nothing, where the platform cannot be asked."""
        return ()

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """One page of what was written below it, from the cursor on; read only. Own answers are among them."""
        raise self.not_offered("reading replies")

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """The numbers that `capabilities.metrics` defines, for each item that has them; read only."""
        raise self.not_offered("counting")

    def not_offered(self, what: str) -> TerminalError:
        """The error of a publisher that does not do that."""
        return TerminalError(f"{self.name} does not offer {what}", code="not_offered")

    def read_error(self, exchange: Exchange) -> Answer:
        """The platform's code and words in an answer; empty where a 2xx is no error."""
        return read_answer(exchange)

    def judge(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """What became of a call that raised, by the record of its exchanges and the error table."""
        now = self.connection.clock.now()
        return judge(error, exchanges, rules=self.errors, read=self.read_error, now=now, writing=writing)
