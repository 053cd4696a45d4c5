"""The MediaWiki publisher against the sandbox's wikis, and what it composes without any."""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from socialcast.delivery.ledger import Ledger
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Link, Live, Photo, Video
from socialcast.model.errors import (
    ConfigurationError,
    Conflict,
    CredentialsExpired,
    NotAllowed,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    TerminalError,
    TransientError,
)
from socialcast.model.problems import Severity
from socialcast.model.receipt import Receipt
from socialcast.publisher import Connection
from socialcast.publishers.mediawiki import MediawikiPublisher
from socialcast.publishers.mediawiki.errors import ERRORS
from socialcast.publishers.mediawiki.files import FREE_LICENCES, description_page, file_name, taken_on
from socialcast.publishers.mediawiki.settings import Markup, MediawikiSettings, Mode
from socialcast.publishers.mediawiki.wikitext import (
    MARKER,
    marker_of,
    open_request,
    section_of,
    summary_of,
    talk_page_of,
    with_section,
)
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.bodies import Form
from socialcast.wire.clock import Cancel, SystemClock
from socialcast.wire.retry import Patience
from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Exchange, Transport

OWN, WIKIPEDIA, COMMONS = "wiki.example.org", "en.wikipedia.org", "commons.wikimedia.org"
INTEREST = {"employer": "Example Org", "client": "Example Org", "affiliation": "press officer"}

EVENT = Announcement(
    key="open-doors",
    title="Open doors [2026]",
    text="Come & see.\nIt is {{free}}.",
    body="# Programme\n\n* [map](https://example.org/map)",
    link=Link("https://example.org/open-doors", title="More"),
    tags=("open doors",),
    licence="CC-BY-4.0",
    credit="Alpine Forum",
)
PROPOSAL = Announcement(
    key="founding",
    title="Founding date",
    text="Both sources give 1971.",
    body="{{TextDiff|1=founded in 1972|2=founded in 1971}}",
    link=Link("https://example.org/history"),
)


def settings(host: str = OWN, **fields: Any) -> MediawikiSettings:
    usual = {"url": f"https://{host}/w/api.php", "contact": "press@example.org", "page": "Open doors"}
    return MediawikiSettings(**{**usual, **fields})


def offline(host: str = OWN, folder: Path = Path(), **fields: Any) -> MediawikiPublisher:
    """A publisher that composes and is asked nothing else."""
    connection = Connection(channel="wiki", transport=Transport(), clock=SystemClock(), folder=folder)
    return MediawikiPublisher(settings(host, **fields), connection)


def photo(shade: int = 0, **fields: Any) -> Photo:
    out = io.BytesIO()
    Image.new("RGB", (48 + shade, 32), (40, 90, 160)).save(out, "JPEG")
    return Photo(out.getvalue(), **{"alt": f"Larches, {shade}", "caption": f"Autumn {shade}", "credit": "A. Example", **fields})


def codes(publisher: MediawikiPublisher, announcement: Announcement) -> dict[str, Severity]:
    return {problem.code: problem.severity for problem in publisher.check(publisher.compose(announcement, {}))}


# -- what is composed ------------------------------------------------------------------------------------------------------


def test_a_page_holds_all_that_is_said() -> None:
    """Text, photos, body, link and tags stand on the page, and what the author wrote is only text."""
    shot = photo(caption="Autumn: [[larches]]", alt="A tree | a fence")
    post = offline().compose(msgspec.structs.replace(EVENT, photos=(shot,)), {})
    name = file_name("Open doors", shot)
    assert post.title == "Open doors"
    assert post.parts == (
        "Come & see.<br />\nIt is &#123;&#123;free&#125;&#125;.\n\n"
        f"[[File:{name}|thumb|alt=A tree &#124; a fence|Autumn: &#91;&#91;larches&#93;&#93;]]\n\n"
        "== Programme ==\n\n* [https://example.org/map map]\n\n"
        "* [https://example.org/open-doors More]\n\nopen doors",
    )


def test_composing_twice_gives_the_same_bytes() -> None:
    """A plan that was approved is what is published."""
    announcement = msgspec.structs.replace(EVENT, photos=(photo(1), photo(2)))
    assert offline().compose(announcement, {}) == offline().compose(announcement, {})


def test_a_body_in_wikitext_is_taken_as_it_is() -> None:
    """Who writes wikitext says so in the settings."""
    body = "{{Infobox}}\n* [[Main Page]]"
    assert body in offline(markup=Markup.WIKITEXT).compose(msgspec.structs.replace(EVENT, body=body), {}).parts[0]


