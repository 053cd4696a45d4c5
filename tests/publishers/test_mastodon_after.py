"""The Mastodon publisher after publication: what is read back, what people answer, threads that go on, and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from socialcast import Announcement, Broadcast
from socialcast.model.echo import Reply
from socialcast.model.errors import TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.publisher import Publisher
from socialcast.publishers.mastodon.tables import narrower
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import clip, picture, saying
from tests.publishers.test_mastodon import SERVERS, House

TEXT = "Open doors & talks with @toot, see https://example.org/doors?a=1&b=2"


class Square:
    """A house with a post on it, and people on the same server who answer."""

    def __init__(self, house: House, broadcast: Broadcast) -> None:
        self.house, self.broadcast = house, broadcast

    def publish(self, **said: Any) -> Receipt:
        told = self.broadcast.publish(Announcement(**{"key": "doors", "text": TEXT, **said}))["toot"]
        return Receipt(id=told.id, url=told.url, published_at=told.published_at, items=told.items)

    def broadcast_receipt(self) -> Receipt:
        """With what was said since."""
        told = self.broadcast.status("doors")["toot"]
        return Receipt(id=told.id, url=told.url, items=told.items)

    def open(self) -> tuple[Publisher, Any]:
        return self.broadcast.open("toot", "doors")

    @property
    def publisher(self) -> Publisher:
        return self.open()[0]

    def as_(self, name: str, method: str, path: str, **fields: Any) -> Any:
        """What the server tells somebody else."""
        token = self.house.sandbox.account("mastodon", name).credentials["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Host": "social.example"}
        url = f"{self.house.sandbox.url}/api/v1/statuses{path}"
        answer = requests.request(method, url, json=fields or None, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def reply_as(self, name: str, id: str, text: str, **fields: Any) -> str:
        return str(self.as_(name, "POST", "", status=text, in_reply_to_id=id, **fields)["id"])

    def replies(self, receipt: Receipt) -> tuple[Reply, ...]:
        page = self.publisher.replies(receipt)
        assert not page.more
        return page.page


def square_on(sandbox: Sandbox, folder: Path, server: str = "mastodon") -> Iterator[Square]:
    house = House(sandbox, folder, server=server)
    with house.broadcast() as broadcast:
        yield Square(house, broadcast)


@pytest.fixture
def square(sandbox: Sandbox, tmp_path: Path) -> Iterator[Square]:
    yield from square_on(sandbox, tmp_path)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize("server", SERVERS)
def test_on_every_server_what_is_published_reads_back_as_expected(server: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Text and addresses whole, photos with alt text, whatever the server makes of them and whether it gives the source."""
    photos = (picture(0), picture(1))
    for square in square_on(sandbox, tmp_path, server):
        receipt = square.publish(photos=photos)
        post, same = saying(TEXT, photos=photos), square.publisher.comparable
        (seen,), (wanted,) = square.publisher.inspect(receipt).items, square.publisher.expected(post, receipt).items
        assert same(seen.text or "") == same(wanted.text or "")
        assert (seen.links, seen.edited_at) == (wanted.links, None)
        assert [(one.kind, one.alt) for one in seen.media or ()] == [(one.kind, one.alt) for one in wanted.media or ()]
        assert all(one.url.startswith("https://") for one in seen.media or ())


def test_a_film_reads_back_with_its_alt_text(square: Square) -> None:
    """As a video."""
    (seen,) = square.publisher.inspect(square.publish(video=clip())).items
    assert [(one.kind, one.alt) for one in seen.media or ()] == [("video", clip().alt)]


def test_what_was_edited_on_the_server_is_told_as_edited(square: Square) -> None:
    """With its time; and a post that was deleted there is gone."""
    receipt = square.publish()
    square.as_("toot", "PUT", f"/{receipt.id}", status="We stay shut")
    (seen,) = square.publisher.inspect(receipt).items
    assert (seen.text, bool(seen.edited_at)) == ("We stay shut", True)
    square.as_("toot", "DELETE", f"/{receipt.id}")
    assert square.publisher.inspect(receipt).items == (Seen(item=receipt.items[0], gone=True),)


def test_answers_come_with_what_they_are_to_and_by_whom(square: Square) -> None:
    """On every level, as plain text with the warning that its author put before it; own ones are marked."""
    receipt = square.publish()
    asked = square.reply_as("ann", receipt.id, "When & <where>?", spoiler_text="A question", language="de")
    publisher, steps = square.open()
    ours = publisher.answer(receipt, "At nine.", steps, name="a", to=square.replies(receipt)[0])
    square.reply_as("bob", ours.id, "Thanks")
    ann, own, bob = square.replies(receipt)
    assert (ann.id, ann.author, ann.parent, ann.language, ann.is_own) == (asked, "ann", receipt.id, "de", False)
    assert ann.text == "A question\n\nWhen & <where>?"
    assert (own.id, own.parent, own.is_own, own.text) == (ours.id, asked, True, "@ann At nine.")
    assert (bob.parent, bob.url.startswith("https://social.example/@bob")) == (ours.id, True)


