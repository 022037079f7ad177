"""The kinds of files that the product knows: content types by the end of a file's name, and what a field may accept.

Only names and tables: what a file's bytes are is found out in engine/files, never believed from its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

OCTETS = "application/octet-stream"
PLAIN_TEXT = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

TYPE_OF_ENDING: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
        "bmp": "image/bmp",
        "tif": "image/tiff",
        "tiff": "image/tiff",
        "svg": "image/svg+xml",
        "heic": "image/heic",
        "avif": "image/avif",
        "psd": "image/vnd.adobe.photoshop",
        "dwg": "image/vnd.dwg",
        "txt": PLAIN_TEXT,
        "log": PLAIN_TEXT,
        "csv": "text/csv",
        "md": "text/markdown",
        "html": "text/html",
        "htm": "text/html",
        "xml": "application/xml",
        "json": "application/json",
        "yaml": "application/yaml",
        "ics": "text/calendar",
        "vcf": "text/vcard",
        "eml": "message/rfc822",
        "rtf": "application/rtf",
        "docx": _OFFICE + "wordprocessingml.document",
        "xlsx": _OFFICE + "spreadsheetml.sheet",
        "pptx": _OFFICE + "presentationml.presentation",
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
        "msg": "application/vnd.ms-outlook",
        "odt": _ODF + "text",
        "ods": _ODF + "spreadsheet",
        "odp": _ODF + "presentation",
        "ofd": "application/ofd",
        "epub": "application/epub+zip",
        "zip": "application/zip",
        "gz": "application/gzip",
        "7z": "application/x-7z-compressed",
        "rar": "application/vnd.rar",
        "tar": "application/x-tar",
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "ogg": "audio/ogg",
        "flac": "audio/flac",
        "m4a": "audio/mp4",
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "webm": "video/webm",
        "avi": "video/x-msvideo",
        "exe": "application/vnd.microsoft.portable-executable",
    }
)
"""End of a file's name → content type."""

ENDING_OF_TYPE: Mapping[str, str] = MappingProxyType(
    {kind: ending for ending, kind in reversed(list(TYPE_OF_ENDING.items()))}
)
IMAGE_TYPES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
"""What `image` and `signature` take, and what has previews: images that every browser draws."""
TEXT_TYPES = frozenset(
    kind
    for kind in TYPE_OF_ENDING.values()
    if kind.startswith("text/") or kind in ("application/json", "application/yaml", "application/xml", "message/rfc822")
)
_FAMILIES = frozenset(kind.partition("/")[0] for kind in TYPE_OF_ENDING.values())
_ENDING = re.compile(r"^[a-z0-9]{1,12}$")
_SIZE = re.compile(r"^([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(b|kb|mb|gb)?$")
_UNITS = {None: 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


def ending_of(name: str) -> str:
    """Give the end of a file's name in small letters, without its dot; "" where it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def read_accepted(text: str) -> str | None:
    """Bring what a field accepts (`.PDF`, `image/*`, `application/pdf`) to its form; None for what is neither."""
    word = text.strip().lower().removeprefix(".")
    family, slash, rest = word.partition("/")
    if slash:
        known = rest == "*" or word in ENDING_OF_TYPE
        return word if family in _FAMILIES and known else None
    return word if _ENDING.match(word) else None


def is_accepted(accepted: str, kind: str, ending: str) -> bool:
    """Say whether a file of a content type and ending is what `accepted` asks for."""
    if accepted.endswith("/*"):
        return kind.startswith(accepted[:-1])
    if "/" in accepted:
        return kind == accepted
    known = TYPE_OF_ENDING.get(accepted)
    # The content of an ending that is not known can't be checked, only that it is nothing else.
    return kind == known if known is not None else ending == accepted and kind in (OCTETS, PLAIN_TEXT)


def read_size(text: str) -> int | None:
    """Read a size such as `10 MB` or `500 kB` as bytes; a bare number counts bytes; None for anything else."""
    found = _SIZE.match(text.strip().lower())
    if found is None:
        return None
    size = int(float(found[1]) * _UNITS[found[2]])
    return size if size > 0 else None


def size_text(size: int) -> str:
    """Write a size for people: `1.4 MB`."""
    if size < 1024:
        return f"{size} B"
    for unit, factor in (("kB", 1024), ("MB", 1024**2)):
        if size < factor * 1024:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size / 1024**3:.1f}".removesuffix(".0") + " GB"