def test_a_template_of_ones_own_replaces_the_page(tmp_path: Path) -> None:
    """Its placeholders are filled in, and a dollar sign is written twice."""
    (tmp_path / "page.txt").write_text("{{News|title=$title|1=$text|day=$date|price=$$5}}", encoding="utf-8")
    live = Live("https://example.org/live", starts_at=datetime(2026, 12, 5, 9, tzinfo=UTC))
    post = offline(folder=tmp_path, page_template="page.txt").compose(msgspec.structs.replace(EVENT, text="Come.", live=live), {})
    assert post.parts == ("{{News|title=Open doors &#91;2026&#93;|1=Come.|day=2026-12-05|price=$5}}",)


def test_a_template_with_an_unknown_placeholder_is_told(tmp_path: Path) -> None:
    """The message names it, and those that there are."""
    (tmp_path / "page.txt").write_text("$headline", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"headline.*\$title"):
        offline(folder=tmp_path, page_template="page.txt").compose(EVENT, {})
    with pytest.raises(ConfigurationError, match=r"missing\.txt"):
        offline(folder=tmp_path, page_template="missing.txt")


def test_names_of_pages_and_sections_are_filled_in() -> None:
    """{title}, {key} and {date} stand for the announcement's own; a page's name loses what a name cannot hold."""
    embargoed = msgspec.structs.replace(EVENT, embargo=datetime(2026, 12, 5, tzinfo=UTC))
    post = offline(page="News/{title} {date}", section="{key}: {title}").compose(embargoed, {})
    assert post.title == "News/Open doors 2026 2026-12-05"
    assert post.parts[0].startswith("== open-doors: Open doors &#91;2026&#93; ==\n")
    assert "=== Programme ===" in post.parts[0]


def test_what_is_not_carried_is_named() -> None:
    """Photos that are not uploaded and a video that no channel hosts are adaptations; a hosted one becomes a link."""
    announcement = msgspec.structs.replace(EVENT, photos=(photo(),), video=Video(b"video", title="Trailer"))
    post = offline(upload_photos=False).compose(announcement, {})
    assert [adaptation.code for adaptation in post.adaptations] == ["photos.left_out", "video.link"]
    assert post.photos == ()
    hosted = offline().compose(announcement, {"video": "https://example.org/v", "album": "https://example.org/a"})
    assert "* [https://example.org/v Trailer]" in hosted.parts[0]
    assert "https://example.org/a" not in hosted.parts[0]


def test_files_are_called_after_what_they_show() -> None:
    """A name holds the caption, nothing that a name cannot hold, and tells photos of one caption apart."""
    first, second = photo(1, caption='C/D: "x" [y] #1?'), photo(2, caption='C/D: "x" [y] #1?')
    names = [file_name("Event", shot) for shot in (first, second)]
    assert names[0].startswith("C D x y 1 ")
    assert names[0].endswith(".jpg")
    assert len(set(names)) == 2
    assert len(file_name("Event", photo(caption="ü" * 400)).encode()) <= 240


def test_a_missing_photo_is_left_to_preflight() -> None:
    """The page is composed all the same, so that all problems can be told together."""
    assert offline().compose(msgspec.structs.replace(EVENT, photos=(Photo("missing.jpg", alt="A dome"),)), {}).parts


def test_commons_gets_author_source_and_licence() -> None:
    """The description page is in the form that Commons asks for."""
    commons = settings(COMMONS, mode=Mode.UPLOAD, source="{{own}}", categories=("Alpine Forum",))
    post = offline().compose(EVENT, {})
    page = description_page(post, photo(licence="CC-BY-SA-3.0", caption="A | b"), commons)
    assert "|description={{en|1=A &#124; b<br />Larches, 0<br />Open doors}}" in page
    assert "|author=A. Example" in page
    assert "|source={{own}}" in page
    assert "{{cc-by-sa-3.0}}" in page
    assert page.endswith("[[Category:Alpine Forum]]")


def test_the_day_a_photo_was_taken_is_read_from_it() -> None:
    """Commons asks for the day of the picture, not of the upload."""
    exif, out = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8769)[0x9003] = "2026:10:04 12:00:00"
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    assert taken_on(Photo(out.getvalue())) == "2026-10-04"
    assert taken_on(photo()) == ""


