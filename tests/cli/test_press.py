"""What the guide shows of an announcement for the press is what the command prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "channels-file.md").read_text(encoding="utf-8")
CHANNELS = """
[channels.journalists]
platform = "email"
audience = "press"
host = "smtp.example.org"
sender = "Press office <press@example.org>"
recipients = "journalists.txt"

[channels.news]
platform = "x"
"""
STOPPED, SKIPPED = re.findall(r"^\$ socialcast publish briefing\.md\n(.*?)```", GUIDE, re.MULTILINE | re.DOTALL)


def without_times(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "(time)", text)


@pytest.mark.parametrize(("policy", "exit_code", "shown"), [("refuse", 1, STOPPED), ("skip", 0, SKIPPED)])
def test_a_public_channel_is_refused_or_left_out_in_the_words_of_the_guide(
    run: Run, folder: Path, policy: str, exit_code: int, shown: str
) -> None:
    """The page and the program say the same, and a public channel gets nothing for the press."""
    (announcement,) = re.findall(r"^```markdown\n(---\ntitle: Briefing.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
    (folder / "briefing.md").write_text(announcement, encoding="utf-8")
    (folder / "channels.toml").write_text(f'{CHANNELS}policy = "{policy}"\n', encoding="utf-8")
    result = run("publish", "briefing.md", "--sandbox")
    assert without_times(result.stdout) == without_times(shown)
    assert result.exit_code == exit_code
