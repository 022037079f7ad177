"""Names and types: from the syntax tree to the typed tree, with every problem of an expression in one pass.

A part with an error becomes a part of unknown type, so one mistake gives one problem. What is not an error but likely
one (20 beside a percent) is a warning; the typed tree is there all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from metamodel.names import did_you_mean
from metamodel.quick_making import quickly_made
from metamodel.source import LocatedText, Problems
from workflow_dsl.checking.arithmetic import check_arithmetic, check_join, check_negate, check_template
from workflow_dsl.checking.calls import check_call
from workflow_dsl.checking.conditions import (
    check_between,
    check_chain,
    check_comparison,
    check_has_role,
    check_is_a,
    check_is_changed,
    check_is_empty,
    check_matches,
    check_membership,
    check_not,
    check_period,
    check_text_test,
)
from workflow_dsl.checking.fitting import require, unify
from workflow_dsl.checking.money import check_money
from workflow_dsl.checking.names import resolve
from workflow_dsl.checking.state import Checking, failed, shown
from workflow_dsl.durations import duration_of_literal
from workflow_dsl.parser import parse_expression, parse_template
from workflow_dsl.reads import Read, Reads
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import (
    And,
    Between,
    Binary,
    BinaryOp,
    BooleanLiteral,
    Call,
    DateLiteral,
    DateTimeLiteral,
    DurationLiteral,
    EmptyLiteral,
    Expr,
    InPeriod,
    IsA,
    IsChanged,
    IsEmpty,
    Join,
    ListLiteral,
    MoneyLiteral,
    NamedKind,
    NamedRef,
    Negate,
    Not,
    NumberLiteral,
    Or,
    Path,
    PatternLiteral,
    PercentLiteral,
    TextLiteral,
    TextTemplate,
    TimeLiteral,
)
from workflow_dsl.typed import Constant, ListValue, NamedValue, Typed
from workflow_dsl.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    EMPTY,
    INTEGER,
    PERCENT,
    ROLE,
    TEXT,
    TIME,
    Kind,
    Type,
    list_of,
    record_of,
)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedExpression:
    """What a check gives: the typed tree (None where there are errors), what it reads, and the problems found."""

    typed: Typed | None
    reads: Reads
    problems: Problems


def check_expression(
    expression: Expr, scope: Scope, *, wanted: Type | None = None, what: str = "this place"
) -> CheckedExpression:
    """Check an expression; with `wanted` its value must fit that type (`what` says what it is for).

    Problems: EXP201-EXP208, EXP213 names, EXP301-EXP311 types, EXP403-EXP409 places and limits.
    """
    problems = Problems()
    checking = checking_of(scope, problems)
    typed = _check(checking, expression)
    if wanted is not None:
        typed = _fit(checking, expression, typed, wanted, what)
    return CheckedExpression(typed=None if problems.errors else typed, reads=reads_of(checking), problems=problems)


def check_text(
    text: LocatedText, scope: Scope, *, wanted: Type | None = None, what: str = "this place"
) -> CheckedExpression:
    """Parse and check the text of an expression."""
    parsed = parse_expression(text)
    if parsed.expression is None:
        return CheckedExpression(typed=None, reads=Reads(), problems=parsed.problems)
    return check_expression(parsed.expression, scope, wanted=wanted, what=what)


def check_condition(text: LocatedText, scope: Scope) -> CheckedExpression:
    """Parse and check the text of a condition: it must be true or false."""
    return check_text(text, scope, wanted=BOOLEAN)


def check_message(text: LocatedText, scope: Scope) -> CheckedExpression:
    """Parse and check a message or title: a text with `{expression}` in it."""
    parsed = parse_template(text)
    if parsed.expression is None:
        return CheckedExpression(typed=None, reads=Reads(), problems=parsed.problems)
    return check_expression(parsed.expression, scope)


def _fit(checking: Checking, expression: Expr, typed: Typed, wanted: Type, what: str) -> Typed:
    if wanted.kind is not Kind.BOOLEAN or typed.type.is_open or typed.type.kind is Kind.BOOLEAN:
        return require(checking, typed, wanted, what, expression.at)
    message = f"'{shown(expression)}' is {typed.type.with_article}, where true or false is wanted"
    checking.refuse("EXP304", message, expression.at, "compare it with something, or ask `is not empty`")
    return typed


def checking_of(scope: Scope, problems: Problems) -> Checking:
    """Begin a check whose names are resolved piece by piece (the rule checker's)."""
    checking = Checking(scope=scope, problems=problems, check=_check)
    if scope.row_object is not None:
        checking.rows.append(scope.row_object)
    return checking


def reads_of(checking: Checking) -> Reads:
    """Give what was read in a check so far."""
    own = checking.scope.object
    uses = checking.uses
    if not uses:
        # Most read fields and nothing else.
        return Reads(
            own=frozenset([read.field for read in checking.own_reads if read.object == own]),
            fields=frozenset(checking.reads),
            along_paths=frozenset(checking.path_reads),
            memory_only=tuple(dict.fromkeys(checking.memory_only)),
        )
    lists = [use.split(" ", 2)[1:] for use in uses if use.startswith("list ")]
    return Reads(
        own=frozenset(read.field for read in checking.own_reads if read.object == own),
        fields=frozenset(checking.reads),
        along_paths=frozenset(checking.path_reads),
        lists=frozenset(Read(object_key, name) for object_key, name in lists),
        now="now" in uses,
        today="today" in uses,
        user="user" in uses,
        old="old" in uses,
        settings=frozenset(use.removeprefix("app.") for use in uses if use.startswith("app.")),
        memory_only=tuple(dict.fromkeys(checking.memory_only)),
    )


def _check(checking: Checking, expression: Expr) -> Typed:
    return _CHECKS[type(expression)](checking, expression)


def _constant(type_: Type, value: Callable[[Any], object]) -> Callable[[Checking, Any], Typed]:
    def check_literal(checking: Checking, node: Expr) -> Typed:
        return Constant(type=type_, at=node.at, value=value(node))

    return check_literal


def _number(checking: Checking, node: NumberLiteral) -> Typed:
    if node.is_integer:
        return Constant(type=INTEGER, at=node.at, value=int(node.value))
    return Constant(type=DECIMAL, at=node.at, value=node.value)


def _datetime(checking: Checking, node: DateTimeLiteral) -> Typed:
    value = node.value if node.value.tzinfo is not None else node.value.replace(tzinfo=ZoneInfo(checking.scope.zone))
    try:
        return Constant(type=DATETIME, at=node.at, value=value.astimezone(UTC))
    except OverflowError:
        checking.refuse("EXP107", f"{value.isoformat()} is before or after all time", node.at, "years are 1 to 9999")
        return failed(node.at)


def _path(checking: Checking, node: Path) -> Typed:
    return resolve(checking, node) or failed(node.at)


def _named(checking: Checking, node: NamedRef) -> Typed:
    metamodel = checking.scope.metamodel
    known: Mapping[str, object] = {
        NamedKind.QUEUE: metamodel.queues,
        NamedKind.TEAM: metamodel.teams,
        NamedKind.ROLE: metamodel.roles,
    }[node.kind]
    # Queues and teams are records too, made by an administrator after the release; only where the configuration names
    # some can a name be known to be wrong.
    if node.name not in known and (known or node.kind is NamedKind.ROLE):
        checking.refuse("EXP208", f"there is no {node.kind} '{node.name}'", node.at, did_you_mean(node.name, known))
    type_ = ROLE if node.kind is NamedKind.ROLE else record_of(node.kind.value)
    return NamedValue(type=type_, at=node.at, kind=node.kind, name=node.name)


def _list(checking: Checking, node: ListLiteral) -> Typed:
    items, type_ = unify(checking, [checking.check(checking, item) for item in node.items], "the list")
    return ListValue(type=list_of(type_), at=node.at, items=tuple(items))


def _pattern(checking: Checking, node: PatternLiteral) -> Typed:
    raise AssertionError("patterns are checked with their `matches`")


def _binary(checking: Checking, node: Binary) -> Typed:
    return _BINARY[node.op](checking, node)


_BINARY: Mapping[BinaryOp, Callable[[Checking, Binary], Typed]] = MappingProxyType(
    {
        **dict.fromkeys((BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.DIV), check_arithmetic),
        **dict.fromkeys(
            (BinaryOp.EQ, BinaryOp.NE, BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE), check_comparison
        ),
        **dict.fromkeys((BinaryOp.IN, BinaryOp.NOT_IN), check_membership),
        **dict.fromkeys((BinaryOp.CONTAINS, BinaryOp.STARTS_WITH, BinaryOp.ENDS_WITH), check_text_test),
        BinaryOp.MATCHES: check_matches,
        BinaryOp.HAS_ROLE: check_has_role,
    }
)

_CHECKS: Mapping[type[Expr], Callable[[Checking, Any], Typed]] = MappingProxyType(
    {
        NumberLiteral: _number,
        PercentLiteral: _constant(PERCENT, lambda node: node.points / 100),
        MoneyLiteral: check_money,
        DurationLiteral: _constant(DURATION, duration_of_literal),
        DateLiteral: _constant(DATE, lambda node: node.value),
        DateTimeLiteral: _datetime,
        TimeLiteral: _constant(TIME, lambda node: node.value),
        BooleanLiteral: _constant(BOOLEAN, lambda node: node.value),
        EmptyLiteral: _constant(EMPTY, lambda node: None),
        TextLiteral: _constant(TEXT, lambda node: node.value or None),
        PatternLiteral: _pattern,
        TextTemplate: check_template,
        Path: _path,
        NamedRef: _named,
        ListLiteral: _list,
        Call: check_call,
        Binary: _binary,
        And: check_chain,
        Or: check_chain,
        Join: check_join,
        Not: check_not,
        Negate: check_negate,
        Between: check_between,
        InPeriod: check_period,
        IsEmpty: check_is_empty,
        IsChanged: check_is_changed,
        IsA: check_is_a,
    }
)
