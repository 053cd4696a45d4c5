"""Mail: one for each reader, none of whom sees another; written once, whatever breaks; nothing of a reader in our records."""

from __future__ import annotations

import email
import hashlib
import hmac
import logging
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast import (
    Announcement,
    Audience,
    Broadcast,
    Channel,
    ConfigurationError,
    Link,
    Outcome,
    Photo,
    Report,
    State,
    TerminalError,
)
from socialcast.model.reports import Means
from socialcast.publishers.email.message import _to
from socialcast.publishers.email.readers import Reader, read_address
from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.email import EmailMirror
from socialcast.testing.clock import SandboxClock, SkippingClock
from socialcast.testing.stage import clip, picture
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Correction, Policy
from socialcast.wire.smtp import Lost, Server, Submission
from socialcast.wire.transport import Transport

ADA, BO = "ada@journal.example", "bo@radio.example"
NEWS = Announcement(key="news", title="Doors open", text="Doors open at nine.", audience=Audience.PRESS)
SETTINGS = {"host": "smtp.example.org", "sender": "Press office <press@example.org>"}
Make = Callable[..., Broadcast]


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    """Makes broadcasts with one list, whose readers are those of the sandbox."""
    made: list[Broadcast] = []

    def new(ledger: str = "ledger", **settings: Any) -> Broadcast:
        channel = Channel(
            name="press",
            platform="email",
            audience=Audience.PRESS,
            policy=Policy.ADAPT,
            correction=Correction.REPLY,
            settings={**SETTINGS, **settings},
            folder=tmp_path,
        )
        made.append(Broadcast([channel], ledger=tmp_path / ledger, sandbox=sandbox, clock=SandboxClock(sandbox)))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


def mirror(sandbox: Sandbox) -> EmailMirror:
    found = sandbox.mirror("email")
    assert isinstance(found, EmailMirror)
    return found


def mails(sandbox: Sandbox) -> dict[str, EmailMessage]:
    """What arrived, by recipient; twice for one is an error of its own."""
    found = mirror(sandbox).mails
    assert len({mail.recipient for mail in found}) == len(found)
    return {mail.recipient: mail.message for mail in found}


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    text: str = body.get_content()
    return text


def page_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body
    text: str = body.get_content()
    return text


# -- what arrives ------------------------------------------------------------------------------------------------------------


def test_each_reader_gets_a_mail_and_sees_nobody_else(make: Make, sandbox: Sandbox) -> None:
    """One message for one recipient, in the envelope and in the headers."""
    make().publish(NEWS).raise_for_failures()
    got = mails(sandbox)
    assert {address: str(mail["To"]) for address, mail in got.items()} == {ADA: f"Ada Example <{ADA}>", BO: BO}
    assert ADA not in got[BO].as_string()
    assert BO not in got[ADA].as_string()
    assert got[ADA]["Bcc"] is got[ADA]["Cc"] is None


@pytest.mark.parametrize("name", ["", "Ada", "Example, Ada (press)", "Zoë Ünder", "Ünder " * 12, "Ada " * 40])
def test_a_reader_is_called_by_name(name: str) -> None:
    """Whatever the name is made of, in lines of ASCII as long as they may be."""
    lines = _to(Reader(ADA, name.strip()))
    assert all(len(line) <= 78 for line in lines.decode("ascii").splitlines())
    told, address = parseaddr(lines.decode("ascii").removeprefix("To: "))
    assert (str(make_header(decode_header(told))), address) == (name.strip(), ADA)


def test_the_mail_says_all_in_both_forms(make: Make, sandbox: Sandbox) -> None:
    """Text, long form, link, caption, credit and alt text stand in the plain part and in the page."""
    photo = picture(1)
    said = msgspec.structs.replace(NEWS, body="The **long** story.", link=Link("https://example.org/doors"), photos=(photo,))
    make().publish(said).raise_for_failures()
    text, page = text_of(mails(sandbox)[ADA]), page_of(mails(sandbox)[ADA])
    for part in (text, page):
        assert all(words in part for words in ("Doors open at nine.", "https://example.org/doors", photo.alt, photo.caption))
    assert "<strong>long</strong>" in page
    assert "**" not in text


@pytest.mark.parametrize("more", [{}, {"link": Link("https://example.org/doors")}])
def test_a_title_alone_is_not_said_twice(make: Make, sandbox: Sandbox, more: dict[str, Any]) -> None:
    """Of a title and a long form, as a Markdown file has them, the title is subject and heading, and not the first paragraph."""
    make().publish(msgspec.structs.replace(NEWS, text="", body="They open at *nine*.", **more)).raise_for_failures()
    mail = mails(sandbox)[ADA]
    assert page_of(mail).count(NEWS.title) == 2  # of the window, and the heading
    assert text_of(mail).strip().endswith("They open at nine.")
    assert NEWS.title not in text_of(mail)


