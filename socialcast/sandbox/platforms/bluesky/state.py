"""What the mirror keeps: accounts, tokens, records, files, jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from socialcast.sandbox.mirror import Blob
from socialcast.sandbox.platforms.bluesky.refusals import RefusalError
from socialcast.sandbox.platforms.bluesky.tables import GATEWAY_HOST, LIMITS, SITE, Rate

__all__ = ["Job", "Record", "StoredBlob", "Token", "User", "Window"]

_KEY = "zSandboxPublicKeyThatSignsNothing"
_STATUSES: Mapping[str, tuple[str, str]] = {
    "takendown": ("AccountTakedown", "Account has been taken down"),
    "deactivated": ("AccountDeactivated", "Account is deactivated"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as the repository has it, and as it was first written, which is what readers go on seeing of a post."""

    uri: str
    cid: str
    value: dict[str, Any]
    at: float
    first: tuple[str, dict[str, Any]]
    is_valid: bool = True  # readers pass over what is not
    blobs: frozenset[str] = frozenset()

    @property
    def did(self) -> str:
        """Whose it is."""
        return self.uri.split("/")[2]

    @property
    def rkey(self) -> str:
        """Its key."""
        return self.uri.rpartition("/")[2]


@dataclass(slots=True, kw_only=True)
class StoredBlob:
    """An uploaded file; it stays once a record refers to it."""

    file: Blob
    cid: str
    mime_type: str
    at: float
    is_permanent: bool = False

    @property
    def reference(self) -> dict[str, Any]:
        """How records refer to it."""
        return {"$type": "blob", "ref": {"$link": self.cid}, "mimeType": self.mime_type, "size": self.file.size}


@dataclass(slots=True, kw_only=True)
class User:
    """One account, where its data live, and what it may do."""

    did: str
    handle: str
    password: str
    pds: str
    email_confirmed: bool = True
    status: str = ""  # "takendown" or "deactivated"
    blob_max_bytes: int = LIMITS.blob_bytes
    is_locked_out: bool = False
    commit: str = ""
    rev: str = ""
    records: dict[tuple[str, str], Record] = field(default_factory=dict)  # by collection and key
    blobs: dict[str, StoredBlob] = field(default_factory=dict)  # by CID

    @property
    def did_document(self) -> dict[str, Any]:
        """What the directory says of the account."""
        key = {"id": f"{self.did}#atproto", "type": "Multikey", "controller": self.did, "publicKeyMultibase": _KEY}
        pds = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": f"https://{self.pds}"}
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.did,
            "alsoKnownAs": [f"at://{self.handle}"],
            "verificationMethod": [key],
            "service": [pds],
        }

    @property
    def url(self) -> str:
        """Where visitors see it."""
        return f"{SITE}/profile/{self.handle}"

    @property
    def hosts(self) -> frozenset[str]:
        """Where its repository answers."""
        return frozenset({self.pds, GATEWAY_HOST})

    def refusal(self) -> RefusalError:
        """Why an account that is not active does nothing."""
        return RefusalError(401, *_STATUSES[self.status])


@dataclass(slots=True, kw_only=True)
class Token:
    """A token that was given out."""

    text: str
    kind: str
    user: User
    expires_at: float
    claims: Mapping[str, str] = field(default_factory=dict)
    successor: str | None = None  # the refresh token that came after it


@dataclass(slots=True)
class Window:
    """What is used of a rate."""

    rate: Rate
    resets_at: float
    used: int = 0

    @property
    def left(self) -> int:
        """How many points it still has."""
        return self.rate.points - self.used

    def headers(self) -> dict[str, str]:
        """What every answer tells of it."""
        return {
            "RateLimit-Limit": str(self.rate.points),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(int(self.resets_at)),
            "RateLimit-Policy": f"{self.rate.points};w={self.rate.seconds}",
        }


@dataclass(slots=True, kw_only=True)
class Job:
    """A video that was sent for processing."""

    id: str
    user: User
    file: Blob
    at: float
    is_playable: bool
