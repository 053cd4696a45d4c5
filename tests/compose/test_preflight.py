"""Problems are found before anything is sent, and say where and what to do."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import msgspec
import pytest

import socialcast
from socialcast import Link, Photo, Video
from socialcast.compose.characters import visible
from socialcast.compose.described import is_file_name
from socialcast.compose.preflight import check
from socialcast.model.capabilities import Capabilities, LinkRules, LiveRules, PhotoRules, Recovery, TextRules, VideoRules
from socialcast.model.post import Adaptation, Post
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


def test_a_channel_for_live_events_asks_for_one() -> None:
    """Where nothing else can be hosted, nobody is told to add photos."""
    table = Capabilities(
        documented="invented", checked=date(2026, 11, 1), live=LiveRules(), media_required=True, recovery=Recovery(marker="none")
    )
    post = Post(key="key", channel="news", platform="plaza", parts=("Doors open.",))
    (problem,) = check(post, table, Policy.REFUSE)
    assert (problem.code, problem.path) == ("live.required", "live")
    assert "starts_at" in problem.fix


def test_a_sound_post_has_none() -> None:
    """What fits is left in peace."""
    assert problems(photos=(picture(1), picture(2)), licence="CC-BY-4.0", link=Link("https://example.org:8443/?a=1#b")) == []


@pytest.mark.parametrize(
    ("fields", "code", "path", "fix"),
    [
        ({"parts": ()}, "text.missing", "text", "give it a text"),
        ({"parts": ("x" * 21,)}, "text.too_long", "text", "shorten its first sentence"),
        ({"photos": tuple(picture(n) for n in range(3))}, "photos.too_many", "photos", ""),
        ({"photos": (Photo("nowhere.jpg", alt="x"),)}, "photos.missing", "photos[0]", "check the path"),
        ({"photos": (Photo(b"no picture", alt="x"),)}, "photos.unreadable", "photos[0]", "export it as JPEG or PNG"),
        ({"link": Link("example.org/doors")}, "link.invalid", "link.url", "with https:// in front"),
        ({"link": Link("javascript:alert(1)")}, "link.invalid", "link.url", "with https:// in front"),
        ({"link": Link("https://example.org/open doors")}, "link.invalid", "link.url", "without spaces"),
        ({"licence": "CC BY 4.0"}, "licence.unknown", "licence", "write 'CC-BY-4.0'"),
        ({"licence": "free (really)"}, "licence.unknown", "licence", "as CC-BY-4.0 or CC0-1.0"),
        ({"parts": ("Doors \u202eopen.",)}, "text.bidi_override", "text", "U+2068"),
        ({"title": "\u202dDoors"}, "text.bidi_override", "title", "remove it"),
        ({"parts": ("Doors\x00open.",)}, "text.control_character", "text", "pasted from elsewhere"),
        ({"parts": ("Doors\ufeff open.",)}, "text.control_character", "text", "remove it"),
        ({"parts": ("Doors \ud800 open.",)}, "text.control_character", "text", "remove it"),
        ({"photos": (Photo(picture(1).data, alt="The \u202ehall"),)}, "text.bidi_override", "photos[0].alt", "remove it"),
        ({"photos": (Photo(picture(1).data, alt="IMG_2031"),)}, "photos.alt_is_file_name", "photos[0].alt", "tell what it"),
    ],
)
def test_each_problem_has_its_place_and_remedy(fields: dict[str, object], code: str, path: str, fix: str) -> None:
    """One problem, with its code, where it is, and what to do."""
    (problem,) = problems(**fields)
    assert (problem.code, problem.path, problem.channel) == (code, path, "news")
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("text"),
    [
        "שלום עולם, Davos!",
        "مرحبا بالعالم 2026",
        "\u2068Davos\u2069 نرحب",
        "می\u200cخواهم",
        "é e\u0301",
        "👨\u200d👩\u200d👧 🏴\U000e0067\U000e007f",
    ],
)
def test_scripts_and_emoji_are_written_as_they_need(text: str) -> None:
    """Right-to-left text, isolates, joiners, combining marks and tags of emoji are no problem."""
    assert problems(title=text) == []


def test_a_character_is_found_by_what_stands_before_it() -> None:
    """The message names the character and shows the words before it."""
    (problem,) = problems(parts=("Doors open \u202enow.",))
    assert problem.message.startswith("RIGHT-TO-LEFT OVERRIDE, U+202E, after 'Doors open '")


@pytest.mark.parametrize(
    ("alt", "file", "is_name"),
    [
        ("dome.jpg", "dome.jpg", True),
        ("DSC_0042", "x.jpg", True),
        ("Screenshot 2026-08-01 at 10.22.41", "x.png", True),
        ("WhatsApp Image 2026-08-01 at 10.22.41", "x.jpg", True),
        ("P1000342", "x.jpg", True),
        ("press-photo.png", "x.jpg", True),
        ("opening_hall_2", "opening_hall_2.jpg", True),
        ("The white dome", "The white dome.jpg", False),
        ("Logo", "Logo.png", False),
        ("Photo 2 of the series: the hall, full", "x.jpg", False),
        ("Room 12 at 9 o'clock", "x.jpg", False),
        ("1984", "x.jpg", False),
    ],
)
def test_an_alt_text_is_not_the_name_of_a_file(alt: str, file: str, is_name: bool) -> None:
    """Names of files are told from words, whichever file they name."""
    assert is_file_name(alt, Photo(file)) is is_name


@pytest.mark.parametrize(("code", "path", "way"), [("photo.converted", "photos", "a file"), ("text.thread", "text", "wording")])
def test_what_a_channel_may_not_adapt_is_told_with_the_other_way(code: str, path: str, way: str) -> None:
    """A photo needs another file, a text other words."""
    (problem,) = problems(adaptations=(Adaptation(code=code, message="it becomes another"),))
    assert (problem.code, problem.path) == (code, path)
    assert way in problem.fix


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Doors \u202eopen\x1b[2J.", "Doors ⟨U+202E⟩open⟨U+001B⟩[2J."),
        ("One\rtwo\r\nthree\tfour", "One⟨U+000D⟩two\r\nthree\tfour"),
        ("שלום é 👨\u200d👩", "שלום é 👨\u200d👩"),
    ],
)
def test_what_is_refused_does_nothing_where_it_is_shown(text: str, shown: str) -> None:
    """A terminal that shows a plan is not cleared, written over or turned around by it."""
    assert visible(text) == shown


def test_every_problem_says_what_to_do() -> None:
    """Whoever reads it at three in the morning is not left with what is wrong alone; a warning may just tell a price."""
    for file in sorted(Path(socialcast.__file__).parent.glob("compose/*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem":
                assert "fix" in [word.arg for word in call.keywords], f"{file.name}, line {call.lineno}"


def test_a_title_that_is_too_long_is_told_where_it_stands() -> None:
    """A film's own title is not the announcement's."""
    table = msgspec.structs.replace(TABLE, text=TextRules(titled=True, max_title_length=5), video=VideoRules())
    film = Video(b"film", alt="Doors", title="The doors open")
    for video, title, path in ((film, film.title, "video.title"), (film, "Open doors", "title"), (None, "Open doors", "title")):
        post = Post(key="key", channel="news", platform="plaza", parts=("Doors open.",), title=title, video=video)
        told = {problem.code: problem.path for problem in check(post, table, Policy.REFUSE)}
        assert told["title.too_long"] == path


def test_no_password_is_published_in_an_address() -> None:
    """As it stands in what a browser was given to sign in; it is not repeated in the error."""
    (problem,) = problems(link=Link("https://ada:s3cret@example.org/doors"))
    assert (problem.code, problem.path) == ("link.credentials", "link.url")
    assert "s3cret" not in str(problem)
    assert problems(link=Link("https://example.org/@ada?of=a@example.org")) == []
