"""Which roll-ups of which parents read an object's records, and the one statement that computes them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.batches import given_one_of
from engine.records.cell import Cell
from engine.records.cells import CellMaker
from engine.records.parts import ReleaseParts
from engine.records.statements import Prepared
from metamodel.fields import FieldDef, RollupFunction
from metamodel.objects import InverseDef
from workflow_dsl import typed as t
from workflow_dsl.syntax import NO_SPAN
from workflow_dsl.types import record_of, type_of_field

_ZERO_AT_FIRST = (RollupFunction.COUNT, RollupFunction.SUM)


@dataclass(frozen=True, slots=True)
class RollupPlan:
    """The roll-ups of one parent object over one list: `via` is the child's lookup, `reads` the child's fields."""

    parent: str
    inverse: InverseDef
    fields: tuple[FieldDef, ...]
    reads: frozenset[str]

    @property
    def via(self) -> str:
        """The child's field that points at the parent."""
        return self.inverse.field


def rollup_plans(parts: ReleaseParts, child_key: str) -> tuple[RollupPlan, ...]:
    """Give the roll-ups that an object's records count in."""
    return parts.made(("rollups", child_key), lambda: tuple(_plans(parts, child_key)))


def rollup_plans_of(parts: ReleaseParts, parent_key: str) -> tuple[RollupPlan, ...]:
    """Give the roll-ups that an object has, a plan for each list."""

    def make() -> tuple[RollupPlan, ...]:
        children = {inverse.object for inverse in parts.metamodel.objects[parent_key].inverses.values()}
        plans = (plan for child in sorted(children) for plan in rollup_plans(parts, child))
        return tuple(plan for plan in plans if plan.parent == parent_key)

    return parts.made(("rollups of", parent_key), make)


def starts_at_zero(definition: FieldDef) -> bool:
    """Say whether a roll-up over nothing is 0 rather than empty."""
    return definition.rollup is not None and definition.rollup.function in _ZERO_AT_FIRST


def _plans(parts: ReleaseParts, child_key: str) -> list[RollupPlan]:
    found = []
    for key, object_def in parts.metamodel.objects.items():
        for inverse in object_def.inverses.values():
            fields = tuple(
                item
                for item in object_def.fields.values()
                if item.rollup is not None and item.rollup.list_name == inverse.name
            )
            if inverse.object == child_key and fields:
                reads = frozenset({inverse.field, "deleted_at"}).union(
                    *(_reads(parts, key, child_key, item) for item in fields)
                )
                found.append(RollupPlan(key, inverse, fields, reads))
    return found


def _reads(parts: ReleaseParts, parent: str, child: str, definition: FieldDef) -> frozenset[str]:
    assert definition.rollup is not None
    named: set[str] = {definition.rollup.field_name} if definition.rollup.field_name else set()
    if definition.rollup.sorted_by is not None:
        named.add(definition.rollup.sorted_by.text.strip().lstrip("-").split(".")[0])
    if definition.rollup.where is not None:
        reads = parts.language.condition_reads(definition.rollup.where, parent, row_object=child)
        named |= {read.field for read in reads.fields if read.object == child}
    return frozenset(_stored(parts, child, named))


def _stored(parts: ReleaseParts, object_key: str, names: set[str]) -> set[str]:
    """Give what decides some fields: the fields themselves, and what formulas among them that are not kept read."""
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        definition = parts.metamodel.objects[object_key].fields[name]
        if definition.formula is not None and not parts.tables.of(object_key).is_stored(name):
            behind = parts.language.formula_reads(object_key, name).own - found
            found |= behind
            waiting += behind
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """The kept statement of parents' ids (the parameter `ids`) and their figures, and how they are read."""

    prepared: Prepared
    cells: tuple[Cell, ...]


def figures(parts: ReleaseParts, plan: RollupPlan) -> Figures:
    """Give what computes the roll-ups of parents afresh."""
    return parts.made(("figures", plan.parent, plan.inverse.name), lambda: _figures(parts, plan))


def _figures(parts: ReleaseParts, plan: RollupPlan) -> Figures:
    builder = parts.builder(parts.access(None), "en")
    alias = parts.tables.of(plan.parent).table.alias()
    scope = RowScope(builder, Frame(alias), plan.parent, alias)
    environment = Environment(scope.frame, scope)
    maker = CellMaker(builder, environment, parts.dialect, 1)
    cells = []
    for definition in plan.fields:
        node = _aggregate(parts, plan, definition)
        cells.append(maker.of(definition.name, builder.value(node, environment), node))
    columns = [alias.c["id"], *(part for cell in cells for part in cell.columns)]
    query = select(*(column.label(f"c{index}") for index, column in enumerate(columns)))
    wanted = given_one_of(alias.c["id"], "ids", parts.tables.dialect)
    query = query.select_from(scope.frame.source).where(wanted)
    return Figures(Prepared(query, parts.dialect), tuple(cells))


def _aggregate(parts: ReleaseParts, plan: RollupPlan, definition: FieldDef) -> t.Aggregate:
    rollup = definition.rollup
    assert rollup is not None
    child = parts.metamodel.objects[plan.inverse.object]
    base = t.FieldPath(type=record_of(plan.parent), at=NO_SPAN, root=t.Root(kind=t.RootKind.THIS))
    row = t.Root(kind=t.RootKind.ROW, objects=(child.key,), level=0)
    inner = where = order = None
    type_ = type_of_field(definition)
    if rollup.field_name is not None:
        field = child.fields[rollup.field_name]
        type_ = type_of_field(field)
        inner = t.FieldPath(type=type_, at=NO_SPAN, root=row, field=field, holders=(child.key,))
        # An average of whole numbers is none.
        type_ = type_of_field(definition) if rollup.function is RollupFunction.AVG else type_
    if rollup.where is not None:
        where = parts.language.condition(rollup.where, plan.parent, row_object=child.key)
    if rollup.sorted_by is not None:
        written = rollup.sorted_by.text.strip()
        by = child.fields[written.lstrip("-")]
        path = t.FieldPath(type=type_of_field(by), at=NO_SPAN, root=row, field=by, holders=(child.key,))
        order = t.SortPath(path=path, descending=written.startswith("-"))
    return t.Aggregate(
        type=type_,
        at=NO_SPAN,
        function=t.AggregateKind(rollup.function.value),
        source=t.InverseSource(base=base, inverse=plan.inverse, holder=plan.parent, object=child.key),
        level=0,
        where=where,
        inner=inner,
        sorted_by=order,
    )