def test_what_the_announcement_says_is_text(make: Make, sandbox: Sandbox) -> None:
    """Markup in a title, a text or an alt text is shown and not acted on."""
    harm = "<script>alert(1)</script>"
    photo = msgspec.structs.replace(picture(1), alt=f'"{harm}', caption=harm)
    make().publish(msgspec.structs.replace(NEWS, title=harm, text=harm, body=harm, photos=(photo,))).raise_for_failures()
    assert "<script" not in page_of(mails(sandbox)[ADA])


def test_a_title_cannot_add_a_header(make: Make, sandbox: Sandbox) -> None:
    """A line break in a title is a space in the subject."""
    broken = msgspec.structs.replace(NEWS, title="Doors\r\nBcc: everybody@example.org\n\nopen")
    make().publish(broken).raise_for_failures()
    mail = mails(sandbox)[ADA]
    assert mail["Bcc"] is None
    assert str(mail["Subject"]) == "Doors Bcc: everybody@example.org open"


def test_no_name_of_a_file_and_no_alt_text_can_add_a_header(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """A line break in either is a space in the head of the picture's part."""
    file = tmp_path / "dome\r\nBcc: everybody@example.org\r\n\r\n.jpg"
    file.write_bytes(picture(1).data or b"")
    photo = Photo(file, alt="The dome\r\nX-Alt: yes")
    make().publish(msgspec.structs.replace(NEWS, photos=(photo,))).raise_for_failures()
    (part,) = [part for part in mails(sandbox)[ADA].walk() if part.get_content_maintype() == "image"]
    assert part.keys() == ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "MIME-Version"]
    assert part.get_filename() == "dome Bcc: everybody@example.org .jpg"


def test_a_film_is_a_link_or_is_said_to_be_missing(make: Make, sandbox: Sandbox) -> None:
    """No mail carries a video; without a channel that hosts it, the receipt says so."""
    report = make().publish(msgspec.structs.replace(NEWS, video=clip()))
    assert "video.link" in {change.code for change in report["press"].adaptations}
    assert not [part for part in mails(sandbox)[ADA].walk() if part.get_content_maintype() == "video"]


def test_the_embargo_is_in_subject_and_first_line_in_the_readers_language(make: Make, sandbox: Sandbox) -> None:
    """A promise is stated where nobody misses it."""
    at = datetime.fromisoformat("2036-12-05T08:00:00+01:00")
    german = msgspec.structs.replace(NEWS, language="de", embargo=at)
    sandbox.advance((at - sandbox.clock.datetime()).total_seconds() + 1)
    make().publish(german).raise_for_failures()
    mail = mails(sandbox)[ADA]
    subject = str(mail["Subject"])
    assert subject.startswith("Sperrfrist bis Freitag, 5. Dezember 2036")
    assert subject.endswith("08:00 (UTC+1): Doors open")
    assert text_of(mail).startswith("Sperrfrist bis Freitag, 5. Dezember 2036")
    assert page_of(mail).index("Sperrfrist") < page_of(mail).index("<h1")


