"""What was prepared, what was published, and how it went on every channel."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from socialcast.model.data import Record
from socialcast.model.errors import BroadcastError
from socialcast.model.post import Adaptation
from socialcast.model.problems import Problem, Severity

__all__ = [
    "Access",
    "Account",
    "Draft",
    "Item",
    "LiveState",
    "LiveStatus",
    "Outcome",
    "Readiness",
    "Receipt",
    "Report",
    "State",
]


class Account(Record, frozen=True, kw_only=True):
    """Who a channel publishes as: id and name on the platform, where it is seen, and limits that differ from the published."""

    id: str
    name: str = ""
    url: str = ""
    limits: dict[str, int] = msgspec.field(default_factory=dict)  # path in the capabilities -> the account's own value


class Access(Record, frozen=True, kw_only=True):
    """What a platform tells of a channel's credentials: what they may do, until when (None: it tells no end), and what is left
    of quotas, by unit."""

    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    left: dict[str, int] = msgspec.field(default_factory=dict)


class Item(Record, frozen=True, kw_only=True):
    """One thing on the platform: `kind` is photo, video, album, post, page, file ..."""

    id: str
    kind: str
    url: str = ""


class Draft(Record, frozen=True, kw_only=True):
    """What `prepare` left behind, invisible to the public; `links` are the addresses that hosts give to feeds."""

    items: tuple[Item, ...] = ()
    links: dict[str, str] = msgspec.field(default_factory=dict)

    def ids(self, kind: str) -> list[str]:
        """The ids of that kind, in order."""
        return [item.id for item in self.items if item.kind == kind]


class Readiness(Record, frozen=True, kw_only=True):
    """Whether the platform has processed the media; if not, when to look again and how far it is."""

    ready: bool
    look_again_after_seconds: float = 1.0
    progress_percent: int | None = None


class Receipt(Record, frozen=True, kw_only=True):
    """Proof of publication: the main item's id and permalink, when, everything that was made, and what is to be said of it."""

    id: str
    url: str
    published_at: datetime | None = None
    items: tuple[Item, ...] = ()
    remark: str = ""


class LiveState(Enum):
    """Where a live event is in its life."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    REPLAY = "replay"


class LiveStatus(Record, frozen=True, kw_only=True):
    """What a platform tells of a live event: its state, whether pictures come in (None: it does not tell) and how well, and
    the replay's address."""

    state: LiveState
    receiving: bool | None = None
    health: str = ""
    viewers: int | None = None
    replay_url: str = ""


class State(Enum):
    """Where one channel's delivery stands."""

    PLANNED = "planned"
    PREPARED = "prepared"
    PUBLISHED = "published"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"
    SKIPPED = "skipped"
    RETRACTED = "retracted"


class Outcome(Record, frozen=True, kw_only=True):
    """How one channel went, always: state, id, url, time, and the reason where it is not published."""

    channel: str
    platform: str
    state: State
    required: bool = True
    id: str = ""
    url: str = ""
    published_at: datetime | None = None
    retracted_at: datetime | None = None
    due_at: datetime | None = None  # held until then
    reason: str = ""
    hint: str = ""
    code: str = ""
    partly_public: bool = False  # not published as a whole, and some of it can be seen all the same
    steps_sent: int = 0
    items: tuple[Item, ...] = ()
    said: tuple[Item, ...] = ()  # what this account answered below it afterwards
    adaptations: tuple[Adaptation, ...] = ()
    revision: int = 0  # how often what it shows was corrected before

    @property
    def failed(self) -> bool:
        """Whether a person has to look at this channel."""
        return self.state not in (State.PUBLISHED, State.SKIPPED)

    @property
    def is_in_time(self) -> bool:
        """Whether all is as planned: published, skipped, or held for a moment that is to come."""
        return not self.failed or (self.state is State.HELD and self.due_at is not None and not self.partly_public)


class Report(Record, frozen=True, kw_only=True):
    """One outcome for every channel; `digest` names the content, `problems` what preflight found."""

    key: str
    digest: str
    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all published; 1 refused, nothing made public; 3 partly published; 4 something unknown; 75 held, run again."""
        states = [outcome.state for outcome in self.outcomes if outcome.state is not State.SKIPPED]
        waiting = {State.HELD, State.PLANNED, State.PREPARED}
        wanted = [o.state for o in self.outcomes if o.state is not State.SKIPPED and (o.required or o.state is not State.REFUSED)]
        if State.UNKNOWN in states:
            return 4
        if any(problem.severity is Severity.ERROR and not problem.channel for problem in self.problems):
            return 1
        if all(state is State.PUBLISHED for state in wanted) and (State.PUBLISHED in states or not states):
            return 0
        if State.PUBLISHED in states and all(outcome.is_in_time for outcome in self.outcomes):
            return 75  # the press has it ahead, the others have it when the embargo ends
        if State.PUBLISHED in states or any(outcome.partly_public for outcome in self.outcomes):
            return 3
        return 75 if waiting & set(states) and State.REFUSED not in states else 1

    @property
    def standing_code(self) -> int:
        """The exit code for whoever asks where it stands: that of `exit_code`, but what was taken back as a whole is as it
        should be."""
        left = tuple(each for each in self.outcomes if each.state is not State.RETRACTED or each.partly_public)
        return msgspec.structs.replace(self, outcomes=left).exit_code

    def raise_for_failures(self) -> None:
        """Raise BroadcastError unless the exit code is 0."""
        if self.exit_code != 0:
            raise BroadcastError(self)

    def __getitem__(self, channel: str) -> Outcome:
        return {outcome.channel: outcome for outcome in self.outcomes}[channel]
