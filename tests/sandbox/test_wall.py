"""What a person sees in a browser: the wall, permalinks, and nothing that could harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import Picture

Get = Callable[..., requests.Response]


@pytest.fixture
def get(sandbox: Sandbox, session: requests.Session) -> Get:
    def get(path: str = "/", **more: Any) -> requests.Response:
        return session.get(sandbox.url + path, timeout=10, **more)

    return get


def photo(number: int, alt: str = "The plenary hall, full") -> Picture:
    return Picture(url=f"https://pictures.plaza.example/pictures/{number}.gif", alt=alt, caption=f"Day {number}")


def test_a_clean_platform_shows_that_nothing_is_public(get: Get) -> None:
    answer = get()
    assert answer.status_code == 200
    assert "Nothing public yet" in answer.text


def test_a_thread_is_shown_in_order_and_newer_threads_first(get: Get, plaza: Any) -> None:
    for id, parent in (("a", ""), ("b", "a"), ("c", "b"), ("d", "")):
        plaza.show(id, text=f"post-{id}", parent=parent)
    assert re.findall(r"post-\w", get().text) == ["post-d", "post-a", "post-b", "post-c"]
    assert len(re.findall("<ol", get().text)) == 2


def test_answers_to_one_post_are_indented_and_a_plain_thread_is_not(get: Get, plaza: Any) -> None:
    for id, parent in (("a", ""), ("b", "a"), ("c", "a"), ("d", "c")):
        plaza.show(id, parent=parent)
    assert re.findall(r"--depth: (\d)", get().text) == ["0", "1", "1", "1"]


def test_answers_to_one_post_are_shown_oldest_first(get: Get, plaza: Any) -> None:
    for id, parent in (("a", ""), ("b", "a"), ("c", "a")):
        plaza.show(id, text=f"post-{id}", parent=parent)
    assert re.findall(r"post-\w", get().text) == ["post-a", "post-b", "post-c"]


def test_text_and_pictures_are_folded_below_a_warning(get: Get, plaza: Any) -> None:
    """A visitor reads the warning, and the rest on demand; facts stand outside."""
    plaza.show("a", warning="<b>Crowds</b>", text="So many", pictures=(photo(1),), facts={"language": "en"})
    folded = re.search(r"<details class=\"warning\"><summary>(.*?)</summary>(.*)<dl", get().text, re.DOTALL)
    assert folded is not None
    assert folded[1] == "&lt;b&gt;Crowds&lt;/b&gt;"
    assert "So many" in folded[2]
    assert "pictures/1.gif" in folded[2]
    assert folded[2].rstrip().endswith("</details>")


def test_pictures_have_their_alt_text_for_screen_readers_and_on_demand(get: Get, plaza: Any) -> None:
    plaza.show("a", pictures=(photo(1), photo(2, alt="")))
    page = get().text
    assert 'src="/at/pictures.plaza.example/pictures/1.gif" alt="The plenary hall, full" loading="lazy"' in page
    assert "<summary>ALT</summary><p>The plenary hall, full</p>" in page
    assert page.count("no alt text") == 1


def test_an_album_shows_eight_pictures_and_its_page_shows_all(get: Get, plaza: Any) -> None:
    album = plaza.show("album", kind="album", title="Davos", pictures=tuple(photo(n) for n in range(800)))
    wall = get().text
    assert wall.count("<img") == 8
    assert '<a href="/at/plaza.example/news/album">and 792 more</a>' in wall
    assert get(album.url.replace("https://", "/at/")).text.count("<img") == 800


def test_photos_of_an_album_are_pictures_in_its_grid_that_lead_to_their_own_pages(get: Get, plaza: Any) -> None:
    plaza.show("album", kind="album", pictures=(photo(1),))
    for number in (1, 2):
        plaza.show(f"photo{number}", kind="photo", parent="album", pictures=(photo(number),))
    page = get().text
    assert re.findall(r'<a href="([^"]+)"><img', page) == ["/at/plaza.example/news/photo1", "/at/plaza.example/news/photo2"]
    assert page.count("<article") == 1


def test_many_threads_are_cut_short_on_the_wall_and_whole_on_the_platforms_page(get: Get, plaza: Any) -> None:
    for number in range(35):
        plaza.show(str(number))
    assert get().text.count("<article") == 30
    assert '<a href="/platform/plaza">and 5 more</a>' in get().text
    assert get("/platform/plaza").text.count("<article") == 35


@pytest.mark.parametrize("field", ["text", "title", "account"])
def test_markup_in_what_people_wrote_is_shown_and_never_runs(get: Get, plaza: Any, field: str) -> None:
    plaza.show(
        "a", **{field: "<script>alert(1)</script>"}, facts={"tags": "<b>bold</b>"}, pictures=(photo(1, alt='" onload="x'),)
    )
    page = get().text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "<b>bold" not in page
    assert 'alt="&#34; onload=&#34;x"' in page


@pytest.mark.parametrize("path", ["/", "/routes", "/at/plaza.example/page", "/at/pictures.plaza.example/pictures/1.gif"])
def test_no_page_may_run_a_script_or_fetch_from_elsewhere(get: Get, path: str) -> None:
    headers = get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; img-src 'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_markup_that_the_platform_rendered_is_kept_with_its_links_led_here(get: Get, plaza: Any) -> None:
    plaza.show("a", html='<b>Davos</b> <a href="/news/b">more</a> <img src="//pictures.plaza.example/pictures/1.gif">')
    page = get().text
    assert '<b>Davos</b> <a href="/at/plaza.example/news/b">more</a>' in page
    assert '<img src="/at/pictures.plaza.example/pictures/1.gif">' in page


def test_links_in_a_text_to_other_platforms_lead_here_and_others_stay(get: Get, plaza: Any) -> None:
    plaza.show("a", text="Photos https://plaza.example/news/album?page=2 and https://elsewhere.example/davos")
    page = get().text
    assert 'href="/at/plaza.example/news/album?page=2"' in page
    assert 'href="https://elsewhere.example/davos"' in page


def test_a_permalink_opens_with_its_answers_for_a_person_and_for_a_client(get: Get, sandbox: Sandbox, plaza: Any) -> None:
    plaza.show("a", text="Davos opens today")
    plaza.show("b", text="An answer", parent="a")
    for answer in (get("/at/plaza.example/news/a"), get("/news/a", headers={"Host": "plaza.example"})):
        assert answer.status_code == 200
        assert re.findall("Davos opens today|An answer", answer.text)[-2:] == ["Davos opens today", "An answer"]
    assert 'Answers <a href="/at/plaza.example/news/a">Davos opens today</a>' in get("/at/plaza.example/news/b").text


def test_a_comment_at_a_place_on_a_photos_page_does_not_replace_that_page(get: Get, plaza: Any) -> None:
    photo_card = plaza.show("a", kind="photo", title="The plenary hall")
    plaza.show("b", kind="comment", text="Which year?", parent="a", url=f"{photo_card.url}#comment1")
    assert "<h1>The plenary hall</h1>" in get("/at/plaza.example/news/a").text


@pytest.mark.parametrize("path", ["/wiki/Z%C3%BCrich", "/wiki/Zürich/"])
def test_a_permalink_opens_however_it_is_escaped(get: Get, plaza: Any, path: str) -> None:
    plaza.show("a", text="Davos opens today", url="https://plaza.example/wiki/Zürich")
    assert get(f"/at/plaza.example{path}").status_code == 200


def test_a_permalink_of_what_is_not_public_does_not_open(get: Get) -> None:
    assert get("/at/plaza.example/news/a").status_code == 501


def test_the_navigation_of_a_permalinks_page_leads_back_to_the_wall(get: Get, plaza: Any) -> None:
    plaza.show("a")
    assert '<a href="/">Wall</a>' in get("/at/plaza.example/news/a").text


def test_uploaded_pictures_are_served_from_the_platforms_own_address(get: Get) -> None:
    answer = get("/at/pictures.plaza.example/pictures/1.gif")
    assert (answer.headers["Content-Type"], answer.content[:6]) == ("image/gif", b"GIF89a")


def test_a_mirrors_own_page_and_redirects_stay_here(get: Get) -> None:
    page = get("/at/plaza.example/moved")
    assert page.url.endswith("/at/plaza.example/page")
    assert page.text == '<a href="/at/plaza.example/page?a=1&amp;b=2">here</a> <a href="https://elsewhere.example/">there</a>'


def test_looking_is_neither_recorded_nor_counted_by_faults(get: Get, sandbox: Sandbox) -> None:
    sandbox.fault("plaza", "status_before")
    assert get("/at/plaza.example/page").status_code == 200
    assert sandbox.requests() == []


def test_the_routes_page_lists_every_route_with_its_source(get: Get, plaza: Any) -> None:
    page = get("/routes").text
    assert page.count("<code>POST /call</code>") == 1
    assert page.count('href="https://docs.plaza.example/posts"') == len(plaza.ROUTES)
    assert page.count("written from the platform&#39;s documentation") == len(plaza.ROUTES)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/platform/nobody", 404), ("POST", "/", 405)]
)
def test_a_page_that_is_not_there_says_so(
    sandbox: Sandbox, session: requests.Session, method: str, path: str, status: int
) -> None:
    answer = session.request(method, sandbox.url + path, timeout=10)
    assert (answer.status_code, path in answer.text) == (status, True)


def test_times_are_shown_in_utc(get: Get, sandbox: Sandbox, plaza: Any) -> None:
    card = plaza.show("a")
    assert f"{card.at:%d %B %Y, %H:%M} UTC</time>" in get().text
