"""The page of a plan shows what readers will see, to everybody who has to sign it, and harms nobody."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, Link, Live, Override, Photo, Video, load_announcement
from socialcast.broadcast import Plan
from socialcast.compose.text import weigh
from socialcast.model.announcement import Audience
from socialcast.model.capabilities import TextRules, Unit
from socialcast.preview import page, plan_markdown, plan_page
from socialcast.preview.differences import left_out, pieces
from socialcast.preview.thumbnails import thumbnails
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import clip, picture
from socialcast.wire import ffmpeg
from socialcast.wire.settings import MorePhotos, PhotoWishes, Policy
from tests.preview.attacks import ATTACKS

EXAMPLES = Path(__file__).parents[2] / "examples"
_TAGS = {*("h2", "table", "thead", "tbody", "tr", "th", "td"), *("p", "ul", "li", "ol", "details", "summary", "strong")}


def attacking(words: str) -> Announcement:
    photo = Photo(data=picture(1).data, alt=words, caption=words, credit=words)
    return Announcement(
        key="attack" + str(abs(hash(words))),
        title=words,
        text=f"{words} https://example.org/{words.split()[0]}",
        body=words,
        tags=[words],
        photos=[photo],
        link=Link("https://example.org/", title=words),
        channels={"village": Override(skip=words)},
    )


def plan_of(announcement: Announcement, folder: Path, *platforms: str) -> Plan:
    settings = {
        "mediawiki": {"url": "https://wiki.example.org/w/api.php", "contact": "a@example.org", "mode": "edit", "page": "P"}
    }
    channels = [
        Channel(name=platform, platform=platform, policy=Policy.ADAPT, settings=settings.get(platform, {}))
        for platform in platforms or ("x", "flickr", "mediawiki")
    ]
    with Broadcast([*channels, Channel(name="village", platform="x")], ledger=folder / "ledger") as broadcast:
        return broadcast.plan(announcement)


def mailing(folder: Path) -> dict[str, Any]:
    """Settings of a mailing list with one reader."""
    (folder / "readers.txt").write_text("ada@example.org\n", encoding="utf-8")
    return {"host": "smtp.example.org", "sender": "press@example.org", "recipients": str(folder / "readers.txt")}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Announcement]:
    """The bundled event on all of its channels."""
    announcement = load_announcement(EXAMPLES / "open-doors" / "event.md")
    folder = tmp_path_factory.mktemp("example")
    with Broadcast.from_file(EXAMPLES / "channels.toml", ledger=folder / "ledger") as broadcast:
        return broadcast.plan(announcement), announcement


@pytest.fixture(scope="module")
def shown(example: tuple[Plan, Announcement]) -> str:
    return plan_page(*example)


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def test_every_channel_is_drawn_with_all_that_counts(example: tuple[Plan, Announcement], shown: str) -> None:
    """Each post of each thread with its count, alt texts, adaptations, problems, cost, verdict and digest."""
    plan, announcement = example
    text = re.sub(r"<[^>]+>", "", shown)
    costs = sum(cost.amount for cost in plan["news"].costs)
    for words in ("5,000 UTF-8 bytes", plan.digest, "It can be published", f"{costs} USD", "cost.url"):
        assert words in text
    for part in plan["news"].post.parts if plan["news"].post else ():
        assert f"{weigh(part, TextRules(unit=Unit.X_WEIGHT, link_weight=23, bare_links=True))} of 280 X weights" in text
    for photo in announcement.photos:
        assert photo.alt.replace("'", "&#39;") in shown
    for channel in plan.channels:
        assert f">{channel.channel} <small>" in shown
        for adaptation in channel.post.adaptations if channel.post else ():
            assert adaptation.code in text


def test_a_screen_reader_finds_its_way(shown: str) -> None:
    """Landmarks, one first heading and no skipped level, a name for every picture, bar and region, a way past the head."""
    outline = Outline(shown)
    assert [outline.of(tag) != [] for tag in ("header", "nav", "main", "footer")] == [True] * 4
    assert outline.of("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in (*outline.of("meter"), *outline.of("section")):
        assert attributes["aria-labelledby"] in ids
    assert all(a.get("aria-label") for a in outline.of("svg") if a.get("role") == "img")
    assert {str(a["href"])[1:] for a in outline.of("use", "a") if str(a["href"]).startswith("#")} <= set(ids)
    assert outline.of("a")[0]["class"] == "skip"
    assert not any(a.get("tabindex") not in (None, "0") for _, a in outline.elements)


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_colours_can_be_told_apart(scheme: int) -> None:
    """Every text colour has a contrast of 4.5 to its ground, light and dark (WCAG 2.2, AA)."""
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", page._style().split("@media")[scheme]))
    grounds = {"added-ink": ("added",), "ink": ("paper", "card"), "soft": ("paper", "card"), "link": ("paper", "card")}
    grounds |= dict.fromkeys(("bad", "warn", "good"), ("paper", "card"))
    for name, on in grounds.items():
        for ground in on:
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def contrast(one: str, two: str) -> float:
    lights = sorted(map(luminance, (one, two)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_nothing_is_fetched_and_nothing_runs(shown: str, browse: Callable[..., Any], tmp_path: Path) -> None:
    """There is no script and no address to fetch from; the browser finds its policy kept, the page's own style included."""
    assert "<script" not in shown
    for tag, attributes in Outline(shown).elements:
        for name in ("src", "href", "data", "poster", "srcset"):
            if tag != "a" and attributes.get(name):
                assert str(attributes[name]).startswith(("data:", "#")), (tag, attributes)
    (tmp_path / "plan.html").write_text(shown, encoding="utf-8")
    seen = browse((tmp_path / "plan.html").as_uri())
    assert seen.complaints == []
    assert "Alpine Forum" in seen.dom


