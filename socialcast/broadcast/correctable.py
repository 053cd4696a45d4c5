"""How a channel can be corrected: what it shows, what it should show, and the means by which it comes there; sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from socialcast.broadcast.delivered import Delivered, Published
from socialcast.broadcast.links import links_for
from socialcast.broadcast.news import with_news
from socialcast.broadcast.plan import check_post, compose_post
from socialcast.broadcast.words import correction_words
from socialcast.broadcast.workshop import Workshop
from socialcast.compose.changes import changed_aspects, new_addresses, new_sentences
from socialcast.compose.excerpt import excerpt
from socialcast.compose.weights import weigh
from socialcast.delivery.revisions import former_revisions, generation, revise
from socialcast.model.announcement import Announcement
from socialcast.model.capabilities import Aspect, TextRules
from socialcast.model.errors import ConfigurationError
from socialcast.model.post import Post
from socialcast.model.problems import Severity
from socialcast.model.receipt import Draft, State
from socialcast.model.reports import Means
from socialcast.wire.settings import Correction

__all__ = ["Correctable", "Planned", "step_name"]

_ANEW, _TOLD = "/anew", "told"
_UNFINISHED = frozenset(state.value for state in (State.PREPARED, State.HELD, State.UNKNOWN))


class Planned(NamedTuple):
    """One channel's share: what it shows afterwards, what of that is new, and how it comes there."""

    one: Delivered
    post: Post
    changes: tuple[Aspect, ...]
    means: Means
    text: str = ""  # of a reply
    reason: str = ""
    hint: str = ""


