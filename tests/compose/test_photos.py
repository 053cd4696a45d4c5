"""Photos: what is told about a file, and what becomes of it for a platform."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops

from socialcast.compose import cache, encoding, photos
from socialcast.compose.photos import UnreadablePhoto, adaptations, facts, fit
from socialcast.model.announcement import Photo
from socialcast.model.capabilities import PhotoRules
from socialcast.testing.likeness import ssim

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "open-doors" / "photos").glob("*.jpg"))
ANYTHING = PhotoRules(types=frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"}))
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:aux='http://ns.adobe.com/exif/1.0/aux/'"
    b' exif:GPSLatitude="46,48.1N" aux:SerialNumber="S-4711">'
    b"<exif:GPSLongitude>9,50.2E</exif:GPSLongitude><dc:rights xmlns:dc='x'>Ann Example</dc:rights>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def picture(size: tuple[int, int] = (320, 200), mode: str = "RGB") -> Image.Image:
    """A picture whose halves differ, so that a wrong turn shows."""
    gradient = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (gradient, gradient.transpose(Image.Transpose.FLIP_LEFT_RIGHT), Image.new("L", size, 90)))
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return image.convert(mode)


def noise(size: tuple[int, int] = (900, 600), mode: str = "RGB") -> Image.Image:
    """A picture that hardly compresses, the same on every run."""
    data = b"".join(struct.pack("<Q", (n * 0x9E3779B97F4A7C15) & (2**64 - 1)) for n in range(size[0] * size[1] * 4 // 8))
    return Image.frombytes("RGBA", size, zlib.compress(data, 0)[: size[0] * size[1] * 4]).convert(mode)


P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))  # Display P3, D50 (Apple, 2017)
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))  # IEC 61966-2-1, D50


def profile_of(primaries: tuple[tuple[float, float, float], ...], padding: int = 0) -> bytes:
    """An ICC profile of a display with these primaries and gamma 2.2, as ICC.1:2022 lays it out."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    def xyz(numbers: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*numbers)

    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    words = b"text\0\0\0\0" + b"n" * padding + b"\0" * (4 - padding % 4)
    tags = {b"wtpt": xyz((0.96420, 1.0, 0.82491)), b"cprt": words}
    tags |= {name: xyz(primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma)
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ ") + b"\0" * 12 + b"acsp"
    head = head.ljust(68, b"\0") + fixed(0.96420, 1.0, 0.82491)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def private_exif(orientation: int = 1, artist: str = "Ann Example") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = artist
    exif[ExifTags.Base.Copyright] = "(c) Ann Example"
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (46.0, 48.0, 6.0), 3: "E", 4: (9.0, 50.0, 12.0)}
    exif[ExifTags.IFD.Exif] = {0xA431: "BODY-4711", 0xA435: "LENS-4712", 0xA430: "Owner Example", 0x9003: "2026:11:22 10:00:00"}
    return exif.tobytes()


