"""Texts come within a limit in the author's order: shorter variant, thread, cut after a sentence; every change is named."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from socialcast.compose.preflight import check
from socialcast.compose.render import render
from socialcast.compose.spans import find_spans
from socialcast.compose.template import hashtag
from socialcast.compose.text import sentence_ends, weigh
from socialcast.model.announcement import Announcement, Link, Photo, Video
from socialcast.model.capabilities import (
    AltText,
    Capabilities,
    PhotoRules,
    Recovery,
    Support,
    TagRules,
    TextRules,
    Unit,
    VideoRules,
)
from socialcast.model.post import Post
from socialcast.wire.settings import Policy
from socialcast.wire.wording import Wording

LINK = "https://example.org/open-doors"
LONG = "The observatory opens its doors on Saturday. Come and look at Saturn. The talk begins at nine. Entry is free for all."


def table(limit: int | None, *, threads: bool = False, tags: bool = False, **text: object) -> Capabilities:
    return Capabilities(
        documented="invented",
        checked=date(2026, 11, 1),
        text=TextRules(max_length=limit, **text),  # type: ignore[arg-type]
        tags=TagRules() if tags else None,
        thread=Support.NATIVE if threads else Support.NONE,
        recovery=Recovery(marker="none"),
    )


def post(announcement: Announcement, rules: Capabilities, **wording: object) -> Post:
    return render(announcement, rules, {}, channel="news", platform="plaza", wording=Wording(**wording))  # type: ignore[arg-type]


def codes(made: Post) -> list[str]:
    return [adaptation.code for adaptation in made.adaptations]


def test_what_fits_is_left_as_it_is() -> None:
    """Nothing is adapted that need not be, even where a shorter variant is there."""
    made = post(Announcement(text=LONG, short="Doors open.", link=LINK, tags=["saturn"]), table(300))
    assert made.parts == (f"{LONG}\n\n{LINK}\n\n#saturn",)
    assert made.adaptations == ()


@pytest.mark.parametrize("threads", [False, True])
def test_the_authors_shorter_variant_comes_first(threads: bool) -> None:
    """It is named, and needs no policy: the author wrote it for this."""
    made = post(Announcement(text=LONG, short="Doors open.", link=LINK, tags=["saturn"]), table(100, threads=threads))
    assert made.parts == (f"Doors open.\n\n{LINK}\n\n#saturn",)
    assert codes(made) == ["text.short"]
    assert check(made, table(100, threads=threads), Policy.REFUSE) == []


def test_a_thread_has_link_and_hashtags_in_its_first_post() -> None:
    """Most readers see the first post alone; the others go on with the text."""
    made = post(Announcement(text=LONG, link=LINK, tags=["saturn"]), table(100, threads=True), numbered=True)
    assert made.parts[0].endswith(f" (1/{len(made.parts)})\n\n{LINK}\n\n#saturn")
    assert " ".join(part.partition(" (")[0] for part in made.parts) == LONG
    assert codes(made) == ["text.thread"]


def test_addresses_that_need_the_first_post_follow_the_text() -> None:
    """A frame that leaves little room for words is told at the end of the thread."""
    made = post(Announcement(text=LONG, link=LINK + "/" * 40, tags=["saturn"]), table(100, threads=True))
    assert made.parts[0].startswith("The observatory opens")
    assert made.parts[-1].endswith("#saturn")


def test_a_first_post_that_weighs_more_than_its_pieces_is_within_the_limit() -> None:
    """What is glued to an address may belong to it, and count nothing, or not; told at the lengths that leave no room free."""
    rules = table(100, threads=True, unit=Unit.X_WEIGHT, link_weight=23, bare_links=True)
    for count in range(70, 110):
        made = post(Announcement(text="“" + "a " * count, link=LINK), rules, template="{link}{text}")
        assert [weigh(part, rules.text or TextRules()) <= 100 for part in made.parts] == [True] * len(made.parts)


def test_a_cut_comes_after_a_sentence_and_keeps_the_link_whole() -> None:
    """As many sentences as have room, a mark that there was more, the link, then the hashtags that still fit."""
    made = post(Announcement(text=LONG, link=LINK, tags=["saturn", "a very long one indeed"]), table(115))
    assert made.parts == (f"The observatory opens its doors on Saturday. Come and look at Saturn. …\n\n{LINK}\n\n#saturn",)
    assert codes(made) == ["text.cut", "text.hashtags"]
    assert "Come and look at Saturn.'" in made.adaptations[0].message
    assert "#AVeryLongOneIndeed" in made.adaptations[1].message


def test_hashtags_make_room_before_words_do() -> None:
    """A text that fits without them is not cut."""
    made = post(Announcement(text=LONG, tags=["saturn"]), table(len(LONG)))
    assert made.parts == (LONG,)
    assert codes(made) == ["text.hashtags"]


def test_a_link_in_the_part_that_is_cut_off_is_kept() -> None:
    """The announcement's link stands where the text no longer says it."""
    made = post(Announcement(text=f"{LONG} More: {LINK}", link=LINK), table(100))
    assert made.parts[0].endswith(f"…\n\n{LINK}")


