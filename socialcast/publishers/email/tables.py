"""What a mail can carry, what a channel of mail is set to, and what servers refuse."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from socialcast.model.announcement import Audience
from socialcast.model.capabilities import MB, Capabilities, LinkRules, PhotoRules, Recovery, TagRules, TextRules
from socialcast.model.errors import CredentialsExpired, ErrorRule, NotAllowed, TerminalError
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "ERRORS", "INLINE", "EmailSettings", "RecipientRefused"]


class RecipientRefused(TerminalError):
    """Not done: the server does not take mail for this one reader."""


_PICTURES = PhotoRules(max_bytes=MB // 2, max_side=1600)
INLINE = msgspec.structs.replace(_PICTURES, max_count=12)  # 12 of half a MB make 8.2 MB in base64: below 10 MB all is well

CAPABILITIES = Capabilities(
    documented="RFC 5321, 5322, 2369, 3463, 8058 and 8314; Gmail's, Yahoo's and Outlook.com's rules for senders",
    checked=date(2026, 11, 26),
    text=TextRules(titled=True),
    photos=_PICTURES,
    link=LinkRules(),
    tags=TagRules(),
    audience=frozenset(Audience),
    recovery=Recovery(
        marker="the Message-ID, of key, channel and reader; it names a mail and cannot be asked for",
        settle_seconds=(0,),
        looks=False,
        lost_ledger="nothing: with --recover no mail is sent, and the delivery is unknown",
        unknown="a mail whose connection broke after its last byte and before the reply; for that reader only",
    ),
    answer=True,
    interrupts=True,
    retract=False,
    permalink=False,
    notes={
        "photos.max_count": "12 are shown in the mail; more stand behind the album's link, or on a contact sheet",
        "photos.max_bytes": "of a preview inside the mail; originals belong behind a link",
        "video": "the address of the channel that hosts it",
        "text.titled": "the subject",
        "audience": 'a newsletter is public; a list of journalists is audience = "press"',
        "embargo": "stated in the subject and the first line",
        "answer": "a correction is a mail of its own below the first, to everybody on the list who got that",
        "retract": 'a mail that was sent stays where it is; with correction = "reply" its readers are told that it is withdrawn',
    },
)

ERRORS = (
    ErrorRule(code="5.7.8", raises=CredentialsExpired, hint="check username and password"),
    ErrorRule(status=535, raises=CredentialsExpired, hint="check username and password"),
    ErrorRule(status=534, raises=CredentialsExpired, hint="the provider wants a password for programs, made in the account"),
    ErrorRule(status=530, raises=NotAllowed, hint="the server wants username and password"),
    ErrorRule(call="RCPT", status=550, raises=RecipientRefused, hint="take the address off the list"),
    ErrorRule(call="RCPT", status=551, raises=RecipientRefused, hint="take the address off the list"),
    ErrorRule(call="RCPT", status=552, raises=RecipientRefused, hint="the mailbox is full"),
    ErrorRule(call="RCPT", status=553, raises=RecipientRefused, hint="take the address off the list"),
    ErrorRule(call="RCPT", status=554, raises=RecipientRefused, hint="take the address off the list"),
    ErrorRule(call="RCPT", status=501, raises=RecipientRefused, hint="correct the address"),
    ErrorRule(status=552, raises=TerminalError, hint="the mail is too large: fewer or smaller pictures, or an album to link to"),
    ErrorRule(code="5.7.26", raises=NotAllowed, hint="SPF and DKIM have to pass for the sender's domain"),
    ErrorRule(status=550, raises=NotAllowed, hint="may this account send as that sender?"),
)


class EmailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A submission server, a sender, and a list of readers."""

    host: Annotated[str, Meta(min_length=1, description="the submission server, such as `smtp.example.org`")]
    port: Annotated[int, Meta(description="587 (STARTTLS) or 465 (TLS from the start)")] = 587
    username: Annotated[str, Meta(description="who signs in; empty where the server knows its own network")] = ""
    password: Annotated[Secret | None, Meta(description="the password, where there is a username")] = None
    sender: Annotated[str, Meta(description="`Press office <press@example.org>`, of a domain that the server may send for")]
    reply_to: Annotated[str, Meta(description="where answers go, if not to the sender")] = ""
    recipients: Annotated[str, Meta(description="a file beside this one: an address a line, `Name <address>`, `#` comments")] = ""
    recipients_command: Annotated[str, Meta(description="a program, with its words, that prints such lines instead")] = ""
    unsubscribe_url: Annotated[
        str, Meta(description="`https://example.org/u/{token}`, which takes a POST and signs off whom the token stands for")
    ] = ""
    unsubscribe_key: Annotated[
        Secret | None, Meta(description="the key of the tokens: HMAC-SHA256 of the address in lower case, 32 hexadecimal digits")
    ] = None
    dkim_selector: Annotated[str, Meta(description="under which the DNS of the sender's domain shows the key of DKIM")] = ""
    dkim_key: Annotated[
        Secret | None, Meta(description="the private RSA key (PEM) that mails are signed with, where the server does not")
    ] = None
