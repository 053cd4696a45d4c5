"""A mistake mended on every channel that shows it: edited where that is possible, else as the channel's settings say.

The new content becomes the next revision of the announcement before anything is sent, so that a run that was cut short goes
on when it is repeated. The press hears of it first; hosts are corrected before pages and feeds, which carry their links. Whoever
was corrected before a host was published anew is led to where that is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from socialcast.broadcast.correctable import Correctable, Planned
from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all, with_said
from socialcast.broadcast.events import Listener
from socialcast.broadcast.order import press_first
from socialcast.broadcast.publication import Publication
from socialcast.broadcast.workshop import Workshop
from socialcast.delivery.revisions import begin_anew
from socialcast.model.announcement import Announcement
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import Item, Outcome, Receipt, State
from socialcast.model.reports import CorrectionOutcome, CorrectionReport, Means
from socialcast.wire.clock import Cancel

__all__ = ["Correcting"]


class Correcting:
    """One correction, on some channels, while nobody else works on the announcement; `note` is what replies say of it."""

    def __init__(
        self,
        shop: Workshop,
        announcement: Announcement,
        published: Published,
        listener: Listener,
        *,
        note: str,
    ) -> None:
        self._shop, self._announcement, self._ledger = shop, announcement, published.ledger
        self._listener = listener
        self._what = Correctable(shop, announcement, published, note)
        self._delivered = [one for one in published.channels if one.outcome.state is State.PUBLISHED]

    def plan(self) -> CorrectionReport:
        """How every channel would be corrected; sends nothing."""
        planned = self._what.planned(self._delivered)
        return self._report(in_sight(each.one, _told(each)) for each in planned)

    def carry_out(self) -> CorrectionReport:
        """Correct every channel, unless a required one cannot be: then nothing is sent."""
        planned = self._what.planned(self._delivered)
        if any(each.means is Means.NONE and each.one.channel.required for each in planned):
            return self._report(in_sight(each.one, _told(each, stopped=each.means is not Means.NONE)) for each in planned)
        self._what.begin()
        told: dict[str, CorrectionOutcome] = {}
        for wave in press_first(self._names(), lambda name: self._shop.channels[name]):
            for stage in self._stages(wave):
                told |= self._correct(self._delivered, stage)
        return self._report((told | self._led_anew(told)).values())

    def _names(self) -> list[str]:
        published = {one.outcome.channel for one in self._delivered}
        return [name for name in self._shop.channels if name in published or self._what.is_begun_anew(name)]

    def _stages(self, names: Sequence[str]) -> list[list[str]]:
        """What is corrected at once: hosts, then pages, which show their links and give one themselves, then feeds."""
        pages = [name for name in names if self._what.is_page(name)]
        hosts = [name for name in names if self._is_host(name) and name not in pages]
        return [hosts, pages, [name for name in names if name not in (*hosts, *pages)]]

    def _is_host(self, name: str) -> bool:
        """Whether feeds carry its links; one that was taken back gives them when it is published anew."""
        return bool(self._what.links_of(name)) or self._what.is_begun_anew(name)

    def _correct(self, delivered: Iterable[Delivered], names: Sequence[str]) -> dict[str, CorrectionOutcome]:
        """First what is edited, answered or taken back, then what is published anew."""
        planned = self._what.planned(one for one in delivered if one.outcome.channel in names)
        told = {outcome.channel: outcome for outcome in on_all(planned, self._guarded)}
        return told | self._publish_anew([name for name in names if self._is_to_publish(name)], told)

    def _led_anew(self, told: Mapping[str, CorrectionOutcome]) -> dict[str, CorrectionOutcome]:
        """What became of those that had been corrected, or had nothing to correct, before a host was published anew."""
        if not any(outcome.means is Means.REPLACE for outcome in told.values()):
            return {}
        before = [self._as_told(one, told[one.outcome.channel]) for one in self._delivered]
        names = [one.outcome.channel for one in before if one]
        again = self._correct(filter(None, before), names)
        corrected = {name: outcome for name, outcome in again.items() if outcome.means is not Means.NOTHING}
        return {name: _told_twice(told[name], outcome) for name, outcome in corrected.items()}

    def _as_told(self, one: Delivered, told: CorrectionOutcome) -> Delivered | None:
        """The channel as it stands after that; None where it failed, or is new."""
        if told.failed or told.means is Means.REPLACE:
            return None
        return one._replace(outcome=msgspec.structs.replace(one.outcome, revision=self._what.number))

    def _guarded(self, planned: Planned) -> CorrectionOutcome:
        one = planned.one
        return in_sight(one, guarded(one, lambda: self._carry_out(planned), lambda **facts: _told(planned, **facts)))

    def _carry_out(self, planned: Planned) -> CorrectionOutcome:
        self._require_same_account(planned.one)
        one, name = planned.one, self._what.step_for(planned.one)
        self._what.note_told(planned, name)
        match planned.means:
            case Means.EDIT:
                self._save(planned, one.publisher.amend(one.receipt, planned.post, one.steps, name=name))
                return _told(planned, done="edited")
            case Means.REPLY:
                answer = one.publisher.answer(one.receipt, planned.text, one.steps, name=f"{name}/reply")
                self._save(planned, one.receipt, answer)
                return _told(planned, done="told in a reply", reply_url=one.visible([answer])[0].url)
            case Means.REPLACE:
                self._take_back(one)
                return _told(planned, done="taken back", former_url=one.outcome.url)
            case Means.NOTHING:
                self._save(planned, one.receipt)
                return _told(planned)
            case Means.NONE:
                return _told(planned)

    def _require_same_account(self, one: Delivered) -> None:
        """Raise NotAllowed where the channel has become somebody else: what is not one's own is not to be changed."""
        known = self._ledger.notes(self._what.key, "account").get(one.outcome.channel)
        if known and (account := one.steps.read(one.publisher.account)).id != known["id"]:
            raise NotAllowed(
                f"it was published as {known['name'] or known['id']}, and the channel is now {account.name or account.id}",
                hint="give the channel the old credentials back",
            )

    def _save(self, planned: Planned, receipt: Receipt, *replies: Item) -> None:
        """Record that the channel shows this revision."""
        one = planned.one

        def corrected(outcome: Outcome) -> Outcome:
            for reply in one.visible(replies):
                outcome = with_said(outcome, item=reply)
            items = one.visible(receipt.items)
            url = one.publisher.connection.transport.visible_url(receipt.url)
            told = {"adaptations": planned.post.adaptations} if planned.means is Means.EDIT else {}
            return msgspec.structs.replace(outcome, id=receipt.id, url=url, items=items, revision=self._what.number, **told)

        one.keep(corrected)

    def _take_back(self, one: Delivered) -> None:
        if left := one.publisher.retract(one.everything, one.steps):
            places = ", ".join(f"{item.item.url or item.item.id} ({item.reason})" for item in left)
            raise TerminalError(
                f"not everything could be taken back, so nothing was published anew: {places}",
                hint="remove that by hand, or let the channel be corrected by a reply, and run it again",
            )
        begin_anew(self._ledger, self._what.key, one.outcome.channel, self._what.number, self._shop.clock.now().timestamp())

    def _is_to_publish(self, name: str) -> bool:
        row = self._ledger.deliveries(self._what.key)[name]
        return row.state != State.PUBLISHED.value and self._what.is_begun_anew(name)

    def _publish_anew(self, names: Sequence[str], told: Mapping[str, CorrectionOutcome]) -> dict[str, CorrectionOutcome]:
        if not names:
            return {}
        channels = {name: self._shop.channels[name] for name in names}
        work = Publication(self._shop, self._announcement, channels, self._listener, Cancel(), approval=None, recover=False)
        return {outcome.channel: _published_anew(outcome, told) for outcome in work.publish(wait=False).outcomes}

    def _report(self, outcomes: Iterable[CorrectionOutcome]) -> CorrectionReport:
        return CorrectionReport(key=self._what.key, revision=self._what.number, outcomes=tuple(outcomes))


