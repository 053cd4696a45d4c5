"""SMTP as a submission server speaks it (RFC 5321, RFC 4954): what a mirror decides is put to it as a request of its own.

The dialogue knows the order of commands; who may send, who is known here and what is taken is the platform's. So a fault can
befall each of these as it befalls an HTTP request; an answer that is none in SMTP, such as a page of HTML, goes out as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from socket import socket

from socialcast.sandbox.mirror import Response
from socialcast.sandbox.request import LostConnection

__all__ = ["Ask", "converse"]

Ask = Callable[[str, bytes, Mapping[str, str]], Response]  # the command, what it carries, and the session so far

_TOO_MANY = 429
_BAD_SEQUENCE = "503 5.5.1 Error: bad sequence of commands"
_LONGEST_LINE_BYTES = 1 << 20
_ADDRESS = re.compile(r"(?:FROM|TO):<([^<>\s]*)>((?: [A-Z0-9-]+(?:=\S+)?)*)", re.IGNORECASE)


def converse(connection: socket, host: str, max_bytes: int, ask: Ask) -> None:
    """Serve the client until it quits or is gone."""
    with connection.makefile("rb") as stream:
        _Dialogue(connection, stream.readline, host, max_bytes, ask).run()


class _Dialogue:
    def __init__(self, connection: socket, readline: Callable[[int], bytes], host: str, max_bytes: int, ask: Ask) -> None:
        self._connection, self._readline, self._host, self._max_bytes, self._ask = connection, readline, host, max_bytes, ask
        self._greeted, self._user = False, ""
        self._sender: str | None = None
        self._recipients: list[str] = []

    def run(self) -> None:
        self._say(f"220 {self._host} ESMTP")
        while (line := self._line()).upper() != "QUIT":
            verb, _, words = line.partition(" ")
            if reply := _COMMANDS.get(verb.upper(), _Dialogue._unknown)(self, words):
                self._say(reply)
        self._say("221 2.0.0 Bye")

    def _unknown(self, words: str) -> str:
        return "502 5.5.2 Error: command not recognized"

    def _ehlo(self, words: str) -> str:
        if not words:
            return "501 5.5.4 Syntax: EHLO hostname"
        self._greeted = True
        self._forget()
        offered = (f"SIZE {self._max_bytes}", "AUTH PLAIN", "ENHANCEDSTATUSCODES")
        return "\r\n".join([f"250-{self._host}", *(f"250-{one}" for one in offered), "250 8BITMIME"])

    def _auth(self, words: str) -> str:
        mechanism, _, given = words.partition(" ")
        if not self._greeted or self._user:
            return _BAD_SEQUENCE
        if mechanism.upper() != "PLAIN":
            return "504 5.5.4 Unrecognized authentication type"
        if not given:
            self._say("334 ")
            given = self._line()
        try:
            decoded = base64.b64decode(given, validate=True)
        except binascii.Error:
            return "501 5.5.2 Cannot decode the response"
        if self._answer(self._ask("AUTH", decoded, {})):
            self._user = decoded.split(b"\0")[1].decode()
        return ""

    def _mail(self, words: str) -> str:
        found = _ADDRESS.fullmatch(words)
        if not self._greeted or self._sender is not None:
            return _BAD_SEQUENCE
        if not found or not words.upper().startswith("FROM:"):
            return "501 5.5.4 Syntax: MAIL FROM:<address>"
        size = re.search(r" SIZE=(\d+)", found[2], re.IGNORECASE)
        if size and int(size[1]) > self._max_bytes:
            return "552 5.3.4 Message size exceeds fixed limit"
        if self._answer(self._ask("MAIL", found[1].encode(), self._session)):
            self._sender = found[1]
        return ""

    def _rcpt(self, words: str) -> str:
        found = _ADDRESS.fullmatch(words)
        if self._sender is None:
            return _BAD_SEQUENCE
        if not found or not found[1] or not words.upper().startswith("TO:"):
            return "501 5.1.3 Bad recipient address syntax"
        if self._answer(self._ask("RCPT", found[1].encode(), self._session)):
            self._recipients.append(found[1])
        return ""

    def _data(self, words: str) -> str:
        if not self._recipients:
            return _BAD_SEQUENCE
        self._say("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := self._raw_line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        session = self._session
        self._forget()
        self._answer(self._ask("DATA", b"".join(lines), session))
        return ""

    def _reset(self, words: str) -> str:
        self._forget()
        return "250 2.0.0 Ok"

    def _nothing(self, words: str) -> str:
        return "250 2.0.0 Ok"

    def _forget(self) -> None:
        self._sender = None
        self._recipients = []

    @property
    def _session(self) -> dict[str, str]:
        return {"user": self._user, "sender": self._sender or "", "recipients": ",".join(self._recipients)}

    def _answer(self, response: Response) -> bool:
        """Send what the platform says; whether it agreed."""
        if response.status_code == _TOO_MANY:
            self._say("451 4.7.1 Too much mail for now, try again later")
            return False
        said = b""
        for piece in response.iter_encoded():  # one by one, since a fault may lose the rest
            self._connection.sendall(piece)
            said += piece
        if not said.endswith(b"\r\n"):
            self._connection.sendall(b"\r\n")
        return said.startswith(b"2")

    def _say(self, reply: str) -> None:
        self._connection.sendall(reply.encode() + b"\r\n")

    def _line(self) -> str:
        return self._raw_line().decode("utf-8", "replace").rstrip("\r\n")

    def _raw_line(self) -> bytes:
        line = self._readline(_LONGEST_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise LostConnection
        return line


_COMMANDS: Mapping[str, Callable[[_Dialogue, str], str]] = {  # each gives the reply, unless it was the platform's
    "EHLO": _Dialogue._ehlo,
    "AUTH": _Dialogue._auth,
    "MAIL": _Dialogue._mail,
    "RCPT": _Dialogue._rcpt,
    "DATA": _Dialogue._data,
    "RSET": _Dialogue._reset,
    "NOOP": _Dialogue._nothing,
}
