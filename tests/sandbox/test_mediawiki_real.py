"""The same exchanges with the mirror and with MediaWiki itself give the same codes, and the mirror invents no field."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from PIL import Image
from werkzeug.test import Client

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Clock
from socialcast.sandbox.platforms.mediawiki import MediawikiMirror

pytestmark = pytest.mark.server

Send = Callable[[dict[str, Any], dict[str, bytes]], dict[str, Any]]
# What only one side can know, or what is a list of this wiki's own: compared as present, not looked into.
_OPAQUE = frozenset({"rights", "groups", "ratelimits", "metadata", "tags", "allowed"})


@dataclass
class Party:
    """One user of one wiki, and what the API answered to each step."""

    send: Send
    user: str = ""
    trace: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, **parameters: Any) -> dict[str, Any]:
        """One call whose answer is compared."""
        answer = self.quietly(**parameters)
        self.trace.append(answer)
        return answer

    def quietly(self, **parameters: Any) -> dict[str, Any]:
        """One call whose answer is not compared."""
        files = {name: parameters.pop(name) for name in ("file", "chunk") if name in parameters}
        fixed = {"format": "json", "formatversion": "2", "errorformat": "plaintext"}
        sent = {**fixed, **{name.rstrip("_"): str(value) for name, value in parameters.items()}}
        return self.send(sent, files)

    def sign_in(self, user: str, password: str) -> Party:
        token = self.quietly(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
        answer = self.quietly(action="login", lgname=user, lgpassword=password, lgtoken=token)
        assert answer["login"]["result"] == "Success", answer
        self.user = answer["login"]["lgusername"]
        return self

    def write(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.ask(action=action, **parameters, token=self.token)

    def edit(self, **parameters: Any) -> dict[str, Any]:
        return self.write("edit", **parameters)

    def upload(self, **parameters: Any) -> dict[str, Any]:
        return self.write("upload", **parameters)

    @property
    def token(self) -> str:
        return str(self.quietly(action="query", meta="tokens")["query"]["tokens"]["csrftoken"])


@dataclass
class Side:
    """The mirror or the real server: two signed-in users, a stranger, and a way to let time pass."""

    open: Callable[[], Party]
    user: Party
    admin: Party
    wait: Callable[[float], None]

    def trace(self, scenario: Callable[[Side], None]) -> list[dict[str, Any]]:
        for party in (self.user, self.admin):
            party.trace.clear()
        scenario(self)
        return [*self.user.trace, *self.admin.trace]


@pytest.fixture(scope="module")
def server(start_server: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A MediaWiki of one's own, started once for this module."""
    return start_server("mediawiki-start")


@pytest.fixture(scope="module")
def real(server: dict[str, Any]) -> Iterator[Side]:
    with requests.Session() as user, requests.Session() as admin, requests.Session() as stranger:
        parties = [Party(_over_http(session, server["api"])) for session in (user, admin, stranger)]
        parties[0].sign_in(server["user"], server["password"])
        parties[1].sign_in(server["admin"], server["admin_password"])
        yield Side(
            open=lambda: Party(_over_http(requests.Session(), server["api"])), user=parties[0], admin=parties[1], wait=time.sleep
        )


