"""Announcement files: what people write, read strictly and kept inside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialcast import Announcement, ConfigurationError, Link, PhotoWords, VideoWords, Words, load_announcement

MARKDOWN = """---
title: Open doors
text: Come and see.
link: https://example.org
photos:
  - path: hall.jpg
    alt: The hall
tags: [doors, open]
embargo: 2026-12-05T08:00:00+01:00
channels:
  news: {text: Come!}
---
The long story.
"""


def write(folder: Path, name: str, text: str) -> Path:
    (folder / "hall.jpg").write_bytes(b"pixels")
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_all_formats_say_the_same(tmp_path: Path) -> None:
    """Markdown with either front matter, TOML and JSON give equal announcements."""
    toml = (
        'title = "Open doors"\ntext = "Come and see."\nlink = "https://example.org"\ntags = ["doors", "open"]\n'
        "embargo = 2026-12-05T08:00:00+01:00\n"
    )
    tables = '[[photos]]\npath = "hall.jpg"\nalt = "The hall"\n[channels.news]\ntext = "Come!"\n'
    json = (
        '{"title": "Open doors", "text": "Come and see.", "body": "The long story.", "link": {"url": "https://example.org"},'
        ' "photos": [{"path": "hall.jpg", "alt": "The hall"}], "tags": ["doors", "open"],'
        ' "embargo": "2026-12-05T08:00:00+01:00", "channels": {"news": {"text": "Come!"}}}'
    )
    files = [
        write(tmp_path, "event.md", MARKDOWN),
        write(tmp_path, "event.markdown", f"+++\n{toml}{tables}+++\nThe long story.\n"),
        write(tmp_path, "event.toml", f'body = "The long story."\n{toml}{tables}'),
        write(tmp_path, "event.json", json),
    ]
    first, *others = [load_announcement(file) for file in files]
    assert first.key == "event"
    assert first.link == Link("https://example.org")
    assert first.photos[0].path == str((tmp_path / "hall.jpg").resolve())
    assert first.body == "The long story."
    assert all(other == first for other in others)
    assert all(other.digest == first.digest for other in others)


def test_a_file_without_front_matter_is_its_text(tmp_path: Path) -> None:
    """Plain Markdown is the text of the announcement, its key the file's stem."""
    assert load_announcement(write(tmp_path, "note.md", "Doors open.\n")) == Announcement(key="note", text="Doors open.")


def test_an_explicit_key_wins(tmp_path: Path) -> None:
    """A key in the file stands against the file's name."""
    assert load_announcement(write(tmp_path, "event.md", "---\nkey: davos-2026\ntext: x\n---\n")).key == "davos-2026"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("event.md", "---\ntitel: x\n---\n", "event.md: unknown field `titel`: did you mean 'title'"),
        (
            "event.md",
            "---\nphotos: [{path: hall.jpg, alttext: x}]\n---\n",
            "event.md: photos.0. has the unknown field `alttext`: did you mean 'alt'",
        ),
        ("event.md", "---\ntext: [1]\n---\n", "text should be text, and is a list"),
        ("event.md", "---\ntext: x\n", "no closing ---"),
        ("event.md", "---\ntext: 'x\n---\n", "not valid YAML"),
        ("event.md", "---\n- x\n---\n", "list of fields"),
        ("event.md", "---\nembargo: 2026-12-05T08:00:00\n---\n", "no time zone"),
        ("event.md", "---\nembargo: tomorrow\n---\n", "embargo should be a time with its zone, such as"),
        ("event.md", "---\nlive: {starts_at: 2026-12-05}\n---\n", r"live.starts_at should be a time with .* and is a date"),
        ("event.md", "---\nphotos: 3\n---\n", "photos should be a list, and is a number"),
        ("event.md", "---\nphotos: [{alt: x}]\n---\n", r"photos\[0\] needs a path"),
        ("event.md", '---\nkey: "a\\r\\nb"\n---\n', "characters that cannot be printed"),
        ("event.md", '---\nlanguage: "en\\r\\nBcc: x"\n---\n', "is no tag of a language"),
        ("event.md", "---\naudience: friends\n---\n", "audience cannot be 'friends': it is one of public, press"),
        ("event.toml", "text = ", "Invalid value"),
        ("event.json", "[1]", "holds no fields"),
        ("event.json", "{", "event.json"),
        ("event.txt", "x", "is a .md, .toml or .json file"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, name: str, text: str, message: str) -> None:
    """Each error names the file, the field, and what is meant."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_announcement(write(tmp_path, name, text))
    assert name in str(caught.value)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ConfigurationError, match=r"cannot read the announcement .*event.md: No such file"):
        load_announcement(tmp_path / "event.md")


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused with the place of the first wrong byte."""
    (tmp_path / "event.md").write_bytes("---\ntext: Zürich\n---\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not UTF-8 text"):
        load_announcement(tmp_path / "event.md")


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/hostname", "inside/../../secret.jpg"])
def test_paths_stay_inside_the_folder(tmp_path: Path, path: str) -> None:
    """A path that leads out of the announcement's folder is refused."""
    folder = tmp_path / "event"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    with pytest.raises(ConfigurationError, match="leads out of the announcement's folder"):
        load_announcement(write(folder, "event.md", f"---\nphotos: ['{path}']\n---\n"))


