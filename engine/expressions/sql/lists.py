"""Fields of several texts in SQL: whether one is among them, how they are read as one text, lists written out.

PostgreSQL keeps an array, SQLite lines of one text (no value has a line break), so that both search and compare them
without taking them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Integer, Text, and_, case, cast, func, literal, null
from sqlalchemy.dialects.postgresql import ARRAY, array

from engine.expressions.sql.numbers import call
from engine.expressions.sql.values import Sql, SqlList, SqlText, SqlTexts

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def holds_text(builder: SqlBuilder, texts: SqlTexts, part: Sql) -> Sql:
    """Say that one of the texts is exactly `part`; NULL with an empty operand."""
    if not builder.numbers.sqlite:
        # So that an index over the values serves it.
        return cast(texts.expr, ARRAY(Text())).contains(array([cast(part, Text())]))
    line = literal("\n", Text())
    framed, wanted = line.concat(texts.expr).concat(line), line.concat(part).concat(line)
    among = call("instr", Integer(), framed, wanted) > literal(0, Integer())
    return and_(among, call("instr", Integer(), part, line) == literal(0, Integer()))


def searched_text(builder: SqlBuilder, texts: SqlTexts) -> Sql:
    """Give the texts as one that a search looks into, a line each."""
    return cast(texts.expr, Text()) if builder.numbers.sqlite else func.array_to_string(texts.expr, "\n", type_=Text())


def joined_texts(builder: SqlBuilder, texts: SqlTexts, separator: str) -> Sql:
    """Give the texts as one, with a separator between them."""
    if builder.numbers.sqlite:
        return call("replace", Text(), texts.expr, literal("\n", Text()), literal(separator, Text()))
    return func.array_to_string(texts.expr, separator, type_=Text())


def as_texts(builder: SqlBuilder, items: SqlList) -> SqlTexts | None:
    """Give a list that was written out as a field would keep it; None where its items are no texts."""
    texts = [item.expr for item in items.items if isinstance(item, SqlText)]
    if len(texts) != len(items.items) or not texts:
        return None
    if not builder.numbers.sqlite:
        return SqlTexts(expr=array([cast(text, Text()) for text in texts]))
    return SqlTexts(expr=_lines(texts))


def _lines(texts: Sequence[Sql]) -> Sql:
    joined: Sql = texts[0]
    for text in texts[1:]:
        joined = joined.concat(literal("\n", Text())).concat(text)
    return case((joined == literal("", Text()), null()), else_=joined)