def _over_http(session: requests.Session, url: str) -> Send:
    session.trust_env = False

    def send(parameters: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
        parts = {name: ("part", content) for name, content in files.items()}
        answer: dict[str, Any] = session.post(url, data=parameters, files=parts or None, timeout=30).json()
        return answer

    return send


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Side:
    clock = Clock()
    wiki = MediawikiMirror(clock, MediaStore(tmp_path_factory.mktemp("media")))
    app = App({"mediawiki": wiki}, clock)
    announcer = wiki.account("Announcer", bot=True).credentials
    admin = wiki.account("Admin", admin=True).credentials
    user = Party(_over_wsgi(app)).sign_in(announcer["username"], announcer["password"])
    other = Party(_over_wsgi(app)).sign_in(admin["username"], admin["password"])
    return Side(open=lambda: Party(_over_wsgi(app)), user=user, admin=other, wait=clock.advance)


def _over_wsgi(app: App) -> Send:
    client = Client(app)

    def send(parameters: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
        parts = {name: (io.BytesIO(content), "part") for name, content in files.items()}
        with client.post("/api.php", base_url="https://wiki.example.org", data={**parameters, **parts}) as response:
            answer: dict[str, Any] = response.json
        return answer

    return send


def outcome(answer: dict[str, Any]) -> object:
    """What a client decides by: the error codes, or each result with what it says about the change and the warnings."""
    if "errors" in answer:
        return [error["code"] for error in answer["errors"]]
    told = answer.get("edit") or answer.get("upload") or answer.get("login") or answer.get("query") or answer
    warned = sorted(told.get("warnings", {}))
    return [told.get("result"), told.get("nochange"), told.get("new"), warned, sorted(answer)]


def invented(mirrored: Any, real: Any, path: str = "") -> list[str]:
    """The fields that the mirror gives and the real server does not, or gives as another type."""
    if isinstance(mirrored, dict) and isinstance(real, dict):
        fields = [name for name in mirrored if name not in _OPAQUE]
        return [found for name in fields for found in invented(mirrored[name], real.get(name), f"{path}.{name}")]
    if isinstance(mirrored, list) and isinstance(real, list):
        return [found for one, other in zip(mirrored, real, strict=False) for found in invented(one, other, f"{path}[]")]
    return [] if type(mirrored) is type(real) else [f"{path}: {type(mirrored).__name__} against {type(real).__name__}"]


def photo(colour: int, form: str = "PNG", tail: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (300, 200), (colour, 20, 90)).save(stream, form)
    return stream.getvalue() + hashlib.sha256(bytes([colour])).digest() * tail


def creating(side: Side) -> None:
    user = side.user
    user.edit(title="Creating", text="one  \n\n", summary="first", createonly=1)
    user.edit(title="Creating", text="two", createonly=1)
    user.edit(title="creating", text="one")
    user.edit(title="Creating missing", text="x", nocreate=1)
    user.edit(title="Creating", text="e\u0301\r\nf \n")
    user.ask(action="query", prop="revisions|info", titles="creating|No such page", rvslots="main", curtimestamp=1,
             rvprop="ids|timestamp|content|sha1|comment|user|size|flags|tags")  # fmt: skip


def refusals(side: Side) -> None:
    user = side.user
    user.ask(action="edit", title="Refusals", text="x", token="bad")
    user.ask(action="edit", title="Refusals", text="x")
    user.ask(action="edit", title="Refusals", text="x", token="bad", assert_="user", assertuser="Somebody")
    user.ask(action="nonsense")
    for parameters in (
        {"text": "x"},
        {"title": "Refusals"},
        {"title": "Refusals", "pageid": 1, "text": "x"},
        {"title": "Ref[usals", "text": "x"},
        {"title": "R" * 256, "text": "x"},
        {"title": "Special:Refusals", "text": "x"},
        {"title": "Refusals", "text": "x", "section": "one"},
        {"title": "Refusals", "text": "x", "section": 4},
        {"title": "Refusals", "text": "x", "md5": "0" * 32},
        {"title": "Refusals", "text": "x", "baserevid": "abc"},
        {"title": "Refusals", "text": "x", "basetimestamp": "abc"},
        {"title": "Refusals", "text": "x", "tags": "no-such-tag"},
        {"title": "Refusals", "text": "x" * ((2 << 20) + 1)},
    ):
        user.edit(**parameters)


def strangers(side: Side) -> None:
    stranger = side.open()
    stranger.trace = side.user.trace
    stranger.edit(title="Strangers", text="published with an address")
    stranger.ask(action="edit", title="Strangers", text="y", token="bad", assert_="user")
    stranger.ask(action="upload", filename="Strangers.png", file=photo(1), token="+\\")
    stranger.ask(action="login", lgname="Announcer@test", lgpassword="x", lgtoken="bad")
    stranger.ask(action="query", meta="userinfo", uiprop="rights|groups|blockinfo|hasmsg")


def conflict_between_users(side: Side) -> None:
    user, admin = side.user, side.admin
    lines = "one\ntwo\nthree\nfour\nfive"
    base = user.edit(title="Conflict", text=lines)["edit"]["newrevid"]
    side.wait(1.1)
    admin.edit(title="Conflict", text=lines.replace("one", "ONE"), baserevid=base)
    user.edit(title="Conflict", text=lines.replace("five", "FIVE"), baserevid=base)
    user.edit(title="Conflict", text=lines.replace("two", "TWO"), baserevid=base)
    user.edit(title="Conflict", text="ONE\ntwo\nthree\nfour\nFIVE", baserevid=base)
    user.edit(title="Conflict", text="x", baserevid=999_999)
    admin.edit(title="Conflict", text="x", basetimestamp="2020-01-01T00:00:00Z")


def conflict_with_oneself(side: Side) -> None:
    user, admin = side.user, side.admin
    base = admin.edit(title="Self", text="lead\n== H ==\none")["edit"]
    side.wait(1.1)
    user.edit(title="Self", text="== H ==\ntwo", section=1)
    side.wait(1.1)
    user.edit(title="Self", text="== H ==\nthree", section=1, basetimestamp=base["newtimestamp"])
    user.edit(title="Self", text="four", baserevid=base["newrevid"])
    user.edit(title="Self", text="five", basetimestamp=base["newtimestamp"])
    user.edit(title="Self", appendtext="six", baserevid=base["newrevid"])
    user.edit(title="Self", text="lead\n== H ==\ntwo", undo=base["newrevid"])


def new_section_sent_again(side: Side) -> None:
    user, admin = side.user, side.admin
    base = admin.edit(title="Talk:Guard", text="intro")["edit"]
    side.wait(1.1)
    section = {"title": "Talk:Guard", "section": "new", "sectiontitle": "Correction", "text": "body ~~~~", "summary": "x (sc:1)"}
    user.edit(**section, baserevid=base["newrevid"])
    user.edit(**section, baserevid=base["newrevid"])
    user.edit(**section, basetimestamp=base["newtimestamp"])
    user.edit(**{**section, "summary": "y (sc:2)"}, baserevid=base["newrevid"])
    user.edit(**section)
    admin.edit(title="Talk:Guard", section="new", summary="An answer", text="no")
    user.edit(**section, baserevid=base["newrevid"])
    user.ask(action="query", list="usercontribs", ucuser="Announcer", uclimit=3,
             ucprop="ids|title|timestamp|comment|tags|sizediff|flags|size")  # fmt: skip
    user.ask(action="parse", page="Talk:Guard", prop="sections|revid|wikitext")
    user.ask(action="query", prop="revisions", titles="Talk:Guard", rvprop="content", rvslots="main", rvsection=1)
    user.ask(action="query", prop="revisions", titles="Talk:Guard", rvprop="content", rvslots="main", rvsection=99)


def undoing_and_deleting(side: Side) -> None:
    user, admin = side.user, side.admin
    user.edit(title="Undo", text="one")
    second = user.edit(title="Undo", text="one\ntwo")["edit"]["newrevid"]
    user.edit(title="Undo", undo=second)
    user.edit(title="Undo", undo=second)
    user.edit(title="Undo", undo=999_999)
    user.edit(title="Undo", text="three")
    user.edit(title="Undo", undo=second)
    user.ask(action="query", prop="revisions", titles="Undo", rvlimit=3, rvprop="ids|comment|tags")
    user.write("delete", title="Undo")
    admin.write("delete", title="Undo", reason="over")
    admin.write("delete", title="Undo")
    user.edit(title="Undo", text="back", starttimestamp="2020-01-01T00:00:00Z", createonly=1)
    user.edit(title="Undo", text="back", starttimestamp="2020-01-01T00:00:00Z", recreate=1)


def rolling_back(side: Side) -> None:
    user, admin = side.user, side.admin
    token = admin.quietly(action="query", meta="tokens", type="rollback")["query"]["tokens"]["rollbacktoken"]
    own = user.quietly(action="query", meta="tokens", type="rollback")["query"]["tokens"]["rollbacktoken"]

    def roll(party: Party, token: str, **parameters: Any) -> None:
        party.ask(action="rollback", token=token, **{"title": "Roll", **parameters})

    admin.edit(title="Roll", text="one")
    admin.edit(title="Roll", text="two")
    roll(admin, token, user="Admin")
    user.edit(title="Roll", text="three")
    user.edit(title="Roll", text="four")
    roll(user, own, user="Announcer")
    roll(admin, token, user="Admin")
    roll(admin, "bad", user="Announcer")
    roll(admin, token)
    roll(admin, token, user="Announcer", title="Nothing to roll")
    roll(admin, token, user="announcer")
    roll(admin, token, user="Announcer")
    admin.ask(action="query", prop="revisions", titles="Roll", rvlimit=2, rvprop="ids|comment|tags|flags|content", rvslots="main")


def stash_and_publish(side: Side) -> None:
    user, admin = side.user, side.admin
    content = photo(10)
    key = user.upload(file=content, stash=1, filename="Stash_and_publish.png")["upload"]["filekey"]
    user.ask(action="query", prop="stashimageinfo", siifilekey=key, siiprop="timestamp|url|size|sha1|mime")
    admin.upload(filename="Stash and publish.png", filekey=key)
    admin.ask(action="query", prop="stashimageinfo", siifilekey=key)
    user.upload(filename="Stash and publish.png", filekey="1abcdefghij.abcdef.1.png")
    user.upload(filename="Stash and publish.png", filekey="nonsense")
    user.upload(filename="stash and publish.png", filekey=key, text="described", comment="a picture (sc:3)")
    user.upload(filename="Stash and publish.png", filekey=key)
    user.upload(filename="Stash and publish.png", file=content)
    user.upload(filename="Another name.png", file=content)
    user.upload(filename="Stash and publish.png", file=photo(11))
    user.ask(
        action="query",
        list="allimages",
        aisha1=hashlib.sha1(content).hexdigest(),
        aiprop="sha1|user|timestamp|url|comment|size|mime",
    )
    user.ask(action="query", list="allimages", aisha1="0" * 40)
    user.ask(action="query", list="allimages", aisha1="zz")
    user.ask(
        action="query",
        prop="imageinfo",
        titles="File:Stash and publish.png|File:None.png",
        iiprop="timestamp|user|comment|url|size|sha1|mime",
    )
    user.ask(action="query", list="logevents", letype="upload", leuser="Announcer", lelimit=1)


def warned_uploads(side: Side) -> None:
    user, admin = side.user, side.admin
    content = photo(20)
    user.upload(filename="Warned.png", file=content, comment="only a comment")
    user.upload(filename="Warned.png", file=photo(21), ignorewarnings=1, comment="newer")
    user.upload(filename="Warned.png", file=content)
    user.upload(filename="Warned.jpg", file=photo(22, "JPEG"))
    user.upload(filename="IMG 1234.png", file=photo(23))
    user.upload(filename="a/b[c].png", file=photo(24))
    user.edit(title="File:Page only.png", text="no file")
    user.upload(filename="Page only.png", file=photo(25))
    admin.write("delete", title="File:Warned.png")
    user.upload(filename="Warned.png", file=content)


def refused_uploads(side: Side) -> None:
    user = side.user
    for parameters in (
        {"filename": "Mislabelled.jpg", "file": photo(30)},
        {"filename": "Mislabelled.xyz", "file": photo(30)},
        {"filename": "Words.txt", "file": b"hello there"},
        {"filename": "Words.png", "file": b"hello there"},
        {"filename": "Empty.png", "file": b""},
        {"filename": "a" * 240 + ".png", "file": photo(30)},
        {"filename": ".png", "file": photo(30)},
        {"file": photo(30)},
        {"filename": "None.png"},
        {"filename": "Two.png", "file": photo(30), "filekey": "1"},
        {"filename": "Url.png", "url": "https://example.org/a.png"},
        {"checkstatus": 1, "filekey": "1abcdefghij.abcdef.1.png"},
    ):
        user.upload(**parameters)


def chunks(side: Side) -> None:
    user, admin = side.user, side.admin
    content = photo(40, tail=100)
    parts = {"stash": 1, "filename": "Chunks.png", "filesize": len(content)}
    user.upload(**parts, offset=0, chunk=content[:100])
    key = user.upload(**parts, offset=0, chunk=content[:1500])["upload"]["filekey"]
    user.upload(**parts, offset=1500, chunk=content[1500:2600])
    user.upload(**parts, offset=1600, chunk=content[1600:2700], filekey=key)
    user.upload(**parts, offset=1500, chunk=content[1500:1600], filekey=key)
    admin.upload(**parts, offset=1500, chunk=content[1500:2600], filekey=key)
    user.upload(checkstatus=1, filekey=key)
    user.upload(**parts, offset=1500, chunk=content[1500:2600], filekey=key)
    user.upload(**parts, offset=1500, chunk=content[1500:2600], filekey=key)
    whole = user.upload(**parts, offset=2600, chunk=content[2600:], filekey=key)["upload"]["filekey"]
    user.upload(**parts, offset=2600, chunk=content[2600:], filekey=key)
    user.upload(filename="Chunks.png", filekey=whole, comment="in parts")
    user.upload(**{**parts, "filename": "Other.png", "filesize": 2000}, offset=0, chunk=photo(41, tail=100))
    user.upload(**{**parts, "filename": "Other.txt"}, offset=0, chunk=content[:1500])
    key = user.upload(**{**parts, "filename": "Other.jpg"}, offset=0, chunk=content[:1500])["upload"]["filekey"]
    user.upload(**{**parts, "filename": "Other.jpg"}, offset=1500, chunk=content[1500:], filekey=key)
    key = user.upload(**{**parts, "filename": "Other.png"}, offset=0, chunk=content[:1500])["upload"]["filekey"]
    user.upload(**{**parts, "filename": "Other.png"}, offset=1500, chunk=content[1500:], filekey=key)


def reading(side: Side) -> None:
    user = side.user
    user.edit(title="Reading", text="one")
    user.edit(title="Reading", text="two", minor=1, bot=1)
    user.ask(action="query", prop="revisions", titles="Reading", rvlimit=1, rvprop="ids|flags")
    user.ask(action="query", prop="revisions", revids="1|999999", titles="Reading")
    user.ask(action="query", prop="info", pageids="999999", inprop="protection|url")
    user.ask(action="query", list="usercontribs")
    user.ask(action="query", list="usercontribs", ucuser="X", uclimit="abc")
    user.ask(action="query", list="usercontribs", ucuser="Nobody at all")
    user.ask(action="query", prop="stashimageinfo")
    user.ask(action="query", meta="userinfo", uiprop="rights|groups|ratelimits|blockinfo|hasmsg|editcount")
    user.ask(action="query", meta="siteinfo", siprop="general|fileextensions|namespaces")
    user.ask(action="query", meta="tokens", type="csrf|login|rollback|watch|patrol")
    user.ask(action="query", meta="siteinfo", siprop="general", unheard="of", errorformat="bc")
    user.ask(
        action="query", generator="allimages", gaisha1=hashlib.sha1(photo(10)).hexdigest(), prop="imageinfo", iiprop="sha1|user"
    )
    user.ask(action="parse", page="No such page at all", prop="sections")


SCENARIOS = (
    creating,
    refusals,
    strangers,
    conflict_between_users,
    conflict_with_oneself,
    new_section_sent_again,
    undoing_and_deleting,
    rolling_back,
    stash_and_publish,
    warned_uploads,
    refused_uploads,
    chunks,
    reading,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_mirror_and_server_decide_alike(scenario: Callable[[Side], None], mirror: Side, real: Side) -> None:
    """Step by step, both give the same codes and results, and each field of the mirror is one of the server's."""
    mirrored, served = mirror.trace(scenario), real.trace(scenario)
    assert [outcome(answer) for answer in mirrored] == [outcome(answer) for answer in served]
    assert [invented(one, other) for one, other in zip(mirrored, served, strict=True)] == [[] for _ in served]
