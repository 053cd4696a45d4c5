"""Every Python example of the documentation runs, against the sandbox."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from socialcast import Broadcast, load_announcement
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import picture

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [
    pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
]


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name, where channels files lead into the sandbox."""
    (tmp_path / "channels.toml").write_text('[channels.news]\nplatform = "x"\npolicy = "adapt"\n')
    (tmp_path / "photos").mkdir()
    for name in ("dome.jpg", "photos/dome.jpg"):
        (tmp_path / name).write_bytes(picture(0).data or b"")
    from_file = Broadcast.from_file

    def into_the_sandbox(path: str, **options: Any) -> Broadcast:
        return from_file(path, sandbox=sandbox, **options)

    monkeypatch.setattr(Broadcast, "from_file", into_the_sandbox)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_run(code: str, folder: Path, sandbox: Sandbox) -> None:
    """An example that a reader copies does what the page says."""
    names: dict[str, Any] = {"sandbox": sandbox}
    exec(compile(code, "example", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test(sandbox, folder)
    if "publish" in code:
        assert sandbox.mirror("x").cards()


def test_the_example_announcement_of_the_guide_loads(tmp_path: Path) -> None:
    """The announcement that the guide shows is one."""
    page = (ROOT / "docs" / "guides" / "announcements.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```markdown\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "open-doors.md").write_text(shown, encoding="utf-8")
    announcement = load_announcement(tmp_path / "open-doors.md")
    assert announcement.key == "open-doors"
    assert announcement.photos[0].licence == "CC-BY-4.0"
    assert announcement.body.startswith("The **long story**")
