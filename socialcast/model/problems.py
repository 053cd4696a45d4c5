"""One finding of the checks before anything is sent."""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Problem", "Severity"]


class Severity(Enum):
    """An error stops a required channel, a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong (`code`, `message`), where (`channel`, `path` in the announcement) and what to do (`fix`)."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    channel: str = ""
    path: str = ""
    fix: str = ""

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.channel, self.path) if part)
        remedy = f"; {self.fix}" if self.fix else ""
        return f"{self.severity.value} {self.code} at {where or 'the announcement'}: {self.message}{remedy}"