@given(st.text(max_size=600), st.text(max_size=40))
def test_a_summary_keeps_its_marker(sentence: str, key: str) -> None:
    """However long the sentence, the marker stands within what a wiki keeps."""
    marker = marker_of(key, "wiki", "page")
    assert MARKER.fullmatch(marker)
    assert marker in summary_of(sentence, marker)[:500]


@given(st.text("=ab \n", max_size=60), st.text("ab \n", max_size=20))
def test_a_section_is_replaced_and_nothing_else(page: str, content: str) -> None:
    """Whatever stands around it, the section then holds the content, once."""
    changed = with_section(page, "News", content)
    section = section_of(changed, "News")
    assert section is not None
    assert section.content == content.strip()
    assert section_of(with_section(changed, "News", "other"), "News") != section


@pytest.mark.parametrize(
    ("page", "talk"),
    [
        ("Alpine Forum", "Talk:Alpine Forum"),
        ("Alien: Covenant", "Talk:Alien: Covenant"),
        ("User:Anna", "User talk:Anna"),
        ("Talk:Alpine Forum", "Talk:Alpine Forum"),
        ("User talk:Anna", "User talk:Anna"),
    ],
)
def test_a_page_has_its_talk_page(page: str, talk: str) -> None:
    """A proposal goes where the page is discussed."""
    assert talk_page_of(page) == talk


@pytest.mark.parametrize(
    ("template", "signature", "is_open"),
    [
        ("{{edit COI}}", "[[User:Anna B|Anna]]", True),
        ("{{Edit COI|R}}", "[[User talk:Anna_B|talk]]", True),
        ("{{edit COI|D|sources}}", "[[User:Anna B|Anna]]", False),
        ("{{edit COI|A}}", "[[User:Anna B|Anna]]", False),
        ("{{edit COI}}", "[[User:Bert|Bert]]", False),
        ("done", "[[Benutzer:Anna B|Anna]]", False),
        ("{{edit COI}}", "[[Benutzer:Anna B|Anna]]", True),
    ],
)
def test_an_open_request_is_ours_and_unanswered(template: str, signature: str, is_open: bool) -> None:
    """It has the template as we put it there, and our signature."""
    talk = f"== Old ==\n{{{{edit COI}}}} [[User:Carl]]\n== Date ==\n{template}\nPlease. {signature} 10:00 (UTC)"
    assert open_request(talk, "{{edit COI}}\n...", "Anna B") == ("Date" if is_open else "")


# -- what is refused before anything is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "https://wiki.example.org"}, "api.php"),
        ({"url": "http://wiki.example.org/w/api.php"}, "https://"),
        ({"contact": " "}, "contact"),
        ({"contact": "a\nb"}, "contact"),
        ({"page": ""}, "needs a page"),
        ({"page": "{author}"}, r"\{author\}"),
        ({"mode": Mode.PROPOSE, "page_template": "x"}, "employer, client, affiliation"),
        ({"mode": Mode.PROPOSE, **INTEREST}, "page_template"),
    ],
)
def test_settings_that_cannot_mean_anything_are_told(fields: dict[str, Any], words: str) -> None:
    """At once, and with what to do."""
    with pytest.raises(ConfigurationError, match=words):
        settings(**fields)


def test_wikimedia_gets_proposals_unless_told_otherwise() -> None:
    """Nobody edits Wikipedia by forgetting a setting."""
    assert settings(WIKIPEDIA, **INTEREST).resolved_mode is Mode.PROPOSE
    assert settings("de.wikivoyage.org", page_template="x", **INTEREST).resolved_mode is Mode.PROPOSE
    assert settings().resolved_mode is Mode.EDIT
    assert settings("wikipedia.org.example.com").resolved_mode is Mode.EDIT


def test_credentials_are_asked_for_before_sending() -> None:
    """A plan is made without them."""
    with pytest.raises(ConfigurationError, match="access_token"):
        offline().require_credentials()
    offline(access_token=Secret("sandbox-token")).require_credentials()


def test_an_article_of_wikipedia_is_not_edited_by_its_subject() -> None:
    """Unless the operator declares that there is no conflict of interest; a user's own page is free."""
    assert codes(offline(WIKIPEDIA, mode=Mode.EDIT), EVENT)["mediawiki.conflict_of_interest"] is Severity.ERROR
    declared = offline(WIKIPEDIA, mode=Mode.EDIT, no_conflict_of_interest=True)
    assert "mediawiki.conflict_of_interest" not in codes(declared, EVENT)
    own = offline(WIKIPEDIA, mode=Mode.EDIT, page="User:Anna/Draft")
    assert "mediawiki.conflict_of_interest" not in codes(own, EVENT)