class Correctable:
    """An announcement that was published, and what it is to say from now on; `note` is what replies say of the difference.

    Raises ConfigurationError for one that was not, and where an earlier run has to be finished first.
    """

    def __init__(self, shop: Workshop, announcement: Announcement, published: Published, note: str) -> None:
        self._shop, self._announcement, self._note = shop, announcement, note
        self._pages = published.pages()
        self.key, self._ledger = announcement.resolved_key, shop.ledger
        known = self._ledger.announcement(self.key)
        if known is None:
            raise ConfigurationError(f"{self.key} was never published, so there is nothing to correct: use socialcast publish")
        documents = [revision.document for revision in former_revisions(self._ledger, self.key)]
        self.is_new = known[0] != announcement.digest
        self.number = len(documents) + self.is_new
        self._documents = (*documents, known[1])
        self._require_finished()

    def planned(self, delivered: Iterable[Delivered]) -> list[Planned]:
        """How each channel is corrected, hosts first: where one is published anew, the others get another link."""
        planned: list[Planned] = []
        moved: set[str] = set()
        for one in sorted(delivered, key=lambda one: not one.draft.links):
            planned.append(self._plan_one(one, moved))
            if planned[-1].means is Means.REPLACE and not self.is_page(one.outcome.channel):
                moved.add(one.outcome.channel)
        return planned

    def begin(self) -> None:
        """Let the key mean the new content from now on."""
        if self.is_new:
            document, now = self._announcement.to_json(), self._shop.clock.now().timestamp()
            revise(self._ledger, self.key, self._announcement.digest, document, now)
            self.is_new, self._documents = False, (*self._documents, document)

    def is_begun_anew(self, name: str) -> bool:
        """Whether the channel was taken back for this revision, and not for good."""
        if self.is_new or generation(self._ledger, self.key, name) != self.number or not self.number:
            return False
        return self._ledger.deliveries(self.key)[name].state != State.RETRACTED.value

    def links_of(self, name: str) -> dict[str, str]:
        """The addresses that the channel gives to others."""
        row = self._ledger.deliveries(self.key).get(name)
        return msgspec.convert(row.draft, Draft).links if row and row.draft else {}

    def is_page(self, name: str) -> bool:
        """Whether the address that the channel gives was known beforehand, so that it shows those of the hosts."""
        return name in self._pages

    def step_for(self, one: Delivered) -> str:
        """The step of this correction: another one for a channel that has the revision, and is led to a host's new address."""
        return step_name(self.number, anew=one.outcome.revision == self.number)

    def note_told(self, planned: Planned, name: str) -> None:
        """Record the addresses and words that a channel has from now on, before it gets them: what becomes of that may not be
        known. One that has the revision and that nothing is told has been noted before."""
        is_new = planned.one.outcome.revision < self.number or planned.means is not Means.NOTHING
        if planned.means in (Means.NONE, Means.REPLACE) or not is_new:
            return
        told = {"links": self._links(planned.one, moved=set()), "text": planned.text}
        planned.one.steps.once(f"{name}/{_TOLD}", lambda: told, repeatable=True)

    def _told(self, one: Delivered) -> Mapping[str, Any] | None:
        """What the channel was told when it was corrected last; None where it never was."""
        step, anew = step_name(one.outcome.revision), step_name(one.outcome.revision, anew=True)
        told: Mapping[str, Any] | None = one.steps.recorded(f"{anew}/{_TOLD}") or one.steps.recorded(f"{step}/{_TOLD}")
        return told

    def _require_finished(self) -> None:
        """Raise ConfigurationError where an earlier run stands between two contents, and where nothing is there."""
        rows = {name: row for name, row in self._ledger.deliveries(self.key).items() if name in self._shop.channels}
        if rows and all(row.state == State.RETRACTED.value for row in rows.values()):
            raise ConfigurationError(f"{self.key} was taken back, so there is nothing to correct: publish it under another key")
        for name, row in rows.items():
            if row.state in _UNFINISHED and not self.is_begun_anew(name):
                raise ConfigurationError(
                    f"{self.key} is {row.state} on {name}, with what it said before: finish that first, with socialcast resume"
                    " or resolve, and correct it then"
                )

    def _plan_one(self, one: Delivered, moved: set[str]) -> Planned:
        told = self._told(one)
        links = told["links"] if told else self._links(one, moved=set(self._moved_since(one)))
        before = self._composed(one, self._shown_by(one), links)
        post = self._composed(one, self._announcement, self._links(one, moved=moved))
        changes = changed_aspects(before, post, one.publisher.capabilities)
        if not changes:
            return Planned(one, post, (), Means.NOTHING)
        if errors := self._errors(one, post):
            return Planned(one, post, changes, Means.NONE, reason=errors, hint="change the announcement so that it fits there")
        if not (why_not := _no_edit(one, changes, self._shop.clock.now(), self._edits_made(one))):
            return self._plan_edit(one, with_news(one, self._announcement, post), changes)
        offered = [wish for wish, is_offered in _offers(one).items() if is_offered]
        wish = one.channel.correction
        if wish is None or wish not in offered:
            return Planned(one, post, changes, Means.NONE, reason=why_not, hint=_what_to_set(one, offered))
        if wish is Correction.REPLACE:
            return _planned_anew(one, before, post, changes, why_not)
        planned = self._plan_reply(one, before, post, changes, why_not)
        return Planned(one, post, (), Means.NOTHING) if told and told["text"] == planned.text else planned

    def _plan_edit(self, one: Delivered, post: Post, changes: tuple[Aspect, ...]) -> Planned:
        """The post with the news of its event, which has to fit as well."""
        if errors := self._errors(one, post):
            hint = "say it in fewer words: the news of the live event stays below it"
            return Planned(one, post, changes, Means.NONE, reason=errors, hint=hint)
        return Planned(one, post, changes, Means.EDIT)

    def _plan_reply(self, one: Delivered, before: Post, post: Post, changes: tuple[Aspect, ...], why: str) -> Planned:
        said, rules = one.publisher.said(self._announcement), one.publisher.capabilities.text or TextRules()
        wordings = [correction_words(said.language, words) for words in self._wordings(one, before, post) if words]
        text = next((text for text in wordings if not _excess(text, rules)), wordings[0])
        if _excess(text, rules):
            reason = f"the reply would count {weigh(text, rules)}, {rules.max_length} are allowed"
            return Planned(one, post, changes, Means.NONE, text, reason, "say in fewer words what is corrected, with --note")
        return Planned(one, post, changes, Means.REPLY, text, why)

    def _wordings(self, one: Delivered, before: Post, post: Post) -> list[str]:
        """What a reply may say, the best first: the note, or else the whole post; of a thread or a page the sentences that are
        new, or where there are none, or too many, its title; with the addresses that are new, since the old ones may be dead."""
        if self._note:
            return [self._note]
        if len(post.parts) == 1 and one.publisher.fills_template:
            return [post.parts[0]]
        was, now = one.publisher.said(self._shown_by(one)), one.publisher.said(self._announcement)
        news, addresses = new_sentences(was.text, now.text), new_addresses(before, post)
        led = ["\n".join((words, *addresses)) for words in (news, now.title) if words]
        return [*led, news, now.title, now.text]

    def _shown_by(self, one: Delivered) -> Announcement:
        """What that channel shows now."""
        return Announcement.from_json(self._documents[min(one.outcome.revision, len(self._documents) - 1)])

    def _composed(self, one: Delivered, announcement: Announcement, links: Mapping[str, str]) -> Post:
        return compose_post(announcement, one.publisher, links, one.publisher.capabilities)

    def _links(self, one: Delivered, moved: set[str]) -> dict[str, str]:
        """The addresses that the other channels give; one that `moved` stands for no address that there was."""
        given = {
            host: {kind: f"{url}#moved" if host in moved else url for kind, url in self.links_of(host).items()}
            for host, channel in self._shop.channels.items()
            if self._announcement.audience.may_see(channel.audience)
        }
        return links_for(one.channel.name, given, self._pages)

    def _moved_since(self, one: Delivered) -> Iterator[str]:
        """The hosts that were published anew after that channel was last brought up to date."""
        for host in self._shop.channels:
            if not self.is_page(host) and generation(self._ledger, self.key, host) > one.outcome.revision:
                yield host

    def _errors(self, one: Delivered, post: Post) -> str:
        problems = check_post(post, one.publisher, one.channel, {})
        return "; ".join(str(problem) for problem in problems if problem.severity is Severity.ERROR)

    def _edits_made(self, one: Delivered) -> int:
        return sum(one.steps.recorded(step_name(number)) is not None for number in range(1, self.number))


