"""Fields of files: file, image and signature hold one, `files` several. A value names a file and says what it is.

A file comes in by an upload of its own and is found out there (engine/files); a record then names it by its id. What a
client says of name, type or size counts for nothing: only the id is read, the rest is what the upload found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from metamodel.content_types import IMAGE_TYPES, ending_of, is_accepted, size_text
from metamodel.field_types.base import DEFAULT_CONTEXT, FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm
from metamodel.field_types.compound import PARTS
from metamodel.fields import FieldDef, FileLimits
from metamodel.values import StoredFile

MOST_FILES = 50
SIGNATURE_SIZE = 1024 * 1024
FILE_TYPES = frozenset(("file", "image", "signature"))
"""The types that hold one file."""
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID = re.compile(f"(?:files/)?({_UUID})(?:/.*)?", re.DOTALL)
"""An id, alone or as a cell of a file has it: `files/ID/name`."""
_EACH = re.compile(rf"(?:^|[,;\s])(?:files/)?({_UUID})(?=$|[/,;\s])")
_NO_LIMITS = FileLimits()
_KEYS = frozenset(("accept", "max_size", "camera"))


def holds_files(field: FieldDef) -> bool:
    """Say whether the values of a field are files."""
    return field.value_type in FILE_TYPES or field.value_type == "files"


def files_in(value: object) -> tuple[StoredFile, ...]:
    """Give the files of a value of any field of files."""
    if isinstance(value, StoredFile):
        return (value,)
    return tuple(each for each in value if isinstance(each, StoredFile)) if isinstance(value, tuple) else ()


def is_file_id(text: str) -> bool:
    """Say whether a text is the id of a file, alone or as a cell has it (`files/ID/name`)."""
    return _ID.fullmatch(text) is not None


def split_files(text: str) -> list[str]:
    """Split a text that names several files: by their ids, or by their paths with semicolons between them.

    >>> split_files("a b.pdf; sub/c.pdf")
    ['a b.pdf', 'sub/c.pdf']
    """
    if _EACH.match(text.strip()):
        return _EACH.findall(text.strip())
    return [part for each in text.split(";") if (part := each.strip())]


def file_cell(value: StoredFile) -> str:
    """Write a file as a cell: its id, and its name for people; an import reads it by the id."""
    return f"files/{value.id}/{value.name or ''}"


def names_of_files(value: object) -> tuple[str, ...] | None:
    """Give what the files of a value are called; None for none."""
    return tuple(str(each) for each in files_in(value)) or None


def judge_file(field: FieldDef, name: str, kind: str, size: int) -> None:
    """Check a file against what its field takes.

    Raises: FieldValueError.
    """
    limits = field.files or _NO_LIMITS
    most = limits.max_size or (SIGNATURE_SIZE if field.value_type == "signature" else None)
    if most is not None and size > most:
        raise FieldValueError("file_too_big", size=size_text(size), most=size_text(most))
    if field.value_type in ("image", "signature") and kind not in IMAGE_TYPES:
        raise FieldValueError("not_image")
    if limits.accept and not any(is_accepted(each, kind, ending_of(name)) for each in limits.accept):
        raise FieldValueError("file_kind", accepted=limits.accept)


class FileType(FieldType):
    """One file; kept as its name, content type, size and id, a column each."""

    name: str = "file"
    dsl_type = "compound"
    widget = "file"
    keys = _KEYS
    takes_formula = False
    literal_default = False

    @property
    def allowed_keys(self) -> frozenset[str]:
        """All YAML keys; nobody looks a record up by its file, and no file stands in an app."""
        return super().allowed_keys - {"default", "unique", "index"}

    make: Callable[..., StoredFile] = StoredFile

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.PARTS

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        """Turn what history and runs have kept into the file; `parse` takes the id alone."""
        return _read_one(raw)

    def parse(self, raw: object, field: FieldDef, context: ValueContext = DEFAULT_CONTEXT) -> object:
        """Read which file is meant.

        Raises: FieldValueError.
        """
        value = super().parse(raw, field, context)
        return value if isinstance(raw, StoredFile) or not isinstance(value, StoredFile) else _bare(value)

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, StoredFile):
            raise FieldValueError("not_file")
        _judge(value, field)

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, StoredFile)
        return file_json(value)

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return ("; ".join(map(file_cell, files_in(value))),)


class ImageType(FileType):
    """One image: PNG, JPEG, GIF or WebP."""

    name = "image"


class SignatureType(FileType):
    """A signature that was drawn, as an image."""

    name = "signature"
    keys = frozenset(("max_size",))


class FilesType(FieldType):
    """Several files in their order."""

    name = "files"
    dsl_type = "list"
    widget = "file"
    keys = _KEYS | {"max_files"}
    takes_formula = False
    literal_default = False

    @property
    def allowed_keys(self) -> frozenset[str]:
        """All YAML keys; to expressions the files are their names, of which no files can be made."""
        return super().allowed_keys - {"default", "unique", "index", "copy_from"}

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.FILES

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, str):
            raw = split_files(raw)
        if not isinstance(raw, list | tuple):
            raise FieldValueError("not_file")
        # One file named twice is one file.
        return tuple({each.id: each for each in map(_read_one, raw)}.values()) or None

    def parse(self, raw: object, field: FieldDef, context: ValueContext = DEFAULT_CONTEXT) -> object:
        """Read which files are meant.

        Raises: FieldValueError.
        """
        value = super().parse(raw, field, context)
        if not isinstance(value, tuple) or not isinstance(raw, list | tuple | str):
            return value
        trusted = {each.id for each in raw if isinstance(each, StoredFile)}
        return tuple(each if each.id in trusted else _bare(each) for each in value)

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, tuple) or not all(isinstance(each, StoredFile) for each in value):
            raise FieldValueError("not_file")
        most = (field.files or _NO_LIMITS).max_files or MOST_FILES
        if len(value) > most:
            raise FieldValueError("too_many_files", count=len(value), most=most)
        for each in value:
            _judge(each, field)

    def keep(self, value: object, field: FieldDef) -> object:
        """Take one file, or a list of them, that a rule gives; no files are none."""
        if isinstance(value, StoredFile):
            return (value,)
        return tuple(value) or None if isinstance(value, list | tuple) else value

    def to_json(self, value: object, field: FieldDef) -> object:
        return [file_json(each) for each in files_in(value)]

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return ("; ".join(map(file_cell, files_in(value))),)


def file_json(value: StoredFile) -> dict[str, object]:
    """Give the form of a file that the API shows and history keeps."""
    return {"id": value.id, "name": value.name, "type": value.type, "size": value.size}


def _judge(value: StoredFile, field: FieldDef) -> None:
    # What is named by its id only is judged once it is known what it is.
    if value.name is not None:
        judge_file(field, value.name, value.type or "", value.size or 0)


def _bare(value: StoredFile) -> StoredFile:
    return replace(value, name=None, type=None, size=None)


def _read_one(raw: object) -> StoredFile:
    if isinstance(raw, StoredFile):
        return raw
    given = raw if isinstance(raw, Mapping) else {"id": raw}
    names = tuple(part.name for part in PARTS["file"])
    for key in given:
        if key not in names:
            raise FieldValueError("unknown_part", part=str(key)[:80], parts=names)
    file_id, name, kind, size = (given.get(key) for key in ("id", "name", "type", "size"))
    found = _ID.fullmatch(file_id.strip()) if isinstance(file_id, str) else None
    if found is None:
        raise FieldValueError("not_file")
    return StoredFile(
        name=name if isinstance(name, str) else None,
        type=kind if isinstance(kind, str) else None,
        size=size if isinstance(size, int) else None,
        id=found[1],
    )
