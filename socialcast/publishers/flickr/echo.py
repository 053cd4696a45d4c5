"""What comes after photos on Flickr: how they are shown now, what else bears their marks, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from socialcast.compose.addresses import find_addresses
from socialcast.model.announcement import Photo, Video
from socialcast.model.echo import Metric
from socialcast.model.post import Post
from socialcast.model.receipt import Item
from socialcast.model.sight import Seen, SeenMedium, Sight
from socialcast.publishers.flickr import words
from socialcast.publishers.flickr.client import FlickrClient
from socialcast.publishers.flickr.licences import licence_names, shown_licence
from socialcast.publishers.flickr.tables import COUNTED_SINGLY, FlickrSettings

__all__ = ["Made", "Row", "album_of", "expected", "look", "made_of", "numbers", "shown_tags", "sight", "twins"]

_EXTRAS = "description,last_update,license,media,tags,views"
_SINGLY = 20  # as many photos are asked for one by one, before the whole photostream is listed
_HOME = "https://www.flickr.com/photos/"

Row = Mapping[str, Any]  # a photo or video as Flickr lists it


class Look(NamedTuple):
    """The album with the ids of what is in it, in its order, and every photo and video that is on the account, by id."""

    album: Mapping[str, Any] | None
    inside: tuple[str, ...]
    rows: Mapping[str, Row]


class Made(NamedTuple):
    """A photo or video of the receipt, what it was made of, the step that uploaded it, and a photo's number."""

    item: Item
    medium: Photo | Video
    step: str
    number: int | None


def album_of(items: Sequence[Item]) -> Item | None:
    """The album among them."""
    return next((item for item in items if item.kind == "album"), None)


def made_of(post: Post, items: Sequence[Item]) -> Iterator[Made]:
    """The photos in the announcement's order, then the video."""
    photos = (item for item in items if item.kind == "photo")
    for number, (photo, item) in enumerate(zip(post.photos, photos, strict=False)):
        yield Made(item, photo, f"photo/{number}", number)
    for item in items:
        if item.kind == "video" and post.video:
            yield Made(item, post.video, "video", None)


def look(api: FlickrClient, items: Sequence[Item]) -> Look:
    """What the account has of them: an album is listed, 500 with a call, and what is not in it asked for."""
    album, inside = album_of(items), {}
    told = api.found("photosets.getInfo", "photoset", photoset_id=album.id, user_id="me") if album else None
    if album and told:
        listed = api.pages("photosets.getPhotos", "photoset", "photo", photoset_id=album.id, user_id="me", extras=_EXTRAS)
        inside = {row["id"]: row for row in listed}
    strays = [item.id for item in items if item.kind in ("photo", "video") and item.id not in inside]
    return Look(told, tuple(inside), inside | _strays(api, strays))


def sight(api: FlickrClient, items: Sequence[Item]) -> Sight:
    """Album, photos and video as they are shown now."""
    found = look(api, items)
    names = licence_names(api.call("photos.licenses.getInfo")["licenses"]["license"])
    return Sight(items=tuple(_seen(item, found, names) for item in items))


def expected(post: Post, items: Sequence[Item], settings: FlickrSettings) -> Sight:
    """What `sight` tells while nobody changes anything."""
    wanted = {made.item.id: _wanted(post, made) for made in made_of(post, items)}
    if album := album_of(items):
        media = tuple(SeenMedium(id=made.item.id, kind=made.item.kind) for made in made_of(post, items))
        wanted[album.id] = _said(album, "\n\n".join(post.parts), title=words.album_title(post, settings), media=media)
    return Sight(items=tuple(wanted.get(item.id, Seen(item=item)) for item in items))


def twins(api: FlickrClient, post: Post, items: Sequence[Item]) -> Iterator[Item]:
    """Other public photos and albums that bear the marks of this announcement."""
    ours, (name, value) = {item.id for item in items}, words.post_tag(post)
    query = {"user_id": "me", "machine_tags": f'{name}="{value}"', "extras": "media"}
    for row in api.pages("photos.search", "photos", "photo", **query):
        if row["id"] not in ours and int(row["ispublic"]):
            yield Item(id=row["id"], kind=row["media"], url=f"{_HOME}{row['owner']}/{row['id']}/")
    for album in api.pages("photosets.getList", "photosets", "photoset"):
        if album["id"] not in ours and words.mark_in(album["description"]["_content"]) == words.mark(post, "album"):
            yield Item(id=album["id"], kind="album", url=f"{_HOME}{album['owner']}/albums/{album['id']}")


def shown_tags(row: Row) -> tuple[str, ...]:
    """Those that are no machine tags, in the form in which Flickr lists them."""
    return tuple(tag for tag in row["tags"].split() if not (":" in tag and "=" in tag))