def test_a_proposal_is_complete_or_not_sent() -> None:
    """It has a heading, the exact text, a reason, and better a source; announcements are warned of."""
    desk = offline(WIKIPEDIA, **INTEREST)
    assert codes(desk, PROPOSAL) == {"mediawiki.announcement": Severity.WARNING}
    assert codes(desk, msgspec.structs.replace(PROPOSAL, body=""))["mediawiki.proposal"] is Severity.ERROR
    assert codes(desk, msgspec.structs.replace(PROPOSAL, link=None))["mediawiki.sources"] is Severity.WARNING


def test_a_template_without_a_request_reaches_nobody(tmp_path: Path) -> None:
    """Every wiki has a template that puts a request into a queue."""
    (tmp_path / "request.txt").write_text("$body $links ~~~~", encoding="utf-8")
    desk = offline("de.wikipedia.org", tmp_path, page_template="request.txt", **INTEREST)
    plain = msgspec.structs.replace(PROPOSAL, body="founded in 1971")
    assert codes(desk, plain)["mediawiki.template"] is Severity.ERROR


@pytest.mark.parametrize("page", ["News {date}", "a[b", "{title}"])
def test_a_page_that_cannot_be_called_so_is_told(page: str) -> None:
    """Before the wiki refuses it."""
    assert "mediawiki.page" in codes(offline(page=page), msgspec.structs.replace(EVENT, title="ü" * 200))


def test_a_heading_may_not_end_its_own_section() -> None:
    """Otherwise the next announcement would replace half of it."""
    body = msgspec.structs.replace(EVENT, body="== Other ==\nwords")
    assert "mediawiki.section" in codes(offline(section="News", markup=Markup.WIKITEXT), body)
    assert codes(offline(section="News"), EVENT) == {}


def test_commons_takes_free_photos_with_author_and_source() -> None:
    """BY-NC, BY-ND and missing facts are errors, a missing permission is a warning."""
    desk = offline(COMMONS, mode=Mode.UPLOAD, page="")
    unfree = msgspec.structs.replace(EVENT, photos=(photo(licence="CC-BY-NC-4.0", credit=""),), credit="", link=None)
    assert codes(desk, unfree) == {
        "mediawiki.licence": Severity.ERROR,
        "mediawiki.author": Severity.ERROR,
        "mediawiki.source": Severity.ERROR,
        "mediawiki.permission": Severity.WARNING,
    }
    own = offline(COMMONS, mode=Mode.UPLOAD, page="", source="{{own}}")
    assert codes(own, msgspec.structs.replace(EVENT, photos=(photo(),))) == {}
    assert not any("-NC" in licence or "-ND" in licence for licence in FREE_LICENCES)


def test_an_upload_without_photos_is_told() -> None:
    """Before the run, and not as a defect after it."""
    desk = offline(COMMONS, mode=Mode.UPLOAD, page="", source="{{own}}")
    assert codes(desk, msgspec.structs.replace(EVENT, photos=()))["mediawiki.no_photos"] is Severity.ERROR


# -- in the sandbox --------------------------------------------------------------------------------------------------------


