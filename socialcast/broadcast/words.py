"""The few sentences that posts say about a live event, in the languages we speak; others hear English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["live_words"]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"start": "Live now: {title}", "end": "The live stream has ended: {title}", "replay": "Watch the recording: {title}"},
    "de": {"start": "Jetzt live: {title}", "end": "Die Übertragung ist zu Ende: {title}", "replay": "Zum Nachsehen: {title}"},
    "fr": {"start": "En direct : {title}", "end": "Le direct est terminé : {title}", "replay": "À revoir : {title}"},
    "es": {"start": "En directo: {title}", "end": "La emisión ha terminado: {title}", "replay": "Vuelve a verlo: {title}"},
    "it": {"start": "In diretta: {title}", "end": "La diretta è finita: {title}", "replay": "Da rivedere: {title}"},
}


def live_words(language: str, moment: str, title: str, url: str) -> str:
    """What to say at "start", "end" or "replay"; the address follows unless the event is over."""
    words = _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])[moment].format(title=title or url)
    return words if moment == "end" or not title else f"{words}\n{url}"
