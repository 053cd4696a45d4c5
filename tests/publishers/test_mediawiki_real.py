"""The MediaWiki publisher against a real MediaWiki on loopback."""

from __future__ import annotations

import hashlib
import io
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
import requests
from PIL import Image

from socialcast import Announcement, Broadcast, Link, Photo, Receipt
from socialcast import Channel as BroadcastChannel
from socialcast.compose.markup import escape_wikitext, wikitext
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.errors import Conflict, CredentialsExpired, NotAllowed
from socialcast.model.reports import Difference
from socialcast.model.sight import Left
from socialcast.publisher import Connection
from socialcast.publishers.mediawiki import MediawikiPublisher
from socialcast.publishers.mediawiki.settings import MediawikiSettings, Mode
from socialcast.wire.clock import Cancel
from socialcast.wire.retry import Patience
from socialcast.wire.secrets import Secret
from socialcast.wire.settings import Policy
from socialcast.wire.transport import Transport
from tests.publishers.conversation import all_replies
from tests.publishers.relay import Relay

pytestmark = pytest.mark.server

EVENT = Announcement(
    key="open-doors",
    title="Open doors: a [[year]] on the mountain",
    text="On Saturday the {{Alpine}} Forum opens its doors.\nEverybody is welcome.",
    body="## Programme\n\n* **10:00** larches & ~~~~\n* soup\n\nSee [the map](https://example.org/a__b?x=1&y=2).",
    link=Link("https://example.org/open-doors", title="All about it"),
    licence="CC-BY-4.0",
)
PROPOSAL = Announcement(
    key="founding-date",
    title="Correction of the founding date",
    text="Both sources give 1971.",
    body="{{TextDiff|1=founded in 1972|2=founded in 1971}}",
    link=Link("https://example.org/history"),
)


