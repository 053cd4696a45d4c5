"""The contract suite against a real SMTP server: the same functions, on a stage that is a server we did not write."""

from __future__ import annotations

import email
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from socialcast import Audience, Broadcast, Channel, load_announcement
from socialcast.testing.stage import Sight
from socialcast.testing.test_contract import (  # noqa: F401 - collected here, to run on this module's stage
    announcement,
    publisher,
    test_02_published_content_is_visible,
    test_03_alt_text_arrives,
    test_04_same_key_twice_is_one_post,
    test_05_empty_machine_posts_nothing_twice,
    test_13_alt_text_is_required,
    test_15_draft_and_receipt_survive_json,
    test_16_retract_removes_or_says_it_cannot,
)
from socialcast.wire.settings import Policy

pytestmark = pytest.mark.server

READERS = ["Ada Example <ada@journal.example>", "bo@radio.example"]


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("smtp-start")


class ServerStage:
    """A mailbox of the real server, each mail a file that the standard library reads."""

    platform = "email"

    def __init__(self, server: dict[str, Any], folder: Path) -> None:
        self._server, self._folder, self._box = server, folder, Path(server["new_mail"])
        (folder / "readers.txt").write_text("\n".join(READERS), encoding="utf-8")
        for mail in self._box.glob("*"):
            mail.unlink()

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        wanted = {"host": "127.0.0.1", "port": self._server["port"]}
        wanted |= {"sender": "Press <press@example.org>", "recipients": "readers.txt"}
        channel = Channel(
            name="contract",
            platform=self.platform,
            policy=Policy.ADAPT,
            audience=Audience.PRESS,
            settings={**wanted, **settings},
            folder=self._folder,
        )
        return Broadcast([channel], ledger=ledger)

    def mails(self) -> list[EmailMessage]:
        found = [email.message_from_bytes(file.read_bytes(), policy=default) for file in self._box.glob("*")]
        return sorted(found, key=lambda mail: str(mail["To"]))

    def sights(self) -> list[Sight]:
        return [_seen(mail) for mail in self.mails()]

    def opens(self, url: str) -> bool:
        return False  # a mail has no address


def _seen(mail: EmailMessage) -> Sight:
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert page
    images = _Images()
    images.feed(page.get_content())
    return ("mail", str(mail["To"]), str(mail["Subject"]), text.get_content(), *images.alts)


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs)["alt"] or "")


@pytest.fixture
def stage(server: dict[str, Any], tmp_path: Path) -> ServerStage:
    """An empty mailbox for each test."""
    return ServerStage(server, tmp_path)


def test_the_example_event_arrives(stage: ServerStage, tmp_path: Path) -> None:
    """The example is one mail for each reader, who sees no other, with seven photographs and what each shows in words."""
    event = load_announcement(Path(__file__).parents[2] / "examples" / "open-doors" / "event.md")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        report = broadcast.publish(event)
        again = broadcast.publish(event)
    assert report.exit_code == 0, report
    assert again["contract"].steps_sent == 0
    mails = stage.mails()
    assert [str(mail["To"]) for mail in mails] == READERS
    for mail in mails:
        pictures = [part for part in mail.walk() if part.get_content_maintype() == "image"]
        assert len(pictures) == len(event.photos) == 7
        assert all(photo.alt in _seen(mail) for photo in event.photos)
        assert len(mail.as_bytes()) < 10_000_000
    assert not [one for one in READERS if one in mails[0].as_string() and one in mails[1].as_string()]
