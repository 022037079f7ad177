"""Operations that compiled expressions call: money, dates, durations, paths, texts. Each follows the meaning fixed
for the language: an empty operand gives empty in arithmetic, and false in a test.

They work on values and a `Context`; nothing here knows syntax or types.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from metamodel.values import ForeignMoney, Money, Ref
from workflow_dsl.context import Context, Values
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import checked_text
from workflow_dsl.shown_values import number_text, shown_text
from workflow_dsl.syntax import Span

# (field, target object, allowed objects when the values are `Ref`s, else None)
Step = tuple[str, str, frozenset[str] | None]


def fold(text: str) -> str:
    """Fold a text so that case and width do not matter: NFKC, then case folding."""
    return unicodedata.normalize("NFKC", text).casefold()


# ------------------------------------------------------------------ paths
def follow(context: Context, record: Values | None, steps: Sequence[Step]) -> Values | None:
    """Follow lookups from a record; None where one is empty, unreadable or leads to another object."""
    for field, target, allowed in steps:
        if record is None:
            return None
        value = record.get(field)
        if value is None:
            return None
        if allowed is not None and isinstance(value, Ref):
            record = context.related(value.object, value.id) if value.object in allowed else None
        else:
            record = context.related(target, value)
    return record


def path_value(context: Context, record: Values | None, steps: Sequence[Step], field: str) -> Any:
    """Give the field at the end of a path of lookups."""
    found = follow(context, record, steps)
    return None if found is None else found.get(field)


def record_of(context: Context, value: Any, target: str) -> Values | None:
    """Give the record that a value (an id, or a `Ref`) points at."""
    if value is None:
        return None
    if isinstance(value, Ref):
        return context.related(value.object, value.id)
    return context.related(target, value)


def dig(value: Any, keys: Sequence[str]) -> Any:
    """Follow keys into a payload; what is not there is empty."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if value == "" else value


def as_ref(value: Any, target: str) -> Ref | None:
    """Give a bare id as a `Ref`, so that it compares with a polymorphic lookup."""
    return None if value is None else value if isinstance(value, Ref) else Ref(target, value)


def lookup_record(context: Context, object_key: str, field: str, value: Any) -> str | None:
    """Give the one record with that value."""
    found = context.lookup(object_key, field, value) if value is not None else ()
    return found[0] if len(found) == 1 else None


# ------------------------------------------------------------------ numbers and money
def divide(context: Context, left: Any, right: Any, at: Span) -> Decimal | None:
    """Divide numbers; by zero gives empty and a note."""
    if left is None or right is None:
        return None
    if right == 0:
        context.note("division by zero", at)
        return None
    quotient: Decimal = Decimal(left) / right
    return quotient


def as_decimal(value: Any) -> Any:
    """Give a whole number as a Decimal."""
    return Decimal(value) if type(value) is int else value


def money_add(context: Context, left: Any, right: Any, sign: int) -> Money | None:
    """Add money, in the base currency where the two differ."""
    if left is None or right is None:
        return None
    if left.currency == right.currency:
        amount = left.amount + sign * right.amount
        if left.currency == context.base_currency:
            return Money(amount, left.currency)
        return ForeignMoney(amount, left.currency, context.to_base(left) + sign * context.to_base(right))
    return Money(context.to_base(left) + sign * context.to_base(right), context.base_currency)


def money_times(left: Any, right: Any) -> Money | None:
    """Multiply money by a number, in either order."""
    if left is None or right is None:
        return None
    money, factor = (left, right) if isinstance(left, Money) else (right, left)
    product: Money = money.mapped(lambda amount: amount * factor)
    return product


def money_divide(context: Context, left: Any, right: Any, at: Span) -> Money | Decimal | None:
    """Divide money by a number (money) or by money (a number)."""
    if left is None or right is None:
        return None
    if isinstance(right, Money):
        dividend, divisor = money_pair(context, left, right)
        return divide(context, dividend, divisor, at)
    if right == 0:
        context.note("division by zero", at)
        return None
    quotient: Money = left.mapped(lambda amount: amount / right)
    return quotient