def test_a_shorter_variant_that_is_too_long_is_cut_itself() -> None:
    """And both changes are named."""
    made = post(Announcement(text=LONG * 3, short=LONG), table(60))
    assert made.parts == ("The observatory opens its doors on Saturday. …",)
    assert codes(made) == ["text.short", "text.cut"]


def test_what_no_policy_can_fit_is_a_problem_that_says_what_to_do() -> None:
    """Where not even the first sentence fits, nothing is cut and the author is told."""
    rules = table(30)
    made = post(Announcement(text=LONG, link=LINK), rules)
    (problem,) = check(made, rules, Policy.ADAPT)
    assert (problem.code, problem.path) == ("text.too_long", "text")
    assert "30 are allowed" in problem.message
    assert "first sentence" in problem.fix
    assert "short" in problem.fix


@pytest.mark.parametrize("policy", [Policy.REFUSE, Policy.SKIP])
def test_a_cut_needs_the_policy_adapt(policy: Policy) -> None:
    """Otherwise it is a problem that tells what would be cut."""
    rules = table(100)
    (problem,) = check(post(Announcement(text=LONG), rules), rules, policy)
    assert problem.code == "text.cut"
    assert 'policy = "adapt"' in problem.fix


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("open doors", "#OpenDoors"),
        ("e\u0301te\u0301", "#e\u0301te\u0301"),
        ("महात्मा", "#महात्मा"),
        ("می\u200cخواهم", "#می\u200cخواهم"),
        ("أبواب مفتوحة", "#أبواب_مفتوحة"),
        ("Tag 2036 der Tür", "#Tag2036DerTür"),
        ("C++", "#C"),
        ("…", ""),
    ],
)
def test_a_tag_becomes_a_hashtag_of_its_script(tag: str, shown: str) -> None:
    """Combining marks and joiners belong to words; what cannot stand in a hashtag does not."""
    assert hashtag(tag) == shown


def test_hashtags_that_the_text_says_are_not_repeated() -> None:
    """Whatever their case; and none is told twice."""
    made = post(Announcement(text="See #Saturn now.", tags=["saturn", "open doors", "Open doors"]), table(300))
    assert made.parts == ("See #Saturn now.\n\n#OpenDoors",)


# -- templates -----------------------------------------------------------------------------------------------------


def test_a_template_says_what_a_post_is_made_of() -> None:
    """Fields are filled, and a line of which nothing is there is left out with its empty neighbour."""
    template = "{title}\n\n{text}\nStarts: {starts}\n\n{link} {tags}\n\nPhoto: {credit}"
    made = post(Announcement(title="Doors", text="Come.", link=LINK, tags=["saturn"]), table(300), template=template)
    assert made.parts == (f"Doors\n\nCome.\n\n{LINK} #saturn",)
    assert made.adaptations == ()


def test_what_an_author_writes_is_no_template() -> None:
    """Braces in an announcement stay what they are, so nothing can go round in a circle."""
    made = post(Announcement(title="{text}", text="{title} {link}"), table(300), template="{title}: {text}")
    assert made.parts == ("{text}: {title} {link}",)


