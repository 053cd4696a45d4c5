"""Secrets: where they are kept, and how they are kept out of everything that is printed or stored."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

from socialcast.model.errors import ConfigurationError
from socialcast.wire.files import write_whole

__all__ = ["MissingSecret", "Redactor", "Secret", "is_reference", "read_secret", "store_secret"]

_SHORTEST_REDACTED = 4  # a shorter value would blank out ordinary words


class MissingSecret(ConfigurationError):
    """The place that a setting names holds no secret."""


class Secret:
    """A value that shows itself to nobody but who calls `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Redactor(logging.Filter):
    """Replaces literal secrets in texts, and in log records as a filter."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        super().__init__()
        self._values: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Know one more secret, such as a token that was just refreshed, also as it stands in an address or a form."""
        value = secret.reveal()
        if len(value) >= _SHORTEST_REDACTED:
            self._values |= {value, quote(value, safe=""), quote_plus(value), quote(value)}

    def redact(self, text: str) -> str:
        """The text with every known secret blanked out."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place and let it through."""
        record.msg, record.args = self.redact(record.getMessage()), ()
        return True


def is_reference(value: str) -> bool:
    """Whether a setting names a place instead of holding a value."""
    return value.partition(":")[0] in _READERS


def read_secret(reference: str, where: str, folder: Path) -> Secret:
    """The secret that `env:NAME`, `file:PATH` or `keyring:NAME` points to; relative paths start at `folder`."""
    kind, _, name = reference.partition(":")
    reader = _READERS.get(kind)
    if reader is None or not name:
        raise ConfigurationError(
            f"{where} holds a secret in plain sight: write env:NAME, file:PATH or keyring:NAME, and put the value there"
        )
    return Secret(reader(name, where, folder))


def store_secret(reference: str, value: Secret, folder: Path) -> None:
    """Keep a secret where `file:PATH` or `keyring:NAME` says; `read_secret` gives it back. Raises ConfigurationError."""
    kind, _, name = reference.partition(":")
    writer = _WRITERS.get(kind)
    if writer is None or not name:
        raise ConfigurationError(f"no secret can be kept in {reference!r}: write file:PATH or keyring:NAME")
    writer(name, value.reveal(), folder)


def _from_environment(name: str, where: str, folder: Path) -> str:
    if value := os.environ.get(name):
        return value
    raise MissingSecret(f"{where} is env:{name}, and the environment variable {name} is not set")


def _from_file(name: str, where: str, folder: Path) -> str:
    try:
        value = (folder / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingSecret(f"{where} is file:{name}, and that file cannot be read: {error.strerror}") from None
    if not value:
        raise MissingSecret(f"{where} is file:{name}, and that file is empty")
    return value


def _from_keyring(name: str, where: str, folder: Path) -> str:
    try:
        import keyring  # a heavy import that most people never need
    except ImportError:
        raise MissingSecret(f"{where} is keyring:{name}, which needs: pip install 'socialcast[keyring]'") from None
    try:
        value = keyring.get_password("socialcast", name)
    except keyring.errors.KeyringError as error:
        raise MissingSecret(f"{where} is keyring:{name}, and the keyring cannot be opened: {error}") from None
    if not value:
        raise MissingSecret(f"{where} is keyring:{name}, and the keyring has no such entry: keyring set socialcast {name}")
    return value


def _to_file(name: str, value: str, folder: Path) -> None:
    """Only its owner can read the file."""
    try:
        write_whole(folder / name, value.encode(), mode=0o600)
    except OSError as error:
        raise ConfigurationError(f"a secret cannot be kept in file:{name}: {error.strerror}") from None


def _to_keyring(name: str, value: str, folder: Path) -> None:
    try:
        import keyring  # a heavy import that most people never need
    except ImportError:
        raise ConfigurationError(f"keyring:{name} needs: pip install 'socialcast[keyring]'") from None
    try:
        keyring.set_password("socialcast", name, value)
    except keyring.errors.KeyringError as error:
        raise ConfigurationError(f"a secret cannot be kept in keyring:{name}: {error}") from None


_READERS = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
_WRITERS = {"file": _to_file, "keyring": _to_keyring}
