"""The house keeps its own rules: one name everywhere, lazy imports, an exact public surface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import socialcast
from socialcast.compose.preflight import READ_BY_RULES
from socialcast.model.capabilities import Capabilities
from socialcast.registry import platforms, publisher_class

ROOT = Path(__file__).parents[2]
OURS = {"x", "flickr", "mediawiki", "facebook", "youtube", "rtmp", "vimeo", "newsroom", "bluesky", "email", "mastodon", "matrix"}
AHEAD: set[str] = set()  # mirrors whose publishers are being made, against them
INFORMATIONAL = {  # read by people, publishers and the orchestrator, and not by a preflight rule
    "documented",
    "checked",
    "notes",
    "recovery",
    "retract",
    "embargo",
    "captions",
    "album",
    "gives",
    "edits",
    "continues",
    "replies",
    "inspects",
    "interrupts",
    "metrics",
    "permalink",
    "shows_live",
}


def names(folder: Path, pattern: str, prefix: str = "", suffix: str = "") -> set[str]:
    found = {path.name.removesuffix(".py").removesuffix(".md").removeprefix(prefix) for path in folder.glob(pattern)}
    return {name for name in found if not name.startswith("_") and name not in ("index", "conftest")}


def test_one_name_everywhere() -> None:
    """Every publisher has a mirror, tests of both, and a page, all of the same name."""
    package = Path(socialcast.__file__).parent
    assert names(package / "publishers", "[a-z]*") == OURS
    assert names(package / "sandbox" / "platforms", "[a-z]*") == OURS | AHEAD
    assert names(ROOT / "docs" / "channels", "*.md") == OURS
    assert names(ROOT / "tests" / "publishers", "test_*.py", "test_") >= OURS
    assert names(ROOT / "tests" / "sandbox", "test_*.py", "test_") >= OURS


def test_the_registry_has_them_all() -> None:
    """Every platform of ours is registered under its own name."""
    assert set(platforms()) >= OURS
    assert {publisher_class(name).name for name in OURS} == OURS


def test_every_capability_is_read() -> None:
    """Each group of the table is read by a preflight rule or listed as informational."""
    groups = {path.partition(".")[0] for path in READ_BY_RULES} | INFORMATIONAL
    assert set(Capabilities.__struct_fields__) == groups


@pytest.mark.parametrize("name", sorted(OURS))
def test_recovery_is_stated(name: str) -> None:
    """Each publisher names its marker and when absence is believed."""
    recovery = publisher_class(name).capabilities.recovery
    assert recovery.marker
    assert recovery.lost_ledger
    assert recovery.settle_seconds == tuple(sorted(recovery.settle_seconds))


def test_the_public_names_exist() -> None:
    """Every public name can be imported, and nothing else is public."""
    for name in socialcast.__all__:
        assert getattr(socialcast, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Brodcast'"):
        _ = socialcast.Brodcast


HEAVY = ("tweepy", "flickrapi", "mwclient", "requests", "PIL", "rich", "yaml", "keyring", "msgspec", "werkzeug", "sqlite3")


def test_importing_is_free() -> None:
    """`import socialcast` imports nothing heavy."""
    code = f"import socialcast, sys; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_channel_imports_its_own_library_alone(tmp_path: Path) -> None:
    """Planning on one platform imports no other platform's client library."""
    (tmp_path / "channels.toml").write_text('[channels.wiki]\nplatform = "mediawiki"\nurl = "https://wiki.example.org/w/api.php"\n'
                                            'contact = "press@example.org"\nmode = "edit"\npage = "Doors"\n')  # fmt: skip
    code = (
        "import sys\nfrom socialcast import Announcement, Broadcast\n"
        f"Broadcast.from_file({str(tmp_path / 'channels.toml')!r}).plan(Announcement(text='x'))\n"
        "print([name for name in ('tweepy', 'flickrapi', 'werkzeug', 'rich', 'keyring') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_changelog_knows_the_version() -> None:
    """The changelog has an Unreleased section, and names every released version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text


@pytest.mark.parametrize("page", ["extending.md", "guides/python.md", "channels/index.md"])
def test_generated_pages_have_their_blocks(page: str) -> None:
    """The pages that are filled from code have closed blocks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text.count("<!-- generated: ") == text.count("<!-- /generated -->") > 0