def test_one_click_signs_this_reader_off(make: Make, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mail has an address of its own, whose token nobody can guess without the key (RFC 8058)."""
    broadcast = make(unsubscribe_url="https://example.org/u/{token}")
    with pytest.raises(ConfigurationError, match="unsubscribe_key"):
        broadcast.publish(NEWS)
    wanted = hmac.new(b"a-key", ADA.encode(), hashlib.sha256).hexdigest()[:32]
    unsubscribe(sandbox, monkeypatch, "a-key")
    address = "https://example.org/signing/off/from/the/list/of/all/journalists/for/the/observatory?token={token}"
    make(unsubscribe_url=address).publish(NEWS).raise_for_failures()
    got = mails(sandbox)
    assert f"\r\nList-Unsubscribe: <{address.format(token=wanted)}>\r\n".encode() in (
        next(mail.raw for mail in mirror(sandbox).mails if mail.recipient == ADA)
    )
    assert got[ADA]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got[BO]["List-Unsubscribe"] != got[ADA]["List-Unsubscribe"]


def rsa_key(folder: Path) -> tuple[str, bytes]:
    """A private key, and its other half as the DNS shows it."""
    private, public = folder / "dkim.pem", folder / "dkim.pub"
    subprocess.run(["openssl", "genrsa", "-out", private, "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    lines = [line for line in public.read_text(encoding="ascii").splitlines() if not line.startswith("-")]
    return private.read_text(encoding="ascii"), f"v=DKIM1; k=rsa; p={''.join(lines)}".encode()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key, and is not installed")
def test_a_signed_mail_is_verified_as_a_reader_does(make: Make, sandbox: Sandbox, tmp_path: Path) -> None:
    """With the key that the domain's DNS shows; whatever is changed on the way, the sign-off's address included, breaks it."""
    dkim = pytest.importorskip("dkim", reason="socialcast[dkim] is not installed")
    private, shown = rsa_key(tmp_path)
    give(sandbox, dkim_key=private, unsubscribe_key="k")
    make(dkim_selector="news", unsubscribe_url="https://example.org/u/{token}").publish(NEWS).raise_for_failures()
    raw = mirror(sandbox).mails[0].raw
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return shown

    assert dkim.verify(raw, dnsfunc=dns)
    assert asked == [b"news._domainkey.example.org."]
    for before, after in ((b"at nine", b"at nope"), (b"https://example.org/u/", b"https://example.org/v/")):
        assert before in raw
        assert not dkim.verify(raw.replace(before, after), dnsfunc=dns)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dkim_selector": "news"}, "belong together"),
        ({"dkim_key": "env:DKIM_KEY"}, "belong together"),
        ({"dkim_key": "env:DKIM_KEY", "dkim_selector": "news"}, "no private RSA key"),
    ],
)
def test_a_key_that_cannot_sign_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    """Before anybody is written to, and without the key in the message."""
    pytest.importorskip("dkim", reason="socialcast[dkim] is not installed")
    monkeypatch.setenv("DKIM_KEY", "not-a-private-key")
    with earnest(tmp_path, ADA, **settings) as broadcast, pytest.raises(ConfigurationError, match=words) as stopped:
        broadcast.publish(NEWS)
    assert "not-a-private-key" not in str(stopped.value)


def unsubscribe(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    give(sandbox, unsubscribe_key=key)


def give(sandbox: Sandbox, **secrets: str) -> None:
    """The sandbox gives credentials, and no real secret is read; so it has to give these."""
    account = mirror(sandbox).account("press")
    mirror(sandbox).accounts["press"] = type(account)(
        id=account.id, name=account.name, credentials={**account.credentials, **secrets}
    )


def test_the_same_mail_has_the_same_bytes(make: Make, sandbox: Sandbox) -> None:
    """A mail that is sent again is the very same, under the same Message-ID, so that mail stores show one."""
    said = msgspec.structs.replace(NEWS, photos=(picture(1),))
    make().publish(said).raise_for_failures()
    first = {mail.recipient: mail.message for mail in mirror(sandbox).mails}
    mirror(sandbox).mails.clear()
    make("other").publish(said).raise_for_failures()
    for address, mail in mails(sandbox).items():
        del mail["Date"], first[address]["Date"]
        assert mail.as_bytes() == first[address].as_bytes()
    assert len({str(mail["Message-ID"]) for mail in first.values()}) == len(first)


# -- once, whatever breaks -----------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_writes_to_those_who_have_nothing(make: Make, sandbox: Sandbox) -> None:
    """Who has it gets no second one."""
    mirror(sandbox).replies[BO] = "451 4.3.0 Mailbox busy"
    assert make().publish(NEWS)["press"].state is State.HELD
    assert list(mails(sandbox)) == [ADA]
    mirror(sandbox).replies.clear()
    report = make().resume("news")
    assert report["press"].state is State.PUBLISHED
    assert set(mails(sandbox)) == {ADA, BO}
    assert report["press"].steps_sent == 1


@pytest.mark.parametrize("effect", ["reset_after", "html"])
def test_a_reply_that_is_lost_after_the_mail_is_unknown_for_that_reader(make: Make, sandbox: Sandbox, effect: str) -> None:
    """Everybody else is served; the one is named in part, and never written to again by itself."""
    sandbox.fault("email", effect, handler="receive")
    outcome = make().publish(NEWS)["press"]
    assert outcome.state is State.UNKNOWN
    assert "...@" in outcome.reason
    assert ADA not in str(outcome)
    assert BO not in str(outcome)
    assert set(mails(sandbox)) == {ADA, BO}
    assert make().resume("news")["press"].state is State.UNKNOWN
    assert set(mails(sandbox)) == {ADA, BO}
    assert make().resolve("news", "press", "they say that it came").exit_code == 0
    assert make().resume("news")["press"].steps_sent == 0


@pytest.mark.parametrize("handler", ["sign_in", "sender", "recipient"])
def test_a_connection_that_breaks_before_the_mail_is_tried_again(make: Make, sandbox: Sandbox, handler: str) -> None:
    """Before the message has left, nothing can have been taken."""
    sandbox.fault("email", "reset_after", handler=handler)
    assert make().publish(NEWS)["press"].state is State.PUBLISHED
    assert set(mails(sandbox)) == {ADA, BO}


def test_a_lost_ledger_writes_to_nobody_twice(make: Make, sandbox: Sandbox) -> None:
    """No server tells what it took, so a run that recovers sends nothing and says that it cannot know."""
    make().publish(NEWS).raise_for_failures()
    outcome = make("other").publish(NEWS, recover=True)["press"]
    assert (outcome.state, outcome.steps_sent) == (State.UNKNOWN, 0)
    assert len(mails(sandbox)) == 2


def test_a_refused_reader_is_told_and_costs_nobody_else_the_mail(make: Make, sandbox: Sandbox) -> None:
    """Published for all who could get it; the refused address is named as far as its owner's privacy allows."""
    mirror(sandbox).replies[BO] = f"550 5.1.1 <{BO}>: Recipient address rejected: User unknown"
    outcome = make().publish(NEWS)["press"]
    assert (outcome.state, list(mails(sandbox))) == (State.PUBLISHED, [ADA])
    assert outcome.reason == "1 of 2 were refused: b...@radio.example (550 5.1.1)"
    assert BO not in str(outcome)


def test_where_everybody_is_refused_nothing_is_published(make: Make, sandbox: Sandbox) -> None:
    """A list of dead addresses is no success."""
    for address in (ADA, BO):
        mirror(sandbox).replies[address] = "550 5.1.1 User unknown"
    outcome = make().publish(NEWS)["press"]
    assert (outcome.state, outcome.hint) == (State.REFUSED, "take the address off the list")


def test_no_address_is_in_our_records(make: Make, sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ledger, log, events and report know readers by a digest; with an answer lost and an address refused."""
    caplog.set_level(logging.DEBUG)
    mirror(sandbox).replies[BO] = f"550 5.1.1 <{BO}>: User unknown"
    sandbox.fault("email", "reset_after", handler="receive")
    report = make().publish(NEWS)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    told = [repr(report), *(record.getMessage() for record in caplog.records)]
    told += [file.read_bytes().decode("latin-1") for file in files]
    assert not [text[:200] for text in told if ADA in text or BO in text]


# -- corrections ---------------------------------------------------------------------------------------------------------------


def correct(make: Make, text: str = "Doors open at ten.") -> Any:
    return make().correct(msgspec.structs.replace(NEWS, text=text))["press"]


def corrections(sandbox: Sandbox) -> dict[str, EmailMessage]:
    """The mails below the first, by recipient; twice for one is an error of its own."""
    found = [mail for mail in mirror(sandbox).mails if mail.message["In-Reply-To"]]
    assert len({mail.recipient for mail in found}) == len(found)
    return {mail.recipient: mail.message for mail in found}


def test_a_correction_is_a_mail_below_the_first(make: Make, sandbox: Sandbox) -> None:
    """Everybody who got that has it once, under its own id; who came to the list since never saw the mistake and gets nothing."""
    make().publish(NEWS).raise_for_failures()
    first = mails(sandbox)
    with Path(mirror(sandbox).account("press").credentials["recipients"]).open("a") as readers:
        readers.write("\nnew@paper.example\n")
    told = correct(make)
    assert (told.means, told.done, told.failed) == (Means.REPLY, "told in a reply", False), told
    found = corrections(sandbox)
    assert set(found) == {ADA, BO}
    for recipient, mail in found.items():
        assert mail["In-Reply-To"] == mail["References"] == first[recipient]["Message-ID"]
        assert mail["Message-ID"] != first[recipient]["Message-ID"]
        assert (mail["Subject"], text_of(mail).strip()) == (f"Re: {NEWS.title}", "Correction: Doors open at ten.")
    assert correct(make).means is Means.NOTHING
    assert set(corrections(sandbox)) == {ADA, BO}


def test_a_correction_whose_answer_was_lost_is_unknown_until_a_person_tells(make: Make, sandbox: Sandbox) -> None:
    """Everybody else is served; no later run writes to that reader again or claims to have, and what was published stays so."""
    make().publish(NEWS).raise_for_failures()
    before = make().status("news")["press"]
    sandbox.fault("email", "reset_after", handler="receive")
    for told in (correct(make), correct(make)):
        assert (told.failed, told.unknown) == (True, True), told
        assert "...@" in told.reason
        assert "socialcast resolve" in told.hint
        assert set(corrections(sandbox)) == {ADA, BO}
    report = make().resolve("news", "press", "they say that it came")
    assert (report.exit_code, report["press"]) == (0, before)
    assert not correct(make).failed
    assert set(corrections(sandbox)) == {ADA, BO}
    assert correct(make).means is Means.NOTHING


def test_a_correction_that_did_not_come_is_sent_again_to_that_reader(make: Make, sandbox: Sandbox) -> None:
    """A person says so; whoever has it gets no second one, and what was published is not published again."""
    make().publish(NEWS).raise_for_failures()
    sandbox.fault("email", "reset_after", handler="receive")
    assert correct(make).failed
    lost = mirror(sandbox).mails.pop(2)  # the server took it, and a crash of its own lost it
    assert make().resolve("news", "press", None)["press"].state is State.PUBLISHED
    assert not correct(make).failed
    assert set(corrections(sandbox)) == {ADA, BO}
    assert corrections(sandbox)[lost.recipient].as_bytes() == lost.message.as_bytes()


def test_a_mailing_that_was_stopped_goes_on_after_a_person_spoke(make: Make, sandbox: Sandbox) -> None:
    """That one reader has the mail says nothing of the others, who have nothing yet."""
    sandbox.fault("email", "reset_after", handler="receive")
    mirror(sandbox).replies[BO] = "451 4.3.0 Mailbox busy"
    assert make().publish(NEWS)["press"].state is State.HELD
    assert make().resolve("news", "press", "she says that it came")["press"].state is State.HELD
    mirror(sandbox).replies.clear()
    assert make().resume("news")["press"].state is State.PUBLISHED
    assert set(mails(sandbox)) == {ADA, BO}


def test_who_may_have_the_first_mail_gets_the_correction(make: Make, sandbox: Sandbox) -> None:
    """A mistake that may have been read is corrected; who refused the mail has nothing to correct."""
    sandbox.fault("email", "reset_after", handler="receive")
    mirror(sandbox).replies[BO] = "550 5.1.1 User unknown"
    make().publish(NEWS)
    assert make().resolve("news", "press", "they say that it came").exit_code == 0
    del mirror(sandbox).replies[BO]
    assert not correct(make).failed
    assert set(corrections(sandbox)) == {ADA}


def test_whoever_has_the_mail_is_told_that_it_is_withdrawn(make: Make, sandbox: Sandbox) -> None:
    """Below the first mail, in its language, once; what was sent is listed as what stays."""
    german = msgspec.structs.replace(NEWS, language="de")
    make().publish(german).raise_for_failures()
    first = mails(sandbox)
    for _ in range(2):
        told = make().retract("news")["press"]
        assert (told.done, told.failed, len(told.left)) == ("told in a reply", False, 2), told
    found = corrections(sandbox)
    assert set(found) == {ADA, BO}
    for recipient, mail in found.items():
        assert mail["In-Reply-To"] == first[recipient]["Message-ID"]
        assert text_of(mail).strip() == "Zurückgezogen, bitte nicht verwenden: Doors open"
    assert make().status("news")["press"].state is State.RETRACTED


def test_a_withdrawal_whose_answer_was_lost_is_settled_by_a_person(make: Make, sandbox: Sandbox) -> None:
    """Until then it is no retraction, and nobody is written to twice."""
    make().publish(NEWS).raise_for_failures()
    sandbox.fault("email", "reset_after", handler="receive")
    for _ in range(2):
        told = make().retract("news")["press"]
        assert (told.failed, "may have it or not" in told.reason) == (True, True), told
    make().resolve("news", "press", "they have it")
    assert not make().retract("news")["press"].failed
    assert set(corrections(sandbox)) == {ADA, BO}


# -- before anything is sent ---------------------------------------------------------------------------------------------------


def earnest(folder: Path, readers: str, **settings: Any) -> Broadcast:
    """A broadcast that is no rehearsal: nothing of it is sent in these tests."""
    (folder / "readers.txt").write_text(readers, encoding="utf-8")
    wanted = {**SETTINGS, "recipients": "readers.txt", **settings}
    channel = Channel(name="press", platform="email", audience=Audience.PRESS, settings=wanted, folder=folder)
    return Broadcast([channel], ledger=folder / "ledger")


def test_a_list_is_read_as_people_write_it(tmp_path: Path) -> None:
    """Names, comments, empty lines, and somebody twice."""
    readers = f'# the desk\n\nAda Example <{ADA}>\n{ADA.upper()}\n"Bo, Radio" <{BO}>\r\nj@b\u00fccher.example # new\n'
    with earnest(tmp_path, readers) as broadcast:
        plan = broadcast.plan(NEWS)
    assert not plan.is_stopped, plan.problems
    assert str(plan["press"].costs[0]) == "3 mails"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ada", "no @"),
        ("Ada <ada@journal.example", "not of the form"),
        ("ada@journal", "no name of a server"),
        ("ada@@journal.example", "more than one @"),
        ("ada@journal.example, bo@journal.example", "a line of its own"),
        ("a da@journal.example", "cannot be in an address"),
        ("\u00e4da@journal.example", "not in ASCII"),
        ("Ada\x0bBcc: x <ada@journal.example>", "cannot be printed"),
        ("x" * 65 + "@journal.example", "cannot be in an address"),
    ],
)
def test_a_malformed_address_stops_it_and_is_found_by_its_line(tmp_path: Path, line: str, words: str) -> None:
    """The line's number and what is wrong, without the address; nothing is sent."""
    with earnest(tmp_path, f"{BO}\n{line}\n") as broadcast:
        (problem,) = broadcast.plan(NEWS).problems
        assert broadcast.publish(NEWS).exit_code == 1
    assert (problem.code, problem.path) == ("recipients.malformed", "recipients")
    assert problem.message.startswith("line 2: ")
    assert words in problem.message
    assert "journal" not in problem.message


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_list_in_another_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    """As spreadsheets write it: with the line where that begins, and what to do."""
    with earnest(tmp_path, "") as broadcast:
        (tmp_path / "readers.txt").write_text(f"{BO}\nZo\u00eb <{ADA}>\n", encoding=encoding)
        line = 2 if encoding == "latin-1" else 1
        with pytest.raises(ConfigurationError, match=f"line {line} is not in UTF-8"):
            broadcast.plan(NEWS)


def test_an_empty_list_is_a_problem(tmp_path: Path) -> None:
    """A list of comments reaches nobody."""
    with earnest(tmp_path, "# nobody yet\n") as broadcast:
        assert [problem.code for problem in broadcast.plan(NEWS).problems] == ["recipients.none"]


def test_a_program_prints_the_list(tmp_path: Path) -> None:
    """Where the addresses are in a database, a program tells them; its failure is told, too."""
    program = f"{sys.executable} -c \"print('{ADA}')\""
    with earnest(tmp_path, "", recipients="", recipients_command=program) as broadcast:
        assert str(broadcast.plan(NEWS)["press"].costs[0]) == "1 mail"
    program = f"{sys.executable} -c \"raise SystemExit('{ADA} has no password')\""
    failing = earnest(tmp_path, "", recipients="", recipients_command=program)
    with failing, pytest.raises(ConfigurationError, match=r"failed with exit code 1: \(address\) has no password"):
        failing.plan(NEWS)


@pytest.mark.parametrize(("command", "words"), [("false", "exit code 1: it said nothing"), ("no-such-program", "No such file")])
def test_a_program_that_prints_no_list_is_told(tmp_path: Path, command: str, words: str) -> None:
    """One that fails in silence, and one that is not there."""
    with earnest(tmp_path, "", recipients="", recipients_command=command) as told, pytest.raises(ConfigurationError, match=words):
        told.plan(NEWS)


def test_a_program_that_does_not_end_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told for how long it was waited for."""
    monkeypatch.setattr("socialcast.publishers.email.readers._COMMAND_SECONDS", 0.1)
    sleeping = earnest(tmp_path, "", recipients="", recipients_command="sleep 20")
    with sleeping, pytest.raises(ConfigurationError, match=r"not done after 0\.1 seconds"):
        sleeping.plan(NEWS)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"recipients": ""}, "either recipients"),
        ({"recipients": "missing.txt"}, "cannot read the recipients"),
        ({"recipients_command": "true"}, "either recipients"),
        ({"sender": "press"}, "sender 'press': there is no @"),
        ({"unsubscribe_url": "http://example.org/{token}"}, "has to begin with https"),
        ({"unsubscribe_url": "https://example.org/off"}, "hold {token}"),
        ({"unsubscribe_url": "https://example.org/{token}\nBcc: eve@example.org"}, "signs of ASCII"),
        ({"unsubscribe_url": "https://example.org/{token}>, <mailto:eve@example.org"}, "signs of ASCII"),
        ({"unsubscribe_url": f"https://example.org/{'a' * 900}/{{token}}"}, "at most 900"),
    ],
)
def test_settings_that_cannot_be_meant_are_told_at_once(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    """The channel and what to do."""
    with earnest(tmp_path, ADA, **settings) as broadcast, pytest.raises(ConfigurationError, match="'press'") as caught:
        broadcast.plan(NEWS)
    assert words in str(caught.value)


@given(st.text())
def test_whatever_is_read_as_an_address_fits_on_one_line_of_a_header(words: str) -> None:
    """No line of the list can add a header or a second recipient."""
    try:
        reader = read_address(words)
    except ValueError:
        return
    message = EmailMessage()
    message["To"] = reader.header
    parsed = email.message_from_bytes(message.as_bytes(), policy=default)
    assert parsed.keys() == ["To"]
    assert [address.addr_spec for address in parsed["To"].addresses] == [reader.address]


def test_a_public_newsletter_gets_nothing_for_the_press(sandbox: Sandbox, tmp_path: Path) -> None:
    """A list is public unless the channel says otherwise."""
    channel = Channel(name="newsletter", platform="email", settings=SETTINGS)
    with Broadcast([channel], ledger=tmp_path / "ledger", sandbox=sandbox) as broadcast:
        report: Report = broadcast.publish(NEWS)
    assert report["newsletter"].state is State.REFUSED
    assert mirror(sandbox).mails == []


def test_a_past_embargo_that_is_a_slip_is_refused(make: Make, sandbox: Sandbox) -> None:
    """An embargo that ended a year ago is a wrong date, and nobody is written to."""
    past = msgspec.structs.replace(NEWS, embargo=sandbox.clock.datetime() - timedelta(days=365))
    report = make().publish(past)
    assert "embargo.past" in {problem.code for problem in report.problems}
    assert (report.exit_code, mirror(sandbox).mails) == (1, [])


# -- what goes wrong on the way --------------------------------------------------------------------------------------------------


@contextmanager
def talker(said: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """A mail server that says such a thing at such a command, "message" being what follows DATA, and else takes everything:
    its port and whom it has taken mail for. Silence is the empty word."""
    taken: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.reader = ""
            self.say("CONNECT", "220 talker")
            while words := self.rfile.readline().decode().split():
                verb = words[0].upper()
                self.reader = words[1].partition("<")[2].rstrip(">") if verb == "RCPT" else self.reader
                self.say(verb, {"DATA": "354 Go on", "QUIT": "221 Bye"}.get(verb, "250 2.1.0 Ok"))
                if verb == "DATA" and "DATA" not in said:
                    while self.rfile.readline() != b".\r\n":
                        pass
                    taken.extend([] if "message" in said else [self.reader])
                    self.say("message", "250 2.0.0 Ok: queued as 1")

        def say(self, verb: str, usual: str) -> None:
            if reply := said.get(verb, usual):
                self.wfile.write(f"{reply}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1], taken
        server.shutdown()


def publish_over(port: int, folder: Path, readers: str = ADA) -> Outcome:
    """One run without a sandbox, over that port of this machine; its waits take no time."""
    (folder / "readers.txt").write_text(readers, encoding="utf-8")
    settings = {"host": "127.0.0.1", "port": port, "sender": SETTINGS["sender"], "recipients": "readers.txt"}
    channel = Channel(name="press", platform="email", audience=Audience.PRESS, settings=settings, folder=folder)
    with Broadcast([channel], ledger=folder / "ledger", clock=SkippingClock()) as broadcast:
        return broadcast.publish(NEWS)["press"]


@pytest.mark.parametrize("command", ["CONNECT", "MAIL", "RCPT", "DATA", "message"])
def test_a_refusal_for_now_is_tried_again_and_then_held(tmp_path: Path, command: str) -> None:
    """Whichever command meets it, nothing was taken, the next run goes on, and the reader has one mail."""
    with talker({command: "451 4.3.2 Try again later"}) as (port, taken):
        outcome = publish_over(port, tmp_path)
    assert (outcome.state, taken) == (State.HELD, [])
    assert "4.3.2 Try again later" in outcome.reason
    with talker({}) as (port, taken):
        assert publish_over(port, tmp_path).state is State.PUBLISHED
    assert taken == [ADA]


@pytest.mark.parametrize(
    ("command", "reply", "hint"),
    [
        ("CONNECT", "554 5.7.1 No mail from here", ""),
        ("MAIL", "550 5.7.1 Sender address rejected: not owned by user", "may this account send as that sender?"),
        ("RCPT", "550 5.1.1 User unknown", "take the address off the list"),
        ("DATA", "554 5.5.1 No valid recipients", ""),
        ("message", "552 5.3.4 Message too big", "the mail is too large: fewer or smaller pictures, or an album to link to"),
        ("message", "550 5.7.26 Unauthenticated mail is not accepted", "SPF and DKIM have to pass for the sender's domain"),
    ],
)
def test_a_final_refusal_is_told_in_the_servers_words(tmp_path: Path, command: str, reply: str, hint: str) -> None:
    """The words, what to do where it is known, and no second try."""
    with talker({command: reply}) as (port, taken):
        outcome = publish_over(port, tmp_path)
    assert (outcome.state, taken, outcome.hint) == (State.REFUSED, [], hint)
    assert reply.partition(" ")[2] in outcome.reason


def test_a_server_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """A port on which nobody listens: nothing was sent, and another run goes on."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = publish_over(port, tmp_path)
    assert outcome.state is State.HELD
    assert f"127.0.0.1:{port} does not answer (Connection refused)" in outcome.reason


@pytest.mark.parametrize(
    ("command", "state"),
    [("CONNECT", State.HELD), ("EHLO", State.HELD), ("MAIL", State.HELD), ("DATA", State.HELD), ("message", State.UNKNOWN)],
)
def test_a_server_that_falls_silent_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, state: State
) -> None:
    """Before the whole message has left, nothing can have been taken; afterwards nobody knows."""
    monkeypatch.setattr("socialcast.wire.smtp._REPLY_SECONDS", 0.1)
    monkeypatch.setattr("socialcast.wire.smtp._TAKEN_SECONDS", 0.1)
    with talker({command: ""}) as (port, _):
        assert publish_over(port, tmp_path).state is state


# -- the wire ------------------------------------------------------------------------------------------------------------------


def scripted(*replies: bytes) -> tuple[int, list[bytes], threading.Thread]:
    """A server that says these things, one after each line that it reads, and hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        with listening, listening.accept()[0] as connection, connection.makefile("rb") as lines:
            for reply in replies:
                connection.sendall(reply)
                heard.append(lines.readline())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listening.getsockname()[1], heard, thread


def test_no_password_is_told_where_there_is_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off this machine, a server that offers no TLS gets neither password nor mail."""
    monkeypatch.setattr("socialcast.wire.smtp._is_loopback", lambda host: False)
    port, heard, thread = scripted(b"220 relay\r\n", b"250-relay\r\n250 AUTH PLAIN\r\n")
    with pytest.raises(Exception, match="offers no TLS"):
        Submission(Server("127.0.0.1", port, "press", Secret("a-password")), Transport())
    thread.join(10)
    assert [line[:4] for line in heard] == [b"ehlo", b"quit"]


def test_who_hangs_up_or_babbles_is_told_apart_from_who_refuses() -> None:
    """A port on which something else answers, and one on which nobody does."""
    port, _, thread = scripted(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(Lost, match="in a way that tells nothing"):
        Submission(Server("127.0.0.1", port), Transport())
    thread.join(10)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Lost, match="Connection refused"):
        Submission(Server("127.0.0.1", port), Transport())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
def test_tls_is_begun_before_anything_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STARTTLS with a certificate that holds: user and mail are told inside; one that does not hold ends it."""
    make_certificate(tmp_path)
    port, heard = starttls_server(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    line = Submission(Server("localhost", port, "press", Secret("a-password")), Transport())
    assert line.send("press@example.org", ADA, b"Subject: Doors\r\n\r\n.open\r\n") == "2.0.0 Ok: queued as 1"
    line.close()
    assert heard["plain"] == ["ehlo", "STARTTLS"]
    assert heard["inside"][:5] == ["ehlo", "AUTH", "MAIL", "RCPT", "DATA"]
    assert "..open" in heard["inside"]
    monkeypatch.delenv("SSL_CERT_FILE")
    port, _ = starttls_server(tmp_path)
    with pytest.raises(TerminalError, match="certificate of localhost does not hold"):
        Submission(Server("localhost", port), Transport())


def make_certificate(folder: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*words, *files], check=True, capture_output=True)


def starttls_server(folder: Path) -> tuple[int, dict[str, list[str]]]:
    """A server that goes over to TLS, takes one mail, and keeps the first word of each line that it heard."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    listening, heard = socket.create_server(("127.0.0.1", 0)), {"plain": [], "inside": []}  # type: ignore[var-annotated]
    replies = {"ehlo": b"250-relay\r\n250 AUTH PLAIN\r\n", "AUTH": b"235 2.7.0 Ok\r\n", "DATA": b"354 Go on\r\n"}

    def hear(connection: socket.socket, place: str, offered: dict[str, bytes]) -> None:
        with connection.makefile("rb") as lines:
            in_mail = False
            for line in lines:
                word = line.decode().split()[0] if line.strip() else ""
                heard[place].append(word)
                in_mail, was_in_mail = word == "DATA" or (in_mail and word != "."), in_mail
                if word == "STARTTLS":
                    return
                if not (in_mail and was_in_mail):
                    connection.sendall(offered.get(word, b"250 2.0.0 Ok: queued as 1\r\n"))

    def serve() -> None:
        with listening, suppress(OSError), listening.accept()[0] as connection:
            connection.sendall(b"220 relay\r\n")
            hear(connection, "plain", {"ehlo": b"250-relay\r\n250 STARTTLS\r\n"})
            connection.sendall(b"220 Go ahead\r\n")
            with context.wrap_socket(connection, server_side=True) as inside:
                hear(inside, "inside", replies)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1], heard
