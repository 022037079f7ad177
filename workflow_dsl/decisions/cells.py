"""The cells of a decision table: conditions on an input, in the few forms whose cases can be counted.

`gold`, `gold | silver`, `> 100`, `<= 100 CNY`, `10..20`, `between 10 and 20`, `!= gold`, `in ["a", "b"]`, `not in […]`,
`is empty`, `is not empty`; nothing or `-` for anything. Texts and options need no quotes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from metamodel.source import LocatedText, Problems
from workflow_dsl.parser import parse_expression
from workflow_dsl.syntax import (
    Between,
    Binary,
    BinaryOp,
    BooleanLiteral,
    DateLiteral,
    Expr,
    IsEmpty,
    ListLiteral,
    MoneyLiteral,
    Negate,
    NumberLiteral,
    PercentLiteral,
    Span,
    TextLiteral,
)
from workflow_dsl.types import Kind, Type

Key = Decimal | dt.date | str | bool
WORDS = frozenset((Kind.TEXT, Kind.CHOICE))
ORDERED = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT, Kind.MONEY, Kind.DATE))

_COMPARED = re.compile(r"(<=|>=|!=|<|>|=)\s*(?=\S)")
_BETWEEN = re.compile(r"between\s+(\S.*?)\s+and\s+(?=\S)", re.DOTALL)
_LIST = re.compile(r"(not\s+)?in\s*\[(.*)\]\s*\Z", re.DOTALL)
_ITEM = re.compile(r"""\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^,]*?)\s*(?:,|\Z)""")
_EMPTY = re.compile(r"is\s+(not\s+)?empty\Z")


class Op(StrEnum):
    """What a cell asks of its input."""

    ANY = "any"
    IN = "in"
    NOT_IN = "not in"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    EMPTY = "is empty"
    FILLED = "is not empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value in a cell: what it is compared by, and how the language writes it."""

    key: Key
    written: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The condition of one cell."""

    op: Op
    at: Span
    values: tuple[Value, ...] = ()

    def holds(self, key: Key | None) -> bool:
        """Say whether it holds for a value; None is empty. As in the language, only comparisons by order fail then."""
        keys = [value.key for value in self.values]
        match self.op:
            case Op.ANY:
                return True
            case Op.EMPTY | Op.FILLED:
                return (key is None) is (self.op is Op.EMPTY)
            case Op.IN | Op.NOT_IN:
                return (key in keys) is (self.op is Op.IN)
        return key is not None and _in_order(self.op, key, keys)

    def condition(self, subject: Expr) -> Expr | None:
        """Give the condition on an expression; None where anything will do."""
        written = [value.written for value in self.values]
        match self.op:
            case Op.ANY:
                return None
            case Op.EMPTY | Op.FILLED:
                return IsEmpty(value=subject, negated=self.op is Op.FILLED, at=self.at)
            case Op.BETWEEN:
                return Between(value=subject, low=written[0], high=written[1], at=self.at)
            case Op.IN | Op.NOT_IN:
                return _membership(self, subject, written)
        return Binary(op=BinaryOp(self.op.value), left=subject, right=written[0], at=self.at)


def _in_order(op: Op, key: Key, keys: Sequence[Key]) -> bool:
    # Both are of the column's type, which has an order.
    first, last = keys[0], keys[-1]
    match op:
        case Op.LESS:
            return key < first  # type: ignore[operator]
        case Op.AT_MOST:
            return key <= first  # type: ignore[operator]
        case Op.MORE:
            return key > first  # type: ignore[operator]
        case Op.AT_LEAST:
            return key >= first  # type: ignore[operator]
    return first <= key <= last  # type: ignore[operator]


def _membership(cell: Cell, subject: Expr, written: Sequence[Expr]) -> Expr:
    is_in = cell.op is Op.IN
    if len(written) == 1:
        return Binary(op=BinaryOp.EQ if is_in else BinaryOp.NE, left=subject, right=written[0], at=cell.at)
    items = ListLiteral(items=tuple(written), at=cell.at)
    return Binary(op=BinaryOp.IN if is_in else BinaryOp.NOT_IN, left=subject, right=items, at=cell.at)


def span_of(text: LocatedText) -> Span:
    """Give the whole of a cell as a place."""
    return Span(0, len(text.text), text)


class CellReader:
    """Reads the cells of one input; what can't be read is reported (RUL601) and gives None."""

    def __init__(self, name: str, type_: Type, currency: str, problems: Problems) -> None:
        self._name, self._type, self._currency, self._problems = name, type_, currency, problems

    def read(self, texts: Sequence[LocatedText]) -> Cell | None:
        """Read a cell; several texts are a list of values of which any will do."""
        if not texts:
            return Cell(op=Op.ANY, at=span_of(LocatedText.plain("")))
        if len(texts) > 1:
            return self._of(Op.IN, texts, span_of(texts[0]))
        text = _stripped(texts[0])
        if text.text in ("", "-"):
            return Cell(op=Op.ANY, at=span_of(text))
        return self._form(text)

    def _form(self, text: LocatedText) -> Cell | None:
        at, whole = span_of(text), text.text
        empty = _EMPTY.match(whole)
        if empty is not None:
            return Cell(op=Op.FILLED if empty[1] else Op.EMPTY, at=at)
        listed = _LIST.match(whole)
        if listed is not None:
            parts = [text.part(*found.span(1)) for found in _ITEM.finditer(whole, listed.start(2), listed.end(2))]
            return self._of(Op.NOT_IN if listed[1] else Op.IN, [part for part in parts if part.text], at)
        compared = _COMPARED.match(whole)
        if compared is not None:
            op = {"=": Op.IN, "!=": Op.NOT_IN}.get(compared[1]) or Op(compared[1])
            return self._of(op, [text.part(compared.end(), len(whole))], at)
        between = _BETWEEN.match(whole)
        if between is not None:
            return self._of(Op.BETWEEN, [text.part(*between.span(1)), text.part(between.end(), len(whole))], at)
        middle = whole.find("..")
        if middle > 0 and self._type.kind in ORDERED:
            return self._of(Op.BETWEEN, [text.part(0, middle), text.part(middle + 2, len(whole))], at)
        return self._of(Op.IN, list(_alternatives(text)), at)

    def _of(self, op: Op, texts: Sequence[LocatedText], at: Span) -> Cell | None:
        if op not in (Op.IN, Op.NOT_IN) and self._type.kind not in ORDERED:
            self._refuse(at, f"'{op}' has no meaning for the input '{self._name}', which is {self._type.with_article}")
            return None
        found = [self._value(_stripped(text)) for text in texts]
        values = tuple(value for value in found if value is not None)
        return Cell(op=op, values=values, at=at) if values and len(values) == len(found) else None

    def _value(self, text: LocatedText) -> Value | None:
        if self._type.kind in WORDS:
            written = word_of(text)
            return Value(key=written.value, written=written)
        parsed = parse_expression(text)
        key = _key_of(parsed.expression, self._type.kind, self._currency) if parsed.expression is not None else None
        if parsed.expression is None or key is None:
            money = f" in {self._currency}" if self._type.kind is Kind.MONEY else ""
            wanted = "true or false" if self._type.kind is Kind.BOOLEAN else f"{self._type.with_article}{money}"
            self._refuse(span_of(text), f"'{text.text}' is not {wanted}, as the input '{self._name}' is")
            return None
        return Value(key=key, written=parsed.expression)

    def _refuse(self, at: Span, message: str) -> None:
        hint = "a cell is a value, a | b, > 10, 10..20, != a, is empty, or - for anything"
        self._problems.report("RUL601", message, at.location, hint=hint, length=at.length)


