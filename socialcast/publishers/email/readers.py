"""Who gets the mail: addresses from a file or a program, each once, and what is wrong with any of them."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
from email.headerregistry import Address
from pathlib import Path
from typing import NamedTuple

from socialcast.model.errors import ConfigurationError
from socialcast.publishers.email.tables import EmailSettings
from socialcast.wire.smtp import without_addresses

__all__ = ["Reader", "Readers", "read_address", "read_readers"]

_LINE = re.compile(r"(?:(?P<name>[^<>]*)<(?P<named>[^<>]*)>|(?P<bare>[^<>]+))")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322, 3.2.3: dot-atom
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]")
_LONGEST_LOCAL, _LONGEST = 64, 254  # RFC 5321, 4.5.3.1
_COMMAND_SECONDS = 60


class Reader(NamedTuple):
    """One address, and the name that goes with it."""

    address: str
    name: str = ""

    @property
    def header(self) -> Address:
        """What stands in To."""
        return Address(display_name=self.name, addr_spec=self.address)

    @property
    def redacted(self) -> str:
        """Enough for who has the list to find it: the first letter and the domain."""
        local, _, domain = self.address.partition("@")
        return f"{local[0]}...@{domain}"

    def hashed(self, scope: str) -> str:
        """What stands for the reader in the ledger, where addresses have no place."""
        return hashlib.sha256(f"{scope}/{self.address.lower()}".encode()).hexdigest()[:16]


class Readers(NamedTuple):
    """The list, and by line what is wrong with it."""

    all: tuple[Reader, ...]
    wrong: tuple[str, ...]


def read_readers(settings: EmailSettings, folder: Path) -> Readers:
    """Everybody once, in the list's order; no address is repeated in what is wrong. Raises ConfigurationError."""
    found: dict[str, Reader] = {}
    wrong = []
    for number, line in enumerate(_lines(settings, folder), 1):
        words = line.partition("#")[0].strip() if line.lstrip().startswith("#") or " #" in line else line.strip()
        if not words:
            continue
        try:
            reader = read_address(words)
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
            continue
        found.setdefault(reader.address.lower(), reader)
    return Readers(tuple(found.values()), tuple(wrong))


def read_address(words: str) -> Reader:
    """The address in `Name <address>` or alone; raises ValueError that says what is wrong without repeating it."""
    line = _LINE.fullmatch(words.strip())
    if line is None:
        raise ValueError("it is not of the form Name <name@example.org>")
    local, _, domain = (line["named"] or line["bare"] or "").strip().rpartition("@")
    if not local:
        raise ValueError("there is no @ in the address")
    if "@" in local:
        raise ValueError("there is more than one @: give each address a line of its own")
    if not local.isascii():
        raise ValueError("what stands before the @ is not in ASCII, which few servers take")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        raise ValueError("what stands after the @ is no name of a server") from None
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL or len(local) + len(domain) >= _LONGEST:
        raise ValueError("what stands before the @ cannot be in an address")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("what stands after the @ is no name of a server")
    name = (line["name"] or "").strip().strip('"').strip()
    if not name.isprintable():
        raise ValueError("its name has characters that cannot be printed")
    return Reader(f"{local}@{domain}", name)


def _lines(settings: EmailSettings, folder: Path) -> list[str]:
    if bool(settings.recipients) == bool(settings.recipients_command):
        raise ConfigurationError("give either recipients, a file, or recipients_command")
    if settings.recipients:
        file = folder / settings.recipients
        try:
            return file.read_text(encoding="utf-8-sig").split("\n")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigurationError(
                f"cannot read the recipients in {file}: line {line} is not in UTF-8; save it anew so"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"cannot read the recipients in {file}: {_why(error)}") from None
    return _printed(settings.recipients_command, folder)


def _printed(command: str, folder: Path) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - the program that the channels file names
            shlex.split(command),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=_COMMAND_SECONDS,
            encoding="utf-8",
        )
    except subprocess.CalledProcessError as error:
        last = without_addresses((error.stderr.strip().splitlines() or ["it said nothing"])[-1])
        raise ConfigurationError(f"recipients_command {command!r} failed with exit code {error.returncode}: {last}") from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"recipients_command {command!r} was not done after {_COMMAND_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"recipients_command {command!r} failed: {_why(error)}") from None
    return done.stdout.split("\n")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
