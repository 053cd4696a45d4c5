"""The example event from its publication to its retraction, as the press office does it on the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from socialcast.sandbox import Sandbox
from tests.browser import chromium

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = "open-doors-2036"
_EMPTY_PAGE_BYTES = 50_000  # and more: a picture of nothing but white
UNEDITABLE = ("x", "bluesky")  # posts there are corrected by a reply

Run = Callable[..., Result]


@pytest.fixture
def office(folder: Path, run: Run, sandbox: Sandbox, sandbox_time: None) -> Run:
    """The program, in a folder with the example event and all of its channels."""
    shutil.copytree(EXAMPLES / "open-doors", folder / "open-doors")
    channels = (EXAMPLES / "channels.toml").read_text(encoding="utf-8")
    for platform in UNEDITABLE:
        channels = channels.replace(f'platform = "{platform}"', f'platform = "{platform}"\ncorrection = "reply"')
    (folder / "channels.toml").write_text(channels, encoding="utf-8")
    return lambda command, *words: run(command, *words, "--sandbox", sandbox.url)


def test_from_publication_to_retraction(
    office: Run, edit: Callable[[str, str, str], None], folder: Path, sandbox: Sandbox
) -> None:
    """Published everywhere; a visitor's comment is answered; a mistake is corrected; a change by hand is found; the report
    shows all of it; and at the end everything is taken back but what platforms keep."""
    assert office("publish", "open-doors/event.md").exit_code == 0
    film = sandbox.mirror("youtube").cards()[0]
    asked = sandbox.act("youtube", "reply", "Ann Visitor", film.id, "Are dogs welcome?")
    assert "Are dogs welcome?" in office("replies", KEY, "--waiting").output
    for said in ("answered", "answered before"):
        assert said in office("answer", asked, "On a lead, yes.").output
    assert "Are dogs welcome?" not in office("replies", KEY, "--waiting").output

    edit("open-doors/event.md", "10:00", "09:30")
    corrected = office("correct", "open-doors/event.md", "--yes")
    assert corrected.exit_code == 0, corrected.output
    said = [card.text for card in sandbox.mirror("x").cards()]
    assert any(text.startswith("Correction: On Saturday") and "from 09:30 to 17:00" in text for text in said)
    assert office("audit", KEY).exit_code == 0
    page = next(card for card in sandbox.mirror("facebook").cards() if card.account == "page")
    sandbox.act("facebook", "edit", "page", page.id, page.text.replace("Admission is free", "Admission is 5 francs"))
    audited = office("audit", KEY)
    assert audited.exit_code == 3
    assert "5 francs" in audited.output

    office("metrics", KEY)
    told = office("report", KEY, "--html", "report.html").output
    assert all(words in told for words in ("corrected", "5 francs"))
    picture = folder / "report.png"
    chromium(folder / "profile", (folder / "report.html").as_uri(), f"screenshot={picture}", "window-size=1000,3000")
    assert picture.stat().st_size > _EMPTY_PAGE_BYTES

    taken_back = office("retract", KEY, "--yes", "--json")
    assert taken_back.exit_code == 3
    channels: dict[str, Any] = json.loads(taken_back.stdout)["channels"]
    assert {name for name, outcome in channels.items() if outcome["left"]} == {"stream", "wiki"}
