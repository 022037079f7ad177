"""Texts in SQL: joining, `contains` and its like, and values in the form people read them in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, Text, and_, case, cast, false, func, literal

from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.items import holds_item
from engine.expressions.sql.lists import holds_text
from engine.expressions.sql.merging import is_empty
from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import Sql, SqlEmpty, SqlItems, SqlList, SqlNumber, SqlText, SqlTexts, SqlValue
from engine.expressions.sql.written import number_text, shown_text
from engine.storage.functions import fold
from metamodel.fields import FieldDef
from metamodel.texts import label_text
from workflow_dsl import typed as t
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.types import Kind

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def joined_text(builder: SqlBuilder, node: t.Typed, environment: Environment) -> Sql:
    """Give a joined text; empty counts as "" and the whole may be ""."""
    if not isinstance(node, t.TextJoin):
        return func.coalesce(shown_text(builder, builder.value(node, environment), node, environment), "")
    joined: Sql | None = None
    for operand in node.operands:
        value = builder.value(operand, environment)
        text = _shown_operand(builder, value, operand, environment) if node.as_shown else _plain_text(value, operand)
        part = text if isinstance(operand, t.Constant) else func.coalesce(text, "")
        joined = part if joined is None else joined.concat(part)
    return joined if joined is not None else literal("", Text())


def _shown_operand(builder: SqlBuilder, value: SqlValue, node: t.Typed, environment: Environment) -> Sql:
    """Give what a text shows of `{expression}`: a choice by its label, a percent in points."""
    if isinstance(value, SqlText) and isinstance(node, t.FieldPath) and node.type.kind is Kind.CHOICE:
        definition = node.field
        if definition is not None and definition.choice is not None and node.attribute is None:
            return _labels(builder, value.expr, definition)
    if isinstance(value, SqlNumber) and node.type.kind is Kind.PERCENT:
        points = builder.numbers.arithmetic(BinaryOp.MUL, value, builder.numbers.number(100))
        return number_text(builder, points).concat("%")
    return shown_text(builder, value, node, environment)


def text_test(builder: SqlBuilder, node: t.Typed, environment: Environment, loose: bool) -> Sql:
    """Give `contains`, `starts with`, `ends with`: false with an empty operand."""
    assert isinstance(node, t.TextTest)
    value, part = builder.value(node.value, environment), builder.value(node.part, environment)
    if isinstance(value, SqlEmpty) or isinstance(part, SqlEmpty):
        return false()
    if isinstance(value, SqlItems | SqlList):
        return and_(~is_empty(part), holds_item(builder, value, part, node))
    if isinstance(value, SqlTexts) and isinstance(part, SqlText):
        among = holds_text(builder, value, part.expr)
        return among if loose else func.coalesce(among, false())
    if not isinstance(value, SqlText) or not isinstance(part, SqlText):
        raise NotInSql(f"'{node.op.value}' of lists", node.at)
    found = folded_test(builder, node.op, value.expr, _folded(part.expr, node.part))
    return found if loose else func.coalesce(found, false())


def folded_test(builder: SqlBuilder, op: BinaryOp, value: Sql, folded_part: Sql) -> Sql:
    """Say that a text holds, begins or ends with a part that is folded already; NULL with an empty operand."""
    text = call("fs_fold", Text(), cast(value, Text()))
    sqlite = builder.numbers.sqlite
    match op:
        case BinaryOp.CONTAINS:
            found = call("instr" if sqlite else "strpos", Integer(), text, folded_part)
            return found > literal(0, Integer())
        case BinaryOp.STARTS_WITH:
            return func.substr(text, 1, func.length(folded_part)) == folded_part
        case _:
            length, part_length = func.length(text), func.length(folded_part)
            tail = func.substr(text, length - part_length + 1)
            return and_(length >= part_length, tail == folded_part)


def _folded(part: Sql, node: t.Typed) -> Sql:
    if isinstance(node, t.Constant) and isinstance(node.value, str):
        return literal(fold(node.value), Text())
    return call("fs_fold", Text(), cast(part, Text()))


def _plain_text(value: SqlValue, node: t.Typed) -> Sql:
    if isinstance(value, SqlEmpty):
        return literal("", Text())
    if isinstance(value, SqlText):
        return cast(value.expr, Text())
    raise NotInSql("joining of other values than texts", node.at)


def label_value(builder: SqlBuilder, node: t.Typed, environment: Environment) -> SqlValue:
    """Give the label of a choice's option."""
    assert isinstance(node, t.LabelValue)
    value = builder.value(node.value, environment)
    if not isinstance(value, SqlText) or node.value.field is None:
        return SqlEmpty()
    return SqlText(expr=_labels(builder, value.expr, node.value.field))


def _labels(builder: SqlBuilder, option: Sql, definition: FieldDef) -> Sql:
    assert definition.choice is not None
    language = builder.source.language
    whens = [
        (option == literal(item.name, Text()), literal(label_text(item.label, language, item.name), Text()))
        for item in definition.choice.options
    ]
    return case(*whens, else_=option) if whens else option
