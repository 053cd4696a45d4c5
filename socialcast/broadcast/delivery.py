"""One channel's share of a broadcast: what it has done so far, in the ledger and in its outcome."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from socialcast.broadcast.approval import differs
from socialcast.broadcast.events import Event, Listener, Phase
from socialcast.broadcast.fitted import with_fitted_video, with_what_was_made
from socialcast.broadcast.identity import Identity, identity_of, require_one_name, require_same_account
from socialcast.broadcast.plan import PlannedChannel, check_post, compose_post
from socialcast.compose.preflight import with_limits
from socialcast.delivery.ledger import Delivery as Row
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.capabilities import Capabilities
from socialcast.model.errors import (
    Cancelled,
    ConfigurationError,
    LedgerError,
    OutcomeUnknown,
    PublishError,
    TerminalError,
    TransientError,
)
from socialcast.model.post import Post
from socialcast.model.problems import Severity
from socialcast.model.receipt import Account, Draft, Outcome, Receipt, State
from socialcast.publisher import Publisher
from socialcast.wire.retry import Patience
from socialcast.wire.settings import Channel, Policy

__all__ = ["LOOK_YOURSELF", "ChannelDelivery"]

logger = logging.getLogger("socialcast.broadcast")

_READY_LIMIT_SECONDS = 1800.0
_APPROVE_ANEW = "undo that, or approve the plan as it is now"
LOOK_YOURSELF = "run it again to look once more; or look yourself and say it with: socialcast resolve"
_CUT_SHORT = "the run ended while it was being made public"


class ChannelDelivery:
    """The work of one channel, phase by phase; after a phase that failed, `outcome` says why and nothing more is done."""

    _looks_only: ClassVar[bool] = False

    def __init__(
        self,
        announcement: Announcement,
        channel: Channel,
        publisher: Publisher,
        planned: PlannedChannel,
        *,
        ledger: Ledger,
        patience: Patience,
        listener: Listener,
        recover: bool,
        row: Row | None,
        held_by: Mapping[Identity, set[str]],
        is_approved: bool,  # whether nothing but the planned post may be sent
        revision: int,
    ) -> None:
        self.channel, self.publisher, self.planned = channel, publisher, planned
        self._announcement, self._ledger, self._listener = announcement, ledger, listener
        self._patience, self._held_by, self._recover = patience, held_by, recover
        patience.on_wait = self.tell_wait
        self._phase = Phase.CHECK
        self.account = Account(id="")
        self.draft = msgspec.convert(row.draft, Draft) if row and row.draft else None  # feeds link to a host that is done
        self.post: Post | None = planned.post
        self.outcome: Outcome | None = self._earlier(row)
        self._is_partly_public = bool(row and row.outcome and row.outcome.get("partly_public"))
        self._steps_of: dict[Phase, set[str]] = {Phase.PREPARE: set(), Phase.COMMIT: set()}
        self._is_approved, self._revision = is_approved, revision
        self._links: Mapping[str, str] = planned.links
        self._is_in_doubt = row is not None and row.state == State.UNKNOWN.value
        self._steps: Steps | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.outcome is None

    @property
    def is_host(self) -> bool:
        """Whether feeds wait for its links."""
        return self.planned.is_host

    @property
    def is_page(self) -> bool:
        """Whether its address is known beforehand, so that it waits for the hosts and the feeds wait for it."""
        return self.planned.is_page

    @property
    def foreseen(self) -> Mapping[str, str]:
        """The addresses that hosts may carry before it is prepared: a channel that may fail promises none."""
        failed = self.outcome and self.outcome.state is not State.PUBLISHED
        return self.publisher.foreseen(self._announcement) if self.is_page and self.channel.required and not failed else {}

    @property
    def is_hosting(self) -> bool:
        """Whether it gives links, or gave them in an earlier run."""
        return self.is_host and (self.outcome is None or self.outcome.state is State.PUBLISHED)

    @property
    def links(self) -> Mapping[str, str]:
        """The addresses that it gives to feeds; none once it has failed, since nobody could open them."""
        failed = self.outcome and self.outcome.state is not State.PUBLISHED
        return self.draft.links if self.draft and not failed else {}

    def identify(self) -> None:
        """Ask the platform who this channel is; a credential that does not work ends it here."""
        self._run(Phase.CHECK, self._identify)

    def prepare(self, links: Mapping[str, str]) -> None:
        """Compose with the real links, check again under the account's limits, and upload invisibly."""
        self._run(Phase.PREPARE, lambda: self._prepare(links))

    def await_ready(self) -> None:
        """Poll until the platform has processed the media."""
        self._run(Phase.READY, self._await_ready)

    def commit(self) -> None:
        """Make it public."""
        self._run(Phase.COMMIT, self._commit)

    def hold_until(self, embargo: datetime) -> None:
        """End this run under embargo; a platform that can is told to make it public by itself."""
        if not self.publisher.schedules:
            reason = f"prepared; under embargo until {embargo.isoformat()}"
            self.finish(State.HELD, reason=reason, hint="run it again then, or use --wait", due_at=embargo)
            return
        self._run(Phase.HOLD, lambda: self._schedule(embargo))

    def hold(self, reason: str, hint: str = "run it again to go on") -> None:
        """End this run for a channel that is not public yet and can go on later."""
        self.finish(State.HELD, reason=reason, hint=hint)

    def finish(self, state: State, **facts: Any) -> None:
        """Settle the outcome, record it and tell it."""
        outcome = self.settle(state, **facts)
        self._save(outcome.state, outcome)

    def settle(self, state: State, **facts: Any) -> Outcome:
        """Settle the outcome and tell it; the ledger is left as it is."""
        if self._is_in_doubt:
            state, facts["reason"] = State.UNKNOWN, f"an earlier run may have published it; now: {facts['reason']}"
        self.outcome = self._outcome(state, **facts)
        self._listener.tell(Event(channel=self.channel.name, phase=Phase.DONE, outcome=self.outcome))
        return self.outcome

    # -- the phases ------------------------------------------------------------------------------------------------

    def _identify(self) -> None:
        self.account = account = self.steps.read(self.publisher.account)
        if account.id:
            self._require_known(account)
        if self._is_approved:  # before anything is uploaded
            self._require_approved(self.planned.links, self._composed(self.planned.links))

    def _require_known(self, account: Account) -> None:
        """Raise NotAllowed where somebody else began this announcement, or did it as another channel."""
        identity = identity_of(self.publisher, account)
        require_one_name(self._held_by, identity, account, self.channel.name)
        require_same_account(self.steps, identity, account)

    def _prepare(self, links: Mapping[str, str]) -> None:
        self.post = post = self._composed(links)
        self._links = links
        self._require_approved(links, post)
        problems = check_post(post, self.publisher, self.channel, self.account.limits)
        if errors := [str(problem) for problem in problems if problem.severity is Severity.ERROR]:
            state = State.SKIPPED if self.channel.policy is Policy.SKIP else State.REFUSED
            self.finish(state, reason="; ".join(errors), code="preflight")
            return
        folder = self.publisher.connection.cache_folder
        post = with_fitted_video(post, self._capabilities, folder, self._patience.cancel, self._tell_transcoding)
        self.post = post
        draft = self.publisher.prepare(post, self.steps)
        self.draft = draft if self.is_host or self.is_page else msgspec.structs.replace(draft, links={})
        self.post = with_what_was_made(post, self._capabilities, folder)
        self._save(State.UNKNOWN if self._is_in_doubt else State.PREPARED, None)

    def _composed(self, links: Mapping[str, str]) -> Post:
        """The post under the account's limits."""
        return compose_post(self._announcement, self.publisher, links, self._capabilities)

    def _require_approved(self, links: Mapping[str, str], post: Post) -> None:
        """Raise TerminalError where that is not what was approved: limits of the account, a file, an address that is missing."""
        if self._is_approved and (told := differs(self.planned, links, post)):
            raise TerminalError(f"not what was approved: {told}", code="approval.changed", hint=_APPROVE_ANEW)

    def _tell_transcoding(self, percent: int) -> None:
        self._listener.tell(Event(channel=self.channel.name, phase=self._told_phase, step="transcode", percent=percent))

    def _await_ready(self) -> None:
        draft = self._required_draft
        deadline = self._now().timestamp() + _READY_LIMIT_SECONDS
        while not (readiness := self.steps.read(lambda: self.publisher.ready(draft))).ready:
            self._listener.tell(Event(channel=self.channel.name, phase=Phase.READY, percent=readiness.progress_percent))
            if self._now().timestamp() > deadline:
                raise TransientError("the platform is still processing the media", hint="run it again later to go on")
            self._patience.pause(readiness.look_again_after_seconds)

    def _commit(self) -> None:
        self._require_approved(self._links, self._required_post)  # files are read again where an upload has lapsed
        self._is_in_doubt = False
        self._save(State.UNKNOWN, self._outcome(State.UNKNOWN, reason=_CUT_SHORT, hint="run it again: what is there is found"))
        receipt = self.publisher.commit(self._required_post, self._required_draft, self.steps)
        self.finish(State.PUBLISHED, **self._proof(receipt))

    def _schedule(self, embargo: datetime) -> None:
        self.publisher.schedule(self._required_post, self._required_draft, embargo, self.steps)
        reason = f"the platform makes it public at {embargo.isoformat()}"
        self.finish(State.HELD, reason=reason, hint="run it again then, to have it confirmed", due_at=embargo)

    # -- what they share -------------------------------------------------------------------------------------------

    def _run(self, phase: Phase, work: Callable[[], None]) -> None:
        self._phase = phase
        self._listener.tell(Event(channel=self.channel.name, phase=self._told_phase, photos=self._photo_count))
        try:
            work()
        except (Cancelled, LedgerError):
            raise  # the whole run ends: on request, or because nothing can be recorded any more
        except OutcomeUnknown as error:
            self.finish(State.UNKNOWN, **self._told(error, LOOK_YOURSELF))
        except TransientError as error:
            self.finish(State.HELD, **self._told(error, "run it again to go on"))
        except PublishError as error:
            self.finish(State.REFUSED, **self._told(error, ""))
        except (ConfigurationError, OSError) as error:  # such as a photo that was removed after the check
            self.finish(State.REFUSED, reason=self._redact(str(error)), hint="mend it and run it again", code="input")
        except Exception as error:  # noqa: BLE001 - one publisher's defect must not cost the other channels their outcome
            logger.error("channel %s failed\n%s", self.channel.name, self._redact(traceback.format_exc()))
            state = State.UNKNOWN if self.steps.has_open_intent else State.REFUSED
            reason = self._redact(f"{type(error).__name__}: {error}")
            self.finish(state, reason=reason, hint="this is a defect in the publisher; please report it", code="internal")

    def _outcome(self, state: State, **facts: Any) -> Outcome:
        made_public = self._steps_of[Phase.COMMIT] - self._steps_of[Phase.PREPARE]  # a commit may repeat a lapsed upload
        self._is_partly_public = state is not State.PUBLISHED and bool(made_public or self._is_partly_public)
        if self._is_partly_public and state is not State.UNKNOWN:
            facts["reason"] = f"{facts['reason']}; part of it is public already"
        return Outcome(
            channel=self.channel.name,
            platform=self.channel.platform,
            state=state,
            required=self.channel.required,
            partly_public=self._is_partly_public,
            steps_sent=self._steps.sent if self._steps else 0,
            adaptations=self.post.adaptations if self.post else (),
            revision=self._revision,
            **facts,
        )

    def _told(self, error: PublishError, usual_hint: str) -> dict[str, str]:
        return {"reason": self._redact(error.message), "hint": self._redact(error.hint or usual_hint), "code": error.code}

    def _redact(self, text: str) -> str:
        return self.publisher.connection.transport.redactor.redact(text)

    def _proof(self, receipt: Receipt) -> dict[str, Any]:
        visible = self.publisher.connection.transport.visible_url
        items = tuple(msgspec.structs.replace(item, url=visible(item.url)) for item in receipt.items)
        return {
            "id": receipt.id,
            "url": visible(receipt.url),
            "published_at": receipt.published_at or self._now(),
            "items": items,
            "reason": self._redact(receipt.remark),
        }

    @property
    def steps(self) -> Steps:
        """The steps of this delivery, read from the ledger on first use."""
        if self._steps is None:
            self._steps = Steps(
                self._ledger,
                self._announcement.resolved_key,
                self.channel.name,
                judge=self.publisher.judge,
                patience=self._patience,
                settle_seconds=self.publisher.capabilities.recovery.settle_seconds,
                recover=self._recover,
                looks_only=self._looks_only,
                notify=self._note_step,
                in_order=self.publisher.connection.transport.witness is not None,
            )
        return self._steps

    @property
    def _capabilities(self) -> Capabilities:
        """What the platform can, under the account's limits."""
        return with_limits(self.publisher.capabilities, self.account.limits)

    @property
    def _required_post(self) -> Post:
        if self.post is None:
            raise AssertionError("went on without a post")
        return self.post

    @property
    def _required_draft(self) -> Draft:
        if self.draft is None:
            raise AssertionError("went on without a draft")
        return self.draft

    @property
    def _photo_count(self) -> int:
        return len(self.post.photos) if self.post else 0

    @property
    def _told_phase(self) -> Phase:
        """What it is called to others."""
        return self._phase

    def _note_step(self, name: str) -> None:
        self._steps_of.setdefault(self._phase, set()).add(name)
        self._tell_step(name)

    def _tell_step(self, name: str) -> None:
        self._listener.tell(Event(channel=self.channel.name, phase=self._told_phase, step=name, photos=self._photo_count))

    def tell_wait(self, seconds: float, reason: str) -> None:
        """Say that this channel waits so long, and why."""
        told = Event(channel=self.channel.name, phase=self._told_phase, wait_seconds=seconds, reason=self._redact(reason))
        self._listener.tell(told)

    def _save(self, state: State, outcome: Outcome | None) -> None:
        row = Row(self.channel.name, self.channel.platform, state.value, outcome, self.draft)
        self._ledger.save_delivery(self._announcement.resolved_key, row, self._now().timestamp())

    def _earlier(self, row: Row | None) -> Outcome | None:
        """The outcome of an earlier run, where it published, or where it was taken back since; all else is worth another look."""
        if row is None or row.state not in (State.PUBLISHED.value, State.RETRACTED.value):
            return None
        return msgspec.structs.replace(msgspec.convert(row.outcome, Outcome), steps_sent=0, required=self.channel.required)

    def _now(self) -> datetime:
        return self._patience.clock.now()
