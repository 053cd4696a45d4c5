"""The web server of one's own site: it serves what lies in the folder, and a visitor reads it from the first page on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.platforms.newsroom import NewsroomMirror

INDEX = '<title>News</title><ul><li><a href="doors/index.html">Doors</a></ul><a href="https://elsewhere.example/">x</a>'
PAGE = """<!doctype html><head><link rel="canonical" href="https://news.example.org/doors/">
<meta property="article:published_time" content="2036-12-06T09:00:00+01:00"><meta property="og:site_name" content="News"></head>
<article><h1>Doors</h1><div class="text"><p>We open at nine.</p></div>
<figure><img src="dome.jpg" alt="The dome"><figcaption>At dusk</figcaption></figure></article>"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(mirrors={"newsroom": NewsroomMirror}) as running:
        yield running


@pytest.fixture
def folder(sandbox: Sandbox) -> Path:
    """The folder of a site with one page."""
    site = Path(sandbox.account("newsroom", "site").credentials["folder"])
    (site / "doors").mkdir(parents=True)
    (site / "index.html").write_text(INDEX)
    (site / "doors" / "index.html").write_text(PAGE)
    return site


def get(sandbox: Sandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.url}/at/news.example.org/{path}", timeout=10)


def test_files_are_served_by_their_names(sandbox: Sandbox, folder: Path) -> None:
    """A folder's address gives its index, a file its bytes and type, anything else 404 (RFC 9110)."""
    (folder / "calendar.ics").write_bytes(b"BEGIN:VCALENDAR\r\n")
    assert "Doors" in get(sandbox, "").text
    assert "We open at nine" in get(sandbox, "doors/").text
    assert get(sandbox, "calendar.ics").headers["Content-Type"].startswith("text/calendar")
    assert get(sandbox, "nothing").status_code == 404


@pytest.mark.parametrize("path", [".newsroom/site.json", "doors/.hidden", "%2e%2e/secret", "..%2fsecret"])
def test_hidden_files_and_what_lies_outside_are_not_served(sandbox: Sandbox, folder: Path, path: str) -> None:
    """As web servers are set up: no dot file, and no way out of the folder."""
    for name in (".newsroom/site.json", "doors/.hidden", "../secret"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("secret")
    assert get(sandbox, path).status_code == 404


def test_a_visitor_reads_the_pages_that_the_first_one_leads_to(sandbox: Sandbox, folder: Path) -> None:
    """Words, pictures with alt text and caption, the time; a page that nothing leads to is seen by nobody."""
    (folder / "alone").mkdir()
    (folder / "alone" / "index.html").write_text(PAGE)
    (card,) = sandbox.mirror("newsroom").cards()
    assert (card.url, card.title, card.text) == ("https://news.example.org/doors/", "Doors", "We open at nine.")
    assert [(seen.alt, seen.caption) for seen in card.pictures] == [("The dome", "At dusk")]
    assert card.at.isoformat() == "2036-12-06T09:00:00+01:00"


def test_a_page_without_an_article_says_nothing(sandbox: Sandbox, folder: Path) -> None:
    """What remains of a withdrawn page is no announcement."""
    (folder / "doors" / "index.html").write_text("<title>Withdrawn</title><h1>Withdrawn</h1>")
    assert sandbox.mirror("newsroom").cards() == []


def test_a_disk_that_is_gone_comes_back_empty(sandbox: Sandbox, folder: Path) -> None:
    """Nothing can be written into what stands in the folder's place."""
    mirror = sandbox.mirror("newsroom")
    mirror.expire_credentials("site")
    assert folder.is_file()
    assert mirror.cards() == []
    mirror.renew_credentials("site")  # type: ignore[attr-defined]
    assert not folder.exists()


def test_a_reset_leaves_a_folder_that_was_given_alone(sandbox: Sandbox, folder: Path, tmp_path: Path) -> None:
    """The sandbox removes its own folders only."""
    given = tmp_path / "given"
    given.mkdir()
    sandbox.account("newsroom", "own", folder=str(given), address="https://own.example.org/")
    sandbox.reset()
    assert given.is_dir()
    assert not folder.exists()
