"""Groups and measures over the records of a query, in one statement: totals of lists and boards, figures for reports.

The same access, filters and views as a list; a field that may not be read is an unknown one. Money is summed in base
currency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Numeric, Text, cast, func, literal, select

from engine.errors import QueryProblem
from engine.expressions.sql.environment import NotInSql
from engine.expressions.sql.numbers import Numbers, call
from engine.expressions.sql.values import Sql, SqlDate, SqlDatetime, SqlMoney, SqlNumber, SqlValue, parts_of
from engine.records.asked_texts import search_words
from engine.records.cell import Cell
from engine.records.cells import CellMaker
from engine.records.parts import ReleaseParts
from engine.records.query import QueryCompiler
from engine.records.query_problems import elsewhere, problem
from engine.records.questions import Question
from engine.records.statements import Prepared, find_leads, result_converter
from engine.storage.column_types import ScaledInteger
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from metamodel.values import Money
from workflow_dsl import typed as t
from workflow_dsl.types import Kind

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

Function = Literal["count", "sum", "min", "max", "avg"]
Read = Callable[[Any], Any]
FUNCTIONS: tuple[Function, ...] = ("count", "sum", "min", "max", "avg")
PERIODS = ("day", "week", "month", "quarter", "year")
MAX_ROWS = 1_000
MAX_GROUPS = 2
MAX_MEASURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure of each group; path: the number or money it is about, None for `count`."""

    function: Function
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A path that is grouped by; by: one of PERIODS, for a date or moment: its value is the period's first day."""

    path: str
    by: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateQuery:
    """What to compute.

    filter, view, search: as in a `ListQuery`. groups: paths, at most MAX_GROUPS; () = one row over everything.
    across: one group more, whose values stand beside one another in a table; it comes last in a row's groups.
    measures: 1 … MAX_MEASURES. Rows come in the order of their groups' values, at most MAX_ROWS.
    """

    object: str
    filter: str | None = None
    view: str | None = None
    search: str | None = None
    groups: tuple[str | Grouping, ...] = ()
    across: Grouping | None = None
    measures: tuple[Measure, ...] = (Measure(function="count"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateRow:
    """One group: its values (as in `Record.values`) and its figures, each in the order asked for.

    titles: of the records that its values point at, as far as they may be read; None for all other values.
    """

    groups: tuple[object, ...]
    measures: tuple[object, ...]
    titles: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledAggregate:
    """A kept statement and how its rows are read."""

    prepared: Prepared
    cells: tuple[Cell, ...]
    reads: tuple[Read, ...]
    first: int

    def row(self, raw: Sequence[Any]) -> AggregateRow:
        """Make a row of a driver's row."""
        return AggregateRow(
            groups=tuple(cell.read(raw) for cell in self.cells),
            measures=tuple(read(raw[self.first + index]) for index, read in enumerate(self.reads)),
            titles=tuple(cell.title(raw) if cell.title is not None else None for cell in self.cells),
        )


class AggregateCompiler(QueryCompiler):
    """Compiles the aggregates of one object for one set of rights."""

    def aggregate(
        self, question: Question, groups: Sequence[Grouping], measures: Sequence[Measure]
    ) -> CompiledAggregate:
        """Compile one query.

        Raises:
            QueryProblem: a path is unknown, or cannot be computed so.
        """
        self.require_readable()
        self._narrow(question, self.view(question.view))
        self._refuse_leads()
        maker = CellMaker(self._builder, self.environment, self._parts.dialect, 0)
        try:
            cells = tuple(maker.make(group.path, self._grouped(group)) for group in groups)
            paths = [self.computed_path(measure.path) if measure.path else None for measure in measures]
            values = [self._builder.value(path, self.environment) if path is not None else None for path in paths]
        except NotInSql as fault:
            raise problem_of(fault) from fault
        # Rows first, groups over them: a parameter inside a group would not be the same one twice.
        parts = [part for cell in cells for part in cell.columns]
        # What is grouped by may be a lookup to another database; what is added up can't lie there.
        self._leads = find_leads(self.scope.frame, list(parts))
        if any(lead.at >= len(parts) for lead in self._leads):
            raise elsewhere(self._leads[0].object)
        inner = [*parts, *(_argument(value) for value in values)]
        labelled = [column.label(f"c{index}") for index, column in enumerate(inner)] or [literal(1).label("c0")]
        rows = select(*labelled).select_from(self.scope.frame.source).where(*self.conditions).subquery()
        keys = [rows.c[f"c{index}"] for index in range(len(parts))]
        figures, reads = [], []
        for index, (measure, value) in enumerate(zip(measures, values, strict=True)):
            figure, read = self._figure(measure, value, rows.c[f"c{len(parts) + index}"])
            figures.append(figure.label(f"f{index}"))
            reads.append(read)
        falling = [group.descending for group, cell in zip(groups, cells, strict=True) for _ in cell.columns]
        # Empties stand last in a rising order, as in lists.
        pairs = zip(keys, falling, strict=True)
        order = [key.desc().nulls_first() if down else key.asc().nulls_last() for key, down in pairs]
        query = select(*keys, *figures).select_from(rows).group_by(*keys).order_by(*order)
        query = query.limit(MAX_ROWS)
        return CompiledAggregate(self.prepare(query), cells, tuple(reads), len(parts))

    def _grouped(self, group: Grouping) -> t.Typed:
        node = self.computed_path(group.path)
        if group.by is None:
            return node
        if group.by not in PERIODS or node.type.kind not in (Kind.DATE, Kind.DATETIME):
            raise problem("EXP905", f"'{group.path}' is not grouped by '{group.by}': that is for dates")
        day = f"date({group.path})" if node.type.kind is Kind.DATETIME else group.path
        text = f'start_of({day}, "{group.by}")'
        checked = self._parts.language.path(text, self._object.key, self._access.may_read)
        if checked.typed is None:
            raise QueryProblem(checked.problems.errors)
        return checked.typed

    def _figure(self, measure: Measure, value: SqlValue | None, column: Sql) -> tuple[Sql, Read]:
        if measure.function == "count":
            return func.count() if value is None else func.count(column), int
        number = value.base if isinstance(value, SqlMoney) else value
        if not isinstance(number, SqlNumber):
            if measure.function in ("min", "max") and isinstance(value, SqlDate | SqlDatetime):
                made = func.min(column) if measure.function == "min" else func.max(column)
                return made, self._read_plain(value)
            raise problem("EXP905", f"'{measure.function}' needs a number, not '{measure.path}'")
        expr, places = _figure(self._builder.numbers, measure.function, SqlNumber(expr=column, places=number.places))
        read = _reader(self._parts, places)
        if not isinstance(value, SqlMoney):
            return expr, read
        currency = self._parts.metamodel.main.currency
        return expr, lambda raw: None if raw is None else Money(read(raw), currency)

    def _read_plain(self, value: SqlDate | SqlDatetime) -> Read:
        convert = result_converter(value.expr.type, self._parts.dialect)
        return lambda raw: raw if raw is None or convert is None else convert(raw)


def read_aggregate(transaction: Transaction, query: AggregateQuery, question: Question) -> Sequence[AggregateRow]:
    """Run an aggregate with the words of its search bound."""
    object_def = transaction.object_def(query.object)
    _check_size(query)
    groups = _groups(query)
    key = ("aggregate", question, groups, query.measures)

    def compile_it() -> CompiledAggregate:
        return _compiler(transaction, object_def).aggregate(question, groups, query.measures)

    compiled: CompiledAggregate = transaction.parts.asked.find(key, compile_it)
    words = search_words(query.search)
    given: dict[str, Any] = {f"word_{index}": word for index, word in enumerate(words)}
    given |= transaction.reader.elsewhere(object_def, question, words)
    return [compiled.row(raw) for raw in transaction.rows(compiled.prepared, given)]


def _groups(query: AggregateQuery) -> tuple[Grouping, ...]:
    across = (query.across,) if query.across is not None else ()
    return (*(Grouping(path=each) if isinstance(each, str) else each for each in query.groups), *across)


def _check_size(query: AggregateQuery) -> None:
    if len(query.groups) > MAX_GROUPS:
        raise problem("EXP904", f"there are {len(query.groups)} groups; at most {MAX_GROUPS} are allowed")
    if not 1 <= len(query.measures) <= MAX_MEASURES:
        raise problem("EXP904", f"there are {len(query.measures)} measures; there must be 1 to {MAX_MEASURES}")
    for measure in query.measures:
        if measure.function not in FUNCTIONS or (measure.path is None and measure.function != "count"):
            hint = did_you_mean(measure.function, FUNCTIONS)
            raise problem("EXP905", f"'{measure.function}' is not count, or sum, avg, min or max of a field", hint)


def problem_of(fault: NotInSql) -> Exception:
    """Give a part that cannot be computed as the question's fault."""
    return problem(fault.problem.code, fault.problem.message, fault.problem.hint)


def _compiler(transaction: Transaction, object_def: ObjectDef) -> AggregateCompiler:
    return AggregateCompiler(transaction.parts, transaction.access, object_def, transaction.actor.language)


def _argument(value: SqlValue | None) -> Sql:
    if value is None:
        return literal(1)
    return value.base.expr if isinstance(value, SqlMoney) else parts_of(value)[0]


def _figure(numbers: Numbers, function: Function, inner: SqlNumber) -> tuple[Sql, int | None]:
    """Give the SQL of a figure, and the places of the scaled integer it is (SQLite; None = a decimal text)."""
    if not numbers.sqlite:
        return _native(function, inner.expr), None
    if inner.places is not None and function != "avg":
        made = {"sum": func.coalesce(func.sum(inner.expr), 0), "min": func.min(inner.expr), "max": func.max(inner.expr)}
        return made[function], inner.places
    names = {"sum": "fs_sum_of", "avg": "fs_average_of", "min": "fs_least_of", "max": "fs_greatest_of"}
    collected = func.json_group_array(inner.expr)
    return call(names[function], Text(), collected, numbers.pair(inner)[1]), None


def _native(function: Function, expr: Sql) -> Sql:
    match function:
        case "sum":
            return cast(func.coalesce(func.sum(expr), 0), Numeric())
        case "avg":
            return func.fs_div(cast(func.sum(expr), Numeric()), cast(func.count(expr), Numeric()), type_=Numeric())
        case "min":
            return func.min(expr)
        case _:
            return func.max(expr)


def _reader(parts: ReleaseParts, places: int | None) -> Read:
    if parts.dialect.name != "sqlite" or places is None:
        return lambda raw: None if raw is None else Decimal(raw)
    convert = result_converter(ScaledInteger(places), parts.dialect)
    return lambda raw: raw if raw is None or convert is None else convert(raw)


__all__ = ["FUNCTIONS", "AggregateQuery", "AggregateRow", "Grouping", "Measure", "read_aggregate"]
