"""Problems are found before anything is sent, and say where and what to do."""

from __future__ import annotations

from datetime import date

import pytest

from socialcast import Link, Photo
from socialcast.compose.preflight import check
from socialcast.model.capabilities import Capabilities, LinkRules, PhotoRules, Recovery, TextRules
from socialcast.model.post import Post
from socialcast.model.problems import Problem
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy

TABLE = Capabilities(
    documented="invented",
    checked=date(2026, 11, 1),
    text=TextRules(max_length=20),
    photos=PhotoRules(max_count=2),
    link=LinkRules(),
    recovery=Recovery(marker="none"),
)


def problems(**fields: object) -> list[Problem]:
    values = {"key": "key", "channel": "news", "platform": "plaza", "parts": ("Doors open.",), **fields}
    return check(Post(**values), TABLE, Policy.REFUSE)  # type: ignore[arg-type]


def test_a_sound_post_has_none() -> None:
    """What fits is left in peace."""
    assert problems(photos=(picture(1), picture(2)), licence="CC-BY-4.0", link=Link("https://example.org:8443/?a=1#b")) == []


@pytest.mark.parametrize(
    ("fields", "code", "path", "fix"),
    [
        ({"parts": ()}, "text.missing", "text", "give it a text"),
        ({"parts": ("x" * 21,)}, "text.too_long", "text", "shorten it"),
        ({"photos": tuple(picture(n) for n in range(3))}, "photos.too_many", "photos", ""),
        ({"photos": (Photo("nowhere.jpg", alt="x"),)}, "photos.missing", "photos[0]", "check the path"),
        ({"photos": (Photo(b"no picture", alt="x"),)}, "photos.unreadable", "photos[0]", "export it as JPEG or PNG"),
        ({"link": Link("example.org/doors")}, "link.invalid", "link.url", "with https:// in front"),
        ({"link": Link("javascript:alert(1)")}, "link.invalid", "link.url", "with https:// in front"),
        ({"link": Link("https://example.org/open doors")}, "link.invalid", "link.url", "without spaces"),
        ({"licence": "CC BY 4.0"}, "licence.unknown", "licence", "write 'CC-BY-4.0'"),
        ({"licence": "free (really)"}, "licence.unknown", "licence", "as CC-BY-4.0 or CC0-1.0"),
    ],
)
def test_each_problem_has_its_place_and_remedy(fields: dict[str, object], code: str, path: str, fix: str) -> None:
    """One problem, with its code, where it is, and what to do."""
    (problem,) = problems(**fields)
    assert (problem.code, problem.path, problem.channel) == (code, path, "news")
    assert fix in problem.fix
