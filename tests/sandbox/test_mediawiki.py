"""What the mirror of MediaWiki accepts and, above all, what it refuses."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mwclient
import pytest
import requests
from PIL import Image
from requests.adapters import BaseAdapter
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app

from socialcast.sandbox.app import App
from socialcast.sandbox.media import MediaStore
from socialcast.sandbox.mirror import Account, Clock, UnplayedError
from socialcast.sandbox.platforms.mediawiki import MediawikiMirror
from socialcast.sandbox.platforms.mediawiki.limits import MAX_PAGE_BYTES, MIN_CHUNK_BYTES, STASH_SECONDS

pytestmark = pytest.mark.documentation

AGENT = "example-press/1.0 (press@example.org)"
HOME, COMMONS = "wiki.example.org", "commons.wikimedia.org"


class Browser:
    """One cookie jar on one wiki."""

    def __init__(self, app: App, host: str = HOME, agent: str = AGENT) -> None:
        self.client, self.url = Client(app), f"https://{host}"
        self.headers = {"User-Agent": agent}

    def ask(self, method: str = "POST", **parameters: Any) -> TestResponse:
        fixed = {"format": "json", "formatversion": "2", "errorformat": "plaintext"}
        sent = fixed | {name.rstrip("_"): value if isinstance(value, tuple) else str(value) for name, value in parameters.items()}
        how = {"query_string": sent} if method == "GET" else {"data": sent}
        with self.client.open("/w/api.php", base_url=self.url, method=method, headers=self.headers, **how) as response:
            response.get_data()
            return response

    def call(self, **parameters: Any) -> Any:
        return self.ask(**parameters).json

    def sign_in(self, account: Account) -> Browser:
        answer = self.log_in(account)
        assert answer["result"] == "Success", answer
        return self

    def log_in(self, account: Account) -> Any:
        token = self.call(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
        name, password = account.credentials["username"], account.credentials["password"]
        return self.call(action="login", lgname=name, lgpassword=password, lgtoken=token)["login"]

    @property
    def token(self) -> Any:
        return self.call(action="query", meta="tokens")["query"]["tokens"]["csrftoken"]

    def write(self, action: str, **parameters: Any) -> Any:
        return self.call(action=action, **parameters, token=self.token)

    def edit(self, title: str = "News", **parameters: Any) -> Any:
        return self.write("edit", title=title, **parameters)

    def upload(self, filename: str, content: bytes | None = None, part: str = "file", **parameters: Any) -> Any:
        files = {} if content is None else {part: (io.BytesIO(content), "part")}
        return self.write("upload", filename=filename, **files, **parameters)

    def text(self, title: str = "News") -> Any:
        page = self.call(action="query", prop="revisions", titles=title, rvprop="content", rvslots="main")["query"]["pages"][0]
        return page["revisions"][0]["slots"]["main"]["content"]


@dataclass
class Wikis:
    """The mirror, and browsers on its wikis."""

    mirror: MediawikiMirror
    app: App

    def stranger(self, host: str = HOME, agent: str = AGENT) -> Browser:
        return Browser(self.app, host, agent)

    def user(self, name: str = "Anna", host: str = HOME, **wishes: Any) -> Browser:
        return self.stranger(host).sign_in(self.mirror.account(name, host=host, **wishes))


@pytest.fixture
def wikis(tmp_path: Any) -> Wikis:
    clock = Clock()
    mirror = MediawikiMirror(clock, MediaStore(tmp_path))
    return Wikis(mirror, App({"mediawiki": mirror}, clock))


@pytest.fixture
def anna(wikis: Wikis) -> Browser:
    return wikis.user("Anna")


def code(answer: Any) -> Any:
    return answer["errors"][0]["code"]


def photo(colour: str = "red", form: str = "PNG", tail: bytes = b"") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(stream, form)
    return stream.getvalue() + tail


# -- the envelope ----------------------------------------------------------------------------------------------------------


def test_both_error_formats_and_the_header_tell_the_code(anna: Browser) -> None:
    """An API error is HTTP 200 with a header; old clients get one error, modern ones a list."""
    wanted = {"action": "edit", "title": "News", "text": "x", "token": "bad"}
    modern, old = anna.ask(**wanted), anna.ask(**wanted, errorformat="bc", formatversion=1)
    assert (modern.status_code, modern.headers["MediaWiki-API-Error"]) == (200, "badtoken")
    assert modern.json["errors"][0] | {"text": ""} == {"code": "badtoken", "text": "", "module": "edit"}
    assert set(old.json["error"]) == {"code", "info", "*"}


def test_format_version_1_says_true_with_an_empty_string(anna: Browser) -> None:
    """Pages are keyed by id, text is "*", true is "" and false is absent."""
    anna.edit(text="hello")
    wanted = {"action": "query", "prop": "revisions", "titles": "News|Nowhere", "rvprop": "content|flags", "rvslots": "main"}
    pages = anna.call(**wanted, formatversion=1, errorformat="bc")["query"]["pages"]
    revision = pages.pop("1")["revisions"][0]
    assert revision == {"slots": {"main": {"contentmodel": "wikitext", "contentformat": "text/x-wiki", "*": "hello"}}}
    assert list(pages.values()) == [{"ns": 0, "title": "Nowhere", "missing": ""}]


@pytest.mark.parametrize("parameter", [{"format": "xml"}, {"formatversion": "7"}, {"errorformat": "raw"}, {"prop": "extracts"}])
def test_what_the_mirror_cannot_answer_is_refused_aloud(anna: Browser, parameter: dict[str, str]) -> None:
    """Formats and submodules that the mirror lacks are errors and never empty answers."""
    assert "badvalue" in anna.ask(action="query", titles="News", **parameter).headers["MediaWiki-API-Error"]


def test_unknown_parameters_are_warned_of(anna: Browser) -> None:
    """A misspelt parameter is named in the warnings, in the shape of either format."""
    assert anna.call(action="query", meta="userinfo", uiprops="x")["warnings"][0]["code"] == "unrecognizedparams"
    old = anna.call(action="query", meta="userinfo", uiprops="x", errorformat="bc")["warnings"]
    assert old == {"main": {"warnings": "Unrecognized parameter: uiprops."}}


def test_an_unknown_action_is_a_bad_value(anna: Browser) -> None:
    """There is no module that takes anything."""
    assert code(anna.call(action="publisheverything")) == "badvalue"


def test_replicas_that_lag_refuse_with_a_time_to_wait(wikis: Wikis, anna: Browser) -> None:
    """`maxlag` is refused beyond the lag, with both headers, and accepted below it."""
    wikis.mirror.lag_seconds = 7.2
    response = anna.ask(action="edit", title="News", text="x", token=anna.token, maxlag=5)
    assert (response.headers["MediaWiki-API-Error"], response.headers["Retry-After"]) == ("maxlag", "5")
    assert (response.headers["X-Database-Lag"], response.json["errors"][0]["data"]["lag"]) == ("7", 7.2)
    assert anna.edit(text="x", maxlag=10)["edit"]["result"] == "Success"


# -- who is calling --------------------------------------------------------------------------------------------------------


def test_without_assert_a_lost_session_publishes_the_address(wikis: Wikis) -> None:
    """An edit of nobody succeeds under the IP address, and `assert=user` is what prevents it."""
    stranger = wikis.stranger()
    assert code(stranger.call(action="edit", title="News", text="x", token="+\\", assert_="user")) == "assertuserfailed"
    assert stranger.edit(text="x")["edit"]["result"] == "Success"
    assert wikis.mirror.cards()[0].account == "127.0.0.1"


@pytest.mark.parametrize(
    ("asserted", "expected"),
    [
        ({"assert_": "bot"}, "assertbotfailed"),
        ({"assert_": "anon"}, "assertanonfailed"),
        ({"assertuser": "Bob"}, "assertnameduserfailed"),
        ({"assert_": "human"}, "badvalue"),
    ],
)
def test_assertions_come_before_the_token(anna: Browser, asserted: dict[str, str], expected: str) -> None:
    """The wrong user is told so even when the token is wrong too."""
    assert code(anna.call(action="edit", title="News", text="x", token="bad", **asserted)) == expected


def test_a_login_needs_the_token_of_its_own_session(wikis: Wikis) -> None:
    """A login token is worth nothing without the cookie that came with it."""
    account, other = wikis.mirror.account("Anna"), wikis.stranger()
    token = other.call(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
    credentials = {"lgname": account.credentials["username"], "lgpassword": account.credentials["password"], "lgtoken": token}
    assert wikis.stranger().call(action="login", **credentials)["login"]["reason"]["code"] == "sessionlost"
    assert other.call(action="login", **credentials)["login"] == {"result": "Success", "lguserid": 1, "lgusername": "Anna"}


def test_a_bot_password_is_no_account_password(wikis: Wikis) -> None:
    """`clientlogin` refuses a bot password, and `login` an account's own."""
    bot, person = wikis.mirror.account("Anna"), wikis.mirror.account("Bob", auth="password")
    browser = wikis.stranger()
    token = browser.call(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
    answers = [
        browser.call(action="clientlogin", logintoken=token, loginreturnurl="https://example.org", **account.credentials)
        for account in (bot, person)
    ]
    assert [answer["clientlogin"]["status"] for answer in answers] == ["FAIL", "PASS"]
    assert wikis.stranger().log_in(person)["result"] == "Failed"


def test_tokens_belong_to_one_session(wikis: Wikis, anna: Browser) -> None:
    """Another session's token is refused, and a missing one is a missing parameter."""
    assert code(wikis.user("Bob").call(action="edit", title="News", text="x", token=anna.token)) == "badtoken"
    assert code(anna.call(action="edit", title="News", text="x")) == "missingparam"


def test_secrets_do_not_belong_into_addresses(anna: Browser) -> None:
    """A token or password in the query string is refused, and so is an edit by GET."""
    assert code(anna.ask("GET", action="edit", title="News", text="x", token=anna.token).json) == "mustpostparams"
    assert code(anna.ask("GET", action="login", lgname="Anna", lgpassword="sandbox-secret").json) == "mustpostparams"


def test_an_owner_only_token_signs_in_until_it_is_revoked(wikis: Wikis) -> None:
    """A bearer token needs no login, and a revoked one is an error rather than an anonymous edit."""
    token = wikis.mirror.account("Anna", auth="oauth2").credentials["access_token"]
    browser = wikis.stranger()
    browser.headers["Authorization"] = f"Bearer {token}"
    assert browser.edit(text="x", assert_="user", assertuser="Anna")["edit"]["result"] == "Success"
    wikis.mirror.expire_credentials("Anna")
    assert code(browser.call(action="query", meta="userinfo")) == "mwoauth-invalid-authorization"


def test_expired_credentials_end_the_session_and_the_password(wikis: Wikis, anna: Browser) -> None:
    """After an expiry neither the cookie nor the bot password helps."""
    token = anna.token
    wikis.mirror.expire_credentials("Anna")
    assert code(anna.call(action="edit", title="News", text="x", token=token, assert_="user")) == "assertuserfailed"
    assert anna.log_in(wikis.mirror.account("Anna"))["result"] == "Failed"


def test_userinfo_tells_rights_and_blocks(wikis: Wikis) -> None:
    """A preflight sees the bot right, missing grants and a block before it writes."""
    told = wikis.user("Bob", bot=True).call(action="query", meta="userinfo", uiprop="rights|groups|blockinfo")["query"][
        "userinfo"
    ]
    assert "bot" in told["rights"]
    assert "bot" in told["groups"]
    assert "blockreason" not in told
    blocked = wikis.user("Carol", blocked="spam").call(action="query", meta="userinfo", uiprop="blockinfo")["query"]["userinfo"]
    assert blocked["blockreason"] == "spam"
    few = wikis.user("Dave", rights=["read", "edit"])
    assert code(few.upload("A.png", photo())) == "permissiondenied"


# -- Wikimedia's etiquette -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "agent", ["", "python-requests/2.32", "mwclient/0.11.0 (https://github.com/mwclient/mwclient)", "press tool/1.0"]
)
def test_wikimedia_refuses_agents_without_an_operators_contact(wikis: Wikis, agent: str) -> None:
    """A default agent, a library's name alone and a name without contact are 403 on Wikimedia, not on a wiki of one's own."""
    refused = wikis.stranger("en.wikipedia.org", agent).ask("GET", action="query", meta="siteinfo")
    assert (refused.status_code, "User-Agent" in refused.text) == (403, True)
    assert wikis.stranger(HOME, agent).ask("GET", action="query", meta="siteinfo").status_code == 200


