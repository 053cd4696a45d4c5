"""Mail submission on a kept connection, by smtplib, with each reply told as what it means for the mail.

smtplib tells a connection that broke before the final dot from one that broke after it only by chance; which of the two it was
is all that matters for sending again. So the message itself is sent here, and its reply read by smtplib.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from typing import Any, NamedTuple

from socialcast.model.errors import TerminalError
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Transport

__all__ = ["Lost", "Refused", "Server", "Submission", "without_addresses"]

IMPLICIT_TLS_PORT = 465  # RFC 8314, 3.3
_NO_NAME = "[127.0.0.1]"  # smtplib would look for this machine's name, by DNS, and tell it to every reader
_REPLY_SECONDS = 60
_TAKEN_SECONDS = 600  # for the reply after the final dot (RFC 5321, 4.5.3.2.6)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")

logger = logging.getLogger("socialcast.wire")


class Server(NamedTuple):
    """A submission server and who signs in there."""

    host: str
    port: int
    username: str = ""
    password: Secret | None = None


class Refused(Exception):
    """The server said no to a command; nothing was taken. The words are without addresses."""

    def __init__(self, command: str, status: int, said: bytes) -> None:
        words = " ".join(said.decode("utf-8", "replace").split())
        code = _ENHANCED.match(words)
        self.command, self.status, self.code = command, status, code[0] if code else ""
        self.words = without_addresses(words)
        super().__init__(f"{status} {self.words}")


class Lost(Exception):
    """The server is gone, or its reply cannot be read; `may_be_taken` says whether the whole message had left."""

    def __init__(self, message: str, *, may_be_taken: bool = False) -> None:
        super().__init__(message)
        self.may_be_taken = may_be_taken


class Submission:
    """One signed-in connection, which takes one mail after the other. Raises Refused, Lost and PublishError."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self._server = server
        is_here = transport.sandbox_url is not None or _is_loopback(server.host)
        try:
            self._smtp = _Smtp(server, transport)
        except ssl.SSLCertVerificationError as error:
            raise TerminalError(f"the certificate of {server.host} does not hold: {error.verify_message}") from error
        except smtplib.SMTPConnectError as error:
            self._require_reply("CONNECT", error.smtp_code)
            raise Refused("CONNECT", error.smtp_code, _bytes(error.smtp_error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Lost(f"{server.host}:{server.port} does not answer ({_why(error)})") from error
        try:
            self._greet(is_here)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Say goodbye, if anybody listens still."""
        with suppress(OSError, smtplib.SMTPException, ValueError):
            self._smtp.quit()
        self._smtp.close()

    @property
    def max_bytes(self) -> int | None:
        """The largest message that the server takes, where it tells (RFC 1870)."""
        told = self._smtp.esmtp_features.get("size", "")
        return int(told) if told.isdigit() and int(told) else None

    def send(self, sender: str, recipient: str, message: bytes) -> str:
        """Give one mail to the server: what it said when it took it. The lines end in CRLF."""
        size = f" SIZE={len(message)}" if "size" in self._smtp.esmtp_features else ""
        self._command("MAIL", f"MAIL FROM:<{sender}>{size}")
        try:
            self._command("RCPT", f"RCPT TO:<{recipient}>")
        except Refused:
            self._command("RSET", "RSET")
            raise
        self._command("DATA", "DATA", wanted=354)
        return self._taken(message)

    def _taken(self, message: bytes) -> str:
        stuffed = message.replace(b"\r\n.", b"\r\n..").removesuffix(b"\r\n") + b"\r\n.\r\n"
        try:
            self._smtp.send(stuffed)
        except (OSError, smtplib.SMTPException) as error:
            raise Lost(f"{self._server.host} hung up while the mail was sent ({_why(error)})") from error
        self._smtp.allow_seconds(_TAKEN_SECONDS)
        said = self._reply("DATA", wanted=250, may_be_taken=True)
        self._smtp.allow_seconds(_REPLY_SECONDS)
        return said

    def _greet(self, is_here: bool) -> None:
        self._command("EHLO", f"EHLO {self._smtp.local_hostname}", ehlo=True)
        if self._server.port != IMPLICIT_TLS_PORT and self._smtp.has_extn("starttls"):
            self._command("STARTTLS", "STARTTLS", wanted=220)
            self._smtp.begin_tls(self._server.host)
            self._command("EHLO", f"EHLO {self._smtp.local_hostname}", ehlo=True)
        elif self._server.port != IMPLICIT_TLS_PORT and not is_here:
            raise TerminalError(
                f"{self._server.host}:{self._server.port} offers no TLS, so neither password nor mail was sent",
                hint=f"use its submission port, 587 or {IMPLICIT_TLS_PORT}",
            )
        if self._server.username:
            self._sign_in()

    def _sign_in(self) -> None:
        password = self._server.password.reveal() if self._server.password else ""
        try:
            self._smtp.login(self._server.username, password)
        except smtplib.SMTPNotSupportedError as error:
            raise TerminalError(f"{self._server.host} lets nobody sign in", hint="leave username out, or use port 587") from error
        except smtplib.SMTPResponseException as error:
            self._require_reply("AUTH", error.smtp_code)
            raise Refused("AUTH", error.smtp_code, _bytes(error.smtp_error)) from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Lost(f"{self._server.host} hung up when asked to sign in ({_why(error)})") from error

    def _command(self, name: str, line: str, *, wanted: int = 250, ehlo: bool = False) -> None:
        try:
            if ehlo:
                self._smtp.ehlo()
                return
            self._smtp.putcmd(line)
        except (OSError, smtplib.SMTPException) as error:
            raise Lost(f"{self._server.host} hung up at {name} ({_why(error)})") from error
        self._reply(name, wanted=wanted)

    def _reply(self, name: str, *, wanted: int, may_be_taken: bool = False) -> str:
        try:
            status, said = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Lost(f"{self._server.host} did not answer {name} ({_why(error)})", may_be_taken=may_be_taken) from error
        self._require_reply(name, status, may_be_taken=may_be_taken)
        logger.info("%s %s: %s", name, self._server.host, status)
        if status == wanted or (wanted == 250 and status == 251):
            return without_addresses(said.decode("utf-8", "replace"))
        raise Refused(name, status, said)

    def _require_reply(self, name: str, status: int, *, may_be_taken: bool = False) -> None:
        """Raise Lost for what is no reply of SMTP."""
        if not 200 <= status < 600:
            raise Lost(f"{self._server.host} answers {name} in a way that tells nothing", may_be_taken=may_be_taken)


class _Smtp(smtplib.SMTP):
    """smtplib's client on a connection of ours."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self._server, self._transport = server, transport
        super().__init__(server.host, server.port, local_hostname=_NO_NAME, timeout=_REPLY_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        tls = self._server.port == IMPLICIT_TLS_PORT
        connection = self._transport.connect_to_talker(self._server.host, self._server.port, tls=tls)
        connection.settimeout(timeout)
        return connection

    def allow_seconds(self, seconds: int) -> None:
        """How long a reply may take from now on."""
        if self.sock:
            self.sock.settimeout(seconds)

    def begin_tls(self, host: str) -> None:
        """After the server agreed to STARTTLS: what was said before counts no more (RFC 3207, 4.2)."""
        try:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=host)  # type: ignore[arg-type]
        except ssl.SSLCertVerificationError as error:
            raise TerminalError(f"the certificate of {host} does not hold: {error.verify_message}") from error
        except OSError as error:
            raise Lost(f"{host} hung up at STARTTLS ({_why(error)})") from error
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False


def without_addresses(words: str) -> str:
    """What servers and programs say, without whom they say it of: readers have no place in our records."""
    return _ADDRESS.sub("(address)", words)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()
