"""From an announcement to the post of one channel, by what the capabilities table says; pure."""

from __future__ import annotations

from collections.abc import Mapping

from socialcast.compose.below import about_unsaid
from socialcast.compose.dates import moment_in_words
from socialcast.compose.described import shorter_alt, shorter_film_alt
from socialcast.compose.fitting import Fitted, Wanted, fit_text
from socialcast.compose.gallery import elsewhere, gallery
from socialcast.compose.template import Layout, hashtag
from socialcast.model.announcement import Announcement, Video
from socialcast.model.capabilities import Capabilities, Support, TextRules, VideoRules
from socialcast.model.post import Adaptation, Post
from socialcast.wire.settings import MorePhotos
from socialcast.wire.wording import Wording, field_names

__all__ = ["hashtag", "render"]


def render(
    announcement: Announcement,
    capabilities: Capabilities,
    links: Mapping[str, str],
    *,
    channel: str,
    platform: str,
    wording: Wording = Wording(),  # noqa: B008 - frozen
    more_photos: MorePhotos = MorePhotos.ALBUM,
) -> Post:
    """What the channel will show, every difference from the announcement named as an adaptation; `more_photos` says where the
    photos go that one post does not hold."""
    said = announcement.for_channel(channel, wording.language)
    shown = gallery(said, capabilities, links, more_photos)
    photos, about_alt = shorter_alt(shown.photos, capabilities.photos)
    video, about_film_alt = shorter_film_alt(said.video if capabilities.video else None, capabilities.video)
    about_media = () if capabilities.captions else about_unsaid(said, [*photos, *filter(None, [video])])
    about_hosted = (*_about_video(said, capabilities, links), *_about_live(said, capabilities, links))
    parts, about_text = _fitted(said, _layout(said, capabilities, links, shown.told, wording), capabilities, wording)
    return Post(
        key=announcement.resolved_key,
        channel=channel,
        platform=platform,
        title=said.title,
        parts=shown.with_room(parts),
        photos=photos,
        photos_each=shown.each,
        video=video,
        link=said.link,
        live=said.live,
        tags=said.tags,
        language=said.language,
        audience=said.audience,
        embargo=said.embargo,
        licence=said.licence,
        credit=said.credit,
        reply_to=_answered(said, channel),
        adaptations=(*shown.adaptations, *about_alt, *about_film_alt, *about_media, *about_text, *about_hosted),
    )


def _answered(said: Announcement, channel: str) -> str:
    override = said.channels.get(channel)
    return (override.reply_to or "") if override else ""


def _about_video(said: Announcement, capabilities: Capabilities, links: Mapping[str, str]) -> list[Adaptation]:
    if said.video is None:
        return []
    if capabilities.video is not None:
        return _about_parts(said.video, capabilities.video)
    where, routine = elsewhere("video", links)
    return [Adaptation(code="video.link", message=f"the video is {where}", routine=routine)]


def _about_parts(video: Video, rules: VideoRules) -> list[Adaptation]:
    """What belongs to the video and has no place there."""
    left_out = {
        "poster": (video.poster or video.poster_at) and not rules.poster,
        "subtitles": video.subtitles and not rules.subtitles,
    }
    message = "the platform shows the video without its own {}"
    return [Adaptation(code=f"video.{part}", message=message.format(part)) for part, is_so in left_out.items() if is_so]


def _about_live(said: Announcement, capabilities: Capabilities, links: Mapping[str, str]) -> list[Adaptation]:
    if said.live is None or said.live.url:
        return []
    if capabilities.live and said.live.poster and not capabilities.live.poster:
        return [Adaptation(code="live.poster", message="the platform shows the event without its own picture", routine=True)]
    if capabilities.live or "live" in links:
        return []
    return [Adaptation(code="live.link", message="the live event is left out: no channel hosts it")]


def _layout(said: Announcement, capabilities: Capabilities, links: Mapping[str, str], shown: int, wording: Wording) -> Layout:
    values = {
        "title": said.title,
        "live": (said.live.url or links.get("live", "")) if said.live else "",
        "link": said.link.url if said.link else "",
        "video": links.get("video", "") if said.video and not capabilities.video else "",
        "album": links.get("album", "") if shown < len(said.photos) else "",
        "credit": said.credit,
        **_dates(said, wording),
    }
    return Layout(wording.template, values, () if capabilities.tags else said.tags)


def _dates(said: Announcement, wording: Wording) -> dict[str, str]:
    moments = {"starts": said.live and said.live.starts_at, "ends": said.live and said.live.ends_at}
    wanted = set(field_names(wording.template))
    return {
        name: moment_in_words(moment, said.language, wording.time_zone)
        for name, moment in moments.items()
        if moment and name in wanted
    }


def _fitted(said: Announcement, layout: Layout, capabilities: Capabilities, wording: Wording) -> Fitted:
    words = said.text or ("" if "title" in layout.fields else said.title)
    wanted = Wanted(layout, words.strip(), said.short.strip(), capabilities.text or TextRules(), wording.numbered)
    fitted = fit_text(wanted, threads=capabilities.thread is not Support.NONE)
    return fitted._replace(adaptations=(*fitted.adaptations, *layout.left_out(wanted.text, "\n".join(fitted.parts))))
