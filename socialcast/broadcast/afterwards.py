"""What can be done with an announcement that was published: everything works by its key, on all channels that have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import msgspec

from socialcast.broadcast.audit import audit
from socialcast.broadcast.correct import Correcting
from socialcast.broadcast.delivered import Delivered, Published
from socialcast.broadcast.dialogue import Dialogue
from socialcast.broadcast.events import Listener
from socialcast.broadcast.live import LiveShow
from socialcast.broadcast.metrics import measure
from socialcast.broadcast.retract import retract
from socialcast.broadcast.say import say
from socialcast.broadcast.workshop import Workshop
from socialcast.delivery.archive import require_sound
from socialcast.delivery.conversation import find_replies
from socialcast.delivery.lease import lease
from socialcast.delivery.ledger import Ledger
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.errors import ConfigurationError
from socialcast.model.receipt import Draft, Outcome, State
from socialcast.model.reports import AuditReport, ChannelOutcome, CorrectionReport, MetricsReport, RetractionReport, SayReport
from socialcast.wire.clock import Cancel
from socialcast.wire.settings import Channel
from socialcast.wire.suggest import suggest

__all__ = ["Afterwards"]

_TURN_SECONDS = 60.0  # how long somebody waits to speak in a thread in which another speaks


class Afterwards:
    """The second half of a Broadcast."""

    _shop: Workshop
    _listener: Listener
    channels: Mapping[str, Channel]

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened on first use."""
        return self._shop.ledger

    def remembered(self, key: str) -> Announcement:
        """The announcement that the ledger has under that key; raises ConfigurationError for an unknown one."""
        if not self._shop.ledger_path.exists():  # asking makes none
            raise ConfigurationError(f"the ledger {self._shop.ledger_path} knows no announcement {key!r}: {suggest(key, ())}")
        found = self.ledger.announcement(key)
        if found is None:
            raise ConfigurationError(
                f"the ledger {self._shop.ledger_path} knows no announcement {key!r}: {suggest(key, self.ledger.keys())}"
            )
        require_sound(self.ledger, key)
        return Announcement.from_json(found[1])

    def live(self, key: str) -> LiveShow:
        """The live event of an announcement that was published; raises ConfigurationError where there is none."""
        return LiveShow(self._published(key))

    def retract(self, key: str) -> RetractionReport:
        """Take back everything of an announcement on every channel that it was for; what is gone already is no error, and what a
        platform does not let go is listed. Raises ConfigurationError for an unknown key, LedgerBusy where others work on it."""
        with self._alone(key) as published:
            return retract(published)

    def say(self, key: str, text: str, photos: Iterable[Photo] = ()) -> SayReport:
        """Go on with the thread of an announcement on every channel that has threads: once, however often it is said, and in the
        order of all who speak, who wait for each other. Raises ConfigurationError before anything is sent."""
        with self._alone(key, wait_seconds=_TURN_SECONDS) as published:
            return say(published, text, photos)

    def plan_correction(self, announcement: Announcement, *, note: str = "") -> CorrectionReport:
        """How `correct` would bring every channel to this content; sends nothing. Raises ConfigurationError."""
        return self._correcting(announcement, self._published(announcement.resolved_key), note).plan()

    def correct(self, announcement: Announcement, *, note: str = "") -> CorrectionReport:
        """Bring every channel that has the announcement of that key to this content: by an edit, or by what its settings say.

        `note` is what replies say of the mistake, in place of the new text. Where a required channel cannot be corrected,
        nothing is sent. Cut short, it goes on when it is repeated. Raises ConfigurationError and LedgerBusy before anything
        is sent.
        """
        with self._alone(announcement.resolved_key) as published:
            return self._correcting(announcement, published, note).carry_out()

    def _correcting(self, announcement: Announcement, published: Published, note: str) -> Correcting:
        return Correcting(self._shop, announcement, published, self._listener, note=note)

    def audit(self, key: str, *, pictures: bool = False) -> AuditReport:
        """What every channel shows now, compared with what was announced; with `pictures` each photo is fetched and looked at.

        Read only. Raises ConfigurationError for an unknown key.
        """
        return audit(self._published(key), pictures=pictures)

    def measure(self, key: str) -> MetricsReport:
        """What the platforms count of an announcement now, kept in the ledger; read only for them. Raises ConfigurationError for
        an unknown key."""
        return measure(self._published(key))

    def dialogue(self, key: str) -> Dialogue:
        """What is said below an announcement, on all channels that it was for. Raises ConfigurationError for an unknown key."""
        return Dialogue(self._published(key))

    def answer(self, reference: str, text: str) -> ChannelOutcome:
        """Answer a reply, named by its id or its address as `dialogue` read it, where it stands and once.

        Raises ConfigurationError for a reply that nobody read, or of which there are several, and LedgerBusy.
        """
        known = self._shop.ledger_path.exists()  # asking makes none
        found = [kept for kept in find_replies(self.ledger, reference) if kept.channel in self.channels] if known else []
        if not found:
            raise ConfigurationError(
                f"no reply {reference!r} was read so far: take its id or address from socialcast replies KEY"
            )
        if len(found) > 1:
            named = ", ".join(f"{kept.channel} ({kept.key}): {kept.reply.id}" for kept in found)
            raise ConfigurationError(f"{reference!r} names {len(found)} replies; name one by its id, or one channel: {named}")
        return self.dialogue(found[0].key).answer(found[0], text)

    # -- what it works with ------------------------------------------------------------------------------------------------

    def _published(self, key: str) -> Published:
        """What was published under that key, and the channels that it was for, ready for more work."""
        announcement, rows = self.remembered(key), self.ledger.deliveries(key)
        self._shop.require_same_platforms(key, rows)
        publishers = self._shop.publishers(self.channels, to_send=True)
        channels = tuple(
            Delivered(
                publishers[name],
                self._shop.steps(publishers[name], key),
                msgspec.convert(row.outcome, Outcome)
                if row.outcome
                else Outcome(channel=name, platform=row.platform, state=State(row.state)),
                msgspec.convert(row.draft or {}, Draft),
                self.channels[name],
                partial(self._keep, key, name),
            )
            for name in self.channels
            if (row := rows.get(name))
        )
        shop = self._shop
        return Published(key, announcement, channels, shop.ledger, shop.clock, partial(self._leased, key, channels))

    @contextmanager
    def _leased(self, key: str, channels: Iterable[Delivered]) -> Iterator[None]:
        """Nobody else works on it meanwhile, and what others recorded before is known."""
        with lease(self.ledger, key, self._shop.clock, Cancel()):
            for one in channels:
                one.steps.read_again()
            yield

    @contextmanager
    def _alone(self, key: str, *, wait_seconds: float = 0.0) -> Iterator[Published]:
        """What was published under that key, read when nobody else works on it any more."""
        self.remembered(key)  # first: an unknown key is no reason to wait
        with lease(self.ledger, key, self._shop.clock, Cancel(), wait_seconds=wait_seconds):
            yield self._published(key)

    def _keep(self, key: str, channel: str, change: Callable[[Outcome], Outcome]) -> None:
        """Change a channel's outcome in the ledger."""
        row = self.ledger.deliveries(key)[channel]
        outcome = change(msgspec.convert(row.outcome, Outcome))
        changed = row._replace(outcome=outcome, state=outcome.state.value)
        self.ledger.save_delivery(key, changed, self._shop.clock.now().timestamp())
