"""Checks what is written of money: the day whose rate counts, and currencies that amounts are written in."""

from __future__ import annotations

from metamodel.apps import Metamodel
from metamodel.currency_rates import known_currencies
from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.reading.node_values import entries
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.values import Money
from metamodel.yaml_nodes import Mapping, Scalar

_DAYS = ("date", "datetime")


def check_money(draft: ObjectDraft, metamodel: Metamodel, problems: Problems) -> None:
    """Check `rate_date`, and the currencies of bounds and defaults.

    Problems: OBJ135, OBJ136.
    """
    _check_rate_date(draft, problems)
    known = known_currencies(metamodel)
    if len(known[0]) != 3 or not known[0].isupper():
        # A base currency that is none is told of where it stands.
        return
    for key, node in entries(draft.node.get("fields")):
        field = draft.fields.get(key.text)
        if field is None or not isinstance(node, Mapping):
            continue
        # Most fields have none of them.
        if field.minimum is not None or field.maximum is not None or field.default is not None or field.empty_as:
            _check_amounts(node, field, known, problems)


def _check_rate_date(draft: ObjectDraft, problems: Problems) -> None:
    node = draft.node.get("rate_date")
    if not isinstance(node, Scalar) or node.value is None:
        return
    days = [name for name, field in draft.fields.items() if field.value_type in _DAYS and field.formula is None]
    field = draft.fields.get(node.text)
    if field is None:
        tell_unknown(problems, "OBJ135", node, f"a date of {draft.key}", days)
    elif node.text not in days:
        kind = "computed" if field.formula is not None else field.value_type
        message = f"'{node.text}' is {kind}, so it can't say whose day's rates count"
        hint = f"one of {', '.join(days)}" if days else "name a date or datetime field"
        problems.report("OBJ135", message, node.at, hint=hint, length=node.length)


def _check_amounts(node: Mapping, field: FieldDef, known: tuple[str, ...], problems: Problems) -> None:
    constant = field.default.constant if field.default is not None else None
    written = (("min", field.minimum), ("max", field.maximum), ("empty_as", field.empty_as), ("default", constant))
    for name, value in written:
        if not isinstance(value, Money):
            continue
        at = node.get(name)
        if at is None:
            continue
        if name in ("min", "max") and value.currency != known[0]:
            message = f"'{name}' is in {known[0]}, the base currency, not in {value.currency}"
            hint = f"amounts of other currencies are compared by what they are worth in {known[0]}"
            problems.report("OBJ136", message, at.at, hint=hint, length=at.length)
        elif value.currency not in known:
            message = f"there is no rate for {value.currency}"
            hint = did_you_mean(value.currency, known) or "give it a rate in currencies.yaml"
            problems.report("OBJ136", message, at.at, hint=hint, length=at.length)
