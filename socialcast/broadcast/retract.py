"""Taking an announcement back: everything of it, on every channel that has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import msgspec

from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all
from socialcast.broadcast.order import press_first
from socialcast.broadcast.words import withdrawal_words
from socialcast.compose.excerpt import excerpt
from socialcast.delivery.conversation import Conversation
from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Item, Outcome, Receipt, State
from socialcast.model.reports import Retraction, RetractionReport
from socialcast.model.sight import Left
from socialcast.wire.settings import Correction

__all__ = ["retract"]

# Of what has no receipt, nobody knows what there is: what is said, and what a person has to do.
_NO_RECEIPT = {
    State.PLANNED: "nothing of it was sent",
    State.PREPARED: "nothing of it is public",
    State.REFUSED: "nothing of it is public",
    State.SKIPPED: "it was not for this channel",
    State.HELD: "nothing of it is public",
}
_SETTLE = "bring it to its end with socialcast resume, or say what you see with socialcast resolve, and take it back then"
_BY_HAND = "delete it by hand"
_NOT_OURS = "this account said it, by hand or with a ledger that was lost"
_WITHDRAWN = "retract"  # the step by which readers hear of it


def retract(published: Published) -> RetractionReport:
    """Take it back: for the press before the public, and posts before what they link to, so that no link leads nowhere. Readers
    who keep what they got, as of a mail, are told where their channel is corrected by a reply.

    The caller works on it alone.
    """
    told = [outcome for wave in _waves(published) for outcome in on_all(wave, partial(_retracted, published))]
    return RetractionReport(key=published.key, outcomes=tuple(told))


def _waves(published: Published) -> Iterator[list[Delivered]]:
    for wave in press_first(published.channels, lambda one: one.channel):
        yield [one for one in wave if not one.draft.links]
        yield [one for one in wave if one.draft.links]


def _retracted(published: Published, one: Delivered) -> Retraction:
    return in_sight(one, guarded(one, partial(_retract, published, one), partial(about, one, Retraction)))


def _retract(published: Published, one: Delivered) -> Retraction:
    outcome = one.outcome
    if outcome.state is State.RETRACTED and not outcome.partly_public:
        return about(one, Retraction, done="taken back before", left=_said_besides(published, one))
    if not outcome.id:
        return _without_receipt(one)
    stayed = _taken_back(one)
    stays = "told in a reply" if _tell(one, published.announcement) else "left as it is"
    one.keep(partial(_as_retracted, left=stayed, at=published.clock.now()))
    done = "taken back" if len(stayed) < len(outcome.items or (1,)) else stays
    return about(one, Retraction, done=done, left=(*stayed, *_said_besides(published, one)))


def _taken_back(one: Delivered) -> tuple[Left, ...]:
    """Everything that was made, the answers below it too; gives what has to stay."""
    table, made = one.publisher.capabilities, one.receipt
    if not table.retract:
        reason = table.notes.get("retract", f"{one.publisher.name} cannot take back what it published")
        return tuple(Left(item=item, reason=reason) for item in made.items or (_main(made),))
    return tuple(one.publisher.retract(one.everything, one.steps) or ())


def _tell(one: Delivered, announcement: Announcement) -> bool:
    """Whether those who keep what they got were told that it was taken back; once, however often it is run."""
    table = one.publisher.capabilities
    if table.retract or not table.answer or one.channel.correction is not Correction.REPLY:
        return False
    said = one.publisher.said(announcement)
    text = withdrawal_words(said.language, said.title or excerpt(said.text, ""))
    one.publisher.answer(one.receipt, text, one.steps, name=_WITHDRAWN)
    return True


def _said_besides(published: Published, one: Delivered) -> tuple[Left, ...]:
    """What the account said below it that is not known as made here, and stays without what it answers: a person may have
    written it, so that a person says whether it goes."""
    table = one.publisher.capabilities
    if not (table.retract and table.replies and table.replies.outlive and table.inspects):
        return ()
    ours = {item.id for item in one.everything.items}
    said = [reply for reply in Conversation(published.ledger, published.key).own(one.outcome.channel) if reply.id not in ours]
    if not said:
        return ()
    items = tuple(Item(id=reply.id, kind="comment", url=reply.url) for reply in said)
    seen = one.steps.read(lambda: one.publisher.inspect(msgspec.structs.replace(one.receipt, items=items))).items
    return tuple(Left(item=each.item, reason=_NOT_OURS, hint=_BY_HAND) for each in seen if not each.gone)


def _as_retracted(outcome: Outcome, *, left: tuple[Left, ...], at: datetime) -> Outcome:
    reason = f"taken back, but for {len(left)} of what was made" if left else "taken back"
    told = {"reason": reason, "hint": "", "code": "", "partly_public": bool(left), "retracted_at": at}
    return msgspec.structs.replace(outcome, state=State.RETRACTED, **told)


def _without_receipt(one: Delivered) -> Retraction:
    """What a channel that published nothing as a whole is told."""
    outcome = one.outcome
    if outcome.state is State.HELD and outcome.due_at and one.publisher.schedules:
        reason = f"{one.publisher.name} makes it public by itself at {outcome.due_at.isoformat()}"
        return about(one, Retraction, failed=True, reason=reason, hint=f"{_BY_HAND} there before")
    if outcome.state is State.UNKNOWN or outcome.partly_public:
        return about(one, Retraction, failed=True, unknown=True, reason="nobody knows what of it is public", hint=_SETTLE)
    return about(one, Retraction, done="nothing to take back", reason=_NO_RECEIPT[outcome.state])


def _main(receipt: Receipt) -> Item:
    return Item(id=receipt.id, kind="post", url=receipt.url)
