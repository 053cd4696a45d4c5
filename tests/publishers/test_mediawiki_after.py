"""The MediaWiki publisher after publication: what is read back, who changed it, what people say, corrections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from socialcast.model.announcement import Announcement
from socialcast.model.errors import Conflict, NotAllowed, TerminalError
from socialcast.model.receipt import Receipt
from socialcast.model.sight import Seen
from socialcast.publishers.mediawiki import talk
from socialcast.publishers.mediawiki.reading import addresses, licence_of, shown_files
from socialcast.publishers.mediawiki.settings import Markup, Mode
from socialcast.publishers.mediawiki.talk import without_signatures
from socialcast.sandbox import Sandbox
from tests.publishers.conversation import all_replies
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


def is_now(news: Desk, moment: datetime | None) -> bool:
    """Whether that is what the sandbox's clock shows, in whole seconds and give or take those of the test."""
    return moment is not None and abs(news.clock.now() - moment) < timedelta(seconds=30)


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
    assert (seen.edited_by, is_now(news, seen.edited_at)) == ("Ann", True)
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


# -- what people say -------------------------------------------------------------------------------------------------------

TALKS = {"page": f"{OWN}/Open_doors", "section": f"{OWN}/Press", "proposal": f"{WIKIPEDIA}/Talk:Forum"}


def talk_of(kind: str) -> str:
    return {"page": "Talk:Open doors", "section": "Talk:Press", "proposal": "Talk:Forum"}[kind]


def say(sandbox: Sandbox, name: str, card: str, text: str) -> str:
    """The card of the talk page on which somebody says something, a minute later."""
    sandbox.advance(60)
    return str(sandbox.act("mediawiki", "reply", name, card, text))


@pytest.mark.parametrize("kind", TALKS)
def test_what_people_say_comes_with_who_said_it_and_to_what(sandbox: Sandbox, desk: Callable[..., Desk], kind: str) -> None:
    """The oldest first, each below what it answers; own answers are marked, and stand where they belong."""
    news, _, receipt = published(desk, kind)
    card = say(sandbox, "Vera", TALKS[kind], "Which\nsource?")
    (vera,), _ = all_replies(news.publisher, receipt)
    assert (vera.author, vera.text, vera.parent, vera.is_own) == ("Vera", "Which\nsource?", receipt.id, False)
    assert is_now(news, vera.at)
    assert f"/{talk_of(kind).replace(' ', '_')}?oldid=" in vera.url
    sandbox.advance(60)
    item = news.publisher.answer(receipt, "The {{register}}.\nAnd ~~~~ more.", news.steps("a"), name="a", to=vera)
    say(sandbox, "Bob", card, "Thanks")
    again, ours, bob = all_replies(news.publisher, receipt)[0]
    assert (again, ours.id, ours.parent, ours.is_own) == (vera, item.id, vera.id, True)
    assert (bob.author, bob.parent) == ("Bob", item.id)
    depth = 1 if kind == "proposal" else 0
    lines = news.text(talk_of(kind)).splitlines()
    answer = [line for line in lines if line.startswith(f"{':' * (depth + 1)} ")]
    assert answer[0] == f"{':' * (depth + 1)} The &#123;&#123;register&#125;&#125;."
    assert answer[1].startswith(f"{':' * (depth + 1)} And &#126;&#126;&#126;&#126; more. [[User:News|News]]")


