"""The JSON bodies that X takes, as types; whatever does not fit them is refused (OpenAPI file 2.167, 2026-08-22)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from socialcast.sandbox.mirror import Request
from socialcast.sandbox.platforms.x.problems import RefusalError, invalid

Id = Annotated[str, Meta(pattern="^[0-9]{1,19}$")]
Audience = Literal["following", "mentionedUsers", "subscribers", "verified"]
PollOption = Annotated[str, Meta(min_length=1, max_length=25)]


class PostMedia(Struct, forbid_unknown_fields=True):
    """`media` of a new post."""

    media_ids: Annotated[list[Id], Meta(min_length=1, max_length=4)]
    tagged_user_ids: Annotated[list[Id], Meta(max_length=10)] | UnsetType = UNSET
    preview_media_id: Id | UnsetType = UNSET
    call_to_actions: dict[str, object] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    embeddable: bool | UnsetType = UNSET
    title: str | UnsetType = UNSET


class PostReply(Struct, forbid_unknown_fields=True):
    """`reply` of a new post."""

    in_reply_to_tweet_id: Id
    exclude_reply_user_ids: list[str] | UnsetType = UNSET
    auto_populate_reply_metadata: bool | UnsetType = UNSET


class PostPoll(Struct, forbid_unknown_fields=True):
    """`poll` of a new post."""

    options: Annotated[list[PollOption], Meta(min_length=2, max_length=4)]
    duration_minutes: Annotated[int, Meta(ge=5, le=10_080)]
    reply_settings: Audience | UnsetType = UNSET


class Hidden(Struct, forbid_unknown_fields=True):
    """The body of PUT /2/tweets/{id}/hidden."""

    hidden: bool


class NewPost(Struct, forbid_unknown_fields=True):
    """The body of POST /2/tweets."""

    text: str = ""
    media: PostMedia | UnsetType = UNSET
    reply: PostReply | UnsetType = UNSET
    poll: PostPoll | UnsetType = UNSET
    quote_tweet_id: Id | UnsetType = UNSET
    reply_settings: Audience | UnsetType = UNSET
    made_with_ai: bool | UnsetType = UNSET
    paid_partnership: bool | UnsetType = UNSET
    card_uri: str | UnsetType = UNSET
    community_id: Id | UnsetType = UNSET
    direct_message_deep_link: str | UnsetType = UNSET
    edit_options: dict[str, object] | UnsetType = UNSET
    for_super_followers_only: bool | UnsetType = UNSET
    geo: dict[str, object] | UnsetType = UNSET
    nullcast: bool | UnsetType = UNSET
    share_with_followers: bool | UnsetType = UNSET


class Initialize(Struct, forbid_unknown_fields=True):
    """The body of POST /2/media/upload/initialize."""

    media_type: str
    total_bytes: Annotated[int, Meta(ge=1, le=17_179_869_184)]
    media_category: str
    additional_owners: list[Id] | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


class Upload(Struct, forbid_unknown_fields=True):
    """POST /2/media/upload as JSON, with the file in base64."""

    media: bytes
    media_category: str
    additional_owners: str | UnsetType = UNSET


class Append(Struct, forbid_unknown_fields=True):
    """POST /2/media/upload/{id}/append as JSON, with the segment in base64."""

    media: bytes
    segment_index: int


class AltText(Struct):
    """`alt_text` of media metadata."""

    text: Annotated[str, Meta(max_length=1000)]


class Metadata(Struct):
    """`metadata` of POST /2/media/metadata."""

    alt_text: AltText | UnsetType = UNSET


class MediaMetadata(Struct):
    """The body of POST /2/media/metadata."""

    id: Id
    metadata: Metadata = msgspec.field(default_factory=Metadata)


class Subtitles(Struct):
    """`subtitles` of POST /2/media/subtitles."""

    id: Id
    language_code: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    display_name: str


class MediaSubtitles(Struct):
    """The body of POST /2/media/subtitles."""

    id: Id
    media_category: Literal["AmplifyVideo", "TweetVideo"]
    subtitles: Subtitles


class Finalize(Struct):
    """The body of POST /2/media/upload/{id}/finalize: an object, whatever it holds."""


T = TypeVar("T")

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `(?P<place>.*)`)?", re.DOTALL)
# how msgspec says it, and how X's validator says it
_WORDS = (
    (
        r"Object contains unknown field `(.*)`",
        r"\1: is not defined in the schema and the schema does not allow additional properties",
    ),
    (r"Object missing required field `(.*)`", r"\1: is missing but it is required"),
    (r"Expected `array` of length <= (\d+)", r"there must be a maximum of \1 items in the array"),
    (r"Expected `array` of length >= (\d+)", r"there must be a minimum of \1 items in the array"),
    (r"Expected `str` of length <= (\d+)", r"must be at most \1 characters long"),
    (r"Expected `str` matching regex '(.*)'", r"does not match the regex pattern \1"),
    (r"Expected `(.*)`, got `(.*)`", r"\2 found, \1 expected"),
)


def decode(request: Request, shape: type[T]) -> T:
    """The request's JSON body as this shape, or X's 400."""
    raw = request.get_data()
    if request.mimetype != "application/json" or not raw.lstrip().startswith(b"{"):
        raise invalid("Request body must be a JSON object")
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        raise _mismatch(str(error)) from None
    except msgspec.DecodeError:
        raise invalid("Request body must be a JSON object") from None


def _mismatch(message: str) -> RefusalError:
    found = _PLACE.fullmatch(message)
    what, place = (found["what"], found["place"] or "$") if found else (message, "$")
    for theirs, ours in _WORDS:
        what = re.sub(theirs, ours, what)
    return invalid(f"{place}: {what}", place, "")
