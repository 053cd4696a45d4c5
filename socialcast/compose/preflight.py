"""All problems of a post at once, before anything is sent: small rules over the capabilities table, pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from socialcast.compose import moving, photos
from socialcast.compose.characters import character_problems
from socialcast.compose.described import ALT_TOO_LONG, is_file_name
from socialcast.compose.text import weigh
from socialcast.model.announcement import Audience, ContactSheet, Photo
from socialcast.model.capabilities import Capabilities, PhotoRules, Support
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem, Severity
from socialcast.wire.settings import Policy

__all__ = ["READ_BY_RULES", "check", "photo_adaptations", "with_limits"]

R = TypeVar("R", bound=msgspec.Struct)

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#.]+(\.[^\s/?#.]+)*\.?(:\d+)?([/?#]\S*)?", re.IGNORECASE)
_SIGNED_IN = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
_SPDX_ID = re.compile(r"[A-Za-z0-9.+-]+")
_OTHER_WAYS = {"photo": ("photos", "give a file that the platform takes as it is")}  # than to adapt, with the path
_PHOTO_REMEDIES = {
    "photos.missing": "check the path, and that the file can be read",
    "photos.empty": "copy it again from where it came",
    "photos.truncated": "copy it again from where it came",
    "photos.unreadable": "export it as JPEG or PNG",
    "photos.enormous": "scale it down to 250 megapixels at most",
    "photos.endless": "give it as a video, or shorten it",
    "photos.heif_missing": "install that, or export it as JPEG",
}


def check(post: Post, capabilities: Capabilities, policy: Policy, audience: Audience = Audience.PUBLIC) -> list[Problem]:
    """Every problem of the post on its channel, which is public unless another audience is told."""
    found = [problem for _, rule in _RULES for problem in rule(post, capabilities)]
    found += _refused_adaptations(post, policy)
    found += _kept_from(post, audience, capabilities)
    return [msgspec.structs.replace(problem, channel=post.channel) for problem in found]


def photo_adaptations(post: Post, capabilities: Capabilities, cache_folder: str | None = None) -> list[Adaptation]:
    """What fitting will change in the photos that can be read, a video's poster among them.

    With the folder that fitted photos are kept in, also what came of it.
    """
    poster_rules = capabilities.video.poster if capabilities.video else None
    pictures = [(photo, capabilities.photos, f"photos[{index}]") for index, photo in enumerate(post.photos)]
    if post.video and post.video.poster:
        pictures.append((post.video.poster, poster_rules, "video.poster"))
    if capabilities.live and post.live and post.live.is_to_create and post.live.poster:
        pictures.append((post.live.poster, capabilities.live.poster, "live.poster"))
    return [change for photo, rules, path in pictures if rules for change in _fitting(photo, rules, path, cache_folder)]


def with_limits(capabilities: Capabilities, limits: dict[str, int]) -> Capabilities:
    """The table with an account's own limits, each named by its path, such as "photos.max_bytes"."""
    for path, value in limits.items():
        capabilities = _with(capabilities, path, value)
    return capabilities


def _with(rules: R, path: str, value: int) -> R:
    """The rules with one value changed, however deep it lies; without a group that the platform does not have."""
    name, _, rest = path.partition(".")
    within = getattr(rules, name)
    if rest and within is None:
        return rules
    return msgspec.structs.replace(rules, **{name: _with(within, rest, value) if rest else value})


def _fitting(photo: Photo, rules: PhotoRules, path: str, cache_folder: str | None) -> list[Adaptation]:
    try:
        facts = photos.facts(photo)
        made = photos.made(photo, rules, cache_folder) if cache_folder else ""
    except (photos.UnreadablePhoto, OSError):
        return []  # told as a problem by its rule
    return [change for change in photos.adaptations(facts, rules, path, made) if _is_wanted(change, photo)]


def _is_wanted(change: Adaptation, photo: Photo) -> bool:
    return not (photo.keep_location and change.code == "photo.location_removed")


