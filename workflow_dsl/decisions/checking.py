"""What is wrong with decision tables: cells, values, rows that overlap or never match, cases that no row is for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from metamodel.apps import Metamodel
from metamodel.definitions.decisions import DecisionTableDef
from metamodel.source import Problems, Severity
from workflow_dsl.checker import check_expression
from workflow_dsl.decisions.cases import Cases, TooManyCases
from workflow_dsl.decisions.table import Row, Table, read_table
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import Name, Path
from workflow_dsl.types import BOOLEAN


def check_decision_tables(metamodel: Metamodel, functions: FunctionRegistry) -> Problems:
    """Check the tables of all apps.

    Problems: RUL601 – RUL608, and those of expressions (EXP…) in what rows give.
    """
    problems = Problems()
    for definition in metamodel.decisions.values():
        own = Problems()
        table = read_table(definition, metamodel, own)
        if table is not None:
            _check_values(table, metamodel, functions, own)
            if table.rows and not own.errors:
                _check_cases(table, definition, own)
        problems.extend(own)
    return problems


def _check_values(table: Table, metamodel: Metamodel, functions: FunctionRegistry, problems: Problems) -> None:
    scope = Scope(metamodel=metamodel, functions=functions, place=f"the decision table '{table.name}'")
    scope = replace(scope, given=MappingProxyType(dict(table.inputs)))
    for row in table.rows:
        for name, cell in zip(table.inputs, row.cells, strict=True):
            condition = cell.condition(Path(names=(Name(text=name, at=cell.at),), at=cell.at))
            if condition is not None:
                problems.extend(check_expression(condition, scope, wanted=BOOLEAN).problems)
    for gives in (*(row.gives for row in table.rows), table.otherwise):
        for name, given in gives.items():
            what = f"the output '{name}'"
            problems.extend(check_expression(given, scope, wanted=table.outputs[name], what=what).problems)


def _check_cases(table: Table, definition: DecisionTableDef, problems: Problems) -> None:
    rows = table.rows
    cases = Cases.of(list(table.inputs.items()), [row.cells for row in rows])
    try:
        for number in range(len(rows)):
            _check_row(cases, table.first, number, rows, problems)
        missing = None if table.has_otherwise else cases.missing()
    except TooManyCases:
        message = "the table has too many cases to see whether rows are missing or never match"
        problems.report("RUL608", message, definition.at, severity=Severity.WARNING, hint="divide it in two")
        return
    if missing is not None:
        hint = "add a row, or otherwise: for all that is left"
        problems.report("RUL603", f"no row is for {missing}", rows[-1].at, hint=hint)


def _check_row(cases: Cases, first: bool, number: int, rows: tuple[Row, ...], problems: Problems) -> None:
    before = range(number)
    at = rows[number].at
    if cases.is_impossible(number):
        problems.report("RUL604", "this row never matches: no value is what it asks for", at)
    elif first:
        if cases.is_covered(number, before):
            problems.report("RUL604", "this row never matches: the rows before it take all its cases", at,
                            hint="move it up, or take it away")  # fmt: skip
    else:
        found = cases.overlap(number, before)
        if found is not None:
            other, case = found
            message = f"this row overlaps that of line {rows[other].at.line}: {case}"
            problems.report("RUL602", message, at, hint="one row may match; or write hit: first")