class Desk:
    """One account on one of the sandbox's wikis, its publisher, and the fields of what it has sent."""

    def __init__(self, sandbox: Sandbox, folder: Path, host: str = OWN, user: str = "news", **fields: Any) -> None:
        self.folder, self.clock = folder, SandboxClock(sandbox)
        account = sandbox.account("mediawiki", user, host).credentials
        values = {"username": account["username"], "password": Secret(account["password"]), **fields}
        self.transport = Transport(sandbox_url=sandbox.url)
        connection = Connection(channel=user, transport=self.transport, clock=self.clock, folder=folder)
        self.publisher = MediawikiPublisher(settings(host, **values), connection)
        self.sent: list[requests.PreparedRequest] = []
        self.publisher.session.hooks["response"].append(lambda answer, **options: self.sent.append(answer.request))
        self._ledgers: list[Ledger] = []

    def steps(self, key: str, machine: str = "one", *, recover: bool = False) -> Steps:
        self._ledgers.append(Ledger(self.folder / machine / self.publisher.connection.channel))
        return Steps(
            self._ledgers[-1],
            key,
            self.publisher.connection.channel,
            judge=self.publisher.judge,
            patience=Patience(self.clock, Cancel()),
            settle_seconds=self.publisher.capabilities.recovery.settle_seconds,
            recover=recover,
        )

    def publish(self, announcement: Announcement, machine: str = "one", *, recover: bool = False) -> Receipt:
        steps = self.steps(announcement.resolved_key, machine, recover=recover)
        steps.read(self.publisher.account)
        post = self.publisher.compose(announcement, {})
        return self.publisher.commit(post, self.publisher.prepare(post, steps), steps)

    def page(self, title: str) -> dict[str, Any]:
        """A page as anybody reads it over the API."""
        asked = {"action": "query", "prop": "revisions", "titles": title, "rvprop": "content|user|ids", "rvslots": "main"}
        session = self.transport.session()
        session.headers["User-Agent"] = "reader/1.0 (reader@example.org)"  # Wikimedia answers no others
        answer = session.get(self.publisher.settings.url, params={**asked, "format": "json", "formatversion": 2}).json()
        found: dict[str, Any] = answer["query"]["pages"][0]
        return found

    def text(self, title: str) -> str:
        return str(self.page(title)["revisions"][0]["slots"]["main"]["content"])

    def fields(self, action: str) -> list[dict[str, list[str]]]:
        """What was posted for that action, forms only."""
        forms = [parse_qs(str(request.body)) for request in self.sent if isinstance(request.body, str)]
        return [form for form in forms if form.get("action") == [action]]

    def close(self) -> None:
        for ledger in self._ledgers:
            ledger.close()
        self.transport.close()


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def open_desk(host: str = OWN, **fields: Any) -> Desk:
        desks.append(Desk(sandbox, tmp_path, host, **fields))
        return desks[-1]

    yield open_desk
    for one in desks:
        one.close()


def test_a_page_is_what_was_planned(desk: Callable[..., Desk]) -> None:
    """To the byte."""
    news = desk()
    announcement = msgspec.structs.replace(EVENT, photos=(photo(1), photo(2)))
    receipt = news.publish(announcement)
    assert news.text("Open doors") == news.publisher.compose(announcement, {}).parts[0]
    assert [item.kind for item in receipt.items] == ["page", "file", "file"]
    assert receipt.url == "https://wiki.example.org/wiki/Open_doors"


def test_every_call_names_us_and_asserts_who_we_are(desk: Callable[..., Desk]) -> None:
    """So that an operator can be reached and no edit is ever made anonymously."""
    news = desk()
    news.publish(EVENT)
    assert {request.headers["User-Agent"].partition(" mwclient/")[0] for request in news.sent} == {
        "socialcast/0.1.0 (press@example.org)"
    }
    (edit,) = news.fields("edit")
    assert edit["assert"] == ["user"]
    assert edit["assertuser"] == ["News"]
    assert edit["maxlag"] == ["5"]
    assert edit["createonly"] == ["1"]
    assert str(next(r.body for r in news.sent if "action=edit" in str(r.body))).rpartition("&")[2].startswith("token=")


def test_an_edit_is_based_on_what_was_read(desk: Callable[..., Desk]) -> None:
    """By its revision alone: a base time would let our own lost edit pass."""
    news = desk(minor=True, bot=False)
    first = news.publish(EVENT)
    news.publish(msgspec.structs.replace(EVENT, key="second", text="New."))
    edit = news.fields("edit")[-1]
    assert edit["baserevid"] == [first.id]
    assert {"starttimestamp", "md5", "nocreate", "minor"} <= edit.keys()
    assert not {"basetimestamp", "bot", "createonly"} & edit.keys()


def test_two_accounts_do_not_overwrite_each_other(desk: Callable[..., Desk]) -> None:
    """The second is told before it has changed anything, whether it writes the page or the same section."""
    desk().publish(EVENT)
    rival = desk(user="rival")
    with pytest.raises(Conflict, match="News"):
        rival.publish(msgspec.structs.replace(EVENT, key="theirs"))
    assert rival.fields("edit") == []
    desk(page="Shared", section="News").publish(msgspec.structs.replace(EVENT, key="ours"))
    with pytest.raises(Conflict, match="somebody else"):
        desk(user="rival", page="Shared", section="News").publish(msgspec.structs.replace(EVENT, key="theirs, too"))
    desk(user="rival", page="Shared", section="Other").publish(msgspec.structs.replace(EVENT, key="more", text="Rival."))
    text = rival.text("Shared")
    assert "Come & see." in text
    assert "Rival." in text


