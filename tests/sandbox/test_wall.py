"""What a person sees in a browser: the wall, permalinks, and nothing that could harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from socialcast.sandbox import Sandbox
from socialcast.sandbox.mirror import Account, Act, Card, Mirror, NotShownError, Picture, UnplayedError

Get = Callable[..., requests.Response]


class Quiet(Mirror):
    """A mirror that has nothing but what all have."""

    name = "quiet"
    HOSTS = ("quiet.example",)
    ROUTES = ()

    def open_account(self, name: str, **wishes: Any) -> Account:
        return Account(id=name, name=name, credentials={})

    def expire_credentials(self, name: str) -> None:
        """Nothing expires here."""

    def cards(self) -> list[Card]:
        return []


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


# -- people ----------------------------------------------------------------------------------------------------------------

HOSTILE = "<form action=x>\x1b[2J\x9b31m\u202egnp.exe</form>"
Post = Callable[..., requests.Response]


@pytest.fixture
def post(sandbox: Sandbox, session: requests.Session) -> Post:
    def post(platform: str = "plaza", headers: Any = None, **form: str) -> requests.Response:
        return session.post(f"{sandbox.url}/people/{platform}", form, headers=headers, timeout=10)

    return post


def test_a_person_answers_by_the_form_and_sees_the_answer(get: Get, post: Post, plaza: Any) -> None:
    """Each card that can be answered has a form; sent, it leads back to what the platform shows now."""
    plaza.show("a", text="Doors open", acts=(Act.REPLY, Act.REMOVE))
    plaza.show("b", text="Nobody answers this")
    form = re.search(r'<form method="post" action="/people/plaza".*?</form>', get().text, re.DOTALL)
    assert form is not None
    assert re.findall(r'<button name="(\w+)" value="(\w+)"', form[0]) == [("act", "reply"), ("act", "remove")]
    shown = post(act="reply", name="ann", id="a", text="Lovely\r\nAnd full")
    assert shown.status_code == 200
    assert "<bdi>ann</bdi>" in shown.text
    assert plaza.cards()[0].text == "Lovely\nAnd full"


def test_people_change_delete_and_moderate_by_the_form(post: Post, plaza: Any) -> None:
    plaza.show("a", text="Doors open")
    plaza.show("b")
    post(act="edit", name="bob", id="a", text="Doors shut")
    assert (plaza.cards()[1].text, plaza.cards()[1].facts) == ("Doors shut", {"edited by": "bob"})
    post(state="hidden", name="bob", id="a")
    assert plaza.cards()[1].facts == {"state": "hidden"}
    post(act="remove", name="bob", id="b")
    assert [card.id for card in plaza.cards()] == ["a"]


def test_hostile_words_of_people_are_shown_harmlessly(post: Post, plaza: Any) -> None:
    """Markup is text, and control characters and what turns the direction of reading are signs."""
    plaza.show("a", acts=tuple(Act))
    page = post(act="reply", name=HOSTILE, id="a", text=HOSTILE).text
    words = "&lt;form action=x&gt;\u241b[2J\ufffd31m\ufffdgnp.exe&lt;/form&gt;"
    assert f"<bdi>{words}</bdi>" in page
    assert f'<p class="text" dir="auto">{words}</p>' in page
    assert not {"\x1b", "\x9b", "\u202e"} & set(page)
    assert plaza.cards()[0].text == HOSTILE


@pytest.mark.parametrize(
    ("platform", "form", "words"),
    [
        ("nowhere", {"act": "reply", "name": "ann", "id": "a", "text": "x"}, "nowhere"),
        ("plaza", {"act": "reply", "name": "ann", "id": "<i>", "text": "x"}, "&lt;i&gt;"),
        ("plaza", {"act": "reply", "name": "ann", "id": "a", "text": ""}, "an answer has words"),
        ("plaza", {"act": "shout", "name": "ann", "id": "a"}, "shout"),
        ("plaza", {"name": "ann", "id": "a"}, "act"),
    ],
)
def test_what_people_cannot_do_is_refused_with_the_reason(
    post: Post, plaza: Any, platform: str, form: dict[str, str], words: str
) -> None:
    plaza.show("a")
    answer = post(platform, **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert len(plaza.cards()) == 1


def test_a_form_on_somebody_elses_page_does_nothing(post: Post, plaza: Any) -> None:
    """The browser says where the form was."""
    plaza.show("a")
    answer = post(act="remove", name="ann", id="a", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, len(plaza.cards())) == (403, 1)


def test_forms_work_on_the_sandboxs_pages_and_on_no_others(get: Get, plaza: Any) -> None:
    """What a platform shows as its own page cannot send anything."""
    plaza.show("a")
    policies = {path: get(path).headers["Content-Security-Policy"] for path in ("/", "/at/plaza.example/news/a")}
    assert all("form-action 'self'" in policy for policy in policies.values())
    assert "form-action 'none'" in get("/at/plaza.example/page").headers["Content-Security-Policy"]


def test_people_of_the_administration_and_of_python_do_the_same(sandbox: Sandbox, session: requests.Session, plaza: Any) -> None:
    """A reply's id comes back, and what is not possible is told."""
    plaza.show("a")
    wish = {"act": "reply", "name": "ann", "id": "a", "text": "Lovely"}
    id = session.post(f"{sandbox.url}/_sandbox/people/plaza", json=wish, timeout=10).json()["id"]
    again = sandbox.act("plaza", "reply", "bob", id, "Indeed")
    assert [(card.id, card.parent) for card in plaza.cards()[:2]] == [(again, id), (id, "a")]
    assert sandbox.act("plaza", "remove", "ann", "a") == "a"
    assert session.post(f"{sandbox.url}/_sandbox/people/plaza", json={**wish, "text": ""}, timeout=10).status_code == 400


def test_a_card_that_is_not_there_is_named(session: requests.Session) -> None:
    """So are a platform that is not there and a field that is missing: the answer says what to mend, by either way."""
    with Sandbox() as sandbox:
        _require_clear_refusals(sandbox, session)


def _require_clear_refusals(sandbox: Sandbox, session: requests.Session) -> None:
    wish = {"act": "reply", "name": "ann", "id": "nowhere", "text": "Lovely"}
    for platform, body, words in (
        ("x", wish, "x shows no card 'nowhere'; /_sandbox/cards tells the ids of all"),
        ("friendster", wish, "there is no mirror 'friendster', only "),
        ("x", {"act": "reply", "text": "Lovely"}, "the body lacks id, name"),
    ):
        answer = session.post(f"{sandbox.url}/_sandbox/people/{platform}", json=body, timeout=10)
        assert answer.status_code == 400
        assert words in answer.json()["error"]
    with pytest.raises(NotShownError, match="shows no card"):
        sandbox.act("x", "remove", "ann", "nowhere")


@pytest.mark.parametrize("act", list(Act))
def test_a_mirror_without_people_says_so(act: Act) -> None:
    with Sandbox(mirrors={"quiet": Quiet}) as quiet, pytest.raises(UnplayedError, match="on quiet"):
        quiet.act("quiet", act, "ann", "a", "x")