def _kept_from(post: Post, audience: Audience, capabilities: Capabilities) -> Iterator[Problem]:
    """Material for the press never goes to a public channel; a platform that is always public says so by its own rule."""
    if not audience.may_see(post.audience) and any(reached.may_see(post.audience) for reached in capabilities.audience):
        yield Problem(
            code="audience.public_channel",
            path="audience",
            message="the announcement is for the press, and this channel is public",
            fix=f'where only journalists read it, set audience = "press" in [channels.{post.channel}], or {_left_out(post)}',
        )


def _left_out(post: Post) -> str:
    return f'leave the channel out: channels.{post.channel}.skip = "for the press alone"'


def _refused_adaptations(post: Post, policy: Policy) -> Iterator[Problem]:
    if policy is Policy.ADAPT:
        return
    for adaptation in post.adaptations:
        if not adaptation.routine:
            group = adaptation.code.partition(".")[0]
            path, other_way = _OTHER_WAYS.get(group, (group, "give the channel its own wording in the announcement"))
            yield Problem(
                code=adaptation.code,
                path=path,
                message=f"does not fit as it is; it would be adapted: {adaptation.message}",
                fix=f'allow it with policy = "adapt", or {other_way}',
            )


# -- the rules: the path each one reads, and what it finds ------------------------------------------------------------------