def test_one_request_too_many_in_a_minute_is_429(wikis: Wikis) -> None:
    """The limit counts over all Wikimedia wikis, tells when to come back, and spares bots."""
    wikis.mirror.traffic.requests_per_minute["anonymous"] = 2
    hosts = ["en.wikipedia.org", COMMONS, "de.wikipedia.org"]
    statuses = [wikis.stranger(host).ask("GET", action="query", meta="siteinfo") for host in hosts]
    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert 0 < int(statuses[-1].headers["Retry-After"]) <= 60
    wikis.mirror.clock.advance(60)
    assert wikis.stranger(COMMONS).ask("GET", action="query", meta="siteinfo").status_code == 200


def test_edits_have_a_rate_limit_on_wikimedia(wikis: Wikis) -> None:
    """Beyond the group's edits in a minute the API says ratelimited, and a bot goes on."""
    anna, bot = wikis.user("Anna", COMMONS), wikis.user("Bob", COMMONS, bot=True)
    wikis.mirror.wiki(COMMONS).rate_limits["edit"] = (2, 60)
    answers = [anna.edit(text=str(number)) for number in range(3)]
    assert code(answers[2]) == "ratelimited"
    assert all("edit" in bot.edit(text=f"bot {number}") for number in range(3))
    assert (
        anna.call(action="query", meta="userinfo", uiprop="ratelimits")["query"]["userinfo"]["ratelimits"]["edit"]["user"]["hits"]
        == 2
    )


