"""Gives all that is kept of a person: records, what points at them, files, mails, runs, history, mentions in the log.

It is for who answers the person's request: what others wrote beside stands in it too, and nothing is left out by
rights. The answer is one archive with `person.json` and the files.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from engine.files.contents import ContentFolder
from engine.privacy.entries import mentions
from engine.privacy.people import Person, RecordKey
from engine.privacy.traces import object_traces, system_traces
from engine.records.saving.deleting import all_inverses
from engine.records.transaction import Transaction
from engine.storage.tables import ObjectTable
from metamodel.texts import label_text

_MAILS = frozenset(("fs_message", "fs_mail_in", "fs_notification"))
_RUNS = frozenset(("fs_run", "fs_run_step", "fs_run_origin"))


def gather(transaction: Transaction, person: Person) -> dict[str, Any]:
    """Give everything as plain values."""
    found: dict[str, Any] = {
        "person": [f"{key}:{record_id}" for key, record_id in person.records],
        "made_at": transaction.now.isoformat(),
        "purposes": dict(_purposes(transaction, person)),
        "records": [],
        "files": [],
        "mails": [],
        "runs": [],
        "other": [],
        "history": [],
        "audit": [],
    }
    known: set[RecordKey] = set()
    for relation, table, row in _records(transaction, person):
        key = (table.object.key, str(row["id"]))
        if key not in known:
            known.add(key)
            found["records"].append({"object": key[0], "id": key[1], "is": relation, "values": _values(table, row)})
    found["files"] = list(_files(transaction, known))
    for trace in system_traces(transaction, person):
        name = trace.table.name
        if name not in ("fs_file", "fs_content"):
            place = "mails" if name in _MAILS else "runs" if name in _RUNS else "other"
            found[place].append({"table": name, **trace.row})
    for each in mentions(transaction, person):
        entry = {**each.row, "changes": each.changes}
        found["history" if each.is_own else "audit"].append(entry)
    return found


def write_archive(found: Mapping[str, Any], folder: ContentFolder, target: Path) -> None:
    """Write what was gathered, with the files, as one zip archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        text = orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
        archive.writestr("person.json", text)
        for each in found["files"]:
            path = folder.path_of(each["sha256"])
            if path.exists():
                archive.write(path, f"files/{each['id']}/{each['name']}")


def _records(transaction: Transaction, person: Person) -> Iterator[tuple[str, ObjectTable, Mapping[str, Any]]]:
    """Give the person's own records, those that point at them, and those that mention a value of the person."""
    tables = transaction.parts.tables
    for key, record_id in person.records:
        table = tables.of(key)
        query = select(table.table).where(table.table.c["id"] == record_id)
        for row in transaction.connection.execute(query).mappings():
            yield "person", table, dict(row)
    for key, record_id in person.records:
        for inverse in all_inverses(transaction, transaction.parts.metamodel.objects[key]):
            table = tables.of(inverse.object)
            if not table.is_stored(inverse.field):
                continue
            for column in table.codecs[inverse.field].columns:
                if column.type.__class__ is table.table.c["id"].type.__class__:
                    rows = transaction.connection.execute(select(table.table).where(column == record_id)).mappings()
                    yield from (("points at the person", table, dict(row)) for row in rows.all())
    for table, trace in object_traces(transaction, person):
        yield "mentions the person", table, trace.row


def _values(table: ObjectTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the stored fields of a record by name."""
    found = {}
    for name, codec in table.codecs.items():
        value = codec.from_columns([row[column.name] for column in codec.columns])
        if value is not None:
            found[name] = value if isinstance(value, str | int | bool) else str(value)
    return found


def _files(transaction: Transaction, records: set[RecordKey]) -> Iterator[dict[str, Any]]:
    files = transaction.system.file
    for key in sorted({key for key, _ in records}):
        ids = [record_id for other, record_id in records if other == key]
        rows = transaction.connection.execute(select(files).where(files.c.object == key, files.c.record_id.in_(ids)))
        yield from (dict(row) for row in rows.mappings())


def _purposes(transaction: Transaction, person: Person) -> Iterator[tuple[str, Any]]:
    language = transaction.actor.language
    for key in dict.fromkeys(key for key, _ in person.records):
        privacy = transaction.parts.metamodel.objects[key].privacy
        if privacy is not None:
            purpose = label_text(privacy.purpose, language, key) if privacy.purpose is not None else None
            consent = privacy.consent.text if privacy.consent is not None else None
            kept = privacy.retention.after.text if privacy.retention is not None else None
            yield key, {"purpose": purpose, "consent": consent, "kept_for": kept}
