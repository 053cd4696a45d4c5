"""What a Page holds: photos, videos, posts, comments, live videos."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from socialcast.sandbox.mirror import Blob
from socialcast.sandbox.platforms.facebook.access import Page

__all__ = ["Comment", "LiveVideo", "Person", "Photo", "Post", "Video"]


@dataclass(slots=True, kw_only=True, eq=False)
class Photo:
    """A photo; unpublished until a post shows it, and gone after a day if none does."""

    id: str
    page: Page
    at: float
    blob: Blob
    type: str
    alt: str = ""
    caption: str = ""
    temporary: bool = False
    post: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Video:
    """A video, from the first phase of its upload on."""

    id: str
    page: Page
    at: float
    total_bytes: int = 0
    session: str = ""
    path: Path | None = None
    received_bytes: int = 0
    blob: Blob | None = None
    is_video: bool = False
    title: str = ""
    description: str = ""
    published: bool = False
    finished_at: float | None = None
    scheduled_for: float | None = None
    post: str = ""
    captions: dict[str, Blob] = field(default_factory=dict)
    thumbnail: Blob | None = None
    cancelled: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Post:
    """A post of the Page; `id` is Page and number, as the platform writes it."""

    id: str
    page: Page
    at: float
    message: str = ""
    link: str = ""
    photos: list[Photo] = field(default_factory=list)
    video: Video | None = None
    live: LiveVideo | None = None
    published: bool = True
    scheduled_for: float | None = None
    edited_at: float | None = None

    @property
    def public_since(self) -> float:
        """When visitors could first see it, or will."""
        return self.scheduled_for or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who writes on Facebook, a Page as well."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True, eq=False)
class Comment:
    """An answer to a post, or to another comment of it."""

    id: str
    post: Post
    author: Person
    at: float
    message: str
    parent: Comment | None = None
    is_hidden: bool = False

    @property
    def url(self) -> str:
        """Where visitors find it."""
        return f"{self.post.page.url}/comments/{self.id}"

    @property
    def is_own(self) -> bool:
        """Whether the Page below whose post it stands wrote it."""
        return self.author.id == self.post.page.id


@dataclass(slots=True, kw_only=True, eq=False)
class LiveVideo:
    """A live event: its state, its stream key and the video that remains of it."""

    id: str
    page: Page
    at: float
    title: str
    description: str
    status: str
    key: str
    starts_at: str = ""
    is_receiving: bool = False
    ended_at: float | None = None
    video: str = ""
    post: str = ""
