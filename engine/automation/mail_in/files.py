"""Files of mails: kept with the runs that a mail starts, then filed with the first record that a run creates.

Files of a run lie in fs_file under a name that no object has, so nobody may open them and no collector takes them; they
go with their run. What stands with a record is a copy of the row, over the same bytes, with the record's own rights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.automation.documents import ATTACHMENT
from engine.automation.mail_in.reading import MailFile
from engine.automation.run_state import Run
from engine.automation.step_effects import effect
from engine.files.store import FileStore
from engine.records.saving.file_fields import random_file_id
from engine.records.transaction import Transaction
from engine.storage.system_tables import SystemTables
from metamodel.field_types import FieldValueError, message
from metamodel.values import Ref, StoredFile

OF_RUNS = "run of a mail"
REFUSED = "mail refused"
"""The name by which a run knows which files were not kept, and why; no rule can give a name with a space."""
_FIELD = "file"
_FILLED = frozenset(("file", "name", "about"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """What was kept of a mail. ids: of files that no run has yet. refused: a sentence for each other file."""

    ids: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def keep_files(transaction: Transaction, files: FileStore, given: Sequence[MailFile]) -> KeptFiles:
    """Keep files by the rules of uploads, judged as attachments are."""
    definition = transaction.object_def(ATTACHMENT).fields["file"]
    kept, refused = list[str](), list[str]()
    for each in given:
        try:
            stored = files.take_bytes(transaction.connection, transaction.actor, definition, each.content, each.name)
            kept.append(stored.id)
        except FieldValueError as fault:
            refused.append(f"{each.name}: {message(fault.code, transaction.actor.language, **fault.params)}")
    return KeptFiles(ids=tuple(kept), refused=tuple(refused))


def give_to_runs(transaction: Transaction, ids: Sequence[str], runs: Sequence[Run]) -> None:
    """Give each run files of its own."""
    if not ids:
        return
    table, connection = transaction.system.file, transaction.connection
    rows = list(connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id)).mappings())
    place = {"object": OF_RUNS, "field": _FIELD}
    copies = [{**row, **place, "id": random_file_id(), "record_id": run.id} for run in runs for row in rows]
    if copies:
        connection.execute(insert(table), copies)
    connection.execute(delete(table).where(table.c.id.in_(ids)))


def file_with_record(transaction: Transaction, run: Run, record: Ref) -> tuple[list[Mapping[str, Any]], str]:
    """File what a run still has of its mail with a record; give what was done, and what has to be said of it."""
    names = run.snapshot.facts.get("names") or {}
    if not names.get("mail.attachments") or record.object == ATTACHMENT:
        return [], ""
    table, connection = transaction.system.file, transaction.connection
    own = (table.c.object == OF_RUNS, table.c.record_id == run.id, table.c.released_at.is_(None))
    rows = connection.execute(select(table).where(*own).order_by(table.c.name, table.c.id)).mappings().all()
    refused = [str(each) for each in names.get(REFUSED) or ()]
    rights = transaction.access.of(ATTACHMENT)
    if rows and not (rights.may("create") and rights.creatable >= _FILLED):
        refused += [f"{row['name']}: the rule's user may not create attachments" for row in rows]
        rows = []
    done: list[Mapping[str, Any]] = []
    for row in rows:
        file = StoredFile(name=row["name"], type=row["type"], size=row["size"], id=str(row["id"]))
        values = {"file": file, "name": file.name, "about": record}
        done.append(effect("created", ATTACHMENT, transaction.create(ATTACHMENT, values, confirm=None).record.id))
    connection.execute(update(table).where(*own).values(released_at=transaction.now))
    return done, f"Not kept: {'; '.join(refused)}" if refused else ""


def forget_files(connection: Connection, system: SystemTables, runs: Sequence[str]) -> None:
    """Delete the files of runs that are deleted; those that were filed with records stay."""
    table = system.file
    connection.execute(delete(table).where(table.c.object == OF_RUNS, table.c.record_id.in_(runs)))
