"""Lengths as platforms count them, and threads that read as if a person had cut them."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from socialcast.compose.addresses import find_addresses
from socialcast.compose.text import split, weigh
from socialcast.model.capabilities import TextRules, Unit

X = TextRules(max_length=280, unit=Unit.X_WEIGHT, link_weight=23, bare_links=True)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

# -- lengths -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("e\u0301", 1),  # normalised first
        ("会", 2),
        (FAMILY, 2),
        ("\u00a9", 1),  # a letter-like sign ...
        ("\u00a9\ufe0f", 2),  # ... and the emoji
        ("1\ufe0f\u20e3", 2),
        ("\U0001f1e8\U0001f1ed", 2),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", 2),
        ("report.pdf", 10),  # not a domain
        ("example.swiss", 23),
        ("at https://example.org/a/very/long/path/that/costs/nothing/more?for=sure", 26),
    ],
)
def test_x_weighs_signs_emoji_and_addresses_in_its_own_way(text: str, weight: int) -> None:
    assert weigh(text, X) == weight


@pytest.mark.parametrize(
    ("unit", "length"), [(Unit.CODE_POINT, 9), (Unit.GRAPHEME, 3), (Unit.UTF8_BYTE, 30), (Unit.UTF16_UNIT, 13)]
)
def test_every_unit_is_counted(unit: Unit, length: int) -> None:
    assert weigh(FAMILY + "é会", TextRules(max_length=10, unit=unit)) == length


def test_an_address_counts_its_real_length_where_the_platform_has_no_fixed_weight() -> None:
    assert weigh("see https://example.org", TextRules(max_length=10)) == 23


# -- threads -------------------------------------------------------------------------------------------------------


def test_a_text_that_fits_is_one_post() -> None:
    assert split("  Davos opens today.\n", X, numbered=True) == ["Davos opens today."]


def test_no_text_is_no_post() -> None:
    assert split(" \n", X) == []


def test_paragraphs_are_kept_together() -> None:
    first, second = "One sentence here. " * 9, "Another sentence. " * 9
    assert split(f"{first.strip()}\n\n{second.strip()}", X) == [first.strip(), second.strip()]


def test_a_paragraph_that_is_too_long_is_cut_between_sentences_of_about_equal_share() -> None:
    parts = split(" ".join(f"Sentence number {n} is about this long." for n in range(10)), X)
    assert [part.count("Sentence") for part in parts] == [5, 5]
    assert all(part.endswith(".") for part in parts)


def test_a_sentence_that_is_too_long_is_cut_at_a_comma_near_the_middle() -> None:
    text = "word " * 30 + "word, " + "word " * 30
    assert split(text, X) == [("word " * 30 + "word,"), ("word " * 30).strip()]


def test_a_title_does_not_end_a_sentence() -> None:
    text = "The opening speech of the meeting is given by Dr. Example. " + "Then the panel begins. " * 11
    assert split(text, X)[0].startswith("The opening speech of the meeting is given by Dr. Example.")
    assert not any(part.endswith("Dr.") for part in split(text, TextRules(max_length=60)))


def test_a_word_longer_than_a_post_is_cut_between_graphemes() -> None:
    parts = split(FAMILY * 200, X)
    assert "".join(parts) == FAMILY * 200
    assert all(len(part) % len(FAMILY) == 0 and weigh(part, X) <= 280 for part in parts)


def test_a_script_without_spaces_is_cut_after_its_full_stop() -> None:
    assert all(part.endswith("。") for part in split("故人西辞黄鹤楼，烟花三月下扬州。" * 30, X))


def test_numbers_count_within_the_limit() -> None:
    parts = split("word " * 700, X, numbered=True)
    assert len(parts) > 9
    assert parts[0].endswith(f" (1/{len(parts)})")
    assert all(weigh(part, X) <= 280 for part in parts)


def test_room_is_kept_in_the_first_post() -> None:
    parts = split("word " * 90, X, first_reserved=100)
    assert weigh(parts[0], X) <= 180
    assert weigh(parts[1], X) > 180


def test_names_of_other_platforms_are_left_whole() -> None:
    """A name with a host is one name, though X would see a part of it."""
    text = "会" * 10 + "@press@social.example.org。" + "会" * 9 + "@press.example.org"
    parts = split(text, TextRules(max_length=26))
    assert [name in " ".join(parts) for name in ("@press@social.example.org", "@press.example.org")] == [True, True]


def test_an_address_longer_than_the_limit_is_left_whole() -> None:
    address = "https://example.org/" + "a" * 50
    assert address in split(f"see {address} now", TextRules(max_length=30))


TOKENS = "https://example.org/a-path example.com #davos @wef_live é e\u0301 会议 Dr. end. a_b.com xxxxxxxxx (so) 。"
ATOMS = st.sampled_from([*TOKENS.split(), FAMILY])
WORDS = st.lists(
    st.one_of(ATOMS, st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=12)),
    min_size=1,
    max_size=40,
)
GAPS = st.sampled_from([" ", "  ", "\n", "\n\n", "\r\n", "\u3000"])
LIMITED = st.builds(
    lambda unit, limit: TextRules(
        max_length=limit, unit=unit, link_weight=23 if unit is Unit.X_WEIGHT else None, bare_links=unit is Unit.X_WEIGHT
    ),
    st.sampled_from(Unit),
    st.integers(50, 90),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    return "".join(word + draw(GAPS) for word in draw(WORDS)).strip()


@given(texts(), LIMITED, st.integers(0, 16), st.booleans())  # what is left holds the longest address of TOKENS
@settings(max_examples=150, deadline=None)
@example(
    "a" * 45 + "_example.com " + "b" * 80, TextRules(max_length=50, unit=Unit.X_WEIGHT, link_weight=23, bare_links=True), 0, False
)
def test_parts_are_never_over_the_limit(text: str, rules: TextRules, reserved: int, numbered: bool) -> None:
    parts = split(text, rules, first_reserved=reserved, numbered=numbered)
    most = rules.max_length or 0
    assert all(weigh(part, rules) <= most - (reserved if part is parts[0] else 0) for part in parts)


@given(texts(), LIMITED)
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost_moved_or_torn(text: str, rules: TextRules) -> None:
    words = text.split()
    parts = split(text, rules)
    torn = any(weigh(word, rules) > (rules.max_length or 0) for word in words)
    assert "".join("".join(parts).split()) == "".join(words)
    assert torn or " ".join(parts).split() == words


@given(st.lists(ATOMS, min_size=20, max_size=60), LIMITED)
@settings(max_examples=100, deadline=None)
def test_nothing_that_belongs_together_is_cut_even_inside_one_endless_word(atoms: list[str], rules: TextRules) -> None:
    word = "".join(atoms)
    cuts, addresses = positions_of_cuts(word, split(word, rules)), find_addresses(word)
    between = word
    for start, end in addresses:
        between = between[:start] + " " * (end - start) + between[end:]
    whole = [*addresses, *(found.span() for found in regex.finditer(r"[@#][\p{L}\p{M}\p{N}_]+|\X", between))]
    assert not any(start < cut < end for start, end in whole for cut in cuts)


def positions_of_cuts(word: str, parts: list[str]) -> list[int]:
    ends = [sum(len(part) for part in parts[: count + 1]) for count in range(len(parts) - 1)]
    assert "".join(parts) == word
    return ends


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_an_x_weight_is_the_same_however_the_text_is_normalised(text: str) -> None:
    assert weigh(text, X) == weigh(unicodedata.normalize("NFC", text), X)