def saved(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def read(fitted: photos.Fitted) -> bytes:
    with fitted.open() as file:
        return file.read()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def same_pixels(one: bytes, other: bytes) -> bool:
    return ImageChops.difference(opened(one).convert("RGBA"), opened(other).convert("RGBA")).getbbox(alpha_only=False) is None


# -- facts ---------------------------------------------------------------------------------------------------------------


def test_facts_tell_what_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "hall.jpg"
    path.write_bytes(saved(picture((320, 200)), exif=private_exif(6)))
    assert facts(Photo(path)) == photos.PhotoFacts(
        media_type="image/jpeg",
        width=320,
        height=200,
        size_bytes=path.stat().st_size,
        orientation=6,
        has_location=True,
        has_serial=True,
        has_transparency=False,
        is_animated=False,
        suffix_matches=True,
    )


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_location_is_seen_in_every_format_that_carries_exif(format: str) -> None:
    found = facts(Photo(saved(picture(), format, exif=private_exif())))
    assert (found.has_location, found.has_serial) == (True, True)


def test_a_damaged_png_is_told() -> None:
    whole = bytearray(saved(noise((100, 80)), "PNG"))
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(UnreadablePhoto, match="damaged"):
        facts(Photo(bytes(whole)))


def test_a_changed_file_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "hall.jpg"
    path.write_bytes(saved(picture((320, 200))))
    before = facts(Photo(path)).width
    path.write_bytes(saved(picture((640, 480))))
    assert (before, facts(Photo(path)).width) == (320, 640)


def test_a_wrong_suffix_is_a_fact_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "hall.png"
    path.write_bytes(saved(picture()))
    assert facts(Photo(path)).suffix_matches is False
    assert fit(Photo(path), ANYTHING, None).filename == "hall.jpg"


def test_animation_and_transparency_are_told() -> None:
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    moving = facts(Photo(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    assert moving.is_animated
    assert facts(Photo(saved(Image.new("RGBA", (9, 9)), "PNG"))).has_transparency


def test_a_photo_of_a_hundred_megapixels_is_an_ordinary_photo() -> None:
    assert facts(Photo(saved(Image.new("1", (10_000, 10_000)), "PNG"))).width == 10_000


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_was_cut_off_is_told_as_truncated(format: str, share: float) -> None:
    whole = saved(noise((200, 150)), format)
    with pytest.raises(UnreadablePhoto) as caught:
        facts(Photo(whole[: int(len(whole) * share)]))
    assert caught.value.code == "photos.truncated"


@pytest.mark.parametrize("progressive", [False, True])
@given(cut=st.floats(0.1, 0.999))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_jpeg_is_seen_to_be_cut_off_wherever_the_cut_is(progressive: bool, cut: float) -> None:
    whole = saved(picture(), exif=private_exif(), progressive=progressive)
    with pytest.raises(UnreadablePhoto):
        facts(Photo(whole[: int(len(whole) * cut)]))


def test_a_thumbnail_does_not_pass_for_the_end_of_the_picture() -> None:
    thumbnail = saved(picture((32, 20)))
    whole = saved(noise((200, 150)))
    segment = b"\xff\xe5" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with pytest.raises(UnreadablePhoto) as caught:
        facts(Photo((whole[:2] + segment + whole[2:])[: len(whole) // 2]))
    assert caught.value.code == "photos.truncated"


def test_what_is_missing_empty_or_no_photo_has_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "words.jpg").write_text("no photo at all")
    codes = {}
    for name in ("gone.jpg", ".", "empty.jpg", "words.jpg"):
        with pytest.raises(UnreadablePhoto) as caught:
            facts(Photo(tmp_path / name))
        codes[name] = caught.value.code
    assert codes == {
        "gone.jpg": "photos.missing",
        ".": "photos.missing",
        "empty.jpg": "photos.empty",
        "words.jpg": "photos.unreadable",
    }


def test_a_file_that_declares_too_many_pixels_is_refused_from_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )
    with pytest.raises(UnreadablePhoto) as caught:
        facts(Photo(b"\x89PNG\r\n\x1a\n" + chunks))
    assert caught.value.code == "photos.enormous"


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 ", b"GIF89a", b"II*\0"]),
)
@example(b"\0\0\0\0\0\0\0,\0\0\0\0\0\x0c\0\xe4", b"GIF89a")  # its frame is larger than the file says it is
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_any_bytes_give_facts_or_a_reason(data: bytes, beginning: bytes) -> None:
    try:
        told = facts(Photo(beginning + data)).media_type
    except UnreadablePhoto as error:
        told = error.code
    assert told.startswith(("image/", "photos."))


# -- location and serial numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_real_photo_loses_its_location_and_not_one_pixel(path: Path) -> None:
    fitted = fit(Photo(path), ANYTHING, None)
    cleaned = facts(Photo(read(fitted)))
    assert same_pixels(read(fitted), path.read_bytes())
    assert (cleaned.has_location, cleaned.has_serial, cleaned.orientation) == (False, False, facts(Photo(path)).orientation)


@pytest.mark.parametrize(
    ("format", "options"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {"quality": 60})]
)
def test_location_and_serial_numbers_go_and_credit_stays(format: str, options: dict[str, object]) -> None:
    original = saved(picture(), format, exif=private_exif(6), **options)
    data = read(fit(Photo(original), ANYTHING, None))
    exif = opened(data).getexif()
    assert not any(word in data for word in (b"BODY-4711", b"LENS-4712", b"Owner Example"))
    assert ExifTags.IFD.GPSInfo not in exif
    assert (exif[ExifTags.Base.Artist], exif[ExifTags.Base.Copyright], exif[ExifTags.Base.Orientation]) == (
        "Ann Example",
        "(c) Ann Example",
        6,
    )
    assert exif.get_ifd(ExifTags.IFD.Exif)[0x9003] == "2026:11:22 10:00:00"
    assert same_pixels(data, original)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_location_and_serial_numbers_go_from_xmp_and_credit_stays(format: str) -> None:
    original = saved(picture(), format, xmp=XMP)
    data = read(fit(Photo(original), ANYTHING, None))
    assert facts(Photo(original)).has_location
    assert not any(word in data for word in (b"46,48.1N", b"9,50.2E", b"S-4711"))
    assert b"Ann Example" in data
    assert same_pixels(data, original)


def test_an_xmp_packet_that_hides_its_location_goes_as_a_whole() -> None:
    hidden = XMP.replace(b"9,50.2E", b"<rdf:Seq><rdf:li>9,50.2E</rdf:li></rdf:Seq>")
    data = read(fit(Photo(saved(picture(), xmp=hidden)), ANYTHING, None))
    assert b"9,50.2E" not in data
    assert not facts(Photo(data)).has_location


def test_an_exif_block_that_cannot_be_read_is_removed() -> None:
    original = saved(picture(), exif=b"Exif\0\0a secret place")
    assert b"secret place" in original
    assert b"secret place" not in read(fit(Photo(original), ANYTHING, None))


def test_what_follows_the_picture_goes_with_the_location() -> None:
    with_film = saved(picture(), exif=private_exif()) + b"a film with its own location"
    assert b"film" not in read(fit(Photo(with_film), ANYTHING, None))


def test_location_stays_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "hall.jpg"
    path.write_bytes(saved(picture(), exif=private_exif()))
    fitted = fit(Photo(path, keep_location=True), ANYTHING, None)
    assert fitted.path == str(path)


def test_location_stays_in_a_new_encoding_where_it_is_asked_for() -> None:
    original = saved(noise(), exif=private_exif(), quality=95)
    smaller = PhotoRules(max_bytes=len(original) // 2)
    kept = facts(Photo(read(fit(Photo(original, keep_location=True), smaller, None))))
    assert kept.has_location
    assert not facts(Photo(read(fit(Photo(original), smaller, None)))).has_location


@given(orientation=st.integers(1, 8), artist=st.text("abc é", max_size=20), quality=st.integers(30, 95))
@settings(max_examples=40, deadline=None)
def test_whatever_the_block_holds_the_pixels_stay(orientation: int, artist: str, quality: int) -> None:
    original = saved(picture((64, 48)), exif=private_exif(orientation, artist), quality=quality)
    data = read(fit(Photo(original), ANYTHING, None))
    assert same_pixels(data, original)
    assert facts(Photo(data))[4:7] == (False, False, orientation)


# -- fitting -------------------------------------------------------------------------------------------------------------


def test_a_photo_that_fits_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "hall.jpg"
    path.write_bytes(saved(picture()))
    fitted = fit(Photo(path), ANYTHING, str(tmp_path / "cache"))
    assert (fitted.path, fitted.filename, fitted.media_type) == (str(path), "hall.jpg", "image/jpeg")
    assert (fitted.size_bytes, fitted.sha256) == Photo(path).content
    assert fitted.sha1 == hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.02])
def test_a_photo_that_is_too_large_is_made_to_fit(share: float) -> None:
    original = saved(noise(), quality=95, exif=private_exif(6), icc_profile=profile_of(P3))
    limit = int(len(original) * share)
    fitted = fit(Photo(original), PhotoRules(max_bytes=limit), None)
    image = opened(read(fitted))
    assert limit * 0.7 < fitted.size_bytes <= limit
    assert image.width < image.height  # turned upright
    assert image.info["icc_profile"] == profile_of(P3)
    assert (image.getexif()[ExifTags.Base.Artist], image.getexif()[ExifTags.Base.Copyright]) == ("Ann Example", "(c) Ann Example")
    assert ExifTags.Base.Orientation not in image.getexif()


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_when_a_photo_is_encoded_anew(orientation: int, format: str) -> None:
    upright = picture((160, 100))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that stores it so that the orientation turns it back
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    shown = opened(read(fit(Photo(saved(stored, format, exif=exif)), PhotoRules(types=frozenset({"image/jpeg"})), None)))
    assert shown.size == upright.size
    assert max(high for _, high in ImageChops.difference(shown, upright).resize((16, 10)).getextrema()) < 20


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_picture_is_converted_to_what_the_platform_takes(mode: str) -> None:
    image = Image.new(mode, (40, 30)) if mode == "I;16" else picture((40, 30)).convert(mode)
    original = saved(image, "TIFF" if mode != "P" else "GIF")
    fitted = fit(Photo(original), PhotoRules(types=frozenset({"image/jpeg"})), None)
    assert (fitted.media_type, fitted.filename, opened(read(fitted)).size) == ("image/jpeg", "photo.jpg", (40, 30))


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    original = saved(Image.new("I;16", (8, 8), 0x8000), "PNG")
    assert opened(read(fit(Photo(original), PhotoRules(types=frozenset({"image/jpeg"})), None))).getpixel(
        (4, 4)
    ) == pytest.approx(128, abs=2)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_measurements_are_no_colours(mode: str) -> None:
    """Elevations or temperatures in 32 bits would come out all black or all white, so they are refused in words."""
    with pytest.raises(UnreadablePhoto, match="32 bits a pixel"):
        facts(Photo(saved(Image.new(mode, (8, 8), 1), "TIFF")))


def test_transparency_is_kept_where_a_type_can_show_it_and_white_otherwise() -> None:
    clear = saved(Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "WEBP", lossless=True, exact=True)
    assert fit(Photo(clear), PhotoRules(), None).media_type == "image/png"
    white = opened(read(fit(Photo(clear), PhotoRules(types=frozenset({"image/jpeg"})), None)))
    assert white.getpixel((20, 15)) == (255, 255, 255)


def test_a_transparent_picture_that_is_too_large_is_scaled() -> None:
    original = saved(noise((300, 200), "RGBA"), "PNG")
    fitted = fit(Photo(original), PhotoRules(max_bytes=len(original) // 3), None)
    assert fitted.media_type == "image/png"
    assert fitted.size_bytes <= len(original) // 3


def test_a_limit_that_nothing_fits_is_told() -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        fit(Photo(saved(noise())), PhotoRules(max_bytes=50), None)
    assert caught.value.code == "photos.too_large"


def test_a_photo_that_breaks_while_it_is_decoded_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    whole = saved(noise((100, 80)))
    tables = whole.index(b"\xff\xc4") + 5  # how the picture's bits are to be read
    path.write_bytes(whole[:tables] + b"\xff" * 16 + whole[tables + 16 :])
    with pytest.raises(UnreadablePhoto, match=r"broken\.jpg"):
        fit(Photo(path), PhotoRules(types=frozenset({"image/png"})), None)


def test_the_same_photo_and_rules_give_the_same_bytes(tmp_path: Path) -> None:
    original = saved(noise(), quality=95, exif=private_exif(6))
    rules = PhotoRules(max_bytes=len(original) // 2)
    in_memory, kept = fit(Photo(original), rules, None), fit(Photo(original), rules, str(tmp_path))
    assert in_memory.sha256 == kept.sha256
    assert Path(str(kept.path)).is_relative_to(tmp_path)


def test_a_kept_result_is_used_again_and_other_rules_make_another(tmp_path: Path) -> None:
    original = Photo(saved(noise(), quality=95))
    limit = original.content.size // 2
    first = fit(original, PhotoRules(max_bytes=limit), str(tmp_path))
    written = Path(str(first.path)).stat().st_mtime_ns
    again = fit(original, PhotoRules(max_bytes=limit), str(tmp_path))
    other = fit(original, PhotoRules(max_bytes=limit // 2), str(tmp_path))
    assert (again.path, Path(str(again.path)).stat().st_mtime_ns) == (first.path, written)
    assert other.path != first.path
    assert len(list(tmp_path.iterdir())) == 2


def test_the_original_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "hall.jpg"
    path.write_bytes(saved(noise(), exif=private_exif(6)))
    before = path.read_bytes()
    fit(Photo(path), PhotoRules(max_bytes=20_000), str(tmp_path / "cache"))
    fit(Photo(path), ANYTHING, str(tmp_path / "cache"))
    assert path.read_bytes() == before


# -- pixels, and the best that fits ----------------------------------------------------------------------------------------

BLUESKY = PhotoRules(max_side=2000, max_bytes=976_560)


def test_a_real_photo_of_twenty_megapixels_fits_and_looks_the_same() -> None:
    """The largest example comes down to 2,000 pixels and below 976,560 bytes at a likeness of 0.98 and more."""
    path = next(path for path in EXAMPLES if path.stem.startswith("nuthatch"))
    fitted = fit(Photo(path), BLUESKY, None)
    small = opened(read(fitted))
    assert max(small.size) == 2000
    assert fitted.size_bytes <= 976_560
    with Image.open(path) as original:
        assert ssim(original.resize(small.size, Image.Resampling.LANCZOS), small) >= 0.98


def test_likeness_falls_with_quality() -> None:
    """The measure itself: 1 for the same, less for a bad copy, far less for another picture."""
    one = opened(EXAMPLES[0].read_bytes())
    assert ssim(one, one) == pytest.approx(1, abs=1e-4)
    assert 0.5 < ssim(one, opened(saved(one, quality=10))) < 0.97
    assert ssim(one, noise(one.size)) < 0.3


@given(
    width=st.integers(1, 9000),
    height=st.integers(1, 9000),
    side=st.none() | st.integers(1, 5000),
    area=st.none() | st.integers(1, 10**7),
)
def test_a_photo_is_never_larger_than_the_platform_takes(width: int, height: int, side: int | None, area: int | None) -> None:
    """Both limits hold, nothing is blown up, and one side is as long as it may be."""
    wide, high = encoding.fitting_size(width, height, PhotoRules(max_side=side, max_pixels=area))
    assert 1 <= wide <= width
    assert 1 <= high <= height
    assert side is None or max(wide, high) <= side
    assert area is None or wide * high <= max(area, wide, high)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_too_many_pixels_are_scaled_down_and_said(format: str) -> None:
    """A photo on its side is scaled by the side that it is shown with."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    original = saved(picture((320, 200)), format, exif=exif)
    rules = PhotoRules(types=ANYTHING.types, max_side=160)
    fitted = fit(Photo(original), rules, None)
    assert opened(read(fitted)).size == (100, 160)
    assert fitted.made.startswith("100 x 160 pixels")
    assert "photo.resized" in codes(original, rules)


@pytest.mark.parametrize("share", [0.95, 0.7, 0.45, 0.2])
def test_the_best_quality_that_fits_is_found_in_few_tries(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step of quality more would not fit, and no more than eight encodings were needed to know."""
    picture, tries = opened(EXAMPLES[0].read_bytes()), []
    limit = int(len(saved(picture, quality=95)) * share)
    encoded = encoding._at
    monkeypatch.setattr(encoding, "_at", lambda *given: tries.append(given) or encoded(*given))
    fitted = fit(Photo(saved(picture, quality=100)), PhotoRules(max_bytes=limit), None)
    assert len(tries) <= 8
    assert fitted.size_bytes <= limit
    if "quality 80" not in fitted.made:
        quality = int(fitted.made.partition("quality ")[2].partition(",")[0])
        assert len(saved(picture, quality=quality + 1)) + 1000 > limit


def test_what_came_of_it_is_known_from_the_cache_and_said(tmp_path: Path) -> None:
    """Size in pixels, quality and bytes stand in the adaptation once the photo was fitted."""
    original, rules = Photo(saved(noise(), quality=95)), PhotoRules(max_bytes=100_000, max_side=300)
    assert photos.made(original, rules, str(tmp_path)) == ""
    fitted = fit(original, rules, str(tmp_path))
    assert photos.made(original, rules, str(tmp_path)) == fitted.made
    assert fitted.made == f"300 x 200 pixels, quality 95, {fitted.size_bytes:,} bytes"
    assert adaptations(facts(original), rules, "photos[0]", fitted.made)[0].message.endswith(f"sent as {fitted.made}")


# -- colours -------------------------------------------------------------------------------------------------------------


def test_a_wide_gamut_is_kept_with_its_profile() -> None:
    """The pixels of a Display P3 photo go on meaning what they meant."""
    original = saved(picture(), quality=95, icc_profile=profile_of(P3))
    data = read(fit(Photo(original), PhotoRules(max_side=100), None))
    assert opened(data).info["icc_profile"] == profile_of(P3)


def test_a_profile_that_would_crowd_out_the_picture_becomes_srgb() -> None:
    """A colour of Display P3 is the one that the matrices of P3 and sRGB, applied by hand, give."""
    wide = (200, 120, 90)
    original = saved(Image.new("RGB", (64, 64), wide), "PNG", icc_profile=profile_of(P3, padding=9000))
    shown = opened(read(fit(Photo(original), PhotoRules(max_side=32), None)))
    linear = [(value / 255) ** 2.2 for value in wide]
    xyz = [sum(linear[i] * P3[i][axis] for i in range(3)) for axis in range(3)]
    inverse = ((3.13386, -1.61687, -0.49061), (-0.97877, 1.91614, 0.03345), (0.07194, -0.22899, 1.40524))  # of SRGB above
    straight = [sum(row[i] * xyz[i] for i in range(3)) for row in inverse]
    srgb = [round(255 * (1.055 * value ** (1 / 2.4) - 0.055)) for value in straight]
    assert "icc_profile" not in shown.info
    assert shown.getpixel((16, 16)) == pytest.approx(tuple(srgb), abs=3)
    assert shown.getpixel((16, 16)) != pytest.approx(wide, abs=3)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_broken_profile_is_left_out_and_said(format: str) -> None:
    """A profile that nobody can read does not travel on, and not one pixel changes for it."""
    original = saved(picture(), format, icc_profile=b"no profile at all" * 9)
    data = read(fit(Photo(original), ANYTHING, None))
    assert codes(original, ANYTHING) == ["photo.profile_removed"]
    assert b"no profile at all" not in data
    assert "icc_profile" not in opened(data).info
    assert same_pixels(data, original)


def test_a_profile_of_other_colours_is_no_profile() -> None:
    """Red, green and blue cannot be read by a profile for greys."""
    grey = profile_of(P3).replace(b"RGB XYZ ", b"GRAYXYZ ")
    assert facts(Photo(saved(picture(), icc_profile=grey))).has_bad_profile


def test_print_colours_become_what_screens_show() -> None:
    """No platform says that it takes CMYK, so it is converted and named."""
    original = saved(picture(mode="CMYK"), quality=95)
    fitted = fit(Photo(original), ANYTHING, None)
    assert codes(original, ANYTHING) == ["photo.colours"]
    assert opened(read(fitted)).mode == "RGB"


# -- other formats ---------------------------------------------------------------------------------------------------------


def test_avif_is_converted_where_it_is_not_taken_and_kept_where_it_is() -> None:
    """Its location goes in either case."""
    original = saved(noise((120, 80)), "AVIF", exif=private_exif(6), quality=60)
    converted = fit(Photo(original), PhotoRules(), None)
    assert (facts(Photo(original)).media_type, converted.media_type) == ("image/avif", "image/jpeg")
    assert opened(read(converted)).size == (80, 120)
    assert not facts(Photo(read(converted))).has_location
    taken = PhotoRules(types=frozenset({"image/avif", "image/jpeg"}))
    plain = saved(noise((120, 80)), "AVIF")
    assert read(fit(Photo(plain), taken, None)) == plain
    assert not facts(Photo(read(fit(Photo(original), taken, None)))).has_location


def test_a_phones_heic_is_converted() -> None:
    """What a telephone takes is shown upright on every platform."""
    heif = pytest.importorskip("pillow_heif", reason="needs the extra heif")
    out = BytesIO()
    heif.from_pillow(noise((120, 80))).save(out, format="HEIF", exif=private_exif())
    fitted = fit(Photo(out.getvalue()), PhotoRules(), None)
    assert facts(Photo(out.getvalue())).has_location
    assert (fitted.media_type, opened(read(fitted)).size) == ("image/jpeg", (120, 80))
    assert not facts(Photo(read(fitted))).has_location


def test_a_heic_without_its_reader_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has not installed it is told what to install."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadablePhoto, match=r"socialcast\[heif\]"):
        facts(Photo(b"\0\0\0\x18ftypheic" + b"\0" * 40))


# -- animations ------------------------------------------------------------------------------------------------------------


def animation(frames: int, format: str = "GIF", **options: object) -> bytes:
    pictures = [Image.new("RGB", (16, 16), (number * 40 % 256, 90, 200)) for number in range(frames)]
    return saved(pictures[0], format, save_all=True, append_images=pictures[1:], duration=40, **options)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_stays_one_where_the_platform_takes_it(format: str) -> None:
    """Every byte of it."""
    moving = animation(5, format)
    assert facts(Photo(moving)).is_animated
    assert read(fit(Photo(moving), ANYTHING, None)) == moving


def test_an_animation_without_end_is_refused_before_it_is_decoded() -> None:
    """Ten thousand pictures are a film, and are counted, not decoded."""
    one = animation(2)
    second = one.index(b"\x21\xf9", one.index(b"\x21\xf9") + 1)
    endless = one[:second] + one[second:-1] * 10_000 + one[-1:]
    began = time.perf_counter()
    with pytest.raises(UnreadablePhoto, match="10,001 pictures") as caught:
        facts(Photo(endless))
    assert caught.value.code == "photos.endless"
    assert time.perf_counter() - began < 5


def test_a_place_in_a_gif_goes_and_the_animation_stays() -> None:
    """Its XMP packet and a comment that tells the place are taken out, frame for frame the same."""
    moving = animation(3, comment=b"GPS 46.8 9.8")
    application = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    first = moving.index(b"\x21\xf9")
    private = moving[:first] + application + moving[first:]
    data = read(fit(Photo(private), ANYTHING, None))
    assert b"GPS" not in data
    assert (opened(data).n_frames, same_pixels(data, moving)) == (3, True)


# -- text, credit and what hides elsewhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_a_place_in_a_text_chunk_of_a_png_goes_and_a_copyright_stays(packed: bool) -> None:
    """Packed or not, by keyword or by words."""
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Copyright", "Ann Example", zip=packed)
    text.add_text("exif:GPSLatitude", "46.8", zip=packed)
    text.add_itxt("Comment", "taken at latitude 46.8", zip=packed)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=packed)
    original = saved(picture(), "PNG", pnginfo=text)
    assert facts(Photo(original)).has_location
    shown = opened(read(fit(Photo(original), ANYTHING, None)))
    assert shown.info["Copyright"] == "Ann Example"
    assert not [word for word in shown.info.values() if "46" in str(word)]


def iptc(*datasets: tuple[int, bytes]) -> bytes:
    told = b"".join(bytes([0x1C, 2, number]) + struct.pack(">H", len(words)) + words for number, words in datasets)
    digest = b"8BIM\x04\x25\0\0" + struct.pack(">I", 16) + b"d" * 16
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(told)) + told + b"\0" * (len(told) % 2) + digest
    plain = saved(picture())
    return plain[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + plain[2:]


def test_a_place_in_iptc_goes_and_the_credit_stays() -> None:
    """An agency's credit often stands there and nowhere else."""
    from PIL import IptcImagePlugin

    original = iptc((80, b"Ann Example"), (90, b"Davos"), (116, b"(c) Agency"), (101, b"Switzerland"))
    data = read(fit(Photo(original), ANYTHING, None))
    told = IptcImagePlugin.getiptcinfo(Image.open(BytesIO(data)))
    assert told == {(2, 80): b"Ann Example", (2, 116): b"(c) Agency"}
    assert not facts(Photo(data)).has_location
    assert same_pixels(data, original)


def test_a_credit_outlives_a_new_encoding_wherever_it_stood() -> None:
    """IPTC and XMP travel on, without the place and the turn."""
    anew = PhotoRules(max_side=50)
    exif = opened(read(fit(Photo(iptc((80, b"Ann Example"), (90, b"Davos"), (116, b"(c) Agency"))), anew, None))).getexif()
    assert (exif[ExifTags.Base.Artist], exif[ExifTags.Base.Copyright]) == ("Ann Example", "(c) Agency")
    turned = XMP.replace(b"aux:SerialNumber", b'tiff:Orientation="6" aux:SerialNumber')
    for format, told in (("JPEG", {"xmp": turned}), ("WEBP", {"xmp": turned}), ("TIFF", {"tiffinfo": {700: turned}})):
        packet = opened(read(fit(Photo(saved(picture(), format, **told)), anew, None))).info["xmp"]
        assert b"Ann Example" in packet
        assert not any(word in packet for word in (b"GPS", b"Serial", b"Orientation"))


@pytest.mark.parametrize(
    "told",
    [
        b"<photoshop:City>Davos</photoshop:City>",
        b"<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType='Resource'><x:y>Davos</x:y></rdf:li></rdf:Bag>"
        b"</Iptc4xmpExt:LocationCreated>",
        b"<exif:GPSAreaInformation>\n Davos\n</exif:GPSAreaInformation >",
    ],
)
def test_a_place_in_xmp_goes_however_it_is_written(told: bytes) -> None:
    """Structures with all that is in them, and the credit beside them stays."""
    packet = XMP.replace(b"</rdf:Description>", told + b"</rdf:Description>")
    data = read(fit(Photo(saved(picture(), xmp=packet)), ANYTHING, None))
    assert b"Davos" not in data
    assert b"Ann Example" in data


def test_a_tiff_that_tells_a_place_in_xmp_is_not_sent_as_it_is() -> None:
    """Whatever block it stands in."""
    original = saved(picture(), "TIFF", tiffinfo={700: XMP})
    assert facts(Photo(original)).has_location
    assert b"46,48.1N" not in read(fit(Photo(original), ANYTHING, None))


# -- the cache -----------------------------------------------------------------------------------------------------------


def test_the_cache_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not used for longest goes first, nothing that was used today goes, and other files are left alone."""
    monkeypatch.setattr(cache, "MAX_BYTES", 2500)
    monkeypatch.setattr(cache.Cache, "_unlooked_bytes", cache._LOOK_EVERY_BYTES)
    kept = cache.Cache(tmp_path)
    (tmp_path / "x-account.lock").write_bytes(b"n" * 9000)
    for age_days, name in ((9, "a"), (7, "b"), (5, "c"), (0, "d"), (0, "e")):
        kept.put(name * 32, "file.jpg", b"n" * 1000)
        moment = time.time() - age_days * 86400
        os.utime(tmp_path / (name * 32), (moment, moment))
    assert kept.find("a" * 32)  # which makes it used now
    monkeypatch.setattr(cache.Cache, "_unlooked_bytes", cache._LOOK_EVERY_BYTES)
    kept.put("f" * 32, "file.jpg", b"n" * 1000)
    assert sorted(entry.name[0] for entry in tmp_path.iterdir()) == ["a", "d", "e", "f", "x"]


# -- adaptations ---------------------------------------------------------------------------------------------------------


def codes(data: bytes, rules: PhotoRules) -> list[str]:
    return [change.code for change in adaptations(facts(Photo(data)), rules, "photos[0]")]


def test_a_photo_that_fits_has_no_adaptation() -> None:
    assert codes(saved(picture()), PhotoRules()) == []


def test_every_change_is_named_before_it_is_made() -> None:
    large = saved(noise(), exif=private_exif(6))
    assert codes(large, PhotoRules(max_bytes=1000)) == [
        "photo.recompressed",
        "photo.orientation_applied",
        "photo.location_removed",
    ]
    assert codes(saved(picture(), "WEBP"), PhotoRules()) == ["photo.converted"]
    assert codes(saved(noise((90, 60), "RGBA"), "PNG"), PhotoRules(max_bytes=1000)) == ["photo.resized"]
    assert codes(saved(picture(), exif=private_exif(6)), PhotoRules()) == ["photo.location_removed"]


def test_an_animation_that_becomes_a_still_picture_is_no_routine_change() -> None:
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    changes = adaptations(facts(Photo(moving)), PhotoRules(), "photos[0]")
    assert [(change.code, change.routine) for change in changes] == [("photo.converted", False), ("photo.stilled", False)]


def test_a_type_whose_location_cannot_be_taken_out_is_converted() -> None:
    located = saved(picture(), "TIFF", exif=private_exif())
    assert codes(located, ANYTHING) == ["photo.converted", "photo.location_removed"]
    fitted = fit(Photo(located), ANYTHING, None)
    assert (fitted.media_type, facts(Photo(read(fitted))).has_location) == ("image/jpeg", False)


def test_what_the_reader_sees_changes_only_by_policy() -> None:
    """A smaller or converted picture needs the policy adapt; a removed location does not."""
    large = photos.facts(Photo(saved(noise((90, 60)))))
    assert [change.routine for change in photos.adaptations(large, PhotoRules(max_bytes=1000), "photos[0]")] == [False]
    located = large._replace(has_location=True)
    assert [change.routine for change in photos.adaptations(located, PhotoRules(), "photos[0]")] == [True]


def test_what_hides_behind_the_picture_is_cut_off() -> None:
    """A phone's video behind the end of a JPEG, which has a location of its own, is told and not sent."""
    plain = saved(picture())
    hidden = Photo(plain + b"\x00\x00ftypmp42 with a location")
    assert codes(hidden.data or b"", PhotoRules()) == ["photo.location_removed"]
    assert read(fit(hidden, PhotoRules(), None)) == plain
    assert read(fit(Photo(plain + b"\x00" * 8), PhotoRules(), None)) == plain + b"\x00" * 8
