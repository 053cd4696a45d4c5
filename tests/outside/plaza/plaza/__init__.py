"""Plaza, an invented platform: short posts in threads, up to four pictures, a key that makes a post single."""
