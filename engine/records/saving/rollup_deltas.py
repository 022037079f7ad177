"""Figures of parents moved by what one save changed, without looking at the other children.

Where the child's own row decides the conditions and values of a parent's roll-ups over a list, counts and sums move by
the difference of what the child gives before and after the save, and the least and greatest values follow what comes
in. What an average, a first or a last one is, or an extreme whose value has left, is computed afresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
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
_COMPARED = (*_SUMMED, "rating", "date", "datetime", "time")
_BEST: Mapping[RollupFunction, Callable[[Iterable[Any]], Any]] = MappingProxyType(
    {RollupFunction.MIN: min, RollupFunction.MAX: max}
)


@dataclass(slots=True)
class Extreme:
    """What one save brings to a least or greatest value (`best` of them), and the values that it takes away."""

    best: Callable[[Iterable[Any]], Any]
    came: list[Any] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.came or self.left)

    def moved(self, kept: Any) -> Any:
        """Give the value after the save; None where the other children have to be asked."""
        if kept is None:
            return None
        best = self.best((kept, *self.came))
        return None if best in self.left else best


@dataclass(frozen=True, slots=True)
class Term:
    """What one child adds to one roll-up: 1 or the value of a field, where the condition holds.

    keys: the fields of the child that decide the condition, None where each child has to be asked. best: what picks
    the value of a least or greatest one, None for counts and sums.
    """

    name: str
    field: str | None
    where: Callable[..., Any] | None
    keys: tuple[str, ...] | None
    best: Callable[[Iterable[Any]], Any] | None = None


class OtherCurrency(Exception):
    """An amount in another currency than the base one: what it adds is decided by its rate."""


def parent_of(plan: RollupPlan, values: Mapping[str, Any]) -> str | None:
    """Give the parent that a child's values point at."""
    value = values.get(plan.via)
    if isinstance(value, Ref):
        return value.id if value.object == plan.parent else None
    return value


def terms_of(parts: ReleaseParts, plan: RollupPlan) -> tuple[Term, ...] | None:
    """Give what a child adds to each roll-up; None where one of them needs more than the child's own row."""
    return parts.made(("terms", plan.parent, plan.inverse.name), lambda: _Terms(parts, plan)).terms


def deltas_of(parts: ReleaseParts, plan: RollupPlan, drafts: Iterable[RecordDraft]) -> Deltas | None:
    """Give by how much saved children move their parents' figures; None where that does not follow from them alone."""
    terms = terms_of(parts, plan)
    if terms is None:
        return None
    found: Deltas = defaultdict(lambda: {term.name: Extreme(term.best) if term.best else 0 for term in terms})
    known: Known = {}
    currency = parts.metamodel.main.currency
    try:
        for draft in drafts:
            # What comes out of the bin comes with its parent, whose figures were kept by nobody in the meantime.
            if draft.kind is SaveKind.RESTORED:
                return None
            for values, sign in ((draft.stored, -1), (draft.values, 1)):
                parent = None if values is None else parent_of(plan, values)
                if values is not None and parent is not None:
                    _add(found[parent], terms, draft, values, sign, known, currency)
    except (EvaluationError, OtherCurrency):
        return None
    return found


def _add(
    figures: dict[str, Any],
    terms: tuple[Term, ...],
    draft: RecordDraft,
    values: Mapping[str, Any],
    sign: int,
    known: Known,
    currency: str,
) -> None:
    if values.get("deleted_at") is not None:
        return
    for term in terms:
        if term.where is not None and not _holds(term, draft, values, known):
            continue
        if term.field is None:
            figures[term.name] += sign
        elif (value := plain_amount(values.get(term.field), currency)) is not None:
            if term.best is None:
                figures[term.name] += sign * value
            else:
                figure = figures[term.name]
                (figure.came if sign > 0 else figure.left).append(value)


def plain_amount(value: Any, currency: str) -> Any:
    """Give what a value adds to a figure.

    Raises: OtherCurrency.
    """
    if not isinstance(value, Money):
        return value
    if value.currency != currency:
        raise OtherCurrency
    return value.amount


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
    """Move the figures of a loaded parent; False where one of them can't be told without the other children."""
    moved: dict[str, Any] = {}
    for name, delta in deltas.items():
        value = draft.values[name]
        if isinstance(value, Money) and value.currency != currency:
            return False
        plain = value.amount if isinstance(value, Money) else value
        if isinstance(delta, Extreme):
            figure = delta.moved(plain) if delta else plain
        else:
            figure = None if plain is None else plain + delta
        if figure is None and (delta or not isinstance(delta, Extreme)):
            return False
        moved[name] = figure
    for name, figure in moved.items():
        if deltas[name]:
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
        if not counts and not _follows(parts, plan, definition):
            continue
        where, keys = None, None
        if rollup.where is not None:
            if not _is_own(parts, plan, definition):
                continue
            keys = _deciding_fields(parts, plan, rollup.where)
            typed = parts.language.condition(rollup.where, plan.parent, row_object=plan.inverse.object)
            where = parts.language.row_evaluator(typed)
        best = _BEST.get(rollup.function)
        yield Term(definition.name, None if counts else rollup.field_name, where, keys, best)


def _follows(parts: ReleaseParts, plan: RollupPlan, definition: FieldDef) -> bool:
    """Say whether a figure follows from values of the children's rows, and loses nothing by the digits it keeps."""
    assert definition.rollup is not None
    name, function = definition.rollup.field_name, definition.rollup.function
    kinds = _COMPARED if function in _BEST else _SUMMED if function is RollupFunction.SUM else ()
    if name is None or not parts.tables.of(plan.inverse.object).is_stored(name):
        return False
    summed = parts.metamodel.objects[plan.inverse.object].fields[name]
    if summed.value_type not in kinds or definition.value_type not in kinds:
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
