"""What all data that people write has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import force_setattr

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Data", "Record"]


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Frozen, comparable data with plain JSON both ways."""

    def __post_init__(self) -> None:
        """A title is one line: in YAML, a block of text ends with a line break, and may have more."""
        title = getattr(self, "title", None)
        if title and "\n" in title:
            force_setattr(self, "title", " ".join(filter(None, map(str.strip, title.split("\n")))))

    def to_json(self) -> bytes:
        """Plain JSON; `from_json` gives an equal value back."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, document: bytes | str) -> Self:
        """The value that `to_json` wrote; raises msgspec.ValidationError with the path of what does not fit."""
        return msgspec.json.decode(document, type=cls)


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen data that fits in the ledger; a field that a newer version added is passed over."""
