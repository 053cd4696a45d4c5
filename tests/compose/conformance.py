"""twitter-text's published cases of length and extraction, held against ours; `python -m tests.compose.conformance` prints
the totals."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from socialcast.compose.characters import is_sound
from socialcast.compose.spans import Kind, Span, find_spans
from socialcast.compose.weights import weigh
from socialcast.model.capabilities import TextRules, Unit

X = TextRules(max_length=280, unit=Unit.X_WEIGHT, link_weight=23, bare_links=True)

_EMOJI = "until configuration version 3 every code point of an emoji counted; now an emoji counts 2"
_SHORT = "written for the limit of 140; configuration version 3 allows 280"
OUTDATED = {  # by group and description: what configuration version 3 (config/v3.json) has made wrong, and why
    ("WeightedTweetsCounterTest", "Count a mix of single byte single word, and double word unicode characters"): _EMOJI,
    (
        "WeightedTweetsCounterTest",
        "Count unicode emoji chars outside the basic multilingual plane with skin tone modifiers",
    ): _EMOJI,
    ("tweets", "Invalid Tweet: 141 characters"): _SHORT,
    ("tweets", "Invalid Tweet: 141 characters (due to newline)"): _SHORT,
}
NOT_ASKED = {  # groups that are neither of length nor of extraction
    "urls": "checks one address by RFC 3986, which no text is counted by",
    "urls_without_protocol": "does the same",
}


class Case(NamedTuple):
    """One published case, what it expects and what we find."""

    file: str
    group: str
    description: str
    text: str
    expected: Any
    found: Any
    outdated: str  # why configuration version 3 no longer expects this; empty where it does

    @property
    def passed(self) -> bool:
        return bool(self.expected == self.found)


def _spans(text: str, *kinds: Kind) -> list[Span]:
    return [span for span in find_spans(text) if span.kind in kinds]


def _names(*kinds: Kind) -> Callable[[str], list[str]]:
    return lambda text: [text[span.start + 1 : span.end] for span in _spans(text, *kinds)]


def _placed(name: str, kind: Kind, sign: int = 1) -> Callable[[str], list[dict[str, Any]]]:
    def placed(text: str) -> list[dict[str, Any]]:
        return [{name: text[span.start + sign : span.end], "indices": [span.start, span.end]} for span in _spans(text, kind)]

    return placed


def _lists(text: str) -> list[dict[str, Any]]:
    def parts(span: Span) -> dict[str, Any]:
        name, slash, slug = text[span.start + 1 : span.end].partition("/")
        return {"screen_name": name, "list_slug": slash + slug, "indices": [span.start, span.end]}

    return [parts(span) for span in _spans(text, Kind.MENTION, Kind.LIST)]


def _answered(text: str) -> str | None:
    """Whom a text answers that begins with a name."""
    first = next(iter(_spans(text, Kind.MENTION)), None)
    return text[first.start + 1 : first.end] if first and not text[: first.start].strip() else None


def _addresses(text: str) -> list[str]:
    return [text[span.start : span.end] for span in _spans(text, Kind.ADDRESS)]


def _is_whole(kind: Kind) -> Callable[[str], bool]:
    return lambda text: _spans(text, kind) == [Span(0, len(text), kind)]


def _length(text: str) -> dict[str, Any]:
    return {"weightedLength": (length := weigh(text, X)), "valid": _is_valid(text, length)}


def _is_valid(text: str, length: int) -> bool:
    return 0 < length <= 280 and is_sound(text)


EXTRACTION: Mapping[str, Callable[[str], Any]] = {
    "mentions": _names(Kind.MENTION),
    "mentions_with_indices": _placed("screen_name", Kind.MENTION),
    "mentions_or_lists_with_indices": _lists,
    "replies": _answered,
    "urls": _addresses,
    "urls_with_indices": _placed("url", Kind.ADDRESS, sign=0),
    "urls_with_directional_markers": _placed("url", Kind.ADDRESS, sign=0),
    "tco_urls_with_params": _addresses,
    "hashtags": _names(Kind.HASHTAG),
    "hashtags_from_astral": _names(Kind.HASHTAG),
    "hashtags_with_indices": _placed("hashtag", Kind.HASHTAG),
    "cashtags": _names(Kind.CASHTAG),
    "cashtags_with_indices": _placed("cashtag", Kind.CASHTAG),
}
LENGTH: Mapping[str, Callable[[str], Any]] = {
    "tweets": lambda text: _is_valid(text, weigh(text, X)),
    "usernames": _is_whole(Kind.MENTION),
    "lists": _is_whole(Kind.LIST),
    "hashtags": _is_whole(Kind.HASHTAG),
    "WeightedTweetsCounterTest": _length,
    "WeightedTweetsWithDiscountedEmojiCounterTest": _length,
    "UnicodeDirectionalMarkerCounterTest": _length,
}
FILES = {"validate.yml": LENGTH, "extract.yml": EXTRACTION}


def published_cases(folder: Path) -> Iterator[Case]:
    """Every case, in the order of the files."""
    for name, readings in FILES.items():
        groups = yaml.safe_load((folder / "twitter-text" / name).read_text(encoding="utf-8"))["tests"]
        unread = set(groups) - set(readings) - (set(NOT_ASKED) if name == "validate.yml" else set())
        if unread:
            raise LookupError(f"{name} has groups that nobody reads: {sorted(unread)}")
        for group, read in readings.items():
            for case in groups[group]:
                yield _case(name, group, case, read(case["text"]))


def _case(file: str, group: str, case: dict[str, Any], found: Any) -> Case:
    expected, description = case["expected"], case["description"]
    if isinstance(expected, dict):
        expected = {name: expected[name] for name in ("weightedLength", "valid")}
    return Case(file, group, description, case["text"], expected, found, OUTDATED.get((group, description), ""))


def totals(cases: list[Case]) -> Iterator[str]:
    """A line per group, one for all, and one for each case that does not pass or is not asked."""
    for key in dict.fromkeys((case.file, case.group) for case in cases):
        yield _total(" ".join(key), [case for case in cases if (case.file, case.group) == key])
    yield _total("all", cases)
    for case in cases:
        if not case.passed:
            why = f"outdated ({case.outdated})" if case.outdated else "FAILED"
            yield f"- {case.group}, {case.description!r}: expects {case.expected}, found {case.found}: {why}"
    for group, why in NOT_ASKED.items():
        yield f"- validate.yml {group} is not counted: it {why}"


def _total(name: str, cases: list[Case]) -> str:
    outdated = sum(bool(case.outdated) for case in cases)
    current = [case for case in cases if not case.outdated]
    passed = sum(case.passed for case in current)
    return f"{name:60} {passed:3} of {len(current):3}" + (f", {outdated} outdated" if outdated else "")


def main() -> int:
    cases = list(published_cases(Path(os.environ["SOCIALCAST_SPECS"])))
    print("\n".join(totals(cases)))
    return int(any(not case.passed and not case.outdated for case in cases))


if __name__ == "__main__":
    sys.exit(main())
