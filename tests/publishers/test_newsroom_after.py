"""One's own site after publication: what somebody changed by hand, what is corrected, and what remains of what was withdrawn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import msgspec
import pytest

from socialcast import Live, Photo, State
from socialcast.model.announcement import Link
from socialcast.model.errors import Conflict
from socialcast.model.receipt import LiveState
from socialcast.model.reports import Difference
from socialcast.publishers.newsroom import folder as newsroom_folder
from socialcast.testing.stage import picture
from tests.broadcast.test_audit import striped
from tests.conftest import StillClock
from tests.publishers.test_newsroom import DOORS, STARTS, URL, Killed, Site

CORRECTED = msgspec.structs.replace(
    DOORS,
    title="Doors open later",
    text="We open at ten.",
    body="",
    link=Link("https://example.org/other", "More"),
    photos=(DOORS.photos[1], picture(5), msgspec.structs.replace(DOORS.photos[0], alt="The dome at dusk")),
    video=None,
    live=Live(title="The talk", starts_at=STARTS + timedelta(hours=1), url="https://watch.example.org/talk"),
    tags=["sky"],
    licence="CC0-1.0",
)
Found = set[tuple[str, str]]


@pytest.fixture
def site(tmp_path: Path, clock: StillClock) -> Site:
    return Site(tmp_path, clock)


@pytest.fixture
def published(site: Site) -> Site:
    site.publish().raise_for_failures()
    return site


def found(site: Site, *, pictures: bool = False) -> Found:
    """What an audit finds: the difference and the aspect of each finding."""
    with site.open() as broadcast:
        (told,) = broadcast.audit("doors", pictures=pictures).outcomes
    assert not told.failed, told
    return {(finding.difference.value, finding.aspect) for finding in told.findings}


def replace(site: Site, before: str, after: str, file: str = "doors/index.html") -> None:
    text = site.read(file)
    assert before in text
    (site.root / file).write_text(text.replace(before, after), encoding="utf-8")


def correct(site: Site, to: Any = CORRECTED) -> None:
    with site.open() as broadcast:
        (told,) = broadcast.correct(to).outcomes
    assert (told.failed, told.done) == (False, "edited"), told


def retract(site: Site) -> None:
    with site.open() as broadcast:
        assert broadcast.retract("doors").exit_code == 0


# -- what is read back -----------------------------------------------------------------------------------------------------------


def test_what_nobody_changed_is_as_announced(published: Site) -> None:
    """In every aspect, and to the eye."""
    assert found(published, pictures=True) == set()


BY_HAND = [
    ("We open at nine.", "We stay shut.", Difference.BY_PEOPLE, "text"),
    ("<h1>Open &lt;doors&gt;", "<h1>Closed &lt;doors&gt;", Difference.BY_PEOPLE, "title"),
    ('<div class="text">', '<div class="text"><p>Tickets at the gate.</p>', Difference.BY_PEOPLE, "text"),
    ('<a href="https://example.org/walk">', '<a href="https://elsewhere.example/">', Difference.MISSING, "links"),
    ('alt="The dome, view 1"', 'alt="A dome"', Difference.BY_PEOPLE, "alt text"),
    ("<video", "<p", Difference.MISSING, "media"),
]


@pytest.mark.parametrize(("before", "after", "difference", "aspect"), BY_HAND)
def test_a_page_that_was_changed_by_hand_is_seen(
    published: Site, before: str, after: str, difference: Difference, aspect: str
) -> None:
    """By whom a folder does not tell, but that it was people."""
    replace(published, before, after)
    assert found(published) == {(difference.value, aspect)}


def test_what_is_told_is_what_stands_in_the_texts_place(published: Site) -> None:
    """Without the date above it and the credit below; a word that was put elsewhere is told with all that the page says."""
    replace(published, "We open at nine.", "We stay shut.")
    with published.open() as broadcast:
        (told,) = broadcast.audit("doors").outcomes[0].findings
    assert told.found.startswith("We stay shut.")
    assert told.found.endswith("a walk <script>alert(1)</script>")
    replace(published, "<article>", "<article><b>Cancelled!</b>")
    with published.open() as broadcast:
        (told,) = broadcast.audit("doors").outcomes[0].findings
    assert "Cancelled!" in told.found


def test_a_record_that_was_changed_by_hand_is_seen(published: Site) -> None:
    """Before the page is written from it, and after."""
    replace(published, "We open at nine.", "We stay shut.", "doors/announcement.json")
    assert found(published) == {(Difference.BY_PEOPLE.value, "text")}
    with published.open() as broadcast:
        publisher: Any = broadcast.open("site", "")[0]
        publisher.rebuild()
    assert found(published) == {(Difference.BY_PEOPLE.value, "text")}


def test_what_no_reader_sees_is_no_change(published: Site) -> None:
    """A script that counts visits, or a page that an older version or theme has written."""
    replace(published, "</head>", "<script>count()</script></head>")
    assert found(published) == set()
    replace(published, "Skip to the content", "Skip")
    assert found(published) == set()
    published.settings["templates"] = str(published.root.parent / "theme")
    (published.root.parent / "theme").mkdir()
    (published.root.parent / "theme" / "page.html").write_text("<main><h1>{{ title }}</h1>New theme</main>")
    with published.open() as broadcast:
        publisher: Any = broadcast.open("site", "")[0]
        assert publisher.rebuild() == 1
    published.settings["templates"] = ""
    assert found(published) == set()


def test_a_photo_in_anothers_place_and_one_that_is_gone_are_seen(site: Site) -> None:
    """The file is looked at and not its name; one that is not there shows nothing."""
    photos = [striped(0), striped(1)]
    site.publish(msgspec.structs.replace(DOORS, photos=photos)).raise_for_failures()
    first, second = (site.root / "doors" / f"photo-{photo.content.sha256[:12]}.jpg" for photo in photos)
    shutil.copy(second, first)
    assert found(site) == set()
    assert found(site, pictures=True) == {(Difference.BY_PEOPLE.value, "media")}
    second.unlink()
    assert (Difference.MISSING.value, "media") in found(site)


def test_photos_in_another_order_are_seen(site: Site) -> None:
    """By their files, though their alt texts are the same."""
    photos = [msgspec.structs.replace(picture(number), alt="The dome") for number in range(3)]
    site.publish(msgspec.structs.replace(DOORS, photos=photos)).raise_for_failures()
    first, second = (f"photo-{photo.content.sha256[:12]}" for photo in photos[:2])
    page = site.read("doors/index.html").replace(first, "the first").replace(second, first).replace("the first", second)
    (site.root / "doors" / "index.html").write_text(page, encoding="utf-8")
    assert found(site) == {(Difference.BY_PEOPLE.value, "media")}


@pytest.mark.parametrize("gone", ["doors", "doors/index.html"])
def test_a_page_that_was_removed_is_seen(published: Site, gone: str) -> None:
    """The whole folder, or the file that is served."""
    path = published.root / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert found(published) == {(Difference.REMOVED.value, "")}


def test_a_copy_is_extra(published: Site) -> None:
    """A page that somebody copied is told with its address; what is not ours is passed over."""
    shutil.copytree(published.root / "doors", published.root / "doors-old")
    (published.root / "photos").mkdir()
    with published.open() as broadcast:
        (finding,) = broadcast.audit("doors").outcomes[0].findings
    assert (finding.difference, finding.item.url) == (Difference.EXTRA, f"{URL}doors-old/")


def test_where_the_event_stands_is_read_back(published: Site) -> None:
    """It is on the air when the page says so."""

    def look(publisher: Any, receipt: Any, steps: Any) -> None:
        publisher.show_live(receipt, LiveState.LIVE, "", steps, name="live")
        assert publisher.inspect(receipt).items[0].live is LiveState.LIVE

    published.change(look)


# -- what is corrected -----------------------------------------------------------------------------------------------------------


def test_everything_can_be_corrected(published: Site) -> None:
    """Page, photos in their new order, film, event, tags and licence are the new ones; nothing of the old is left in any file."""
    correct(published)
    assert found(published, pictures=True) == set()
    everything = "".join(data.decode(errors="replace") for data in published.files().values())
    for words in ("We open at nine", "Open <doors>", "soup", "All about it", "open doors", "The dome, view 1", "<video"):
        assert words not in everything, words
    for words in ("Doors open later", "We open at ten.", "https://example.org/other", "The dome at dusk", "CC0-1.0"):
        assert words in published.read("doors/index.html"), words
    assert not list((published.root / "doors").glob("film-*"))
    assert len({path.name[:18] for path in (published.root / "doors").glob("photo-*")}) == 3


def test_readers_of_feeds_and_calendars_get_the_correction(published: Site, clock: StillClock) -> None:
    """They replace what they have: the same id with a newer time (RFC 4287, 4.2.15), and a higher number (RFC 5545, 3.8.7.4)."""
    clock.time += timedelta(hours=1)
    correct(published)
    feed = feedparser.parse((published.root / "atom.xml").read_bytes())
    (entry,) = feed.entries
    assert (entry.id, entry.title) == (f"{URL}doors/", "Doors open later")
    assert (entry.published, entry.updated) == ("2026-12-05T07:55:00+00:00", "2026-12-05T08:55:00+00:00")
    assert feed.feed.updated == entry.updated
    assert feedparser.parse((published.root / "rss.xml").read_bytes()).entries[0].id == entry.id
    (event,) = published.events()
    assert (event["UID"], event["SEQUENCE"]) == (f"{URL}doors/", 1)
    assert event.decoded("DTSTART") == STARTS + timedelta(hours=1)


def test_a_photo_that_stays_is_not_written_again(published: Site) -> None:
    """It keeps its file and its address, so that no reader loads it twice; one that was damaged is mended."""
    page, (first, second) = published.root / "doors", (f"photo-{photo.content.sha256[:12]}.jpg" for photo in DOORS.photos[:2])
    (page / second).write_bytes(b"half a pic")
    before = (page / first).stat().st_mtime_ns
    correct(published)
    assert (page / first).stat().st_mtime_ns == before
    assert (page / second).stat().st_size > 100


def test_the_same_photo_with_its_place_is_another_file(site: Site) -> None:
    """Corrected so that it tells its place no more, it does not tell it under the old address either."""
    located = Photo(picture(0).data, alt="The dome", keep_location=True)
    site.publish(msgspec.structs.replace(DOORS, photos=[located])).raise_for_failures()
    before = {path.name for path in (site.root / "doors").glob("photo-*")}
    correct(site, msgspec.structs.replace(DOORS, photos=[Photo(picture(0).data, alt="The dome")]))
    assert before.isdisjoint(path.name for path in (site.root / "doors").glob("photo-*"))


def test_a_correction_keeps_where_the_event_stands(published: Site) -> None:
    """A recording stays in the place of the event's address."""
    recording = "https://watch.example.org/recording"
    published.change(lambda publisher, receipt, steps: publisher.show_live(receipt, LiveState.REPLAY, recording, steps, name="r"))
    correct(published)
    assert f'href="{recording}">Watch the recording' in published.read("doors/index.html")


