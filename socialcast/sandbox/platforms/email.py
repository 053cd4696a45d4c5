"""A submission server, and the mailboxes behind it (RFC 5321, 5322, 4954; Gmail's sender rules; read 2026-11-26).

It takes mail from those who signed in, refuses what is malformed, and shows what arrived, the way a reader's program does.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html.parser import HTMLParser
from typing import Any, NamedTuple

from socialcast.sandbox.mirror import Account, Card, Mirror, Picture, Request, Response, Route

__all__ = ["EmailMirror"]

_HOST = "smtp.example.org"
_SUBMISSION = "RFC 6409, message submission"
LIMITS = {"message_bytes": 25_000_000, "line_bytes": 998}
_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To")  # RFC 5322, 3.6
_REQUIRED = ("From", "Date", "Message-ID")  # Gmail answers 5.7.1 where one is missing
READERS = ("Ada Example <ada@journal.example>", "bo@radio.example")


class _Mail(NamedTuple):
    id: str
    account: str
    recipient: str
    at: datetime
    message: EmailMessage
    raw: bytes


class EmailMirror(Mirror):
    """One submission server, on which every account has a name and a password."""

    name = "email"
    HOSTS = (_HOST,)
    SPEAKS_SMTP = LIMITS["message_bytes"]
    ROUTES = (
        Route(method="AUTH", path="/", handler="sign_in", source="RFC 4954, 4"),
        Route(method="MAIL", path="/", handler="sender", source="RFC 5321, 4.1.1.2; RFC 6409, 6.1"),
        Route(method="RCPT", path="/", handler="recipient", source="RFC 5321, 4.1.1.3; RFC 3463"),
        Route(method="DATA", path="/", handler="receive", source="RFC 5321, 4.1.1.4; RFC 5322, 3.6; Gmail sender rules"),
        Route(method="GET", path="/pictures/{id}/{number}", handler="picture", source=_SUBMISSION),
    )

    def reset(self) -> None:
        """Empty all mailboxes."""
        super().reset()
        self.mails: list[_Mail] = []
        self.replies: dict[str, str] = {}  # what is said of a recipient instead of 250
        self._expired: set[str] = set()

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A user with a password, and a list of readers, none of whom exists: a rehearsal writes to nobody's real address."""
        self.media.folder.mkdir(parents=True, exist_ok=True)
        readers = self.media.folder / f"email-{name}.txt"
        readers.write_text("\n".join(READERS) + "\n", encoding="utf-8")
        secret = f"sandbox-{name}-{self.ids.hexadecimal(8)}"
        told = {"username": f"user-{name}", "password": secret, "recipients": str(readers)}
        return Account(id=name, name=name, credentials=told)

    def expire_credentials(self, name: str) -> None:
        """The password is changed."""
        self._expired.add(name)

    def renew_credentials(self, name: str) -> None:
        """The password is what it was."""
        self._expired.discard(name)

    def cards(self) -> list[Card]:
        """Every mail in its reader's mailbox."""
        return [_card(mail) for mail in reversed(self.mails)]

    # -- what the server decides -----------------------------------------------------------------------------------------

    def sign_in(self, request: Request) -> Response:
        """AUTH PLAIN."""
        _, user, password = [*request.get_data().decode().split("\0"), "", ""][:3]
        for account in self.accounts.values():
            told = account.credentials
            if told["username"] == user and hmac.compare_digest(told["password"], password) and account.name not in self._expired:
                return _reply("235 2.7.0 Authentication successful")
        return _reply("535 5.7.8 Error: authentication failed")

    def sender(self, request: Request) -> Response:
        """MAIL FROM: only for who signed in."""
        return _reply("250 2.1.0 Ok" if _session(request, "user") else "530 5.7.0 Authentication required")

    def recipient(self, request: Request) -> Response:
        """RCPT TO: whatever has a domain, unless it is told otherwise."""
        address = request.get_data().decode()
        if address in self.replies:
            return _reply(self.replies[address])
        _, _, domain = address.rpartition("@")
        if not address.isascii() or "." not in domain:
            return _reply(f"553 5.1.3 <{address}>: Recipient address rejected: malformed")
        return _reply("250 2.1.5 Ok")

    def receive(self, request: Request) -> Response:
        """The message after DATA."""
        raw = request.get_data()
        message = BytesParser(policy=default).parsebytes(raw)
        if refusal := _refusal(raw, message, _session(request, "sender")):
            return _reply(refusal)
        queued = f"{len(self.mails) + 1:08X}"
        now = self.clock.datetime()
        for recipient in _session(request, "recipients").split(","):
            id = hashlib.sha256(f"{queued} {recipient}".encode()).hexdigest()[:12]
            self.mails.append(_Mail(id, _session(request, "user"), recipient, now, message, raw))
        return _reply(f"250 2.0.0 Ok: queued as {queued}")

    def picture(self, request: Request, id: str, number: str) -> Response:
        """A picture inside a mail."""
        mail = next((mail for mail in self.mails if mail.id == id), None)
        inside = dict(enumerate(_pictures(mail.message))) if mail else {}
        if (part := inside.get(int(number) if number.isdigit() else -1)) is None:
            return Response("no such picture", 404)
        return Response(part.get_content(), mimetype=part.get_content_type())