# -- editing ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"title": ""}, "invalidtitle"),
        ({"title": "News~~~~"}, "invalidtitle"),
        ({"title": "Special:News"}, "pagecannotexist"),
        ({"title": "Nowhere", "nocreate": 1}, "missingtitle"),
        ({"createonly": 1}, "articleexists"),
        ({"section": "first"}, "invalidsection"),
        ({"section": 9}, "nosuchsection"),
        ({"md5": "0" * 32}, "badmd5"),
        ({"tags": "nonsense"}, "badtags"),
        ({"baserevid": "one"}, "badinteger"),
        ({"basetimestamp": "yesterday"}, "badtimestamp"),
        ({"undo": 99}, "nosuchrevid"),
        ({"pageid": 1}, "invalidparammix"),
        ({"text": "x" * (MAX_PAGE_BYTES + 1)}, "contenttoobig"),
        ({"text": "buy our FORBIDDEN goods"}, "abusefilter-disallowed"),
        ({"title": "Main Page"}, "protectedpage"),
    ],
)
def test_edits_that_are_refused(wikis: Wikis, parameters: dict[str, Any], expected: str) -> None:
    """Each refusal has the code of the documentation and leaves the page as it was."""
    anna = wikis.user("Anna", forbidden_texts=["FORBIDDEN"], protected_titles=["Main Page"])
    anna.edit(text="as it was")
    assert code(anna.edit(**{"text": "x", **parameters})) == expected
    assert anna.text() == "as it was"


def test_a_blocked_user_is_told_why(wikis: Wikis) -> None:
    """A block refuses edits and uploads, with its reason."""
    carol = wikis.user("Carol", blocked="undisclosed paid editing")
    answer = carol.edit(text="x")
    assert (code(answer), answer["errors"][0]["data"]["blockinfo"]["blockreason"]) == ("blocked", "undisclosed paid editing")
    assert code(carol.upload("A.png", photo())) == "blocked"