def test_a_proposal_discloses_and_asks(desk: Callable[..., Desk]) -> None:
    """One signed section with the request's template, the text as it was written, the reason, the source, the interest."""
    office = desk(WIKIPEDIA, page="Alpine Forum", **INTEREST)
    receipt = office.publish(PROPOSAL)
    again = office.publish(PROPOSAL, "empty machine", recover=True)
    talk = office.text("Talk:Alpine Forum")
    assert again.id == receipt.id
    assert talk.count("{{edit COI}}") == 1
    for words in (PROPOSAL.body, PROPOSAL.text, "https://example.org/history", "Employer: Example Org", "[[User:News"):
        assert words in talk
    assert "~~~~" not in talk
    assert receipt.url == "https://en.wikipedia.org/wiki/Talk:Alpine_Forum#Founding_date"


def test_an_open_proposal_is_waited_for(desk: Callable[..., Desk]) -> None:
    """A second one is refused while the first has no answer, before anything is public."""
    office = desk(WIKIPEDIA, page="Alpine Forum", **INTEREST)
    office.publish(PROPOSAL)
    second = msgspec.structs.replace(PROPOSAL, key="second", title="Another")
    steps, post = office.steps("second"), office.publisher.compose(second, {})
    with pytest.raises(Conflict, match="Founding date"):
        office.publisher.prepare(post, steps)


@pytest.mark.parametrize("effect", ["reset_after", "status_after", "html", "truncated", "no_id", "reset_midway"])
def test_a_proposal_is_never_doubled(sandbox: Sandbox, desk: Callable[..., Desk], effect: str) -> None:
    """Whatever becomes of the answer."""
    office = desk(WIKIPEDIA, page="Alpine Forum", **INTEREST)
    sandbox.fault("mediawiki", effect, handler="edit")
    receipt = office.publish(PROPOSAL)
    assert office.text("Talk:Alpine Forum").count("{{edit COI}}") == 1
    assert receipt.id == str(office.page("Talk:Alpine Forum")["revisions"][0]["revid"])


def test_photos_go_to_commons_as_files(desk: Callable[..., Desk]) -> None:
    """Each with its description page, as planned, and never by overriding a warning."""
    office = desk(COMMONS, mode=Mode.UPLOAD, page="", source="{{own}}")
    announcement = msgspec.structs.replace(EVENT, photos=(photo(1), photo(2)))
    receipt = office.publish(announcement)
    assert [item.kind for item in receipt.items] == ["file", "file"]
    assert [office.text(f"File:{item.id}") for item in receipt.items] == [
        description_page(office.publisher.compose(announcement, {}), shot, office.publisher.settings)
        for shot in announcement.photos
    ]
    assert not any(b"ignorewarnings" in _body(request) for request in office.sent)


def test_the_same_photo_is_there_once(desk: Callable[..., Desk]) -> None:
    """A second announcement shows the file that the first has uploaded, and does not count it as its own."""
    shots = (photo(3),)
    first = desk().publish(msgspec.structs.replace(EVENT, photos=shots))
    again = desk(page="Another").publish(msgspec.structs.replace(EVENT, key="another", photos=shots))
    assert again.items[1].kind == "existing file"
    assert again.items[1].id == first.items[1].id


