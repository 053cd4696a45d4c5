"""The MediaWiki publisher after publication: what is read back, who changed it, what people say, corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast.model.announcement import Announcement
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.publishers.mediawiki.reading import addresses, licence_of, shown_files
from socialcast.publishers.mediawiki.settings import Markup, Mode
from socialcast.publishers.mediawiki.talk import without_signatures
from socialcast.sandbox import Sandbox
from tests.publishers.test_mediawiki import COMMONS, EVENT, INTEREST, OWN, PROPOSAL, WIKIPEDIA, Desk, desk, offline, photo

__all__ = ["desk"]  # the fixture

KINDS: dict[str, dict[str, Any]] = {
    "page": {"host": OWN, "said": msgspec.structs.replace(EVENT, photos=(photo(1), photo(2, licence="CC0-1.0")))},
    "section": {"host": OWN, "section": "{title}", "page": "Press", "said": msgspec.structs.replace(EVENT, photos=(photo(1),))},
    "files": {
        "host": COMMONS,
        "mode": Mode.UPLOAD,
        "page": "",
        "source": "{{own}}",
        "said": msgspec.structs.replace(EVENT, photos=(photo(1), photo(2, licence="CC0-1.0"))),
    },
    "proposal": {"host": WIKIPEDIA, "page": "Forum", "said": PROPOSAL, **INTEREST},
}


def published(desk: Callable[..., Desk], kind: str, **more: Any) -> tuple[Desk, Announcement, Receipt]:
    wanted = {**KINDS[kind], **more}
    said = wanted.pop("said")
    news = desk(wanted.pop("host"), **wanted)
    return news, said, news.publish(said)


def differences(news: Desk, said: Announcement, receipt: Receipt) -> list[str]:
    """What an audit would compare and find different, by the field's name."""
    same, publisher = news.publisher.comparable, news.publisher
    seen, wanted = publisher.inspect(receipt).items, publisher.expected(publisher.compose(said, {}), receipt).items
    assert [each.item for each in seen] == [each.item for each in wanted] == list(receipt.items)
    return [name for pair in zip(wanted, seen, strict=True) for name in _different(*pair, same)]


def _different(wanted: Seen, seen: Seen, same: Callable[[str], str]) -> list[str]:
    if seen.gone:
        return ["gone"]
    words = [
        name
        for name in ("title", "text", "licence")
        if (told := getattr(wanted, name)) is not None and same(told) != same(getattr(seen, name) or "")
    ]
    links = [] if wanted.links is None or set(wanted.links) <= set(seen.links or ()) else ["links"]
    alts = [[medium.alt or "" for medium in each.media or ()] for each in (wanted, seen)]
    return [*words, *links, *([] if wanted.media is None or alts[0] == alts[1] else ["media"])]


# -- what is read back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_published_reads_back_as_expected(desk: Callable[..., Desk], kind: str) -> None:
    """Text, title, addresses, photos in order with alt text and licence; a signature that the wiki wrote out is no change."""
    news, said, receipt = published(desk, kind)
    assert differences(news, said, receipt) == []
    seen = news.publisher.inspect(receipt).items
    assert {(each.edited_by, each.edited_at) for each in seen} == {("", None)}
    shown = [medium for each in seen for medium in each.media or ()]
    assert all(medium.url.startswith("https://") for medium in shown)
    assert len(shown) >= len(news.publisher.compose(said, {}).photos)


