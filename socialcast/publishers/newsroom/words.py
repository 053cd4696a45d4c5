"""The few words that the pages say by themselves, in the languages we speak; others read English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Words", "speak"]

Words = Mapping[str, str]

_NAMES = (
    "scheduled", "live", "ended", "replay", "watch", "watch_replay", "starts", "ends", "photos", "credit", "licence", "more",
    "all", "older", "newest", "follow", "calendar", "withdrawn", "withdrawn_why", "skip", "whole", "published", "changed",
    "nothing", "subtitles",
)  # fmt: skip
_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Live event", "Live now", "The live event has ended", "Recording", "Watch live", "Watch the recording", "Starts", "Ends",
        "Photos", "Photo", "Licence", "More", "All announcements", "Archive", "Newest", "Follow", "Calendar of live events",
        "Withdrawn", "This announcement was withdrawn.", "Skip to the content", "In full size", "Published", "Changed",
        "Nothing has been announced yet.", "Subtitles",
    ),
    "de": (
        "Übertragung", "Jetzt live", "Die Übertragung ist zu Ende", "Aufzeichnung", "Live ansehen", "Aufzeichnung ansehen",
        "Beginn", "Ende", "Fotos", "Foto", "Lizenz", "Mehr", "Alle Mitteilungen", "Archiv", "Neueste", "Abonnieren",
        "Kalender der Übertragungen", "Zurückgezogen", "Diese Mitteilung wurde zurückgezogen.", "Zum Inhalt", "In voller Größe",
        "Veröffentlicht", "Geändert", "Noch ist nichts mitgeteilt.", "Untertitel",
    ),
    "fr": (
        "Direct", "En direct", "Le direct est terminé", "Enregistrement", "Voir le direct", "Voir l’enregistrement", "Début",
        "Fin", "Photos", "Photo", "Licence", "En savoir plus", "Toutes les annonces", "Archives", "Les plus récentes", "Suivre",
        "Calendrier des directs", "Retirée", "Cette annonce a été retirée.", "Aller au contenu", "En grand format", "Publié",
        "Modifié", "Rien n’a encore été annoncé.", "Sous-titres",
    ),
    "es": (
        "Directo", "En directo", "La emisión ha terminado", "Grabación", "Ver en directo", "Ver la grabación", "Comienza",
        "Termina", "Fotos", "Foto", "Licencia", "Más", "Todos los anuncios", "Archivo", "Los más recientes", "Seguir",
        "Calendario de directos", "Retirado", "Este anuncio ha sido retirado.", "Ir al contenido", "A tamaño completo",
        "Publicado", "Cambiado", "Aún no se ha anunciado nada.", "Subtítulos",
    ),
    "it": (
        "Diretta", "In diretta", "La diretta è finita", "Registrazione", "Guarda la diretta", "Guarda la registrazione", "Inizio",
        "Fine", "Foto", "Foto", "Licenza", "Di più", "Tutti gli annunci", "Archivio", "I più recenti", "Segui",
        "Calendario delle dirette", "Ritirato", "Questo annuncio è stato ritirato.", "Vai al contenuto", "A grandezza intera",
        "Pubblicato", "Modificato", "Non è stato ancora annunciato nulla.", "Sottotitoli",
    ),
}  # fmt: skip
_BY_LANGUAGE = {language: dict(zip(_NAMES, words, strict=True)) for language, words in _WORDS.items()}


def speak(language: str) -> Words:
    """The words in that language."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _BY_LANGUAGE["en"])
