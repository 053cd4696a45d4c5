"""What Flickr knows: members, photos, albums, comments and upload tickets, with the look-ups that the methods share."""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from socialcast.sandbox.audience import Audience, audience
from socialcast.sandbox.mirror import Account, Blob, Mirror
from socialcast.sandbox.oauth1 import Signatures
from socialcast.sandbox.platforms.flickr.answers import Fail
from socialcast.sandbox.platforms.flickr.files import MediaFile
from socialcast.sandbox.platforms.flickr.tables import LICENSES, LIMITS, PERMISSIONS, License
from socialcast.sandbox.platforms.flickr.tags import Tag

__all__ = ["MYSQL_TIME", "SERVER", "Call", "Comment", "FlickrState", "Member", "Photo", "Photoset", "Ticket"]

MYSQL_TIME = "%Y-%m-%d %H:%M:%S"
SERVER = "65535"  # the server number that all new photos have


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an account can be: paid for or free, and with a token that may read, write or delete."""

    pro: bool = True
    perms: str = "delete"

    def __post_init__(self) -> None:
        if self.perms not in PERMISSIONS[1:]:
            raise ValueError(f"perms is one of {', '.join(PERMISSIONS[1:])}, not {self.perms!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person with an account, and the one application that acts for them."""

    nsid: str
    name: str
    pro: bool
    perms: str

    @property
    def number(self) -> str:
        """The NSID's digits, which Flickr builds ids of tags and comments from."""
        return self.nsid.partition("@")[0]


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment under a photo or an album."""

    id: str
    author: Member
    at: float
    text: str


@dataclass(slots=True, kw_only=True)
class Photo:
    """A photo or video, its file on disk."""

    id: str
    owner: Member
    secret: str
    original_secret: str
    title: str
    description: str
    tags: dict[str, Tag]  # by their clean form
    is_public: bool
    is_friend: bool
    is_family: bool
    safety_level: str
    content_type: str
    hidden: bool
    blob: Blob
    file: MediaFile
    uploaded: float
    posted: float
    taken: str
    updated: float
    license: License = LICENSES["0"]
    perm_comment: str = "3"
    perm_addmeta: str = "2"
    taken_granularity: str = "0"
    comments: dict[str, Comment] = field(default_factory=dict)

    @property
    def page_url(self) -> str:
        """The photo's page."""
        return f"https://www.flickr.com/photos/{self.owner.name}/{self.id}/"

    @property
    def image_url(self) -> str:
        """The file that the page shows."""
        ending = "_b.jpg" if self.file.kind == "photo" else f".{self.file.format}"
        name = f"{self.id}_{self.secret}{ending}"
        return f"https://live.staticflickr.com/{SERVER}/{name}"

    @property
    def original_url(self) -> str:
        """The file as it was uploaded."""
        return f"https://live.staticflickr.com/{SERVER}/{self.id}_{self.original_secret}_o.{self.file.format}"

    def tag_id(self, tag: Tag) -> str:
        """The id that removeTag takes."""
        return f"{self.owner.number}-{self.id}-{zlib.crc32(tag.clean.encode())}"


