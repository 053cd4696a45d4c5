"""How long a text is in the unit that a platform counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

import regex

from socialcast.compose.addresses import find_addresses
from socialcast.model.capabilities import TextRules, Unit

__all__ = ["weigh"]

_REMEMBERED_TEXTS = 4096  # as every step of fitting asks anew, and many channels say the same

# twitter-text configuration version 3 (config/v3.json, read 2026-08-22): these code points weigh 1, all others 2, and an
# emoji weighs 2 however many code points it is made of.
_X_LIGHT = r"\u0000-\u10FF\u2000-\u200D\u2010-\u201F\u2032-\u2037"
_X_HEAVY_WEIGHT = 2
_X_HEAVY = regex.compile(rf"[^{_X_LIGHT}]")
_PICTURE = r"(?![©®](?!\uFE0F))\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
_X_EMOJI = regex.compile(rf"[0-9\#*]\uFE0F?\u20E3|\p{{Regional_Indicator}}{{2}}|{_PICTURE}(?:\u200D{_PICTURE})*")


@lru_cache(maxsize=_REMEMBERED_TEXTS)
def weigh(text: str, rules: TextRules) -> int:
    """The text's length in the unit of the rules, each address counted as the rules say."""
    measure = _MEASURES[rules.unit]
    if rules.unit is Unit.X_WEIGHT:
        text = unicodedata.normalize("NFC", text)
    if rules.link_weight is None:
        return measure(text)
    total, position = 0, 0
    for start, end in find_addresses(text):
        if not rules.bare_links and "://" not in text[start:end]:
            continue
        total += measure(text[position:start]) + rules.link_weight
        position = end
    return total + measure(text[position:])


def _graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))


def _utf8_bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _x_weights(text: str) -> int:
    if text.isascii():
        return len(text)
    plain, emoji_count = _X_EMOJI.subn("", text)
    heavy_count = len(_X_HEAVY.findall(plain))
    return len(plain) - heavy_count + _X_HEAVY_WEIGHT * (heavy_count + int(emoji_count))


_MEASURES: Mapping[Unit, Callable[[str], int]] = {
    Unit.CODE_POINT: len,
    Unit.GRAPHEME: _graphemes,
    Unit.UTF8_BYTE: _utf8_bytes,
    Unit.UTF16_UNIT: _utf16_units,
    Unit.X_WEIGHT: _x_weights,
}
