"""The plan shows what would be published, and publishes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from socialcast.sandbox import Sandbox
from socialcast.testing.stage import clip

FILM = """---
title: The sky
text: The telescope moves to the roof.
video: {path: film.mp4, alt: Stars turn, subtitles: [{path: film.vtt, language: en}]}
live: {title: Tonight, starts_at: 2036-12-06T20:00:00Z}
---
"""
Run = Callable[..., Result]
RunJson = Callable[..., dict[str, Any]]
Edit = Callable[[str, str, str], None]


def test_a_plan_shows_every_channel_without_secrets(run: Run) -> None:
    """Posts with lengths, alt texts, adaptations and the digest are there, though no token is."""
    result = run("plan", "event.md")
    assert result.exit_code == 0
    for words in ("town (plaza)", "village (plaza)", "text 1/2, 90 of 120 graphemes", "photo 1/2: dome.jpg", "alt: The dome"):
        assert words in result.stdout
    assert "adapted (text.thread): the text is a thread of 2 posts" in result.stdout
    assert "digest " in result.stdout


def test_the_json_says_the_same_as_the_text(run: Run, run_json: RunJson) -> None:
    """With --json it is one object with the digest that the text shows."""
    plan = run_json("plan", "event.md")
    assert plan["digest"] in run("plan", "event.md").stdout
    assert [part["length"] for part in plan["channels"]["town"]["parts"]] == [90, 88]
    assert plan["channels"]["village"]["photos"][1] == {"file": "roof.jpg", "alt": "The roof"}
    assert plan["problems"] == []


def test_only_what_readers_see_is_shown(run: Run, run_json: RunJson, edit: Edit, folder: Path) -> None:
    """A platform without titles and tags of its own shows neither; a film is shown with its alt text and its subtitles."""
    edit("event.md", "title: Open doors", "title: Open doors\ntags: [sky]")
    assert "title: " not in run("plan", "event.md").stdout
    assert "tags: " not in run("plan", "event.md").stdout
    assert run_json("plan", "event.md")["channels"]["town"]["title"] == ""
    (folder / "film.mp4").write_bytes(clip().data or b"")
    (folder / "film.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:00.500\nHello\n", encoding="utf-8")
    (folder / "channels.toml").write_text('[channels.tube]\nplatform = "youtube"\n', encoding="utf-8")
    (folder / "event.md").write_text(FILM, encoding="utf-8")
    told = run("plan", "event.md").stdout
    for line in (
        "title: The sky",
        "video: film.mp4",
        "alt: Stars turn",
        "subtitles: en",
        "live: Tonight, 2036-12-06 20:00+00:00",
    ):
        assert line in told
    planned = run_json("plan", "event.md")["channels"]["tube"]
    assert planned["video"]["alt"] == "Stars turn"
    assert planned["live"]["starts_at"] == "2036-12-06T20:00:00+00:00"


def test_no_name_of_a_file_looks_like_a_line_of_ours(run: Run, edit: Edit, folder: Path) -> None:
    """A line break or an escape sequence in a file's name is shown as what it is, so that nobody forges a digest."""
    name = "a\ndigest 0000\u001b[2J.jpg"
    (folder / name).write_bytes(b"no photo")
    (folder / "event.md").unlink()
    (folder / "event.json").write_text(
        json.dumps({"text": "Doors", "photos": [{"path": name, "alt": "Doors"}]}), encoding="utf-8"
    )
    told = run("plan", "event.json").stdout
    assert not any(line.startswith("digest 0000") for line in told.splitlines())
    assert "\u001b" not in told
    assert "a digest 0000⟨U+001B⟩[2J.jpg is no photo" in told


def test_an_error_is_told_with_path_and_fix_and_ends_in_1(run: Run, run_json: RunJson, edit: Edit) -> None:
    """A photo without alt text stops the plan and says where and what to do."""
    edit("event.md", "alt: The roof", "caption: The roof")
    result = run("plan", "event.md")
    assert result.exit_code == 1
    assert "photos.alt_missing at town: photos[1].alt" in result.stdout
    assert "tell what it shows" in result.stdout
    assert run_json("plan", "event.md")["problems"][0]["path"] == "photos[1].alt"


