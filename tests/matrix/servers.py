"""The real servers: how each is started, met through a proxy, and looked at over its own API, without our publishers."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import requests

from socialcast import Audience, Broadcast, Channel
from socialcast.testing.matrix.servers import Server
from socialcast.testing.proxy import HttpProxy, MailProxy
from socialcast.testing.stage import Sight
from socialcast.wire.settings import Policy

__all__ = ["SERVERS", "Facts"]

_READERS_SECONDS, _POLL_SECONDS = 20.0, 0.2

Facts = dict[str, Any]  # what a start script tells of its server


class _Stage:
    """What all of them have in common."""

    platform: str

    def __init__(self, settings: Mapping[str, Any], folder: Path, audience: Audience = Audience.PUBLIC) -> None:
        self._settings, self._folder, self._audience = settings, folder, audience

    def channel(self, **settings: Any) -> Channel:
        return Channel(
            name="contract",
            platform=self.platform,
            policy=Policy.ADAPT,
            audience=self._audience,
            settings={**self._settings, **settings},
            folder=self._folder,
        )

    def broadcast(self, ledger: Path, **settings: Any) -> Broadcast:
        return Broadcast([self.channel(**settings)], ledger=ledger)

    def opens(self, url: str) -> bool:
        return requests.get(url, timeout=30).status_code == 200


class WikiStage(_Stage):
    """The page of one case, each of its revisions, and the files that it shows, whoever uploaded them how often."""

    platform = "mediawiki"

    def __init__(self, api: str, page: str, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__({**settings, "page": page}, folder)
        self._api, self._page = api, page

    def sights(self) -> list[Sight]:
        (page,) = self._query(titles=self._page, prop="revisions|images", rvprop="content|comment", rvslots="main", rvlimit=20)
        if "missing" in page:
            return []
        revisions = [
            ("revision", _unnumbered(r["comment"]), _unnumbered(r["slots"]["main"]["content"])) for r in page["revisions"]
        ]
        files = [image["title"] for image in page.get("images", [])]
        shown = [self._query(titles=title, prop="imageinfo", iiprop="comment|user", iilimit=20)[0] for title in files]
        return revisions + [("file", info["user"]) for file in shown for info in file["imageinfo"]]

    def _query(self, **wanted: Any) -> list[dict[str, Any]]:
        asked = {"action": "query", "format": "json", "formatversion": 2, **wanted}
        pages: list[dict[str, Any]] = requests.get(self._api, params=asked, timeout=30).json()["query"]["pages"]
        return pages


class BlueskyStage(_Stage):
    """The account's posts that were not there when the case began, as its server keeps them and as readers find them."""

    platform = "bluesky"

    def __init__(self, facts: Facts, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__(settings, folder)
        self._facts, self._did = facts, facts["users"]["alice"]["did"]
        self._before = self._posts().keys()

    def sights(self) -> list[Sight]:
        new = {uri: post for uri, post in self._posts().items() if uri not in self._before}
        return [("post", post["text"], *(image["alt"] for image in _images(post))) for post in new.values()]

    def opens(self, url: str) -> bool:
        """Whether a reader finds it, who hears of it a moment later."""
        asked = {"uris": f"at://{self._did}/app.bsky.feed.post/{url.rpartition('/')[2]}"}
        end = time.monotonic() + _READERS_SECONDS
        while not self._read("appview", "app.bsky.feed.getPosts", asked)["posts"]:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _posts(self) -> dict[str, dict[str, Any]]:
        asked = {"repo": self._did, "collection": "app.bsky.feed.post", "limit": 100}
        posts: dict[str, dict[str, Any]] = {}
        while True:
            told = self._read("url", "com.atproto.repo.listRecords", asked)
            posts |= {record["uri"]: record["value"] for record in told["records"]}
            if not told.get("cursor"):
                return posts
            asked["cursor"] = told["cursor"]

    def _read(self, server: str, method: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = requests.get(f"{self._facts[server]}/xrpc/{method}", params=asked, timeout=30).json()
        return told


def _images(post: Mapping[str, Any]) -> list[dict[str, str]]:
    embed: dict[str, Any] = post.get("embed") or {}
    return list(embed.get("images") or [])


def _unnumbered(wikitext: str) -> str:
    """Without the names of files, which differ as the photos do, and without the marker, which does as the key does."""
    return re.sub(r"\[\[File:[^|\]]+", "[[File:(name)", re.sub(r"\(sc:\w+\)", "(marker)", wikitext))


class MastodonStage(_Stage):
    """The account's posts that were not there when the case began, on its own timeline; in whichever order the photos stand,
    since the stand-in shows them in that of their upload, whatever a post says (mastodon_mock 0.6.1)."""

    platform = "mastodon"

    def __init__(self, facts: Facts, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__(settings, folder)
        self._facts = facts
        self._timeline = f"accounts/{self._read('accounts/verify_credentials')['id']}/statuses"
        self._before = self._posts().keys()

    def sights(self) -> list[Sight]:
        new = [post for id, post in self._posts().items() if id not in self._before]
        return [("post", _words(post), *sorted(str(media["description"]) for media in post["media_attachments"])) for post in new]

    def opens(self, url: str) -> bool:
        return any(post["url"] == url for post in self._posts().values())

    def _posts(self) -> dict[str, dict[str, Any]]:
        posts: dict[str, dict[str, Any]] = {}
        while page := self._read(self._timeline, limit=40, max_id=min(posts, key=int, default=None)):
            posts |= {post["id"]: post for post in page}
        return posts

    def _read(self, path: str, **asked: Any) -> Any:
        token = {"Authorization": f"Bearer {self._facts['access_tokens']['alice']}"}
        return requests.get(f"{self._facts['url']}/api/v1/{path}", params=asked, headers=token, timeout=30).json()


def _words(post: Mapping[str, Any]) -> str:
    answers = "an answer: " if post["in_reply_to_id"] else ""
    return answers + re.sub(r"<[^>]+>", "", post["content"])


class RoomStage(_Stage):
    """The messages of the room that were not there when the case began, as one who was invited reads them."""

    platform = "matrix"

    def __init__(self, facts: Facts, room: str, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__(settings, folder, Audience.PRESS)
        self._facts, self._room = facts, room
        self._before = self._messages().keys()

    def sights(self) -> list[Sight]:
        new = [content for id, content in self._messages().items() if id not in self._before]
        return [(content.get("msgtype", "redacted"), content.get("body", ""), content.get("filename", "")) for content in new]

    def opens(self, url: str) -> bool:
        return unquote(url).rpartition("/")[2].partition("?")[0] in self._messages()

    def _messages(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        asked = {"dir": "b", "limit": "100"}
        while True:
            told = in_matrix(self._facts, "bob", "GET", f"rooms/{quote(self._room)}/messages", params=asked)
            found |= {event["event_id"]: event["content"] for event in told["chunk"] if event["type"] == "m.room.message"}
            if not told.get("end"):
                return found
            asked["from"] = told["end"]


def in_matrix(facts: Facts, who: str, method: str, path: str, **more: Any) -> dict[str, Any]:
    """One call of a person's own program."""
    token = {"Authorization": f"Bearer {facts['users'][who]['access_token']}"}
    answer = requests.request(method, f"{facts['url']}/_matrix/client/v3/{path}", headers=token, timeout=30, **more)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


class MailStage(_Stage):
    """The mails that were not in the mailbox when the case began."""

    platform = "email"

    def __init__(self, mailbox: Path, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__(settings, folder, Audience.PRESS)
        self._mailbox, self._before = mailbox, set(mailbox.glob("*"))

    def sights(self) -> list[Sight]:
        new = set(self._mailbox.glob("*")) - self._before
        return [_mail(file.read_bytes()) for file in new]

    def opens(self, url: str) -> bool:
        return False  # a mail has no address


def _mail(data: bytes) -> Sight:
    mail = email.message_from_bytes(data, policy=default)
    text = mail.get_body(("plain",))
    assert text
    return ("mail", str(mail["To"]), str(mail["Subject"]), text.get_content())


Start = Callable[..., Facts]


@contextmanager
def _wiki(start: Start, folder: Path) -> Iterator[Server]:
    facts = start("mediawiki-start")
    (folder / "password").write_text(facts["password"], encoding="utf-8")
    host, _, port = facts["url"].removeprefix("http://").partition(":")
    with HttpProxy(host, int(port)) as proxy:
        settings = {
            "url": f"{proxy.url}/api.php",
            "contact": "press@example.org",
            "mode": "edit",
            "username": facts["user"],
            "password": "file:password",
        }
        yield Server("mediawiki", proxy, lambda mark: WikiStage(facts["api"], f"Page of {mark}", settings, folder))


@contextmanager
def _bluesky(start: Start, folder: Path) -> Iterator[Server]:
    facts = start("bluesky-start", "--appview")
    user = facts["users"]["alice"]
    (folder / "password").write_text(user["app_password"], encoding="utf-8")
    with HttpProxy("127.0.0.1", int(facts["url"].rpartition(":")[2])) as proxy:
        settings = {"server": proxy.url, "identifier": user["handle"], "app_password": "file:password"}
        yield Server("bluesky", proxy, lambda mark: BlueskyStage(facts, settings, folder))


@contextmanager
def _mastodon(start: Start, folder: Path) -> Iterator[Server]:
    """A stand-in that others wrote: Mastodon itself is in no registry."""
    facts = start("mastodon-start")
    (folder / "token").write_text(facts["access_tokens"]["alice"], encoding="utf-8")
    with HttpProxy("127.0.0.1", int(facts["url"].rpartition(":")[2])) as proxy:
        settings = {"url": proxy.url, "access_token": "file:token"}
        yield Server("mastodon", proxy, lambda mark: MastodonStage(facts, settings, folder))


@contextmanager
def _matrix(start: Start, folder: Path) -> Iterator[Server]:
    facts = start("synapse-start")
    (folder / "token").write_text(facts["users"]["alice"]["access_token"], encoding="utf-8")
    invited = {"preset": "private_chat", "name": "Press", "invite": [facts["users"]["bob"]["user_id"]]}
    room = in_matrix(facts, "alice", "POST", "createRoom", json=invited)["room_id"]
    in_matrix(facts, "bob", "POST", f"rooms/{quote(room)}/join", json={})
    with HttpProxy("127.0.0.1", int(facts["url"].rpartition(":")[2])) as proxy:
        settings = {"homeserver": proxy.url, "room": room, "access_token": "file:token"}
        yield Server("matrix", proxy, lambda mark: RoomStage(facts, room, settings, folder))


@contextmanager
def _mail_server(start: Start, folder: Path) -> Iterator[Server]:
    facts = start("smtp-start")
    (folder / "readers.txt").write_text("Ada Example <ada@journal.example>\nbo@radio.example\n", encoding="utf-8")
    with MailProxy("127.0.0.1", facts["port"]) as proxy:
        settings = {
            "host": "127.0.0.1",
            "port": proxy.port,
            "sender": "Press <press@example.org>",
            "recipients": "readers.txt",
        }
        yield Server("email", proxy, lambda mark: MailStage(Path(facts["new_mail"]), settings, folder))


SERVERS = {"bluesky": _bluesky, "email": _mail_server, "mastodon": _mastodon, "matrix": _matrix, "mediawiki": _wiki}
