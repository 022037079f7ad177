"""Looks into archives without unpacking them: which kind of document one is, and whether it stays within limits."""

from __future__ import annotations

import zipfile
from pathlib import Path

from metamodel.content_types import TYPE_OF_ENDING
from metamodel.field_types import FieldValueError

MOST_MEMBERS = 20_000
MOST_UNPACKED = 2 * 1024**3
MOST_RATIO = 200
_FREE_SIZE = 50 * 1024**2
"""Up to here a document may be packed as tightly as it will."""
_INSIDE = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))


def kind_of_archive(path: Path) -> str:
    """Give the content type of a zip file or of the document that it is.

    Raises: FieldValueError where it can't be read or would unpack to more than is allowed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check(members, path.stat().st_size)
            return _kind(archive, {each.filename for each in members})
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError) as fault:
        raise FieldValueError("file_archive") from fault


def _check(members: list[zipfile.ZipInfo], packed: int) -> None:
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
