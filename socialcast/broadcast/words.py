"""The few words that posts say by themselves, in the languages we speak; others hear English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["correction_words", "live_words", "withdrawal_words"]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"start": "Live now: {title}", "end": "The live stream has ended: {title}", "replay": "Watch the recording: {title}"},
    "de": {"start": "Jetzt live: {title}", "end": "Die Übertragung ist zu Ende: {title}", "replay": "Zum Nachsehen: {title}"},
    "fr": {"start": "En direct : {title}", "end": "Le direct est terminé : {title}", "replay": "À revoir : {title}"},
    "es": {"start": "En directo: {title}", "end": "La emisión ha terminado: {title}", "replay": "Vuelve a verlo: {title}"},
    "it": {"start": "In diretta: {title}", "end": "La diretta è finita: {title}", "replay": "Da rivedere: {title}"},
}

_CORRECTION: Mapping[str, str] = {
    "en": "Correction: {text}",
    "de": "Richtigstellung: {text}",
    "fr": "Rectificatif : {text}",
    "es": "Rectificación: {text}",
    "it": "Rettifica: {text}",
}

_WITHDRAWAL: Mapping[str, str] = {
    "en": "Withdrawn, please do not use: {title}",
    "de": "Zurückgezogen, bitte nicht verwenden: {title}",
    "fr": "Retiré, merci de ne pas l’utiliser : {title}",
    "es": "Retirado, les rogamos que no lo utilicen: {title}",
    "it": "Ritirato, si prega di non utilizzare: {title}",
}


def correction_words(language: str, text: str) -> str:
    """The text as a correction of what was said before."""
    return _CORRECTION.get(_main(language), _CORRECTION["en"]).format(text=text)


def withdrawal_words(language: str, title: str) -> str:
    """That what was said before is taken back, for those who keep a copy of it."""
    return _WITHDRAWAL.get(_main(language), _WITHDRAWAL["en"]).format(title=title)


def live_words(language: str, moment: str, title: str, url: str) -> str:
    """What to say at "start", "end" or "replay"; the address follows unless the event is over."""
    words = _WORDS.get(_main(language), _WORDS["en"])[moment].format(title=title or url)
    return words if moment == "end" or not title else f"{words}\n{url}"


def _main(language: str) -> str:
    return language.partition("-")[0].lower()
