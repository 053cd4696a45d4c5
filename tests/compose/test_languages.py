"""Each channel says the announcement in its own language, and what it does not say is named."""

from __future__ import annotations

import msgspec
import pytest

from socialcast import Announcement, ConfigurationError, Live, Override, Photo, Video
from socialcast.compose.languages import about_language
from socialcast.compose.preflight import check
from socialcast.compose.render import render
from socialcast.model.announcement import LiveWords, PhotoWords, VideoWords, Words
from socialcast.model.languages import best_language
from socialcast.publishers.x.tables import CAPABILITIES
from socialcast.testing.stage import picture
from socialcast.wire.settings import Policy
from socialcast.wire.wording import Wording

DOORS = Announcement(
    title="Open doors",
    text="The dome opens.",
    short="Doors open.",
    body="The **long** story.",
    link="https://example.org/en",
    tags=["doors"],
    photos=[Photo(picture(1).data, alt="The dome", caption="At dusk", texts={"fr": PhotoWords(alt="La coupole")})],
    video=Video(b"film", alt="The doors open", texts={"fr": VideoWords(alt="Les portes s'ouvrent", title="Portes")}),
    live=Live("https://example.org/live", title="Live", texts={"fr": LiveWords(title="En direct")}),
    texts={"fr": Words(title="Portes ouvertes", text="La coupole s'ouvre.", tags=("portes",)), "pt-BR": Words(text="Abre.")},
)


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [("", ""), ("fr", "fr"), ("FR", "fr"), ("fr-CH", "fr"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("en-GB", "en"), ("de", "")],
)
def test_the_nearest_language_is_found(wanted: str, spoken: str) -> None:
    """The same one, a wider one, or one of its family."""
    assert best_language(wanted, ["en", "fr", "pt-BR"]) == spoken


def test_a_channel_speaks_its_language_everywhere() -> None:
    """Text, title, tags, alt texts, video and live event; the link is the same where no other is given."""
    said = DOORS.for_channel("news", "fr-CH")
    assert (said.language, said.title, said.text, said.tags) == ("fr", "Portes ouvertes", "La coupole s'ouvre.", ("portes",))
    assert said.link == DOORS.link
    assert said.photos[0].alt == "La coupole"
    assert said.video == Video(b"film", alt="Les portes s'ouvrent", title="Portes")
    assert said.live == Live("https://example.org/live", title="En direct")
    assert (said.short, said.body, said.photos[0].caption) == ("", "", "")  # no English in a French post


def test_a_poster_is_described_in_that_language_too() -> None:
    """It is a photo, and may be shown as one."""
    poster = Photo(b"poster", alt="The dome", texts={"fr": PhotoWords(alt="La coupole")})
    said = Announcement(text="x", video=Video(b"film", poster=poster), texts={"fr": Words(text="x")}).for_channel("news", "fr")
    assert said.video == Video(b"film", poster=Photo(b"poster", alt="La coupole"))


def test_its_own_words_go_nowhere_else() -> None:
    """The post of another channel does not change with a French word."""
    said = DOORS.for_channel("news", "en")
    assert (said.text, said.photos[0].texts, said.texts) == (DOORS.text, {}, {})


def test_what_is_not_said_in_that_language_is_named() -> None:
    """Every path, in plan and receipt, without a policy: the author chose what to translate."""
    (told,) = about_language(DOORS, DOORS.for_channel("news", "fr"), "fr")
    assert (told.code, told.routine) == ("language.partly", True)
    assert told.message == "not said in 'fr', and so left out: body, 1 of the photos' captions"


def test_no_words_in_the_channels_language_needs_the_policy_adapt() -> None:
    """It is said in the announcement's own language, and that is named."""
    said = DOORS.for_channel("news", "de")
    assert (said.language, said.text) == ("en", "The dome opens.")
    (told,) = about_language(DOORS, said, "de")
    assert (told.code, told.routine) == ("language.missing", False)


def test_an_override_is_in_the_channels_language() -> None:
    """Who writes for one channel writes in its language, and the others are not asked for a variant."""
    said = Announcement(text="Doors open.", short="Open.", channels={"nouvelles": Override(text="Portes ouvertes.")})
    mine = said.for_channel("nouvelles", "fr")
    assert (mine.language, mine.text, mine.short) == ("fr", "Portes ouvertes.", "")
    assert list(about_language(said, mine, "fr")) == []


def test_alt_text_is_required_in_every_language() -> None:
    """A photo that is described in English alone is not described to those who read French."""
    silent = Announcement(text="The dome.", photos=[picture(1)], texts={"fr": Words(text="La coupole.")})
    made = render(silent, CAPABILITIES, {}, channel="nouvelles", platform="x", wording=Wording(language="fr"))
    (problem,) = check(made, CAPABILITIES, Policy.ADAPT)
    assert (problem.code, problem.path) == ("photos.alt_missing", "photos[0].alt")
    assert "'fr'" in problem.message
    decorative = Announcement(
        text="The dome.", photos=[Photo(picture(1).data, decorative=True)], texts={"fr": Words(text="La coupole.")}
    )
    made = render(decorative, CAPABILITIES, {}, channel="nouvelles", platform="x", wording=Wording(language="fr"))
    assert check(made, CAPABILITIES, Policy.ADAPT) == []


@pytest.mark.parametrize(("language", "message"), [("french", "no tag"), ("en", "own language"), ("EN", "own language")])
def test_a_variant_has_the_tag_of_another_language(language: str, message: str) -> None:
    """Anything else would never be said."""
    with pytest.raises(ConfigurationError, match=message):
        Announcement(text="Doors open.", texts={language: Words(text="Portes ouvertes.")})
    with pytest.raises(ConfigurationError, match=rf"photos\[0\].texts.{language}"):
        Announcement(text="x", photos=[Photo(b"x", alt="x", texts={language: PhotoWords(alt="x")})])


def test_the_key_is_the_same_in_every_language() -> None:
    """Without a key of its own an announcement is known by its content, whatever a channel says of it."""
    assert DOORS.for_channel("news", "fr").resolved_key == DOORS.resolved_key


def test_channels_of_one_language_share_its_photos() -> None:
    """A hundred channels hold the photos of each language once; none of them sees another's override."""
    first, second = (DOORS.for_channel(name, "fr") for name in ("news", "wall"))
    assert first.photos is second.photos
    changed = msgspec.structs.replace(DOORS, channels={"news": Override(title="Mine")})
    assert (changed.for_channel("news", "fr").title, changed.for_channel("wall", "fr").title) == ("Mine", second.title)
