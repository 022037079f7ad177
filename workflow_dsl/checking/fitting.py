"""Says whether two types fit each other in a comparison, and adapts constants to the type beside them.

A text beside a choice must be one of its options; 0 fits any number; `""` is empty. Nothing else is adapted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from metamodel.names import did_you_mean
from metamodel.values import Money
from workflow_dsl.checking.state import Checking
from workflow_dsl.syntax import Span
from workflow_dsl.typed import CaseValue, Coalesce, Constant, FieldPath, IfValue, ListValue, Typed
from workflow_dsl.types import AMOUNTS, EMPTY, MONEY, UNKNOWN, Kind, Type, choice_of, widest

_ORDERED = frozenset((Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.DURATION)) | AMOUNTS


def comparable(left: Type, right: Type, *, ordered: bool) -> bool:
    """Say whether values of the two types can be compared (with `<`, where `ordered`)."""
    if left.is_open or right.is_open:
        return True
    if left.kind is Kind.COMPOUND:
        # Its parts are compared: no two spellings of an address are surely the same.
        return False
    if ordered and (left.kind not in _ORDERED or right.kind not in _ORDERED):
        return False
    if left.kind in AMOUNTS and right.kind in AMOUNTS:
        return True
    if left.kind is not right.kind:
        return False
    if left.kind is Kind.RECORD:
        return not left.objects or not right.objects or bool(set(left.objects) & set(right.objects))
    if left.kind is Kind.CHOICE:
        return bool(set(left.options) & set(right.options))
    if left.kind is Kind.LIST:
        return left.item is None or right.item is None or comparable(left.item, right.item, ordered=False)
    return True


def adapt(checking: Checking, node: Typed, wanted: Type, name: str = "") -> Typed:
    """Give a constant the type that stands beside it; an unknown option is reported here.

    name: of the field whose options are wanted, for the message.
    """
    if isinstance(node, FieldPath):
        return node
    if isinstance(node, ListValue):
        items = tuple(adapt(checking, item, wanted.item or wanted, name) for item in node.items)
        found = _widest_of(items)
        item_type = node.type.item if found is None or found.is_open else found
        return replace(node, items=items, type=Type(kind=Kind.LIST, item=item_type))
    if isinstance(node, IfValue | CaseValue | Coalesce):
        return _adapt_branches(checking, node, wanted, name)
    if not isinstance(node, Constant) or node.value is None:
        return node
    if wanted.kind is Kind.CHOICE and node.type.kind is Kind.TEXT:
        return _option(checking, node, wanted, name)
    if wanted.kind is Kind.PERCENT and node.type.is_numeric and node.type.kind is not Kind.PERCENT:
        warn_percent(checking, node, name)
    return node


def _adapt_branches(
    checking: Checking, node: IfValue | CaseValue | Coalesce, wanted: Type, name: str
) -> IfValue | CaseValue | Coalesce:
    if isinstance(node, IfValue):
        then, other = (adapt(checking, part, wanted, name) for part in (node.then, node.otherwise))
        return replace(node, then=then, otherwise=other, type=widest(then.type, other.type) or node.type)
    if isinstance(node, Coalesce):
        parts = tuple(adapt(checking, part, wanted, name) for part in node.operands)
        return replace(node, operands=parts, type=_widest_of(parts) or node.type)
    pairs = tuple((key, adapt(checking, value, wanted, name)) for key, value in node.pairs)
    default = adapt(checking, node.default, wanted, name)
    found = _widest_of([*(value for _, value in pairs), default])
    return replace(node, pairs=pairs, default=default, type=found or node.type)


def _widest_of(nodes: Sequence[Typed]) -> Type | None:
    found: Type | None = EMPTY
    for node in nodes:
        found = widest(found, node.type) if found is not None else None
    return found


def unify(checking: Checking, nodes: Sequence[Typed], what: str, names: Sequence[str] = ()) -> tuple[list[Typed], Type]:
    """Bring the values that one expression may give (branches, list items) to one type; names: of the arguments."""
    wanted = next((node.type for node in nodes if node.type.kind in (Kind.CHOICE, Kind.MONEY)), None)
    unified = list(nodes)
    if wanted is not None and wanted.kind is Kind.CHOICE:
        unified = [adapt(checking, node, wanted) for node in nodes]
    if wanted is not None and wanted.kind is Kind.MONEY:
        unified = [zero_as_money(checking, node) for node in nodes]
    result: Type = EMPTY
    for index, node in enumerate(unified):
        both = widest(result, node.type)
        if both is None:
            there = f"by its argument '{names[index]}'" if names else "there"
            message = f"{what} gives {result.with_article} here and {node.type.with_article} {there}"
            checking.refuse("EXP308", message, node.at, "all must be of one type")
            return unified, UNKNOWN
        result = both
    return unified, result


def _option(checking: Checking, node: Constant, wanted: Type, name: str) -> Typed:
    option = str(node.value)
    if option not in wanted.options:
        of = f" of {name}" if name else ""
        known = ", ".join(wanted.options)
        hint = did_you_mean(option, wanted.options)
        checking.refuse("EXP306", f"'{option}' is not an option{of} ({known})", node.at, hint)
        return replace(node, type=wanted)
    return replace(node, type=choice_of(option))


def warn_percent(checking: Checking, node: Constant, name: str = "") -> None:
    """Warn of a literal above 1 beside a percent: 20 is 2,000 %, 20% is 0.20."""
    value = node.value
    if isinstance(value, int | Decimal) and abs(Decimal(value)) > 1:
        beside = f"'{name}'" if name else "a percent"
        checking.warn(
            "EXP310", f"{value} stands beside {beside}, where it means {value * 100}%", node.at, f"write {value}%"
        )


def zero_as_money(checking: Checking, node: Typed) -> Typed:
    """Give the number 0 as money of the base currency, where money is wanted."""
    if is_zero(node):
        return Constant(type=MONEY, at=node.at, value=Money(Decimal(0), checking.scope.base_currency))
    return node


def is_zero(node: Typed) -> bool:
    """Say whether a node is the number 0, which fits any number type."""
    return isinstance(node, Constant) and node.type.is_numeric and node.value == 0


def name_of(node: Typed) -> str:
    """Give the name of the field a path ends in, for messages."""
    field = getattr(node, "field", None)
    return str(field.name) if field is not None else ""


def assignable(wanted: Type, given: Type) -> bool:
    """Say whether a value of type `given` may be stored where `wanted` is declared."""
    if wanted.is_open or given.is_open:
        return True
    if wanted.is_numeric:
        return given.is_numeric and not (wanted.kind is Kind.INTEGER and given.kind is not Kind.INTEGER)
    if wanted.kind is Kind.CHOICE:
        return given.kind is Kind.CHOICE and bool(set(wanted.options) & set(given.options))
    if wanted.kind is Kind.RECORD:
        return given.kind is Kind.RECORD and comparable(wanted, given, ordered=False)
    if wanted.kind is Kind.LIST:
        return given.kind is Kind.LIST and (
            wanted.item is None or given.item is None or assignable(wanted.item, given.item)
        )
    return wanted.kind is given.kind


def require(checking: Checking, node: Typed, wanted: Type, what: str, at: Span, code: str = "EXP307") -> Typed:
    """Check that a value fits a declared type; `what` says what it is for ("the field 'amount'")."""
    node = adapt(checking, node, wanted, what.rpartition("'")[0].rpartition("'")[2])
    if wanted.kind is Kind.MONEY:
        node = zero_as_money(checking, node)
    if assignable(wanted, node.type):
        return node
    hint = _conversion_hint(wanted, node.type)
    checking.refuse(code, f"{what} takes {wanted.with_article}, not {node.type.with_article}", at, hint)
    return node


def _conversion_hint(wanted: Type, given: Type) -> str:
    if wanted.kind is Kind.TEXT:
        return 'write text(…), or put it in a text: "{…}"'
    if wanted.kind is Kind.DATE and given.kind is Kind.DATETIME:
        return "write date(…)"
    if wanted.kind is Kind.DATETIME and given.kind is Kind.DATE:
        return "write datetime(…)"
    if wanted.kind is Kind.MONEY and given.is_numeric:
        return "name the currency: 100 CNY, or n * 1 CNY"
    if wanted.kind is Kind.INTEGER and given.is_numeric:
        return "write round(…), floor(…) or ceil(…)"
    if wanted.is_numeric and given.kind is Kind.TEXT:
        return "write number(…)"
    if wanted.kind is Kind.DURATION and given.is_numeric:
        return "a whole number is never a duration: write n * 1 day"
    return ""
