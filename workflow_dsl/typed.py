"""The typed tree: what an expression means, with every name resolved and every type known.

Both back ends (compiled Python here, SQL in engine) read this tree only, never the syntax. Each node has its `type` and
its place. Meaning that a back end must keep:

- a text is never `""`: whatever would give it gives empty (wrap text results in NULLIF in SQL);
- logical nodes (`Conjunction`, `Disjunction`, `Negation`, tests and comparisons) are never empty: an empty operand
  counts as false; `=` holds for two empties, `<` and `between` never hold with an empty;
- `!=` and `not in` are the negation of `=` and `in`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.fields import FieldDef
from metamodel.objects import InverseDef
from workflow_dsl.functions import Function, Signature
from workflow_dsl.syntax import BinaryOp, NamedKind, Period, Span
from workflow_dsl.types import Type

__all__ = [
    "Aggregate",
    "AggregateKind",
    "Arithmetic",
    "BetweenTest",
    "CaseValue",
    "ChangedTest",
    "Coalesce",
    "Comparison",
    "Conjunction",
    "Constant",
    "ContextName",
    "ContextValue",
    "Disjunction",
    "EmptyTest",
    "FieldPath",
    "FilledCount",
    "FunctionCall",
    "IfValue",
    "InverseSource",
    "LabelValue",
    "ListValue",
    "LookupRecord",
    "Membership",
    "NamedValue",
    "Negation",
    "Negative",
    "NewTest",
    "ObjectSource",
    "ObjectTest",
    "PathStep",
    "PatternTest",
    "PeriodTest",
    "RoleTest",
    "Root",
    "RootKind",
    "SettingValue",
    "SortPath",
    "TextJoin",
    "TextTest",
    "Typed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Base of the typed nodes."""

    type: Type
    at: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Typed):
    """A value known now, in its Python form (`20%` is Decimal("0.2"), moments are UTC); None for `empty` and `""`."""

    value: object


