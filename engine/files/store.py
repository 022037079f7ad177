"""Files coming in and going out: an upload is found out and kept until a record names it; then its rights are those of
the record's field.

No bytes leave but through `open`, which asks the door of records. The folder they lie in is `contents`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from engine import faults
from engine.access.actor import Actor
from engine.clock import Clock
from engine.errors import AccessDenied, FieldError, RecordNotFound, UnknownObject, ValidationFailed
from engine.files.contents import ContentFolder, Staged
from engine.files.images import PREVIEW_TYPE, SIZES, ImageDesk
from engine.files.names import safe_name
from engine.files.sniffing import kind_of_file
from engine.records.files import file_rows, may_have
from engine.records.saving.file_fields import random_file_id
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.content_types import IMAGE_TYPES
from metamodel.field_types import FieldValueError, message
from metamodel.field_types.files import SIGNATURE_SIZE, holds_files, judge_file
from metamodel.fields import FieldDef
from metamodel.values import StoredFile

MOST_UNUSED = 200
"""How many files a person may have that no record names yet."""
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoom:
    """How much room there is. file_mb: for one file. total_mb: for all of them, 0 = no limit."""

    file_mb: int = 100
    total_mb: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """Bytes that an actor may have. tag: the same for the same bytes, always."""

    path: Path
    name: str
    type: str
    tag: str
    is_preview: bool = False


class FileStore:
    """The files of one installation."""

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        records: Records,
        folder: ContentFolder,
        clock: Clock,
        room: FileRoom,
        new_id: Callable[[], str] = random_file_id,
    ) -> None:
        self._database = database
        self._system = system
        self._records = records
        self._folder = folder
        self._clock = clock
        self._room = room
        self._new_id = new_id
        self._desk = ImageDesk()

    @property
    def most_bytes(self) -> int:
        """The bytes that one file may have."""
        return self._room.file_mb * _MB

    def upload(self, actor: Actor, object_key: str, field: str, stream: BinaryIO, name: str) -> StoredFile:
        """Take a file in for a field that the actor may fill; a save names it then by its id.

        Raises: UnknownObject, AccessDenied, ValidationFailed.
        """
        with self._records.reading(actor) as transaction:
            definition = _fillable(transaction, object_key, field)
            self._refuse_hoarding(transaction, definition)
        try:
            with self._folder.staged(stream, most=self._most_for(definition)) as staged:
                kind = self._found_out(staged, definition, safe_name(name))
                with self._database.write() as connection:
                    return self._keep(connection, staged, safe_name(name), kind, actor)
        except FieldValueError as fault:
            raise refusal(fault, field, actor.language) from fault

    def take(self, connection: Connection, actor: Actor, definition: FieldDef, source: Path, name: str) -> StoredFile:
        """Take a file of this machine in within a transaction that is open already, as imports do.

        Raises: FieldValueError.
        """
        with source.open("rb") as stream, self._folder.staged(stream, most=self._most_for(definition)) as staged:
            kind = self._found_out(staged, definition, safe_name(name))
            return self._keep(connection, staged, safe_name(name), kind, actor)

    def take_bytes(
        self, connection: Connection, actor: Actor, definition: FieldDef, content: bytes, name: str
    ) -> StoredFile:
        """Take a file in that came as bytes, within a transaction that is open already.

        Raises: FieldValueError.
        """
        with self._folder.staged(io.BytesIO(content), most=self._most_for(definition)) as staged:
            kind = self._found_out(staged, definition, safe_name(name))
            return self._keep(connection, staged, safe_name(name), kind, actor)

    def open(self, actor: Actor, file_id: str, *, preview: str | None = None) -> FileContent:
        """Give the bytes of a file, or of a preview of it (`small`, `large`), to who may have them.

        Raises: RecordNotFound, for what is absent and what may not be read alike.
        """
        with self._records.reading(actor) as transaction:
            row = file_rows(transaction, [file_id]).get(file_id)
            if row is None or not may_have(transaction, row):
                raise RecordNotFound("file", file_id)
        if preview is not None:
            return self._preview(file_id, str(row["sha256"]), str(row["type"]), preview)
        path = self._folder.path_of(row["sha256"])
        if not path.exists():
            raise RecordNotFound("file", file_id)
        return FileContent(path=path, name=row["name"], type=row["type"], tag=row["sha256"])

    def names(self, actor: Actor, ids: Sequence[str]) -> tuple[str, ...]:
        """Give what files are called; those that the actor may not have are left out."""
        with self._records.reading(actor) as transaction:
            rows = file_rows(transaction, ids)
            known = [rows[each] for each in ids if each in rows]
            return tuple(str(row["name"]) for row in known if may_have(transaction, row))

    def _preview(self, file_id: str, sha256: str, kind: str, size: str) -> FileContent:
        if size not in SIZES or kind not in IMAGE_TYPES:
            raise RecordNotFound("file", file_id)
        path = self._folder.preview_of(sha256, size)
        if not path.exists():
            self._draw_again(file_id, sha256)
        return FileContent(
            path=path, name=f"{size}.webp", type=PREVIEW_TYPE, tag=f"{sha256}.{size}", is_preview=True
        )  # fmt: skip

    def _draw_again(self, file_id: str, sha256: str) -> None:
        """Draw previews that are not there, such as after a restore without them."""
        source = self._folder.path_of(sha256)
        drawn = {size: self._folder.staged_preview(source, f"{size}.new") for size in SIZES}
        try:
            self._desk.draw_previews(source, drawn)
        except FieldValueError as fault:
            raise RecordNotFound("file", file_id) from fault
        for size, path in drawn.items():
            path.replace(self._folder.preview_of(sha256, size))

    def _found_out(self, staged: Staged, definition: FieldDef, name: str) -> str:
        kind = kind_of_file(staged.path, name)
        judge_file(definition, name, kind, staged.size)
        if kind in IMAGE_TYPES:
            targets = {size: self._folder.staged_preview(staged.path, size) for size in SIZES}
            try:
                self._desk.draw_previews(staged.path, targets)
            except FieldValueError:
                # What is kept as a document needs no preview; an image has to be one.
                if definition.value_type in ("image", "signature"):
                    raise
        return kind

    def _keep(self, connection: Connection, staged: Staged, name: str, kind: str, actor: Actor) -> StoredFile:
        now, file_id = self._clock.now(), self._new_id()
        self._lock_content(connection, staged, now)
        self._folder.place(staged)
        values = {"id": file_id, "sha256": staged.sha256, "name": name, "type": kind, "size": staged.size}
        connection.execute(insert(self._system.file), {**values, "uploaded_by": actor.user_id, "uploaded_at": now})
        faults.reach("file.before_commit")
        return StoredFile(name=name, type=kind, size=staged.size, id=file_id)

    def _lock_content(self, connection: Connection, staged: Staged, now: Any) -> None:
        """Note that these bytes are wanted; while the note is not committed, nobody removes them.

        Raises: FieldValueError where there is no room for them.
        """
        table = self._system.content
        make = postgresql.insert if self._database.dialect is Dialect.POSTGRESQL else sqlite.insert
        noted = make(table).values(sha256=staged.sha256, size=staged.size, stored_at=now)
        noted = noted.on_conflict_do_update(index_elements=["sha256"], set_={"stored_at": now})
        connection.execute(noted)
        if self._room.total_mb:
            used = connection.execute(select(func.coalesce(func.sum(table.c.size), 0))).scalar_one()
            if used > self._room.total_mb * _MB:
                raise FieldValueError("file_space")

    def _most_for(self, definition: FieldDef) -> int:
        own = definition.files.max_size if definition.files is not None else None
        if own is None and definition.value_type == "signature":
            own = SIGNATURE_SIZE
        return min(own or self.most_bytes, self.most_bytes)

    def _refuse_hoarding(self, transaction: Transaction, definition: FieldDef) -> None:
        table, actor = self._system.file, transaction.actor
        if actor.user_id is None:
            return
        query = select(func.count()).where(table.c.uploaded_by == actor.user_id, table.c.record_id.is_(None))
        count = transaction.connection.execute(query).scalar_one()
        if count >= MOST_UNUSED:
            fault = FieldValueError("too_many_uploads", count=count)
            raise refusal(fault, definition.name, actor.language)


def refusal(fault: FieldValueError, field: str, language: str) -> ValidationFailed:
    """Say what is wrong with a file as a finding on its field."""
    text = message(fault.code, language, **fault.params)
    return ValidationFailed([FieldError(code=fault.code, message=text, field=field)])


def _fillable(transaction: Transaction, object_key: str, field: str) -> FieldDef:
    object_def = transaction.object_def(object_key)
    definition, rights = object_def.fields.get(field), transaction.access.of(object_key)
    if definition is None or field not in rights.readable or not holds_files(definition):
        raise UnknownObject(f"{object_key}.{field}")
    if field not in rights.creatable | rights.updatable:
        raise AccessDenied("update", object_key, "your roles do not allow it")
    return definition