def test_only_the_named_channels_are_planned(run_json: RunJson) -> None:
    """--only leaves the other channels out."""
    assert set(run_json("plan", "event.md", "--only", "village")["channels"]) == {"village"}


def test_a_dry_run_is_the_plan(run: Run, folder: Path, sandbox: Sandbox) -> None:
    """publish --dry-run prints what plan prints and sends nothing."""
    where = ("event.md", "--sandbox", sandbox.url, "--json")
    assert run("publish", *where, "--dry-run").stdout == run("plan", *where).stdout
    assert sandbox.requests() == []
    assert not list(folder.rglob("ledger*"))


def test_an_approval_is_refused_after_one_changed_byte(run: Run, run_json: RunJson, edit: Edit, sandbox: Sandbox) -> None:
    """The plan was kept when it was shown, so the digest alone is enough to say what is different; nothing is sent."""
    where = ("event.md", "--sandbox", sandbox.url)
    digest = run_json("plan", *where)["digest"]
    edit("event.md", "hot soup", "hot soap")
    result = run("publish", *where, "--approved", digest)
    assert result.exit_code == 1
    assert "hot soup" in result.stdout
    assert "hot soap" in result.stdout
    assert not sandbox.mirror("plaza").cards()
    edit("event.md", "hot soap", "hot soup")
    assert run("publish", *where, "--approved", digest).exit_code == 0


def test_a_saved_plan_is_approved_on_another_machine(run: Run, sandbox: Sandbox) -> None:
    """The file that --save wrote stands for the plan; another file is refused in words."""
    where = ("event.md", "--sandbox", sandbox.url, "--ledger", "elsewhere/ledger")
    assert run("plan", "event.md", "--ledger", "here/ledger", "--save", "plan.json").exit_code == 0
    assert run("publish", *where, "--approved", "event.md").exit_code == 2
    assert run("publish", *where, "--approved", "plan.json").exit_code == 0


def test_a_plan_is_shown_where_nothing_can_be_written(run: Run, folder: Path) -> None:
    """A file in the way of the folder for plans does not matter."""
    (folder / ".socialcast").write_text("in the way")
    assert run("plan", "event.md").exit_code == 0


def test_a_page_and_a_comment_are_written(run: Run, folder: Path) -> None:
    """--html writes the page beside the usual output, --markdown prints a comment in its place."""
    assert "digest" in run("plan", "event.md", "--html", "plan.html").stdout
    assert "The telescope" in (folder / "plan.html").read_text(encoding="utf-8")
    comment = run("plan", "event.md", "--markdown").stdout
    assert comment.startswith("## `Open doors`: it can be published")
    assert "| `town` | plaza | 2 texts, 2 photos | none |" in comment
    assert run("plan", "event.md", "--markdown", "--json").exit_code == 2


def test_the_requests_of_a_rehearsal_are_listed_with_secrets_as_names(run: Run, run_json: RunJson, folder: Path) -> None:
    """--requests tells what every channel would send, byte for byte in JSON, and publishes nothing."""
    result = run("plan", "event.md", "--requests")
    assert result.exit_code == 0
    assert "Bearer <env:TOWN_TOKEN>" in result.stdout
    assert "Bearer <env:SOCIALCAST_VILLAGE_TOKEN>" in result.stdout
    assert "digest " in result.stdout
    told = run_json("plan", "event.md", "--requests")["requests"]
    assert {channel: share["rehearsal"] for channel, share in told.items()} == {"town": "published", "village": "published"}
    bodies = [content["text"] for request in told["village"]["sent"] for content in request.get("body", ()) if "text" in content]
    assert any("there is hot soup" in body for body in bodies)
    assert not list(folder.rglob("ledger*"))


def test_a_refused_rehearsal_says_why_nothing_is_listed(run: Run, edit: Edit) -> None:
    """Where an error stops the plan there is no request, and the reason stands in their place."""
    edit("event.md", "alt: The roof", "caption: The roof")
    result = run("plan", "event.md", "--requests")
    assert result.exit_code == 1
    assert "town (plaza): 0 requests; the rehearsal ended refused: error photos.alt_missing" in result.stdout
