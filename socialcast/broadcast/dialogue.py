"""The dialogue below an announcement: what is said on all channels, and what is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all, with_said
from socialcast.compose.weights import weigh
from socialcast.delivery.conversation import Conversation, Kept
from socialcast.model.echo import Replies, Reply
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.receipt import State
from socialcast.model.reports import ChannelOutcome, Reading, ReadingReport

__all__ = ["Dialogue"]


class Dialogue:
    """What is said below one announcement. Iterating gives everything that others said, what waits for an answer first and the
    oldest of it first, bit by bit from the ledger; nothing is left out, and the words are as they were written: hostile ones
    have to be made harmless by whoever shows them (`socialcast.compose.characters.harmless` does)."""

    def __init__(self, published: Published) -> None:
        self._published, self._kept = published, Conversation(published.ledger, published.key)

    @property
    def key(self) -> str:
        """The announcement's."""
        return self._published.key

    @property
    def waiting(self) -> int:
        """How many replies wait for an answer, by what was read so far."""
        return self._kept.waiting()

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._kept)

    def read(self) -> ReadingReport:
        """Read what came since the last time, on all channels at once, and keep it."""
        readings = tuple(on_all(self._published.channels, self._reading))
        return ReadingReport(key=self.key, outcomes=readings, waiting=self.waiting)

    def answer(self, kept: Kept, text: str) -> ChannelOutcome:
        """Answer one reply where it stands, once: the same words below the same reply are not sent again.

        What the platform forbids, or does not take, is told before anything is sent. Raises LedgerBusy.
        """
        one = next(one for one in self._published.channels if one.outcome.channel == kept.channel)
        failed = partial(about, one, ChannelOutcome)
        with self._published.lease():
            return in_sight(one, guarded(one, lambda: self._answered(one, kept.reply, text), failed))

    def _reading(self, one: Delivered) -> Reading:
        return in_sight(one, guarded(one, lambda: self._read(one), partial(about, one, Reading)))

    def _read(self, one: Delivered) -> Reading:
        if one.outcome.state is not State.PUBLISHED:
            return about(one, Reading, done="not asked", reason=f"it is {one.outcome.state.value} there")
        if one.publisher.capabilities.replies is None:
            return about(one, Reading, done="not asked", reason=f"replies on {one.publisher.name} cannot be read here")
        new = 0
        for replies in _pages(one, self._kept.cursor(one.outcome.channel)):
            new += self._kept.keep(one.outcome.channel, _to_open(one, replies))
        return about(one, Reading, done="read", new=new)

    def _answered(self, one: Delivered, reply: Reply, text: str) -> ChannelOutcome:
        _require_answerable(one, reply, text)
        name = f"answer/{reply.id}/{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        again = " before" if one.steps.recorded(name) else ""
        try:
            item = one.publisher.answer(one.receipt, text, one.steps, name=name, to=reply)
        except TerminalError as error:
            if error.code == "reply.gone":
                self._kept.note_gone(one.outcome.channel, reply.id)
            raise
        one.keep(partial(with_said, item=item))
        now = self._published.clock.now()
        ours = Reply(id=item.id, author="", at=now, text=text, url=item.url, parent=reply.id, is_own=True)
        self._kept.note_answer(one.outcome.channel, ours)
        return about(one, ChannelOutcome, done=f"answered{again}", url=item.url)


def _pages(one: Delivered, cursor: str) -> Iterator[Replies]:
    """The pages from there on; while one is being kept, the next one is on its way."""

    def ask(cursor: str) -> Replies:
        return one.steps.read(partial(one.publisher.replies, one.receipt, cursor))

    replies = ask(cursor)
    with ThreadPoolExecutor(1, thread_name_prefix="socialcast-page") as ahead:
        while replies.more:
            following = ahead.submit(ask, replies.cursor)
            yield replies
            replies = following.result()
    yield replies


def _to_open(one: Delivered, replies: Replies) -> Replies:
    """The page with addresses that can be opened: in a sandbox run, the sandbox's."""
    transport = one.publisher.connection.transport
    if not transport.sandbox_url:
        return replies
    visible = transport.visible_url
    page = tuple(
        msgspec.structs.replace(reply, url=visible(reply.url), author_url=visible(reply.author_url)) for reply in replies.page
    )
    return msgspec.structs.replace(replies, page=page)


def _require_answerable(one: Delivered, reply: Reply, text: str) -> None:
    """Raise TerminalError for what the platform would refuse, as far as that is known before it is sent."""
    table, name = one.publisher.capabilities, one.publisher.name
    if not (table.replies and table.replies.answerable and table.answer):
        raise one.publisher.not_offered("answering a reply")
    if reply.forbidden:
        raise NotAllowed(f"{name} would refuse this answer, so it was not sent", code="reply.forbidden", hint=reply.forbidden)
    longest = table.text.max_length if table.text else None
    if table.text and longest is not None and (length := weigh(text, table.text)) > longest:
        raise TerminalError(f"the answer counts {length} on {name}, {longest} are allowed", hint="say it in fewer words")
    if not text.strip():
        raise TerminalError("the answer says nothing", hint="write a text")
