"""New records of a batch made by columns: values read, filled, computed and judged for all of them at once.

Each step is the bulk form of the step of a single save. A record that one of them has doubts about leaves the group
and goes through the steps for single records, which find the reasons, or that there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from engine.access.predicates import EVERYONE, Predicate
from engine.expressions.context import RecordContext
from engine.records.clocks.plan import clock_plans
from engine.records.hooks import SaveKind
from engine.records.saving.asking import FAULT, Asked, answers
from engine.records.saving.column_plan import column_plan
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import fill_new
from engine.records.saving.plan import save_plan
from engine.records.saving.rating import rate
from engine.records.saving.steps import reader
from engine.records.saving.value_columns import UNSOUND, by_fields, read_columns
from engine.records.types import SaveRow
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


class NewGroup:
    """New records that give the same fields.

    drafts: by their place in the batch. rows: their values, in the same order.
    """

    def __init__(self, transaction: Transaction, object_def: ObjectDef, given: Sequence[str]) -> None:
        self._transaction = transaction
        self.plan = save_plan(transaction.parts, object_def.key)
        self.asked = column_plan(transaction.parts, self.plan)
        self.given = frozenset(given)
        self.drafts: dict[int, RecordDraft] = {}
        self.rows: list[dict[str, Any]] = []

    def add(self, names: Sequence[str], indexes: Sequence[int], columns: Sequence[Sequence[Any]]) -> None:
        """Take rows in, by their places in the batch; those with values that can't be read are left out."""
        template = self._template()
        if template is None:
            return
        new_id, around, plan = self._transaction.services.ids.new, self._transaction.around, self.plan
        # No step of a batch adds to what was given.
        given = set(self.given)
        values_of = zip(*columns, strict=True) if columns else iter([()] * len(indexes))
        for index, values in zip(indexes, values_of, strict=True):
            if UNSOUND in values:
                continue
            row = template.copy()
            row.update(zip(names, values, strict=True))
            row["id"] = record_id = new_id()
            draft = RecordDraft(plan, around, SaveKind.CREATED, record_id, None, None)
            draft.values, draft.given = row, given
            self.drafts[index] = draft
            self.rows.append(row)

    def fill(self) -> list[int]:
        """Fill in defaults that read the record, and copies; give the places of those who leave."""
        doubtful: set[int] = set()
        for name, asked in self.asked.defaults:
            if name not in self.given:
                self._put(name, asked, doubtful)
        for copier in self.plan.copiers:
            places = [
                place
                for place, row in enumerate(self.rows)
                if row[copier.name] is None and row.get(copier.lookup) is not None
            ]
            rows = [self.rows[place] for place in places]
            values = self._answers(Asked(copier.evaluate, None, computes=True), rows)
            for place, row, value in zip(places, rows, values, strict=True):
                row[copier.name] = None if value is FAULT else value
                if value is FAULT:
                    doubtful.add(place)
        self._doubt_rights(doubtful)
        return self.leave(doubtful)

    def compute(self) -> list[int]:
        """Compute kept formulas; give the places of those who leave."""
        doubtful: set[int] = set()
        if self.plan.rated:
            for row in self.rows:
                row.update(rate(self.plan, row, self._transaction.around))
        for name, asked in self.asked.computed:
            self._put(name, asked, doubtful)
        return self.leave(doubtful)

    def leave(self, doubtful: Collection[int]) -> list[int]:
        """Let records go, by their place in the group; give their places in the batch."""
        if not doubtful:
            return []
        indexes = list(self.drafts)
        gone = [indexes[place] for place in sorted(doubtful)]
        for index in gone:
            del self.drafts[index]
        self.rows = [draft.values for draft in self.drafts.values()]
        return gone

    def know_changed(self) -> None:
        """Tell the drafts which of their fields are filled: one set for all that fill the same ones."""
        known: dict[tuple[bool, ...], frozenset[str]] = {}
        names = list(self.plan.table.codecs)
        columns = {name: [row[name] is not None for row in self.rows] for name in names}
        mixed = [name for name in names if not all(columns[name]) and any(columns[name])]
        always = [name for name in names if all(columns[name])]
        patterns = zip(*(columns[name] for name in mixed), strict=True) if mixed else iter([()] * len(self.rows))
        for draft, pattern in zip(self.drafts.values(), patterns, strict=True):
            changed = known.get(pattern)
            if changed is None:
                filled = [name for name, here in zip(mixed, pattern, strict=True) if here]
                changed = known[pattern] = frozenset([*always, *filled])
            draft.know_changed(changed)

    def _template(self) -> dict[str, Any] | None:
        """Give what the records have in common before their own values come in; None where that isn't known."""
        if not self.asked.in_order:
            return None
        if clock_plans(self._transaction.parts, self.plan.object.key):
            # Clocks are moved record by record.
            return None
        if self.plan.files:
            # Each file is looked up and gets an owner.
            return None
        if any(each.deciding & self.given and each.definition.default for each in self.plan.narrowed):
            # Defaults that follow from what a record gives are its own.
            return None
        transaction = self._transaction
        sample = RecordDraft(self.plan, transaction.around, SaveKind.CREATED, "", None, None)
        sample.given.update(self.given)
        fill_new(sample, transaction)
        own = {name for name, _ in self.asked.defaults}
        if any(error.field not in own for error in sample.errors):
            return None
        return {name: None if name in own else value for name, value in sample.values.items()}

    def _put(self, name: str, asked: Asked, doubtful: set[int]) -> None:
        for place, (row, value) in enumerate(zip(self.rows, self._answers(asked, self.rows), strict=True)):
            row[name] = None if value is FAULT else value
            if value is FAULT:
                doubtful.add(place)

    def _doubt_rights(self, doubtful: set[int]) -> None:
        access = self._transaction.access.of(self.plan.object.key)
        rights: list[Predicate] = [access.actions["create"], *(access.fields[name].create for name in self.given)]
        asked = [right for right in rights if right is not EVERYONE]
        if not asked:
            return
        around, key = self._transaction.around, self.plan.object.key
        for place, row in enumerate(self.rows):
            context = RecordContext(around, key, row)
            if not all(right.test(context) for right in asked):
                doubtful.add(place)

    def _answers(self, asked: Asked, rows: Sequence[dict[str, Any]]) -> list[Any]:
        return answers(asked, rows, self._transaction.around, self.plan.object.key)


def new_groups(transaction: Transaction, object_def: ObjectDef, rows: Sequence[SaveRow]) -> list[NewGroup]:
    """Read the rows of a batch that make new records; those that can't be read, or not by columns, are in no group."""
    if not transaction.access.of(object_def.key).may("create"):
        return []
    found = []
    values_reader = reader(transaction, object_def, SaveKind.CREATED)
    new = [index for index, row in enumerate(rows) if row.id is None]
    for names, indexes in by_fields(rows, new).items():
        group = NewGroup(transaction, object_def, names)
        columns = read_columns(values_reader, group.plan, names, [rows[index] for index in indexes])
        if columns is not None:
            group.add(names, indexes, columns)
            found.append(group)
    return found