def _something_to_say(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    if not any(part.strip() for part in post.parts) and not post.photos and post.video is None and post.live is None:
        yield Problem(
            code="text.missing", path="text", message="there is nothing to publish", fix="give it a text, a photo or a video"
        )


def _characters(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    yield from character_problems(post)


def _text_length(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    rules = capabilities.text
    if rules is None or rules.max_length is None:
        return
    for index, part in enumerate(post.parts):
        if (length := weigh(part, rules)) > rules.max_length:
            fix = f"shorten its first sentence, give a shorter variant as `short`, or set channels.{post.channel}.text"
            message = f"post {index + 1} counts {length} {rules.unit.value}, {rules.max_length} are allowed"
            yield Problem(code="text.too_long", path="text", message=message, fix=fix)


def _title_length(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    longest = capabilities.text.max_title_length if capabilities.text else None
    if longest is not None and len(post.title) > longest:
        is_film = bool(post.video and post.video.title == post.title)
        path, fix = ("video.title", "shorten it") if is_film else ("title", f"shorten it, or set channels.{post.channel}.title")
        message = f"it has {len(post.title)} characters, {longest} are allowed"
        yield Problem(code="title.too_long", path=path, message=message, fix=fix)


def _thread(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    if len(post.parts) > 1 and capabilities.thread is Support.NONE:
        yield Problem(code="thread.unsupported", path="text", message="the platform has no threads", fix="shorten the text")


def _media_required(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    hosted = post.photos or post.video or (capabilities.live and post.live and post.live.is_to_create)
    if not capabilities.media_required or hosted:
        return
    otherwise = f'or say why it gets nothing: channels.{post.channel}.skip = "..."'
    if capabilities.photos or capabilities.video:
        message, fix = "the platform takes no text without something to host", f"add what it hosts, {otherwise}"
        yield Problem(code="photos.required", path="photos", message=message, fix=fix)
    else:
        message, fix = "the channel hosts live events, and there is none to create", f"give live a starts_at, {otherwise}"
        yield Problem(code="live.required", path="live", message=message, fix=fix)


def _photo_count(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    rules = capabilities.photos
    if post.photos and rules is None:
        fix = f'leave the channel out: channels.{post.channel}.skip = "it takes no photos"'
        yield Problem(code="photos.unsupported", path="photos", message="the platform takes no photos", fix=fix)
    elif rules and rules.max_count is not None and (post.photos_each or len(post.photos)) > rules.max_count:
        message, fix = f"{len(post.photos)} photos, {rules.max_count} are allowed", "leave some out"
        yield Problem(code="photos.too_many", path="photos", message=message, fix=fix)


def _photo_files(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    for index, photo in enumerate(_told_photos(post)):
        path = f"photos[{index}]"
        try:
            facts = photos.facts(photo)
        except photos.UnreadablePhoto as error:
            yield Problem(code=error.code, path=path, message=str(error), fix=_PHOTO_REMEDIES.get(error.code, "leave it out"))
            continue
        if not facts.suffix_matches:
            message = f"{photo.name} is {facts.media_type} by its content, its name says otherwise"
            yield Problem(code="photos.mislabelled", path=path, severity=Severity.WARNING, message=message, fix="rename it")


def _told_photos(post: Post) -> list[Photo]:
    """The photos in the announcement's order, those of a contact sheet one by one."""
    return [told for photo in post.photos for told in (photo.of if isinstance(photo, ContactSheet) else (photo,))]


def _alt_text(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    longest = capabilities.photos.alt_text.max_length if capabilities.photos else None
    for index, photo in enumerate(_told_photos(post)):
        path = f"photos[{index}].alt"
        if not photo.alt.strip() and not photo.decorative:
            fix = "tell what it shows, or set decorative: true where there is nothing to tell"
            yield Problem(
                code="photos.alt_missing", path=path, message=f"{photo.name} has no alt text in {post.language!r}", fix=fix
            )
        elif is_file_name(photo.alt, photo):
            message = f"{photo.alt.strip()!r} is the name of a file and tells nobody what the photo shows"
            yield Problem(code="photos.alt_is_file_name", path=path, message=message, fix="tell what it shows")
        elif longest is not None and len(photo.alt) > longest:
            message = f"{len(photo.alt)} characters, {longest} are allowed"
            yield Problem(code="photos.alt_too_long", path=path, message=message, fix=ALT_TOO_LONG)


def _reply(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    if post.reply_to and not capabilities.answer:
        message = f"{post.platform} cannot answer a post"
        yield Problem(code="reply.unsupported", path=f"channels.{post.channel}.reply_to", message=message, fix="remove it")


def _licence_ids(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    """A licence that no platform can know would be published as all rights reserved."""
    named = [("licence", post.licence), *((f"photos[{index}].licence", photo.licence) for index, photo in enumerate(post.photos))]
    for path, licence in named:
        if licence and not _SPDX_ID.fullmatch(licence):
            likely = "-".join(licence.split())
            fix = f"write {likely!r}" if _SPDX_ID.fullmatch(likely) else "write it as CC-BY-4.0 or CC0-1.0 are written"
            yield Problem(code="licence.unknown", path=path, message=f"{licence!r} is no SPDX id of a licence", fix=fix)


def _links(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    """What readers are to follow is an address that a browser opens."""
    named = (("link.url", post.link.url if post.link else ""), ("live.url", post.live.url if post.live else ""))
    for path, url in named:
        if url and not _WEB_ADDRESS.fullmatch(url):
            fix = "write it whole, with https:// in front and without spaces"
            yield Problem(code="link.invalid", path=path, message=f"{url!r} is no address of the web", fix=fix)
        elif _SIGNED_IN.match(url):
            message, fix = (
                "the address holds a name and a password, which everybody would read",
                "remove what stands before its @",
            )
            yield Problem(code="link.credentials", path=path, message=message, fix=fix)


def _audience(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    if not any(reached.may_see(post.audience) for reached in capabilities.audience):
        message = f"the announcement is for the press, and everybody sees what is on {post.platform}"
        yield Problem(code="audience.unsupported", path="audience", message=message, fix=_left_out(post))


def _tag_count(post: Post, capabilities: Capabilities) -> Iterator[Problem]:
    most = capabilities.tags.max_count if capabilities.tags else None
    if most is not None and len(post.tags) > most:
        fix = f"leave some out, or set channels.{post.channel}.tags"
        yield Problem(code="tags.too_many", path="tags", message=f"{len(post.tags)} tags, {most} are allowed", fix=fix)


_RULES: tuple[tuple[str, Callable[[Post, Capabilities], Iterator[Problem]]], ...] = (
    ("text", _something_to_say),
    ("text", _characters),
    ("text.max_length", _text_length),
    ("text.max_title_length", _title_length),
    ("thread", _thread),
    ("media_required", _media_required),
    ("photos.max_count", _photo_count),
    ("photos.types", _photo_files),
    ("photos.alt_text", _alt_text),
    ("photos", _licence_ids),
    ("video", moving.video),
    ("live", moving.live),
    ("link", _links),
    ("audience", _audience),
    ("answer", _reply),
    ("tags.max_count", _tag_count),
)

READ_BY_RULES = frozenset(path for path, _ in _RULES)