def test_what_a_template_leaves_no_place_for_is_named() -> None:
    """It was the channel's choice, so it needs no policy, and it is told."""
    made = post(Announcement(text="Come.", link=LINK, tags=["saturn"]), table(300), template="{text}")
    (told,) = made.adaptations
    assert (told.code, told.routine) == ("text.template", True)
    assert told.message.endswith(": link, tags")


def test_a_template_is_cut_in_its_text_alone() -> None:
    """Title, link and credit stay whole."""
    made = post(Announcement(title="Doors", text=LONG, link=LINK), table(100), template="{title}\n{text}\n{link}")
    assert made.parts == (f"Doors\nThe observatory opens its doors on Saturday. …\n{LINK}",)


def test_no_address_stands_there_twice() -> None:
    """One that the text says is not repeated, nor one that has two names."""
    said = Announcement(text=f"See {LINK}.", link=LINK)
    assert post(said, table(300), template="{text}\n{link}").parts == (f"See {LINK}.",)


# -- sentences and alt texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("By Dr. Example. Then the panel.", ["By Dr. Example.", "Then the panel."]),
        ("故人西辞黄鹤楼。烟花三月下扬州！", ["故人西辞黄鹤楼。", "烟花三月下扬州！"]),
        ("「終わり。」と言った。次。", ["「終わり。」", "と言った。", "次。"]),
        ("هل أنت هنا؟ نعم.", ["هل أنت هنا؟", "نعم."]),
        ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
        ("A line\nand another", ["A line", "and another"]),
    ],
)
def test_sentences_end_where_their_script_ends_them(text: str, sentences: list[str]) -> None:
    """In every script, and not after an abbreviation."""
    ends = sentence_ends(text)
    assert [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)] == sentences


def described(alt: str, longest: int) -> Post:
    rules = Capabilities(
        documented="invented",
        checked=date(2026, 11, 1),
        photos=PhotoRules(alt_text=AltText(max_length=longest)),
        recovery=Recovery(marker="none"),
    )
    return post(Announcement(text="x", photos=[Photo(b"pixels", alt=alt)]), rules)


def test_an_alt_text_is_cut_after_a_sentence_and_named() -> None:
    """Where the platform has less room than the author needed."""
    made = described("The hall, full. A man speaks. Nobody listens.", 30)
    assert made.photos[0].alt == "The hall, full. A man speaks."
    (told,) = made.adaptations
    assert (told.code, told.routine) == ("photos.alt_cut", False)
    assert "photos[0]" in told.message


def test_an_alt_text_is_never_cut_inside_a_sentence() -> None:
    """It is left whole for preflight to refuse."""
    assert described("The hall is full of people who listen", 30).photos[0].alt == "The hall is full of people who listen"


# -- for every text -----------------------------------------------------------------------------------------------------

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
LATIN = ["a", "Davos", "the", "doors.", "open!", "@wef_live", "#davos", "$WEF", "é", "e\u0301", "x,"]
ADDRESSES = ["example.com", "https://example.org/a-path"]
WORDS = st.sampled_from([*LATIN, *ADDRESSES, "会议。", "سلام؟", "שלום", FAMILY])
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "\n", "\n\n"])), min_size=1, max_size=80).map(
    lambda pairs: "".join(word + gap for word, gap in pairs).strip()
)
TABLES = st.builds(
    lambda unit, limit, threads: table(
        limit, threads=threads, unit=unit, link_weight=23 if unit is Unit.X_WEIGHT else None, bare_links=unit is Unit.X_WEIGHT
    ),
    st.sampled_from(Unit),
    st.integers(60, 200),
    st.booleans(),
)
ANNOUNCEMENTS = st.builds(
    Announcement,
    key=st.just("k"),
    title=st.just("Doors"),
    text=TEXTS,
    short=st.one_of(st.just(""), TEXTS),
    link=st.none() | st.just(Link(LINK)),
    tags=st.lists(st.sampled_from(["davos", "open doors", "会议", "é"]), max_size=4).map(tuple),
)
TEMPLATES = st.sampled_from(["", "{title}\n\n{text}\n{link}", "{text} {tags} {link}", "{link}\n{text}"])


