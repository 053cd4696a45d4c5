"""The mail: one body for all, made once, and a head for each reader.

The same announcement gives the same bytes: a mail that has to be sent again is the very same mail, under the same Message-ID,
of which many mail stores show one.
"""

from __future__ import annotations

import hashlib
import hmac
import html as escaping
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from typing import NamedTuple

from socialcast.compose.markup import html, plain
from socialcast.compose.photos import Fitted
from socialcast.compose.words import speak
from socialcast.model.announcement import Photo
from socialcast.model.post import Post
from socialcast.publishers.email.readers import Reader
from socialcast.wire.secrets import Secret

__all__ = ["Letter", "Picture", "Unsubscribing", "letter", "scope_of"]

_POLICY = SMTP.clone(cte_type="7bit")  # no server has to speak 8BITMIME
_BLANK = b"\r\n\r\n"
_LONGEST_LINE = 80  # its end included (RFC 5322, 2.1.1)
_PAGE = """\
<!doctype html>
<html lang="{language}" dir="auto"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="margin:0 auto;max-width:40em;padding:1em;font:16px/1.5 sans-serif">
{embargo}<h1 style="font-size:1.5em;line-height:1.2">{title}</h1>
{body}{pictures}</body></html>
"""
_EMBARGO = '<p style="border:2px solid;padding:.5em"><strong>{}</strong></p>\n'
_FIGURE = """\
<figure style="margin:1.5em 0"><img src="cid:{cid}" alt="{alt}" style="max-width:100%;height:auto">
<figcaption style="font-size:.875em">{words}</figcaption></figure>
"""


class Picture(NamedTuple):
    """A photo as it stands in the mail."""

    photo: Photo
    fitted: Fitted


class Unsubscribing(NamedTuple):
    """The address that signs a reader off with one click (RFC 8058), and the key of its tokens."""

    url: str
    key: Secret

    def address(self, reader: Reader) -> str:
        """That reader's own."""
        token = hmac.new(self.key.reveal().encode(), reader.address.lower().encode(), hashlib.sha256).hexdigest()[:32]
        return self.url.replace("{token}", token)


class Letter(NamedTuple):
    """What all readers get, and what is needed for each one's head."""

    scope: str  # of the ids: key and channel
    sender: Address
    head: bytes
    content: bytes
    unsubscribing: Unsubscribing | None
    answers: str = ""  # the scope of the mail that this one follows

    def to(self, reader: Reader) -> bytes:
        """The whole mail to one reader.

        What holds an address or an id is one line of ASCII, written as it is: the library would fold an address that is longer
        than a line into encoded words, which no mail program follows, and takes three times as long as sending the mail.
        """
        own = [f"Message-ID: {self._id(reader, self.scope)}\r\n"]
        if self.answers:
            own.extend(f"{name}: {self._id(reader, self.answers)}\r\n" for name in ("In-Reply-To", "References"))
        if self.unsubscribing:
            own.append(f"List-Unsubscribe: <{self.unsubscribing.address(reader)}>\r\n")
            own.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        return b"".join((_to(reader), "".join(own).encode(), self.head, _BLANK, self.content))

    def _id(self, reader: Reader, scope: str) -> str:
        return f"<{reader.hashed(scope)}.{_digest(scope)}@{self.sender.domain}>"


def letter(
    post: Post,
    pictures: Sequence[Picture],
    *,
    subject: str,
    embargo: str,
    sender: Address,
    reply_to: Address | None,
    date: datetime,
    unsubscribing: Unsubscribing | None,
    answers: str = "",
) -> Letter:
    """The mail of a post; one that `answers` the mail of another scope is shown below it."""
    scope = scope_of(post.key, post.channel)
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = subject
    message["Date"] = date
    message["List-Id"] = f"<{post.channel}.{sender.domain}>"
    message["Content-Language"] = post.language
    words = post.parts[0] if post.parts else ""
    cids = [f"photo-{number}.{_digest(scope)}@{sender.domain}" for number, _ in enumerate(pictures, 1)]
    message.set_content(_plain_text(post, words, pictures, embargo))
    message.add_alternative(_page(post, words, pictures, cids, embargo), subtype="html")
    page: EmailMessage = message.get_payload()[1]  # type: ignore[index,assignment]
    for cid, picture in zip(cids, pictures, strict=True):
        main, _, sub = picture.fitted.media_type.partition("/")
        name = " ".join(picture.fitted.filename.split())  # a line break in it would begin a header
        page.add_related(_content(picture.fitted), main, sub, cid=f"<{cid}>", filename=name, disposition="inline")
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{_digest(scope)}.{number}")
    head, _, content = message.as_bytes().partition(_BLANK)
    return Letter(scope, sender, head, content, unsubscribing, answers)


def scope_of(key: str, channel: str) -> str:
    """What the ids of a mail are derived from, with its reader."""
    return f"{key}/{channel}"


def _to(reader: Reader) -> bytes:
    """The line that names the reader: a long name is folded, one that is not of ASCII encoded, each by the library."""
    line = f"To: {formataddr((reader.name, reader.address))}\r\n"
    if reader.name.isascii() and len(line) <= _LONGEST_LINE:
        return line.encode()
    folded: str = _POLICY.header_factory("To", reader.header).fold(policy=_POLICY)
    return folded.encode()


def _plain_text(post: Post, words: str, pictures: Sequence[Picture], embargo: str) -> str:
    photo = speak(post.language)["photo"]
    shown = [picture.photo for picture in pictures]
    told = [f"[{photo}: {one.alt}] {_caption(one, post)}".strip() for one in shown if one.alt]
    return "\n\n".join(filter(None, (embargo, plain(words), *told))) + "\n"


def _page(post: Post, words: str, pictures: Sequence[Picture], cids: Sequence[str], embargo: str) -> str:
    figures = [
        _FIGURE.format(cid=cid, alt=escaping.escape(picture.photo.alt), words=escaping.escape(_caption(picture.photo, post)))
        for cid, picture in zip(cids, pictures, strict=True)
    ]
    return _PAGE.format(
        language=escaping.escape(post.language),
        title=escaping.escape(post.title),
        embargo=_EMBARGO.format(escaping.escape(embargo)) if embargo else "",
        body=html(words),
        pictures="".join(figures),
    )


def _caption(photo: Photo, post: Post) -> str:
    """What is said below a photo: caption, credit, licence."""
    return " · ".join(filter(None, (photo.caption, photo.credit or post.credit, photo.licence or post.licence)))


def _content(fitted: Fitted) -> bytes:
    with fitted.open() as stream:
        data: bytes = stream.read()
    return data


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
