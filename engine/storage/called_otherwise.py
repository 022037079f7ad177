"""What the product keeps of objects, fields and options by their names, when these are called otherwise from now on.

Rows that are about records now (stages, files, series of numbers, runs) take the new name. Entries of the audit log
stay as they were written: a note of the rename says what a name in an older entry means today.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select, update

from engine.storage.system_tables import SystemTables


def call_object(connection: Connection, system: SystemTables, before: str, after: str) -> None:
    """Let everything kept of the records of an object be of its new name."""
    for table in system.metadata.sorted_tables:
        if "object" in table.c and table is not system.audit:
            connection.execute(update(table).where(table.c.object == before).values(object=after))
    _move_series(connection, system, f"{before}.", f"{after}.")
    _note(connection, system, after, "", "object", before, after)


def call_field(connection: Connection, system: SystemTables, object_key: str, before: str, after: str) -> None:
    """Let what is kept of a field be of its new name; its history is found under it too."""
    for table in (system.stage, system.file, system.renamed):
        here = (table.c.object == object_key, table.c.field == before)
        connection.execute(update(table).where(*here).values(field=after))
    _move_series(connection, system, f"{object_key}.{before}", f"{object_key}.{after}", whole_steps=True)
    _note(connection, system, object_key, after, "field", before, after)


def call_option(
    connection: Connection, system: SystemTables, object_key: str, field: str, before: str, after: str
) -> None:
    """Let what is kept of an option of a field be of its new name."""
    stage = system.stage
    here = (stage.c.object == object_key, stage.c.field == field, stage.c.option == before)
    connection.execute(update(stage).where(*here).values(option=after))
    _note(connection, system, object_key, field, "option", before, after)


def _note(
    connection: Connection, system: SystemTables, object_key: str, field: str, kind: str, before: str, after: str
) -> None:
    last = connection.execute(select(func.max(system.audit.c.id))).scalar() or 0
    connection.execute(
        insert(system.renamed).values(
            object=object_key, field=field, kind=kind, before=before, after=after, last_entry=last
        )
    )


def _move_series(
    connection: Connection, system: SystemTables, before: str, after: str, *, whole_steps: bool = False
) -> None:
    """Let series of numbers go on under the new name instead of starting again."""
    series = system.sequence
    for name in _names(connection, system):
        rest = name.removeprefix(before)
        if name.startswith(before) and not (whole_steps and rest and not rest.startswith(".")):
            connection.execute(update(series).where(series.c.name == name).values(name=after + rest))


def _names(connection: Connection, system: SystemTables) -> Iterable[str]:
    return [str(row[0]) for row in connection.execute(select(system.sequence.c.name))]
