"""Syntax nodes of expressions: names, calls and operators, as written, before any name or type is known.

A chain of `and`, `or` or `&` is one node with many operands, so that long conditions stay shallow; `+ - * /` nest to
the left. Nothing here evaluates or prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.quick_making import quickly_made
from workflow_dsl.syntax.base import DurationUnit, Expr, Name, SyntaxNode


class Direction(StrEnum):
    """Where a relative period lies: `in last …`, `in next …`, `in this …`."""

    LAST = "last"
    NEXT = "next"
    THIS = "this"


class NamedKind(StrEnum):
    """What `queue "x"`, `role "x"`, `team "x"` name."""

    QUEUE = "queue"
    ROLE = "role"
    TEAM = "team"


class BinaryOp(StrEnum):
    """Operators with two operands, spelled as in the language (`and`, `or`, `&` are nodes of their own)."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    MATCHES = "matches"
    HAS_ROLE = "has role"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Path(Expr):
    """`account.owner.manager`: names joined by points."""

    names: tuple[Name, ...]

    @property
    def dotted(self) -> str:
        """The path as it is written."""
        return ".".join(name.text for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRef(Expr):
    """`queue "inside_sales"`, `role "manager"`, `team "east"`."""

    kind: NamedKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Expr):
    """`["a", "b"]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey(SyntaxNode):
    """`sorted by -created_at`."""

    path: Path
    descending: bool = False


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(SyntaxNode):
    """An argument of a call; `where` and `sorted_by` only make sense for aggregates."""

    value: Expr
    where: Expr | None = None
    sorted_by: SortKey | None = None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Expr):
    """`count(orders where total > 100)`."""

    function: Name
    args: tuple[Arg, ...]


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Expr):
    """Two operands with an operator between them; the right one of `matches` may be a `PatternLiteral`."""

    op: BinaryOp
    left: Expr
    right: Expr


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class And(Expr):
    """`a and b and c`; the first operand is never itself an `And`."""

    operands: tuple[Expr, ...]


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Expr):
    """`a or b or c`; the first operand is never itself an `Or`."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Expr):
    """`a & b & c` joins texts; the first operand is never itself a `Join`."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Expr):
    """`not a`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Negate(Expr):
    """`-a`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Expr):
    """`value between low and high`, both included."""

    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(SyntaxNode):
    """`last 30 days`, `this quarter`; `count` is absent where a whole calendar period is meant."""

    direction: Direction
    unit: DurationUnit
    count: int | None = None
    business: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InPeriod(Expr):
    """`x in last 30 days`, `x not in this month`."""

    value: Expr
    period: Period
    negated: bool = False


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class IsEmpty(Expr):
    """`x is empty`, `x is not empty`."""

    value: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IsChanged(Expr):
    """`x is changed`, `x is not changed`."""

    value: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IsA(Expr):
    """`about is a contact`: which object a link to several objects points to."""

    value: Expr
    object: Path
