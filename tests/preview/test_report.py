"""What became of an announcement, told from the ledger alone; strangers' words in it harm nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import html5lib
import msgspec
import pytest

from socialcast import Announcement, Audience, Broadcast, Channel
from socialcast.delivery.conversation import Kept, Standing
from socialcast.model.echo import Reply
from socialcast.preview import audit_page, report_markdown, report_page, write_replies_page
from socialcast.preview.elements import table
from socialcast.preview.view import FOR_THE_PRESS
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.wire.settings import Correction
from tests.preview.attacks import ATTACKS, MARK

FORCED = "\u202egnp.exe \u2066\x1b[2J"  # turns the direction around, and would clear a terminal
HOSTILE = "<script>alert(1)</script> `|\x1b[31m @channel"
SAID = Announcement(key="doors", title="Doors & windows <b>", text="The doors open at nine.")
NEWS = Channel(name="news", platform="x", correction=Correction.REPLY)


@pytest.fixture
def broadcast(sandbox: Sandbox, tmp_path: Path) -> Iterator[Broadcast]:
    """Published, corrected, counted on two days, and answered by somebody who means no good."""
    clock = SandboxClock(sandbox)
    with Broadcast([NEWS], ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as broadcast:
        broadcast.publish(SAID).raise_for_failures()
        sandbox.advance(3600)
        broadcast.correct(Announcement(key="doors", title=SAID.title, text="The doors open at ten."))
        broadcast.measure("doors")
        sandbox.act("x", "reply", "mallory", sandbox.mirror("x").cards()[-1].id, f"@news {HOSTILE}")
        sandbox.advance(86_400)
        broadcast.measure("doors")
        broadcast.dialogue("doors").read()
        yield broadcast


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_the_page_tells_everything_in_valid_html(broadcast: Broadcast) -> None:
    """Where it is, when it became public and was corrected, who waits, and the figures as a drawing and as a table."""
    page = report_page(broadcast.story("doors"))
    html5lib.HTMLParser(strict=True).parse(page)
    told = ("corrected 1 time", "corrected: revision 1", "mallory", "Waiting longest", "<svg", "views", "public")
    assert [words for words in told if words not in page] == []
    assert page.count("<polyline") == 1


def test_what_was_taken_back_has_its_place_in_time(sandbox: Sandbox, tmp_path: Path) -> None:
    """A first publication that a correction replaced, with its address, and the end of everything."""
    replacing = Channel(name="news", platform="x", correction=Correction.REPLACE)
    with Broadcast([replacing], ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        first = broadcast.publish(SAID)["news"].url
        sandbox.advance(3600)
        second = broadcast.correct(msgspec.structs.replace(SAID, text="The doors open at ten."))["news"].url
        sandbox.advance(3600)
        broadcast.retract("doors")
        moments = broadcast.story("doors").moments
    told = [(each.channel, each.what, each.url) for each in moments]
    assert [each for each in told if each[0]] == [
        ("news", "public", first),
        ("news", "taken back", ""),
        ("news", "public", second),
        ("news", "taken back", ""),
    ]
    assert [each.at for each in moments] == sorted(each.at for each in moments)
    assert 3000 < (moments[-1].at - moments[0].at).total_seconds() < 9000


def test_strangers_words_are_text(broadcast: Broadcast) -> None:
    """Neither a script nor a control character, a table's border or a mention comes through, in the page or the comment."""
    story = broadcast.story("doors")
    page, comment = report_page(story), report_markdown(story)
    assert "<script" not in page
    assert "&lt;script" in page
    assert "\x1b" not in page + comment
    (line,) = [line for line in comment.splitlines() if "@channel" in line]
    assert line.count("`") % 2 == 0
    assert line.replace("\\|", "").count("|") == 6


def test_no_stranger_harms_who_opens_a_page_in_a_browser(
    broadcast: Broadcast, sandbox: Sandbox, browse: Callable[..., Any], tmp_path: Path
) -> None:
    """Report, replies and audit show hostile words as they stand: no script runs, also without the pages' own policy, and no
    character turns the text around or is left out unsaid."""
    mirror: Any = sandbox.mirror("x")
    root = next(iter(mirror.posts))
    for number, words in enumerate(ATTACKS):
        mirror.reply_as(f"mallory{number}", root, f"@news {words[:200]} {FORCED}")
    mirror.posts[root] = replace(mirror.posts[root], rendered=replace(mirror.posts[root].rendered, text=ATTACKS[0] + FORCED))
    broadcast.dialogue("doors").read()
    audited = broadcast.audit("doors")
    write_replies_page(tmp_path / "replies.html", "doors", broadcast.dialogue("doors"))
    (tmp_path / "report.html").write_text(report_page(broadcast.story("doors")), encoding="utf-8")
    (tmp_path / "audit.html").write_text(audit_page(audited), encoding="utf-8")
    for name in ("replies", "report", "audit"):
        seen = browse((tmp_path / f"{name}.html").as_uri())
        assert (seen.complaints, MARK in seen.dom) == ([], False)
        assert "&lt;script&gt;" in seen.dom
        assert "⟨U+202E⟩gnp.exe" in seen.dom
        assert not set(seen.dom) & set("\x1b\u202e\u2066")
        bare = re.sub(r"<meta http-equiv[^>]+>", "", (tmp_path / f"{name}.html").read_text(encoding="utf-8"))
        (tmp_path / "bare.html").write_text(bare, encoding="utf-8")
        assert MARK not in browse((tmp_path / "bare.html").as_uri()).dom


