"""Takes a page of theirs in: what changed on which side decides by field, and the cursor moves with the records.

A field that they changed since it was last seen is taken, one that only we changed is kept and goes out; where both
did, the rule for conflicts counts. A record that we deleted is not made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import faults
from engine.connectors.plan import Plan, Theirs, as_text
from engine.connectors.rows import ConnectorRows, Seen
from engine.records.finding import find_by_fields
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.records.types import SaveRow
from metamodel.definitions.connectors import IN, NEWEST, THEIRS, ConnectorFieldDef

COUNTED = ("read", "created", "updated", "sent", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A record of ours: its values as texts."""

    id: str
    version: int
    modified: dt.datetime | None
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Takes pages in."""

    records: Records
    rows: ConnectorRows

    def take(
        self, plan: Plan, holder: str, page: Sequence[object], counts: dict[str, int], moved: Mapping[str, Any]
    ) -> None:
        """Take a page in, in one transaction with what `moved` says of the run.

        Raises: HoldLost, UnknownObject (the role may not read what is carried).
        """
        name = plan.connector.name
        with self.records.transaction(plan.actor, release=plan.release) as transaction:
            found = [plan.theirs(transaction, each) for each in page]
            theirs = {each.key: each for each in found if each is not None}
            ours = self._ours(transaction, plan, [each.parsed_key for each in theirs.values()])
            known = self.rows.known(transaction.connection, name, theirs.keys())
            counts["read"] += len(page)
            self._save(transaction, plan, theirs, ours, known, counts)
            faults.reach("connector.before_commit")
            self.rows.move(transaction.connection, name, holder, {**moved, "counts": dict(counts)})
        faults.reach("connector.taken")

    def _save(
        self,
        transaction: Transaction,
        plan: Plan,
        theirs: Mapping[str, Theirs],
        ours: Mapping[str, Ours],
        known: Mapping[str, Seen],
        counts: dict[str, int],
    ) -> None:
        rows: list[SaveRow] = []
        keys: list[str] = []
        for key, each in theirs.items():
            seen = known.get(key)
            if each.faults:
                self._refuse(transaction, plan, key, "; ".join(each.faults), counts)
                continue
            own = ours.get(key)
            before = seen.digests if seen is not None else None
            if own is None and before is not None:
                continue
            taken = _taken(plan, each, own, before)
            if own is not None and not taken:
                self._note(transaction, plan, each, seen)
                continue
            rows.append(SaveRow(values=taken, id=own.id if own else None, version=own.version if own else None))
            keys.append(key)
        if not rows:
            return
        for key, result in zip(
            keys, transaction.save_many(plan.object_key, rows, all_or_nothing=False).rows, strict=True
        ):
            if result.outcome == "refused":
                told = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in result.errors)
                self._refuse(transaction, plan, key, told, counts)
                continue
            counts["created" if result.outcome == "created" else "updated"] += result.outcome != "unchanged"
            self._note(transaction, plan, theirs[key], known.get(key))

    def _note(self, transaction: Transaction, plan: Plan, each: Theirs, known: Seen | None) -> None:
        before = (known.digests if known is not None else None) or {}
        seen = {**before, **plan.digests(each.values)}
        if known is None or seen != before or known.side is not None:
            self.rows.note(transaction.connection, plan.connector.name, each.key, seen)

    def _refuse(self, transaction: Transaction, plan: Plan, key: str, why: str, counts: dict[str, int]) -> None:
        counts["refused"] += 1
        self.rows.note_refused(transaction.connection, plan.connector.name, key, IN, why)

    def _ours(self, transaction: Transaction, plan: Plan, keys: Sequence[object]) -> dict[str, Ours]:
        stored = [name for name, each in plan.connector.fields.items() if each.comes_in]
        names = [plan.connector.key, "version", "modified_at", *stored]
        found: dict[str, Ours] = {}
        for values, ids in find_by_fields(transaction, plan.object_key, names, keys).items():
            key = as_text(values[0])
            if key is not None:
                texts = {name: as_text(value) for name, value in zip(stored, values[3:], strict=True)}
                found[key] = Ours(id=ids[0], version=values[1], modified=values[2], values=texts)
        return found


def _taken(plan: Plan, theirs: Theirs, ours: Ours | None, before: Mapping[str, str] | None) -> dict[str, Any]:
    """Give the fields that get their values, as they write them."""
    taken = {}
    for name, mapped in plan.connector.fields.items():
        if name not in theirs.values or not mapped.comes_in:
            continue
        if ours is None or _counts(plan, mapped, theirs, ours, (before or {}).get(name)):
            taken[name] = theirs.raw[name]
    return taken


def _counts(plan: Plan, mapped: ConnectorFieldDef, theirs: Theirs, ours: Ours, before: str | None) -> bool:
    """Say whether their value counts rather than ours."""
    value, own = theirs.values[mapped.field], ours.values[mapped.field]
    if value == own:
        return False
    if mapped.direction == IN:
        return True
    if before is not None and plan.digest(value) == before:
        return False
    if before is not None and plan.digest(own) == before:
        return True
    if mapped.conflict == NEWEST:
        return theirs.modified is not None and ours.modified is not None and theirs.modified > ours.modified
    return mapped.conflict == THEIRS
