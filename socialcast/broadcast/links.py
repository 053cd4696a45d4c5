"""The addresses that a channel's post is composed with, once others have published theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from socialcast.model.announcement import Announcement
from socialcast.publisher import Publisher

__all__ = ["is_page", "links_for"]


def links_for(name: str, given: Mapping[str, Mapping[str, str]], pages: Collection[str]) -> dict[str, str]:
    """What the others give to that channel, by kind, the first that gives a kind deciding.

    No host waited for another's address, so that it knows only that there is one; those of `pages` were known beforehand.
    """
    is_host = bool(given.get(name)) and name not in pages
    links: dict[str, str] = {}
    for other, addresses in given.items():
        if other != name:
            links = {**(addresses if not is_host or other in pages else dict.fromkeys(addresses, "")), **links}
    return links


def is_page(publisher: Publisher, announcement: Announcement, given: Mapping[str, str], *, required: bool) -> bool:
    """Whether the channel's addresses were known before anything was prepared; one that may fail promised none."""
    return required and bool(given) and set(given.values()) <= set(publisher.foreseen(announcement).values())
