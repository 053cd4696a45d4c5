"""What a person approved, and what is different now: nothing else is sent.

A plan that was looked at is kept beside the ledger under its digest, so that a later difference can be named and not only
noticed. The ledger notes what an announcement was approved as, so that a run that goes on after an embargo or a crash is
held to it as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeAlias

import msgspec

from socialcast.broadcast.plan import Plan, PlannedChannel, digest_of_content
from socialcast.compose.excerpt import excerpt
from socialcast.delivery.ledger import Ledger, Step
from socialcast.delivery.steps import NOTED
from socialcast.model.announcement import told_by_content
from socialcast.model.errors import ConfigurationError
from socialcast.model.post import Post
from socialcast.model.problems import Problem

__all__ = ["Approval", "Approved", "differs", "keep"]

Approved: TypeAlias = str | os.PathLike[str] | Plan  # a digest, the file of a plan's content, a plan

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NOTE, _OF_ALL_CHANNELS = "approved", ""  # where the ledger has it
_NAMED = 8  # differences that a message tells; who changed more looks at the new plan
_WORDS = {"sha256": "the file has other bytes"}
_LOOK = "look at the new plan, and approve that one: socialcast plan"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A plan's digest that somebody agreed to, and that plan's content where it is known."""

    digest: str
    content: dict[str, Any] | None = None

    @classmethod
    def of(cls, approved: Approved, folder: Path) -> Self:
        """What is meant by a digest, a file that holds a plan's content, or a plan; `folder` is where plans are kept.

        Raises ConfigurationError for what is none of them.
        """
        if isinstance(approved, Plan):
            return cls(digest=approved.digest, content=approved.content)
        if isinstance(approved, str) and _DIGEST.fullmatch(approved):
            return cls(digest=approved, content=_read(folder / f"{approved}.json", approved))
        content = _read(Path(approved))
        if content is None:
            raise ConfigurationError(
                f"{os.fspath(approved)!r} is no digest, which has 64 hexadecimal characters and stands at the end of a plan,"
                " and no file that `socialcast plan --save` wrote"
            )
        return cls(digest=digest_of_content(content), content=content)

    @classmethod
    def noted(cls, ledger: Ledger, key: str) -> Self | None:
        """What the announcement was last approved as."""
        note = ledger.steps(key, _OF_ALL_CHANNELS).get(_NOTE)
        return msgspec.convert(note.result, cls) if note else None

    def note(self, ledger: Ledger, key: str, now: float) -> None:
        """Hold the later runs of the announcement to it."""
        ledger.record_step(key, _OF_ALL_CHANNELS, Step(_NOTE, NOTED, msgspec.to_builtins(self), now))

    def problems(self, plan: Plan) -> tuple[Problem, ...]:
        """What is not as it was approved, a problem for each channel; a run may leave out channels that were."""
        if self.digest == plan.digest:
            return ()
        if self.content is None:
            return (_changed(f"the plan is {plan.digest} now and not the approved {self.digest}, which is not known here"),)
        if (key := self.content.get("key")) != plan.key:
            return (_changed(f"what was approved is another announcement, {key!r}"),)
        known, now = self.content["channels"], plan.content["channels"]
        found = {
            name: _differences(known[name], told) if name in known else ["it was not part of it"] for name, told in now.items()
        }
        return tuple(_changed(_in_words(told), channel) for channel, told in found.items() if told)

    def missing(self, known: Collection[str]) -> tuple[Problem, ...]:
        """The channels that were to get it and are not known any more, a problem for each."""
        channels = (self.content or {}).get("channels", {})
        gone = [name for name, told in channels.items() if name not in known and not told.get("skipped")]
        return tuple(
            _changed(f"channel {name!r} was to get it, and the channels file does not have it any more") for name in gone
        )


def keep(plan: Plan, folder: Path) -> Path:
    """The file in which the plan is kept under its digest; raises OSError where there is no place for it."""
    file = folder / f"{plan.digest}.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(plan.content)))
    return file


def differs(planned: PlannedChannel, links: Mapping[str, str], post: Post) -> str:
    """In words, how a post that is about to be sent differs from the planned one; empty where it does not."""
    now = msgspec.json.decode(msgspec.json.encode(told_by_content(post)))
    found = _differences(_with_links(planned, links), now)
    return _in_words(found) if found else ""


def _with_links(planned: PlannedChannel, links: Mapping[str, str]) -> dict[str, Any]:
    """The planned post as plain data, the real addresses in the place of their stand-ins."""
    told = msgspec.json.encode(planned.told).decode()
    for kind, stand_in in planned.links.items():
        if stand_in and kind in links:
            told = told.replace(stand_in, msgspec.json.encode(links[kind]).decode()[1:-1])
    post: dict[str, Any] = msgspec.json.decode(told)
    return post


def _differences(approved: Any, now: Any) -> list[str]:
    """What is different, each in a sentence with its place."""
    before, after = dict(_leaves(approved)), dict(_leaves(now))
    places = dict.fromkeys((*before, *after))
    return [_told(place, before.get(place), after.get(place)) for place in places if before.get(place) != after.get(place)]


def _read(file: Path, digest: str = "") -> dict[str, Any] | None:
    """A plan's content; None where there is none, or another than the file's name says."""
    try:
        content = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_plan = isinstance(content, dict) and isinstance(content.get("channels"), dict)
    return content if is_plan and digest in ("", digest_of_content(content)) else None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def _told(place: str, before: Any, after: Any) -> str:
    place = place.removeprefix("post.")
    if place.endswith(".sha256") and before and after:
        return f"{place.removesuffix('.sha256')}: the file has other bytes"
    return f"{place} was {_shown(before, after)}, is {_shown(after, before)}"


def _shown(value: Any, other: Any) -> str:
    """The value, or of a long text what is around the first difference."""
    if value is None:
        return "not there"
    return excerpt(*(item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in (value, other)))


def _in_words(found: list[str]) -> str:
    more = [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return "; ".join([*found[:_NAMED], *more])


def _changed(message: str, channel: str = "") -> Problem:
    return Problem(code="approval.changed", channel=channel, message=f"not what was approved: {message}", fix=_LOOK)
