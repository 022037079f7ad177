"""The sample records of the corpus of the language in a real database, and its cases on the SQL back end.

Ids of the sample are short; in the database they are UUIDs, always the same one for the same short id. `SampleDatabase`
stores the records once; a case that changes the deal does so in a transaction that is rolled back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, insert, select, update

from engine.expressions.sql.builder import SqlBuilder, SqlSource
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import RunValues
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import SqlList
from engine.expressions.sql_functions import expression_functions
from engine.records.cells import CellMaker
from engine.records.statements import Prepared
from engine.storage.codecs import Codec, MoneyCodec
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.layout import StoredParts
from engine.storage.system_tables import build_system_tables
from engine.storage.tables import build_tables
from engine.testing.expression_cases import ExpressionCase, Faults, error_faults
from engine.testing.sample_deals import SAMPLE_TABLES, constant, record_values, sample_context, sample_scope
from engine.testing.sample_model import sample_metamodel
from metamodel.source import LocatedText
from metamodel.values import Money, Ref
from workflow_dsl import typed as t
from workflow_dsl.checker import CheckedExpression, check_message, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.types import Kind

_SAMPLE_IDS = {key: str(uuid5(NAMESPACE_URL, key)) for rows in SAMPLE_TABLES.values() for key in rows}
_SHORT_IDS = {long: short for short, long in _SAMPLE_IDS.items()}
_LONG_ID = re.compile("|".join(_SHORT_IDS))
_QUOTED_ID = re.compile('"(' + "|".join(_SAMPLE_IDS) + ')"')


def with_long_ids(text: str) -> str:
    """Give an expression with the sample's ids as the database has them."""
    return _QUOTED_ID.sub(lambda found: f'"{_SAMPLE_IDS[found.group(1)]}"', text)


def short(value: Any) -> Any:
    """Give a value with the sample's ids as the corpus writes them."""
    if isinstance(value, Ref):
        return Ref(value.object, _SHORT_IDS[value.id])
    return _LONG_ID.sub(lambda found: _SHORT_IDS[found.group()], value) if isinstance(value, str) else value


def check_for_sql(case: ExpressionCase, functions: FunctionRegistry | None = None) -> CheckedExpression:
    """Check a case's expression as a filter would be."""
    given = {"functions": functions or standard_functions(), "needs_sql": True, "place": "a filter", **case.scope}
    scope = sample_scope(**given)
    return check_text(LocatedText.plain(with_long_ids(case.expr)), scope)


