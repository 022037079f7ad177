"""Finds out what a file is by its bytes, and whether its name tells the same.

A name only decides between kinds of text that look alike. What nobody knows is `application/octet-stream`.
"""

from __future__ import annotations

from pathlib import Path

from engine.files.archives import declares_types, kind_of_archive
from metamodel.content_types import ENDING_OF_TYPE, OCTETS, PLAIN_TEXT, TEXT_TYPES, TYPE_OF_ENDING, ending_of
from metamodel.field_types import FieldValueError

HEAD = 8_192
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"AC10", "image/vnd.dwg"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENDINGS = ("doc", "xls", "ppt", "msg")
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif",
           b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}  # fmt: skip
_MARKUP = ((b"<svg", "image/svg+xml"), (b"<html", "text/html"), (b"<!doctype html", "text/html"),
           (b"<script", "text/html"), (b"<body", "text/html"), (b"<iframe", "text/html"))  # fmt: skip
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


def kind_of_file(path: Path, name: str) -> str:
    """Give the content type of a file.

    Raises: FieldValueError where an archive can't be read, unpacks to too much, or the name tells of another content.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    ending = ending_of(name)
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith((b"<?xml", b"<\0?\0x", b"<!")) and declares_types(head):
        raise FieldValueError("file_entities")
    found = _kind(path, head, ending)
    told = TYPE_OF_ENDING.get(ending)
    if told is not None and not _agree(told, found):
        raise FieldValueError("file_content", ending=ending, found=ENDING_OF_TYPE.get(found, found))
    return found


def _kind(path: Path, head: bytes, ending: str) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return kind_of_archive(path)
    if head.startswith(_OLE):
        # One container for the older office formats; which of them it is the name may say.
        return TYPE_OF_ENDING[ending] if ending in _OLE_ENDINGS else TYPE_OF_ENDING["doc"]
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], OCTETS)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[257:262] == b"ustar":
        return "application/x-tar"
    for start, kind in _STARTS:
        if head.startswith(start) and not (len(start) <= 2 and _is_text(head)):
            return kind
    return _kind_of_text(head, ending) if _is_text(head) else OCTETS


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte in _CONTROLS for byte in head)


def _kind_of_text(head: bytes, ending: str) -> str:
    lowered = head.replace(b"\0", b"").lower()
    # Browsers look for markup in text, so it is looked for here, wherever it stands in the head.
    for start, kind in _MARKUP:
        if start in lowered:
            return kind
    if lowered.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<?xml"):
        return "application/xml"
    told = TYPE_OF_ENDING.get(ending, PLAIN_TEXT)
    return told if told in TEXT_TYPES and told != "text/html" else PLAIN_TEXT


def _agree(told: str, found: str) -> bool:
    if told == found:
        return True
    if told in TEXT_TYPES:
        # A text that speaks of markup stays what it is called for people; it is served as what it was found to be.
        return found in TEXT_TYPES or found == "image/svg+xml"
    return {told, found} <= {"video/mp4", "video/quicktime", "audio/mp4"} or (told, found) == (
        "image/svg+xml",
        "application/xml",
    )