def _stripped(text: LocatedText) -> LocatedText:
    bare = text.text.strip()
    start = text.text.find(bare)
    return text if bare == text.text else text.part(start, start + len(bare))


def _alternatives(text: LocatedText) -> Iterator[LocatedText]:
    if text.text[:1] in "\"'":
        yield text
        return
    start = 0
    for part in text.text.split("|"):
        yield text.part(start, start + len(part))
        start += len(part) + 1


def word_of(text: LocatedText) -> TextLiteral:
    """Give a text or option as a cell has it, with or without quotes."""
    bare = text.text
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        bare = re.sub(r"\\(.)", r"\1", bare[1:-1])
    return TextLiteral(value=bare, at=span_of(text))


def _key_of(written: Expr, kind: Kind, currency: str) -> Key | None:
    if isinstance(written, Negate):
        inner = _key_of(written.operand, kind, currency)
        return -inner if isinstance(inner, Decimal) else None
    match kind, written:
        case Kind.BOOLEAN, BooleanLiteral():
            return written.value
        case Kind.DATE, DateLiteral():
            return written.value
        case Kind.INTEGER, NumberLiteral() if written.is_integer:
            return written.value
        case ((Kind.DECIMAL | Kind.MONEY | Kind.PERCENT), NumberLiteral()):
            return written.value
        case ((Kind.PERCENT | Kind.DECIMAL), PercentLiteral()):
            return written.points / 100
        case Kind.MONEY, MoneyLiteral() if written.currency == currency:
            return written.amount
    return None
