"""A loopback server that plays every platform, so that a whole broadcast can run without an account.

Nothing in here imports the rest of socialcast: a mirror is a second, independent reading of its platform's documentation.
"""

from socialcast.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
