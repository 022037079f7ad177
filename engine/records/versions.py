"""What a record was at its versions, as far as its reader sees it: read backwards from what it is, out of the log."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import entries_of
from engine.records.history import changes_of, history_value, shown_fields
from engine.records.query_problems import problem
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that differs between two versions; `masked`: it was changed, the actor may not see how."""

    field: str
    before: object = None
    after: object = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterChange:
    """The newest change of a field since some moment: number of its entry in the history, when, and who made it."""

    entry: int
    at: dt.datetime
    actor_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the log tells of a record after one of its versions.

    olds: field → what it was at that version, as the log has it; a field that is not there is now what it was then.
    later: field → its newest change since. times: how often it was changed since. shown: the fields of the history, and
    whether each is masked.
    """

    olds: Mapping[str, Any]
    later: Mapping[str, LaterChange]
    times: Mapping[str, int]
    shown: Mapping[str, tuple[FieldDef, bool]]


def past_of(transaction: Transaction, object_def: ObjectDef, record_id: str, version: int) -> Past:
    """Read what changed since a version.

    Raises: RecordNotFound; QueryProblem where the record never had such a version.
    """
    transaction.reader.require_readable(object_def, record_id)
    shown = shown_fields(transaction, object_def, record_id)
    current = current_values(transaction, object_def, record_id)["version"]
    if not 1 <= version <= current:
        raise problem("EXP908", f"{version} is not a version of the record; it has 1 to {current}")
    table = transaction.system.audit
    since = [entries_of(transaction, object_def.key), table.c["record_id"] == record_id, table.c["version"] > version]
    columns = [table.c[name] for name in ("id", "at", "actor_name", "changes")]
    names = earlier_names(transaction, object_def.key)
    olds: dict[str, Any] = {}
    later: dict[str, LaterChange] = {}
    times: Counter[str] = Counter()
    for found in transaction.connection.execute(select(*columns).where(*since).order_by(table.c["id"])):
        row = dict(found._mapping)
        for name, (old, _new) in changes_of(row, names).items():
            if name in shown:
                olds.setdefault(name, old)
                times[name] += 1
                later[name] = LaterChange(entry=row["id"], at=row["at"], actor_title=row["actor_name"] or "")
    return Past(olds=olds, later=later, times=times, shown=shown)


def compare_versions(
    transaction: Transaction, object_def: ObjectDef, record_id: str, before: int, after: int
) -> Sequence[Difference]:
    """Give the fields in which two versions of a record differ, in the object's order.

    Raises: RecordNotFound; QueryProblem where the record never had such a version.
    """
    first, second = (past_of(transaction, object_def, record_id, version) for version in (before, after))
    now = current_values(transaction, object_def, record_id)
    found = []
    for name, (definition, masked) in first.shown.items():
        if masked:
            # Not what it was, only whether somebody touched it in between.
            if first.times.get(name, 0) != second.times.get(name, 0):
                found.append(Difference(field=name, masked=True))
            continue
        values = [
            history_value(transaction, past.olds[name], definition) if name in past.olds else now.get(name)
            for past in (first, second)
        ]
        if values[0] != values[1]:
            found.append(Difference(field=name, before=values[0], after=values[1]))
    return found


def may_have_changed(
    transaction: Transaction, object_def: ObjectDef, record_id: str, names: Collection[str], since: int
) -> frozenset[str]:
    """Give those of some fields that were changed after a version, or of which no history tells whether they were.

    Raises: RecordNotFound.
    """
    transaction.reader.require_readable(object_def, record_id)
    if not names or not 1 <= since <= current_values(transaction, object_def, record_id)["version"]:
        return frozenset(names)
    past = past_of(transaction, object_def, record_id, since)
    return frozenset(name for name in names if name in past.times or name not in past.shown)


def current_values(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Mapping[str, Any]:
    """Give the stored values of a record that was found readable."""
    found = transaction.cache.related(object_def.key, record_id)
    assert found is not None, "whoever reads it was asked first"
    return found
