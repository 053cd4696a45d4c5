"""Matrix: a room of one's own for journalists, or any room, on any homeserver (client-server API 1.19 of 2026-07-08)."""

from __future__ import annotations

from socialcast.publishers.matrix.publisher import MatrixPublisher
from socialcast.publishers.matrix.tables import CAPABILITIES

__all__ = ["CAPABILITIES", "MatrixPublisher"]
