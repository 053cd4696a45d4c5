"""The outside world: the one HTTP session, settings and secrets, files that people write, retries, the clock."""
