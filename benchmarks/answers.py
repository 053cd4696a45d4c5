"""What the platforms answer when all goes well; and the credentials of an account, as the sandbox gives them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import parse_qs

__all__ = ["CREDENTIALS", "Answer", "Asked", "answer"]

_numbers = count(1990000000000000001)  # ids of X tell when they were made, so they are large
_accounts = count(2244994945)
_TOKEN = re.compile(r'oauth_token="(\d+)')
_BEARER = re.compile(r"\r\nAuthorization: Bearer (\S+)")
_ACCOUNT_PATH = re.compile(r"/_sandbox/accounts/(\w+)/(\S+)")
_DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
_FLICKR_USER = "12037949754@N01"

CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "x": {
        "consumer_key": "sandbox-consumer-key",
        "consumer_secret": "sandbox-consumer-secret",
        "access_token": "{number}-sandbox-token-of-{name}",
        "access_token_secret": "sandbox-token-secret",
    },
    "plain": {"token": "sandbox-token-of-{name}"},
    "flickr": {
        "api_key": "sandbox-key",
        "api_secret": "sandbox-key-secret",
        "oauth_token": "sandbox-token-of-{name}",
        "oauth_token_secret": "sandbox-token-secret",
    },
    "youtube": {
        "client_id": "sandbox-client",
        "client_secret": "sandbox-client-secret",
        "refresh_token": "sandbox-token-of-{name}",
    },
    "facebook": {"page_id": "2244994945", "access_token": "sandbox-token-of-{name}"},
    "bluesky": {"identifier": "{name}.example", "app_password": "aaaa-bbbb-cccc-dddd"},
    "vimeo": {"access_token": "sandbox-token-of-{name}"},
}


class Asked(NamedTuple):
    """One request, as far as it chooses the answer."""

    path: str
    call: str  # "POST /2/tweets", or the method of Flickr
    head: str
    body: bytes = b""  # of an upload no more than its beginning
    length_bytes: int = 0

    @classmethod
    def read(cls, head: bytes, body: bytes, length_bytes: int) -> Asked:
        """Out of a request's bytes; of its body, `length_bytes` long, the beginning is enough."""
        text = head.decode("latin-1")
        verb, target, _ = text.split(" ", 2)
        path, _, query = target.partition("?")
        if path == "/services/rest/":
            method = (parse_qs(query) or parse_qs(body.decode())).get("method", [""])[0]
            return cls(path, method, text, body, length_bytes)
        return cls(path, f"{verb} {path}", text, body, length_bytes)

    def header(self, name: str) -> str:
        """Its value, empty where there is none."""
        found = re.search(rf"\r\n{name}: *([^\r\n]*)", self.head, re.IGNORECASE)
        return found[1] if found else ""

    @property
    def is_administration(self) -> bool:
        return self.path.startswith("/_sandbox/")


class Answer(NamedTuple):
    """What is sent back; 200 is what X's clients take for 201 as well."""

    content: bytes
    status: str = "200 OK"
    headers: Mapping[str, str] = {}


def answer(asked: Asked) -> bytes:
    """The body of the answer to anything but a video."""
    if asked.path.startswith("/services/upload"):
        return f'<rsp stat="ok"><photoid>{next(_numbers)}</photoid></rsp>'.encode()
    if found := _ACCOUNT_PATH.match(asked.path):
        facts = {"number": _number_of(found[2]), "name": found[2]}
        return _json({"credentials": {name: value.format(**facts) for name, value in CREDENTIALS[found[1]].items()}})
    return _json(_ANSWERS[asked.call](asked) if asked.call in _ANSWERS else {"stat": "ok", "data": {}})


@cache
def _number_of(name: str) -> int:
    """The same account at each look."""
    return next(_accounts)


def _me(asked: Asked) -> dict[str, Any]:
    token = _TOKEN.search(asked.head)
    number = token[1] if token else "1"
    return {"data": {"id": number, "name": "News", "username": f"news{number}"}}


def _media(asked: Asked) -> dict[str, Any]:
    number = str(next(_numbers))
    return {"data": {"id": number, "media_key": f"3_{number}", "size": 1_000_000, "expires_after_secs": 86400}}


def _bluesky_session(asked: Asked) -> dict[str, Any]:
    return {"did": _DID, "handle": "news.example", "accessJwt": "sandbox-access-token", "refreshJwt": "sandbox-refresh-token"}


def _bluesky_blob(asked: Asked) -> dict[str, Any]:
    ref = {"$link": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"}
    return {"blob": {"$type": "blob", "ref": ref, "mimeType": "video/mp4", "size": asked.length_bytes}}


def _plain_me(asked: Asked) -> dict[str, Any]:
    token = _BEARER.search(asked.head)
    return {"id": token[1] if token else "1", "name": "News"}


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


_ANSWERS: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
    "GET /2/users/me": _me,
    "POST /2/media/upload": _media,
    "POST /2/tweets": lambda asked: {"data": {"id": str(next(_numbers)), "text": "The dome opens"}},
    "POST /xrpc/com.atproto.server.createSession": _bluesky_session,
    "POST /xrpc/com.atproto.repo.uploadBlob": _bluesky_blob,
    "POST /xrpc/com.atproto.repo.applyWrites": lambda asked: {"results": [{"uri": f"at://{_DID}/app.bsky.feed.post/1"}]},
    "GET /me": _plain_me,
    "POST /pictures": lambda asked: {"id": str(next(_numbers))},
    "POST /posts": lambda asked: {"id": str(next(_numbers))},
    "flickr.people.getUploadStatus": lambda asked: {"stat": "ok", "user": {"id": _FLICKR_USER, "username": {"_content": "news"}}},
    "flickr.auth.oauth.checkToken": lambda asked: {"stat": "ok", "oauth": {"perms": {"_content": "write"}}},
    "flickr.photosets.create": lambda asked: {"stat": "ok", "photoset": {"id": str(next(_numbers))}},
}
