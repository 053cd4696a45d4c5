"""Imported once, by the server that publishing processes are forked from: whatever a run loads is loaded by then."""

import gc

from socialcast.sandbox import Sandbox
from socialcast.testing.matrix.scenes import provable, recorded

with Sandbox() as _sandbox:
    for _publisher in provable():
        recorded(_sandbox, _publisher)

gc.collect()
gc.freeze()  # a process that is forked and collects would copy all of it
