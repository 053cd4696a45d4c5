"""Frozen data: what an author announces, what a channel can carry, what was published."""