@given(ANNOUNCEMENTS, TABLES, TEMPLATES, st.booleans())
@settings(max_examples=300)
def test_a_post_is_within_the_limit_or_refused(said: Announcement, rules: Capabilities, template: str, numbered: bool) -> None:
    """Under the policy adapt, whatever preflight lets through is not over the limit."""
    made = post(said, rules, template=template, numbered=numbered)
    problems = check(made, rules, Policy.ADAPT)
    over = [part for part in made.parts if weigh(part, rules.text or TextRules()) > ((rules.text and rules.text.max_length) or 0)]
    assert bool(over) == any(problem.code == "text.too_long" for problem in problems)


def test_a_hashtag_that_is_cut_off_with_the_text_is_named() -> None:
    """Where the template has no place of its own for it."""
    said = Announcement(key="k", title="Doors", text="a a Davos doors. #davos", link=Link(LINK), tags=("davos",))
    made = post(said, table(60, threads=False, unit=Unit.CODE_POINT), template="{title}\n\n{text}\n{link}")
    assert "#davos" not in made.parts[0]
    assert codes(made) == ["text.cut", "text.template"]


@given(ANNOUNCEMENTS, TABLES, TEMPLATES)
@settings(max_examples=300)
def test_no_word_is_lost_without_being_named(said: Announcement, rules: Capabilities, template: str) -> None:
    """Every word of the text is shown, unless an adaptation says that the text was shortened; the same for link and hashtags."""
    made = post(said, rules, template=template)
    shown, told = "\n".join(made.parts).split(), codes(made)
    if not {"text.short", "text.cut"} & set(told):
        assert [word for word in said.text.split() if word not in shown] == []
    assert said.link is None or said.link.url in shown
    if "text.template" not in told and "text.hashtags" not in told:
        assert all(any(word.casefold() == tag for word in shown) for tag in map(str.casefold, _hashtags(said)))


def _hashtags(said: Announcement) -> list[str]:
    return ["#" + tag if " " not in tag else "#OpenDoors" for tag in said.tags]


@given(ANNOUNCEMENTS, TABLES, TEMPLATES)
@settings(max_examples=300)
def test_nothing_active_and_no_grapheme_is_cut(said: Announcement, rules: Capabilities, template: str) -> None:
    """Each address, name and hashtag that is shown was written so, and each grapheme too."""
    made = post(said, rules, template=template)
    written = f"{said.title} {said.text} {said.short} {LINK} {' '.join(_hashtags(said))} …"
    known = {written[start:end].casefold() for start, end, _ in find_spans(written)}
    for part in made.parts:
        assert {part[start:end].casefold() for start, end, _ in find_spans(part)} <= known
        assert set(regex.findall(r"\X", part)) <= {*regex.findall(r"\X", written), " ", "\n"}


def test_an_empty_field_leaves_no_gap() -> None:
    """A template in one line reads well where the announcement has no event and no title."""
    made = post(Announcement(text="Doors open.", link=LINK), table(300), template="{title} {text} {starts} {link}")
    assert made.parts == (f"Doors open. {LINK}",)


def test_a_films_alt_text_is_cut_after_a_sentence_and_said() -> None:
    """As that of a photo is, where a platform has room for less; one whose first sentence is too long is told."""
    film = Video(b"film", alt="A dome opens. Stars turn around the pole for an hour.")
    rules = msgspec.structs.replace(table(300), video=VideoRules(alt_text=AltText(max_length=20)))
    made = post(Announcement(text="Doors open.", video=film), rules)
    assert made.video
    assert made.video.alt == "A dome opens."
    assert codes(made) == ["video.alt_cut"]
    endless = msgspec.structs.replace(film, alt="Stars turn around the pole for an hour")
    found = check(post(Announcement(text="Doors open.", video=endless), rules), rules, Policy.ADAPT)
    assert "video.alt_too_long" in [problem.code for problem in found]