class SampleDatabase:
    """The sample records in one database, and expressions over the sample deal."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, functions=expression_functions())
        self.metamodel = sample_metamodel()
        stored = StoredParts(formulas={"deal": frozenset(("weighted",))})
        self.tables = build_tables(self.metamodel, self.database.dialect, stored=stored)
        self._builder = SqlBuilder(self._source(), frozenset(("manager",)))
        self._dialect = self.database.engine.dialect
        with self.database.write() as connection:
            self._make_functions(connection)
            self.tables.metadata.create_all(connection)
            self._grant_roles(connection)
            for object_key, rows in SAMPLE_TABLES.items():
                for values in rows.values():
                    connection.execute(insert(self.tables.of(object_key).table).values(self._row(object_key, values)))

    def faults(self, case: ExpressionCase, functions: FunctionRegistry) -> Faults:
        """Compare a case's value, and what a condition of it finds, with what is wanted."""
        checked = check_for_sql(case, functions)
        if checked.typed is None:
            return tuple(str(problem) for problem in checked.problems.errors)
        try:
            got = self.value(case, checked.typed)
        except EvaluationError as error:
            return error_faults(case, error)
        if case.error is not None:
            # What fails for one record is empty in SQL, where it must not stop the others.
            return () if got is None else (f"wanted the error '{case.error}' or an empty, got {got!r}",)
        wanted, is_condition = short(constant(case.value, functions)), checked.typed.type.kind is Kind.BOOLEAN
        got = bool(got) if is_condition and got is not None else got
        if as_compared(got) != as_compared(wanted):
            return (f"wanted {wanted!r}, got {got!r}",)
        if is_condition and self.holds(case, checked.typed) is not bool(wanted):
            return (f"as a condition it finds the record {'not ' if wanted else ''}though it is {wanted!r}",)
        return ()

    def value(self, case: ExpressionCase, typed: t.Typed) -> Any:
        """Give the value of a checked expression for the case's deal."""
        alias = self.tables.of("deal").table.alias()
        scope = RowScope(self._builder, Frame(alias), "deal", alias)
        environment = Environment(scope.frame, scope)
        value = self._builder.value(typed, environment)
        maker = CellMaker(self._builder, environment, self._dialect, 0)
        items = value.items if isinstance(value, SqlList) else (value,)
        cells = [maker.of("value", item, typed) for item in items]
        columns = [part for cell in cells for part in cell.columns]
        query = select(*(part.label(f"p{index}") for index, part in enumerate(columns)))
        query = query.select_from(scope.frame.source).where(alias.c["id"] == _SAMPLE_IDS["d1"])
        with self._changed(case) as connection:
            row = Prepared(query, self._dialect).row(connection, self.database, {}, self._run(case))
        if row is None:
            raise LookupError("the sample deal is gone")
        found = tuple(short(cell.read(row)) for cell in cells)
        return found if isinstance(value, SqlList) else found[0]

    def holds(self, case: ExpressionCase, typed: t.Typed) -> bool:
        """Say whether the case's deal is found by the expression as a condition."""
        alias = self.tables.of("deal").table.alias()
        scope = RowScope(self._builder, Frame(alias), "deal", alias)
        condition = self._builder.condition(typed, Environment(scope.frame, scope), loose=True)
        query = select(alias.c["id"]).select_from(scope.frame.source)
        query = query.where(alias.c["id"] == _SAMPLE_IDS["d1"], condition)
        with self._changed(case) as connection:
            return Prepared(query, self._dialect).row(connection, self.database, {}, self._run(case)) is not None

    def close(self) -> None:
        """Let the connections go."""
        self.database.close()

    @contextmanager
    def _changed(self, case: ExpressionCase) -> Iterator[Connection]:
        """Give a connection that sees the case's deal."""
        with self.database.write() as connection:
            if case.record:
                deal = self.tables.of("deal").table
                values = self._row("deal", record_values(case.record))
                connection.execute(update(deal).where(deal.c["id"] == _SAMPLE_IDS["d1"]).values(values))
            yield connection
            connection.rollback()

    def _make_functions(self, connection: Connection) -> None:
        if self.database.dialect is Dialect.POSTGRESQL:
            for function in self.database.functions:
                for statement in function.postgresql:
                    connection.exec_driver_sql(statement.replace("%", "%%"))

    def _grant_roles(self, connection: Connection) -> None:
        held = build_system_tables(self.database.dialect).role
        held.create(connection)
        context = sample_context()
        for user, roles in context.roles.items():
            for role in roles:
                row = {"user_id": _SAMPLE_IDS[user], "role": role, "granted_at": context.now, "granted_by": "sample"}
                connection.execute(insert(held).values(row))

    def _row(self, object_key: str, values: Mapping[str, Any]) -> dict[str, object]:
        table, found = self.tables.of(object_key), {}
        for name, value in values.items():
            found.update(_columns(table.codecs[name], _long(value)))
        unfilled = (column.name for column in table.spec.columns.values() if column.required)
        # A truth value is never empty in a database: not set is false.
        return {**found, **{name: False for name in unfilled if name in found and found[name] is None}}

    def _run(self, case: ExpressionCase) -> RunValues:
        context = sample_context(case.record)
        return RunValues(
            user_id=_SAMPLE_IDS["u1"],
            team_id=_SAMPLE_IDS["t1"],
            manager_id=_SAMPLE_IDS["u2"],
            now=context.now,
            today=context.today,
            context=context,
        )

    def _source(self) -> SqlSource:
        return SqlSource(
            tables=self.tables,
            metamodel=self.metamodel,
            formula=self._no_formula,
            title=self._title,
            setting=sample_context().settings.get,
            evaluate=lambda typed: compile_expression(typed).evaluate,
        )

    def _title(self, object_key: str) -> t.Typed:
        scope = sample_scope(object=object_key, allows_old=False)
        checked = check_message(self.metamodel.objects[object_key].title, scope)
        assert checked.typed is not None
        return checked.typed

    def _no_formula(self, *of: str) -> t.Typed:
        raise LookupError(f"nothing of the sample is computed when read: {of}")


def _long(value: Any) -> Any:
    if isinstance(value, Ref):
        return Ref(value.object, _SAMPLE_IDS[value.id])
    return _SAMPLE_IDS.get(value, value) if isinstance(value, str) else value


def _columns(codec: Codec, value: Any) -> dict[str, object]:
    if isinstance(codec, MoneyCodec) and isinstance(value, Money):
        return codec.to_columns(value, sample_context().to_base(value))
    return codec.to_columns(value)


def as_compared(value: Any) -> Any:
    """Give a value so that what people take as equal is equal: numbers by amount, truth values apart from numbers."""
    if isinstance(value, bool):
        return ("truth", value)
    return Decimal(value) if isinstance(value, int | Decimal) else value
