"""The few words that a mail says by itself, in the languages we speak; others read English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["speak"]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"embargo": "Embargo until {moment}", "photo": "Photo"},
    "de": {"embargo": "Sperrfrist bis {moment}", "photo": "Foto"},
    "fr": {"embargo": "Sous embargo jusqu’au {moment}", "photo": "Photo"},
    "es": {"embargo": "Embargado hasta el {moment}", "photo": "Foto"},
    "it": {"embargo": "Sotto embargo fino a {moment}", "photo": "Foto"},
}


def speak(language: str) -> Mapping[str, str]:
    """The words in that language."""
    return _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])