def test_no_script_of_an_announcement_runs_in_a_browser(browse: Callable[..., Any], tmp_path: Path, sandbox: Sandbox) -> None:
    """HTML, wikitext and Markdown in every field are text on the page, in the comment and on the wall: without the policy too."""
    pages = []
    for words in ATTACKS:
        announcement = attacking(words)
        plan = plan_of(announcement, tmp_path)
        shown = plan_page(plan, announcement)
        comment = MarkdownIt("commonmark", {"html": True}).enable("table").render(plan_markdown(plan, announcement))
        pages.append(re.sub(r"<meta http-equiv[^>]+>", "", shown) + comment)
    (tmp_path / "all.html").write_text("".join(pages), encoding="utf-8")
    assert "data-harmed" not in browse((tmp_path / "all.html").as_uri()).dom
    (tmp_path / "raw.html").write_text(f"<p>{ATTACKS[0]}</p>", encoding="utf-8")
    assert "data-harmed" in browse((tmp_path / "raw.html").as_uri()).dom, "the browser runs scripts, or this proves nothing"
    wiki = {"url": "https://wiki.example.org/w/api.php", "contact": "a@example.org", "mode": "edit"}
    for number, words in enumerate(ATTACKS):
        places = {"x": {}, "flickr": {}, "mediawiki": {**wiki, "page": f"Page {number}"}}
        channels = [
            Channel(name=name, platform=name, policy=Policy.ADAPT, settings=settings) for name, settings in places.items()
        ]
        said = msgspec.structs.replace(attacking(words), channels={})
        with Broadcast(channels, ledger=tmp_path / "wall", sandbox=sandbox) as broadcast:
            assert broadcast.publish(said).exit_code == 0
    seen = browse(sandbox.url)
    assert "onerror" in seen.dom
    assert "data-harmed" not in seen.dom


def test_a_comment_links_and_calls_nobody(tmp_path: Path) -> None:
    """Whatever the announcement says stands in code: no mention, no image, no HTML; and it fits into a comment."""
    for words in ATTACKS:
        announcement = attacking(words)
        rendered = (
            MarkdownIt("commonmark", {"html": True})
            .enable("table")
            .render(plan_markdown(plan_of(announcement, tmp_path), announcement))
        )
        bare = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", rendered, flags=re.DOTALL)
        assert set(re.findall(r"</?(\w+)", bare)) <= _TAGS
        assert "@" not in bare
        assert "javascript" not in bare
    long = Announcement(key="long", title="Long", text="word " * 20_000)
    comment = plan_markdown(plan_of(long, tmp_path), long)
    assert len(comment) < 65_536
    assert "too long for a comment" in comment


