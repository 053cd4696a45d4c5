"""The sandbox takes mail as a submission server does: from who signed in, in order, well formed, and nothing else."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.email import READERS, EmailMirror

HEADERS = {
    "From": "Press <press@example.org>",
    "To": "ada@journal.example",
    "Subject": "Doors",
    "Date": "Thu, 26 Nov 2026 12:00:00 +0000",
    "Message-ID": "<1@example.org>",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"email": EmailMirror}) as running:
        yield running


class Client:
    """Lines to the server, and its replies as they are."""

    def __init__(self, sandbox: Sandbox, host: str = "smtp.example.org") -> None:
        address = urlsplit(sandbox.url)
        self.connection = socket.create_connection((address.hostname, address.port), 10)
        self.lines = self.connection.makefile("rb")
        self.connection.sendall(f"CONNECT {host}:587 HTTP/1.1\r\nHost: {host}:587\r\n\r\n".encode())
        assert self.lines.readline().startswith(b"HTTP/1.1 200 ")
        assert self.lines.readline() == b"\r\n"

    def hear(self) -> str:
        said = self.lines.readline().decode()
        while said[3:4] == "-":
            said = self.lines.readline().decode()
        return said.rstrip()

    def say(self, line: str | bytes) -> str:
        self.connection.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.hear()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.connection.close()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """One that was greeted and signed in."""
    told = sandbox.account("email", "press").credentials
    with Client(sandbox) as client:
        assert client.hear().startswith("220 ")
        assert client.say("EHLO here").startswith("250 ")
        assert client.say(f"AUTH PLAIN {plain(told['username'], told['password'])}").startswith("235 ")
        yield client


def plain(user: str, password: str) -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def mail(**changed: str | None) -> bytes:
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, "", "We open at nine."]).encode()


def sent(client: Client, content: bytes, recipient: str = "ada@journal.example") -> str:
    assert client.say("MAIL FROM:<press@example.org>").startswith("250 ")
    assert client.say(f"RCPT TO:<{recipient}>").startswith("250 ")
    assert client.say("DATA").startswith("354 ")
    return client.say(content + b"\r\n.")


def test_a_mail_arrives_whole(client: Client, sandbox: Sandbox) -> None:
    """It is taken, shown with its words, and a leading dot is one dot (RFC 5321, 4.5.2)."""
    assert sent(client, mail() + b"\r\n..dotted").startswith("250 2.0.0 Ok: queued as ")
    (card,) = sandbox.mirror("email").cards()
    assert (card.kind, card.title) == ("mail", "Doors")
    assert card.text.splitlines() == ["We open at nine.", ".dotted"]
    assert card.facts["to"] == "ada@journal.example"
    assert requests.get(f"{sandbox.url}/at/smtp.example.org/mails/{card.id}", timeout=10).status_code == 200
    assert client.say("QUIT").startswith("221 ")


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (mail(Message_ID=None), "550 5.7.1"),
        (mail(Date=None), "550 5.7.1"),
        (mail(From=None), "550 5.7.1"),
        (mail(From="Press <press@elsewhere.example>"), "550 5.7.26"),
        (mail(Subject="Doors\r\nSubject: Again"), "550 5.7.1"),
        (mail() + b"\nbare", "521 5.5.2"),
        (mail() + b"\r\n" + b"x" * 999, "500 5.5.2"),
        (mail() + "\r\n\u00fc".encode(), "554 5.6.1"),
    ],
)
def test_a_malformed_mail_is_refused(client: Client, sandbox: Sandbox, content: bytes, reply: str) -> None:
    """With the reply that says why, and nothing arrives."""
    assert sent(client, content).startswith(reply)
    assert sandbox.mirror("email").cards() == []


def test_a_mail_that_is_too_large_is_refused_before_and_after(client: Client) -> None:
    """By the size that is announced (RFC 1870), and by the one that comes."""
    assert client.say("MAIL FROM:<press@example.org> SIZE=25000001").startswith("552 5.3.4")
    lines = b"\r\n".join([b"x" * 900] * 28_000)
    assert sent(client, mail() + b"\r\n" + lines).startswith("552 5.3.4")


@pytest.mark.parametrize(
    ("recipient", "reply"),
    [("", "501 5.1.3"), ("ada", "553 5.1.3"), ("\u00e4da@journal.example", "553 5.1.3"), ("gone@journal.example", "550 5.1.1")],
)
def test_a_recipient_that_cannot_be_is_refused(client: Client, sandbox: Sandbox, recipient: str, reply: str) -> None:
    """Each by itself; the next one is taken on the same connection."""
    mirror: Any = sandbox.mirror("email")
    mirror.replies["gone@journal.example"] = "550 5.1.1 <gone@journal.example>: User unknown"
    assert client.say("MAIL FROM:<press@example.org>").startswith("250 ")
    assert client.say(f"RCPT TO:<{recipient}>").startswith(reply)
    assert client.say("DATA").startswith("503 ")
    assert client.say("RSET").startswith("250 ")
    assert sent(client, mail()).startswith("250 ")


def test_nobody_sends_who_did_not_sign_in(sandbox: Sandbox) -> None:
    """Without a password, with a wrong one, and with one that was changed."""
    told = sandbox.account("email", "press").credentials
    with Client(sandbox) as client:
        client.hear()
        assert client.say("MAIL FROM:<press@example.org>").startswith("503 ")
        client.say("EHLO here")
        assert client.say("MAIL FROM:<press@example.org>").startswith("530 5.7.0")
        assert client.say(f"AUTH PLAIN {plain('press', 'wrong')}").startswith("535 5.7.8")
        assert client.say("AUTH PLAIN").startswith("334")
        assert client.say(plain("nobody", told["password"])).startswith("535 5.7.8")
        assert client.say("AUTH LOGIN").startswith("504 ")
        assert client.say("AUTH PLAIN ?").startswith("501 ")
        sandbox.mirror("email").expire_credentials("press")
        right = f"AUTH PLAIN {plain(told['username'], told['password'])}"
        assert client.say(right).startswith("535 5.7.8")
        sandbox.mirror("email").renew_credentials("press")
        assert client.say(right).startswith("235 ")
        assert client.say(right).startswith("503 ")


def test_commands_come_in_their_order(client: Client) -> None:
    """RFC 5321, 4.1.4; and what is no command is told."""
    assert client.say("RCPT TO:<ada@journal.example>").startswith("503 ")
    assert client.say("DATA").startswith("503 ")
    assert client.say("MAIL TO:<press@example.org>").startswith("501 ")
    assert client.say("MAIL FROM:press@example.org").startswith("501 ")
    assert client.say("MAIL FROM:<press@example.org>").startswith("250 ")
    assert client.say("MAIL FROM:<press@example.org>").startswith("503 ")
    assert client.say("STARTTLS").startswith("502 ")
    assert client.say("EHLO").startswith("501 ")
    assert client.say("NOOP").startswith("250 ")


def test_what_goes_wrong_befalls_a_command(client: Client, sandbox: Sandbox) -> None:
    """Too many mails is a temporary refusal; a lost answer is a connection that is gone, with the mail taken."""
    sandbox.fault("email", "refuse_429", handler="receive")
    sandbox.fault("email", "reset_after", handler="receive", nth=2)
    assert sent(client, mail()).startswith("451 4.7.1")
    assert sandbox.mirror("email").cards() == []
    with pytest.raises(ConnectionResetError):
        sent(client, mail())
    assert len(sandbox.mirror("email").cards()) == 1
    assert [record.method for record in sandbox.requests("email")] == ["AUTH", *2 * ["MAIL", "RCPT", "DATA"]]


def test_a_host_that_takes_no_mail_hangs_up(sandbox: Sandbox) -> None:
    """Nothing is played that nobody wrote a mirror for."""
    with Client(sandbox, "smtp.elsewhere.example") as client:
        assert client.lines.read() == b""


def test_a_rehearsal_has_readers_of_its_own(sandbox: Sandbox) -> None:
    """Nobody's real address is written to, or shown on the wall."""
    told = sandbox.account("email", "press").credentials["recipients"]
    text = Path(told).read_text(encoding="utf-8")
    assert tuple(text.splitlines()) == READERS
