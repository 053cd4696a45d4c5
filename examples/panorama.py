"""Makes an announcement whose photo is over every platform's size limit: 200 MB on Flickr, 100 MiB on a wiki, 5 MB on X.

    python examples/panorama.py FOLDER
    socialcast publish FOLDER/panorama.md --channels examples/channels.toml --sandbox

A file of nearly 300 MB has no place in a repository, so it is made here: one of the event's photographs side by side and
below itself, with a film grain that no encoder can squeeze.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

PHOTO = Path(__file__).parent / "open-doors" / "photos" / "nuthatch-on-a-tree-trunk.jpg"
TIMES = 3  # across and down
ANNOUNCEMENT = """---
title: Nine nuthatches
text: A wall of nuthatches, larger than any platform takes.
tags: [birds]
photos:
  - path: panorama.jpg
    alt: The same nuthatch nine times, in three rows of three, each head down on its trunk.
    caption: Nine nuthatches
    credit: Lukas Baubkus
    licence: CC-BY-SA-3.0
---
The photograph is by Lukas Baubkus, repeated and with grain added.
"""


def main(folder: Path) -> None:
    """Write the announcement and its photo."""
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(PHOTO) as photo:
        grain = Image.effect_noise(photo.size, 60).convert("RGB")
        tile = Image.blend(photo, grain, 0.5)
    wall = Image.new("RGB", (tile.width * TIMES, tile.height * TIMES))
    for number in range(TIMES * TIMES):
        wall.paste(tile, (number % TIMES * tile.width, number // TIMES * tile.height))
    wall.save(folder / "panorama.jpg", quality=100, subsampling=0)
    (folder / "panorama.md").write_text(ANNOUNCEMENT, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
