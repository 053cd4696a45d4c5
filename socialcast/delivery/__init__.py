"""Exactly once: named steps over a durable ledger."""
