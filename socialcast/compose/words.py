"""The few words that are said to the press besides the author's own, in the languages we speak; others read English."""

from __future__ import annotations

from collections.abc import Mapping

from socialcast.compose.dates import moment_in_words
from socialcast.model.post import Post

__all__ = ["embargo_line", "speak"]

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


def embargo_line(post: Post, time_zone: str) -> str:
    """Until when the post is under embargo, in its language; empty where it is not."""
    if post.embargo is None:
        return ""
    return speak(post.language)["embargo"].format(moment=moment_in_words(post.embargo, post.language, time_zone))