def test_links_do_not_lead_out_either(tmp_path: Path) -> None:
    """A symbolic link to a file elsewhere is refused."""
    folder = tmp_path / "event"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (folder / "photo.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(ConfigurationError, match="leads out of the announcement's folder"):
        load_announcement(write(folder, "event.md", "---\nphotos: [photo.jpg]\n---\n"))


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ("video: {path: hall.mp4, subtitles: [{path: ../../etc/passwd}]}", r"video.subtitles\[0\]"),
        ("video: {path: hall.mp4, poster: ../../etc/passwd}", "video.poster"),
        ("live: {starts_at: 2036-12-06T13:00:00+01:00, poster: {path: ../../etc/passwd}}", "live.poster"),
    ],
)
def test_every_file_stays_inside(tmp_path: Path, fields: str, where: str) -> None:
    """What holds for photos holds for every file that an announcement names."""
    with pytest.raises(ConfigurationError, match=f"{where}.*leads out"):
        load_announcement(write(tmp_path, "event.md", f"---\n{fields}\n---\n"))


def test_variants_and_languages_are_read_in_their_short_forms(tmp_path: Path) -> None:
    """A word for a language says the text of the announcement, the alt text of a photo and of a video."""
    (tmp_path / "event.md").write_text(
        "---\ntext: Doors open.\nshort: Open.\n"
        "photos:\n  - {path: hall.jpg, alt: Hall, texts: {fr: La salle, de: {alt: Der Saal, caption: Voll}}}\n"
        "video: {path: film.mp4, alt: Film, texts: {fr: Le film}, poster: {path: hall.jpg, texts: {fr: La salle}}}\n"
        "texts:\n  fr: La coupole s'ouvre.\n  de: {text: Offen., link: https://example.org/de}\n---\n",
        encoding="utf-8",
    )
    said = load_announcement(tmp_path / "event.md")
    assert said.short == "Open."
    assert said.texts == {
        "fr": Words(text="La coupole s'ouvre."),
        "de": Words(text="Offen.", link=Link("https://example.org/de")),
    }
    assert said.photos[0].texts == {"fr": PhotoWords(alt="La salle"), "de": PhotoWords(alt="Der Saal", caption="Voll")}
    assert said.video is not None
    assert said.video.texts == {"fr": VideoWords(alt="Le film")}
    assert said.video.poster is not None
    assert said.video.poster.texts == {"fr": PhotoWords(alt="La salle")}
    assert Announcement.from_json(said.to_json()) == said


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("texts: {fr: {txt: x}}", "unknown field `txt`.*did you mean 'text'"),
        ("photos: [{path: hall.jpg, texts: {fr: {al: x}}}]", "unknown field `al`.*did you mean 'alt'"),
        ("texts: {french: x}", "texts.french: 'french' is no tag of a language"),
        ("texts: {en: x}", "en is the announcement's own language"),
        ("texts: [fr]", "texts should be a table"),
        ("short: 5", "short should be text"),
    ],
)
def test_wrong_variants_are_explained(tmp_path: Path, front: str, message: str) -> None:
    """Each with the field and what is meant."""
    (tmp_path / "event.md").write_text(f"---\ntext: Doors open.\n{front}\n---\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_announcement(tmp_path / "event.md")