class Wiki:
    """A running MediaWiki, and a second user who edits there."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts, self.api = facts, facts["api"]
        self.admin = requests.Session()
        self._sign_in_admin()

    def get(self, **parameters: Any) -> Any:
        return self.admin.get(self.api, params={**parameters, "format": "json", "formatversion": 2}, timeout=30).json()

    def post(self, **parameters: Any) -> Any:
        return self.admin.post(self.api, data={**parameters, "format": "json", "formatversion": 2}, timeout=60).json()

    def edit(self, title: str, text: str, **more: Any) -> int:
        """An edit by the second user."""
        answer = self.post(action="edit", title=title, text=text, summary="mine", token=self.token(), **more)
        return int(answer["edit"]["newrevid"])

    def history(self, title: str) -> list[dict[str, Any]]:
        query = self.get(
            action="query", prop="revisions", titles=title, rvprop="ids|user|comment|content", rvslots="main", rvlimit=50
        )
        return list(query["query"]["pages"][0].get("revisions", []))

    def text(self, title: str) -> str:
        return str(self.history(title)[0]["slots"]["main"]["content"])

    def file(self, title: str) -> dict[str, Any]:
        query = self.get(action="query", prop="imageinfo", titles=title, iiprop="user|sha1|comment|url")
        return dict(query["query"]["pages"][0])

    def render(self, text: str) -> str:
        answer = self.post(action="parse", text=text, contentmodel="wikitext", pst=1, disablelimitreport=1, prop="text")
        return str(answer["parse"]["text"])

    def upload(self, name: str, data: bytes) -> None:
        fields = {"action": "upload", "filename": name, "token": self.token(), "format": "json", "text": "mine"}
        answer = self.admin.post(self.api, data=fields, files={"file": (name, data)}, timeout=60).json()
        assert answer["upload"]["result"] == "Success", answer

    def token(self) -> str:
        return str(self.get(action="query", meta="tokens")["query"]["tokens"]["csrftoken"])

    def _sign_in_admin(self) -> None:
        token = self.get(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
        user, password = self.facts["admin"], self.facts["admin_password"]
        answer = self.post(action="login", lgname=user, lgpassword=password, lgtoken=token)
        assert answer["login"]["result"] == "Success", answer


@pytest.fixture(scope="module")
def wiki(start_server: Callable[[str], dict[str, Any]]) -> Wiki:
    return Wiki(start_server("mediawiki-start"))


class Channel:
    """One channel on the wiki, with the run of a delivery as the orchestrator does it."""

    def __init__(self, wiki: Wiki, clock: Any, folder: Path, **settings: Any) -> None:
        usual = {"url": wiki.api, "contact": "press@example.org", "username": wiki.facts["user"]}
        values = {**usual, "password": Secret(wiki.facts["password"]), **settings}
        self.transport, self.clock, self.folder = Transport(), clock, folder
        self._ledgers: list[Ledger] = []
        connection = Connection(channel="wiki", transport=self.transport, clock=clock, folder=folder)
        self.publisher = MediawikiPublisher(MediawikiSettings(**values), connection)

    def steps(self, key: str, ledger: str = "ledger", *, recover: bool = False) -> Steps:
        self._ledgers.append(Ledger(self.folder / ledger))
        return Steps(
            self._ledgers[-1],
            key,
            "wiki",
            judge=self.publisher.judge,
            patience=Patience(self.clock, Cancel(), attempts=3),
            settle_seconds=self.publisher.capabilities.recovery.settle_seconds,
            recover=recover,
        )

    def publish(self, announcement: Announcement, ledger: str = "ledger", *, recover: bool = False) -> tuple[Receipt, int]:
        """The receipt, and how many writes it took."""
        steps = self.steps(announcement.resolved_key, ledger, recover=recover)
        steps.read(self.publisher.account)
        post = self.publisher.compose(announcement, {})
        return self.publisher.commit(post, self.publisher.prepare(post, steps), steps), steps.sent

    def retract(self, announcement: Announcement, receipt: Receipt) -> tuple[Left, ...]:
        return self.publisher.retract(receipt, self.steps(announcement.resolved_key))

    def close(self) -> None:
        self.transport.close()
        for ledger in self._ledgers:
            ledger.close()


@pytest.fixture
def channel(wiki: Wiki, clock: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Channel]]:
    made: list[Channel] = []

    def make(**settings: Any) -> Channel:
        settings = {"page": f"Page of {request.node.name}", **settings}
        made.append(Channel(wiki, clock, tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def sha1_of(photo: Photo) -> str:
    return hashlib.sha1(photo.data or b"", usedforsecurity=False).hexdigest()


def photo(shade: int, size: tuple[int, int] = (80, 60), **fields: Any) -> Photo:
    """A photo that no other test has uploaded."""
    out = io.BytesIO()
    Image.effect_noise(size, 40).point(lambda value: (value + shade) % 256).convert("RGB").save(out, "JPEG", quality=95)
    return Photo(
        out.getvalue(),
        **{"alt": f"Larches | [{shade}]", "caption": f"Autumn {shade}: '''larches'''", "credit": "A. Example", **fields},
    )


def test_a_new_page_shows_text_and_photo(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A page and its photo are published, and read back as they were planned; a second run sends nothing."""
    news = channel()
    announcement = msgspec.structs.replace(EVENT, photos=(photo(1),))
    receipt, sent = news.publish(announcement)
    assert sent == 3  # stash, file, page
    title = news.publisher.settings.page
    assert wiki.text(title) == news.publisher.compose(announcement, {}).parts[0]
    assert receipt.id == str(wiki.history(title)[0]["revid"])
    file = next(item for item in receipt.items if item.kind == "file")
    stored = wiki.file(f"File:{file.id}")["imageinfo"][0]
    assert stored["sha1"] == sha1_of(announcement.photos[0])
    html = requests.get(receipt.url, timeout=30).text
    assert 'alt="Larches | [1]"' in html
    assert "A. Example" in requests.get(file.url, timeout=30).text
    assert news.publish(announcement) == (receipt, 0)


