"""The channels file and the secrets it points to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from socialcast import Channel, ConfigurationError
from socialcast.wire.secrets import MissingSecret, Redactor, Secret
from socialcast.wire.settings import Policy, read_channels, resolve_settings


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    token: Secret
    spare: Secret | None = None
    at_once: int = 8
    page: str = ""


def channels_file(folder: Path, text: str) -> Path:
    file = folder / "channels.toml"
    file.write_text(text)
    return file


def resolved(**settings: object) -> Settings:
    return resolve_settings(Settings, Channel(name="news", platform="x", settings=settings))


def test_several_accounts_of_one_platform(tmp_path: Path) -> None:
    """A platform may appear under any number of names, in the file's order."""
    file = channels_file(
        tmp_path, '[channels.news]\nplatform = "x"\n[channels.jobs]\nplatform = "x"\nrequired = false\npolicy = "adapt"\n'
    )
    news, jobs = read_channels(file).channels
    assert (news.name, news.required, news.policy) == ("news", True, Policy.REFUSE)
    assert (jobs.name, jobs.required, jobs.policy) == ("jobs", False, Policy.ADAPT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no channel"),
        ("[channels", "not valid TOML"),
        ("[chanels.news]\nplatform='x'", "unknown setting 'chanels': did you mean 'channels'"),
        ("[channels.news]\nrequired=true", "needs a platform"),
        ('[channels.news]\nplatform="x"\nrequired="yes"', "required should be true or false, and is text"),
        ('[channels.news]\nplatform="x"\npolicy="adopt"', "policy cannot be 'adopt': it is one of refuse, adapt, skip"),
        ('[channels.news]\nplatform="x"\naudience="journalists"', "audience cannot be 'journalists': it is one of public, press"),
        ('[channels."a b"]\nplatform="x"', "letters, digits"),
        ('[channels.news]\nplatform="x"\nphotos.more="collage"', "photos.more cannot be 'collage': it is one of "),
        ('[channels.news]\nplatform="x"\nvideo.adopt=true', "video has no field 'adopt'"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    """Each error names the file and what to write instead."""
    with pytest.raises(ConfigurationError, match=message):
        read_channels(channels_file(tmp_path, text))


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ConfigurationError, match=r"cannot read the channels file .*nowhere.toml: No such file"):
        read_channels(tmp_path / "nowhere.toml")


def test_secrets_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes from the environment, from a file beside the channels file, or by convention."""
    monkeypatch.setenv("TOKEN", "from env")
    (tmp_path / "token").write_text("from file\n")
    assert resolved(token="env:TOKEN").token.reveal() == "from env"
    channel = Channel(name="news", platform="x", settings={"token": "file:token"}, folder=tmp_path)
    assert resolve_settings(Settings, channel).token.reveal() == "from file"
    monkeypatch.setenv("SOCIALCAST_NEWS_TOKEN", "by convention")
    assert resolved().token.reveal() == "by convention"
    monkeypatch.setenv("SOCIALCAST_NEWS_AT_ONCE", "16")
    assert resolved().at_once == 16


def test_secrets_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes from the system's keyring by its name."""
    keyring = pytest.importorskip("keyring")

    class Ring(keyring.backend.KeyringBackend):  # type: ignore[misc]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return "from keyring" if (service, username) == ("socialcast", "news") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    previous = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        assert resolved(token="keyring:news").token.reveal() == "from keyring"
        with pytest.raises(MissingSecret, match="no such entry"):
            resolved(token="keyring:other")
    finally:
        keyring.set_keyring(previous)


def test_missing_secrets_say_where_they_were_sought(tmp_path: Path) -> None:
    """Each way of missing a secret names the place and the way to mend it."""
    with pytest.raises(MissingSecret, match="SOCIALCAST_NEWS_TOKEN"):
        resolved()
    with pytest.raises(MissingSecret, match="environment variable NOWHERE is not set"):
        resolved(token="env:NOWHERE")
    with pytest.raises(MissingSecret, match="that file cannot be read"):
        resolved(token="file:nowhere")


def test_a_secret_in_plain_sight_is_refused_unseen() -> None:
    """A literal secret in the channels file is an error that does not repeat it."""
    with pytest.raises(ConfigurationError, match="in plain sight") as caught:
        resolved(token="sandbox-plain-token")
    assert "sandbox-plain-token" not in str(caught.value)


def test_unknown_settings_suggest_the_nearest() -> None:
    """A misspelt setting names the right one."""
    with pytest.raises(ConfigurationError, match="unknown setting 'at_onse': did you mean 'at_once'"):
        resolved(token="env:PATH", at_onse=3)


def test_wrong_types_name_the_place() -> None:
    """A value of the wrong type names channel and field."""
    with pytest.raises(ConfigurationError, match="channel 'news': at_once should be a number, and is text"):
        resolved(token="env:PATH", at_once="many")


def test_a_plan_needs_no_secret() -> None:
    """Where nothing is sent, missing secrets are blank."""
    channel = Channel(name="news", platform="x", settings={"token": "env:NOWHERE"})
    settings = resolve_settings(Settings, channel, blank_missing_secrets=True)
    assert settings.token.reveal() == ""
    assert settings.spare is None


def test_a_sandbox_run_reads_no_real_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """With credentials given, neither the environment nor a file is asked for any secret."""
    monkeypatch.setenv("SOCIALCAST_NEWS_SPARE", "real")
    settings = resolve_settings(
        Settings, Channel(name="news", platform="x", settings={"token": "file:/etc/hostname"}), given={"token": "sandbox"}
    )
    assert settings.token.reveal() == "sandbox"
    assert settings.spare is None


def test_a_sandbox_without_credentials_reads_no_real_secret_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that gives an account nothing is no reason to send it the real token."""
    monkeypatch.setenv("SOCIALCAST_NEWS_TOKEN", "real")
    with pytest.raises(ConfigurationError, match="lacks token"):
        resolve_settings(Settings, Channel(name="news", platform="x"), given={})


def test_secrets_show_themselves_nowhere() -> None:
    """Neither repr, str nor a redacted text holds the value."""
    secret = Secret("sandbox-token-1")
    settings = Settings(token=secret)
    assert "sandbox-token-1" not in f"{secret} {secret!r} {settings!r}"
    assert Redactor([secret]).redact("Authorization: sandbox-token-1!") == "Authorization: ***!"


def test_all_missing_secrets_of_a_channel_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who forgot two tokens learns of both, and a plan is made without either."""
    channel = Channel(name="news", platform="x", settings={"token": "env:NOWHERE", "page": "env:NOWHERE_EITHER"})
    with pytest.raises(MissingSecret, match=r"(?s)NOWHERE is not set.*NOWHERE_EITHER is not set"):
        resolve_settings(Settings, channel)
    assert resolve_settings(Settings, channel, blank_missing_secrets=True).page == ""
    monkeypatch.setenv("NOWHERE", "sandbox-token")
    monkeypatch.setenv("NOWHERE_EITHER", "Doors")
    assert resolve_settings(Settings, channel).page == "Doors"


def test_channels_that_the_environment_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    """Two names for one variable would publish with each other's secrets."""
    text = '[channels.news-de]\nplatform = "x"\n[channels.news_de]\nplatform = "x"\n'
    (tmp_path / "channels.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'news-de' and 'news_de' would both read SOCIALCAST_NEWS_DE_"):
        read_channels(tmp_path / "channels.toml")


def test_a_secret_is_known_in_an_address_too() -> None:
    """What stands percent-encoded in a form or an address is blanked out as well."""
    redact = Redactor([Secret("key/with=signs+and spaces")]).redact
    told = "a=key%2Fwith%3Dsigns%2Band%20spaces b=key%2Fwith%3Dsigns%2Band+spaces c=key/with=signs+and spaces"
    assert redact(told) == "a=*** b=*** c=***"