def test_a_captcha_is_a_failure_without_an_error(wikis: Wikis) -> None:
    """A new link makes the wiki ask for a captcha; nothing is saved and no error code is set."""
    response = (anna := wikis.user("Anna", captcha=True)).ask(
        action="edit", title="News", text="https://example.org", token=anna.token
    )
    assert (response.json["edit"]["result"], "captcha" in response.json["edit"]) == ("Failure", True)
    assert "MediaWiki-API-Error" not in response.headers
    assert wikis.mirror.cards() == []


def test_text_is_stored_in_normal_form(anna: Browser) -> None:
    """NFC, no white space at the end, and the hash of what is stored."""
    anna.edit(text="e\u0301 \r\nend  \n\n")
    revision = anna.call(action="query", prop="revisions", titles="News", rvprop="content|sha1", rvslots="main")["query"][
        "pages"
    ][0]
    stored = "é \nend"
    assert anna.text() == stored
    assert revision["revisions"][0]["sha1"] == hashlib.sha1(stored.encode()).hexdigest()


def test_the_same_text_again_makes_no_revision(anna: Browser) -> None:
    """A repeated edit is a success that says nochange, even with the base of the first."""
    base = anna.edit(text="one")["edit"]["newrevid"]
    anna.edit(text="two", baserevid=base)
    assert anna.edit(text="two", baserevid=base)["edit"]["nochange"] is True


def test_a_base_revision_reports_conflicts_with_oneself(anna: Browser) -> None:
    """`baserevid` alone sees the user's own later edit; a base time would overlook it."""
    base = anna.edit(text="one")["edit"]["newrevid"]
    anna.edit(text="two")
    assert code(anna.edit(text="three", baserevid=base)) == "editconflict"
    assert anna.edit(text="three", basetimestamp="2020-01-01T00:00:00Z")["edit"]["result"] == "Success"


def test_edits_of_different_places_are_merged(wikis: Wikis, anna: Browser) -> None:
    """Two people may change lines that do not touch, but not the same ones."""
    base = anna.edit(text="one\ntwo\nthree")["edit"]["newrevid"]
    bob = wikis.user("Bob")
    bob.edit(text="ONE\ntwo\nthree", baserevid=base)
    assert anna.edit(text="one\ntwo\nTHREE", baserevid=base)["edit"]["result"] == "Success"
    assert anna.text() == "ONE\ntwo\nTHREE"
    assert code(bob.edit(text="one\ntwo\n3", baserevid=base)) == "editconflict"


def test_a_proposal_sent_again_is_recognised_until_somebody_answers(wikis: Wikis, anna: Browser) -> None:
    """The same user's same summary on an old base is a conflict; without base, or after an answer, it is added again."""
    talk, bob = "Talk:Example", wikis.user("Bob")
    base = bob.edit(talk, text="Older things")["edit"]["newrevid"]
    section = {"section": "new", "sectiontitle": "Founding date", "text": "It was 1971. ~~~~", "summary": "proposal (sc:7f3a9c)"}
    assert anna.edit(talk, **section, baserevid=base)["edit"]["result"] == "Success"
    assert code(anna.edit(talk, **section, baserevid=base)) == "editconflict"
    assert anna.edit(talk, **section | {"summary": "another (sc:000000)"}, baserevid=base)["edit"]["result"] == "Success"
    bob.edit(talk, section="new", sectiontitle="Answer", text="Thanks")
    assert anna.edit(talk, **section, baserevid=base)["edit"]["result"] == "Success"
    assert anna.edit(talk, **section)["edit"]["result"] == "Success"
    assert anna.text(talk).count("== Founding date ==") == 4


def test_four_tildes_are_signed_by_the_server(anna: Browser) -> None:
    """A signature has name, talk page and time; not inside nowiki."""
    anna.edit(text="Yours, ~~~~ <nowiki>~~~~</nowiki>")
    text = anna.text()
    assert text.startswith("Yours, [[User:Anna|Anna]] ([[User talk:Anna|talk]]) ")
    assert text.endswith("(UTC) <nowiki>~~~~</nowiki>")


def test_appending_twice_adds_twice(anna: Browser) -> None:
    """`appendtext` has no protection at all."""
    anna.edit(text="one")
    for _ in range(2):
        anna.edit(appendtext="\nmore", md5=hashlib.md5(b"\nmore").hexdigest())
    assert anna.text() == "one\nmore\nmore"


def test_sections_are_edited_alone(anna: Browser) -> None:
    """Section 0 is the lead, and a section brings its subsections."""
    anna.edit(text="lead\n\n== A ==\na\n=== A1 ===\na1\n\n== B ==\nb")
    anna.edit(section=1, text="== A ==\nnew")
    anna.edit(section=0, prependtext="first ")
    assert anna.text() == "first lead\n\n== A ==\nnew\n\n== B ==\nb"
    sections = anna.call(action="parse", page="News", prop="sections")["parse"]["sections"]
    assert [(section["line"], section["index"]) for section in sections] == [("A", "1"), ("B", "2")]


def test_summaries_are_cut_and_found_among_the_contributions(anna: Browser) -> None:
    """500 code points are kept; contributions come newest first and can be continued."""
    for number in range(3):
        anna.edit(text=str(number), summary=f"{number} " + "é" * 600)
    wanted = {"action": "query", "list": "usercontribs", "ucuser": "Anna", "uclimit": 2, "ucprop": "ids|comment|flags"}
    first = anna.call(**wanted)
    rest = anna.call(**wanted, **first["continue"])
    comments = [edit["comment"] for answer in (first, rest) for edit in answer["query"]["usercontribs"]]
    assert [comment[0] for comment in comments] == ["2", "1", "0"]
    assert {len(comment) for comment in comments} == {500}
    assert "continue" not in rest