def test_nothing_is_public_before_the_commit(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """After prepare there is neither a page nor a file."""
    news = channel()
    announcement = msgspec.structs.replace(EVENT, key="stashed", photos=(photo(2),))
    post = news.publisher.compose(announcement, {})
    draft = news.publisher.prepare(post, news.steps("stashed"))
    assert draft.ids("stash")
    assert wiki.history(post.title) == []
    digest = sha1_of(announcement.photos[0])
    assert wiki.get(action="query", list="allimages", aisha1=digest)["query"]["allimages"] == []


@pytest.mark.parametrize("lost", [b"action=login", b"stash", b"filekey", b"action=edit"])
def test_a_lost_answer_doubles_nothing(wiki: Wiki, channel: Callable[..., Channel], lost: bytes) -> None:
    """Whichever answer is lost after its effect, there is one page with one revision, and one file."""
    with Relay(wiki.api) as relay:
        news = channel(url=f"{relay.url}/api.php", page=f"Lost {lost.decode()}")
        relay.swallow = lost
        announcement = msgspec.structs.replace(EVENT, key=f"lost-{lost.decode()}", photos=(photo(10 + len(lost)),))
        receipt, _ = news.publish(announcement)
    assert relay.swallow == b""
    assert len(wiki.history(f"Lost {lost.decode()}")) == 1
    digest = sha1_of(announcement.photos[0])
    assert len(wiki.get(action="query", list="allimages", aisha1=digest)["query"]["allimages"]) == 1
    assert receipt.id == str(wiki.history(f"Lost {lost.decode()}")[0]["revid"])


def test_an_empty_machine_finds_what_is_there(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """With the ledger lost, the page and the file are found by their markers."""
    news = channel()
    announcement = msgspec.structs.replace(EVENT, key="recovered", photos=(photo(3),))
    receipt, _ = news.publish(announcement)
    again, sent = news.publish(announcement, "another", recover=True)
    assert again == receipt
    assert sent == 1  # the stash, which nobody sees
    assert len(wiki.history(news.publisher.settings.page)) == 1


def test_a_large_photo_goes_on_where_its_answer_was_lost(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A chunk whose answer is lost is not sent twice into the file: the wiki says where to go on."""
    with Relay(wiki.api) as relay:
        news = channel(url=f"{relay.url}/api.php")
        large = photo(4, (2000, 1700))
        assert large.content.size > 2 << 20
        announcement = msgspec.structs.replace(EVENT, key="large", photos=(large,))
        relay.swallow = b'name="offset"\r\n\r\n1048576'
        receipt, _ = news.publish(announcement)
    assert relay.swallow == b""
    file = next(item for item in receipt.items if item.kind == "file")
    assert wiki.file(f"File:{file.id}")["imageinfo"][0]["sha1"] == sha1_of(large)


def test_a_large_photo_starts_anew_when_the_last_answer_is_lost(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """The key of chunks that the wiki has joined already is dead, so the upload begins again."""
    with Relay(wiki.api) as relay:
        news = channel(url=f"{relay.url}/api.php")
        large = photo(5, (2000, 1700))
        relay.swallow = b'name="offset"\r\n\r\n2097152'
        receipt, _ = news.publish(msgspec.structs.replace(EVENT, key="large-last", photos=(large,)))
    assert relay.swallow == b""
    file = next(item for item in receipt.items if item.kind == "file")
    assert wiki.file(f"File:{file.id}")["imageinfo"][0]["sha1"] == sha1_of(large)


def test_a_dead_stash_is_filled_again(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A draft whose stash has expired is published all the same."""
    news = channel()
    announcement = msgspec.structs.replace(EVENT, key="expired", photos=(photo(6),))
    steps, post = news.steps("expired"), news.publisher.compose(announcement, {})
    draft = news.publisher.prepare(post, steps)
    dead = msgspec.structs.replace(draft, items=(msgspec.structs.replace(draft.items[0], id="1abcdef.xyz123.9.jpg"),))
    receipt = news.publisher.commit(post, dead, steps)
    assert any(item.kind == "file" for item in receipt.items)


def test_a_file_that_is_there_is_adopted(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """The same bytes under another name are shown from there, and are not ours to take back."""
    shot = photo(7)
    wiki.upload("Somebody else's larches.jpg", shot.data or b"")
    receipt, _ = channel().publish(msgspec.structs.replace(EVENT, key="adopted", photos=(shot,)))
    assert "[[File:Somebody else's larches.jpg|" in wiki.text("Page of test_a_file_that_is_there_is_adopted")
    assert [item.kind for item in receipt.items] == ["page", "existing file"]


def test_a_taken_name_is_left_alone(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Where the name belongs to other bytes, ours goes under another name."""
    news, shot = channel(), photo(8)
    announcement = msgspec.structs.replace(EVENT, key="taken", photos=(shot,))
    name = news.publisher.compose(announcement, {}).parts[0].partition("[[File:")[2].partition("|")[0]
    wiki.upload(name, photo(9).data or b"")
    receipt, _ = news.publish(announcement)
    file = next(item for item in receipt.items if item.kind == "file")
    assert file.id != name
    assert f"[[File:{file.id}|" in wiki.text(news.publisher.settings.page)
    assert wiki.file(f"File:{name}")["imageinfo"][0]["user"] == "Admin"


def test_a_page_of_somebody_else_is_not_overwritten(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A page that another user wrote, or changed after us, stays as it is; it is told before anything is public."""
    news = channel(upload_photos=False)
    title = news.publisher.settings.page
    news.publish(msgspec.structs.replace(EVENT, key="first"))
    news.publish(msgspec.structs.replace(EVENT, key="second", text="Ours is replaced by ours."))
    wiki.edit(title, "Mine.")
    with pytest.raises(Conflict, match="Admin"):
        news.publish(msgspec.structs.replace(EVENT, key="third"))
    assert wiki.text(title) == "Mine."


def test_an_edit_between_reading_and_saving_is_not_overwritten(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Somebody who saves in the moment between our look and our edit wins."""
    with Relay(wiki.api) as relay:
        news = channel(url=f"{relay.url}/api.php", upload_photos=False)
        title = news.publisher.settings.page
        news.publish(msgspec.structs.replace(EVENT, key="before"))
        relay.interrupt = (b"action=edit", lambda: wiki.edit(title, "Mine, in between."))
        with pytest.raises(Conflict):
            news.publish(msgspec.structs.replace(EVENT, key="between", text="Later."))
    assert wiki.text(title) == "Mine, in between."


def test_a_section_lives_among_those_of_others(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Only the section is written, also while somebody edits another one, and again after that."""
    with Relay(wiki.api) as relay:
        news = channel(url=f"{relay.url}/api.php", section="News", upload_photos=False)
        title = news.publisher.settings.page
        wiki.edit(title, "Lead.\n\n== Other ==\nOthers' words.")
        relay.interrupt = (b"action=edit", lambda: wiki.edit(title, "Lead.\n\n== Other ==\nOthers' new words."))
        news.publish(msgspec.structs.replace(EVENT, key="one"))
        assert "Others' new words." in wiki.text(title)
        assert wiki.text(title).count("== News ==") == 1
        wiki.edit(title, wiki.text(title).replace("Lead.", "Another lead."))
        news.publish(msgspec.structs.replace(EVENT, key="two", text="The second text."))
    assert wiki.text(title).startswith("Another lead.")
    assert "The second text." in wiki.text(title)
    assert wiki.text(title).count("== News ==") == 1


def test_a_section_that_somebody_changed_is_left_alone(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A correction in our own section is not overwritten by the next announcement."""
    news = channel(section="News", upload_photos=False)
    title = news.publisher.settings.page
    news.publish(msgspec.structs.replace(EVENT, key="s1"))
    corrected = wiki.text(title).replace("Saturday", "Sunday")
    wiki.edit(title, corrected)
    with pytest.raises(Conflict, match="somebody else"):
        news.publish(msgspec.structs.replace(EVENT, key="s2", text="The second text."))
    assert wiki.text(title) == corrected


def test_a_section_for_each_announcement_is_added(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """With {title} in its heading, every announcement gets a section of its own, and the earlier ones stay."""
    news = channel(section="{title} ({date})", upload_photos=False, page="All the news")
    day = datetime(2026, 12, 5, 9, tzinfo=UTC)
    receipt, _ = news.publish(msgspec.structs.replace(EVENT, key="n1", embargo=day))
    news.publish(msgspec.structs.replace(EVENT, key="n2", title="Snow", embargo=day))
    page = wiki.text("All the news")
    assert page.count("\n== ") + page.startswith("== ") == 2
    html = requests.get(receipt.url, timeout=30).text
    assert f'id="{unquote(receipt.url.partition("#")[2])}"' in html


def propose(channel: Callable[..., Channel], **settings: Any) -> Channel:
    interest = {"employer": "Example Org", "client": "Example Org", "affiliation": "press officer"}
    return channel(mode=Mode.PROPOSE, page_template="request.txt", **interest, **settings)


@pytest.fixture
def template(tmp_path: Path) -> None:
    (tmp_path / "request.txt").write_text("{{edit COI}}\n$body\nWhy: $text\n$links\nI work for $employer. ~~~~\n")


@pytest.mark.usefixtures("template")
def test_a_proposal_is_one_signed_section(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """It is a new section of the talk page with the text as it was written; run twice, it is there once."""
    desk = propose(channel)
    wiki.edit(f"Talk:{desk.publisher.settings.page}", "== Before ==\nOlder talk.")
    receipt, _ = desk.publish(PROPOSAL)
    desk.publish(PROPOSAL)
    desk.publish(PROPOSAL, "another", recover=True)
    talk = wiki.text(f"Talk:{desk.publisher.settings.page}")
    assert talk.count("== Correction of the founding date ==") == 1
    assert "{{TextDiff|1=founded in 1972|2=founded in 1971}}" in talk
    assert "[[User:Announcer|Announcer]]" in talk
    assert receipt.url.endswith("#Correction_of_the_founding_date")


@pytest.mark.usefixtures("template")
def test_a_proposal_whose_answer_is_lost_is_not_repeated(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """It is found by the marker in its summary, on a new talk page and on one that is there."""
    with Relay(wiki.api) as relay:
        for page in ("Lost proposal", "Lost second proposal"):
            desk = propose(channel, url=f"{relay.url}/api.php", page=page)
            relay.swallow = b"action=edit"
            desk.publish(PROPOSAL, page)
            assert relay.swallow == b""
            assert wiki.text(f"Talk:{page}").count("{{edit COI}}") == 1


@pytest.mark.usefixtures("template")
def test_a_second_proposal_waits_for_the_first(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """While a request of ours is open nothing is added; once it is answered, the next one may be."""
    desk = propose(channel)
    talk = f"Talk:{desk.publisher.settings.page}"
    desk.publish(PROPOSAL)
    second = msgspec.structs.replace(PROPOSAL, key="second", title="Another correction")
    with pytest.raises(Conflict, match="waits for an answer"):
        desk.publish(second)
    assert "Another correction" not in wiki.text(talk)
    wiki.edit(talk, wiki.text(talk).replace("{{edit COI}}", "{{edit COI|D|source needed}}"))
    desk.publish(second)
    assert "Another correction" in wiki.text(talk)


def test_an_edit_is_taken_back(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """A changed page gets its earlier text, a new one is emptied; twice is as once."""
    news = channel(upload_photos=False)
    title = news.publisher.settings.page
    first, _ = news.publish(msgspec.structs.replace(EVENT, key="r1"))
    before = wiki.text(title)
    second, _ = news.publish(msgspec.structs.replace(EVENT, key="r2", text="To be taken back."))
    news.retract(msgspec.structs.replace(EVENT, key="r2"), second)
    assert wiki.text(title) == before
    (left,) = news.retract(msgspec.structs.replace(EVENT, key="r1"), first)
    assert "has edited" in left.reason
    other = channel(upload_photos=False, page="To be emptied")
    receipt, _ = other.publish(msgspec.structs.replace(EVENT, key="r3"))
    for _ in range(2):
        other.retract(msgspec.structs.replace(EVENT, key="r3"), receipt)
    assert wiki.text("To be emptied") == ""
    assert len(wiki.history("To be emptied")) == 2


def test_taking_back_leaves_the_edits_of_others(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """What somebody has edited since is not undone."""
    news = channel(upload_photos=False)
    receipt, _ = news.publish(msgspec.structs.replace(EVENT, key="r4"))
    wiki.edit(news.publisher.settings.page, "Mine.")
    (left,) = news.retract(msgspec.structs.replace(EVENT, key="r4"), receipt)
    assert (left.reason, left.item.url) == ("Admin has edited the page since", receipt.url)
    assert wiki.text(news.publisher.settings.page) == "Mine."


def test_files_are_deleted_by_those_who_may(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Without the right to delete, the files are named with their addresses; with it they go, and so does the page."""
    news = channel()
    announcement = msgspec.structs.replace(EVENT, key="f1", photos=(photo(20),))
    receipt, _ = news.publish(announcement)
    (left,) = news.retract(announcement, receipt)
    assert ("administrator" in left.reason, left.item.url.startswith("http://"), "/File:" in left.item.url) == (True,) * 3
    admin = {"username": wiki.facts["admin"], "password": Secret(wiki.facts["admin_password"])}
    news = channel(page="To be deleted", **admin)
    announcement = msgspec.structs.replace(EVENT, key="f2", photos=(photo(21),))
    receipt, _ = news.publish(announcement)
    for _ in range(2):
        news.retract(announcement, receipt)
    assert wiki.history("To be deleted") == []
    assert all("missing" in wiki.file(f"File:{item.id}") for item in receipt.items if item.kind == "file")


def test_photos_alone_are_uploaded(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """In mode upload there are files with author, source and licence, and no page."""
    news = channel(mode=Mode.UPLOAD, page="", categories=("Open doors",))
    announcement = msgspec.structs.replace(EVENT, key="files", photos=(photo(30), photo(31, licence="CC0-1.0")))
    receipt, _ = news.publish(announcement)
    assert [item.kind for item in receipt.items] == ["file", "file"]
    pages = [wiki.text(f"File:{item.id}") for item in receipt.items]
    assert "\n\n".join(pages) == news.publisher.compose(announcement, {}).parts[0]
    assert "A. Example" in pages[0]
    assert "CC0-1.0" in pages[1]
    assert "[[Category:Open doors]]" in pages[1]


def test_the_account_tells_who_it_is_and_what_the_wiki_takes(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Name, id, page and the largest file come from the wiki."""
    account = channel().publisher.account()
    assert account.name == "Announcer"
    assert account.id.isdigit()
    assert account.url.endswith("/User:Announcer")
    assert account.limits == {"photos.max_bytes": 104857600}


def test_a_wrong_password_is_told(channel: Callable[..., Channel]) -> None:
    """It is not tried again, and the hint names where a new one is made; the password is in no text."""
    news = channel(password=Secret("sandbox-wrong-password"))
    with pytest.raises(CredentialsExpired, match="BotPasswords") as refusal:
        news.publish(EVENT)
    assert "sandbox-wrong-password" not in "".join(traceback.format_exception(refusal.value))


def test_a_blocked_account_is_told(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Nothing is tried with an account that the wiki has blocked."""
    wiki.post(action="block", user="Announcer", expiry="1 hour", token=wiki.token())
    try:
        with pytest.raises(NotAllowed, match="blocked"):
            channel().publish(EVENT)
    finally:
        wiki.post(action="unblock", user="Announcer", token=wiki.token())


def test_a_lost_session_is_opened_again(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """When the wiki has forgotten the session, nothing is saved anonymously; it signs in again and saves."""
    news = channel(upload_photos=False)
    news.publisher.account()
    news.publisher.session.cookies.clear()
    news.publish(msgspec.structs.replace(EVENT, key="session"))
    assert wiki.history(news.publisher.settings.page)[0]["user"] == "Announcer"


def test_a_protected_page_is_not_allowed(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """The wiki's refusal comes with its code and a hint."""
    news = channel(upload_photos=False)
    title = news.publisher.settings.page
    news.publish(msgspec.structs.replace(EVENT, key="p1"))
    wiki.post(action="protect", title=title, protections="edit=sysop", token=wiki.token())
    with pytest.raises(NotAllowed, match="talk page") as refusal:
        news.publish(msgspec.structs.replace(EVENT, key="p2", text="New."))
    assert refusal.value.code == "protectedpage"


# -- after publication -----------------------------------------------------------------------------------------------------


@pytest.fixture
def newsroom(wiki: Wiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Broadcast]]:
    """Opens a broadcast over one channel of the wiki, by its name, so that no other test's markers are in the way."""
    opened: list[Broadcast] = []

    def open_one(name: str, **settings: Any) -> Broadcast:
        monkeypatch.setenv(f"SOCIALCAST_{name.upper()}_PASSWORD", wiki.facts["password"])
        usual = {"url": wiki.api, "contact": "press@example.org", "username": wiki.facts["user"]}
        channel = BroadcastChannel(name=name, platform="mediawiki", policy=Policy.ADAPT, settings={**usual, **settings})
        opened.append(Broadcast([channel], ledger=tmp_path / "ledger"))
        return opened[-1]

    yield open_one
    for broadcast in opened:
        broadcast.close()


def test_the_life_of_an_announcement_after_it_was_published(wiki: Wiki, newsroom: Callable[..., Broadcast]) -> None:
    """Read back as announced, photos too; a visitor answered; corrected and read back; taken back, but for the files."""
    broadcast = newsroom("press", page="After publication")
    said = msgspec.structs.replace(EVENT, key="after", photos=(photo(41), photo(42, licence="CC0-1.0")))
    broadcast.publish(said).raise_for_failures()
    assert broadcast.audit("after", pictures=True)["press"].findings == ()

    wiki.edit("Talk:After publication", "When? ~~~~", section="new", sectiontitle="A question")
    dialogue = broadcast.dialogue("after")
    assert dialogue.read()["press"].new == 1
    (asked,) = dialogue
    assert (asked.reply.author, asked.reply.text) == ("Admin", "When?")
    for done in ("answered", "answered before"):
        assert broadcast.answer(asked.reply.id, "At {{ten}}.").done == done
    assert wiki.text("Talk:After publication").count(": At &#123;&#123;ten&#125;&#125;. [[User:Announcer|Announcer]]") == 1
    assert (dialogue.read()["press"].new, dialogue.waiting) == (0, 0)

    later = msgspec.structs.replace(
        said, text="At ten.", photos=(msgspec.structs.replace(said.photos[0], alt="A larch"), said.photos[1])
    )
    assert broadcast.correct(later)["press"].done == "edited"
    assert "At ten." in wiki.text("After publication")
    assert broadcast.audit("after")["press"].findings == ()

    taken_back = broadcast.retract("after")["press"]
    assert {left.item.kind for left in taken_back.left} == {"file"}
    assert wiki.text("After publication") == ""
    assert "At &#123;" not in wiki.text("Talk:After publication")


def test_what_another_user_changed_is_found_and_stays(wiki: Wiki, newsroom: Callable[..., Broadcast]) -> None:
    """The audit names the user; neither a correction nor a retraction overwrites it, and both say so."""
    broadcast = newsroom("desk", page="Changed by hand")
    said = msgspec.structs.replace(EVENT, key="by-hand", photos=(photo(43),))
    broadcast.publish(said).raise_for_failures()
    theirs = wiki.text("Changed by hand").replace("Everybody", "Nobody")
    wiki.edit("Changed by hand", theirs)
    (finding,) = broadcast.audit("by-hand")["desk"].findings
    assert (finding.difference, finding.aspect, finding.by) == (Difference.BY_PEOPLE, "text", "Admin")
    refused = broadcast.correct(msgspec.structs.replace(said, text="At ten."))["desk"]
    assert (refused.failed, "changed by Admin" in refused.reason) == (True, True)
    page, file = broadcast.retract("by-hand")["desk"].left
    assert (page.reason, "shows it" in file.reason) == ("Admin has edited the page since", True)
    assert wiki.text("Changed by hand") == theirs


@pytest.mark.usefixtures("template")
def test_a_request_is_read_back_with_its_answers(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """Answers below it are no change of it, its signature is none, and an answer of ours stands below theirs."""
    desk = propose(channel, page="Weighed")
    receipt, _ = desk.publish(PROPOSAL)
    publisher, post = desk.publisher, desk.publisher.compose(PROPOSAL, {})
    talk = wiki.text("Talk:Weighed")
    wiki.edit("Talk:Weighed", f"{talk}\n: Which source? ~~~~\n\n== Else ==\nSomething else. ~~~~")
    (seen,), (wanted,) = publisher.inspect(receipt).items, publisher.expected(post, receipt).items
    assert publisher.comparable(seen.text or "") == publisher.comparable(wanted.text or "")
    assert (seen.edited_by, seen.links) == ("", wanted.links)
    (asked,), cursor = all_replies(publisher, receipt)
    assert (asked.author, asked.text, asked.parent) == ("Admin", "Which source?", receipt.id)
    item = publisher.answer(receipt, "Both.", desk.steps(PROPOSAL.resolved_key), name="a", to=asked)
    (ours,), _ = all_replies(publisher, receipt, cursor)
    assert (ours.id, ours.parent, ours.is_own) == (item.id, asked.id, True)
    assert requests.get(ours.url, timeout=30).status_code == 200
    lines = wiki.text("Talk:Weighed").splitlines()
    assert lines[lines.index(next(line for line in lines if "Which source?" in line)) + 1].startswith(
        ":: Both. [[User:Announcer|"
    )


@pytest.mark.parametrize("act", ["answer", "amend"])
def test_an_answer_or_a_correction_whose_answer_is_lost_is_there_once(
    wiki: Wiki, channel: Callable[..., Channel], act: str
) -> None:
    """Swallowed between the wiki and us, after its effect."""
    with Relay(wiki.api) as relay:
        title = f"Lost {act}"
        news = channel(url=f"{relay.url}/api.php", page=title)
        receipt, _ = news.publish(msgspec.structs.replace(EVENT, key=title))
        wiki.edit(f"Talk:{title}", "When? ~~~~", section="new", sectiontitle="A question")
        (asked,), _ = all_replies(news.publisher, receipt)
        relay.swallow = b"action=edit"
        if act == "answer":
            news.publisher.answer(receipt, "At ten.", news.steps(title), name="a", to=asked)
            assert wiki.text(f"Talk:{title}").count("At ten.") == 1
        else:
            later = news.publisher.compose(msgspec.structs.replace(EVENT, key=title, text="At ten."), {})
            news.publisher.amend(receipt, later, news.steps(title), name="revision/1")
            assert len(wiki.history(title)) == 2
            assert "At ten." in wiki.text(title)
        assert relay.swallow == b""


def test_whoever_changed_a_section_is_named_and_not_who_edited_elsewhere(wiki: Wiki, channel: Callable[..., Channel]) -> None:
    """And a correction of the section leaves the rest as others have made it."""
    news = channel(page="Shared", section="{title}")
    receipt, _ = news.publish(msgspec.structs.replace(EVENT, key="shared"))
    wiki.edit("Shared", f"Mine.\n\n{wiki.text('Shared')}")
    assert news.publisher.inspect(receipt).items[0].edited_by == ""
    later = news.publisher.compose(msgspec.structs.replace(EVENT, key="shared", title="Doors", text="At ten."), {})
    corrected = news.publisher.amend(receipt, later, news.steps("shared"), name="revision/1")
    assert wiki.text("Shared").startswith("Mine.\n\n== Doors ==\nAt ten.")
    wiki.edit("Shared", wiki.text("Shared").replace("ten", "nine"))
    wiki.edit("Shared", wiki.text("Shared").replace("Mine", "Still mine"))
    assert news.publisher.inspect(corrected).items[0].edited_by == "Admin"


TEXTS = [
    "{{Foo|bar}} {{!}} {{{1}}} {{subst:x}} $1",
    "[[Main Page|x]] [http://example.org b]",
    "'''b''' ''i'' it's 'q'",
    "~~~~ ~~~ a~b",
    "<b>x</b> <nowiki>y</nowiki> <!-- c --> <ref>z</ref> <script>alert(1)</script>",
    "__TOC__ __NOTOC__ a_b a__b",
    "* a\n# b\n: c\n; d : e\n= h =\n  pre\n----\n!x\n{|\n|-\n|a||b\n|}",
    "&amp; &lt; R&D AT&T; &#65; &nbsp;",
    "https://example.org/a__TOC__b?x=1&y=2~~~~'q' end",
    "RFC 123 ISBN 9780306406157 PMID 12",
    "-{zh:a}- #REDIRECT [[Main]]",
    "#REDIRECT [[Main]]",
    "Übung “x” 日本 🎉 ''",
]


@pytest.mark.parametrize("text", TEXTS)
def test_escaped_text_shows_the_same_characters(wiki: Wiki, text: str) -> None:
    """Rendered by the wiki itself, it reads as it was written, and nothing in it has become active but addresses."""
    seen = Rendered(wiki.render(escape_wikitext(text)))
    assert " ".join(seen.text.split()) == " ".join(text.split())
    assert seen.tags <= {"div", "p", "a"}


def test_markdown_becomes_what_it_means(wiki: Wiki) -> None:
    """Headings, lists, emphasis, code and links arrive as such, and the rest as text."""
    source = "# Top {{x}}\n\n1. *one*\n   - **two**\n\n> quoted `a{{b}}`\n\n    code ~~~~\n\n"
    source += "[here](https://example.org/a__b?c=1&d=2) <b>no</b>"
    seen = Rendered(wiki.render(wikitext(source)))
    assert {"h2", "ol", "ul", "li", "i", "b", "blockquote", "code", "pre", "a"} <= seen.tags
    assert "Top {{x}}" in seen.text
    assert "code ~~~~" in seen.text
    assert "<b>no</b>" in seen.text
    assert seen.links == ["https://example.org/a_%5Fb?c=1&d=2"]


class Rendered(HTMLParser):
    """What of rendered HTML a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", set[str](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if "external" in (dict(attrs).get("class") or ""):
            self.links.append(dict(attrs).get("href") or "")

    def handle_data(self, data: str) -> None:
        self.text += data
