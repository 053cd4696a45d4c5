"""The mirror of Matrix: one homeserver's client-server API (specification 1.19, 2026-07-08; Synapse 1.163.2)."""

from socialcast.sandbox.platforms.matrix.mirror import MatrixMirror

__all__ = ["MatrixMirror"]
