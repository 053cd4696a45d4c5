"""What the blocks beside a picture tell of place and device, found and taken out; who made it stays.

Sources: EXIF 2.32, XMP part 3 (2020), IPTC IIM 4.2 and the IPTC photo metadata standard (2024), Adobe's Photoshop file
format specification for image resources, PNG third edition (2025).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL import ExifTags, Image

__all__ = ["Findings", "clean_exif", "clean_iptc", "clean_xmp", "credit_blocks", "find_in_exif", "find_in_iptc", "find_in_xmp"]
__all__ += ["findings_in_exif", "findings_in_image", "is_private_text"]

_LOCATION = frozenset({ExifTags.IFD.GPSInfo})
_SERIAL = frozenset({0xA430, 0xA431, 0xA435, 0x927C, 0xC62F})  # owner, body, lens, maker note (keeps serials too), DNG camera
_KEPT_ANEW = frozenset(  # of a picture that is encoded anew; the rest tells how the old file was laid out
    {0x10E, 0x10F, 0x110, 0x131, 0x132, 0x13B, 0x8298, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo}
)

_XMP_LOCATION = (
    rb"\w+:(?:GPS\w+|City|State|Country|CountryCode|CountryName|ProvinceState|WorldRegion"
    rb"|Location|LocationCreated|LocationShown|Sublocation)"
)
_XMP_SERIAL = rb"\w+:(?:\w*SerialNumber|CameraOwnerName|OwnerName)"
_XMP_STALE = rb"tiff:Orientation"  # of a picture that was turned upright


def _property(name: bytes) -> re.Pattern[bytes]:
    """An XMP property of that name as RDF writes it: an attribute, or an element with all that is in it."""
    attribute = rb"\s(?:%b)\s*=\s*(?:\"[^\"]*\"|'[^']*')" % name
    return re.compile(rb"%b|<(%b)(?:\s[^<>]*)?(?:/>|(?<!/)>.*?</\1\s*>)" % (attribute, name), re.DOTALL)


_XMP_PRIVATE = _property(rb"%b|%b" % (_XMP_LOCATION, _XMP_SERIAL))
_XMP_TURN = _property(_XMP_STALE)
_XMP_MOST_BYTES = 60_000  # a JPEG segment holds 65,502; histories of an editor go beyond

_IPTC = 0x0404
_RESOURCES_THAT_TELL = frozenset({0x0422, 0x0423, 0x0424})  # EXIF and XMP once more
_IPTC_DIGEST = 0x0425  # of the block as it was
_IPTC_PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})  # content location, city, sub-location, state, country
_IPTC_CREATOR, _IPTC_CREDIT, _IPTC_COPYRIGHT = 80, 110, 116

_TEXT_PRIVATE = re.compile(rb"gps|latitude|longitude|location|serial|^Raw profile type |\bgeo(?:tag|loc|:)", re.IGNORECASE)


class Findings(NamedTuple):
    """What a file tells about where and with which device the photo was taken, and which way up it is (EXIF, 1 to 8).

    `frames` are the pictures of an animation.
    """

    has_location: bool = False
    has_serial: bool = False
    orientation: int = 1
    frames: int = 1


# -- EXIF --------------------------------------------------------------------------------------------------------------


def findings_in_exif(exif: Image.Exif) -> Findings:
    """What an EXIF block tells."""
    tags = {*exif, *exif.get_ifd(ExifTags.IFD.Exif)}
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    return Findings(bool(tags & _LOCATION), bool(tags & _SERIAL), orientation if orientation in range(1, 9) else 1)


def find_in_exif(content: bytes) -> Findings:
    """What a block's bytes tell; one that we cannot read, somebody else may."""
    exif = _read_exif(content)
    return findings_in_exif(exif) if exif is not None else Findings(has_location=True)


def clean_exif(content: bytes) -> bytes:
    """The block without location and serial numbers; nothing of one that cannot be read."""
    exif = _read_exif(content)
    if exif is None:
        return b""
    _clean(exif)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def _clean(exif: Image.Exif) -> None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in _LOCATION | _SERIAL:
        inner.pop(tag, None)
        if tag in exif:
            del exif[tag]
    if ExifTags.IFD.Exif in exif:
        exif[ExifTags.IFD.Exif] = inner


def _read_exif(content: bytes) -> Image.Exif | None:
    exif = Image.Exif()
    try:
        exif.load(content)
        findings_in_exif(exif)
        exif.tobytes()
    except Exception:  # noqa: BLE001 - Pillow lets a broken block raise whatever it trips over
        return None
    return exif


# -- XMP ---------------------------------------------------------------------------------------------------------------


def find_in_xmp(content: bytes) -> Findings:
    """What an XMP packet tells."""
    return Findings(bool(re.search(_XMP_LOCATION, content)), bool(re.search(_XMP_SERIAL, content)))


def clean_xmp(content: bytes) -> bytes:
    """The packet without the private properties, or nothing where they are written in a way that we cannot take out."""
    left = _XMP_PRIVATE.sub(b"", content)
    return b"" if any(find_in_xmp(left)[:2]) else left


# -- IPTC, inside Photoshop's image resources --------------------------------------------------------------------------


class _Resource(NamedTuple):
    """One image resource: its id, its bytes, and those of its content."""

    id: int
    whole: bytes
    head: bytes
    content: bytes


