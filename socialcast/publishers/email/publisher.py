"""The publisher: one mail for each reader, each a step of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, NoReturn, TypeAlias

import babel  # noqa: F401 - the date of an embargo; missing, it is named with its extra
import msgspec

from socialcast.compose.markup import markdown
from socialcast.compose.photos import fit
from socialcast.compose.render import render
from socialcast.compose.words import embargo_line
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.cost import Cost
from socialcast.model.echo import Reply
from socialcast.model.errors import ConfigurationError, ErrorRule, OutcomeUnknown, PublishError, TerminalError, TransientError
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.model.receipt import Account, Draft, Item, Receipt
from socialcast.publisher import Connection, Publisher
from socialcast.publishers.email.lines import Lines
from socialcast.publishers.email.message import Letter, Picture, Unsubscribing, letter, scope_of
from socialcast.publishers.email.readers import Reader, Readers, read_address, read_readers
from socialcast.publishers.email.signature import Signer
from socialcast.publishers.email.tables import CAPABILITIES, ERRORS, INLINE, EmailSettings, RecipientRefused
from socialcast.wire.smtp import Lost, Refused, Server, Submission
from socialcast.wire.transport import Exchange

__all__ = ["EmailPublisher"]

_Result: TypeAlias = tuple[Reader, str | PublishError]

_CONNECTIONS = 4  # at once; providers allow ten and more, and writing the ledger is what takes the time
_WAIT_SECONDS = 60.0  # after a temporary refusal, which tells no time itself (RFC 5321, 4.5.4.1)
_FINAL = 500  # replies from here on say that the same would be refused again
_DATE = "date"
_LONGEST_URL = 900  # a line of a mail ends after 998 bytes (RFC 5322, 2.1.1), and the token takes the place of its name
_UNSUBSCRIBING = re.compile(rf"https://[!-;=?-~]{{1,{_LONGEST_URL - len('https://')}}}")
_FIRST = "first"  # what later mails take up
_SUBJECT_CHARACTERS = 60
_LOOK = "ask one of them, then say it with: socialcast resolve"
_NAMED = 5  # so many readers in one sentence


class EmailPublisher(Publisher):
    """One list of readers, written to from one account."""

    name = "email"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = EmailSettings
    settings: EmailSettings
    sandbox_settings: ClassVar[Mapping[str, Any]] = {
        "host": "smtp.example.org",
        "sender": "Press office <press@example.org>",
    }

    def __init__(self, settings: EmailSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        self._sender = self._own_address("sender", settings.sender)
        self._reply_to = self._own_address("reply_to", settings.reply_to) if settings.reply_to else None
        self._server = Server(settings.host, settings.port, settings.username, settings.password)
        self._unsubscribing = self._read_unsubscribing()

    @classmethod
    def sandbox_wishes(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The server that the sandbox plays."""
        return {"host": settings.get("host", "")}

    def require_credentials(self) -> None:
        """Raise ConfigurationError for a user without a password, and where nobody can be written to."""
        if self.settings.username and not self.settings.password:
            self._misconfigured(f"username is {self.settings.username!r}, and there is no password")
        _ = self._readers, self._signer

    @property
    def identity(self) -> str:
        """The list, and who writes to it."""
        return f"{self.settings.host} {self.settings.username} {self.place}"

    @property
    def place(self) -> str:
        """The list."""
        return f"{self.connection.folder / self.settings.recipients} {self.settings.recipients_command}"

    def account(self) -> Account:
        """The sender; raises PublishError where the server lets it not sign in."""
        Submission(self._server, self.connection.transport).close()
        return Account(id=self._sender.address, name=self._sender.name or self._sender.address)

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """The text and below it the long form, as Markdown; the first photos inside, the others behind the album's link."""
        mine, said = self.connection, self.said(announcement)
        table = msgspec.structs.replace(self.capabilities, photos=INLINE)
        post = render(
            announcement,
            table,
            links,
            channel=mine.channel,
            platform=self.name,
            wording=mine.wording,
            more_photos=mine.photos.more,
        )
        is_heading_enough = said.body and not said.text  # then the text is the title, which stands above it anyway
        texts = [part.removeprefix(said.title) for part in post.parts] if is_heading_enough else post.parts
        words = [markdown(text).strip() for text in texts]
        parts = ("\n\n".join(filter(None, (*words, said.body.strip()))),)
        return msgspec.structs.replace(post, title=_one_line(said.title or said.text), parts=parts)

    def check(self, post: Post) -> list[Problem]:
        """What is wrong with the list, by line, before anybody is written to."""
        readers = self._readers
        fix = "write each as ada@example.org or Ada Example <ada@example.org>, on a line of its own"
        problems = [
            Problem(code="recipients.malformed", path="recipients", message=wrong, fix=fix) for wrong in readers.wrong[:_NAMED]
        ]
        if (more := len(readers.wrong) - _NAMED) > 0:
            problems.append(Problem(code="recipients.malformed", path="recipients", message=f"and {more} more lines", fix=fix))
        if not readers.all and not readers.wrong:
            problems.append(Problem(code="recipients.none", path="recipients", message="the list is empty", fix="name somebody"))
        return problems

    def cost(self, post: Post) -> tuple[Cost, ...]:
        """A mail for each reader."""
        return (Cost(amount=Decimal(len(self._readers.all)), unit="mails"),)

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Fit the pictures; the server is told nothing."""
        self._pictures(post, steps)
        return Draft(items=(Item(id=post.key, kind="mail"),))

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Write to everybody who has nothing yet. Raises OutcomeUnknown that says for whom nobody can tell."""
        results = self._write_to(self._readers.all, self._letter(post, steps), steps, "mail")
        _require_known(results)
        refused = [(reader, result) for reader, result in results if isinstance(result, RecipientRefused)]
        if len(refused) == len(results):
            raise refused[0][1]
        return Receipt(
            id=post.key,
            url="",
            items=tuple(Item(id=str(result), kind="mail") for _, result in results if not isinstance(result, PublishError)),
            remark=_about_refused(refused, len(results)),
        )

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Raise TerminalError: no mail comes back."""
        raise TerminalError(
            "a mail that was sent stays where it is",
            hint='with correction = "reply" in the channel, socialcast retract tells its readers by a mail of its own',
        )

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """Write once more, below the first mail, to everybody on the list who got that, or may have. Raises OutcomeUnknown that
        says for whom nobody can tell."""
        if to is not None:
            raise self.not_offered("answering a reader's mail")
        mail = self._following(receipt, text, steps, name)
        _require_known(self._write_to(list(self._had(mail.answers, steps)), mail, steps, name))
        return Item(id=steps.once(name, lambda: mail.scope, repeatable=True), kind="mail")

    def judge(self, error: Exception, exchanges: list[Exchange], *, writing: bool) -> Exception:
        """What became of a mail, by how far the dialogue had come: only a connection that broke after the whole message had
        left, and before its reply, tells nothing."""
        if isinstance(error, Refused):
            return self._refusal(error)
        if isinstance(error, Lost):
            return OutcomeUnknown(str(error)) if error.may_be_taken else TransientError(str(error))
        return super().judge(error, exchanges, writing=writing)

    # -- one mail ------------------------------------------------------------------------------------------------------

    def _write_to(self, readers: Sequence[Reader], mail: Letter, steps: Steps, name: str) -> list[_Result]:
        """What came of it for each of them, who is a step of that name."""
        with Lines(self._server, self.connection.transport) as lines:
            sent = steps.each(readers, lambda _, reader: self._sent(mail, reader, lines, steps, name), at_once=_CONNECTIONS)
        return list(zip(readers, sent, strict=True))

    def _sent(self, mail: Letter, reader: Reader, lines: Lines, steps: Steps, name: str) -> str | PublishError:
        """What the server said, or why this reader alone has none."""
        try:
            said: str = steps.once(
                f"{name}/{reader.hashed(mail.scope)}",
                lambda: lines.send(self._sender.address, reader.address, self._signed(mail.to(reader))),
                _cannot_look,
            )
        except (OutcomeUnknown, RecipientRefused) as error:
            return error
        return said

    def _signed(self, message: bytes) -> bytes:
        return self._signer.signed(message) if self._signer else message

    def _refusal(self, refused: Refused) -> PublishError:
        is_final = refused.status >= _FINAL
        rules = self.errors if is_final else ()
        rule = next((rule for rule in rules if _fits(rule, refused)), None)
        kind: type[PublishError] = TerminalError if is_final else TransientError
        return (rule.raises if rule else kind)(
            f"{self.settings.host} refused {refused.command}: {refused.words}",
            code=f"{refused.status} {refused.code}".strip(),
            hint=rule.hint if rule else "",
            retry_after=None if is_final else _WAIT_SECONDS,
        )

    def _letter(self, post: Post, steps: Steps) -> Letter:
        embargo = embargo_line(post, self.connection.wording.time_zone)
        subject = f"{embargo}: {post.title}" if embargo else post.title
        steps.note(_FIRST, {"scope": scope_of(post.key, post.channel), "subject": post.title, "language": post.language})
        return self._written(post, self._pictures(post, steps), subject, self._date(steps, _DATE), embargo=embargo)

    def _had(self, scope: str, steps: Steps) -> Iterator[Reader]:
        """Those whom the first mail has reached, as far as anybody knows."""
        for reader in self._readers.all:
            step = f"mail/{reader.hashed(scope)}"
            if steps.recorded(step) or steps.begun_at(step):
                yield reader

    def _following(self, receipt: Receipt, text: str, steps: Steps, name: str) -> Letter:
        """A mail of that text, below the first one."""
        channel = self.connection.channel
        unknown = {"scope": scope_of(receipt.id, channel), "subject": _one_line(text)[:_SUBJECT_CHARACTERS], "language": "en"}
        first = steps.note(_FIRST, unknown)  # an older ledger has none, and a person may have given the receipt another id
        said = Post(
            key=f"{first['scope']}/{name}",
            channel=channel,
            platform=self.name,
            title=first["subject"],
            parts=(text,),
            language=first["language"],
        )
        subject, date = f"Re: {first['subject']}", self._date(steps, f"{name}/{_DATE}")
        return self._written(said, [], subject, date, answers=first["scope"])

    def _date(self, steps: Steps, name: str) -> datetime:
        """When it was written first, so that the same mail goes out again after a crash."""
        return datetime.fromisoformat(steps.note(name, self.connection.clock.now().isoformat(timespec="seconds")))

    def _written(
        self, post: Post, pictures: list[Picture], subject: str, date: datetime, *, embargo: str = "", answers: str = ""
    ) -> Letter:
        return letter(
            post,
            pictures,
            subject=subject,
            embargo=embargo,
            sender=self._sender.header,
            reply_to=self._reply_to.header if self._reply_to else None,
            date=date,
            unsubscribing=self._unsubscribing,
            answers=answers,
        )

    def _pictures(self, post: Post, steps: Steps) -> list[Picture]:
        rules, folder = self.capabilities.photos, self.connection.cache_folder
        assert rules is not None  # noqa: S101 - it stands in the table above
        return steps.each(post.photos, lambda _, photo: Picture(photo, fit(photo, rules, folder)))

    # -- the settings --------------------------------------------------------------------------------------------------

    @cached_property
    def _readers(self) -> Readers:
        """The list as it is now; read once, so that what was checked is what is sent."""
        try:
            return read_readers(self.settings, self.connection.folder)
        except ConfigurationError as error:
            self._misconfigured(str(error))

    @cached_property
    def _signer(self) -> Signer | None:
        key, selector = self.settings.dkim_key, self.settings.dkim_selector
        is_rehearsal = self.connection.transport.sandbox_url is not None  # where no real key is read
        if key is None and (is_rehearsal or not selector):
            return None
        if key is None or not selector:
            self._misconfigured("dkim_key and dkim_selector belong together: the DNS shows the key under the selector")
        try:
            return Signer(self._sender.header.domain, selector, key)
        except ConfigurationError as error:
            self._misconfigured(str(error))

    def _own_address(self, field: str, words: str) -> Reader:
        try:
            return read_address(words)
        except ValueError as error:
            self._misconfigured(f"{field} {words!r}: {error}")

    def _read_unsubscribing(self) -> Unsubscribing | None:
        url, key = self.settings.unsubscribe_url, self.settings.unsubscribe_key
        if not url:
            return None
        if not _UNSUBSCRIBING.fullmatch(url) or "{token}" not in url:
            self._misconfigured(
                "unsubscribe_url has to begin with https:// and to hold {token}, which tells readers apart, in at most "
                f"{_LONGEST_URL} letters, digits and signs of ASCII"
            )
        if key is None:
            self._misconfigured("unsubscribe_url needs unsubscribe_key, without which anybody could sign others off")
        return Unsubscribing(url, key)

    def _misconfigured(self, words: str) -> NoReturn:
        raise ConfigurationError(f"channel {self.connection.channel!r}: {words}")


def _fits(rule: ErrorRule, refused: Refused) -> bool:
    return rule.fits(status=refused.status, code=refused.code, message=refused.words, call=refused.command)


def _require_known(results: Sequence[_Result]) -> None:
    if unknown := [reader for reader, result in results if isinstance(result, OutcomeUnknown)]:
        raise OutcomeUnknown(f"{_names(unknown)} may have it or not; everybody else was served", hint=_LOOK)


def _cannot_look() -> NoReturn:
    raise OutcomeUnknown("whether the mail was taken, no server tells afterwards", hint=_LOOK)


def _about_refused(refused: list[tuple[Reader, RecipientRefused]], count: int) -> str:
    """For whoever keeps the list; empty where everybody got it."""
    told = [f"{reader.redacted} ({error.code})" for reader, error in refused]
    return f"{len(told)} of {count} were refused: {', '.join(told)}" if told else ""


def _names(readers: list[Reader]) -> str:
    told = ", ".join(reader.redacted for reader in readers[:_NAMED])
    return told + (f" and {len(readers) - _NAMED} more" if len(readers) > _NAMED else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
