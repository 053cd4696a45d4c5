"""What composing costs: one announcement for a hundred channels, in four languages, with everything that has to be fitted."""

from __future__ import annotations

import statistics
import time

from benchmarks.measure import Row
from socialcast.compose.render import render
from socialcast.model.announcement import Announcement, Photo, PhotoWords, Words
from socialcast.model.capabilities import Capabilities
from socialcast.registry import publisher_class
from socialcast.wire.wording import Wording

__all__ = ["compose"]

_PLATFORMS = ("x", "facebook", "flickr", "youtube")
_LANGUAGES = ("en", "fr", "de", "ja")
_TEXT_LENGTH = 2000


def compose(channels: int, *, rounds: int) -> list[Row]:
    """The median of the rounds, each with a text of its own, so that no round finds anything that another has remembered."""
    tables = [publisher_class(name).capabilities for name in _PLATFORMS]
    _render(_announcement(0), tables, 1)  # the first text of a process compiles the pattern of addresses, once for all
    seconds = [_seconds(_announcement(number), tables, channels) for number in range(1, rounds + 1)]
    note = f"{_TEXT_LENGTH:,} characters, {len(_PLATFORMS)} platforms, {len(_LANGUAGES)} languages, 20 photos"
    return [Row(name=f"compose{channels}", ours=statistics.median(seconds) * 1000, unit="ms", limit=50, note=note)]


def _seconds(said: Announcement, tables: list[Capabilities], channels: int) -> float:
    """Of the processor: composing waits for nothing, so that what else runs on the machine is left out."""
    began = time.process_time()
    _render(said, tables, channels)
    return time.process_time() - began


def _render(said: Announcement, tables: list[Capabilities], channels: int) -> None:
    for number in range(channels):
        table, language = tables[number % len(tables)], _LANGUAGES[number // len(tables) % len(_LANGUAGES)]
        wording = Wording(language=language, numbered=True)
        render(said, table, {"album": "https://example.org/album"}, channel=f"channel-{number}", platform="any", wording=wording)


def _announcement(number: int) -> Announcement:
    texts = {language: _text(number, language) for language in _LANGUAGES}
    return Announcement(
        key="benchmark",
        text=texts.pop("en"),
        texts={language: Words(text=text) for language, text in texts.items()},
        link="https://example.org/open-doors",
        tags=["astronomy", "open doors", "night sky"],
        photos=[
            Photo(f"photo-{index}.jpg", alt="The dome.", texts={name: PhotoWords(alt="The dome.") for name in texts})
            for index in range(20)
        ],
    )


def _text(number: int, language: str) -> str:
    """Sentences that differ, as those of a person do."""
    japanese = language == "ja"
    sentence = "天文台は第{}回の講演会を開きます。" if japanese else "At {} the old observatory opens, with a talk on the sky. "
    length = len(sentence)
    return "".join(sentence.format(number * 1000 + line) for line in range(_TEXT_LENGTH // length)).strip()
