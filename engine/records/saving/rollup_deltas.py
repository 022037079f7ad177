"""Counts and sums of parents moved by what one save changed, without looking at the other children.

Where every roll-up of a parent over a list counts or sums, over conditions and values that the child's own row decides,
the figure moves by the difference of what the child gives before and after the save. Anything else is computed afresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions.context import RecordContext
from engine.records.hooks import SaveKind
from engine.records.parts import ReleaseParts
from engine.records.rounding import stored_digits
from engine.records.saving.asking import WRITTEN_ALIKE
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.rollup_plans import RollupPlan
from metamodel.fields import FieldDef, RollupFunction
from metamodel.source import LocatedText
from metamodel.values import Money, Ref
from workflow_dsl.context import Values
from workflow_dsl.evaluation_errors import EvaluationError

Deltas = dict[str, dict[str, Any]]
"""By parent, by roll-up: by how much it moves."""

Known = dict[tuple[Any, ...], bool]
"""By roll-up and the values that its condition reads: whether it holds."""

_SUMMED = ("money", "decimal", "percent", "integer")


@dataclass(frozen=True, slots=True)
class Term:
    """What one child adds to one roll-up: 1 or the value of a field, where the condition holds.

    keys: the fields of the child that decide the condition, None where each child has to be asked.
    """

    name: str
    field: str | None
    where: Callable[..., Any] | None
    keys: tuple[str, ...] | None


def parent_of(plan: RollupPlan, values: Mapping[str, Any]) -> str | None:
    """Give the parent that a child's values point at."""
    value = values.get(plan.via)
    if isinstance(value, Ref):
        return value.id if value.object == plan.parent else None
    return value


def deltas_of(parts: ReleaseParts, plan: RollupPlan, drafts: Iterable[RecordDraft]) -> Deltas | None:
    """Give by how much saved children move their parents' figures; None where that does not follow from them alone."""
    terms = parts.made(("terms", plan.parent, plan.inverse.name), lambda: _Terms(parts, plan)).terms
    if terms is None:
        return None
    found: Deltas = defaultdict(lambda: dict.fromkeys((term.name for term in terms), 0))
    known: Known = {}
    try:
        for draft in drafts:
            # What comes out of the bin comes with its parent, whose figures were kept by nobody in the meantime.
            if draft.kind is SaveKind.RESTORED:
                return None
            for values, sign in ((draft.stored, -1), (draft.values, 1)):
                parent = None if values is None else parent_of(plan, values)
                if values is not None and parent is not None:
                    _add(found[parent], terms, draft, values, sign, known)
    except EvaluationError:
        return None
    return found


def _add(
    figures: dict[str, Any],
    terms: tuple[Term, ...],
    draft: RecordDraft,
    values: Mapping[str, Any],
    sign: int,
    known: Known,
) -> None:
    if values.get("deleted_at") is not None:
        return
    for term in terms:
        if term.where is not None and not _holds(term, draft, values, known):
            continue
        if term.field is None:
            figures[term.name] += sign
        elif (value := values.get(term.field)) is not None:
            figures[term.name] += sign * (value.amount if isinstance(value, Money) else value)


def _holds(term: Term, draft: RecordDraft, values: Mapping[str, Any], known: Known) -> bool:
    """Say whether a condition holds for a child; children that agree in what it reads are asked about once."""
    assert term.where is not None
    key = None if term.keys is None else (term.name, *[values.get(name) for name in term.keys])
    found = None if key is None else known.get(key)
    if found is None:
        context = draft.context
        row: Values = values
        if isinstance(context, RecordContext):
            row = context.seen(draft.object_key, values)
        found = bool(term.where(context, row))
        if key is not None:
            known[key] = found
    return found


def move(draft: RecordDraft, deltas: Mapping[str, Any], currency: str) -> bool:
    """Move the figures of a loaded parent; False where one of them was never computed or is in another currency."""
    for name in deltas:
        value = draft.values[name]
        if value is None or (isinstance(value, Money) and value.currency != currency):
            return False
    for name, delta in deltas.items():
        if delta:
            value = draft.values[name]
            figure = value.amount + delta if isinstance(value, Money) else value + delta
            draft.put(name, draft.plan.keep[name](figure))
    return True


class _Terms:
    """The terms of a plan's roll-ups; None where one of them needs more than the child's own row."""

    def __init__(self, parts: ReleaseParts, plan: RollupPlan) -> None:
        made = tuple(_terms(parts, plan))
        self.terms = made if len(made) == len(plan.fields) else None


def _terms(parts: ReleaseParts, plan: RollupPlan) -> Iterator[Term]:
    for definition in plan.fields:
        rollup = definition.rollup
        assert rollup is not None
        counts = rollup.function is RollupFunction.COUNT
        if not counts and not (rollup.function is RollupFunction.SUM and _is_exact(parts, plan, definition)):
            continue
        where, keys = None, None
        if rollup.where is not None:
            if not _is_own(parts, plan, definition):
                continue
            keys = _deciding_fields(parts, plan, rollup.where)
            typed = parts.language.condition(rollup.where, plan.parent, row_object=plan.inverse.object)
            where = parts.language.row_evaluator(typed)
        yield Term(definition.name, None if counts else rollup.field_name, where, keys)


def _is_exact(parts: ReleaseParts, plan: RollupPlan, definition: FieldDef) -> bool:
    """Say whether sums of stored values lose nothing by the digits that the parent keeps."""
    assert definition.rollup is not None
    name = definition.rollup.field_name
    if name is None or not parts.tables.of(plan.inverse.object).is_stored(name):
        return False
    summed = parts.metamodel.objects[plan.inverse.object].fields[name]
    if summed.value_type not in _SUMMED or definition.value_type not in _SUMMED:
        return False
    return (stored_digits(summed) or 0) <= (stored_digits(definition) or 0)


def _deciding_fields(parts: ReleaseParts, plan: RollupPlan, where: LocatedText) -> tuple[str, ...] | None:
    """Give the fields of the child that a condition reads; None where equal values may be written differently."""
    child = plan.inverse.object
    reads = parts.language.condition_reads(where, plan.parent, row_object=child)
    fields = parts.metamodel.objects[child].fields
    names = sorted({read.field for read in reads.fields})
    return tuple(names) if all(fields[name].value_type in WRITTEN_ALIKE for name in names) else None


def _is_own(parts: ReleaseParts, plan: RollupPlan, definition: FieldDef) -> bool:
    """Say whether a condition reads stored fields of the child only."""
    assert definition.rollup is not None
    assert definition.rollup.where is not None
    child = plan.inverse.object
    reads = parts.language.condition_reads(definition.rollup.where, plan.parent, row_object=child)
    if reads.own or reads.lists or reads.settings or reads.now or reads.today or reads.user or reads.old:
        return False
    fields, stored = parts.metamodel.objects[child].fields, parts.tables.of(child).is_stored
    # A lookup may lead on to another record, even one of the same object.
    return all(
        read.object == child and stored(read.field) and fields[read.field].relation is None for read in reads.fields
    )