@pytest.mark.parametrize(("theirs", "ours"), [("public", "unlisted"), ("private", "private"), ("direct", "direct")])
def test_an_answer_is_seen_by_no_more_people_than_what_it_answers(square: Square, theirs: str, ours: str) -> None:
    """What somebody asked in confidence is not answered to everybody."""
    receipt = square.publish()
    id = square.reply_as("ann", receipt.id, "@toot May I ask?", visibility=theirs)
    asked = square.as_("ann", "GET", f"/{id}")
    to = Reply(id=id, author="ann", at=receipt.published_at, text="", parent=receipt.id)  # type: ignore[arg-type]
    publisher, steps = square.open()
    item = publisher.answer(receipt, "You may.", steps, name="a", to=to)
    told = {post["id"]: post["visibility"] for post in square.house.posts()}
    assert (asked["visibility"], told[item.id]) == (theirs, ours)


def test_a_visibility_that_nobody_knows_narrows_nothing() -> None:
    """Other servers have words of their own."""
    assert narrower("unlisted", "local") == "unlisted"


def test_answering_what_was_deleted_says_so(square: Square) -> None:
    """It was there when it was listed."""
    receipt = square.publish()
    asked = square.reply_as("ann", receipt.id, "When?")
    (ann,) = square.replies(receipt)
    square.as_("ann", "DELETE", f"/{asked}")
    publisher, steps = square.open()
    with pytest.raises(TerminalError, match="deleted") as raised:
        publisher.answer(receipt, "At nine.", steps, name="a", to=ann)
    assert raised.value.code == "reply.gone"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("effect", ["reset_before", "reset_after"])
def test_on_every_server_a_thread_goes_on_once_and_at_its_end(server: str, effect: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """With a photo of its own, though the announcement had one, too; whatever became of the first call."""
    for square in square_on(sandbox, tmp_path, server):
        receipt = square.publish(photos=(picture(0),))
        sandbox.fault("mastodon", effect, method="POST", handler="create_status")
        for _ in range(2):
            publisher, steps = square.open()
            (item,) = publisher.append(receipt, saying("On stage", photos=(picture(7),)), steps, name="say/1")
        first, second = square.house.posts()
        assert (second["id"], second["in_reply_to_id"]) == (item.id, first["id"])
        assert [medium["description"] for medium in second["media_attachments"]] == [picture(7).alt]


def test_an_interview_stands_in_order_and_is_not_announced_again(square: Square) -> None:
    """Through the command's own way: each statement once, the second below the first, unlisted as the rest of a thread is."""
    receipt = square.publish()
    for text in ("Welcome.", "First question.", "Welcome."):
        told = square.broadcast.say("doors", text)["toot"]
        assert not told.failed, told
    welcome, question = square.replies(receipt)
    assert [welcome.text, question.text] == ["Welcome.", "First question."]
    assert (welcome.parent, question.parent) == (receipt.id, welcome.id)
    assert [post["visibility"] for post in square.house.posts()] == ["public", "unlisted", "unlisted"]


def test_a_thread_that_went_on_is_corrected_where_it_was_announced(square: Square) -> None:
    """What was said since stays as it was said."""
    receipt = square.publish()
    square.broadcast.say("doors", "Welcome.")
    told = square.broadcast.correct(Announcement(key="doors", text="Open doors at ten"))["toot"]
    assert (told.done, told.failed) == ("edited", False), told
    first, second = square.publisher.inspect(square.broadcast_receipt()).items
    assert (first.item.id, first.text, second.text) == (receipt.id, "Open doors at ten", "Welcome.")


def test_numbers_are_those_that_the_capabilities_define(square: Square) -> None:
    """Of each post that is there."""
    receipt = square.publish()
    square.reply_as("ann", receipt.id, "When?")
    square.as_("bob", "POST", f"/{receipt.id}/favourite")
    told = {metric.name: metric.value for metric in square.publisher.measure(receipt)}
    assert (told["comments"], told["likes"], told["shares"]) == (1, 1, 0)
    assert set(told) <= {rule.name for rule in square.publisher.capabilities.metrics}
    square.as_("toot", "DELETE", f"/{receipt.id}")
    assert square.publisher.measure(receipt) == ()
