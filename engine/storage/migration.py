"""What must happen to the tables of a database so that a new release can use them, as a plan of steps that is data.

`plan_migration` compares the schema the database has with the schema of the new metamodel; `was:` in a definition
makes a rename of what would else be a removal and an addition. Nothing removed is dropped: it is retired and kept.
Steps of phase PREPARE add only, the running release lives with them; those of phase SWITCH happen in the one
transaction that publishes. Running steps is the job of `apply`; looking at rows, of `data_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from engine.storage.column_changes import ColumnChange, judge_change
from engine.storage.column_types import ColumnKind
from engine.storage.layout import RATE_PART
from engine.storage.plan_steps import MigrationPlan, Phase, Safety, Step, StepKind
from engine.storage.recomputed_parts import parts_to_recompute
from engine.storage.renames import Renames, find_renames
from engine.storage.schema import (
    ColumnSpec,
    IndexSpec,
    RetiredSpec,
    Schema,
    TableSpec,
    column_to_json,
    index_to_json,
    short_name,
    table_to_json,
)
from metamodel.apps import Metamodel
from metamodel.source import NOWHERE, Location, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What a database has: its schema, and the texts of the computed parts as they were last computed.

    computed: object key → part (field name, or `title_`) → text. options: object key → choice field → option names.
    """

    schema: Schema = field(default_factory=Schema)
    computed: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    options: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=lambda: MappingProxyType({}))


def plan_migration(installed: Installed, metamodel: Metamodel, target: Installed) -> MigrationPlan:
    """Plan the way from what is installed to the target, which is the layout of `metamodel`."""
    return _Planner(installed, metamodel, target).plan()