class ContextName(StrEnum):
    """Values that the evaluation brings along."""

    NOW = "now"
    TODAY = "today"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextValue(Typed):
    """`now` or `today`."""

    name: ContextName


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingValue(Typed):
    """`app.review_limit`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue(Typed):
    """`queue "x"`, `team "x"` (the id of that record) or `role "x"` (the role's name)."""

    kind: NamedKind
    name: str


class RootKind(StrEnum):
    """Where a path starts: the record, the record before the change, who acts, a row of an aggregate, a given name."""

    THIS = "this"
    OLD = "old"
    USER = "user"
    ROW = "row"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The start of a path.

    objects: keys of the objects it may be. name: of a given name (`line`, `review`). level: of a row, 0 is the
    outermost aggregate. polymorphic: a given name whose value is a `Ref`.
    """

    kind: RootKind
    objects: tuple[str, ...] = ()
    name: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """A lookup that is followed: `field` (of the objects before it) leads to a record of one of `targets`.

    polymorphic: the values are `Ref`s; one to an object outside `targets` gives empty.
    """

    field: FieldDef
    targets: tuple[str, ...]
    polymorphic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath(Typed):
    """`account.owner.email`: a root, the lookups followed, the field read in the end.

    field: None where the path ends in the record itself (`this`, `user`, a given name). holders: objects that have
    `field`. attribute: of the choice's option (`stage.probability`). keys: rest of the path into an unknown value.
    """

    root: Root
    steps: tuple[PathStep, ...] = ()
    field: FieldDef | None = None
    holders: tuple[str, ...] = ()
    attribute: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListValue(Typed):
    """`["a", "b"]`."""

    items: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Typed):
    """`+ - * /`; the operands' types say which arithmetic it is. Empty with any empty operand."""

    op: BinaryOp
    left: Typed
    right: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Typed):
    """`-x`."""

    operand: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class TextJoin(Typed):
    """`a & b` and `"… {a} …"`: operands joined as people read them; empty counts as "".

    as_shown: choices give their label and lists their items (a text with braces); else operands are texts.
    """

    operands: tuple[Typed, ...]
    as_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction(Typed):
    """`a and b and c`, left to right, as far as needed."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjunction(Typed):
    """`a or b or c`, left to right, as far as needed."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Typed):
    """`not a`."""

    operand: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Typed):
    """`= != < <= > >=`; operand types fit each other (money beside a number compares in base currency)."""

    op: BinaryOp
    left: Typed
    right: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenTest(Typed):
    """`low <= value and value <= high`."""

    value: Typed
    low: Typed
    high: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Typed):
    """`value in list`: a chain of `=`; the list is a `ListValue` or an expression of type list."""

    value: Typed
    items: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTest(Typed):
    """`value in last 30 days`: false for an empty value, so `not in` is true for it."""

    value: Typed
    period: Period
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTest(Typed):
    """`value is empty`."""

    value: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTest(Typed):
    """`value is changed`: `value` differs from the same path over `old`; `old_value` is that path."""

    value: Typed
    old_value: Typed
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTest(Typed):
    """`is_new()`: the record is being created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTest(Typed):
    """`about is a contact`."""

    value: Typed
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTest(Typed):
    """`user has role "manager"`: any of the roles."""

    user: Typed
    roles: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest(Typed):
    """`contains`, `starts with`, `ends with`: of texts without regard to case and width; `contains` of lists exact.

    False where an operand is empty.
    """

    op: BinaryOp
    value: Typed
    part: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTest(Typed):
    """`value matches "…"`: RE2, the whole text; in memory only."""

    value: Typed
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IfValue(Typed):
    """`if(condition, then, otherwise)`."""

    condition: Typed
    then: Typed
    otherwise: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseValue(Typed):
    """`case(subject, a, 1, b, 2, 0)`; an absent default is a `Constant` empty."""

    subject: Typed
    pairs: tuple[tuple[Typed, Typed], ...]
    default: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce(Typed):
    """`coalesce(a, b)`: the first that is not empty."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledCount(Typed):
    """`filled(a, b)`: how many are not empty."""

    operands: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall(Typed):
    """A call of a registered function with one of its signatures."""

    function: Function
    signature: Signature
    args: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRecord(Typed):
    """`lookup(object, field, value)`: the one record with that value, empty where there is none or more than one."""

    object: str
    field: FieldDef
    value: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValue(Typed):
    """`label(stage)`, and a choice inside a text: the option's label in the reader's language.

    `value` is a path to the choice field; its label is empty where the value is.
    """

    value: FieldPath


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseSource:
    """The rows of a list: those of `inverse.object` whose `inverse.field` points at the record `base` leads to.

    base: a path that ends in a record (`this`, `account`, a row). holder: key of the object that has the list; a
    polymorphic base that points at another object has no rows. object: key of the rows' object.
    """

    base: FieldPath
    holder: str
    inverse: InverseDef
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSource:
    """All rows of an object that are not in the bin."""

    object: str


class AggregateKind(StrEnum):
    """What is computed over rows; `COLLECT` (the values as a list) is for recipients along a list only."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    EXISTS = "exists"
    FIRST = "first"
    LAST = "last"
    JOIN = "join"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True, kw_only=True)
class SortPath:
    """The order of rows for `first`, `last`, `join`; `path` starts at the row, rows with empty come last."""

    path: FieldPath
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Typed):
    """`sum(orders.total where … sorted by …)`.

    level: number of the row that `where`, `inner` and `sorted_by` see as root ROW. inner: what is taken of each row,
    None for count, exists and for first and last of the record itself. separator: of `join`.
    Over no rows: count 0, sum 0 (money: 0 of the base currency), exists false, the others empty. Empties are passed
    over; `first` and `last` take the first row in order whether or not its value is empty.
    """

    function: AggregateKind
    source: InverseSource | ObjectSource
    level: int
    where: Typed | None = None
    inner: Typed | None = None
    sorted_by: SortPath | None = None
    separator: str = ", "
