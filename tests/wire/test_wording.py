"""A channel's language, time zone and template are checked when the channels file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialcast import Announcement, Broadcast, ConfigurationError
from socialcast.wire.settings import read_channels
from socialcast.wire.wording import Wording


def read(folder: Path, line: str) -> Wording:
    file = folder / "channels.toml"
    file.write_text(f'[channels.news]\nplatform = "x"\n{line}\n', encoding="utf-8")
    return read_channels(file).channels[0].wording


def test_wording_is_read_beside_the_settings(tmp_path: Path) -> None:
    """The four options stand in the channel's table, whatever its platform."""
    lines = (
        'language = "fr-CH"',
        'time_zone = "Europe/Zurich"',
        r'template = "{title}\n{link}"',
        "numbered = true",
        'reply_settings = "everyone"',
    )
    wording = read(tmp_path, "\n".join(lines))
    assert wording == Wording(language="fr-CH", time_zone="Europe/Zurich", template="{title}\n{link}", numbered=True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('template = "{titel}"', r"\{titel\} is no field.*did you mean 'title'"),
        ('template = "{title!r}"', "did you mean 'title'"),
        ('template = "{text.__class__}"', "did you mean 'text'"),
        ('template = "{ title }"', "did you mean 'title'"),
        ('template = "{}"', "known are: album, credit"),
        ('template = "{{ title }}"', "a brace begins or ends the name of a field"),
        ('template = "{title"', "a brace begins or ends"),
        ('template = "{% for tag in tags %}{tag}{% endfor %}"', "no loops"),
        ('template = "{template}"', "no field"),
        ('time_zone = "Europe/Zürich"', "did you mean 'Europe/Zurich'"),
        ('time_zone = "../../etc/passwd"', "there is no time zone"),
        ('language = "french"', "'french' is no tag of a language"),
        ("numbered = 1", "numbered should be true or false"),
        ('langage = "fr"', "did you mean 'language'"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    """Before anything is composed, with the channel and the nearest right name."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, line)
        Broadcast.from_file(tmp_path / "channels.toml").plan(Announcement(text="Doors open."))
    assert "news" in str(caught.value)
    assert "$" not in str(caught.value)


def test_a_wiki_has_no_use_for_a_template(tmp_path: Path) -> None:
    """Where a page is written and no post, a template is refused and not passed over."""
    file = tmp_path / "channels.toml"
    file.write_text(
        '[channels.wiki]\nplatform = "mediawiki"\nurl = "https://wiki.example.org/w/api.php"\ncontact = "press@example.org"\n'
        'page = "Doors"\ntemplate = "{title}"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="mediawiki has no use for template"):
        Broadcast.from_file(file).plan(Announcement(text="Doors open."))