def test_a_deletion_in_between_is_noticed(wikis: Wikis, anna: Browser) -> None:
    """Only administrators delete; an edit begun before needs `recreate`."""
    anna.edit(text="one")
    began = "2020-01-01T00:00:00Z"
    assert code(anna.write("delete", title="News")) == "permissiondenied"
    assert wikis.user("Admin", admin=True).write("delete", title="News")["delete"]["title"] == "News"
    assert code(anna.edit(text="two", starttimestamp=began)) == "pagedeleted"
    assert anna.edit(text="two", starttimestamp=began, recreate=1)["edit"]["new"] is True


def test_an_undo_takes_back_one_edit_unless_later_ones_clash(anna: Browser) -> None:
    """Undoing twice changes nothing; undoing what was built upon fails."""
    anna.edit(text="one")
    wrong = anna.edit(text="one\nwrong")["edit"]["newrevid"]
    assert anna.edit(undo=wrong)["edit"]["result"] == "Success"
    assert anna.text() == "one"
    assert anna.edit(undo=wrong)["edit"]["nochange"] is True
    anna.edit(text="something else")
    assert code(anna.edit(undo=wrong)) == "undofailure"


def test_a_rollback_takes_back_all_last_edits_of_one_user(wikis: Wikis, anna: Browser) -> None:
    """Only an administrator does it, only while nobody else has edited since, and never to nothing."""
    boss = wikis.user("Boss", admin=True)

    def roll(browser: Browser, user: str, title: str = "News") -> Any:
        token = browser.call(action="query", meta="tokens", type="rollback")["query"]["tokens"]["rollbacktoken"]
        return browser.call(action="rollback", title=title, user=user, token=token)

    boss.edit(text="one")
    assert code(roll(boss, "Boss")) == "onlyauthor"
    anna.edit(text="two")
    anna.edit(text="three")
    assert code(roll(anna, "Anna")) == "permissiondenied"
    assert code(roll(boss, "Boss")) == "alreadyrolled"
    assert code(roll(boss, "Anna", "Nothing")) == "missingtitle"
    assert "Reverted edits by" in roll(boss, "Anna")["rollback"]["summary"]
    assert boss.text() == "one"


def test_the_bot_flag_needs_the_right(wikis: Wikis, anna: Browser) -> None:
    """`bot` without the right is ignored, as the API does."""
    anna.edit("Mine", text="x", bot=1)
    wikis.user("Robot", bot=True).edit("Its", text="x", bot=1)
    flags = {str(page.title): page.latest.bot for page in wikis.mirror.wiki().pages.values()}
    assert flags == {"Mine": False, "Its": True}


# -- files -----------------------------------------------------------------------------------------------------------------


def test_the_stash_is_invisible_until_it_is_published(wikis: Wikis, anna: Browser) -> None:
    """A stashed file is its uploader's alone; publishing shows it once and empties the stash."""
    content, bob = photo(), wikis.user("Bob")
    key = anna.upload("Hall.png", content, stash=1)["upload"]["filekey"]
    assert wikis.mirror.cards() == []
    assert code(bob.upload("Hall.png", filekey=key)) == "uploadstash-wrong-owner"
    published = anna.upload("Hall.png", filekey=key, text="The hall", comment="press photo")["upload"]
    assert (published["result"], published["imageinfo"]["sha1"]) == ("Success", hashlib.sha1(content).hexdigest())
    assert [card.title for card in wikis.mirror.cards()] == ["File:Hall.png"]
    assert code(anna.upload("Hall.png", filekey=key)) == "uploadstash-file-not-found"


def test_the_stash_forgets_after_six_hours(wikis: Wikis, anna: Browser) -> None:
    """A filekey lives as long as the wiki says and not longer."""
    key = anna.upload("Hall.png", photo(), stash=1)["upload"]["filekey"]
    wikis.mirror.clock.advance(STASH_SECONDS - 60)
    assert anna.call(action="query", prop="stashimageinfo", siifilekey=key)["query"]["stashimageinfo"][0]["mime"] == "image/png"
    wikis.mirror.clock.advance(120)
    assert code(anna.upload("Hall.png", filekey=key)) == "uploadstash-file-not-found"


def test_the_same_bytes_again_stop_at_a_warning_and_are_found_by_hash(anna: Browser) -> None:
    """An upload repeated under its name or another publishes nothing; the hash finds the first."""
    content = photo()
    anna.upload("Hall.png", content, comment="first")
    again, renamed = anna.upload("Hall.png", content)["upload"], anna.upload("Other.png", content)["upload"]
    assert (again["result"], set(again["warnings"])) == ("Warning", {"exists", "nochange"})
    assert (renamed["result"], renamed["warnings"]) == ("Warning", {"duplicate": ["Hall.png"]})
    sha1 = hashlib.sha1(content).hexdigest()
    found = anna.call(action="query", list="allimages", aisha1=sha1, aiprop="user")["query"]["allimages"]
    assert found == [{"name": "Hall.png", "user": "Anna", "ns": 6, "title": "File:Hall.png"}]
    assert anna.call(action="query", list="allimages", aisha1="0" * 40)["query"]["allimages"] == []