@dataclass(slots=True, kw_only=True)
class Photoset:
    """An album; its photos in order."""

    id: str
    owner: Member
    title: str
    description: str
    primary: str
    created: float
    updated: float
    photos: dict[str, None]
    comments: dict[str, Comment] = field(default_factory=dict)

    @property
    def page_url(self) -> str:
        """The album's page."""
        return f"https://www.flickr.com/photos/{self.owner.name}/albums/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An asynchronous upload; `photo` is None when the file cannot be converted."""

    id: str
    ready_at: float
    photo: Photo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was let in: its parameters, and who calls (None without a token)."""

    key: str
    parameters: dict[str, str]
    member: Member | None

    @property
    def caller(self) -> Member:
        """Who calls; error 99 without a token."""
        if self.member is None:
            raise Fail(99)
        return self.member

    def get(self, name: str, default: str = "") -> str:
        """A parameter, or the default."""
        return self.parameters.get(name, default)

    def moment(self, name: str, default: float) -> float:
        """A parameter that is a time, as Unix seconds or as MySQL writes it."""
        text = self.get(name)
        if not text or text.isdecimal():
            return float(text or default)
        try:
            return datetime.strptime(text, MYSQL_TIME).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise Fail(2, "Not a valid date") from None


class FlickrState(Mirror):
    """Flickr's data; tests may change the attributes below, which outlive a reset."""

    limits = LIMITS
    settling_seconds = 0.0  # how long a new photo is "not found" for setLicense and addPhoto
    search_lag_seconds = 0.0  # how long photos.search does not know a new photo
    ticket_seconds = 1.0  # how long an asynchronous upload takes

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.members: dict[str, Member] = {}
        self.keys: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.token_owners: dict[str, Member] = {}
        self.photos: dict[str, Photo] = {}
        self.photosets: dict[str, Photoset] = {}
        self.tickets: dict[str, Ticket] = {}
        self.photos_of: dict[str, dict[str, Photo]] = {}
        self.by_content: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self.calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self.running: deque[Ticket] = deque()
        self.signatures = Signatures(self.clock)
        self.numbers = itertools.count(int("539" + self.ids.digits(8)))

    def open_account(self, name: str, **wishes: Any) -> Account:
        """A member with a path alias of that name, an application of their own and a token; `Wishes` says which."""
        wish = Wishes(**wishes)
        member = Member(nsid=f"{self.ids.digits(11)}@N01", name=name, pro=wish.pro, perms=wish.perms)
        credentials = {
            "api_key": f"sandbox-{name}-key",
            "api_secret": f"sandbox-{name}-key-secret",
            "oauth_token": f"sandbox-{name}-token",
            "oauth_token_secret": f"sandbox-{name}-token-secret",
        }
        self.members[member.nsid] = member
        self.photos_of[member.nsid] = {}
        self.keys[credentials["api_key"]] = credentials["api_secret"]
        self.tokens[credentials["oauth_token"]] = credentials["oauth_token_secret"]
        self.token_owners[credentials["oauth_token"]] = member
        return Account(id=member.nsid, name=name, credentials=credentials)

    def expire_credentials(self, name: str) -> None:
        """Revoke the account's token, as its owner can at any time; tokens do not expire by themselves."""
        del self.tokens[self.accounts[name].credentials["oauth_token"]]

    def renew_credentials(self, name: str) -> None:
        """The owner lets the application in again."""
        credentials = self.accounts[name].credentials
        self.tokens[credentials["oauth_token"]] = credentials["oauth_token_secret"]

    def photo(self, photo_id: str, call: Call, code: int = 1) -> Photo:
        """A photo that the caller may see."""
        photo = self.photos.get(photo_id)
        if photo is None or not self.sees(call.member, photo):
            raise Fail(code)
        return photo

    def own_photo(self, photo_id: str, call: Call, code: int = 1) -> Photo:
        """A photo of the caller's own."""
        photo = self.photos.get(photo_id)
        if photo is None or photo.owner != call.caller:
            raise Fail(code)
        return photo

    def settled_photo(self, photo_id: str, call: Call, code: int = 1) -> Photo:
        """A photo of the caller's own that has been there long enough for the calls that a fresh one is unknown to."""
        photo = self.own_photo(photo_id, call, code)
        if self.clock.now() < photo.uploaded + self.settling_seconds:
            raise Fail(code)
        return photo

    def own_photoset(self, call: Call) -> Photoset:
        """The caller's album that the call names."""
        photoset = self.photosets.get(call.get("photoset_id"))
        if photoset is None or photoset.owner != call.caller:
            raise Fail(1)
        return photoset

    def sees(self, member: Member | None, photo: Photo) -> bool:
        """Whether this member, or the public (None), may see the photo; nobody in the sandbox has friends or family."""
        return photo.is_public or photo.owner == member

    def person(self, user_id: str, call: Call, code: int) -> Member:
        """The member with that NSID, or the caller for "me"."""
        member = call.member if user_id == "me" else self.members.get(user_id)
        if member is None:
            raise Fail(code)
        return member

    def shown(self, photoset: Photoset, member: Member | None) -> list[Photo]:
        """The photos of an album that this member may see; an album without any is not there for them."""
        return [photo for photo in map(self.photos.__getitem__, photoset.photos) if self.sees(member, photo)]

    def reach(self, photo: Photo) -> Audience:
        """How many have seen and favoured it; only what is public is seen."""
        now = self.clock.now()
        return audience(photo.id, photo.posted if photo.is_public else now, now)

    def album_reach(self, photoset: Photoset) -> Audience:
        """How many have seen an album since the public could."""
        now = self.clock.now()
        return audience(photoset.id, min((photo.posted for photo in self.shown(photoset, None)), default=now), now)

    def touch(self, *changed: Photo | Photoset) -> None:
        """Note that these were changed now."""
        for one in changed:
            one.updated = self.clock.now()

    def add(self, photo: Photo) -> None:
        """Put a photo into its owner's photostream."""
        self.photos[photo.id] = self.photos_of[photo.owner.nsid][photo.id] = photo
        self.by_content[photo.owner.nsid, photo.blob.sha256][photo.id] = None

    def remove(self, photo: Photo) -> None:
        """Take a photo out of everything; albums that it leaves empty go too."""
        del self.photos[photo.id], self.photos_of[photo.owner.nsid][photo.id]
        del self.by_content[photo.owner.nsid, photo.blob.sha256][photo.id]
        for photoset in [photoset for photoset in self.photosets.values() if photo.id in photoset.photos]:
            del photoset.photos[photo.id]
            if not photoset.photos:
                del self.photosets[photoset.id]
            elif photoset.primary == photo.id:
                photoset.primary = next(iter(photoset.photos))

    def finish_tickets(self) -> None:
        """Let asynchronous uploads whose time has come appear."""
        while self.running and self.running[0].ready_at <= self.clock.now():
            photo = self.running.popleft().photo
            if photo:
                self.add(photo)
