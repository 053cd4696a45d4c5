"""One announcement to every channel of an organisation, coherently and exactly once.

The names below are imported on first use, so that `import socialcast` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from socialcast.broadcast import Broadcast, Event, Plan
    from socialcast.model.announcement import (
        Announcement,
        Audience,
        Link,
        Live,
        LiveWords,
        Override,
        Photo,
        PhotoWords,
        Privacy,
        Subtitles,
        Video,
        VideoWords,
        Words,
    )
    from socialcast.model.errors import (
        BroadcastError,
        Cancelled,
        ConfigurationError,
        LedgerError,
        OutcomeUnknown,
        PreflightFailed,
        PublishError,
        SocialcastError,
        TerminalError,
        TransientError,
    )
    from socialcast.model.receipt import LiveState, Outcome, Receipt, Report, State
    from socialcast.model.reports import LiveReport
    from socialcast.wire.announcements import load_announcement
    from socialcast.wire.settings import Channel
    from socialcast.wire.wording import Wording

_HOME = {
    "Announcement": "socialcast.model.announcement",
    "Audience": "socialcast.model.announcement",
    "Broadcast": "socialcast.broadcast",
    "BroadcastError": "socialcast.model.errors",
    "Cancelled": "socialcast.model.errors",
    "Channel": "socialcast.wire.settings",
    "ConfigurationError": "socialcast.model.errors",
    "Event": "socialcast.broadcast",
    "LedgerError": "socialcast.model.errors",
    "Link": "socialcast.model.announcement",
    "Live": "socialcast.model.announcement",
    "LiveReport": "socialcast.model.reports",
    "LiveState": "socialcast.model.receipt",
    "LiveWords": "socialcast.model.announcement",
    "Outcome": "socialcast.model.receipt",
    "OutcomeUnknown": "socialcast.model.errors",
    "Override": "socialcast.model.announcement",
    "Photo": "socialcast.model.announcement",
    "PhotoWords": "socialcast.model.announcement",
    "Plan": "socialcast.broadcast",
    "PreflightFailed": "socialcast.model.errors",
    "Privacy": "socialcast.model.announcement",
    "PublishError": "socialcast.model.errors",
    "Receipt": "socialcast.model.receipt",
    "Report": "socialcast.model.receipt",
    "SocialcastError": "socialcast.model.errors",
    "State": "socialcast.model.receipt",
    "Subtitles": "socialcast.model.announcement",
    "TerminalError": "socialcast.model.errors",
    "TransientError": "socialcast.model.errors",
    "Video": "socialcast.model.announcement",
    "VideoWords": "socialcast.model.announcement",
    "Wording": "socialcast.wire.wording",
    "Words": "socialcast.model.announcement",
    "load_announcement": "socialcast.wire.announcements",
}

__all__ = [
    "Announcement",
    "Audience",
    "Broadcast",
    "BroadcastError",
    "Cancelled",
    "Channel",
    "ConfigurationError",
    "Event",
    "LedgerError",
    "Link",
    "Live",
    "LiveReport",
    "LiveState",
    "LiveWords",
    "Outcome",
    "OutcomeUnknown",
    "Override",
    "Photo",
    "PhotoWords",
    "Plan",
    "PreflightFailed",
    "Privacy",
    "PublishError",
    "Receipt",
    "Report",
    "SocialcastError",
    "State",
    "Subtitles",
    "TerminalError",
    "TransientError",
    "Video",
    "VideoWords",
    "Wording",
    "Words",
    "load_announcement",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'socialcast' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
