"""Channels and playlists; the same video may be put into one twice (Data API docs, 2026-11-22)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from socialcast.sandbox.mirror import Request, Response
from socialcast.sandbox.platforms.youtube.access import Channel, answer, call, json_body, stamp
from socialcast.sandbox.platforms.youtube.refusals import bad, forbidden, missing
from socialcast.sandbox.platforms.youtube.tables import LIMITS
from socialcast.sandbox.platforms.youtube.videos import Video, Videos

__all__ = ["Playlist", "Playlists"]


@dataclass(slots=True, kw_only=True, eq=False)
class Playlist:
    """Videos in an order, each place with an id of its own."""

    id: str
    channel: Channel
    title: str
    description: str = ""
    privacy: str = "public"
    places: dict[str, str] = field(default_factory=dict)  # id of the place -> id of the video, in order


class Playlists(Videos):
    """The part of the mirror that gathers videos."""

    def reset(self) -> None:
        """Forget all playlists."""
        super().reset()
        self.playlists: dict[str, Playlist] = {}

    @call
    def list_channels(self, channel: Channel, request: Request) -> Response:
        """GET /channels?mine=true."""
        if request.args.get("mine") != "true":
            raise bad("missingRequiredParameter", "This sandbox lists one's own channel only.")
        told = {
            "kind": "youtube#channel",
            "id": channel.id,
            "snippet": {"title": channel.name, "customUrl": f"@{channel.name}"},
            "contentDetails": {"relatedPlaylists": {"uploads": channel.uploads_id}},
            "status": {"privacyStatus": "public", "longUploadsStatus": "allowed" if channel.verified_phone else "eligible"},
        }
        wanted = {"kind", "id", *request.args.get("part", "").split(",")}
        return answer(self.page([{name: told[name] for name in told if name in wanted}], request, "youtube#channelListResponse"))

    @call
    def list_playlists(self, channel: Channel, request: Request) -> Response:
        """GET /playlists?mine=true or by id."""
        own = [playlist for playlist in self.playlists.values() if playlist.channel is channel]
        if ids := request.args.get("id"):
            own = [playlist for playlist in own if playlist.id in ids.split(",")]
        elif request.args.get("mine") != "true":
            raise bad("missingRequiredParameter", "No filter selected.")
        return answer(self.page([_playlist(one) for one in own], request, "youtube#playlistListResponse"))

    @call
    def insert_playlist(self, channel: Channel, request: Request) -> Response:
        """POST /playlists: another one, whatever its title."""
        body = json_body(request)
        title = body.get("snippet", {}).get("title", "")
        if not title.strip():
            raise bad("playlistTitleRequired", "The request must specify a playlist title.")
        privacy = body.get("status", {}).get("privacyStatus", "public")
        description = body.get("snippet", {}).get("description", "")
        playlist = Playlist(id=f"PL{self.token_of(32)}", channel=channel, title=title, description=description, privacy=privacy)
        self.playlists[playlist.id] = playlist
        return answer(_playlist(playlist))

    @call
    def update_playlist(self, channel: Channel, request: Request) -> Response:
        """PUT /playlists."""
        body = json_body(request)
        playlist = self._own_playlist(channel, body.get("id", ""))
        playlist.title = body.get("snippet", {}).get("title", playlist.title)
        playlist.privacy = body.get("status", {}).get("privacyStatus", playlist.privacy)
        return answer(_playlist(playlist))

    @call
    def delete_playlist(self, channel: Channel, request: Request) -> Response:
        """DELETE /playlists."""
        del self.playlists[self._own_playlist(channel, request.args.get("id", "")).id]
        return answer(status=204)

    @call
    def list_playlist_items(self, channel: Channel, request: Request) -> Response:
        """GET /playlistItems: of the uploads, newest first, private ones included, or of a playlist of one's own."""
        playlist_id, wanted = request.args.get("playlistId", ""), request.args.get("videoId")
        if playlist_id == channel.uploads_id:
            own = [video for video in reversed(self.videos.values()) if video.channel is channel and video.blob]
            places = [(f"UU{video.id}", video) for video in own]
        else:
            playlist = self._own_playlist(channel, playlist_id)
            places = [(place, self.videos[id]) for place, id in playlist.places.items() if id in self.videos]
        items = [self._item(id, playlist_id, video) for id, video in places if wanted in (None, video.id)]
        return answer(self.page(items, request, "youtube#playlistItemListResponse"))

    @call
    def insert_playlist_item(self, channel: Channel, request: Request) -> Response:
        """POST /playlistItems: one more place, even for a video that is there already."""
        snippet = json_body(request).get("snippet", {})
        playlist = self._own_playlist(channel, snippet.get("playlistId", ""))
        video = self.videos.get(snippet.get("resourceId", {}).get("videoId", ""))
        if video is None:
            raise missing("video")
        if len(playlist.places) >= LIMITS.playlist_videos:
            message = "The playlist already contains the maximum allowed number of items."
            raise forbidden("playlistContainsMaximumNumberOfVideos", message)
        place = self.token_of(40)
        playlist.places[place] = video.id
        return answer(self._item(place, playlist.id, video))

    @call
    def delete_playlist_item(self, channel: Channel, request: Request) -> Response:
        """DELETE /playlistItems."""
        for playlist in self.playlists.values():
            if playlist.channel is channel and playlist.places.pop(request.args.get("id", ""), ""):
                return answer(status=204)
        raise missing("playlistItem")

    def _own_playlist(self, channel: Channel, id: str) -> Playlist:
        playlist = self.playlists.get(id)
        if playlist is None:
            raise missing("playlist")
        if playlist.channel is not channel:
            raise forbidden("playlistForbidden", "The playlist is another channel's.")
        return playlist

    def _item(self, id: str, playlist_id: str, video: Video) -> dict[str, Any]:
        snippet = {
            "title": video.snippet["title"],
            "description": video.snippet["description"],
            "publishedAt": stamp(video.at),
            "playlistId": playlist_id,
            "resourceId": {"kind": "youtube#video", "videoId": video.id},
        }
        details = {"videoId": video.id}
        return {
            "kind": "youtube#playlistItem",
            "id": id,
            "snippet": snippet,
            "contentDetails": details,
            "status": {"privacyStatus": self.privacy(video)},
        }


def _playlist(playlist: Playlist) -> dict[str, Any]:
    return {
        "kind": "youtube#playlist",
        "id": playlist.id,
        "snippet": {"title": playlist.title, "description": playlist.description, "channelId": playlist.channel.id},
        "status": {"privacyStatus": playlist.privacy},
    }
