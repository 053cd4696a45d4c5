"""What each platform tells of its channel before anything is sent: read only, and without a ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from socialcast.broadcast.channels import open_channels
from socialcast.broadcast.plan import Plan, check_post, make_plan
from socialcast.model.announcement import Announcement
from socialcast.model.cost import Cost
from socialcast.model.errors import ConfigurationError, PublishError
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Access, Account
from socialcast.publisher import Publisher
from socialcast.wire.clock import Clock
from socialcast.wire.settings import Channel
from socialcast.wire.transport import Transport, recording

__all__ = ["Checkup", "examine"]

_CHANNELS_AT_ONCE = 32


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel is: who it is and what it may do, or the reason why it cannot publish and what to do; `costs` and
    `problems` are those of an announcement, under the account's own limits."""

    channel: str
    platform: str
    required: bool = True
    account: Account | None = None
    access: Access = Access()
    reason: str = ""
    hint: str = ""
    costs: tuple[Cost, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether it could publish, the announcement if one was given."""
        return not self.reason and not any(problem.severity is Severity.ERROR for problem in self.problems)


def examine(
    announcement: Announcement | None,
    channels: Mapping[str, Channel],
    known: Collection[str],
    transport: Transport,
    clock: Clock,
    cache_folder: Path,
) -> list[Checkup]:
    """A checkup of every channel, many at once; one that is set up wrongly does not hide the others."""
    publishers: dict[str, Publisher] = {}
    found: dict[str, Checkup] = {}
    for name, channel in channels.items():
        bare = Checkup(channel=name, platform=channel.platform, required=channel.required)
        try:
            publishers |= open_channels([channel], transport, clock, cache_folder, to_send=True)
            found[name] = bare
        except ConfigurationError as error:
            found[name] = msgspec.structs.replace(bare, reason=str(error), hint="see: socialcast channels")
    opened = {name: channels[name] for name in publishers}
    plan = make_plan(announcement, opened, publishers, known) if announcement else None
    with ThreadPoolExecutor(_CHANNELS_AT_ONCE, thread_name_prefix="socialcast-doctor") as pool:
        asked = pool.map(lambda name: _asked(found[name], publishers[name], channels[name], plan), publishers)
        found |= dict(zip(publishers, asked, strict=True))
    return list(found.values())


def _asked(bare: Checkup, publisher: Publisher, channel: Channel, plan: Plan | None) -> Checkup:
    redact = publisher.connection.transport.redactor.redact
    with recording() as exchanges:
        try:
            account, access = publisher.account(), publisher.access()
        except Exception as error:  # noqa: BLE001 - one publisher's defect must not hide the other channels
            judged = publisher.judge(error, exchanges, writing=False)
            hint = judged.hint if isinstance(judged, PublishError) else ""
            message = judged.message if isinstance(judged, PublishError) else f"{type(judged).__name__}: {judged}"
            return msgspec.structs.replace(bare, reason=redact(message), hint=redact(hint))
    told = msgspec.structs.replace(bare, account=account, access=access)
    planned = plan[channel.name] if plan else None
    if planned is None or planned.post is None:
        return msgspec.structs.replace(told, problems=planned.problems if planned else ())
    problems = tuple(check_post(planned.post, publisher, channel, account.limits))
    return msgspec.structs.replace(told, costs=planned.costs, problems=problems)