def test_a_taken_name_warns_and_only_ignoring_it_overwrites(anna: Browser) -> None:
    """Another file under the same name is a new version only for those who insist."""
    anna.upload("Hall.png", photo("red"))
    warned = anna.upload("Hall.png", photo("blue"))["upload"]
    assert warned["warnings"] == {"exists": "Hall.png"}
    assert anna.upload("Hall.png", filekey=warned["filekey"], ignorewarnings=1)["upload"]["result"] == "Success"
    wanted = {"action": "query", "prop": "imageinfo", "titles": "File:Hall.png", "iiprop": "sha1", "iilimit": 5}
    assert len(anna.call(**wanted)["query"]["pages"][0]["imageinfo"]) == 2


@pytest.mark.parametrize(
    ("filename", "content", "expected"),
    [
        ("Hall.jpg", photo(), "verification-error"),
        ("Hall.webm", photo(), "verification-error"),
        ("Hall.png", b"not a picture", "verification-error"),
        ("Hall.txt", b"not a picture", "filetype-banned"),
        ("Hall.tiff", photo(form="TIFF"), "filetype-banned"),
        ("Hall.png", b"", "empty-file"),
        ("Hall.png", photo(tail=bytes(10_000)), "file-too-large"),
        ("h" * 240 + ".png", photo(), "filename-toolong"),
        (".png", photo(), "filename-tooshort"),
        ("Hall.png", None, "missingparam"),
    ],
)
def test_uploads_that_are_refused(wikis: Wikis, filename: str, content: bytes | None, expected: str) -> None:
    """Each refusal has its code, and nothing is published."""
    anna = wikis.user("Anna", max_upload_bytes=10_000)
    assert code(anna.upload(filename, content)) == expected
    assert wikis.mirror.wiki().files == {}


def test_camera_names_and_unfit_characters_are_warned_of(anna: Browser) -> None:
    """A name that says nothing, or that the wiki would change, stops at a warning."""
    assert anna.upload("IMG 1234.png", photo("red"))["upload"]["warnings"] == {"bad-prefix": "IMG_1234.png"}
    assert anna.upload("a/b.png", photo("blue"))["upload"]["warnings"] == {"badfilename": "A-b.png"}


def test_a_deleted_file_is_remembered(wikis: Wikis, anna: Browser) -> None:
    """The same bytes or name after a deletion warn, so that a person decides."""
    content = photo()
    anna.upload("Hall.png", content)
    wikis.user("Admin", admin=True).write("delete", title="File:Hall.png")
    assert set(anna.upload("Hall.png", content)["upload"]["warnings"]) == {"was-deleted", "duplicate-archive"}


def test_commons_takes_webm_and_no_mp4(wikis: Wikis) -> None:
    """Video on Commons is in a free format."""
    anna = wikis.user("Anna", COMMONS)
    webm = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(200)
    assert anna.upload("Talk.webm", webm)["upload"]["result"] == "Success"
    assert code(anna.upload("Talk.mp4", b"\0\0\0\x18ftypisom" + bytes(200))) == "filetype-banned"


def chunked(browser: Browser, name: str, content: bytes, at: int, **more: Any) -> Any:
    sent = {"stash": 1, "filesize": len(content), "offset": at, **more}
    return browser.upload(name, content[at : at + 2000], "chunk", **sent)


def test_chunks_join_in_order_and_the_server_says_where_it_is(anna: Browser) -> None:
    """A wrong offset names the right one; the last chunk gives a new key to publish with."""
    content = photo(tail=bytes(range(256)) * 20)
    key = chunked(anna, "Hall.png", content, 0)["upload"]["filekey"]
    wrong = chunked(anna, "Hall.png", content, 2500, filekey=key)
    assert (code(wrong), wrong["errors"][0]["data"]) == ("stashfailed", {"offset": "2000"})
    assert anna.write("upload", checkstatus=1, filekey=key)["upload"] == {
        "result": "Continue",
        "stage": "uploading",
        "offset": 2000,
    }
    assert chunked(anna, "Hall.png", content, 2000, filekey=key)["upload"]["offset"] == 4000
    last = chunked(anna, "Hall.png", content, 4000, filekey=key)["upload"]
    assert (last["result"], last["imageinfo"]["sha1"]) == ("Success", hashlib.sha1(content).hexdigest())
    assert code(anna.upload("Hall.png", filekey=key)) == "uploadstash-file-not-found"
    assert anna.upload("Hall.png", filekey=last["filekey"])["upload"]["imageinfo"]["size"] == len(content)


@pytest.mark.parametrize(
    ("size", "more", "expected"),
    [
        (MIN_CHUNK_BYTES - 1, {"filesize": 9999}, "chunk-too-small"),
        (2000, {"filesize": 1999}, "invalid-chunk"),
        (2000, {"filesize": 9999, "offset": 2000}, "filekeyneeded"),
        (2000, {"filesize": 9999, "offset": 2000, "filekey": "nonsense"}, "invalid-file-key"),
        (2000, {"filesize": 9999, "offset": 2000, "filekey": "1a2b3c.4d5e.1.png"}, "uploadstash-file-not-found"),
    ],
)
def test_chunks_that_are_refused(anna: Browser, size: int, more: dict[str, Any], expected: str) -> None:
    """Sizes and keys of chunks are checked."""
    assert code(anna.upload("Hall.png", bytes(size), "chunk", stash=1, **more)) == expected


def test_a_first_chunk_published_too_early_publishes_the_first_chunk(anna: Browser) -> None:
    """The key of an unfinished upload is good for what it stands for: a truncated file."""
    content = photo(tail=bytes(5000))
    key = chunked(anna, "Hall.png", content, 0)["upload"]["filekey"]
    assert anna.upload("Hall.png", filekey=key)["upload"]["imageinfo"]["size"] == 2000


