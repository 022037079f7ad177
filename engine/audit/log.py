"""The audit log for who may read it: lists, single entries, all of them; and what is noted of refusals and reads of it.

It asks for the system right `view_audit`. That right shows who did what and when, never more of records than the
reader's roles show: the values of a field are told where the reader may read it in every record, and of a record that
the reader may not read none are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, union

from engine.access.actor import Actor
from engine.access.predicates import EVERYONE
from engine.audit.entries import (
    ABOUT_NO_FIELD,
    REFUSED,
    AuditChange,
    AuditEntry,
    AuditFilter,
    AuditPage,
    EntryNotFound,
    Refusal,
    entry_values,
)
from engine.clock import Clock
from engine.errors import AccessDenied, DatabaseUnavailable
from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import called_now, entries_of
from engine.records.history import changes_of
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

VIEW_AUDIT = "view_audit"
LOG_ITSELF = "fs_audit"
"""The name that entries about the log itself stand under."""
MOST = 200
_LOG = logging.getLogger("fieldstone.audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Reads the log and notes what has no save of its own."""

    database: Database
    system: SystemTables
    records: Records
    current: Callable[[], Release]
    clock: Clock

    def note_refused(self, actor: Actor, refusal: Refusal) -> None:
        """Note that somebody was refused something; whoever is refused is told so even where this can't be written."""
        release = self.current().number
        entry = entry_values(
            actor,
            refusal.object,
            REFUSED,
            self.clock.now(),
            refusal.facts,
            record_id=refusal.record_id,
            release=release,
        )
        try:
            with self.database.write() as connection:
                connection.execute(insert(self.system.audit).values(entry))
        except DatabaseUnavailable:
            _LOG.warning("a refusal was not noted, the database is away: %s of %s", refusal.object, actor.login)

    def list(self, actor: Actor, which: AuditFilter, *, limit: int = 50) -> AuditPage:
        """List entries, the newest first.

        Raises: AccessDenied.
        """
        self.require(actor)
        limit = max(1, min(limit, MOST))
        with self.records.reading(actor) as transaction:
            found = self._rows(transaction, self._asked(transaction, which).limit(limit + 1))
            rows = self._entries(transaction, found[:limit])
        return AuditPage(rows=rows, before=rows[-1].id if len(found) > limit else None)

    def show(self, actor: Actor, entry: int) -> AuditEntry:
        """Give one entry.

        Raises: AccessDenied, EntryNotFound.
        """
        self.require(actor)
        with self.records.reading(actor) as transaction:
            found = self._rows(transaction, select(self.system.audit).where(self.system.audit.c.id == entry))
            if not found:
                raise EntryNotFound(entry)
            return self._entries(transaction, found)[0]

    def export(self, actor: Actor, which: AuditFilter) -> Iterator[AuditEntry]:
        """Give all entries, the newest first; that somebody took them is an entry of its own.

        Raises: AccessDenied.
        """
        self.require(actor)
        told = {name: str(value) for name in which.__slots__ if (value := getattr(which, name)) is not None}
        entry = entry_values(actor, LOG_ITSELF, "exported", self.clock.now(), told, release=self.current().number)
        with self.database.write() as connection:
            connection.execute(insert(self.system.audit).values(entry))
        return self._all(actor, which)

    def _all(self, actor: Actor, which: AuditFilter) -> Iterator[AuditEntry]:
        before = which.before
        while True:
            with self.records.reading(actor) as transaction:
                query = self._asked(transaction, which, before).limit(MOST)
                rows = self._entries(transaction, self._rows(transaction, query))
            yield from rows
            if len(rows) < MOST:
                return
            before = rows[-1].id

    def require(self, actor: Actor) -> None:
        """Refuse who may not read the log.

        Raises: AccessDenied.
        """
        if not self.records.access(actor).has_right(VIEW_AUDIT):
            raise AccessDenied("read", "the audit log", f"it needs the system right '{VIEW_AUDIT}'.")

    def _asked(self, transaction: Transaction, which: AuditFilter, before: int | None = None) -> Select[Any]:
        audit = self.system.audit
        asked = self._conditions(which, before or which.before)
        about = () if which.object is None else (entries_of(transaction, which.object, refusals=True),)
        return select(audit).where(*about, *asked).order_by(audit.c.id.desc())

    def _conditions(self, which: AuditFilter, before: int | None) -> Iterator[ColumnElement[bool]]:
        audit = self.system.audit
        for column, value in (
            (audit.c.record_id, which.record_id),
            (audit.c.action, which.action),
            (audit.c.origin, which.origin),
        ):
            if value is not None:
                yield column == value
        if which.actor is not None:
            yield or_(audit.c.actor == which.actor, audit.c.actor_name.contains(which.actor, autoescape=True))
        if which.since is not None:
            yield audit.c.at >= which.since
        if which.until is not None:
            yield audit.c.at < which.until
        if before is not None:
            yield audit.c.id < before

    def _rows(self, transaction: Transaction, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
        rows = (dict(row._mapping) for row in transaction.connection.execute(query))
        return [{**row, "object": called_now(transaction, row["object"], row["id"])} for row in rows]

    def _entries(self, transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> tuple[AuditEntry, ...]:
        sight = _Sight(transaction, rows)
        rules = self._rules(transaction.connection, {row["run_id"] for row in rows if row["run_id"] is not None})
        seal = self.system.seal
        sealed = int(transaction.connection.execute(select(func.max(seal.c.last))).scalar() or 0)
        return tuple(sight.entry(row, rules.get(row["run_id"]), row["id"] <= sealed) for row in rows)

    def _rules(self, connection: Connection, runs: set[str]) -> Mapping[str, str]:
        """Give the rules of runs, also of those whose traces are past their time."""
        if not runs:
            return {}
        tables = (self.system.run, self.system.run_origin)
        query = union(*(select(table.c.id, table.c.rule).where(table.c.id.in_(sorted(runs))) for table in tables))
        return {row[0]: row[1] for row in connection.execute(query)}


class _Sight:
    """What one reader sees of some entries."""

    def __init__(self, transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        self._transaction = transaction
        self._objects = transaction.parts.metamodel.objects
        places = {
            (row["object"], row["record_id"]) for row in rows if row["record_id"] and row["object"] in self._objects
        }
        people = {("user", row["on_behalf"]) for row in rows if row["on_behalf"] and could_be_id(row["on_behalf"])}
        self._titles = transaction.reader.titles(places | people)

    def entry(self, row: Mapping[str, Any], rule: str | None, is_sealed: bool) -> AuditEntry:
        """Give one entry as its reader sees it."""
        changes, hidden = self._changes(row)
        return AuditEntry(
            id=row["id"],
            at=row["at"],
            actor=row["actor"],
            actor_name=row["actor_name"] or "",
            on_behalf=self._titles.get(("user", row["on_behalf"]), row["on_behalf"]),
            origin=row["origin"],
            address=row["address"],
            request_id=row["request_id"],
            object=row["object"],
            record_id=row["record_id"],
            title=self._titles.get((row["object"], row["record_id"])),
            version=row["version"],
            action=row["action"],
            run=row["run_id"],
            step=row["step"],
            rule=rule,
            release=row["release"],
            changes=changes,
            hidden=hidden,
            is_sealed=is_sealed,
        )

    def _changes(self, row: Mapping[str, Any]) -> tuple[tuple[AuditChange, ...], int]:
        definition = self._objects.get(row["object"])
        if definition is None or row["action"] in ABOUT_NO_FIELD:
            return tuple(AuditChange(name=name, old=old, new=new) for name, (old, new) in _plain(row).items()), 0
        written = changes_of(row, earlier_names(self._transaction, definition.key))
        access = self._transaction.access.of(definition.key)
        # An entry outlives its record: who may read every record may also know of one in the bin.
        is_read = access.actions["read"] is EVERYONE or (definition.key, row["record_id"]) in self._titles
        shown = access.whole if is_read else frozenset()
        found = tuple(
            AuditChange(name=name, masked=True)
            if definition.fields[name].encrypted
            else AuditChange(name=name, old=pair[0], new=pair[1])
            for name, pair in written.items()
            if name in shown
        )
        return found, len(written) - len(found)


def _plain(row: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
    written = row["changes"]
    known = orjson.loads(written) if isinstance(written, str) else written or {}
    pairs = {name.removeprefix("@"): pair for name, pair in known.items()}
    return {name: pair if isinstance(pair, list) and len(pair) == 2 else [None, pair] for name, pair in pairs.items()}