def money_pair(context: Context, left: Any, right: Any) -> tuple[Any, Any]:
    """Give two amounts that can be compared: of one currency, else in the base currency."""
    if isinstance(left, Money) and isinstance(right, Money) and left.currency == right.currency:
        return left.amount, right.amount
    return (
        context.to_base(left) if isinstance(left, Money) else left,
        context.to_base(right) if isinstance(right, Money) else right,
    )


def money_less(context: Context, left: Any, right: Any, or_equal: bool) -> bool:
    """Compare money with money or with a number of the base currency; false with an empty."""
    if left is None or right is None:
        return False
    first, second = money_pair(context, left, right)
    return bool(first <= second if or_equal else first < second)


def money_equal(context: Context, left: Any, right: Any) -> bool:
    """Say whether two amounts are the same; two empties are."""
    if left is None or right is None:
        return left is right
    first, second = money_pair(context, left, right)
    return bool(first == second)


def worth(context: Context, value: Any) -> Any:
    """Give an amount that no record holds with what it is worth now, in the base currency."""
    if isinstance(value, ForeignMoney) and value.base is None:
        return ForeignMoney(value.amount, value.currency, context.to_base(value))
    return value


def negate(value: Any) -> Any:
    """Negate a number, money or duration."""
    if isinstance(value, Money):
        return value.mapped(lambda amount: -amount)
    if isinstance(value, Duration):
        return value.times(-1)
    return None if value is None else -value


def compare_key(context: Context, value: Any) -> Any:
    """Give what a value is sorted by among its like."""
    if isinstance(value, Money):
        return context.to_base(value)
    return value.length_seconds if isinstance(value, Duration) else value


# ------------------------------------------------------------------ texts and lists
def join_texts(parts: Sequence[Any]) -> str | None:
    """Join texts; empty counts as ""."""
    return checked_text("".join(part for part in parts if part is not None))


def join_shown(context: Context, parts: Sequence[Any]) -> str | None:
    """Join values as people read them."""
    return checked_text("".join(shown_text(part, context.zone) for part in parts))


def shown_percent(value: Decimal | int | None) -> str | None:
    """Write a percent as people do: 0.2 is 20%."""
    return None if value is None else f"{number_text(Decimal(value) * 100)}%"


def contains(value: Any, part: Any) -> bool:
    """Say whether a text holds another, or a list an item; never with an empty."""
    if value is None or part is None:
        return False
    return fold(part) in fold(value) if isinstance(value, str) else part in value


def starts_with(value: Any, part: Any) -> bool:
    """Say whether a text begins with another, case and width aside."""
    return value is not None and part is not None and fold(value).startswith(fold(part))


def ends_with(value: Any, part: Any) -> bool:
    """Say whether a text ends with another, case and width aside."""
    return value is not None and part is not None and fold(value).endswith(fold(part))


def is_empty(value: Any) -> bool:
    """Say whether a value is empty; a list without items is."""
    return value is None or (isinstance(value, list | tuple) and type(value) in (list, tuple) and not value)


def has_role(context: Context, user: Any, roles: Any) -> bool:
    """Say whether a user holds one of the roles; no user holds any."""
    user_id = user.id if isinstance(user, Ref) and user.object == "user" else user
    if not isinstance(user_id, str) or roles is None:
        return False
    wanted = (roles,) if isinstance(roles, str) else roles
    return any(context.has_role(user_id, role) for role in wanted if role is not None)


def is_object(value: Any, object_key: str, target: str) -> bool:
    """Say whether a lookup's value points at a record of an object; `target` is the object of bare ids."""
    if value is None:
        return False
    return value.object == object_key if isinstance(value, Ref) else target == object_key


def label_of(context: Context, object_key: str, field: str, option: Any) -> str | None:
    """Give the label of a choice's option."""
    return None if option is None else context.label(object_key, field, option)


def title_of(context: Context, record: Ref | None) -> str | None:
    """Give how a record is called, for texts."""
    return None if record is None else context.title(record.object, record.id)
