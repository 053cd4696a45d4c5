"""The publisher: upload privately, license, gather in an album, then make everything public."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from socialcast.compose.photos import UnreadablePhoto, facts
from socialcast.compose.preflight import with_limits
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement, Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.model.echo import Metric, Replies, Reply
from socialcast.model.errors import NotAllowed, TerminalError
from socialcast.model.post import Adaptation, Post
from socialcast.model.problems import Problem, Severity
from socialcast.model.receipt import Access, Account, Draft, Item, Readiness, Receipt
from socialcast.model.sight import Sight
from socialcast.publisher import Answer, Connection, Publisher
from socialcast.publishers.flickr import comments, echo, edits, words
from socialcast.publishers.flickr.client import GONE, FlickrClient, FlickrError, read_upload
from socialcast.publishers.flickr.licences import is_offered, licence_id, licence_ids
from socialcast.publishers.flickr.tables import CAPABILITIES, ERRORS, FlickrSettings
from socialcast.publishers.flickr.uploads import Uploads, recent_photos, ticket_of
from socialcast.wire.transport import Exchange

__all__ = ["FlickrPublisher"]

_HOME = "https://www.flickr.com/photos/"
_RUNNING, _CONVERTED, _FAILED = 0, 1, 2
_IN_TURN = (frozenset({"comment", "album_comment"}), frozenset({"photo", "video"}), frozenset({"album"}))
_NO_COMMENT = 2
_DELETING: Mapping[str, tuple[str, str, frozenset[int]]] = {  # by kind: the method, its argument, and what says that it is gone
    "comment": ("photos.comments.deleteComment", "comment_id", frozenset({GONE, _NO_COMMENT})),
    "album_comment": ("photosets.comments.deleteComment", "comment_id", frozenset({_NO_COMMENT})),
    "photo": ("photos.delete", "photo_id", frozenset({GONE})),
    "video": ("photos.delete", "photo_id", frozenset({GONE})),
    "album": ("photosets.delete", "photoset_id", frozenset({GONE})),
}


class FlickrPublisher(Publisher):
    """One Flickr account."""

    name = "flickr"
    capabilities = CAPABILITIES
    errors = ERRORS
    Settings = FlickrSettings
    settings: FlickrSettings

    def __init__(self, settings: FlickrSettings, connection: Connection) -> None:
        super().__init__(settings, connection)
        self._api = FlickrClient(settings, self.session)
        self._known_account: Account | None = None

    @property
    def identity(self) -> str:
        """The token, which belongs to one account."""
        return self.settings.oauth_token.reveal()

    def account(self) -> Account:
        """Who the token belongs to, with the account's own limits. Raises NotAllowed for a token that may only read."""
        user = self._api.call("people.getUploadStatus")["user"]
        permission = self._api.call("auth.oauth.checkToken")["oauth"]["perms"]["_content"]
        if permission == "read":
            raise NotAllowed("the token may only read", hint="sign in again with the permission write, or delete to retract")
        limits = {
            f"{group}.max_bytes": int(user[told]["maxbytes"])
            for group, told in (("photos", "filesize"), ("video", "videosize"))
            if "maxbytes" in user.get(told, {})
        }
        account = Account(id=user["id"], name=user["username"]["_content"], url=f"{_HOME}{user['id']}/", limits=limits)
        self._known_account = account
        return account

    def access(self) -> Access:
        """What the token may do; it does not expire."""
        return Access(scopes=(self._api.call("auth.oauth.checkToken")["oauth"]["perms"]["_content"],))

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """What the channel will show; licences that Flickr does not have are named as adaptations."""
        post = super().compose(announcement, links)
        return msgspec.structs.replace(post, adaptations=(*post.adaptations, *_licences_in_words(post)))

    def check(self, post: Post) -> list[Problem]:
        """A warning for each animation, since Flickr shows its first picture only."""
        return [
            Problem(
                code="photos.animated",
                severity=Severity.WARNING,
                path=f"photos[{index}]",
                message=f"{photo.name} is an animation; Flickr shows it still",
                fix="publish it as a video",
            )
            for index, photo in enumerate(post.photos)
            if _is_animated(photo)
        ]

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Upload everything privately, put each photo under its licence, and gather all in an album."""
        account = self._me(steps)
        uploads, rules = self._uploads(post, steps), self._photo_rules(account)
        folder, at_once = self.connection.cache_folder, self.settings.at_once
        photo_ids = steps.each(range(len(post.photos)), lambda index, _: uploads.photo(index, rules, folder), at_once=at_once)
        self._license_photos(post, photo_ids, steps)
        items = [Item(id=photo_id, kind="photo", url=f"{account.url}{photo_id}/") for photo_id in photo_ids]
        if post.video:
            items += [Item(id=id, kind=kind) for kind, id in uploads.video(post.video).items()]
        if photo_ids and not words.is_alone(post):
            album_id = self._album(post, photo_ids, steps)
            items.insert(0, Item(id=album_id, kind="album", url=f"{account.url}albums/{album_id}"))
        return Draft(items=tuple(items), links={"album": items[0].url} if photo_ids else {})

    def ready(self, draft: Draft) -> Readiness:
        """Whether the video is converted; a ticket that Flickr has forgotten is one that is long done."""
        states = [int(ticket_of(self._api, ticket).get("complete", _CONVERTED)) for ticket in draft.ids("ticket")]
        if _FAILED in states:
            raise TerminalError("Flickr could not convert the video", hint="give it another encoding, such as H.264 in MP4")
        return Readiness(ready=_RUNNING not in states, look_again_after_seconds=5)

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """Make every photo and the video public; the album shows each as it becomes so."""
        albums, media = _by_kind(draft.items, "album"), _by_kind(draft.items, "photo")
        if post.video:
            media.append(self._finished_video(post, draft, steps))
        if post.video and albums:
            self._fill(albums[0].id, [item.id for item in media], "album/with-video", steps)
        steps.each(media, lambda index, item: self._make_public(index, item.id, steps), at_once=self.settings.at_once)
        main = (albums or media)[0]
        return Receipt(id=main.id, url=main.url, items=(*albums, *media))

    def amend(self, receipt: Receipt, post: Post, steps: Steps, *, name: str) -> Receipt:
        """Change words, tags and licences where they differ, of all that is still there. Raises TerminalError where the album is
        not, or the only photo."""
        found = steps.read(lambda: echo.look(self._api, receipt.items))
        made = [one for one in echo.made_of(post, receipt.items) if one.item.id in found.rows]
        if found.album is None and (echo.album_of(receipt.items) or not made):
            raise TerminalError("it is not on Flickr any more", hint="retract it, and publish it anew")
        licences = {one.medium.licence or post.licence for one in made} - {""}
        ids = self._licence_ids(licences, steps) if licences else {}
        main = edits.album_words(post, receipt.id, self.settings) if found.album else edits.media_words(post, made[0])
        changes = [change for one in made for change in edits.changes(post, one, found.rows[one.item.id], ids) if change != main]
        steps.each(changes, lambda _, change: self._change(f"{name}/{change.of}", change, steps), at_once=self.settings.at_once)
        self._change(name, main, steps)
        return receipt

    def answer(self, receipt: Receipt, text: str, steps: Steps, *, name: str, to: Reply | None = None) -> Item:
        """One comment on the album, or on the only photo or video, or where somebody commented, who is named in it."""
        place = comments.place_of(receipt, to)
        said, own_id = self._answer_words(place, text, to, steps, name), self._me(steps).id
        id = steps.once(
            name,
            lambda: comments.add(self._api, place, said),
            lambda: comments.find(self._api, place, said, own_id, to),
        )
        kind = "album_comment" if place.kind == "album" else "comment"
        return Item(id=id, kind=kind, url=f"{place.url}#comment{id.rpartition('-')[2]}")

    def retract(self, receipt: Receipt, steps: Steps) -> None:
        """Delete answers, then every photo and video, then the album; needs a token with the permission delete."""
        for kinds in _IN_TURN:
            items = [item for item in receipt.items if item.kind in kinds]
            steps.each(items, lambda _, item: self._delete(item, steps), at_once=self.settings.at_once)

    def inspect(self, receipt: Receipt) -> Sight:
        """Album, photos and video, an album's 500 with a call."""
        return echo.sight(self._api, receipt.items)

    def expected(self, post: Post, receipt: Receipt) -> Sight:
        """The announcement's words on the album, and each photo with its own, unless there is one alone."""
        return echo.expected(post, receipt.items, self.settings)

    def duplicates(self, post: Post, receipt: Receipt) -> tuple[Item, ...]:
        """Photos, videos and albums with its marks; the index learns of new photos late."""
        return tuple(echo.twins(self._api, post, receipt.items))

    def replies(self, receipt: Receipt, since: str = "") -> Replies:
        """The comments below some of it; only what changed since the last time is asked for."""
        return comments.one_page(self._api, receipt, self._own_id, self.connection.clock.now(), since)

    def measure(self, receipt: Receipt) -> tuple[Metric, ...]:
        """Views of each photo, by the page; favourites and comments where there are few photos."""
        return tuple(echo.numbers(self._api, receipt.items))

    def read_error(self, exchange: Exchange) -> Answer:
        """Code and message of a failure, which comes with HTTP 200, as JSON or, from the upload, as XML."""
        body = exchange.json()
        if isinstance(body, dict) and body.get("stat") == "fail":
            return Answer(str(body.get("code", "")), str(body.get("message", "")))
        return Answer(*read_upload(exchange.body))

    # -- the account ---------------------------------------------------------------------------------------------------

    def _me(self, steps: Steps) -> Account:
        return self._known_account or steps.read(self.account)

    @property
    def _own_id(self) -> str:
        return (self._known_account or self.account()).id

    def _photo_rules(self, account: Account) -> PhotoRules:
        return with_limits(self.capabilities, account.limits).photos or PhotoRules()

    def _uploads(self, post: Post, steps: Steps) -> Uploads:
        return Uploads(self._api, self.settings, post, steps, self.connection.clock)

    # -- licences ------------------------------------------------------------------------------------------------------

    def _license_photos(self, post: Post, photo_ids: list[str], steps: Steps) -> None:
        """One listing tells which photos have their licence by the account's default, which saves a call for each."""
        wanted = {index: _licence_of(post, photo) for index, photo in enumerate(post.photos) if _licence_of(post, photo)}
        if not wanted:
            return
        ids = self._licence_ids(set(wanted.values()), steps)
        recent = steps.read(
            lambda: {photo["id"]: str(photo["license"]) for photo in recent_photos(self._api, self.connection.clock.now())}
        )
        missing = [index for index, licence in wanted.items() if recent.get(photo_ids[index]) != ids[licence]]
        steps.each(
            missing,
            lambda _, index: self._license(f"licence/{index}", photo_ids[index], ids[wanted[index]], steps),
            at_once=self.settings.at_once,
        )

    def _licence_ids(self, licences: set[str], steps: Steps) -> dict[str, str]:
        told = licence_ids(steps.read(lambda: self._api.call("photos.licenses.getInfo"))["licenses"]["license"])
        found = {licence: licence_id(licence, told) for licence in licences}
        if gone := [licence for licence, id in found.items() if id is None]:
            raise TerminalError(f"Flickr no longer offers {', '.join(gone)}", hint="choose another licence")
        return {licence: id for licence, id in found.items() if id is not None}

    def _license(self, step: str, photo_id: str, id: str, steps: Steps) -> None:
        self._set(step, steps, "photos.licenses.setLicense", photo_id=photo_id, license_id=id)

    # -- the album -----------------------------------------------------------------------------------------------------

    def _album(self, post: Post, photo_ids: list[str], steps: Steps) -> str:
        album_id = steps.once("album", lambda: self._create_album(post, photo_ids[0]), lambda: self._find_album(post))
        self._fill(album_id, photo_ids, "album/photos", steps)
        return album_id

    def _create_album(self, post: Post, primary_photo_id: str) -> str:
        title, description = words.album_title(post, self.settings), words.album_description(post)
        made = self._api.call("photosets.create", title=title, description=description, primary_photo_id=primary_photo_id)
        return str(made["photoset"].get("id", ""))

    def _find_album(self, post: Post) -> str | None:
        mark = words.mark(post, "album")
        albums = self._api.pages("photosets.getList", "photosets", "photoset")
        return next((str(album["id"]) for album in albums if words.mark_in(album["description"]["_content"]) == mark), None)

    def _fill(self, album_id: str, photo_ids: list[str], step: str, steps: Steps) -> None:
        """Write the album's whole content and order in one call."""
        content = {"photoset_id": album_id, "primary_photo_id": photo_ids[0], "photo_ids": ",".join(photo_ids)}
        self._set(step, steps, "photosets.editPhotos", **content)

    # -- going public, and back ----------------------------------------------------------------------------------------

    def _finished_video(self, post: Post, draft: Draft, steps: Steps) -> Item:
        tickets = draft.ids("ticket")
        video_id = self._uploads(post, steps).finished_video(tickets[0]) if tickets else draft.ids("video")[0]
        if post.video and (licence := post.video.licence or post.licence):
            self._license("licence/video", video_id, self._licence_ids({licence}, steps)[licence], steps)
        return Item(id=video_id, kind="video", url=f"{self._me(steps).url}{video_id}/")

    def _make_public(self, index: int, photo_id: str, steps: Steps) -> None:
        comments = 3 if self.settings.comments else 0  # everybody, or nobody
        wanted = {"is_public": 1, "is_friend": 0, "is_family": 0, "perm_comment": comments, "perm_addmeta": 0}
        send = self._sending("photos.setPerms", photo_id=photo_id, **wanted)
        steps.once(f"public/{index}", send, partial(self._seen, photo_id), repeatable=True)

    def _seen(self, photo_id: str) -> str | None:
        """Something where everybody sees it."""
        visibility = self._api.call("photos.getInfo", photo_id=photo_id)["photo"]["visibility"]
        return "done" if int(visibility["ispublic"]) else None

    def _change(self, step: str, change: edits.Change, steps: Steps) -> None:
        self._set(step, steps, change.method, **change.arguments)

    def _set(self, step: str, steps: Steps, method: str, **arguments: str | int) -> None:
        """A call that may be repeated."""
        steps.once(step, self._sending(method, **arguments), repeatable=True)

    def _sending(self, method: str, **arguments: str | int) -> Callable[[], str]:
        """A call whose answer is not worth keeping for each of hundreds of photos."""

        def send() -> str:
            self._api.call(method, **arguments)
            return "done"

        return send

    def _answer_words(self, place: Item, text: str, to: Reply | None, steps: Steps, name: str) -> str:
        """What is said, the same in every run: what another run looks for is what this one sends."""
        if (known := steps.recorded(name)) is not None:
            return str(known)
        return str(steps.note(f"{name}/words", steps.read(lambda: comments.answer_words(self._api, place, text, to))))

    def _delete(self, item: Item, steps: Steps) -> None:
        """Delete one thing; what is gone already is deleted."""
        method, argument, gone = _DELETING[item.kind]

        def send() -> str:
            try:
                self._api.call(method, **{argument: item.id})
            except FlickrError as error:
                if error.code not in gone:
                    raise
            return "deleted"

        steps.once(f"delete/{item.id}", send, repeatable=True)


def _by_kind(items: tuple[Item, ...], kind: str) -> list[Item]:
    return [item for item in items if item.kind == kind]


def _licence_of(post: Post, photo: Photo) -> str:
    return photo.licence or post.licence


def _licences_in_words(post: Post) -> list[Adaptation]:
    """Never under a licence that the author did not give: all rights reserved, and the right one in words."""
    licences = {_licence_of(post, photo) for photo in post.photos} | (
        {post.video.licence or post.licence} if post.video else set()
    )
    return [
        Adaptation(
            code="photo.licence_in_words",
            message=f"Flickr has no {licence}: shown there with all rights reserved, and {licence} in the description",
            routine=True,
        )
        for licence in sorted(licences)
        if licence and not is_offered(licence)
    ]


def _is_animated(photo: Photo) -> bool:
    try:
        return facts(photo).is_animated
    except UnreadablePhoto:
        return False  # preflight tells it