def test_what_the_announcement_does_not_say_is_marked(example: tuple[Plan, Announcement], shown: str) -> None:
    """Hashtags and addresses that a channel adds are marked, and its own words are not; an override is marked as a whole."""
    marked = [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<ins>(.*?)</ins>", shown, re.DOTALL)]
    assert any("#OpenDoors" in words for words in marked)
    assert not any("opens its doors" in words for words in marked)
    assert "</ins><ins>" not in shown, "a screen reader would tell each piece of it as an insertion of its own"
    (cut,) = pieces(["We open the doors at ten."], "The doors open at nine.")
    assert "".join(piece.text if piece.added else "_" for piece in cut) == "We open the_ten_"
    assert left_out(["Doors open."], "Doors open. Soup is served from noon on.") == ["Soup is served from noon on."]


@given(st.lists(st.text(max_size=80), max_size=4), st.text(max_size=200))
def test_marking_loses_no_character(parts: list[str], said: str) -> None:
    """The pieces of a post make the post again."""
    assert ["".join(piece.text for piece in cut) for cut in pieces(parts, said)] == parts


def test_pictures_share_the_room_there_is(tmp_path: Path) -> None:
    """However many photos there are, their thumbnails stay within three megabytes; one that is broken is left empty."""
    photos = [picture(number, (300, 200)) for number in range(61)]
    made = thumbnails([*photos, Photo(tmp_path / "gone.jpg", alt="gone")], None)
    assert sum(len(thumbnail.url) for thumbnail in made.values()) < 3_300_000
    assert [photo.alt for photo, thumbnail in made.items() if not thumbnail.url] == ["gone"]


def test_video_live_and_broken_photos_are_drawn(tmp_path: Path) -> None:
    """A film, an event that exists and a photo that cannot be read do not stop the page."""
    video: Video = clip()
    photos = [Photo(tmp_path / "gone.jpg", alt="gone")]
    said = Announcement(key="k", text="Doors", video=video, live=Live(url="https://example.org/live"), photos=photos)
    shown = plan_page(plan_of(said, tmp_path, "x", "flickr"), said)
    assert "cannot be shown" in shown
    assert video.alt in shown
    assert "An error stops it" in shown


def test_a_title_stands_where_readers_see_one(tmp_path: Path) -> None:
    """A mail's subject and a page's heading are drawn; a feed that has no titles shows none."""
    said = Announcement(key="k", title="Open doors", text="The doors open at nine.")
    settings = {
        "email": mailing(tmp_path),
        "newsroom": {"folder": str(tmp_path / "site"), "url": "https://news.example.org/", "title": "News"},
        "x": {},
    }
    channels = [Channel(name=name, platform=name, settings=told) for name, told in settings.items()]
    with Broadcast(channels, ledger=tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(said)
    comment, posts = plan_markdown(plan, said), plan_page(plan, said).split('<section class="channel"')[1:]
    assert ["Open doors</h3>" in post for post in posts] == [True, True, False]
    assert comment.count("Title: `Open doors`") == 2


def test_whom_a_photo_is_by_stands_where_readers_see_it(tmp_path: Path) -> None:
    """Caption, credit and licence are drawn below a photo; X shows none of them, and the plan says what is left out."""
    photo = msgspec.structs.replace(picture(1), alt="The dome", caption="At dusk", credit="A. Example", licence="")
    said = Announcement(key="k", title="Doors", text="Doors", photos=[photo, picture(2)], licence="CC-BY-4.0")
    plan = plan_of(said, tmp_path, "flickr", "x")
    shown = plan_page(plan, said)
    flickr, x = shown.split('<section class="channel"')[1:3]
    assert "At dusk · A. Example · CC-BY-4.0" in flickr
    assert '<span class="below"' not in x
    assert "2 captions, 2 credits, 2 licences left out" in x
    assert shown.count("<symbol ") == 2, "each photo is there once, whatever is said of it"


def test_who_reads_it_before_the_others_is_told(tmp_path: Path) -> None:
    """A channel for the press that gets it two hours before the embargo ends says so on the page and in the comment."""
    embargo = datetime(2036, 12, 6, 8, tzinfo=UTC)
    said = Announcement(key="k", text="The doors open at nine.", embargo=embargo)
    press = Channel(name="press", platform="email", audience=Audience.PRESS, hours_ahead=2, settings=mailing(tmp_path))
    with Broadcast([press, Channel(name="news", platform="x")], ledger=tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(said)
    ahead = "ahead, under embargo, at 2036-12-06 06:00+00:00, by socialcast"
    for told in (plan_page(plan, said), plan_markdown(plan, said)):
        assert ahead in told
        assert "2036-12-06 08:00+00:00, by socialcast" in told


def test_a_comment_tells_of_film_event_and_decoration(tmp_path: Path) -> None:
    """Who reviews it there sees the film's alt text and the event's time, and that a photo means to have no alt text."""
    event = Live(title="The night sky", starts_at=datetime(2036, 12, 6, 20, tzinfo=UTC))
    ornament = msgspec.structs.replace(picture(1), alt="", decorative=True)
    said = Announcement(key="k", title="Doors", text="Doors", video=clip(), live=event, photos=[ornament])
    comment = plan_markdown(plan_of(said, tmp_path, "youtube", "flickr"), said)
    assert "1 video, 1 live event" in comment
    assert f"`: `{clip().alt}`" in comment
    assert "- live event `The night sky`, 2036-12-06 20:00+00:00" in comment
    assert "`decorative`" in comment


def test_what_turns_words_around_is_shown_by_its_name(tmp_path: Path) -> None:
    """Nobody signs another text than the one that is there: forced directions and control characters do nothing on a page."""
    words = "Pay \u202e5 00\u202c francs\u0007"
    said = Announcement(key="k", title=words, text=words, photos=[msgspec.structs.replace(picture(1), alt=words)])
    plan = plan_of(said, tmp_path)
    for told in (plan_page(plan, said), plan_markdown(plan, said)):
        assert "⟨U+202E⟩5 00" in told
        assert "\u202e" not in told
        assert "\u0007" not in told


def test_a_thread_shows_its_media_in_the_posts_that_have_them(tmp_path: Path) -> None:
    """Photos that go on through a thread stand each below its own text, a film below the first."""
    photos = [msgspec.structs.replace(picture(number), alt=f"View {number}") for number in range(6)]
    said = Announcement(key="k", text="The doors of the observatory open to everybody at nine. " * 8, photos=photos)
    wishes = PhotoWishes(more=MorePhotos.THREAD)
    channel = Channel(name="news", platform="x", policy=Policy.ADAPT, photos=wishes)
    with Broadcast([channel], ledger=tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(said)
    posts = plan_page(plan, said).split('<p class="text"')[1:]
    assert [re.findall(r'aria-label="View (\d)"', post) for post in posts[:2]] == [["0", "1", "2", "3"], ["4", "5"]]
    film = Announcement(key="f", text=said.text, video=clip())
    shown = plan_page(plan_of(film, tmp_path, "x"), film).split('<p class="text"')[1:]
    assert ['<figure class="video">' in post for post in shown[:2]] == [True, False]


def test_a_film_without_a_poster_is_shown_by_a_frame_or_else_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ffmpeg there is a picture of it; without it, the box tells which film it is."""
    said = Announcement(key="k", text="Doors", video=clip())
    plan = plan_of(said, tmp_path, "x")
    if ffmpeg.is_installed():
        assert 'aria-label="A frame of the video"' in plan_page(plan, said, str(tmp_path / "media"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert f"▶ {clip().name}" in plan_page(plan, said, str(tmp_path / "bare"))


def test_what_a_channel_costs_stands_below_one_heading(shown: str) -> None:
    """Several costs are one list, and one of a kind is told in the singular."""
    news = shown[shown.index('id="channel-2"') : shown.index('id="channel-3"')]
    assert news.count("<dt>Cost") == 1
    assert news.count("USD <small>") > 1
    assert re.search(r"\b1 upload\b", shown)
    assert "1 uploads" not in shown


def test_without_jinja_the_extra_is_named(example: tuple[Plan, Announcement], monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra is told with the command that installs it."""
    page._template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigurationError, match=r"socialcast\[preview\]"):
        plan_page(*example)
