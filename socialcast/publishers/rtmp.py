"""Any RTMP or RTMPS server that one runs oneself: it takes the pictures, and the settings say where they are watched.

nginx with its RTMP module, Owncast, PeerTube's ingest. There is nothing to create and nobody to ask: whether it is on the
air is known from what was done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.capabilities import Capabilities, LiveRules, Recovery
from socialcast.model.post import Adaptation, Post
from socialcast.model.receipt import Draft, Item, LiveState, LiveStatus, Receipt
from socialcast.publisher import Ingest, Publisher
from socialcast.wire.rtmp import require_server
from socialcast.wire.secrets import Secret

__all__ = ["CAPABILITIES", "RtmpPublisher", "RtmpSettings"]

CAPABILITIES = Capabilities(
    documented="RTMP specification 1.0, and the ingest of nginx-rtmp, Owncast and PeerTube",
    checked=date(2026, 11, 22),
    live=LiveRules(low_latency=False, dvr=False, tells_state=False),
    media_required=True,
    gives=frozenset({"live"}),
    recovery=Recovery(
        marker="none is needed: nothing is made on the server",
        settle_seconds=(0,),
        lost_ledger="the event; that it was started or ended here is forgotten",
    ),
    retract=False,
    notes={
        "live.poster": "the announcement's is not shown",
        "live": "the server tells nobody whether it is on the air; what was done here is recorded",
        "live.dvr": "as the server is set up",
        "live.low_latency": "as the server is set up",
    },
)


class RtmpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One ingest, and the page where its pictures are watched."""

    url: Annotated[str, Meta(pattern=r"^rtmps?://[^/]+/.+", description="the ingest: rtmp://HOST/APP or rtmps://HOST/APP")]
    stream_key: Annotated[Secret, Meta(description="the key of the stream; whoever has it goes live as you")]
    watch_url: Annotated[str, Meta(pattern=r"^https?://.+", description="the page where everybody watches it")]


class RtmpPublisher(Publisher):
    """One stream of one server."""

    name = "rtmp"
    capabilities = CAPABILITIES
    Settings = RtmpSettings
    settings: RtmpSettings
    sandbox_settings: ClassVar[Mapping[str, Any]] = {
        "url": "rtmp://ingest.example.org/live",
        "watch_url": "https://watch.example.org/",
    }

    @property
    def identity(self) -> str:
        """The key, under which a server takes one stream at a time."""
        return f"{self.settings.url}/{self.settings.stream_key.reveal()}"

    def compose(self, announcement: Announcement, links: Mapping[str, str]) -> Post:
        """The event alone: a server shows nothing but its pictures."""
        bare = msgspec.structs.replace(announcement, title="", text="", link=None, photos=(), video=None, tags=(), channels={})
        alone = Adaptation(code="live.alone", message="the server shows the live pictures, and nothing else", routine=True)
        return msgspec.structs.replace(super().compose(bare, links), adaptations=(alone,))

    def prepare(self, post: Post, steps: Steps) -> Draft:
        """Look whether the ingest answers; nothing is made."""
        steps.read(self._require_server)
        event = Item(id=f"{post.key}/{post.channel}", kind="live", url=self.settings.watch_url)
        return Draft(items=(event,), links={"live": event.url})

    def commit(self, post: Post, draft: Draft, steps: Steps) -> Receipt:
        """The page is public already."""
        return Receipt(id=draft.items[0].id, url=draft.items[0].url, items=draft.items)

    def ingest(self, event: Item) -> Ingest:
        """The address and the key of the settings."""
        return Ingest(url=self.settings.url, key=self.settings.stream_key)

    def live_status(self, event: Item) -> LiveStatus:
        """Nothing is told: a server that answers may be on the air or not."""
        self._require_server()
        return LiveStatus(state=LiveState.SCHEDULED)

    def _require_server(self) -> bool:
        require_server(self.settings.url, self.connection.transport)
        return True
