"""The request as a mirror's handler gets it: the body already read, large parts on disk, the URL as the client believes it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import IO, Any

from werkzeug.wrappers import Request as WerkzeugRequest

__all__ = ["SCHEME_HEADER", "LostConnection", "Request"]

SCHEME_HEADER = "X-Sandbox-Scheme"
_BLOCK_BYTES = 1 << 16
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


class LostConnection(Exception):
    """The client is gone, or is to find the connection reset instead of an answer."""


class Request(WerkzeugRequest):
    """An HTTP request to a mirror."""

    max_form_memory_size = 64 << 20  # base64 media and long wiki pages come as plain form fields
    max_form_parts = 10_000
    received_bytes = 0  # of the body
    is_torn = False  # whether the body broke off

    @cached_property
    def believed_url(self) -> str:
        """The URL that the client called, escaped as it was sent: what an OAuth 1.0a signature was made over."""
        target = self.environ.get("RAW_URI") or self.full_path.removesuffix("?")
        return f"{self.scheme}://{self.host}{target}"

    @cached_property
    def _on_disk(self) -> ExitStack:
        return ExitStack()

    def _get_file_stream(self, *sizes_and_names: Any, **more: Any) -> IO[bytes]:
        # kept here and not only with the parsed parts, so that it is deleted when an upload breaks off
        return self._on_disk.enter_context(super()._get_file_stream(*sizes_and_names, **more))

    def read_body(self) -> None:
        """Take the body off the wire, as much of a raw one as comes; parts and raw bodies that are large go to disk."""
        if self.mimetype in _FORMS:
            self._load_form_data()
            self.received_bytes = self.content_length or 0
            return
        body = self._get_file_stream(None, None)
        stream = self.environ["wsgi.input"]
        try:
            while block := stream.read1(_BLOCK_BYTES):  # one at a time, so that none is lost where the next does not come
                body.write(block)
        except LostConnection:
            self.is_torn = True
        self.received_bytes = body.tell()
        body.seek(0)
        self.environ.update({"wsgi.input": body, "wsgi.input_terminated": True})

    def close(self) -> None:
        """Delete what the body left on disk."""
        super().close()
        self._on_disk.close()
