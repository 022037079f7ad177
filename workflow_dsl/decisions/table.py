"""A decision table as the language sees it: typed columns, read cells, expressions of what the rows give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from metamodel.apps import Metamodel
from metamodel.definitions.decisions import DecisionColumnDef, DecisionRowDef, DecisionTableDef
from metamodel.names import did_you_mean, name_fault
from metamodel.source import LocatedText, Location, Problems
from workflow_dsl.decisions.cells import ORDERED, WORDS, Cell, CellReader, span_of, word_of
from workflow_dsl.parser import parse_expression
from workflow_dsl.syntax import And, EmptyLiteral, Expr, Path, SyntaxNode
from workflow_dsl.types import Kind, Type, choice_of, type_of_field, type_of_name

MOST_ROWS = 1_000
_INPUTS = WORDS | ORDERED | {Kind.BOOLEAN}
_OUTPUTS = _INPUTS | {Kind.DURATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: a cell an input, and what it gives an output."""

    at: Location
    cells: tuple[Cell, ...]
    gives: Mapping[str, Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was read. inputs, outputs: name → type, in order."""

    name: str
    inputs: Mapping[str, Type]
    outputs: Mapping[str, Type]
    rows: tuple[Row, ...]
    otherwise: Mapping[str, Expr]
    first: bool
    has_otherwise: bool

    def condition(self, row: Row, subjects: Sequence[Expr]) -> Expr | None:
        """Give the condition of a row on expressions that stand for the inputs; None where it always matches."""
        parts = [cell.condition(subject) for cell, subject in zip(row.cells, subjects, strict=True)]
        tests = [part for part in parts if part is not None]
        if len(tests) < 2:
            return tests[0] if tests else None
        return And(operands=tuple(tests), at=tests[0].at)


def read_table(definition: DecisionTableDef, metamodel: Metamodel, problems: Problems) -> Table | None:
    """Read a table; None where a column has no type. Cells that can't be read leave their row out.

    Problems: RUL601 cells, RUL605 rows, RUL606 columns, RUL607 too many rows.
    """
    inputs = _columns(definition.inputs, metamodel, problems, _INPUTS)
    outputs = _columns(definition.outputs, metamodel, problems, _OUTPUTS)
    if len(definition.rows) > MOST_ROWS:
        message = f"the table has {len(definition.rows)} rows; at most {MOST_ROWS} are allowed"
        problems.report("RUL607", message, definition.at, hint="keep the rows as records, and look them up")
        return None
    if not inputs or not outputs or len(inputs) + len(outputs) < len(definition.inputs) + len(definition.outputs):
        if not problems.errors:
            message = "a decision table has at least one input, one output and one row"
            problems.report("RUL606", message, definition.at)
        return None
    reading = _Reading(inputs, outputs, metamodel.main.currency, problems)
    rows = [row for row in map(reading.row, definition.rows) if row is not None]
    otherwise = definition.otherwise
    return Table(
        name=definition.name,
        inputs=MappingProxyType(inputs),
        outputs=MappingProxyType(outputs),
        rows=tuple(rows),
        otherwise=reading.gives(otherwise) if otherwise is not None else MappingProxyType({}),
        first=definition.first,
        has_otherwise=otherwise is not None,
    )


def _columns(
    columns: Sequence[DecisionColumnDef], metamodel: Metamodel, problems: Problems, allowed: frozenset[Kind]
) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for column in columns:
        type_ = _type_of(column, metamodel, problems)
        fault = name_fault(column.name)
        if fault is not None:
            problems.report("RUL606", f"'{column.name}' {fault}", column.at)
        elif column.name in found:
            problems.report("RUL606", f"there is a column '{column.name}' already", column.at)
        elif type_ is not None and type_.kind not in allowed:
            message = f"'{column.name}' is {type_.with_article}, which a column of its kind can't be"
            hint = f"one of {', '.join(sorted(kind.value for kind in allowed))}"
            problems.report("RUL606", message, column.at, hint=hint)
        elif type_ is not None:
            found[column.name] = type_
    return found


def _type_of(column: DecisionColumnDef, metamodel: Metamodel, problems: Problems) -> Type | None:
    if (column.type is None) is (column.of is None):
        hint = "write type: money, or of: account.tier"
        problems.report("RUL606", f"'{column.name}' has either a type or a field that it is of", column.at, hint=hint)
        return None
    if column.of is not None:
        return _type_of_field(column.of, metamodel, problems)
    if column.type == Kind.CHOICE:
        if not column.options:
            problems.report("RUL606", f"the choice '{column.name}' has no options", column.at, hint="options: [a, b]")
            return None
        return choice_of(*column.options)
    type_ = type_of_name(column.type or "")
    if type_.is_open:
        known = ", ".join(sorted(kind.value for kind in _OUTPUTS))
        problems.report("RUL606", f"'{column.type}' is no type of columns", column.at, hint=f"one of {known}")
        return None
    return type_


def _type_of_field(of: LocatedText, metamodel: Metamodel, problems: Problems) -> Type | None:
    name, _, field_name = of.text.rpartition(".")
    object_def = metamodel.find_object(name)
    field = object_def.fields.get(field_name) if object_def is not None else None
    if field is None:
        known = [f"{name}.{each}" for each in object_def.fields] if object_def is not None else list(metamodel.objects)
        problems.report("RUL606", f"'{of.text}' is no field of an object", of.at, hint=did_you_mean(of.text, known))
        return None
    return type_of_field(field)


class _Reading:
    def __init__(self, inputs: Mapping[str, Type], outputs: Mapping[str, Type], currency: str, problems: Problems):
        self._readers = {name: CellReader(name, type_, currency, problems) for name, type_ in inputs.items()}
        self._outputs, self._problems = outputs, problems

    def row(self, row: DecisionRowDef) -> Row | None:
        for name in row.when:
            if name not in self._readers:
                self._refuse(row.at, f"'{name}' is no input of this table", did_you_mean(name, self._readers))
        cells = [reader.read(row.when.get(name, ())) for name, reader in self._readers.items()]
        read = tuple(cell for cell in cells if cell is not None)
        gives = self.gives(row)
        return Row(at=row.at, cells=read, gives=gives) if len(read) == len(cells) else None

    def gives(self, row: DecisionRowDef) -> Mapping[str, Expr]:
        for name in row.then:
            if name not in self._outputs:
                self._refuse(row.at, f"'{name}' is no output of this table", did_you_mean(name, self._outputs))
        for name in self._outputs:
            if name not in row.then:
                self._refuse(row.at, f"this row does not say '{name}'", f"write empty where it gives no '{name}'")
        found = {
            name: self._given(self._outputs[name], text) for name, text in row.then.items() if name in self._outputs
        }
        return MappingProxyType({name: given for name, given in found.items() if given is not None})

    def _given(self, type_: Type, text: LocatedText) -> Expr | None:
        bare = text.text.strip()
        start = text.text.find(bare)
        text = text.part(start, start + len(bare))
        if bare == "empty":
            return EmptyLiteral(at=span_of(text))
        if bare.startswith("="):
            text = text.part(1, len(bare))
        elif type_.kind in WORDS:
            return word_of(text)
        parsed = parse_expression(text)
        self._problems.extend(parsed.problems)
        return parsed.expression

    def _refuse(self, at: Location, message: str, hint: str) -> None:
        self._problems.report("RUL605", message, at, hint=hint)


def with_subjects(given: Any, subjects: Mapping[str, Expr]) -> Any:
    """Give what a row gives, with the inputs that it reads replaced by what stands for them in a call."""
    if isinstance(given, tuple) and not hasattr(given, "_fields"):
        return tuple(with_subjects(item, subjects) for item in given)
    if isinstance(given, Path) and given.names[0].text in subjects and len(given.names) == 1:
        return subjects[given.names[0].text]
    if not isinstance(given, SyntaxNode) or isinstance(given, Path):
        return given
    parts = {
        each.name: with_subjects(getattr(given, each.name), subjects) for each in fields(given) if each.name != "at"
    }
    return replace(given, **parts)