def test_a_cursor_goes_on_where_the_last_day_ended(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Each comment comes once, over pages and over days; where nothing was said, one question is asked for each fifty pages."""
    news, _, receipt = published(desk, "page")
    card = say(sandbox, "Vera", TALKS["page"], "Question 0")
    for number in range(1, 120):
        say(sandbox, f"Visitor {number}", card, f"Question {number}")
    first = news.publisher.replies(receipt)
    assert (first.more, len(first.page)) == (True, 50)
    say(sandbox, "Ann", card, "Late")
    rest, cursor = all_replies(news.publisher, receipt, first.cursor)
    assert [reply.text for reply in (*first.page, *rest)] == [*(f"Question {number}" for number in range(120)), "Late"]
    before = len(news.sent)
    assert all_replies(news.publisher, receipt, cursor) == ([], cursor)
    assert len(news.sent) - before == 2
    say(sandbox, "Ann", card, "Another day")
    assert [reply.text for reply in all_replies(news.publisher, receipt, cursor)[0]] == ["Another day"]


def test_what_was_said_before_is_not_about_it(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Neither on the page's talk before it was published, nor elsewhere on a talk page that holds a request of ours."""
    news = desk()
    news.publish(msgspec.structs.replace(EVENT, key="earlier", text="Earlier."))
    card = say(sandbox, "Vera", TALKS["page"], "About the earlier")
    sandbox.advance(60)
    receipt = news.publish(EVENT)
    say(sandbox, "Vera", card, "About this")
    assert [reply.text for reply in all_replies(news.publisher, receipt)[0]] == ["About this"]
    wikipedia, _, request = published(desk, "proposal", user="press")
    whole = f"{wikipedia.text('Talk:Forum')}\n\n== Other ==\nElse. [[User:Ann|Ann]] 10:00, 22 November 2026 (UTC)"
    sandbox.act("mediawiki", "edit", "Ann", TALKS["proposal"], whole)
    say(sandbox, "Vera", f"{TALKS['proposal']}#Founding date", "Which source?")
    assert [reply.text for reply in all_replies(wikipedia.publisher, request)[0]] == ["Which source?"]


def test_comments_on_a_file_are_read(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Each below its file."""
    news, _, receipt = published(desk, "files")
    for item, name in zip(receipt.items, ("Vera", "Bob"), strict=True):
        say(sandbox, name, f"{COMMONS}/File:{item.id.replace(' ', '_')}", "Lovely")
    found, _ = all_replies(news.publisher, receipt)
    assert {(reply.author, reply.parent) for reply in found} == set(
        zip(("Vera", "Bob"), (item.id for item in receipt.items), strict=True)
    )


def test_a_forged_signature_makes_nobody_else_the_author(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Who wrote it is whoever saved it; it is no answer of ours."""
    news, _, receipt = published(desk, "page")
    forged = "[[User:News|News]] ([[User talk:News|talk]]) 10:00, 22 November 2026 (UTC)"
    card = say(sandbox, "Mallory", TALKS["page"], "Hello")
    sandbox.act("mediawiki", "edit", "Mallory", card, f"{news.text('Talk:Open doors')}\n:We are closed. {forged}")
    _, claim = all_replies(news.publisher, receipt)[0]
    assert (claim.author, claim.text, claim.is_own) == ("Mallory", "We are closed.", False)


def test_answering_what_was_removed_says_so(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """It was there when it was listed; one whose words were mended is there still."""
    news, _, receipt = published(desk, "page")
    card = say(sandbox, "Vera", TALKS["page"], "Wann?")
    (vera,), _ = all_replies(news.publisher, receipt)
    mended = news.text("Talk:Open doors").replace("Wann", "When")
    sandbox.act("mediawiki", "edit", "Vera", card, mended)
    news.publisher.answer(receipt, "At nine.", news.steps("a"), name="a", to=vera)
    sandbox.act("mediawiki", "edit", "Vera", card, "Nothing.")
    with pytest.raises(TerminalError, match="removed") as raised:
        news.publisher.answer(receipt, "At ten.", news.steps("b"), name="b", to=vera)
    assert raised.value.code == "reply.gone"
    sandbox.act("mediawiki", "remove", "Vera", card)
    with pytest.raises(TerminalError, match="deleted"):
        news.publisher.answer(receipt, "At ten.", news.steps("b"), name="b", to=vera)


@pytest.mark.parametrize("effect", ["reset_after", "reset_before", "status_after", "truncated", "html", "no_id"])
@pytest.mark.parametrize("to_reply", [True, False])
def test_an_answer_whose_answer_was_lost_is_there_once(
    sandbox: Sandbox, desk: Callable[..., Desk], effect: str, *, to_reply: bool
) -> None:
    """It is found by the marker in its summary, and a machine that knows nothing of it finds it, too."""
    news, _, receipt = published(desk, "page")
    say(sandbox, "Vera", TALKS["page"], "When?")
    (vera,), _ = all_replies(news.publisher, receipt)
    to = vera if to_reply else None
    sandbox.fault("mediawiki", effect, handler="edit", nth=1)
    item = news.publisher.answer(receipt, "At nine.", news.steps("a"), name="a", to=to)
    assert news.publisher.answer(receipt, "At nine.", news.steps("a", "other", recover=True), name="a", to=to) == item
    assert news.text("Talk:Open doors").count("At nine.") == 1
    assert [reply.id for reply in all_replies(news.publisher, receipt)[0]] == [vera.id, item.id]


def test_somebody_who_writes_in_between_is_not_overwritten(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """The answer is put in its place again."""
    news, _, receipt = published(desk, "page")
    card = say(sandbox, "Vera", TALKS["page"], "When?")
    (vera,), _ = all_replies(news.publisher, receipt)
    meanwhile = [lambda: say(sandbox, "Bob", card, "I ask, too")]

    def interrupt(answer: requests.Response, **options: Any) -> None:
        if "titles=Talk" in str(answer.request.url) and meanwhile:
            meanwhile.pop()()

    news.publisher.session.hooks["response"].append(interrupt)
    news.publisher.answer(receipt, "At nine.", news.steps("a"), name="a", to=vera)
    text = news.text("Talk:Open doors")
    assert (meanwhile, len(news.fields("edit")) > 2, text.count("I ask, too"), text.count("At nine.")) == ([], True, 1, 1)


def test_a_request_gets_no_news_of_live_events(desk: Callable[..., Desk]) -> None:
    """Announcements have no place on Wikipedia; a correction below the request has."""
    news, _, receipt = published(desk, "proposal")
    with pytest.raises(NotAllowed, match="no place"):
        news.publisher.answer(receipt, "Live now", news.steps("a"), name="live/start/post")
    news.publisher.answer(receipt, "Correction: 1970.", news.steps("a"), name="revision/1/reply")
    assert news.text("Talk:Forum").splitlines()[-1].startswith(": Correction: 1970. [[User:News|News]]")


def test_what_was_answered_is_taken_back_unless_others_have_answered_it(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """A section that was begun for it goes, too; what stays is listed."""
    news, _, receipt = published(desk, "page")
    card = say(sandbox, "Vera", TALKS["page"], "When?")
    (vera,), _ = all_replies(news.publisher, receipt)
    first = news.publisher.answer(receipt, "At nine.", news.steps("a"), name="a", to=vera)
    say(sandbox, "Bob", f"{card}#Comment", "Thanks")
    second = news.publisher.answer(receipt, "Correction: at ten.", news.steps("a"), name="b")
    everything = msgspec.structs.replace(receipt, items=(*receipt.items[:1], first, second))
    for _ in "ab":
        (left,) = news.publisher.retract(everything, news.steps("r"))
        assert (left.item, left.reason) == (first, "others have answered it")
    text = news.text("Talk:Open doors")
    assert ("At nine." in text, "at ten" in text, text.count("==")) == (True, False, 2)


PAGE = """{{talk header}}
== First ==
Hello. [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 10:00, 22 November 2026 (UTC)
: Yes. [[User:Bob|Bob]] ([[User talk:Bob|talk]]) 10:01, 22 November 2026 (UTC)
:: No. [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 10:02, 22 November 2026 (UTC)

: Maybe,
: perhaps. -- [[User:Cy|Cy]] ([[User talk:Cy|talk]]) 10:02, 22 November 2026 (UTC)
== Second ==
Nobody signs this.
== Third ==
Hello. [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 10:00, 22 November 2026 (UTC)
{{reflist}}"""


def test_a_talk_page_is_read_as_people_write_it() -> None:
    """Depth, place, who answers whom; what is said twice in a minute is two comments, and templates are none."""
    said = talk.comments(PAGE, 7)
    assert [(comment.text, comment.depth, comment.heading) for comment in said] == [
        ("Hello.", 0, "First"),
        ("Yes.", 1, "First"),
        ("No.", 2, "First"),
        ("Maybe,\nperhaps.", 1, "First"),
        ("Nobody signs this.", 0, "Second"),
        ("Hello.", 0, "Third"),
    ]
    assert [parent and parent.text for parent in (talk.parent_of(comment, said) for comment in said)] == [
        None, "Hello.", "Yes.", "Hello.", None, None,
    ]  # fmt: skip
    assert len({comment.id for comment in said}) == len(said)


@pytest.mark.parametrize(
    ("number", "after", "marks"), [(0, "perhaps.", ":"), (1, ":: No.", "::"), (2, ":: No.", ":::"), (4, "Nobody signs", ":")]
)
def test_an_answer_stands_below_those_that_are_there(number: int, after: str, marks: str) -> None:
    """One level deeper than what it answers."""
    lines = talk.answered(PAGE, talk.comments(PAGE, 7)[number], "Fine.").split("\n")
    place = lines.index(f"{marks} Fine. ~~~~")
    assert after in lines[place - 1]


_LINES = st.lists(
    st.sampled_from(["== A ==", "", "Words", ": deeper", ":: deep", "{{t}}", "x [[User:A|A]] 10:00, 1 May 2026 (UTC)"]),
    max_size=12,
)


@given(_LINES, st.integers(0, 20), st.text("a:*~={}\n", min_size=1, max_size=20).filter(str.strip))
def test_an_answer_changes_nothing_else_on_the_page(lines: list[str], number: int, text: str) -> None:
    """Every line that was there is there, and every comment keeps its name."""
    page = "\n".join(lines)
    said = talk.comments(page, 7)
    if said:
        comment = said[number % len(said)]
        answer = talk.answered(page, comment, text)
        assert [line for line in answer.split("\n") if line in lines or not line.startswith(f"{comment.marks}: ")] == lines
        signed = answer.replace("~~~~", "[[User:Us|Us]] 11:11, 2 May 2026 (UTC)")
        assert {comment.id for comment in said if "[[User" in page} - {new.id for new in talk.comments(signed, 7)} <= {
            comment.id for comment in said if comment.text != "x"
        }


# -- what is corrected -----------------------------------------------------------------------------------------------------

LATER = {
    "text": "Come & see at ten.",
    "licence": "CC-BY-SA-4.0",
    "photos": (photo(1, alt="A [larch]"), photo(2, licence="CC0-1.0")),
}


def correct(news: Desk, said: Announcement, receipt: Receipt, name: str = "revision/1", machine: str = "one") -> Receipt:
    steps = news.steps(said.resolved_key, machine, recover=machine != "one")
    return news.publisher.amend(receipt, news.publisher.compose(said, {}), steps, name=name)


@pytest.mark.parametrize("kind", ["page", "section", "files"])
def test_what_is_corrected_reads_back_as_corrected(desk: Callable[..., Desk], kind: str) -> None:
    """Text, alt text and licence, on the page and on the files' pages; the history shows that it is a correction of ours."""
    news, said, receipt = published(desk, kind)
    later = msgspec.structs.replace(said, **{**LATER, "photos": LATER["photos"][: len(said.photos)]})
    assert differences(news, later, receipt) != []
    corrected = correct(news, later, receipt)
    assert (differences(news, later, corrected), corrected.id) == ([], receipt.id)
    assert {(each.edited_by, each.edited_at) for each in news.publisher.inspect(corrected).items} == {("", None)}
    sent = len(news.fields("edit"))
    assert correct(news, later, corrected) == corrected
    assert len(news.fields("edit")) == sent


def test_news_of_a_live_event_follow_each_other_below_the_text(desk: Callable[..., Desk]) -> None:
    """The later takes the place of the earlier, with the receipt of the first publication, and both are ours."""
    news, said, receipt = published(desk, "page")
    post = news.publisher.compose(said, {})
    for moment in ("Live now", "It is over"):
        told = msgspec.structs.replace(post, parts=(f"{post.parts[0]}\n\n{moment}",))
        news.publisher.amend(receipt, told, news.steps(said.resolved_key), name=f"live/{moment}/post")
    text = news.text("Open doors")
    assert (text.endswith("It is over"), "Live now" in text) == (True, False)
    assert news.publisher.inspect(receipt).items[0].edited_at is None


def test_a_correction_names_what_it_corrects(desk: Callable[..., Desk]) -> None:
    """So that whoever reads the history understands it."""
    news, said, receipt = published(desk, "page")
    correct(news, msgspec.structs.replace(said, text="Later."), receipt)
    assert f"corrects [[Special:Diff/{receipt.id}]] (sc:" in news.fields("edit")[-1]["summary"][0]


def test_a_section_gets_a_new_heading_and_the_rest_of_the_page_stays(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """What others wrote around it, and a section of another announcement; then it is found under the new heading."""
    news, said, receipt = published(desk, "section")
    news.publish(msgspec.structs.replace(EVENT, key="other", title="Other news", text="Other."))
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Press", f"Our news.\n\n{news.text('Press')}")
    later = msgspec.structs.replace(said, title="Doors", text="At ten.")
    corrected = correct(news, later, receipt)
    assert corrected.url.endswith("/Press#Doors")
    assert differences(news, later, corrected) == []
    page = news.text("Press")
    assert page.startswith("Our news.\n\n== Doors ==\nAt ten.")
    assert "== Other news ==\nOther." in page
    again = msgspec.structs.replace(later, text="At eleven.")
    assert differences(news, again, correct(news, again, corrected, "revision/2")) == []


@pytest.mark.parametrize("kind", ["page", "section", "files"])
def test_what_somebody_else_changed_is_not_overwritten(sandbox: Sandbox, desk: Callable[..., Desk], kind: str) -> None:
    """The error says who changed it, and where to look."""
    news, said, receipt = published(desk, kind)
    title = {"page": "Open doors", "section": "Press"}.get(kind, f"File:{receipt.items[0].id}")
    host = COMMONS if kind == "files" else OWN
    theirs = news.text(title).replace("Come", "Stay").replace("Autumn", "Winter")
    sandbox.act("mediawiki", "edit", "Ann", f"{host}/{title.replace(' ', '_')}", theirs)
    with pytest.raises(Conflict, match="changed by Ann") as raised:
        correct(news, msgspec.structs.replace(said, **LATER), receipt)
    assert f"https://{host}/wiki/" in raised.value.hint
    assert news.text(title) == theirs


def test_what_is_gone_is_not_written_again(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """A page that was deleted, or that says again what it said before."""
    news = desk()
    news.publish(msgspec.structs.replace(EVENT, key="earlier", text="Earlier."))
    before = news.text("Open doors")
    receipt = news.publish(EVENT)
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", before)
    with pytest.raises(Conflict, match="not there any more"):
        correct(news, msgspec.structs.replace(EVENT, text="Later."), receipt)
    sandbox.act("mediawiki", "remove", "Ann", f"{OWN}/Open_doors")
    with pytest.raises(Conflict, match="not there any more"):
        correct(news, msgspec.structs.replace(EVENT, text="Later."), receipt)


@pytest.mark.parametrize("effect", ["reset_after", "reset_before", "status_after", "truncated", "html", "no_id"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_correction_whose_answer_was_lost_is_there_once(
    sandbox: Sandbox, desk: Callable[..., Desk], effect: str, nth: int
) -> None:
    """Of the page and of a file's page; a machine that knows nothing of it saves nothing more."""
    news, said, receipt = published(desk, "page")
    later = msgspec.structs.replace(said, text="Later.", photos=(photo(1, alt="A larch"), said.photos[1]))
    sandbox.fault("mediawiki", effect, handler="edit", nth=nth)
    corrected = correct(news, later, receipt)
    assert correct(news, later, receipt, machine="other") == corrected
    assert differences(news, later, corrected) == []
    history = news.publisher._wiki.query(prop="revisions", titles="Open doors", rvlimit=50, rvprop="ids")
    assert len(history["query"]["pages"][0]["revisions"]) == 2


def test_a_description_that_does_not_change_is_left_alone(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Whatever others have added to it, such as a category."""
    news, said, receipt = published(desk, "page")
    title = f"File:{receipt.items[1].id}"
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/{title.replace(' ', '_')}", f"{news.text(title)}\n[[Category:Trees]]")
    correct(news, msgspec.structs.replace(said, text="Later."), receipt)
    assert news.text(title).endswith("[[Category:Trees]]")


@pytest.mark.parametrize("kind", ["page", "section"])
def test_what_was_taken_back_is_not_taken_for_what_comes_anew(desk: Callable[..., Desk], kind: str) -> None:
    """The history keeps both under one marker; what is there again afterwards is the newer one."""
    news, said, receipt = published(desk, kind)
    post = news.publisher.compose(said, {})
    assert news.publisher._find_edit(post)["revid"] == int(receipt.id)
    news.publisher.retract(receipt, news.steps("r"))
    assert news.publisher._find_edit(post) is None


def test_a_corrected_page_is_taken_back_as_a_whole(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """To what was there before it was published, not to what it said before it was corrected."""
    news = desk()
    news.publish(msgspec.structs.replace(EVENT, key="earlier", text="Earlier."))
    before = news.text("Open doors")
    sandbox.advance(60)
    receipt = news.publish(EVENT)
    for number in (1, 2):
        correct(news, msgspec.structs.replace(EVENT, text=f"Correction {number}."), receipt, f"revision/{number}")
    for _ in "ab":
        news.publisher.retract(receipt, news.steps("r"))
    assert news.text("Open doors") == before
    assert news.publisher.inspect(receipt).items[0].gone


def test_a_page_that_somebody_edited_stays_with_its_files_and_is_listed(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """Whoever edited it is named; once it is gone, there is nothing to take back, and the files alone are listed."""
    news, _, receipt = published(desk, "page")
    sandbox.act("mediawiki", "edit", "Ann", f"{OWN}/Open_doors", f"{news.text('Open doors')}\n\nMine.")
    left = news.publisher.retract(receipt, news.steps("r"))
    assert [each.item for each in left] == list(receipt.items)
    assert left[0].reason == "Ann has edited the page since"
    sandbox.act("mediawiki", "remove", "Ann", f"{OWN}/Open_doors")
    assert [each.item for each in news.publisher.retract(receipt, news.steps("r"))] == list(receipt.items[1:])


@pytest.mark.parametrize("effect", ["reset_after", "reset_before", "status_after", "no_id"])
def test_a_retraction_whose_answer_was_lost_takes_nothing_else_back(
    sandbox: Sandbox, desk: Callable[..., Desk], effect: str
) -> None:
    """Done again it changes nothing, and what was there before stays."""
    news = desk()
    news.publish(msgspec.structs.replace(EVENT, key="earlier", text="Earlier."))
    before, receipt = news.text("Open doors"), news.publish(EVENT)
    sandbox.fault("mediawiki", effect, handler="edit", nth=1)
    assert news.publisher.retract(receipt, news.steps("r")) == ()
    assert news.publisher.retract(receipt, news.steps("r", "other")) == ()
    assert news.text("Open doors") == before


def test_a_request_is_not_changed_and_the_reason_is_told(desk: Callable[..., Desk]) -> None:
    """Those who weigh it have read it."""
    news, said, receipt = published(desk, "proposal")
    with pytest.raises(TerminalError, match="does not offer") as raised:
        correct(news, said, receipt)
    assert raised.value.code == "not_offered"
    assert "reply" in news.publisher.capabilities.notes["edits"]


# -- what wikitext says ----------------------------------------------------------------------------------------------------


def test_files_and_addresses_are_read_with_what_is_nested_in_them() -> None:
    """Captions with links and templates, by whatever name the wiki calls its files; nothing in nowiki counts."""
    text = (
        "[[Datei:A_b.jpg|thumb|alt=A &#124; b|''[[Forum|the {{t|1}}]]'' [https://e.org/x x]]] [[File:C.png]]"
        " [https://example.org/m?a=1&amp;b=2 map] <nowiki>https://no.example</nowiki> [[File talk:D.png]]"
        " See https://example.org/b_(c). (At https://example.org/a) {{cite|url=https://example.org/d|x}}"
        " <!-- [[File:E.png]] --> [[{{]]"
    )
    assert shown_files(text, {"file", "datei"}) == (("A b.jpg", "A | b"), ("C.png", ""))
    assert addresses(text) == (
        "https://e.org/x",
        "https://example.org/m?a=1&b=2",
        "https://example.org/b_(c)",
        "https://example.org/a",
        "https://example.org/d",
    )


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


@pytest.mark.parametrize(
    "unit", ["[[File:a|", "{{a|", "[[''", "<!--", "<nowiki>", "{{]]", "[[File:a|alt=", "[[File:a|]]", "[" * 9]
)
def test_what_a_vandal_left_open_keeps_nobody_busy(unit: str) -> None:
    """A page of that is read in the time of any other; were each opening to read the rest once more, this would take hours."""
    page = f"https://example.org/a {unit * (1_000_000 // len(unit))}"
    assert addresses(page)[0] == "https://example.org/a"
    assert len(shown_files(page)) <= page.count("]]")


@given(st.text("[]|:~(19) \nU", max_size=80))
def test_hostile_wikitext_is_read_all_the_same(text: str) -> None:
    """Nothing that somebody may write on a page stops the reading."""
    without_signatures(text)
    shown_files(text)
    addresses(text)
    licence_of(text, is_commons=True)
    offline().comparable(text)
