"""What can go wrong, as one tree.

SocialcastError
├── ConfigurationError      raised at once: settings, files and arguments that cannot mean anything
├── PreflightFailed         every problem on every channel, found before anything was sent
├── PublishError            what one platform said to one call
│   ├── TransientError      worth another try; RateLimited is one
│   ├── TerminalError       refused for good; CredentialsExpired, DuplicatePost, NotAllowed, NotThere are some
│   └── OutcomeUnknown      nobody can tell whether it happened
├── BroadcastError          a broadcast that did not reach every required channel; holds the report
├── LedgerError             the record of what was done cannot be read or written; LedgerBusy: somebody else is at it
└── Cancelled               stopped on request; what was done is recorded
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from socialcast.model.problems import Problem
    from socialcast.model.receipt import Report


class SocialcastError(Exception):
    """The root of everything that socialcast raises."""


class ConfigurationError(SocialcastError, ValueError):
    """A setting, file or argument is wrong; the message says which, where and what to do."""


class PreflightFailed(SocialcastError):
    """Problems were found and nothing was sent; `problems` holds all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["nothing was sent:", *(f"  {problem}" for problem in self.problems)]))


class PublishError(SocialcastError):
    """A platform's answer to a call, in its own words, with what can be done about it."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        hint: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.message, self.status, self.code, self.hint = message, status, code, hint
        self.request_id, self.retry_after = request_id, retry_after
        super().__init__(message)

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}" if self.status else "", f"code {self.code}" if self.code else ""]
        known = ", ".join(fact for fact in facts if fact)
        return "".join([self.message, f" ({known})" if known else "", f"; {self.hint}" if self.hint else ""])


class TransientError(PublishError):
    """Not done, and worth another try."""


class RateLimited(TransientError):
    """Not done: too many calls; `retry_after` says in how many seconds, where the platform told."""


class TerminalError(PublishError):
    """Not done, and the same call would be refused again."""


class CredentialsExpired(TerminalError):
    """The token is wrong, expired or revoked."""


class NotAllowed(TerminalError):
    """The account or the app may not do this."""


class OutOfCredits(TerminalError):
    """The platform wants money first."""


class DuplicatePost(TerminalError):
    """The platform says that this content is there already."""


class Conflict(TerminalError):
    """Somebody else changed the page in between; nothing was overwritten."""


class NotThere(TerminalError):
    """A run that only looks has found nothing, and sends nothing."""


class OutcomeUnknown(PublishError):
    """The call may or may not have happened; it is not sent again before somebody has looked."""


class BroadcastError(SocialcastError):
    """Not every channel that should have the announcement has it; `report` tells the outcome of each."""

    def __init__(self, report: Report) -> None:
        self.report = report
        failed = [outcome for outcome in report.outcomes if outcome.failed]
        super().__init__("; ".join(f"{outcome.channel}: {outcome.state.value}, {outcome.reason}" for outcome in failed))


class LedgerError(SocialcastError):
    """The ledger cannot be used; the message names the file and what to do."""


class LedgerBusy(LedgerError):
    """Another process is publishing this announcement."""


class Cancelled(SocialcastError):
    """The broadcast was stopped on request; running it again goes on where it stopped."""


class ErrorRule(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a publisher's table: which answers mean what.

    A row fits when every given fact fits: `status`, `code` (the platform's), `words` (a part of its message, where
    nothing else tells answers apart), `call` (the beginning of the path, where one code means several things). The
    first row that fits decides. `fate` overrides what a status alone would mean for a write.
    """

    raises: type[PublishError]
    status: int | None = None
    code: str | None = None
    words: str | None = None
    call: str | None = None
    hint: str = ""
    fate: Literal["not done", "unknown"] = "not done"

    def fits(self, *, status: int | None, code: str, message: str, call: str) -> bool:
        """Whether this row speaks of such an answer."""
        tests: Sequence[tuple[Any, bool]] = (
            (self.status, self.status == status),
            (self.code, self.code == code),
            (self.words, (self.words or "").lower() in message.lower()),
            (self.call, call.startswith(self.call or "")),
        )
        return all(passed for wanted, passed in tests if wanted is not None)