class _Planner:
    def __init__(self, installed: Installed, metamodel: Metamodel, target: Installed) -> None:
        self._old = installed
        self._new = target
        self._metamodel = metamodel
        self._steps: list[Step] = []
        self._problems: list[Problem] = []
        self._retired = list(installed.schema.retired)
        self._renames = find_renames(installed.schema, metamodel, target.schema)

    def plan(self) -> MigrationPlan:
        renames = self._renames
        for table in self._new.schema.tables.values():
            before = renames.table_before(table)
            if before is None:
                before = self._revived_table(table)
            if before is None:
                self._create_table(table)
            else:
                self._change_table(before, table, renames)
        self._retire_tables(renames)
        self._rename_options(renames)
        self._recompute(renames)
        schema = replace(self._new.schema, retired=tuple(self._retired))
        return MigrationPlan(steps=_in_order(self._steps), problems=tuple(self._problems), schema=schema)

    def _add(self, kind: StepKind, phase: Phase, text: str, *, safety: Safety = Safety.SAFE, **details: Any) -> None:
        self._steps.append(Step(kind=kind, phase=phase, text=text, safety=safety, details=details))

    def _create_table(self, table: TableSpec) -> None:
        text = f"create table {table.name} with {len(table.columns)} columns for {table.object}"
        self._add(StepKind.CREATE_TABLE, Phase.PREPARE, text, table=table_to_json(table))
        for column in table.columns.values():
            self._add_reference(table, column, Phase.PREPARE)
        for index in table.indexes.values():
            self._create_index(table, index, Phase.PREPARE)

    def _add_reference(self, table: TableSpec, column: ColumnSpec, phase: Phase) -> None:
        if column.target is None:
            return
        if column.target not in self._old.schema.tables and column.target in self._renames.tables:
            phase = Phase.SWITCH  # the target has that name from then on only
        text = f"let {table.name}.{column.name} point at {column.target} only"
        self._add(StepKind.ADD_REFERENCE, phase, text, table=table.name, column=column_to_json(column))

    def _revived_table(self, table: TableSpec) -> TableSpec | None:
        for item in self._retired:
            if item.table == table.name and item.whole is not None:
                self._retired.remove(item)
                self._add(StepKind.REVIVE, Phase.SWITCH, f"take table {table.name} back with its data")
                for column in item.whole.columns.values():
                    if table.columns.get(column.name) == column:
                        self._add_reference(table, column, Phase.SWITCH)
                return item.whole
        return None

    def _change_table(self, before: TableSpec, after: TableSpec, renames: Renames) -> None:
        if before.name != after.name:
            text = f"rename table {before.name} to {after.name}"
            self._add(StepKind.RENAME_TABLE, Phase.SWITCH, text, before=before.name, after=after.name)
            self._retired = [
                replace(item, table=after.name) if item.table == before.name else item for item in self._retired
            ]
        if before.object != after.object:
            text = f"call the records of {before.object} records of {after.object} in history, runs and references"
            self._add(StepKind.RENAME_OBJECT, Phase.SWITCH, text, before=before.object, after=after.object)
        columns = renames.columns_before(before, after)
        self._rename_fields(after, columns)
        for column in after.columns.values():
            old = columns.get(column.name) or self._revived_column(before, after, column)
            if old is None:
                self._add_column(before, after, column)
            else:
                self._change_column(after, old, column, renames)
        kept = {old.name for old in columns.values()}
        for column in before.columns.values():
            if column.name not in kept:
                self._retire_column(after, column)
        self._change_indexes(before, after, columns)

    def _rename_fields(self, after: TableSpec, columns: Mapping[str, ColumnSpec]) -> None:
        renamed = {(old.field, after.columns[name].field) for name, old in columns.items()}
        for before, now in sorted((old, new) for old, new in renamed if old and new and old != new):
            text = f"call the history of {after.object}.{before} history of {now}"
            self._add(StepKind.RENAME_FIELD, Phase.SWITCH, text, object=after.object, before=before, after=now)

    def _add_column(self, before: TableSpec, after: TableSpec, column: ColumnSpec) -> None:
        text = f"add column {after.name}.{column.name} ({column.kind.value})"
        # A table that is renamed keeps its old name until the switch.
        phase = Phase.PREPARE if before.name == after.name else Phase.SWITCH
        self._add(StepKind.ADD_COLUMN, phase, text, table=after.name, column=column_to_json(column))
        self._add_reference(after, column, phase)
        self._fill_default(after, column)

    def _fill_default(self, table: TableSpec, column: ColumnSpec) -> None:
        definition = self._metamodel.objects[table.object].fields.get(column.field)
        if definition is None or column.name != definition.name or definition.default is None:
            return
        if not definition.required and column.kind.value != "boolean":
            return
        if definition.default.constant is None:
            return
        text = f"fill {table.name}.{column.name} of existing records with its default"
        self._add(StepKind.FILL_DEFAULT, Phase.SWITCH, text, object=table.object, field=definition.name)

    def _revived_column(self, before: TableSpec, table: TableSpec, column: ColumnSpec) -> ColumnSpec | None:
        for item in self._retired:
            if item.table != table.name or item.column is None or item.column.name != column.name:
                continue
            self._retired.remove(item)
            change = judge_change(item.column, column, item.column.target)
            if change in (ColumnChange.NONE, ColumnChange.WIDEN):
                self._add(StepKind.REVIVE, Phase.SWITCH, f"take column {table.name}.{column.name} back with its data")
                self._add_reference(table, column, Phase.SWITCH)
                return item.column
            self._set_aside(table, item.column, Phase.PREPARE if before.name == table.name else Phase.SWITCH)
        return None

    def _set_aside(self, table: TableSpec, column: ColumnSpec, phase: Phase) -> None:
        taken = {item.column.name for item in self._retired if item.table == table.name and item.column}
        number = 1
        while (name := short_name(f"{column.name}__retired{number}")) in taken:
            number += 1
        text = f"keep the retired column {table.name}.{column.name} as {name}"
        self._add(StepKind.SET_ASIDE, phase, text, table=table.name, before=column.name, after=name)
        self._retired.append(RetiredSpec(table=table.name, column=replace(column, name=name)))

    def _change_column(self, table: TableSpec, old: ColumnSpec, new: ColumnSpec, renames: Renames) -> None:
        if old.name != new.name:
            text = f"rename column {table.name}.{old.name} to {new.name}"
            self._add(StepKind.RENAME_COLUMN, Phase.SWITCH, text, table=table.name, before=old.name, after=new.name)
        change = judge_change(old, new, renames.table_after(old.target))
        if change is ColumnChange.NONE:
            return
        if change is ColumnChange.REFUSED:
            self._refuse(table, old, new)
            return
        safety = Safety.LOSSY if change is ColumnChange.NARROW else Safety.SAFE
        text = f"change column {table.name}.{new.name} from {_type_text(old)} to {_type_text(new)}"
        self._add(
            StepKind.CHANGE_TYPE,
            Phase.SWITCH,
            text,
            safety=safety,
            table=table.name,
            before=column_to_json(replace(old, name=new.name)),
            found_in=[renames.tables[table.name].name if table.name in renames.tables else table.name, old.name],
            after=column_to_json(new),
        )

    def _refuse(self, table: TableSpec, old: ColumnSpec, new: ColumnSpec) -> None:
        message = (
            f"'{new.field}' of {table.object} cannot change from {_type_text(old)} to {_type_text(new)} "
            "while it holds data"
        )
        hint = "give the new field another name; the old one keeps its values, retired"
        self._problems.append(Problem(code="APP801", message=message, at=self._place(table, new), hint=hint))

    def _place(self, table: TableSpec, column: ColumnSpec) -> Location:
        definition = self._metamodel.objects[table.object].fields.get(column.field)
        return definition.at if definition is not None else NOWHERE

    def _retire_column(self, table: TableSpec, column: ColumnSpec) -> None:
        if column.kind is ColumnKind.WORDS:
            # Made of what stays; what nobody keeps up would tell of texts long gone.
            text = f"drop column {table.name}.{column.name}; its words stand in {column.field}"
            self._add(StepKind.DROP_WORDS, Phase.SWITCH, text, table=table.name, column=column.name)
            return
        text = f"retire column {table.name}.{column.name}; its data stays"
        self._add(StepKind.RETIRE, Phase.SWITCH, text, table=table.name, column=column.name)
        self._retired.append(RetiredSpec(table=table.name, column=column))

    def _retire_tables(self, renames: Renames) -> None:
        for table in self._old.schema.tables.values():
            if not renames.is_kept(table):
                text = f"retire table {table.name} of {table.object}; its data stays"
                self._add(StepKind.RETIRE, Phase.SWITCH, text, table=table.name)
                self._retired.append(RetiredSpec(table=table.name, whole=table))

    def _change_indexes(self, before: TableSpec, after: TableSpec, columns: Mapping[str, ColumnSpec]) -> None:
        for index in before.indexes.values():
            if after.indexes.get(index.name) != index:
                # What is called otherwise keeps its index, made again under the new name.
                old_names = {now: old.name for now, old in columns.items()}
                known = {tuple(old_names.get(name, name) for name in each.columns) for each in after.indexes.values()}
                text = f"make index {index.name} anew" if index.columns in known else f"drop index {index.name}"
                details: dict[str, Any] = {"table": before.name, "index": index.name, "words": index.words}
                self._add(StepKind.DROP_INDEX, Phase.SWITCH, text, **details)
        renamed = before.name != after.name
        for index in after.indexes.values():
            if before.indexes.get(index.name) == index:
                continue
            moved = renamed or any(name in columns and columns[name].name != name for name in index.columns)
            self._create_index(after, index, Phase.SWITCH if moved else Phase.PREPARE)

    def _create_index(self, table: TableSpec, index: IndexSpec, phase: Phase) -> None:
        unique = "unique index" if index.unique else "index"
        text = f"create {unique} {index.name} on {table.name} ({', '.join(index.columns)})"
        self._add(StepKind.CREATE_INDEX, phase, text, table=table.name, index=index_to_json(index))

    def _rename_options(self, renames: Renames) -> None:
        for table, column, before, after in renames.options:
            known = self._old.options.get(renames.tables[table].object, {})
            was = self._metamodel.objects[self._new.schema.tables[table].object].fields[column].was
            if before not in (*known.get(column, ()), *known.get(was or "", ())):
                continue  # followed already
            text = f"rename option '{before}' of {table}.{column} to '{after}'"
            several = self._new.schema.tables[table].columns[column].kind is ColumnKind.TEXTS
            details: dict[str, Any] = {"table": table, "column": column, "before": before, "after": after}
            details["object"] = self._new.schema.tables[table].object
            self._add(StepKind.RENAME_OPTION, Phase.SWITCH, text, **details, several=several)

    def _recompute(self, renames: Renames) -> None:
        wanted = self._new.computed
        for key, parts in parts_to_recompute(self._metamodel, self._old.computed, wanted, renames):
            text = f"compute {', '.join(parts)} of all records of {key} again"
            if parts == (RATE_PART,):
                text = f"compute what amounts of {key} in other currencies are worth"
            self._add(StepKind.RECOMPUTE, Phase.SWITCH, text, object=key, parts=list(parts))


_ORDER = tuple(StepKind)


def _in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Sort: additions first, then the switch; inside a phase by kind, so that each finds what it needs."""

    def ranks() -> Iterator[tuple[tuple[bool, int, int], Step]]:
        for number, step in enumerate(steps):
            yield (step.phase is Phase.SWITCH, _ORDER.index(step.kind), number), step

    return tuple(step for _, step in sorted(ranks(), key=lambda pair: pair[0]))


def _type_text(column: ColumnSpec) -> str:
    if column.target:
        return f"a reference to {column.target}"
    return f"{column.kind.value}({column.scale})" if column.scale else column.kind.value