def test_asynchronous_assembly_and_publishing_are_polled(wikis: Wikis) -> None:
    """Where the wiki works in the background a poll hears the stages, then the answer; nothing is public before."""
    anna, content = wikis.user("Anna", COMMONS), photo(tail=bytes(1500))
    poll = {"action": "upload", "checkstatus": 1}
    key = chunked(anna, "Hall.png", content, 0, async_=1)["upload"]
    assert (key["result"], key["stage"]) == ("Poll", "queued")
    wikis.mirror.clock.advance(2)
    assert anna.call(**poll, filekey=key["filekey"], token=anna.token)["upload"]["stage"] == "assembling"
    wikis.mirror.clock.advance(2)
    whole = anna.call(**poll, filekey=key["filekey"], token=anna.token)["upload"]
    assert whole["result"] == "Success"
    assert anna.upload("Hall.png", filekey=whole["filekey"], async_=1)["upload"]["result"] == "Poll"
    assert wikis.mirror.cards() == []
    wikis.mirror.clock.advance(4)
    assert anna.call(**poll, filekey=whole["filekey"], token=anna.token)["upload"]["filename"] == "Hall.png"


def test_the_upload_limit_is_told_and_held(wikis: Wikis) -> None:
    """`maxuploadsize` in siteinfo is the number that uploads are refused by."""
    anna = wikis.user("Anna", max_upload_bytes=5000)
    assert anna.call(action="query", meta="siteinfo")["query"]["general"]["maxuploadsize"] == 5000
    assert code(anna.upload("Hall.png", photo(tail=bytes(5000)))) == "file-too-large"


# -- visitors --------------------------------------------------------------------------------------------------------------


def test_each_host_is_a_wiki_of_its_own(wikis: Wikis) -> None:
    """One account serves all wikis; pages and sessions do not."""
    here, there = wikis.user("Anna"), wikis.user("Anna", "de.wikipedia.org")
    here.edit(text="here")
    there.edit(text="there")
    assert (here.text(), there.text()) == ("here", "there")
    assert {card.url for card in wikis.mirror.cards()} == {
        "https://wiki.example.org/wiki/News",
        "https://de.wikipedia.org/wiki/News",
    }


def test_a_file_is_served_where_its_address_says(wikis: Wikis) -> None:
    """The address in imageinfo gives the bytes, on upload.wikimedia.org as on a wiki of one's own."""
    for host, colour in ((HOME, "red"), (COMMONS, "blue")):
        url = wikis.user("Anna", host).upload("The hall.png", photo(colour))["upload"]["imageinfo"]["url"]
        address, _, path = url.removeprefix("https://").partition("/")
        with Client(wikis.app).get(f"/{path}", base_url=f"https://{address}") as response:
            assert (response.data, response.mimetype) == (photo(colour), "image/png")


def test_visitors_see_pages_and_talk_pages(wikis: Wikis, anna: Browser) -> None:
    """A page opens under its address; the wall shows its talk page below it, with the last summary."""
    anna.edit("Davos opens", text="== Today ==\n'''Davos''' opens.", summary="first")
    anna.edit("Talk:Davos opens", text="Well said")
    talk, page = wikis.mirror.cards()
    assert (talk.parent, page.facts["summary"], page.facts["revisions"]) == (page.id, "first", "1")
    for address in ("/wiki/Davos_opens", "/index.php?title=Davos_opens"):
        with anna.client.get(address, base_url=anna.url) as response:
            assert "<h2>Today</h2>" in response.text
    with anna.client.get("/wiki/Nothing/here", base_url=anna.url) as response:
        assert response.status_code == 404


def test_other_users_answer_on_talk_pages(wikis: Wikis, anna: Browser) -> None:
    """In the last section or a named one, a level deeper each time and signed; elsewhere as a section of its own."""
    anna.edit("Davos", text="opens")
    anna.edit("Talk:Davos", section="new", sectiontitle="A date", text="It is the 20th. ~~~~")
    anna.edit("Talk:Davos", section="new", sectiontitle="A name", text="Anna.")
    talk = f"{HOME}/Talk:Davos"
    wikis.mirror.reply_as("bob", f"{talk}#A date", "Source?\n== No heading ==")
    wikis.mirror.reply_as("cid", f"{talk}#A date", "Here.")
    assert wikis.mirror.reply_as("dan", talk, "Done.") == talk
    date, name = anna.text("Talk:Davos").split("== A name ==")
    assert re.sub(r"\(?\[\[.*", "", date).split("\n")[3:5] == [":Source?", ":== No heading == "]
    assert re.search(r"(?m)^::Here\. \[\[User:Cid\|Cid\]\] .*\(UTC\)$", date)
    assert ":Done. [[User:Dan|Dan]]" in name
    summary = anna.call(action="query", prop="revisions", titles="Talk:Davos", rvprop="user|comment")["query"]["pages"][0]
    assert summary["revisions"] == [{"user": "Dan", "comment": "/* A name */ Reply"}]
    assert wikis.mirror.reply_as("eve", f"{HOME}/Davos", "Nice") == talk
    assert "== Comment ==\n\nNice [[User:Eve|Eve]]" in anna.text("Talk:Davos")