def test_another_machine_knows_the_corrected_page(published: Site) -> None:
    """With an empty ledger the new words are found to be there, and the old ones are another announcement."""
    correct(published)
    published.ledger = published.ledger.with_name("other")
    assert published.publish(CORRECTED)["site"].state is State.PUBLISHED
    published.ledger = published.ledger.with_name("third")
    assert "says something else" in published.publish()["site"].reason


def killed(site: Site, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch, nth: int) -> int:
    """Do it, killed before the nth file gets its place; how many got it."""
    count, place = 0, newsroom_folder.place

    def deadly(source: Path, target: Path) -> None:
        nonlocal count
        if count + 1 == nth:
            raise Killed
        place(source, target)
        count += 1

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(newsroom_folder, "place", deadly)
        work()
    return count


@pytest.mark.parametrize("work", [correct, retract])
def test_killed_at_any_file_it_ends_as_if_nothing_had_been(
    work: Callable[[Site], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each rename, and so after the one before it: the next run finishes the very same site."""

    def in_folder(name: str) -> Site:
        (tmp_path / name).mkdir()
        made = Site(tmp_path / name, StillClock())
        made.publish(msgspec.structs.replace(DOORS, video=None, photos=DOORS.photos[1:2])).raise_for_failures()
        return made

    clean = in_folder("clean")
    total = killed(clean, lambda: work(clean), monkeypatch, 0)
    assert total > 5
    for nth in range(1, total + 1):
        site = in_folder(str(nth))
        killed(site, lambda site=site: work(site), monkeypatch, nth)  # type: ignore[misc]
        work(site)
        assert site.files() == clean.files(), f"{nth} of {total}"


# -- what was withdrawn ----------------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_says_so_and_nothing_else(published: Site) -> None:
    """Page and media are gone, the feeds forget it, the calendar crosses it out; a file of somebody else's stays."""
    (published.root / "doors" / "notes.txt").write_text("ours")
    retract(published)
    assert {path.name for path in (published.root / "doors").iterdir()} == {"index.html", "announcement.json", "notes.txt"}
    left = "".join(
        published.read(str(path.relative_to(published.root))) for path in published.root.rglob("*.*") if path.is_file()
    )
    assert not [words for words in ("We open at nine", "The talk", "The dome", "CC-BY-4.0") if words in left]
    assert "This announcement was withdrawn." in published.read("doors/index.html")
    assert published.events()[0]["STATUS"] == "CANCELLED"


def test_feeds_say_what_was_withdrawn_and_when(published: Site, clock: StillClock) -> None:
    """The entry is in none of them; Atom says that it is deleted (RFC 6721), and no feed's own time goes back."""
    clock.time += timedelta(hours=1)
    retract(published)
    atom = ElementTree.fromstring(published.read("atom.xml"))
    (stone,) = atom.iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert stone.attrib == {"ref": f"{URL}doors/", "when": "2026-12-05T08:55:00+00:00"}
    for name in ("atom.xml", "rss.xml"):
        feed = feedparser.parse((published.root / name).read_bytes())
        assert (feed.bozo, feed.entries, feed.feed.updated_parsed[:4]) == (False, [], (2026, 12, 5, 8))
    assert msgspec.json.decode(published.read("feed.json"))["items"] == []


def test_a_page_that_somebody_removed_is_in_no_list_once_it_is_taken_back(published: Site) -> None:
    """What is gone already is no error, and does not come back."""
    shutil.rmtree(published.root / "doors")
    retract(published)
    assert not (published.root / "doors").exists()
    for name in ("index.html", "rss.xml", "atom.xml", "feed.json", "archive/2026-12.html"):
        assert "doors/" not in published.read(name), name
    assert published.events() == []


def test_what_was_withdrawn_is_not_changed(published: Site) -> None:
    """Neither by a correction that comes late nor by an event that begins."""
    retract(published)
    before = published.files()

    def change(publisher: Any, receipt: Any, steps: Any) -> None:
        with pytest.raises(Conflict, match="withdrawn"):
            publisher.show_live(receipt, LiveState.LIVE, "", steps, name="live")
        publisher.retract(receipt, steps)

    published.change(change)
    assert published.files() == before
