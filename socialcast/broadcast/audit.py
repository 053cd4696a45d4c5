"""What every channel shows now, compared with what was announced there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

from socialcast.broadcast.correctable import step_name
from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all
from socialcast.broadcast.news import with_news
from socialcast.broadcast.plan import compose_post
from socialcast.compose.changes import shown_aspects
from socialcast.compose.fingerprint import fingerprint, lookalikes
from socialcast.compose.pairing import pairs
from socialcast.delivery.findings import note_findings
from socialcast.delivery.revisions import former_revisions
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.capabilities import Aspect
from socialcast.model.post import Post
from socialcast.model.receipt import State
from socialcast.model.reports import Audit, AuditReport, Difference, Finding
from socialcast.model.sight import Seen, SeenMedium, Sight

__all__ = ["audit"]

_PICTURES_AT_ONCE = 4
_UNKNOWN_HINT = "say what you see with: socialcast resolve"
_PICTURES = "pictures"
_NAMED = 3  # so many missing photos are called by their alt texts


def audit(published: Published, *, pictures: bool = False) -> AuditReport:
    """Read every channel back and compare; `pictures` fetches each photo, too, and looks whether it is the same to the eye."""
    revisions = [revision.document for revision in former_revisions(published.ledger, published.key)]
    said = [*map(Announcement.from_json, revisions), published.announcement]
    work = partial(_audited, published=published, said=said, composing=Lock(), pictures=pictures)
    return AuditReport(key=published.key, outcomes=tuple(on_all(published.channels, work)))


def _audited(one: Delivered, published: Published, said: Sequence[Announcement], composing: Lock, *, pictures: bool) -> Audit:
    def compose() -> Post:
        number = _shown_revision(one)
        shown, links = said[number], published.links_for(one, _first_reply(one, number))
        with composing:  # one after another: what channels of one platform say alike is then worked out once
            post = compose_post(shown, one.publisher, links, one.publisher.capabilities)
        return with_news(one, shown, post)

    def keep(findings: Sequence[Finding]) -> None:
        note_findings(published.ledger, published.key, one.outcome.channel, findings, published.clock.now().timestamp())

    compare = partial(_audit, one, compose, keep, pictures=pictures)
    return in_sight(one, guarded(one, compare, partial(about, one, Audit)))


def _audit(one: Delivered, compose: Callable[[], Post], keep: Callable[[Sequence[Finding]], None], *, pictures: bool) -> Audit:
    state, table = one.outcome.state, one.publisher.capabilities
    if state is State.UNKNOWN:
        return about(one, Audit, failed=True, reason="what is there is unknown", hint=one.outcome.hint or _UNKNOWN_HINT)
    if state is not State.PUBLISHED:
        return about(one, Audit, done=f"not looked at: it is {state.value}")
    if not table.inspects:
        return about(one, Audit, done="not looked at", reason=f"what is on {one.publisher.name} cannot be read back here")
    with ThreadPoolExecutor(1, thread_name_prefix="socialcast-sight") as reading:  # while it is composed
        sight = reading.submit(one.steps.read, lambda: one.publisher.inspect(one.receipt))
        post = compose()
    findings = tuple(_findings(one, post, sight.result(), pictures=pictures))
    keep(findings)
    return about(one, Audit, done="differs" if findings else "as announced", findings=findings, unseen=_unseen(one, pictures))


def _shown_revision(one: Delivered) -> int:
    """The newest revision that stands in the post itself; one that was told in a reply does not."""
    number = one.outcome.revision
    while number and one.steps.recorded(f"{step_name(number)}/reply"):
        number -= 1
    return number


def _first_reply(one: Delivered, shown: int) -> int | None:
    """The revision that was first told in a reply to what the post shows; the post itself stays as it was before that."""
    if one.steps.recorded(f"{step_name(shown, anew=True)}/reply"):
        return shown
    return shown + 1 if shown < one.outcome.revision else None


def _unseen(one: Delivered, pictures: bool) -> tuple[str, ...]:
    table = one.publisher.capabilities
    unseen = [aspect.value for aspect in shown_aspects(table) if aspect not in table.inspects]
    return (*unseen, *(() if pictures else (_PICTURES,)))


def _findings(one: Delivered, post: Post, sight: Sight, *, pictures: bool) -> Iterator[Finding]:
    publisher, shown = one.publisher, {seen.item.id: seen for seen in sight.items}
    for wanted in publisher.expected(post, one.receipt).items:
        seen = shown.get(wanted.item.id)
        if seen is None or seen.gone:
            yield Finding(difference=Difference.REMOVED, item=wanted.item, by=seen.edited_by if seen else "")
            continue
        yield from _Comparison(one, post, wanted, seen).findings(pictures=pictures)
    for item in one.steps.read(lambda: publisher.duplicates(post, one.everything)):
        yield Finding(difference=Difference.EXTRA, item=item)


class _Comparison:
    """One item, as it should be and as it is; what was not told on either side is not compared."""

    def __init__(self, one: Delivered, post: Post, wanted: Seen, seen: Seen) -> None:
        self._one, self._post, self._wanted, self._seen = one, post, wanted, seen
        self._inspects = one.publisher.capabilities.inspects

    def findings(self, *, pictures: bool) -> Iterator[Finding]:
        """Everything that differs."""
        yield from self._of_words(Aspect.TITLE, self._wanted.title, self._seen.title)
        yield from self._of_words(Aspect.TEXT, self._wanted.text, self._seen.text)
        yield from self._of_links()
        yield from self._of_tags()
        yield from self._of_words(Aspect.LICENCE, self._wanted.licence, self._seen.licence)
        if self._wanted.live and self._seen.live and self._wanted.live is not self._seen.live:
            yield self._changed(Aspect.LIVE, self._wanted.live.value, self._seen.live.value)
        if self._wanted.media is not None and self._seen.media is not None:
            yield from self._of_media(self._wanted.media, self._seen.media, pictures=pictures)

    def _of_words(self, aspect: Aspect, wanted: str | None, seen: str | None) -> Iterator[Finding]:
        if wanted is None or seen is None or aspect not in self._inspects:
            return
        same = self._one.publisher.comparable
        if same(wanted) != same(seen):
            yield self._changed(aspect, wanted, seen) if seen else self._missing(aspect, wanted)

    def _of_links(self) -> Iterator[Finding]:
        wanted, seen = self._wanted.links, self._seen.links
        if wanted is None or seen is None or Aspect.LINKS not in self._inspects:
            return
        same = self._one.publisher.comparable
        there = {same(url) for url in seen}
        for url in dict.fromkeys(wanted):
            if same(url) not in there:
                yield self._missing(Aspect.LINKS, url)

    def _of_tags(self) -> Iterator[Finding]:
        """Which are missing, and which nobody announced; their order is nothing that readers see."""
        wanted, seen = self._wanted.tags, self._seen.tags
        if wanted is None or seen is None or Aspect.TAGS not in self._inspects or set(wanted) == set(seen):
            return
        missing, new = ([tag for tag in tags if tag not in other] for tags, other in ((wanted, seen), (seen, wanted)))
        tell = self._changed if new else self._missing
        yield tell(Aspect.TAGS, ", ".join(missing), ", ".join(new))

    def _of_media(self, wanted: Sequence[SeenMedium], seen: Sequence[SeenMedium], *, pictures: bool) -> Iterator[Finding]:
        if Aspect.MEDIA in self._inspects and len(seen) != len(wanted):
            tell = self._missing if len(seen) < len(wanted) else self._changed
            yield tell(Aspect.MEDIA, _count(wanted) + _named(_unpaired(_alt_texts(wanted), _alt_texts(seen))), _count(seen))
        if Aspect.MEDIA in self._inspects and _is_reordered([medium.id for medium in wanted], [medium.id for medium in seen]):
            yield self._reordered()
        if Aspect.ALT_TEXT in self._inspects:
            yield from self._of_alt_texts(_alt_texts(wanted), _alt_texts(seen))
        if pictures and Aspect.MEDIA in self._inspects:
            yield from self._of_pictures([medium for medium in wanted if medium.number is not None], seen)

    def _of_alt_texts(self, wanted: Sequence[str], seen: Sequence[str]) -> Iterator[Finding]:
        if wanted != seen and sorted(wanted) == sorted(seen):
            yield self._reordered()
            return
        for number, other in pairs(wanted, seen):
            yield from self._of_words(Aspect.ALT_TEXT, wanted[number], seen[other])

    def _of_pictures(self, wanted: Sequence[SeenMedium], seen: Sequence[SeenMedium]) -> Iterator[Finding]:
        """Photos that are no longer the same to the eye, or stand in another order."""
        photos = [self._post.photos[medium.number or 0] for medium in wanted]
        prints = self._fetched([medium for medium in seen if medium.url and medium.kind == "photo"])
        places = lookalikes([_fingerprint(photo) for photo in photos], prints)
        for (number, place), right in zip(places.items(), sorted(places.values()), strict=True):
            if place != right:
                yield self._changed(Aspect.MEDIA, f"{photos[number].name} as number {right + 1}", f"as number {place + 1}")
        unlike = (photo for number, photo in enumerate(photos) if number not in places)
        for photo, _ in zip(unlike, range(len(prints) - len(places)), strict=False):  # what else is missing is counted above
            yield self._changed(Aspect.MEDIA, photo.name, "another picture")

    def _fetched(self, media: Sequence[SeenMedium]) -> list[int]:
        with ThreadPoolExecutor(_PICTURES_AT_ONCE, thread_name_prefix="socialcast-picture") as pool:
            return list(pool.map(self._fetched_fingerprint, media))

    def _fetched_fingerprint(self, medium: SeenMedium) -> int:
        def fetch() -> bytes:
            response = self._one.publisher.session.get(medium.url)
            response.raise_for_status()
            return response.content

        return fingerprint(io.BytesIO(self._one.steps.read(fetch)))

    def _reordered(self) -> Finding:
        return self._changed(Aspect.MEDIA, "in the order of the announcement", "in another order")

    def _missing(self, aspect: Aspect, expected: str, found: str = "") -> Finding:
        return self._finding(Difference.MISSING, aspect, expected, found)

    def _changed(self, aspect: Aspect, expected: str, found: str) -> Finding:
        """By people, where the platform tells that somebody has edited it; else by the platform itself."""
        is_edited = self._seen.edited_by or self._seen.edited_at
        difference = Difference.BY_PEOPLE if is_edited else Difference.BY_PLATFORM
        return self._finding(difference, aspect, expected, found)

    def _finding(self, difference: Difference, aspect: Aspect, expected: str, found: str) -> Finding:
        item, by = self._seen.item, self._seen.edited_by
        return Finding(difference=difference, item=item, aspect=aspect.value, expected=expected, found=found, by=by)


def _fingerprint(photo: Photo) -> int:
    with photo.open() as file:
        return fingerprint(file)


def _alt_texts(media: Iterable[SeenMedium]) -> list[str]:
    return [medium.alt or "" for medium in media]


def _is_reordered(wanted: Sequence[str], seen: Sequence[str]) -> bool:
    """Whether those that are known by their ids, and still there, are in another order; many platforms give files new ids."""
    both = set(wanted).intersection(seen) - {""}
    return [id for id in wanted if id in both] != [id for id in seen if id in both]


def _unpaired(wanted: Sequence[str], seen: Sequence[str]) -> list[str]:
    """The alt texts of what stands for nothing that is shown."""
    paired = {number for number, _ in pairs(wanted, seen)}
    return [alt for number, alt in enumerate(wanted) if number not in paired]


def _named(alt_texts: Sequence[str]) -> str:
    """Some of what is missing, for whoever looks for it."""
    told = [alt for alt in alt_texts if alt][:_NAMED]
    return f", among them: {'; '.join(told)}" if told else ""


def _count(media: Iterable[SeenMedium]) -> str:
    kinds = [medium.kind for medium in media]
    counts = {kind: kinds.count(kind) for kind in kinds}
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items()) or "none"