def _reply(line: str) -> Response:
    return Response(f"{line}\r\n", mimetype="text/x-smtp-reply")


def _session(request: Request, name: str) -> str:
    told: str = request.headers.get(f"X-Smtp-{name}", "")
    return told


def _refusal(raw: bytes, message: EmailMessage, sender: str) -> str:
    """What is wrong with it, as servers say it; empty for what they take."""
    if len(raw) > LIMITS["message_bytes"]:
        return "552 5.3.4 Message size exceeds fixed limit"
    if raw.count(b"\n") != raw.count(b"\r\n"):
        return "521 5.5.2 Error: bare <LF> received"
    if any(len(line) > LIMITS["line_bytes"] for line in raw.split(b"\r\n")):
        return "500 5.5.2 Error: line too long"
    if not raw.isascii():
        return "554 5.6.1 8-bit data without BODY=8BITMIME"
    for name in _ONCE:
        if len(message.get_all(name, [])) > 1:
            return f"550 5.7.1 Messages with several {name} headers are not accepted"
    for name in _REQUIRED:
        if not message.get(name):
            return f"550 5.7.1 Messages missing a valid {name} header are not accepted"
    written_by = message["From"].addresses[0].domain if message["From"].addresses else ""
    return "" if sender.endswith(f"@{written_by}") else "550 5.7.26 The From header is not aligned with the sender"


class _Images(HTMLParser):
    """The pictures that a reader's program shows, by their Content-ID, with what stands for them."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        if tag == "img" and told.get("src", "").startswith("cid:"):
            self.alts[told["src"].removeprefix("cid:")] = told.get("alt", "")


def _card(mail: _Mail) -> Card:
    text, shown = mail.message.get_body(("plain",)), mail.message.get_body(("html",))
    images = _Images()
    images.feed(shown.get_content() if shown else "")
    pictures = [
        Picture(url=f"https://{_HOST}/pictures/{mail.id}/{number}", alt=images.alts.get(part["Content-ID"].strip("<>"), ""))
        for number, part in enumerate(_pictures(mail.message))
    ]
    return Card(
        id=mail.id,
        kind="mail",
        account=mail.account,
        url=f"https://{_HOST}/mails/{mail.id}",
        at=mail.at.astimezone(UTC),
        title=str(mail.message["Subject"]),
        text=text.get_content() if text else "",
        pictures=tuple(pictures),
        facts={"to": str(mail.message["To"]), "from": str(mail.message["From"])},
    )


def _pictures(message: EmailMessage) -> Iterator[Any]:
    return (part for part in message.walk() if part.get_content_maintype() == "image" and part["Content-ID"])