def find_in_iptc(content: bytes) -> Findings:
    """What the resources tell; ones that cannot be read may tell anything."""
    try:
        resources = list(_resources(content))
        places = [number for each in resources if each.id == _IPTC for number, _ in _datasets(each.content)]
    except ValueError:
        return Findings(has_location=True)
    tells = any(each.id in _RESOURCES_THAT_TELL for each in resources) or not _IPTC_PLACES.isdisjoint(places)
    return Findings(has_location=tells)


def clean_iptc(content: bytes) -> bytes:
    """The resources without places; who made it stays."""
    try:
        return b"".join(_cleaned_resource(each) for each in _resources(content))
    except ValueError:
        return b""


def _cleaned_resource(resource: _Resource) -> bytes:
    if resource.id in _RESOURCES_THAT_TELL or resource.id == _IPTC_DIGEST:
        return b""
    if resource.id != _IPTC:
        return resource.whole
    left = b"".join(whole for number, whole in _datasets(resource.content) if number not in _IPTC_PLACES)
    return resource.head + len(left).to_bytes(4) + left + b"\0" * (len(left) % 2)


def _resources(content: bytes) -> Iterator[_Resource]:
    """Signature, id, a name padded to an even length, the size, and content padded likewise."""
    position = 0
    while content[position : position + 4] == b"8BIM":
        name_length = content[position + 6] + 1 if position + 6 < len(content) else 0
        head_end = position + 6 + name_length + name_length % 2
        start = head_end + 4
        size = int.from_bytes(content[head_end:start])
        if not name_length or start + size > len(content):
            raise ValueError("a resource is cut off")
        end = start + size + size % 2
        id = int.from_bytes(content[position + 4 : position + 6])
        yield _Resource(id, content[position:end], content[position:head_end], content[start : start + size])
        position = end
    if content[position:].strip(b"\0"):
        raise ValueError("no resource")


def _datasets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of each dataset of the application record, -1 of others, with all its bytes."""
    position = 0
    while position + 5 <= len(content) and content[position] == 0x1C:
        size = int.from_bytes(content[position + 3 : position + 5])
        end = position + 5 + size
        if size & 0x8000 or end > len(content):
            raise ValueError("a dataset is cut off, or of a size that nobody writes")
        yield (content[position + 2] if content[position + 1] == 2 else -1), content[position:end]
        position = end
    if content[position:].strip(b"\0"):
        raise ValueError("no dataset")


def is_private_text(content: bytes) -> bool:
    """Whether a text chunk or a comment tells of place or device by its keyword or its words."""
    return _TEXT_PRIVATE.search(content) is not None


# -- images that are decoded -------------------------------------------------------------------------------------------


def findings_in_image(image: Image.Image) -> Findings:
    """What an opened image of any format tells."""
    found = findings_in_exif(image.getexif())
    xmp, iptc = find_in_xmp(_xmp(image)), {number for number, _ in _iptc(image)}
    told = found.has_location or xmp.has_location or not _IPTC_PLACES.isdisjoint(iptc)
    return found._replace(has_location=told, has_serial=found.has_serial or xmp.has_serial)


def credit_blocks(image: Image.Image, media_type: str, *, keep_location: bool) -> dict[str, Any]:
    """The EXIF and XMP blocks for a new encoding of an image that is turned upright, as Pillow's writers take them.

    Creator and copyright that stand in IPTC alone move to EXIF.
    """
    blocks: dict[str, Any] = {"exif": _exif_anew(image, keep_location=keep_location)}
    xmp = _XMP_TURN.sub(b"", _xmp(image) if keep_location else clean_xmp(_xmp(image)))
    if xmp and len(xmp) <= _XMP_MOST_BYTES:
        blocks |= _png_text(xmp) if media_type == "image/png" else {"xmp": xmp}
    return blocks


def _exif_anew(image: Image.Image, *, keep_location: bool) -> bytes:
    exif = Image.Exif()
    try:
        exif.load(image.getexif().tobytes())  # a copy: Pillow turns a TIFF by its own, once it is decoded
        for tag in {*exif} - _KEPT_ANEW:
            del exif[tag]
        if not keep_location:
            _clean(exif)
    except Exception:  # noqa: BLE001 - Pillow lets a broken block raise whatever it trips over
        exif = Image.Exif()
    told = {number: whole[5:].decode("utf-8", "replace") for number, whole in _iptc(image)}
    for tag, said in (
        (ExifTags.Base.Artist, told.get(_IPTC_CREATOR) or told.get(_IPTC_CREDIT)),
        (ExifTags.Base.Copyright, told.get(_IPTC_COPYRIGHT)),
    ):
        if said and not exif.get(tag):
            exif[tag] = said
    return exif.tobytes()


def _xmp(image: Image.Image) -> bytes:
    packet = image.info.get("xmp") or b""
    return packet if isinstance(packet, bytes) else str(packet).encode()


def _iptc(image: Image.Image) -> list[tuple[int, bytes]]:
    """The IPTC datasets of a JPEG or a TIFF."""
    resources = image.info.get("photoshop")
    content = resources.get(_IPTC) if isinstance(resources, dict) else getattr(image, "tag_v2", {}).get(0x83BB)
    try:
        return list(_datasets(content)) if isinstance(content, bytes) else []
    except ValueError:
        return []


def _png_text(xmp: bytes) -> dict[str, Any]:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    return {"pnginfo": text}
