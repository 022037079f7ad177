"""Looks into archives without unpacking them: which kind of document one is, and whether it stays within limits."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from metamodel.content_types import TYPE_OF_ENDING, ending_of
from metamodel.field_types import FieldValueError

MOST_MEMBERS = 20_000
MOST_UNPACKED = 2 * 1024**3
MOST_RATIO = 200
_FREE_SIZE = 50 * 1024**2
"""Up to here a document may be packed as tightly as it will."""
_LOOKED_AT = 8_192
_XML = (".xml", ".rels", ".vml", ".html", ".xhtml", ".opf", ".ncx")
# Documents are archives too, and may lie in one; what is packed twice is looked into by nobody.
_ARCHIVES = frozenset(("zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "tar", "jar", "zst", "lz", "cab", "iso"))
_PACKED = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd")
_DOCUMENTS = frozenset(("docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "ofd"))
_MOST_LOOKED_INTO = 2_000
_INSIDE = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))


def kind_of_archive(path: Path) -> str:
    """Give the content type of a zip file or of the document that it is.

    Raises: FieldValueError where it can't be read, would unpack to more than is allowed, or holds another archive or
    entities.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check(members, path.stat().st_size)
            if any(_is_packed(archive, each) for each in members[:_MOST_LOOKED_INTO]):
                raise FieldValueError("file_archive")
            kind = _kind(archive, {each.filename for each in members})
            if kind != TYPE_OF_ENDING["zip"]:
                _refuse_declared(archive, members)
            return kind
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError, zlib.error) as fault:
        raise FieldValueError("file_archive") from fault


def _is_packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as stream:
        head = stream.read(8)
    return head.startswith(_PACKED) or (head.startswith(b"PK\x03\x04") and ending_of(member.filename) not in _DOCUMENTS)


def _refuse_declared(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """Refuse documents whose XML declares types: entities are what reads other files and grows without end."""
    for each in members:
        if each.filename.lower().endswith(_XML):
            with archive.open(each) as member:
                if declares_types(member.read(_LOOKED_AT)):
                    raise FieldValueError("file_entities")


def declares_types(text: bytes) -> bool:
    """Say whether XML begins with declared entities, in whichever encoding."""
    return b"<!entity" in text.replace(b"\0", b"").lower()


def _check(members: list[zipfile.ZipInfo], packed: int) -> None:
    if any(ending_of(each.filename) in _ARCHIVES for each in members):
        raise FieldValueError("file_archive")
    unpacked = sum(each.file_size for each in members)
    too_tight = unpacked > _FREE_SIZE and unpacked > packed * MOST_RATIO
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or too_tight:
        raise FieldValueError("file_archive")


def _kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "[Content_Types].xml" in names:
        for start, ending in _INSIDE:
            if any(name.startswith(start) for name in names):
                return TYPE_OF_ENDING[ending]
    if "OFD.xml" in names:
        return TYPE_OF_ENDING["ofd"]
    if "mimetype" in names:
        with archive.open("mimetype") as member:
            told = member.read(100).decode("ascii", "replace").strip()
        if told in TYPE_OF_ENDING.values() and told.startswith(("application/vnd.oasis", "application/epub")):
            return told
    return TYPE_OF_ENDING["zip"]
