"""Web addresses in a text, found as X finds them: with a scheme, or as a bare domain such as example.com.

Written from the published test cases of twitter-text (conformance/extract.yml and validate.yml, read 2026-08-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import regex

__all__ = ["find_addresses"]

_MAX_ADDRESS_LENGTH = 4096
_MAX_SHORTENED_LENGTH = 40  # of what follows https://t.co/

_LATIN = (
    r"\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B\u02BB"
    r"\u0300-\u036F\u1E00-\u1EFF"
)
_NO_TEXT = r"\uFFFE\uFEFF\uFFFF"
_DIRECTION = r"\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
_LABEL = rf"[^\p{{White_Space}}\u180E{_NO_TEXT}{_DIRECTION}!'#%&()*+,\-./:;<=>?@\[\]\\^_{{|}}~$]"
_IN_PATH = rf"[a-z\u0400-\u04FF0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"
_PATH_END = rf"[+\-a-z\u0400-\u04FF0-9=_\#/{_LATIN}]"
_PARENTHESES = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"  # Primer_(film), one level deeper at most
_IN_QUERY = r"[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]"
_QUERY = rf"\?{_IN_QUERY}*[a-z0-9\-_&=#/]"

_DOT_INSIDE = re.compile(r"\.\w")  # without one there is no address; looking for it costs a hundredth of the whole pattern

# The domains that exist, and not "any two letters or more": `report.pdf` and `end.Next` are no addresses to X,
# and counting them as 23 would refuse texts that fit. X's own list, as data, since no dependency of ours carries one and
# the packages that do fetch theirs from the network.
_TOP_LEVEL = r"(?:(?:\L<top_level>)(?![0-9a-z@+\-])|xn--[\-0-9a-z]+)"

_HOST = rf"(?:{_LABEL}(?:[_\-]|{_LABEL})*+(?<![_\-])\.)*{_LABEL}(?:-|{_LABEL})*+(?<!-)\.{_TOP_LEVEL}"
_BARE = rf"(?:[a-z0-9{_LATIN}][\-_a-z0-9{_LATIN}]*+(?<![_\-])\.)*[a-z0-9{_LATIN}][\-a-z0-9{_LATIN}]*+(?<!-)\.{_TOP_LEVEL}"

_ADDRESS = rf"""
    (?<![a-z0-9@\uFF20$#\uFF03{_NO_TEXT}])
    (?: https?://t\.co/(?P<slug>[a-z0-9]++) (?:{_QUERY})?
      | (?: https?://(?P<host>{_HOST}) | (?<![\-_./])(?P<bare>{_BARE}) )
        (?: :[0-9]+ )?
        (?: / (?: (?:{_IN_PATH}|{_PARENTHESES})* (?:{_PATH_END}|{_PARENTHESES}) )? )?
        (?: {_QUERY} )?
    )"""


def find_addresses(text: str) -> list[tuple[int, int]]:
    """Start and end of every address in the text, in order."""
    if not _DOT_INSIDE.search(text):
        return []
    return [found.span() for found in _addresses(text)]


def _addresses(text: str) -> Iterator[Any]:
    for found in _pattern().finditer(text):
        if found["slug"]:
            sound = len(found["slug"]) <= _MAX_SHORTENED_LENGTH
        else:
            sound = len(found[0]) <= _MAX_ADDRESS_LENGTH and _is_domain(found["host"] or found["bare"])
        if sound:
            yield found


def _is_domain(name: str) -> bool:
    """Whether the name can be one in DNS, each label at most 63 characters in Punycode; anything else is text to X."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return True


@cache
def _pattern() -> Any:
    lines = (files(__package__) / "tlds.txt").read_text(encoding="utf-8").splitlines()
    top_level = " ".join(line for line in lines if not line.startswith("#")).split()
    return regex.compile(_ADDRESS, regex.IGNORECASE | regex.VERBOSE, top_level=top_level)