def numbers(api: FlickrClient, items: Sequence[Item]) -> Iterator[Metric]:
    """What Flickr counts of each that is there: of many photos, what the pages of their album tell."""
    found, album = look(api, items), album_of(items)
    media = [item.id for item in items if item.id in found.rows]
    is_few = len(media) <= COUNTED_SINGLY
    if album and found.album:
        yield Metric(name="album_views", value=int(found.album["count_views"]), item_id=album.id)
        if is_few:
            yield Metric(name="comments", value=int(found.album["count_comments"]), item_id=album.id)
    for id in media:
        yield Metric(name="views", value=int(found.rows[id]["views"]), item_id=id)
        yield from _counted_singly(api, id) if is_few else ()


def _counted_singly(api: FlickrClient, id: str) -> Iterator[Metric]:
    if favorites := api.found("photos.getFavorites", "photo", photo_id=id, per_page=1):
        yield Metric(name="likes", value=int(favorites["total"]), item_id=id)
    if info := api.found("photos.getInfo", "photo", photo_id=id):
        yield Metric(name="comments", value=int(info["comments"]["_content"]), item_id=id)


def _strays(api: FlickrClient, ids: Sequence[str]) -> dict[str, Row]:
    """What is not in the album, or has none; much of it by the photostream, from the newest on as far as it takes."""
    if len(ids) <= _SINGLY:
        told = (api.found("photos.getInfo", "photo", photo_id=id) for id in ids)
        return {info["id"]: _as_row(info) for info in told if info}
    found: dict[str, Row] = {}
    wanted = frozenset(ids)
    for row in api.pages("people.getPhotos", "photos", "photo", user_id="me", extras=_EXTRAS):
        found |= {row["id"]: row} if row["id"] in wanted else {}
        if len(found) == len(wanted):
            break
    return found


def _as_row(info: Mapping[str, Any]) -> Row:
    """What Flickr tells of one photo, as it would list it."""
    same = {name: info[name] for name in ("id", "secret", "server", "description", "license", "media", "views")}
    tags = " ".join(tag["_content"] for tag in info["tags"].get("tag", ()))
    facts = {"title": info["title"]["_content"], "tags": tags, "lastupdate": info["dates"]["lastupdate"]}
    return {**same, **facts, "ispublic": info["visibility"]["ispublic"]}


def _seen(item: Item, found: Look, names: Mapping[str, str]) -> Seen:
    if item.kind == "album":
        return _album(item, found)
    row = found.rows.get(item.id)
    if row is None or not int(row["ispublic"]):
        return Seen(item=item, gone=True)
    medium = SeenMedium(id=item.id, kind=row["media"], alt=row["title"], url=_file_of(row))
    licence = names.get(str(row["license"]))
    facts = {"licence": licence, "edited_at": _moment(row["lastupdate"])}
    return _said(item, _described(row), tags=shown_tags(row), media=(medium,), **facts)


def _album(item: Item, found: Look) -> Seen:
    """The public sees an album in which it sees something; each photo tells of itself."""
    shown = [found.rows[id] for id in found.inside if int(found.rows[id]["ispublic"])]
    if found.album is None or not shown:
        return Seen(item=item, gone=True)
    media = tuple(SeenMedium(id=row["id"], kind=row["media"]) for row in shown)
    title, edited_at = found.album["title"]["_content"], _moment(found.album["date_update"])
    return _said(item, _described(found.album), title=title, media=media, edited_at=edited_at)


def _wanted(post: Post, made: Made) -> Seen:
    """A photo's title is its alt text."""
    medium = SeenMedium(kind=made.item.kind, alt=words.title(post, made.medium), number=made.number)
    licence = shown_licence(made.medium.licence or post.licence)
    text, tags = words.plain(words.description(post, made.medium)), words.searched_tags(post)
    return _said(made.item, text, tags=tags, media=(medium,), licence=licence)


def _said(item: Item, text: str | None, **facts: Any) -> Seen:
    links = None if text is None else tuple(text[start:end] for start, end in find_addresses(text))
    return Seen(item=item, text=text, links=links, **facts)


def _described(told: Mapping[str, Any]) -> str | None:
    """The method page of an album's photos does not promise their descriptions (read 2026-11-27), though they come."""
    return words.plain(told["description"]["_content"]) if "description" in told else None


def _file_of(row: Row) -> str:
    """The file of 500 pixels, which every photo has (misc.urls, 2026-11-27)."""
    return f"https://live.staticflickr.com/{row['server']}/{row['id']}_{row['secret']}.jpg"


def _moment(seconds: str) -> datetime:
    """When it was changed last; Flickr changes no words itself, so that words that differ were changed then, or before."""
    return datetime.fromtimestamp(int(seconds), UTC)
