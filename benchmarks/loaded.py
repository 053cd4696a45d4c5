"""Prints which libraries are loaded too early; runs in a process of its own, where nothing else has loaded them."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

LIBRARIES = {
    "tweepy": "x",
    "flickrapi": "flickr",
    "mwclient": "mediawiki",
    "rich": "",
    "yaml": "",
    "keyring": "",
}  # Pillow checks every photo, whatever the channel


def _loaded() -> list[str]:
    return [name for name in LIBRARIES if name in sys.modules]


def main() -> None:
    import socialcast

    found = {"import": _loaded()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "channels.toml")
        file.write_text('[channels.news]\nplatform = "x"\n', encoding="utf-8")
        socialcast.Broadcast.from_file(file)
        found["channels file"] = _loaded()
        socialcast.Broadcast.from_file(file).plan(socialcast.Announcement(text="The dome opens"))
        found["plan for x"] = [name for name in _loaded() if LIBRARIES[name] != "x"]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