def test_no_word_is_wider_than_the_page(browse: Callable[..., Any], tmp_path: Path) -> None:
    """However long a stranger's word or a platform's id is, nobody has to move the page sideways to read the next reply."""
    at, word = datetime(2036, 12, 6, tzinfo=UTC), "word" * 200
    reply = Reply(id=f"at://{word}", author=word, at=at, text=word, url="https://x.com/1", forbidden=word)
    write_replies_page(tmp_path / "replies.html", word, [Kept("doors", word, Standing.WAITING, reply)])
    page = re.sub(r"<meta http-equiv[^>]+>", "", (tmp_path / "replies.html").read_text(encoding="utf-8"))
    measure = "<script>document.title = `${document.documentElement.scrollWidth - innerWidth}`</script>"
    (tmp_path / "measured.html").write_text(page + measure, encoding="utf-8")
    found = re.search(r"<title>(.*?)</title>", browse((tmp_path / "measured.html").as_uri()).dom)
    assert found
    assert int(found[1]) <= 0


def test_it_tells_what_the_last_audit_found(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """In both forms, until another audit finds it mended."""
    mirror: Any = sandbox.mirror("x")
    id, post = next(iter(mirror.posts.items()))
    mirror.posts[id] = replace(post, rendered=replace(post.rendered, text="The doors stay shut."))
    broadcast.audit("doors")
    story = broadcast.story("doors")
    for told in (report_page(story), report_markdown(story)):
        assert "What the last audit found" in told
        assert "text changed by platform" in told
        assert "The doors stay shut." in told
    mirror.posts[id] = post
    broadcast.audit("doors")
    assert broadcast.story("doors").findings == ()


def test_it_asks_no_platform(broadcast: Broadcast, sandbox: Sandbox) -> None:
    """Nothing is sent for it."""
    before = len(sandbox.requests())
    broadcast.story("doors")
    assert len(sandbox.requests()) == before


def test_what_is_for_the_press_says_so_first(sandbox: Sandbox, tmp_path: Path) -> None:
    """In both forms, before anything of it is told."""
    said = Announcement(key="secret", title="Not yet", text="Not yet.", audience=Audience.PRESS)
    room = Channel(
        name="room", platform="email", audience=Audience.PRESS, settings={"host": "smtp.example.org", "sender": "a@example.org"}
    )
    clock = SandboxClock(sandbox)
    with Broadcast([room], ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as broadcast:
        broadcast.publish(said).raise_for_failures()
        story = broadcast.story("secret")
    for told in (report_page(story), report_markdown(story)):
        assert told.index(FOR_THE_PRESS) < told.index("Channels")


def test_a_short_key_changes_no_other_word(sandbox: Sandbox, tmp_path: Path) -> None:
    """The summary stays readable where the key is part of its words, and addresses in it can be followed."""
    with Broadcast([NEWS], ledger=tmp_path / "ledger", sandbox=sandbox, clock=SandboxClock(sandbox)) as broadcast:
        report = broadcast.publish(Announcement(key="e", text="The doors open at nine."))
        comment = report_markdown(broadcast.story("e"))
    assert "`e`. Channels: 1 published." in comment
    assert f"| <{report.outcomes[0].url}> |" in comment


def test_the_chart_is_told_point_by_point(broadcast: Broadcast) -> None:
    """Who does not see the chart reads every figure in it, not the last alone."""
    story = broadcast.story("doors")
    page = report_page(story)
    rows = page.split("over time</caption>")[1].split("</table>")[0].count("<tr><td")
    assert rows == page.count("<circle") == 2


def test_a_strangers_address_is_no_link() -> None:
    """What is said may be nothing but an address; only where something is can be followed."""
    made = table("Said", ("what", "where"), [("https://trap.example/", "https://x.com/a/status/1")])
    assert 'href="https://x.com/a/status/1"' in made
    assert 'href="https://trap' not in made
