"""What a post says of its live event, and goes on saying when the announcement is corrected."""

from __future__ import annotations

from enum import Enum

import msgspec

from socialcast.broadcast.delivered import Delivered
from socialcast.broadcast.words import live_words
from socialcast.model.announcement import Announcement
from socialcast.model.post import Post
from socialcast.publisher import Publisher

__all__ = ["Moment", "is_told", "news_line", "note_news", "telling", "with_line", "with_news"]


class Moment(Enum):
    """What happens to the event, in order."""

    START = "start"
    END = "end"
    REPLAY = "replay"


def telling(moment: Moment) -> str:
    """The step in which a post tells of that moment."""
    return f"live/{moment.value}/post"


def news_line(publisher: Publisher, announcement: Announcement, moment: Moment, url: str) -> str:
    """The sentence for a channel's posts, in its language."""
    said = publisher.said(announcement)
    title = (said.live.title if said.live else "") or said.title
    return live_words(said.language, moment.value, title, url)


def is_told(one: Delivered, moment: Moment) -> bool:
    """Whether the post tells of that moment, or an answer below it."""
    return bool(one.steps.recorded(telling(moment)) or one.steps.recorded(_address_of(moment)))


def note_news(feed: Delivered, moment: Moment, url: str) -> None:
    """Remember the address that a post was amended with at that moment, which nobody else knows later."""
    feed.steps.once(_address_of(moment), lambda: url, repeatable=True)


def with_line(post: Post, line: str) -> Post:
    """The post with that line at its end, which is that of a thread's last part."""
    *before, last = post.parts or ("",)
    return msgspec.structs.replace(post, parts=(*before, f"{last}\n\n{line}".strip()))


def with_news(one: Delivered, announcement: Announcement, post: Post) -> Post:
    """The post with the line that it was amended with last, if it was."""
    told = [(moment, one.steps.recorded(_address_of(moment))) for moment in Moment if is_told(one, moment)]
    amended = [(moment, url) for moment, url in told if url]
    return with_line(post, news_line(one.publisher, announcement, *amended[-1])) if amended else post


def _address_of(moment: Moment) -> str:
    return f"{telling(moment)}/url"
