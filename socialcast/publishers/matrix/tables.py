"""What a Matrix room can carry, what a channel of it is set to, and what homeservers refuse (API 1.19, Synapse 1.163)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.announcement import Audience
from socialcast.model.capabilities import (
    AltText,
    Aspect,
    Capabilities,
    EditRules,
    LinkRules,
    MetricRule,
    PhotoRules,
    Recovery,
    ReplyRules,
    Support,
    TextRules,
    VideoRules,
)
from socialcast.model.errors import CredentialsExpired, ErrorRule, NotAllowed, RateLimited, TerminalError, TransientError
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "ERRORS", "MAX_CONTENT_BYTES", "PHOTOS", "MatrixSettings"]

MAX_CONTENT_BYTES = 60_000  # of the 65,536 that an event may have; the server adds ids, hashes and signatures ("Size limits")

PHOTOS = PhotoRules(
    types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    alt_text=AltText(support=Support.EMULATED),
)

CAPABILITIES = Capabilities(
    documented="Matrix Client-Server API 1.19 of 2026-07-08",
    checked=date(2026, 11, 27),
    text=TextRules(),
    photos=PHOTOS,
    video=VideoRules(with_photos=True),
    link=LinkRules(card=Support.NATIVE),
    audience=frozenset(Audience),
    recovery=Recovery(
        marker="a transaction id derived from key, channel and step, which the server takes once from each device; the same in a"
        " field of the event, by which the room is searched",
        settle_seconds=(0, 1),
        lost_ledger="every message, by its field in the room; photos that no message shows are uploaded again",
    ),
    edits=EditRules(aspects=frozenset(Aspect) - {Aspect.MEDIA, Aspect.LIVE}, history_public=True),
    answer=True,
    continues=True,
    replies=ReplyRules(outlive=True),
    inspects=frozenset({Aspect.TEXT, Aspect.LINKS, Aspect.MEDIA, Aspect.ALT_TEXT}),
    metrics=(MetricRule(name="reactions", definition="reactions of every kind; one person may leave several"),),
    notes={
        "text.max_length": "a message of 60,000 bytes, plain and formatted together; the account check tells no other",
        "photos.max_bytes": "the server's; the account check tells it",
        "photos.alt_text": "there is no field for it: it stands below the photo, before the caption",
        "video.max_bytes": "the server's; the account check tells it",
        "link.card": "drawn by the reader's app, where its server looks links up",
        "audience": 'a room is public unless the channel says audience = "press"; then it has to be closed, before every message',
        "embargo": "for the press, stated in the first line",
        "retract": "the words go; files stay on the servers, whoever has their address",
        "edits.history_public": "the room's members can read the earlier versions",
        "edits.aspects": "title and tags stand in the text; alt text, credit and licence below the photo",
        "answer": "in the thread below it; what somebody said is answered where they said it, and they are told",
        "continues": "in the thread below the first message",
        "replies": "whatever answers it, and what answers that; in a room for the press also what answers nothing, until the next"
        " announcement",
    },
)

ERRORS = (
    ErrorRule(status=429, raises=RateLimited),
    ErrorRule(call="/_matrix/client/v3/login", status=403, raises=CredentialsExpired, hint="check user and password"),
    ErrorRule(code="M_USER_DEACTIVATED", raises=NotAllowed, hint="the account is closed: ask whoever runs the server"),
    ErrorRule(code="M_USER_LOCKED", raises=NotAllowed, hint="the account is locked: ask whoever runs the server"),
    ErrorRule(status=401, raises=CredentialsExpired, hint="sign in again: a new access_token, or user and password"),
    ErrorRule(code="M_ROOM_IN_USE", raises=TransientError, hint="somebody made the room just now: run it again"),
    ErrorRule(code="M_TOO_LARGE", raises=TerminalError, hint="a shorter text, or a smaller file, or a link to it"),
    ErrorRule(status=413, raises=TerminalError, hint="a smaller file, or a link to it"),
    ErrorRule(status=403, raises=NotAllowed, hint="is the account in the room, and may it write there?"),
)


class MatrixSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One room, and an account that writes in it."""

    homeserver: Annotated[
        str, Meta(description="the server's own address, such as `https://matrix.example.org`", pattern=r"^https?://[^/]+$")
    ]
    room: Annotated[
        str, Meta(description="the room's address `#press:example.org`, or its id `!...`", pattern=r"^(#[^:\s]+:\S+|!\S+)$")
    ]
    room_name: Annotated[str, Meta(description="where the address leads nowhere: a closed room of that name is made there")] = ""
    invite: Annotated[tuple[str, ...], Meta(description="who is invited, such as `@name:example.org`, and was not before")] = ()
    access_token: Annotated[Secret | None, Meta(description="of a session that is kept for this channel alone")] = None
    user: Annotated[str, Meta(description="instead of a token: who signs in, such as `press`")] = ""
    password: Annotated[Secret | None, Meta(description="and their password")] = None
    device_id: Annotated[
        str, Meta(description="the device that signs in; empty: `socialcast-` and the channel's name. Changed, repeats are new")
    ] = ""
    allow_encrypted: Annotated[
        bool, Meta(description="write, unencrypted, in a room that is set to be encrypted; readers are warned")
    ] = False
