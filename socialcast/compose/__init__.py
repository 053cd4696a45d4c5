"""From one announcement to one post per channel: pure functions, no network, no clock."""
