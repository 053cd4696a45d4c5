"""Going on with a thread, as in a live interview: each statement once, in order, on every channel that has threads.

A statement is known by its words and photos, and is noted before anything is sent. So saying it again finishes what was cut
short and says nothing twice; and whoever speaks next brings to its end what the one before could not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all
from socialcast.broadcast.plan import check_post, compose_post
from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.steps import NOTED
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.errors import ConfigurationError, TerminalError
from socialcast.model.post import Post
from socialcast.model.problems import Severity
from socialcast.model.receipt import Item, Receipt, State
from socialcast.model.reports import ChannelOutcome, SayReport

__all__ = ["say"]

_OF_ALL_CHANNELS = ""  # where the ledger has the statements
_CANNOT = "{} does not offer going on with a thread"


def say(published: Published, text: str, photos: Iterable[Photo] = ()) -> SayReport:
    """Say it on every channel that was published and has threads, while nobody else does.

    Raises ConfigurationError where one of them could not carry it, and where there is none.
    """
    statement = Announcement(key=published.key, text=text, photos=tuple(photos), language=published.announcement.language)
    known = _statements(published.ledger, published.key)
    number = next((number for number, told in known.items() if told.digest == statement.digest), len(known) + 1)
    _require_sayable(statement, [one for one in published.channels if _speaks(one)])
    if number not in known:
        _note(published, number, statement)
    due = {earlier: told for earlier, told in known.items() if earlier < number} | {number: statement}
    told = on_all(published.channels, lambda one: _said(one, due))
    return SayReport(key=published.key, number=number, outcomes=tuple(told))


def _speaks(one: Delivered) -> bool:
    return one.outcome.state is State.PUBLISHED and one.publisher.capabilities.continues


def _require_sayable(statement: Announcement, speaking: Iterable[Delivered]) -> None:
    """Raise ConfigurationError unless every thread can carry it; half of an interview's channels would lack a sentence."""
    problems = [
        f"{one.outcome.channel}: {problem.message}"
        for one in speaking
        for problem in check_post(_post(one, statement), one.publisher, one.channel, {})
        if problem.severity is Severity.ERROR
    ]
    if problems:
        raise ConfigurationError("nothing was said: " + "; ".join(problems))
    if not speaking:
        raise ConfigurationError(f"{statement.key} stands on no channel whose thread can be gone on with")


def _post(one: Delivered, statement: Announcement) -> Post:
    return compose_post(statement, one.publisher, {}, one.publisher.capabilities)


def _said(one: Delivered, statements: dict[int, Announcement]) -> ChannelOutcome:
    if not _speaks(one):
        why = "it was not published" if one.outcome.state is not State.PUBLISHED else _CANNOT.format(one.publisher.name)
        return in_sight(one, about(one, ChannelOutcome, done="left as it is", reason=why))
    return in_sight(one, guarded(one, partial(_append, one, statements), partial(about, one, ChannelOutcome)))


def _append(one: Delivered, statements: dict[int, Announcement]) -> ChannelOutcome:
    """All of them in order: what comes later never stands above what came before."""
    receipt = one.receipt
    items: tuple[Item, ...] = ()
    sent_before = one.steps.sent
    for number, statement in statements.items():
        post = _post(one, statement)
        items = one.visible(_appended(one, receipt, post, number))
        receipt = msgspec.structs.replace(receipt, items=_with(receipt.items, items))
    one.keep(lambda outcome: msgspec.structs.replace(outcome, items=receipt.items))
    done = "said" if one.steps.sent > sent_before else "said before"
    return about(one, ChannelOutcome, done=done, url=items[0].url)


def _appended(one: Delivered, receipt: Receipt, post: Post, number: int) -> tuple[Item, ...]:
    if not receipt.items:
        raise TerminalError("the ledger does not tell the posts of the thread", hint="go on with it by hand")
    return one.publisher.append(receipt, post, one.steps, name=f"say/{number}")


def _with(items: tuple[Item, ...], more: tuple[Item, ...]) -> tuple[Item, ...]:
    known = {item.id for item in items}
    return (*items, *(item for item in more if item.id not in known))


# -- what was said -----------------------------------------------------------------------------------------------------------


def _statements(ledger: Ledger, key: str) -> dict[int, Announcement]:
    """What was said so far, by number."""
    notes = {name: step.result for name, step in ledger.steps(key, _OF_ALL_CHANNELS).items() if name.startswith("say/")}
    told = {int(name.removeprefix("say/")): Announcement.from_json(msgspec.json.encode(said)) for name, said in notes.items()}
    return dict(sorted(told.items()))


def _note(published: Published, number: int, statement: Announcement) -> None:
    said = msgspec.json.decode(statement.to_json())
    now = published.clock.now().timestamp()
    published.ledger.record_step(published.key, _OF_ALL_CHANNELS, Step(f"say/{number}", NOTED, said, now))