def step_name(number: int, *, anew: bool = False) -> str:
    """The step by which a channel comes to the revision of that number, or is led to the new address of a host there."""
    return f"revision/{number}{_ANEW if anew else ''}"


def _no_edit(one: Delivered, changes: Iterable[Aspect], now: datetime, edits_made: int) -> str:
    """Why the post cannot be changed so; empty where it can."""
    table, platform = one.publisher.capabilities, one.outcome.platform
    if (rules := table.edits) is None:
        return f"posts on {platform} cannot be changed here" + (f": {why}" if (why := table.notes.get("edits")) else "")
    if missing := [aspect.value for aspect in changes if aspect not in rules.aspects]:
        return f"{' and '.join(missing)} of a post on {platform} cannot be changed here"
    at = one.outcome.published_at
    if rules.within_seconds is not None and at and (now - at).total_seconds() > rules.within_seconds:
        return f"{platform} lets a post be changed for {rules.within_seconds // 60} minutes, and it is older"
    if rules.max_count is not None and edits_made >= rules.max_count:
        return f"{platform} lets a post be changed {rules.max_count} times, and it was"
    return ""


def _excess(text: str, rules: TextRules) -> int:
    return 0 if rules.max_length is None else max(0, weigh(text, rules) - rules.max_length)


def _planned_anew(one: Delivered, before: Post, post: Post, changes: tuple[Aspect, ...], why: str) -> Planned:
    """A replacement, unless the platform would refuse it when what it replaces is gone."""
    rules = one.publisher.capabilities.text
    if rules and not rules.repeatable and (again := [part for part in post.parts if part in before.parts]):
        reason = f"{one.outcome.platform} refuses words that a deleted post had, such as: {excerpt(again[0], '')}"
        hint = 'change a word in each post that stays as it was, or say correction = "reply"'
        return Planned(one, post, changes, Means.NONE, reason=reason, hint=hint)
    return Planned(one, post, changes, Means.REPLACE, reason=why)


def _offers(one: Delivered) -> dict[Correction, bool]:
    capabilities = one.publisher.capabilities
    return {Correction.REPLY: capabilities.answer, Correction.REPLACE: capabilities.retract}


def _what_to_set(one: Delivered, offered: Sequence[Correction]) -> str:
    if not offered:
        return f"correct it by hand: {one.outcome.url}" if one.outcome.url else "tell its readers yourself"
    choice = " or ".join(f'correction = "{wish.value}"' for wish in offered)
    return f"say {choice} in [channels.{one.outcome.channel}], or leave this channel out with --only"
