"""How X reads a text: its URLs, its weight, its entities (twitter-text configuration v3; X API docs, 2026-08-22)."""

from __future__ import annotations

import html
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import regex

from socialcast.sandbox.platforms.x.tables import LIMITS

__all__ = ["Rendered", "cashtags", "find_urls", "mentions", "normalize", "render", "tagged_entities", "weight"]

# first code point of each run of equal weight, and that weight
_RUNS = ((0, 1), (0x1100, 2), (0x2000, 1), (0x200E, 2), (0x2010, 1), (0x2020, 2), (0x2032, 1), (0x2038, 2))
_STARTS = [start for start, _ in _RUNS]
_EMOJI_WEIGHT = 2
_EMOJI = regex.compile(
    r"\p{RI}\p{RI}"
    r"|[0-9#*]\uFE0F?\u20E3"
    r"|\U0001F3F4[\U000E0020-\U000E007E]+\U000E007F"
    r"|\p{ExtPict}[\uFE0F\p{EMod}]?(?:\u200D\p{ExtPict}[\uFE0F\p{EMod}]?)+"
    r"|\p{ExtPict}[\uFE0F\p{EMod}]"
    r"|\p{EPres}"
)

# Country domains of IANA's root zone, and the generic domains in common use. X knows over 1000: a rarer one stays text here.
_TOP_LEVEL = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf "
    "cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm "
    "fo fr ga gb gd ge gf "  # codespell:ignore fo
    "gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km "
    "kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz "
    "na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg "
    "sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va "
    "vc ve vg vi vn vu wf ws ye yt za zm zw academy agency app art arpa asia audio band bank berlin bike bio biz blog "
    "business cafe camera care cat center charity chat church city cloud club coffee com community company computer "
    "consulting coop country dance date day design dev digital earth edu education email energy events exchange expert "
    "family farm film finance fitness foundation fund fun fyi gallery games global gmbh gold gov green group guide guru "
    "health help horse host hotel house info ink institute int international jobs land law legal life link live london love "
    "ltd market marketing media mil mobi movie museum name net network news ngo ninja ong online org page partners party "
    "photo photography photos pictures place plus post press pro productions pub racing radio recipes red rent report "
    "restaurant review reviews rocks run school science services sexy shop show site social software solutions space store "
    "studio style support swiss systems team tech technology tel theater tips today tools top tours town trade training "
    "travel university vacations video vip vision vote voyage watch website wien wiki win work works world xxx xyz yoga "
    "zone рф укр бел срб 中国 中國 香港 台湾 한국 みんな پاکستان السعودية امارات ایران भारत"
)
_TLD = rf"(?:{'|'.join(sorted(_TOP_LEVEL.split(), key=len, reverse=True))}|xn--[a-z0-9-]+)(?![0-9A-Za-z@+\-])"
# possessive, so that a long word which turns out to be no domain costs no more than its length
_LATIN = r"0-9A-Za-z\u00C0-\u024F"
_ANY = r"\p{L}\p{M}\p{N}\p{So}"
_SUBDOMAIN, _DOMAIN = (rf"[{_ANY}]++(?:[{joint}]++[{_ANY}]++)*+\." for joint in (r"_\-", r"\-"))
_BARE_SUBDOMAIN, _BARE_DOMAIN = (rf"[{_LATIN}]++(?:[{joint}]++[{_LATIN}]++)*+\." for joint in (r"_\-", r"\-"))
_IN_PATH = r"[\p{Latin}\p{Cyrillic}0-9!*';:=+,.$/%#\[\]\-–_~@|&]"
_BALANCED = rf"\({_IN_PATH}*(?:\({_IN_PATH}*\){_IN_PATH}*)?\)"
_PATH = rf"(?:/(?:(?:{_IN_PATH}|{_BALANCED})*(?:[\p{{Latin}}\p{{Cyrillic}}0-9=_#/+\-]|{_BALANCED}))?)?"
_QUERY = r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?"
_SHORT = rf"https?://t\.co/[a-z0-9]{{1,40}}(?![a-z0-9]){_QUERY}(?:#[a-z0-9]+)?"
_URL = regex.compile(
    r"(?<![0-9A-Za-z@＠$#＃])"
    rf"(?:{_SHORT}|(?!https?://t\.co/)(?:https?://(?:{_SUBDOMAIN})*{_DOMAIN}{_TLD}(?::[0-9]+)?{_PATH}{_QUERY}"
    rf"|(?<![\-_./{_LATIN}])(?:{_BARE_SUBDOMAIN})*{_BARE_DOMAIN}{_TLD}(?::[0-9]+)?{_PATH}{_QUERY}))",
    regex.IGNORECASE,
)
_HOST = regex.compile(r"(?:https?://)?([^/:?#]+)", regex.IGNORECASE)
_LABEL_MAX_LENGTH = 63
_DISPLAY_MAX_LENGTH = 26
_TAGS: Mapping[str, tuple[str, regex.Pattern[str]]] = {
    "mentions": ("username", regex.compile(r"(?<![\w@/!#$%&*])[@＠](\w{1,15})(?![\w@])", regex.ASCII)),
    "hashtags": ("tag", regex.compile(r"(?<![\w&])[#＃](\w*\p{L}\w*)")),
    "cashtags": ("tag", regex.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?!\w)")),
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as the API gives it back: escaped for HTML, its URLs shortened, and what each short URL stands for."""

    text: str
    urls: tuple[Mapping[str, Any], ...]


def normalize(text: str) -> str:
    """The text as X stores it."""
    return unicodedata.normalize("NFC", text.strip())


def find_urls(text: str) -> list[tuple[int, int]]:
    """Where the URLs of a text start and end, bare domains included."""
    return [match.span() for match in _URL.finditer(text) if _valid_host(match[0])]


def weight(text: str) -> int:
    """The length of a normalised text as X counts it."""
    spans = find_urls(text)
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    text, emoji_count = _EMOJI.subn("", text)
    characters = sum(_RUNS[bisect_right(_STARTS, ord(character)) - 1][1] for character in text)
    return LIMITS.url_weight * len(spans) + _EMOJI_WEIGHT * int(emoji_count) + characters


def cashtags(text: str) -> list[str]:
    """The stock symbols that a text names."""
    return [match[1] for match in _TAGS["cashtags"][1].finditer(text)]


def mentions(text: str, username: str) -> bool:
    """Whether a text mentions this account."""
    return username.lower() in (name.lower() for name in _TAGS["mentions"][1].findall(text))


def tagged_entities(text: str) -> dict[str, list[dict[str, Any]]]:
    """The mentions, hashtags and cashtags of a rendered text, by the names that the API gives them."""
    found = {
        kind: [{"start": m.start(), "end": m.end(), key: m[1]} for m in pattern.finditer(text)]
        for kind, (key, pattern) in _TAGS.items()
    }
    return {kind: entities for kind, entities in found.items() if entities}


def render(text: str, shorten: Callable[[], str]) -> Rendered:
    """The text as the API gives it back; `shorten` gives a fresh short URL."""
    rendered, done, urls = "", 0, []
    for start, end in find_urls(text):
        rendered += html.escape(text[done:start], quote=False)
        url, long = shorten(), text[start:end]
        expanded = long if "://" in long else f"http://{long}"
        places = {"start": len(rendered), "end": len(rendered) + len(url)}
        urls.append({**places, "url": url, "expanded_url": expanded, "display_url": _display(expanded)})
        rendered, done = rendered + url, end
    return Rendered(rendered + html.escape(text[done:], quote=False), tuple(urls))


def _display(url: str) -> str:
    shown = regex.sub(r"^https?://(?:www\.)?", "", url, flags=regex.IGNORECASE)
    return shown if len(shown) <= _DISPLAY_MAX_LENGTH else f"{shown[:_DISPLAY_MAX_LENGTH]}…"


def _valid_host(url: str) -> bool:
    """A label may have 63 characters once it is written in ASCII."""
    match = _HOST.match(url)
    try:
        return bool(match) and all(len(label.encode("idna")) <= _LABEL_MAX_LENGTH for label in match[1].split("."))
    except UnicodeError:
        return False
