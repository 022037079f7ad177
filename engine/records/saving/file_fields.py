"""Files in a save: are they there, may they stand here, and which of them belong to the record from now on.

A file belongs to one record and field. One that stands elsewhere is copied where the actor may read it there, or where
the app itself gives it (a rule, `copy_from`): a row of its own over the same bytes. One statement looks all files of
a batch up, whatever the number of drafts.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, update

from engine.errors import FieldError
from engine.records.files import FileRow, file_rows, is_own, may_have, place_of
from engine.records.saving.drafts import RecordDraft
from metamodel.field_types import FieldValueError, message
from metamodel.field_types.files import files_in, judge_file
from metamodel.fields import FieldDef
from metamodel.values import StoredFile

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def check_files(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Find out what the changed files of drafts are; findings go to the drafts.

    Asked before formulas read the files, and again for those that rules gave: each file is judged once.
    """
    judged = transaction.files.judged
    pairs = [pair for pair in _changed(drafts) if not _new(*pair) <= judged]
    if not pairs:
        return
    ids = [file.id for draft, field in pairs for file in _both(draft, field)]
    rows = file_rows(transaction, ids, locked=True)
    for draft, field in pairs:
        judged |= _new(draft, field)
        _check(draft, field, rows, transaction)
        judged |= _new(draft, field)


def name_files(draft: RecordDraft, transaction: Transaction) -> None:
    """Say of a form what the files are that it names; those that the actor may not have are left out."""
    pairs = list(_changed([draft]))
    rows = file_rows(transaction, [file.id for _, field in pairs for file in _both(draft, field)]) if pairs else {}
    for _, field in pairs:
        value = draft.values[field.name]
        known = tuple(
            _named(rows[file.id], file.id)
            for file in files_in(value)
            if file.id in rows and (file.name is not None or may_have(transaction, rows[file.id]))
        )
        draft.put(field.name, (known or None) if isinstance(value, tuple) else next(iter(known), None))


def claim_files(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Write whose the files of saved drafts are, and which ones only their history holds from now on."""
    table, claimed, released = transaction.system.file, [], []
    copies: list[dict[str, Any]] = []
    for draft, field in _changed(drafts):
        place = {"object": draft.object_key, "record_id": draft.record_id, "field": field.name}
        before, after = set(files_in(draft.old.get(field.name))), files_in(draft.values[field.name])
        for file in after:
            if (source := transaction.files.copied.get(file.id)) is not None:
                copies.append({**source, **place, "id": file.id, "released_at": None})
            elif file not in before:
                claimed.append({f"its_{name}": value for name, value in (place | {"id": file.id}).items()})
        released += [{"its_id": file.id, "since": transaction.now} for file in before - set(after)]
    if not (copies or claimed or released):
        # Whoever takes the connection sends what waits, and most saves change no file.
        return
    by_id = update(table).where(table.c.id == bindparam("its_id", type_=table.c.id.type))
    connection = transaction.connection
    if copies:
        connection.execute(insert(table), copies)
    if claimed:
        its = {name: bindparam(f"its_{name}", type_=table.c[name].type) for name in ("object", "record_id", "field")}
        connection.execute(by_id.values(**its, released_at=None), claimed)
    if released:
        connection.execute(by_id.values(released_at=bindparam("since", type_=table.c.released_at.type)), released)


def random_file_id() -> str:
    """Give an id of 128 random bits."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16)))


def _changed(drafts: Sequence[RecordDraft]) -> Iterator[tuple[RecordDraft, FieldDef]]:
    for draft in drafts:
        for field in draft.plan.files:
            if draft.values[field.name] != draft.old.get(field.name):
                yield draft, field


def _new(draft: RecordDraft, field: FieldDef) -> set[tuple[str, str, str]]:
    """Give record, field and file of what a draft would add or keep in another order."""
    return {(draft.record_id, field.name, file.id) for file in files_in(draft.values[field.name])}


def _both(draft: RecordDraft, field: FieldDef) -> tuple[StoredFile, ...]:
    return (*files_in(draft.values[field.name]), *files_in(draft.old.get(field.name)))


def _check(draft: RecordDraft, field: FieldDef, rows: Mapping[str, FileRow], transaction: Transaction) -> None:
    value = draft.values[field.name]
    before = {_content(rows[file.id]): file for file in files_in(draft.old.get(field.name)) if file.id in rows}
    found = []
    try:
        for file in files_in(value):
            row = rows.get(file.id)
            if row is None:
                raise FieldValueError("no_file")
            judge_file(field, row["name"], row["type"], row["size"])
            same = before.get(_content(row))
            # The same bytes under the same name are the file that is there, such as when an import is repeated.
            found.append(same or _owned(draft, field, file, row, transaction))
        kept = (tuple(dict.fromkeys(found)) or None) if isinstance(value, tuple) else next(iter(found), None)
        draft.plan.types.of(field).check(kept, field)
    except FieldValueError as fault:
        text = message(fault.code, transaction.actor.language, **fault.params)
        draft.errors.append(FieldError(code=fault.code, message=text, field=field.name))
        return
    draft.put(field.name, kept)


def _owned(draft: RecordDraft, field: FieldDef, file: StoredFile, row: FileRow, transaction: Transaction) -> StoredFile:
    """Give the file as the record's own: itself, or a copy where it stands elsewhere.

    Raises: FieldValueError where the actor may not have it.
    """
    given_by_app = file.name is not None
    if row["record_id"] is None and (given_by_app or is_own(transaction, row)):
        # What is named twice goes to the first; the others get copies.
        here = (draft.record_id, field.name)
        if transaction.files.taken.setdefault(file.id, here) == here:
            return _named(row, file.id)
        return _copied(row, transaction)
    place = place_of(transaction.parts.metamodel, row)
    own = place is not None and (place[0].key, row["record_id"], place[1]) == (
        draft.object_key,
        draft.record_id,
        field.name,
    )
    if not given_by_app and not may_have(transaction, row):
        raise FieldValueError("no_file")
    if own:
        return _named(row, file.id)
    return _copied(row, transaction)


def _copied(row: FileRow, transaction: Transaction) -> StoredFile:
    copied = _named(row, random_file_id())
    transaction.files.copied[copied.id] = dict(row)
    return copied


def _named(row: FileRow, file_id: str) -> StoredFile:
    return StoredFile(name=row["name"], type=row["type"], size=row["size"], id=file_id)


def _content(row: FileRow) -> tuple[str, str]:
    return row["sha256"], row["name"]
