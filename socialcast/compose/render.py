"""From an announcement to the post of one channel, by what the capabilities table says; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from socialcast.compose.gallery import elsewhere, gallery
from socialcast.compose.text import split, weigh
from socialcast.model.announcement import Announcement, Video
from socialcast.model.capabilities import Capabilities, Support, TextRules, VideoRules
from socialcast.model.post import Adaptation, Post
from socialcast.wire.settings import MorePhotos

__all__ = ["hashtag", "render"]


def render(
    announcement: Announcement,
    capabilities: Capabilities,
    links: Mapping[str, str],
    *,
    channel: str,
    platform: str,
    numbered: bool = False,
    more_photos: MorePhotos = MorePhotos.ALBUM,
) -> Post:
    """What the channel will show, every difference from the announcement named as an adaptation.

    `numbered` puts "(1/3)" and so on behind the posts of a thread; `more_photos` says where the photos
    go that one post does not hold.
    """
    said = announcement.for_channel(channel)
    shown = gallery(said, capabilities, links, more_photos)
    about_hosted = (*_about_video(said, capabilities, links), *_about_live(said, capabilities, links))
    parts, about_text = _parts(
        _text(said, capabilities, _addresses(said, capabilities, links, shown.told)), capabilities, numbered
    )
    return Post(
        key=announcement.resolved_key,
        channel=channel,
        platform=platform,
        title=said.title,
        parts=shown.with_room(parts),
        photos=shown.photos,
        photos_each=shown.each,
        video=said.video if capabilities.video else None,
        link=said.link,
        live=said.live,
        tags=said.tags,
        language=said.language,
        audience=said.audience,
        embargo=said.embargo,
        licence=said.licence,
        credit=said.credit,
        reply_to=_answered(said, channel),
        adaptations=(*shown.adaptations, *about_text, *about_hosted),
    )


def _answered(said: Announcement, channel: str) -> str:
    override = said.channels.get(channel)
    return (override.reply_to or "") if override else ""


def hashtag(tag: str) -> str:
    """The tag as a hashtag: "open doors" becomes #OpenDoors."""
    words = re.findall(r"\w+", tag)
    return "#" + (words[0] if len(words) == 1 else "".join(word[:1].upper() + word[1:] for word in words)) if words else ""


def _about_video(said: Announcement, capabilities: Capabilities, links: Mapping[str, str]) -> list[Adaptation]:
    if said.video is None:
        return []
    if capabilities.video is not None:
        return _about_parts(said.video, capabilities.video)
    where, routine = elsewhere("video", links)
    return [Adaptation(code="video.link", message=f"the video is {where}", routine=routine)]


def _about_parts(video: Video, rules: VideoRules) -> list[Adaptation]:
    """What belongs to the video and has no place there."""
    left_out = {"poster": video.poster and not rules.poster, "subtitles": video.subtitles and not rules.subtitles}
    message = "the platform shows the video without its own {}"
    return [Adaptation(code=f"video.{part}", message=message.format(part)) for part, is_so in left_out.items() if is_so]


def _about_live(said: Announcement, capabilities: Capabilities, links: Mapping[str, str]) -> list[Adaptation]:
    if said.live is None or said.live.url or capabilities.live or "live" in links:
        return []
    return [Adaptation(code="live.link", message="the live event is left out: no channel hosts it")]


def _addresses(said: Announcement, capabilities: Capabilities, links: Mapping[str, str], shown: int) -> list[str]:
    """The addresses that belong into the text, in the order of their weight for the reader, each once."""
    wanted = [
        (said.live.url or links.get("live", "")) if said.live else "",
        said.link.url if said.link else "",
        links.get("video", "") if said.video and not capabilities.video else "",
        links.get("album", "") if shown < len(said.photos) else "",
    ]
    return list(dict.fromkeys(address for address in wanted if address and not _says(said.text, address)))


def _says(text: str, address: str) -> bool:
    """Whether the text holds that address, and not just a longer one that begins alike."""
    return re.search(re.escape(address) + r"(?![/.]*[\w#?&=%~+-])", text) is not None


def _text(said: Announcement, capabilities: Capabilities, addresses: list[str]) -> str:
    words = said.text or said.title
    tags = "" if capabilities.tags else " ".join(hashtag(tag) for tag in said.tags)
    return "\n\n".join(block for block in (words, "\n".join(addresses), tags) if block)


def _parts(text: str, capabilities: Capabilities, numbered: bool) -> tuple[tuple[str, ...], list[Adaptation]]:
    rules = capabilities.text
    if rules is None or not text or _fits(text, rules) or capabilities.thread is Support.NONE:
        return ((text,) if text else ()), []
    parts = tuple(split(text, rules, numbered=numbered))
    return parts, [Adaptation(code="text.thread", message=f"the text is a thread of {len(parts)} posts")]


def _fits(text: str, rules: TextRules) -> bool:
    return rules.max_length is None or weigh(text, rules) <= rules.max_length
