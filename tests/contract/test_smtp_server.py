"""The contract suite against a real SMTP server: the same functions, on a stage that is a server we did not write."""

from __future__ import annotations

import email
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast import Announcement, Audience, Broadcast, Channel, State, load_announcement
from socialcast.model.reports import CorrectionOutcome, Means
from socialcast.testing.proxy import MailProxy
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
from socialcast.wire.settings import Correction, Policy

pytestmark = pytest.mark.server

READERS = ["Ada Example <ada@journal.example>", "bo@radio.example"]
DOORS = Announcement(key="doors", title="Doors", text="The doors open at nine.", audience=Audience.PRESS)
CORRECTED = msgspec.structs.replace(DOORS, text="The doors open at ten.")


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    return start_server("smtp-start")


class ServerStage:
    """A mailbox of the real server, each mail a file that the standard library reads."""

    platform = "email"

    def __init__(self, server: dict[str, Any], folder: Path) -> None:
        self._server, self._folder, self._box = server, folder, Path(server["new_mail"])
        self.write_list(*READERS)
        for mail in self._box.glob("*"):
            mail.unlink()

    def write_list(self, *readers: str) -> None:
        (self._folder / "readers.txt").write_text("\n".join(readers), encoding="utf-8")

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        wanted = {"host": "127.0.0.1", "port": self._server["port"]}
        wanted |= {"sender": "Press <press@example.org>", "recipients": "readers.txt"}
        channel = Channel(
            name="contract",
            platform=self.platform,
            policy=Policy.ADAPT,
            audience=Audience.PRESS,
            correction=Correction.REPLY,
            settings={**wanted, **settings},
            folder=self._folder,
        )
        return Broadcast([channel], ledger=ledger)

    def mails(self) -> list[EmailMessage]:
        found = [email.message_from_bytes(file.read_bytes(), policy=default) for file in self._box.glob("*")]
        return sorted(found, key=lambda mail: str(mail["To"]))

    def corrections(self) -> list[EmailMessage]:
        return [mail for mail in self.mails() if mail["In-Reply-To"]]

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


def test_a_correction_is_a_mail_below_the_first_to_those_who_got_it(stage: ServerStage, tmp_path: Path) -> None:
    """Those and only those: who came to the list since never saw the mistake, and who left it is written to no more."""
    stage.write_list(*READERS, "cy@paper.example")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        broadcast.publish(DOORS).raise_for_failures()
    first = {str(mail["To"]): mail for mail in stage.mails()}
    assert set(first) == {*READERS, "cy@paper.example"}
    stage.write_list(*READERS, "new@agency.example")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        told = broadcast.correct(CORRECTED)["contract"]
        assert broadcast.correct(CORRECTED)["contract"].means is Means.NOTHING
    assert (told.means, told.failed) == (Means.REPLY, False), told
    mails = stage.corrections()
    assert [str(mail["To"]) for mail in mails] == READERS
    for mail in mails:
        assert mail["In-Reply-To"] == mail["References"] == first[str(mail["To"])]["Message-ID"]
        assert mail["Message-ID"] not in {one["Message-ID"] for one in first.values()}
        assert mail["Subject"] == "Re: Doors"
        assert CORRECTED.text in _seen(mail)[3]
    assert len(stage.mails()) == 5


def test_a_correction_whose_answer_is_lost_is_sent_once_and_settled_by_a_person(
    stage: ServerStage, server: dict[str, Any], tmp_path: Path
) -> None:
    """The server took it and the answer was lost: each run says so and sends nothing, until a person has told what came."""
    with MailProxy("127.0.0.1", server["port"]) as proxy:

        def correct() -> CorrectionOutcome:
            with stage.broadcast(tmp_path / "ledger", port=proxy.port) as broadcast:
                return broadcast.correct(CORRECTED)["contract"]

        with stage.broadcast(tmp_path / "ledger", port=proxy.port) as broadcast:
            broadcast.publish(DOORS).raise_for_failures()
        proxy.begin("message", 1, "reset after the effect")
        for told in (correct(), correct()):
            assert told.failed
            assert "may have it or not; everybody else was served" in told.reason
            assert "socialcast resolve" in told.hint
        assert proxy.is_spoiled
        assert proxy.calls.count("message") == len(READERS)
        with stage.broadcast(tmp_path / "ledger", port=proxy.port) as broadcast:
            assert broadcast.resolve("doors", "contract", "they have it")["contract"].state is State.PUBLISHED
        assert not correct().failed
        assert correct().means is Means.NOTHING
        assert proxy.calls.count("message") == len(READERS)
    assert [str(mail["To"]) for mail in stage.corrections()] == READERS
