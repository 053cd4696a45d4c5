"""A photo of 24 megapixels made to fit 2,000 pixels and 976,560 bytes, by us and by hand with Pillow."""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.measure import Row, in_turns, measured_child, memory_mb, timed
from socialcast.compose.photos import Fitted, fit
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.testing.likeness import ssim

__all__ = ["fitting"]

RULES = PhotoRules(max_side=2000, max_bytes=976_560)
_SIZE = (6000, 4000)
_LAYERS = ((8, 1.0), (32, 0.5), (128, 0.3), (700, 0.15), (2500, 0.06))  # from the sky's gradient to the sensor's noise


def fitting(*, quick: bool) -> list[Row]:
    rounds = 3 if quick else 9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = [folder / "one.jpg", folder / "other.jpg"]
        for number, path in enumerate(photos):
            _picture(number).save(path, quality=92)
        ours, hand = in_turns(lambda: _ours(photos[0]), lambda: timed(lambda: by_hand(photos[0])), rounds)
        again, plain = in_turns(lambda: _ours(photos[0]), lambda: timed(lambda: by_hand(photos[0], draft=False)), rounds)
        together, apart = in_turns(lambda: _both(photos, 2), lambda: _both(photos, 1), rounds)
        bare, bare_apart = in_turns(lambda: _both_bare(photos, 2), lambda: _both_bare(photos, 1), rounds)
        figures = measured_child("benchmarks.fitting", photos[0])
    return [
        Row(name="fit24", ours=ours * 1000, baseline=hand * 1000, unit="ms", limit=1.05, note="by hand with draft mode"),
        Row(name="… plain Pillow", ours=again * 1000, baseline=plain * 1000, unit="ms", note="by hand without draft mode"),
        Row(name="… two at once", ours=together * 1000, baseline=apart * 1000, unit="ms", limit=0.65, note="one after another"),
        Row(name="… two at once by hand", ours=bare * 1000, baseline=bare_apart * 1000, unit="ms", note="Pillow alone, the same"),
        Row(name="… memory", ours=figures["peak_mb"], unit="MB", limit=80.0, note="peak of the whole process"),
        Row(name="… SSIM below 1", ours=(1 - figures["ssim"]) * 100, unit="%", limit=2.0, note=figures["made"]),
    ]


def by_hand(path: Path, *, draft: bool = True) -> bytes:
    """What one writes with Pillow alone."""
    with Image.open(path) as image:
        if draft:
            image.draft("RGB", (2000, 2000))
        upright = ImageOps.exif_transpose(image)
        small = upright.resize((2000, 2000 * upright.height // upright.width), Image.Resampling.LANCZOS)
        for quality in range(95, 5, -5):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality, exif=image.getexif())
            if out.tell() <= 976_560:
                break
        path.with_suffix(".by-hand.jpg").write_bytes(out.getvalue())
        return out.getvalue()


def _ours(path: Path) -> float:
    """Seconds with nothing kept from an earlier round."""
    with tempfile.TemporaryDirectory(dir=path.parent) as cache:
        return timed(lambda: _fitted(path, cache))


def _both(paths: list[Path], threads: int) -> float:
    with tempfile.TemporaryDirectory(dir=paths[0].parent) as cache, ThreadPoolExecutor(threads) as pool:
        return timed(lambda: list(pool.map(lambda path: _fitted(path, cache), paths)))


def _both_bare(paths: list[Path], threads: int) -> float:
    """What the machine gives to two threads of Pillow: its cores share a memory, and a core may be half of one."""
    with ThreadPoolExecutor(threads) as pool:
        return timed(lambda: list(pool.map(by_hand, paths)))


def _fitted(path: Path, cache: str) -> Fitted:
    return fit(Photo(path), RULES, cache)


def _picture(seed: int) -> Image.Image:
    """A picture with shapes of all sizes, as photos have them; the same on every run."""
    dice, picture = random.Random(seed), None
    for side, share in _LAYERS:
        height = side * 2 // 3
        layer = Image.frombytes("RGB", (side, height), dice.randbytes(side * height * 3)).resize(_SIZE, Image.Resampling.BICUBIC)
        picture = layer if picture is None else Image.blend(picture, layer, share)
    return picture or Image.new("RGB", _SIZE)


def _child(path: Path) -> None:
    """Peak memory of one fit, and then how like the original its result is."""
    fitted = fit(Photo(path), RULES, None)
    peak_mb = memory_mb("VmHWM")
    with fitted.open() as file, Image.open(file) as small, Image.open(path) as original:
        alike = ssim(original.resize(small.size, Image.Resampling.LANCZOS), small)
    print(json.dumps({"peak_mb": peak_mb, "ssim": alike, "made": fitted.made}))


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
