"""Where the values of a record come from: who or what set each last, and what caused that, back to the root cause.

It is read from the log and the runs, and from what stays of runs that are no longer kept. That a rule set a value
within somebody's save is found by judging the before rules of that save again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.automation.before_rules import BeforeRunner
from engine.automation.condition_eyes import ConditionEyes
from engine.automation.explaining import explain_value
from engine.automation.insight.causes import Causes
from engine.automation.insight.past import Entry, PastEvent, entries_of, events_of, stored_records
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.views import Blame, CauseLink, Setter
from engine.automation.insight.within_saves import PastSaves
from engine.automation.program import Value
from engine.automation.rule_index import RuleIndex
from engine.automation.trace import part_of
from engine.records.transaction import Transaction
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.compiler import compile_expression

_MOST_ENTRIES = 2_000
_UNSAID = frozenset(("id", "version", "modified_at", "modified_by"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blamer:
    """Tells of the values of one record to one reader, within a reading transaction that has read the record."""

    transaction: Transaction
    object_def: ObjectDef
    record_id: str
    eyes: ConditionEyes
    index: RuleIndex
    before: BeforeRunner
    causes: Causes

    def all(self, fields: Sequence[str]) -> tuple[Blame, ...]:
        """Tell of some fields that the reader may see."""
        key, transaction = self.object_def.key, self.transaction
        entries = entries_of(transaction, key, self.record_id, most=_MOST_ENTRIES)
        now = stored_records(transaction, key, [self.record_id]).get(self.record_id)
        if now is None:
            return ()
        newest: dict[str, Entry] = {}
        for entry in entries:
            for name in entry.changes:
                newest.setdefault(name, entry)
        set_by_rules = self._set_by_rules(now, entries, {newest[name].id for name in fields if name in newest})
        told = (name for name in fields if name not in _UNSAID)
        return tuple(self._of(name, now, newest, entries, set_by_rules) for name in told)

    def _of(
        self,
        name: str,
        now: Mapping[str, Any],
        newest: Mapping[str, Entry],
        entries: Sequence[Entry],
        set_by_rules: Mapping[tuple[int, str], str],
    ) -> Blame:
        definition = self.object_def.fields[name]
        entry = newest.get(name)
        if entry is None and name.startswith("created_") and entries and entries[-1].action == "created":
            entry = entries[-1]
        chain = self.causes.of(entry) if entry is not None else ()
        setter = chain[0].kind if chain else Setter.NOBODY
        if definition.formula is not None or definition.rollup is not None:
            return self._computed(name, definition, now, entry, chain)
        rule = set_by_rules.get((entry.id, name)) if entry is not None else None
        if rule is not None and entry is not None:
            setter, chain = Setter.BEFORE_RULE, (self.causes.before_rule(rule, entry), *chain)
        return Blame(
            field=name,
            setter=setter,
            entry=entry.id if entry is not None else None,
            at=entry.at if entry is not None else None,
            chain=chain,
        )

    def _computed(
        self,
        name: str,
        definition: FieldDef,
        now: Mapping[str, Any],
        entry: Entry | None,
        chain: tuple[CauseLink, ...],
    ) -> Blame:
        rollup = definition.rollup
        formula = definition.formula.text if definition.formula is not None else ""
        if rollup is not None:
            where = f" where {rollup.where.text}" if rollup.where is not None else ""
            formula = f"{rollup.function.value}({rollup.of.text}{where})"
        return Blame(
            field=name,
            setter=Setter.ROLLUP if rollup is not None else Setter.FORMULA,
            entry=entry.id if entry is not None else None,
            at=entry.at if entry is not None else None,
            formula=formula,
            inputs=None if definition.formula is None else self._inputs(name, definition, now),
            chain=chain,
        )

    def _inputs(self, name: str, definition: FieldDef, now: Mapping[str, Any]) -> Any:
        assert definition.formula is not None
        typed = self.transaction.parts.language.formula(self.object_def.key, name)
        value = Value(evaluator=compile_expression(typed, definition.formula), text=definition.formula.text)
        context = self.transaction.context(self.object_def.key, now)
        return part_of(explain_value(value, context), self.eyes)

    def _set_by_rules(
        self, now: Mapping[str, Any], entries: Sequence[Entry], wanted: set[int]
    ) -> Mapping[tuple[int, str], str]:
        """Give entry and field → the before rule that set the value which the save then had."""
        if not entries or not any(program.is_before for program in self.index.programs.values()):
            return {}
        records = PastRecords(self.transaction, entries[-1].id)
        records.know(self.object_def.key, now, self.record_id, entries)
        found: dict[tuple[int, str], str] = {}
        saves = PastSaves(transaction=self.transaction, before=self.before, records=records)
        for past in events_of(self.transaction, self.object_def, now, entries):
            if past.entry.id in wanted:
                found.update(self._acts(past, saves))
        return found

    def _acts(self, past: PastEvent, saves: PastSaves) -> Iterator[tuple[tuple[int, str], str]]:
        event = past.event
        for program in self.index.before(event.object, event.kind):
            for name, value in saves.values_set(program, past):
                if event.new.get(name) == value and name in event.changed:
                    yield (past.entry.id, name), program.name
