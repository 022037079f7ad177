"""New records of a batch made by columns: values read, filled, computed and judged for all of them at once.

Each step is the bulk form of the step of a single save. A record that one of them has doubts about leaves the group
and goes through the steps for single records, which find the reasons, or that there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
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
from engine.records.saving.record_columns import RecordColumns
from engine.records.saving.steps import reader
from engine.records.saving.value_columns import by_fields, read_columns
from engine.records.types import SaveRow
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


class NewGroup(RecordColumns):
    """New records that give the same fields. places: of the records in the batch, ascending."""

    def __init__(self, transaction: Transaction, object_def: ObjectDef, given: Sequence[str]) -> None:
        plan = save_plan(transaction.parts, object_def.key)
        super().__init__(plan, {"id": []})
        self._transaction = transaction
        self.asked = column_plan(transaction.parts, plan)
        self.given = frozenset(given)
        self.places: list[int] = []

    def add(self, names: Sequence[str], places: Sequence[int], columns: Sequence[list[Any]], kept: list[bool]) -> None:
        """Take rows in, by their places in the batch; those that are not kept are left out."""
        template = self._template()
        if template is None:
            return
        count = len(places)
        new_id = self._transaction.services.ids.new
        self.values = {name: [value] * count for name, value in template.items()}
        self.values |= dict(zip(names, columns, strict=True))
        self.values["id"] = [new_id() for _ in places]
        self.places = list(places)
        if not all(kept):
            self._keep(kept)

    def fill(self) -> list[int]:
        """Fill in defaults that read the record, and copies; give the places in the batch of those who leave."""
        doubtful: set[int] = set()
        for name, asked in self.asked.defaults:
            if name not in self.given:
                self._put(name, asked, doubtful)
        for copier, asked in zip(self.plan.copiers, self.asked.copied, strict=True):
            filled, by = self.values[copier.name], self.values[copier.lookup]
            open_places = [at for at, value in enumerate(filled) if value is None and by[at] is not None]
            for at, value in zip(open_places, self._answers(asked, open_places), strict=True):
                filled[at] = None if value is FAULT else value
                if value is FAULT:
                    doubtful.add(at)
        self._doubt_rights(doubtful)
        return [*self.leave(doubtful)]

    def compute(self) -> dict[int, RecordDraft]:
        """Compute kept formulas; give those who leave, by their places in the batch."""
        doubtful: set[int] = set()
        if self.plan.rated:
            for at in range(len(self)):
                for name, value in rate(self.plan, self.row(at), self._transaction.around).items():
                    self.values[name][at] = value
        for name, asked in self.asked.computed:
            self._put(name, asked, doubtful)
        return self.leave(doubtful)

    def leave(self, doubtful: Collection[int]) -> dict[int, RecordDraft]:
        """Let records go, by their place in the group; give them by their places in the batch."""
        if not doubtful:
            return {}
        gone = {self.places[at]: self._draft(at) for at in sorted(doubtful)}
        self._keep([at not in doubtful for at in range(len(self))])
        return gone

    def leave_all(self) -> dict[int, RecordDraft]:
        """Let all records go."""
        return self.leave(range(len(self)))

    def _keep(self, kept: Sequence[bool]) -> None:
        self.drop(kept)
        self.places = list(compress(self.places, kept))

    def _draft(self, at: int) -> RecordDraft:
        values = self.row(at)
        draft = RecordDraft(self.plan, self._transaction.around, SaveKind.CREATED, values["id"], None, None)
        draft.values, draft.given = values, {*self.given}
        return draft

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
        found = self._answers(asked)
        if FAULT in found:
            doubtful.update(at for at, value in enumerate(found) if value is FAULT)
            found = [None if value is FAULT else value for value in found]
        self.values[name] = found

    def _doubt_rights(self, doubtful: set[int]) -> None:
        access = self._transaction.access.of(self.plan.object.key)
        rights: list[Predicate] = [access.actions["create"], *(access.fields[name].create for name in self.given)]
        asked = [right for right in rights if right is not EVERYONE]
        if not asked:
            return
        around, key = self._transaction.around, self.plan.object.key
        for at in range(len(self)):
            context = RecordContext(around, key, self.row(at))
            if not all(right.test(context) for right in asked):
                doubtful.add(at)

    def _answers(self, asked: Asked, places: Sequence[int] | None = None) -> list[Any]:
        return answers(asked, self, self._transaction.around, places)


def new_groups(transaction: Transaction, object_def: ObjectDef, rows: Sequence[SaveRow]) -> list[NewGroup]:
    """Read the rows of a batch that make new records; those that can't be read, or not by columns, are in no group."""
    if not transaction.access.of(object_def.key).may("create"):
        return []
    found = []
    values_reader = reader(transaction, object_def, SaveKind.CREATED)
    for names, places, raw in by_fields(rows, new=True):
        group = NewGroup(transaction, object_def, names)
        read = read_columns(values_reader, group.plan, names, raw)
        if read is not None:
            columns, kept = read
            group.add(names, places, columns, kept)
            if len(group):
                found.append(group)
    return found
