"""Mail to journalists, one for each (RFC 5321, 5322, 2369, 8058; Gmail's and Yahoo's rules for senders; read 2026-11-26)."""

from __future__ import annotations

from socialcast.publishers.email.publisher import EmailPublisher
from socialcast.publishers.email.tables import CAPABILITIES

__all__ = ["CAPABILITIES", "EmailPublisher"]
