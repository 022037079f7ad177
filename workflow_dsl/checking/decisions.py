"""Checks `decide(table, …)`: the inputs in their order; it becomes one `case` over the conditions of the rows."""

from __future__ import annotations

from dataclasses import replace

from metamodel.names import did_you_mean
from metamodel.source import Problems
from workflow_dsl.checking.fitting import adapt, comparable
from workflow_dsl.checking.state import Argument, Checking, failed
from workflow_dsl.decisions.table import Row, Table, read_table, with_subjects
from workflow_dsl.syntax import Call, Expr, Path
from workflow_dsl.typed import CaseValue, Constant, Typed
from workflow_dsl.types import BOOLEAN, Kind, Type

_USAGE = "it is written decide(table, input, …) or decide(table.output, input, …)"


def check_decide(checking: Checking, node: Call) -> Typed:
    """Check a call; a table that is wrong itself is told there, and gives nothing here."""
    named = node.args[0].value if node.args else None
    if not isinstance(named, Path) or len(named.names) > 2:
        checking.refuse("EXP302", "'decide' takes the name of a decision table first", node.at, _USAGE)
        return failed(node.at)
    metamodel = checking.scope.metamodel
    definition = metamodel.decisions.get(named.names[0].text)
    if definition is None:
        hint = did_you_mean(named.names[0].text, metamodel.decisions)
        checking.refuse("EXP212", f"'{named.names[0].text}' is not a decision table", named.at, hint)
        return failed(node.at)
    own = Problems()
    table = read_table(definition, metamodel, own)
    output = _output(checking, table, named) if table is not None and not own.errors else None
    if table is None or output is None:
        return failed(node.at)
    subjects = [arg.value for arg in node.args[1:]]
    if not _fits(checking, node, table, subjects):
        return failed(node.at)
    return _case(checking, node, table, output, subjects)


def _output(checking: Checking, table: Table, named: Path) -> str | None:
    outputs = ", ".join(table.outputs)
    if len(named.names) == 2:
        name = named.names[1]
        if name.text in table.outputs:
            return name.text
        hint = did_you_mean(name.text, table.outputs) or f"its outputs are {outputs}"
        checking.refuse("EXP212", f"'{name.text}' is not an output of the table {table.name}", name.at, hint)
        return None
    if len(table.outputs) == 1:
        return next(iter(table.outputs))
    hint = f"write {table.name}.{next(iter(table.outputs))}"
    checking.refuse("EXP212", f"the table {table.name} has several outputs ({outputs})", named.at, hint)
    return None


def _fits(checking: Checking, node: Call, table: Table, subjects: list[Expr]) -> bool:
    if len(subjects) != len(table.inputs):
        wanted = ", ".join(f"{name}: {type_}" for name, type_ in table.inputs.items())
        message = f"the inputs of the table {table.name} are {wanted}; given: {len(subjects)}"
        checking.refuse("EXP303", message, node.at, _USAGE)
        return False
    told = len(checking.problems.errors)
    for (name, type_), subject in zip(table.inputs.items(), subjects, strict=True):
        typed = adapt(checking, checking.check(checking, subject), type_, name)
        if not _takes(type_, typed):
            given = Argument(written=subject, type=typed.type, at=subject.at)
            checking.refuse_argument("decide", type_.with_article, name, given)
    return len(checking.problems.errors) == told


def _takes(wanted: Type, given: Typed) -> bool:
    if given.type.kind is Kind.CHOICE and wanted.kind is Kind.CHOICE and not isinstance(given, Constant):
        # The table was checked for these options: with others it would have gaps, or rows that never match.
        return set(given.type.options) == set(wanted.options)
    return comparable(wanted, given.type, ordered=False)


def _case(checking: Checking, node: Call, table: Table, output: str, subjects: list[Expr]) -> Typed:
    type_ = table.outputs[output]
    # The inputs were checked; that a row never holds for a constant that is given is no mistake of the call.
    loud, checking = checking, replace(checking, problems=Problems())
    inputs = dict(zip(table.inputs, subjects, strict=True))

    def value(given: Expr | None) -> Typed:
        if given is None:
            return Constant(type=type_, at=node.at, value=None)
        return adapt(checking, checking.check(checking, with_subjects(given, inputs)), type_, output)

    pairs = tuple(
        (_condition(checking, node, table, row, subjects), value(row.gives.get(output))) for row in table.rows
    )
    always = Constant(type=BOOLEAN, at=node.at, value=True)
    default = value(table.otherwise.get(output))
    loud.problems.extend(checking.problems.errors)
    return CaseValue(type=type_, at=node.at, subject=always, pairs=pairs, default=default)


def _condition(checking: Checking, node: Call, table: Table, row: Row, subjects: list[Expr]) -> Typed:
    condition = table.condition(row, subjects)
    if condition is None:
        return Constant(type=BOOLEAN, at=node.at, value=True)
    return checking.check(checking, condition)