def _told(planned: Planned, *, stopped: bool = False, **facts: object) -> CorrectionOutcome:
    """What is to be said of a channel."""
    known: dict[str, object] = {
        "means": planned.means,
        "changes": tuple(aspect.value for aspect in planned.changes),
        "text": planned.text,
        "reason": planned.reason,
        "hint": planned.hint,
        "failed": planned.means is Means.NONE,
    }
    if stopped:
        known |= {"failed": True, "reason": "nothing was sent, because a required channel cannot be corrected", "hint": ""}
    return about(planned.one, CorrectionOutcome, **{**known, **facts})


def _told_twice(first: CorrectionOutcome, again: CorrectionOutcome) -> CorrectionOutcome:
    """What is to be said of a channel that was corrected once more."""
    changes = tuple(dict.fromkeys((*first.changes, *again.changes)))
    return msgspec.structs.replace(again, changes=changes, reply_url=again.reply_url or first.reply_url)


def _published_anew(outcome: Outcome, told: Mapping[str, CorrectionOutcome]) -> CorrectionOutcome:
    known = told.get(outcome.channel)
    return CorrectionOutcome(
        channel=outcome.channel,
        platform=outcome.platform,
        url=outcome.url,
        means=Means.REPLACE,
        changes=known.changes if known else (),
        former_url=known.former_url if known else "",
        done="taken back and published anew" if outcome.state is State.PUBLISHED else "taken back",
        failed=outcome.state is not State.PUBLISHED,
        unknown=outcome.state is State.UNKNOWN,
        reason=outcome.reason,
        hint=outcome.hint,
        code=outcome.code,
    )