def test_other_users_edit_and_delete_with_a_history(wikis: Wikis, anna: Browser) -> None:
    """An edit by hand is a revision of its user, in the history that visitors see; a deletion has a line in the log."""
    base = anna.edit("Davos", text="opens at nine")["edit"]["newrevid"]
    wikis.mirror.edit_as("bob_b", f"{HOME}/Davos", "opens at ten <b>")
    assert code(anna.edit("Davos", text="opens at eight", baserevid=base)) == "editconflict"
    assert code(anna.edit("Davos", undo=base)) == "nosuchrevid"
    with anna.client.get("/index.php?title=Davos&action=history", base_url=anna.url) as response:
        rows = re.findall(r"<li>.*?<bdi>(.*?)</bdi>, (\d+) bytes", response.text)
    assert rows == [("Bob b", "16"), ("Anna", "13")]
    for act in (
        lambda: wikis.mirror.edit_as("b[b", f"{HOME}/Davos", "x"),
        lambda: wikis.mirror.reply_as("bob", f"{HOME}/Davos", " "),
    ):
        with pytest.raises(UnplayedError):
            act()
    for id in (f"{HOME}/Nothing", "elsewhere.example/Davos", f"{HOME}/Davos#x"):
        with pytest.raises(KeyError):
            wikis.mirror.edit_as("bob", id, "x")
    wikis.mirror.remove_as("Boss", f"{HOME}/Davos")
    assert wikis.mirror.cards() == []
    line = anna.call(action="query", list="logevents", letype="delete")["query"]["logevents"][0]
    assert (line["user"], line["title"]) == ("Boss", "Davos")


def test_the_preview_shows_pictures_and_escapes_the_rest(wikis: Wikis, anna: Browser) -> None:
    """Pictures come with alt text and caption, templates by name, and no markup of the author's passes."""
    anna.upload("Hall.png", photo(), text="{{Information|description=The hall}} {{self|cc-by-4.0}} [[Category:Davos]]")
    anna.edit(
        text="[[File:Hall.png|thumb|alt=A \"full\" hall|The ''plenary'' hall]]\n\n* [https://example.org site]\n"
        "<script>alert(1)</script> <nowiki>'''plain'''</nowiki> [[javascript:x|y]] &#91;"
    )
    page, file = wikis.mirror.cards()
    assert [(picture.alt, picture.caption) for picture in page.pictures] == [('A "full" hall', "The plenary hall")]
    for shown in (
        'alt="A &#34;full&#34; hall"',
        '<a href="https://example.org" rel="nofollow">site</a>',
        "&#39;&#39;&#39;plain",
        "&#91;",
    ):
        assert shown in page.html
    assert "<script" not in page.html
    assert 'href="javascript' not in page.html
    assert (file.kind, file.facts["licence"], file.facts["categories"]) == ("file", "self", "Davos")


# -- the client library ----------------------------------------------------------------------------------------------------


class WsgiAdapter(BaseAdapter):
    """Lets requests, and with it mwclient, speak to the sandbox without a socket."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        base_url = request.url.removesuffix(request.path_url)
        builder = EnvironBuilder(
            request.path_url, base_url, method=request.method, data=request.body, headers=dict(request.headers)
        )
        chunks, status, headers = run_wsgi_app(self.app, builder.get_environ(), buffered=True)
        response = requests.Response()
        response.status_code, response.headers = int(status.split()[0]), requests.structures.CaseInsensitiveDict(headers)
        response.raw, response.request, response.url = io.BytesIO(b"".join(chunks)), request, request.url
        for name, value in headers:
            if name == "Set-Cookie":
                response.cookies.set(*value.split(";")[0].split("=", 1), path="/")
        return response

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def site(wikis: Wikis) -> Callable[..., mwclient.Site]:
    """Opens a wiki as a user of mwclient does."""

    def open_site(host: str = HOME, **how: Any) -> mwclient.Site:
        session = requests.Session()
        session.headers["User-Agent"] = AGENT
        session.mount("https://", WsgiAdapter(wikis.app))
        session.hooks["response"] = lambda response, *_, **__: session.cookies.update(response.cookies)
        return mwclient.Site(host, pool=session, max_retries=0, **how)

    return open_site


def test_mwclient_signs_in_edits_and_uploads(wikis: Wikis, site: Callable[..., mwclient.Site]) -> None:
    """The library of the publisher finds the mirror to be a wiki: login, edit, conflict, chunked upload, look-ups."""
    credentials = wikis.mirror.account("Anna").credentials
    wiki = site()
    wiki.login(credentials["username"], credentials["password"])
    page = wiki.pages["News"]
    assert page.edit("hello", "first")["result"] == "Success"
    assert (wiki.pages["News"].text(), wiki.pages["News"].exists) == ("hello", True)
    with pytest.raises(mwclient.errors.APIError, match="articleexists"):
        page.edit("again", createonly=1)
    wiki.chunk_size = 2000
    content = photo(tail=bytes(5000))
    assert wiki.upload(io.BytesIO(content), "Hall.png", "The hall", comment="press photo")["upload"]["result"] == "Success"
    assert wiki.images["Hall.png"].imageinfo["size"] == len(content)
    sha1 = hashlib.sha1(content).hexdigest()
    assert [image.page_title for image in wiki.allimages(sha1=sha1)] == ["Hall.png"]
    assert [edit["comment"] for edit in wiki.usercontributions("Anna")] == ["press photo", "first"]
    assert [revision["user"] for revision in page.revisions()] == ["Anna"]
    with pytest.raises(mwclient.errors.LoginError):
        site().login(credentials["username"], "sandbox-wrong-password")
