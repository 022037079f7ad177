"""Which rules a bulk act may start, told before it begins: by object, kinds of saves and the fields they change.

Whether a rule's condition holds is each record's matter, so this tells how often a rule runs at most. A dry run of an
import saves everything and takes it back, and counts exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select

from engine.automation.batch_runs import ONCE
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex, triggers_for
from engine.records.hooks import SaveKind
from engine.records.parts import ReleaseParts
from engine.records.saving.plan import save_plan
from engine.records.transaction import Transaction


class HowOften(StrEnum):
    """How often a rule runs in a bulk act."""

    IN_SAVE = "in save"
    EACH = "each"
    ONCE = "once"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingRule:
    """A rule that a bulk act may start, at most as `often` says."""

    program: Program
    often: HowOften


def coming_rules(
    index: RuleIndex, object_key: str, kinds: Iterable[SaveKind], changed: frozenset[str]
) -> tuple[ComingRule, ...]:
    """Give the rules that saves of an object may start which change these fields, before rules first."""
    found: dict[str, ComingRule] = {}
    for kind in kinds:
        for program in (*index.before(object_key, kind), *index.after(object_key, kind, changed)):
            if triggers_for(program, object_key, kind, changed):
                found.setdefault(program.name, ComingRule(program=program, often=_often(program)))
    return tuple(sorted(found.values(), key=lambda each: not each.program.is_before))


def changed_with(parts: ReleaseParts, object_key: str, names: Iterable[str]) -> frozenset[str]:
    """Give fields with those that are computed of them."""
    changed = set(names)
    # Formulas stand in the order in which they are computed.
    for formula in save_plan(parts, object_key).computed:
        if formula.reads & changed:
            changed.add(formula.name)
    return frozenset(changed)


def started_in(transaction: Transaction) -> Mapping[str, int]:
    """Count the runs that a transaction has started itself, by rule; for one that is rolled back afterwards."""
    run = transaction.system.run
    mine = (run.c.created_at == transaction.now, run.c.cause_run.is_(None), run.c.state == "queued")
    transaction.settle()
    query = select(run.c.rule, func.count()).where(*mine).group_by(run.c.rule).order_by(run.c.rule)
    return {str(rule): int(count) for rule, count in transaction.connection.execute(query)}


def _often(program: Program) -> HowOften:
    if program.is_before:
        return HowOften.IN_SAVE
    return {ONCE: HowOften.ONCE, "skip": HowOften.SKIP}.get(program.bulk, HowOften.EACH)