def test_an_expired_stash_is_filled_again(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """An embargo may outlast the six hours that a wiki keeps what is not published."""
    news = desk()
    announcement = msgspec.structs.replace(EVENT, photos=(photo(4),))
    steps, post = news.steps("open-doors"), news.publisher.compose(announcement, {})
    draft = news.publisher.prepare(post, steps)
    sandbox.advance(7 * 3600)
    assert news.publisher.commit(post, draft, steps).items[1].kind == "file"


def test_a_lost_login_shows_no_password(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """mwclient's own errors hold what was posted; ours do not, however deep one looks."""
    news = desk()
    password = news.publisher.settings.password
    assert password is not None
    sandbox.fault("mediawiki", "reset_before", handler="login", count=9)
    with pytest.raises(TransientError) as failure:
        news.publish(EVENT)
    assert password.reveal() not in "".join(traceback.format_exception(failure.value))


def test_a_lagging_wiki_is_waited_for(sandbox: Sandbox, desk: Callable[..., Desk]) -> None:
    """As long as it asks for, and then given up for now; what mwclient would show of the request stays out of the error."""
    news = desk(maxlag_seconds=-1)  # no wiki lags less
    began = sandbox.clock.now()
    with pytest.raises(TransientError) as failure:
        news.publish(EVENT)
    assert failure.value.code == "maxlag"
    assert sandbox.clock.now() - began >= 20
    assert "OrderedDict" not in "".join(traceback.format_exception(failure.value))


def test_wrong_credentials_are_told_once(desk: Callable[..., Desk]) -> None:
    """They are not tried again, since a wiki locks out who does."""
    news = desk(password=Secret("sandbox-wrong-password"))
    with pytest.raises(CredentialsExpired, match="BotPasswords"):
        news.publish(EVENT)
    assert len(news.fields("login")) == 1


def test_two_channels_of_one_account_may_write_two_pages(desk: Callable[..., Desk]) -> None:
    """But not the same page twice."""
    one, same, other = desk(page="A"), desk(page="A"), desk(page="B")
    assert one.publisher.identity == same.publisher.identity != other.publisher.identity


# -- errors ----------------------------------------------------------------------------------------------------------------


def judged(status: int, body: object, headers: dict[str, str] | None = None, *, writing: bool = True) -> PublishError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    exchange = Exchange(method="POST", host=OWN, path="/w/api.php", status=status, body=data, headers=headers or {})
    found = offline().judge(RuntimeError("as a library raises it"), [exchange], writing=writing)
    assert isinstance(found, PublishError)
    return found


@pytest.mark.parametrize("rule", [rule for rule in ERRORS if rule.code], ids=lambda rule: f"{rule.code} {rule.words or ''}")
def test_each_code_has_its_meaning(rule: Any) -> None:
    """In the shape of formatversion 2, and in that of errorformat=plaintext."""
    words = f"The wiki's words, {rule.words or ''}."
    if rule.code == "login":
        bodies: list[dict[str, Any]] = [{"login": {"result": "Failed", "reason": words}}]
    elif rule.code == "captcha":
        bodies = [{"edit": {"result": "Failure", "captcha": {"type": "image"}}}]
    else:
        bodies = [{"error": {"code": rule.code, "info": words}}, {"errors": [{"code": rule.code, "text": words}]}]
    for body in bodies:
        error = judged(200, body)
        assert type(error) is (OutcomeUnknown if rule.fate == "unknown" else rule.raises)
        assert error.hint == rule.hint
        assert error.code == rule.code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("internal_api_error_DBQueryError", OutcomeUnknown),
        ("abusefilter-warning", NotAllowed),
        ("globalblocking-ipblocked", NotAllowed),
        ("mwoauth-invalid-authorization", CredentialsExpired),
        ("spamblacklist", NotAllowed),
        ("nobody-knows-this-one", TerminalError),
    ],
)
def test_a_code_belongs_to_its_family(code: str, kind: type[PublishError]) -> None:
    """And the message keeps the whole of it."""
    error = judged(200, {"error": {"code": code, "info": "Words."}})
    assert type(error) is kind
    assert code in f"{error.message} {error.code}"


def test_waits_that_the_wiki_asks_for_are_kept() -> None:
    """Retry-After comes with maxlag and with 429."""
    lag = judged(200, {"error": {"code": "maxlag", "info": "7 seconds lagged"}}, {"retry-after": "5"})
    assert (type(lag), lag.retry_after) == (TransientError, 5.0)
    limited = judged(429, b"<html>slow down</html>", {"retry-after": "60"})
    assert (type(limited), limited.retry_after) == (RateLimited, 60.0)


def test_success_is_no_error() -> None:
    """An answer without an error's shape leaves the fate of a write unknown, and is never taken for a refusal."""
    assert type(judged(200, {"edit": {"result": "Success", "newrevid": 1}})) is OutcomeUnknown
    assert type(judged(502, b"<html>bad gateway</html>")) is OutcomeUnknown
    assert type(judged(502, b"<html>bad gateway</html>", writing=False)) is TransientError


def _body(request: requests.PreparedRequest) -> bytes:
    """What was sent; of a form, which is read only once, the names of its fields."""
    body: Any = request.body or b""
    if isinstance(body, Form):
        return b"&".join(part.name.encode() for part in body.parts)
    return body if isinstance(body, bytes) else str(body).encode()