def test_what_somebody_else_changed_is_told_with_the_name(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """The text as it stands there now, and who changed it when."""
    news, said, receipt = published(desk, "page")
    sandbox.advance(60)
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", news.text("Open doors").replace("Come", "Stay"))
    assert differences(news, said, receipt) == ["text"]
    seen = news.publisher.inspect(receipt).items[0]
    assert (seen.edited_by, seen.edited_at) == ("Ann", news.clock.now().replace(microsecond=0))
    assert (seen.text or "").startswith("Stay & see")


def test_whoever_changed_our_section_is_named_and_not_who_edited_elsewhere(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """An edit of the rest of the page is no change; a later one does not take the blame for an earlier."""
    news, said, receipt = published(desk, "section")
    card = f"{OWN}/Press"
    sandbox.act("mediawiki", "edit", "Bob", card, f"Our news.\n\n{news.text('Press')}")
    assert differences(news, said, receipt) == []
    assert news.publisher.inspect(receipt).items[0].edited_by == ""
    sandbox.act("mediawiki", "edit", "Ann", card, news.text("Press").replace("Come", "Stay"))
    sandbox.act("mediawiki", "edit", "Bob", card, news.text("Press").replace("Our news", "All our news"))
    assert differences(news, said, receipt) == ["text"]
    assert news.publisher.inspect(receipt).items[0].edited_by == "Ann"


def test_an_edit_by_hand_with_our_own_account_is_a_change_by_people(desk: Callable[..., Desk]) -> None:
    """It has no marker of ours."""
    news, _, receipt = published(desk, "page")
    page = news.page("Open doors")["revisions"][0]
    news.publisher._wiki.post("edit", title="Open doors", text="By hand.", summary="mine", baserevid=page["revid"])
    seen = news.publisher.inspect(receipt).items[0]
    assert (seen.text, seen.edited_by, seen.edited_at is None) == ("By hand.", "", False)


@pytest.mark.parametrize(("before", "after"), [("alt=Larches, 1", "alt=Trees"), ("thumb|alt=Larches, 1|", "")])
def test_a_changed_photo_is_told(sandbox: Sandbox, desk: Callable[..., Desk], before: str, after: str) -> None:
    """Its alt text, or that it has none."""
    news, said, receipt = published(desk, "page")
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", news.text("Open doors").replace(before, after))
    assert differences(news, said, receipt) == ["text", "media"]


def test_a_changed_licence_of_a_file_is_told_with_who_changed_it(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """On the file's own page."""
    news, said, receipt = published(desk, "files")
    name = receipt.items[0].id
    card, text = f"{COMMONS}/File:{name.replace(' ', '_')}", news.text(f"File:{name}")
    sandbox.act("mediawiki", "edit", "Ann", card, text.replace("cc-by-4.0", "cc-by-sa-4.0"))
    assert differences(news, said, receipt) == ["text", "licence"]
    first, second = news.publisher.inspect(receipt).items
    assert (first.licence, first.edited_by, second.licence, second.edited_by) == ("CC-BY-SA-4.0", "Ann", "CC0-1.0", "")


def test_what_is_not_there_any_more_is_gone(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """A deleted file, a deleted page; a page that again says what it said before; one that was emptied; a section removed."""
    news, _, receipt = published(desk, "page")
    name = receipt.items[1].id
    sandbox.act("mediawiki", "remove", "Ann", f"{OWN}/File:{name.replace(' ', '_')}")
    assert [each.gone for each in news.publisher.inspect(receipt).items] == [False, True, False]
    before = news.text("Open doors")
    later = news.publish(msgspec.structs.replace(EVENT, key="later", text="Later."))
    assert not news.publisher.inspect(later).items[0].gone
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", before)
    seen = news.publisher.inspect(later).items[0]
    assert (seen.gone, seen.edited_by) == (True, "Ann")
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", "")
    assert news.publisher.inspect(receipt).items[0].gone
    sandbox.act("mediawiki", "remove", "Ann", f"{OWN}/Open_doors")
    assert news.publisher.inspect(receipt).items[0].gone


def test_a_section_that_was_removed_is_gone_and_one_that_was_renamed_is_not(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """It is found by its words."""
    news, said, receipt = published(desk, "section")
    card, text = f"{OWN}/Press", news.text("Press")
    sandbox.act("mediawiki", "edit", "Ann", card, text.replace("== Open doors &#91;2026&#93; ==", "== Doors =="))
    assert differences(news, said, receipt) == ["text"]
    sandbox.act("mediawiki", "edit", "Ann", card, "Nothing new.")
    assert news.publisher.inspect(receipt).items[0].gone


def test_answers_below_a_request_are_no_change_of_it(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """A changed word of it is."""
    news, said, receipt = published(desk, "proposal")
    sandbox.act("mediawiki", "reply", "Vera", f"{WIKIPEDIA}/Talk:Forum#Founding date", "Which source?")
    assert differences(news, said, receipt) == []
    sandbox.act("mediawiki", "edit", "Vera", f"{WIKIPEDIA}/Talk:Forum", news.text("Talk:Forum").replace("1971", "1973"))
    assert "text" in differences(news, said, receipt)


def test_a_text_that_the_wiki_substitutes_is_not_compared(desk: Callable[..., Desk]) -> None:
    """What comes of {{subst:...}} nobody knows beforehand; that the page is there, and its photos, is looked at all the same."""
    news = desk(markup=Markup.WIKITEXT)
    said = msgspec.structs.replace(EVENT, body="{{subst:Today}} https://example.org/map", photos=(photo(1),))
    receipt = news.publish(said)
    wanted = news.publisher.expected(news.publisher.compose(said, {}), receipt).items[0]
    assert (wanted.text, [medium.alt for medium in wanted.media or ()]) == (None, ["Larches, 1"])
    assert differences(news, said, receipt) == []


def test_the_same_once_more_is_a_duplicate(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """On another page by a copied channel, and in a second section by anybody; what was taken back since is none."""
    news, said, receipt = published(desk, "section")
    post = news.publisher.compose(said, {})
    assert news.publisher.duplicates(post, receipt) == ()
    copy = desk(section="{title}", page="Archive")
    other = copy.publish(said, "other")
    (found,) = news.publisher.duplicates(post, receipt)
    assert (found.id, found.kind, found.url) == (other.id, "page", "https://wiki.example.org/wiki/Archive")
    copy.publisher.retract(msgspec.structs.replace(other, items=other.items[:1]), copy.steps("r"))
    assert news.publisher.duplicates(post, receipt) == ()
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Press", f"{news.text('Press')}\n\n{news.text('Press')}")
    (found,) = news.publisher.duplicates(post, receipt)
    assert found.url == receipt.url


# -- what wikitext says ----------------------------------------------------------------------------------------------------


def test_files_and_addresses_are_read_with_what_is_nested_in_them() -> None:
    """Captions with links and templates, by whatever name the wiki calls its files; nothing in nowiki counts."""
    text = (
        "[[Datei:A_b.jpg|thumb|alt=A &#124; b|''[[Forum|the {{t|1}}]]'' [https://e.org/x x]]] [[File:C.png]]"
        " [https://example.org/m?a=1&amp;b=2 map] <nowiki>https://no.example</nowiki> [[File talk:D.png]]"
    )
    assert list(shown_files(text, {"file", "datei"})) == [("A b.jpg", "A | b"), ("C.png", "")]
    assert addresses(text) == ("https://e.org/x", "https://example.org/m?a=1&b=2")


@pytest.mark.parametrize(
    ("told", "licence"), [("{{self|cc-by-4.0}}", "CC-BY-4.0"), ("{{CC-zero}}", "CC0-1.0"), ("{{PD-old}}", "PD-old"), ("", "")]
)
def test_a_licence_is_told_as_announcements_name_it(told: str, licence: str) -> None:
    """By the tags of Commons; one that announcements do not know, as it is there."""
    page = f"== {{{{int:filedesc}}}} ==\nx\n=={{{{int:license-header}}}}==\n{told}\n[[Category:Doors]]"
    assert licence_of(page, is_commons=True) == licence


@pytest.mark.parametrize(
    "signature",
    [
        "~~~~",
        "[[User:Ann B|Ann B]] ([[User talk:Ann B|talk]]) 10:00, 22 November 2026 (UTC)",
        "[[Benutzer:Ann|Ann]] ([[Benutzer Diskussion:Ann|Diskussion]]) 11:00, 22. Nov. 2026 (CET)",
        "[[Special:Contributions/192.0.2.1|192.0.2.1]] 10:00, 22 November 2026 (UTC)",
        "<small>[[利用者:Ann|Ann]]（[[利用者‐会話:Ann|会話]]） 2026年11月22日 (日) 10:00 (UTC)</small>",
    ],
)
def test_a_signature_is_no_part_of_what_is_said(signature: str) -> None:
    """In whatever language, and links in the text before it are."""
    assert without_signatures(f"See [[User:Bob|Bob]]. {signature}").removesuffix("<small>").strip() == "See [[User:Bob|Bob]]."


@given(st.text("[]|:~(19) \nU", max_size=80))
def test_hostile_wikitext_is_read_all_the_same(text: str) -> None:
    """Nothing that somebody may write on a page stops the reading."""
    without_signatures(text)
    list(shown_files(text))
    addresses(text)
    licence_of(text, is_commons=True)
    offline().comparable(text)
