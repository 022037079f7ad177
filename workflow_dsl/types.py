"""The types of the language and how a field of the metamodel is typed.

Types say what may be compared, added or assigned; nothing is coerced silently. They know no values and no back end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.fields import FieldDef

_SHOWN_OPTIONS = 8


class Kind(StrEnum):
    """The sorts of values; `EMPTY` is the type of the literal, `UNKNOWN` of values known only at runtime (payloads)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    PERCENT = "percent"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    CHOICE = "choice"
    RECORD = "record"
    LIST = "list"
    COMPOUND = "compound"
    ROLE = "role"
    EMPTY = "empty"
    UNKNOWN = "unknown"


NUMERIC = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT))
AMOUNTS = NUMERIC | {Kind.MONEY}
MOMENTS = frozenset((Kind.DATE, Kind.DATETIME))
OPEN = frozenset((Kind.EMPTY, Kind.UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type of the language.

    options: option names of a choice. objects: keys of the objects a record may belong to, empty = any object.
    item: type of a list's items. polymorphic: values are `metamodel.values.Ref`, not bare ids.
    """

    kind: Kind
    options: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    item: Type | None = None
    polymorphic: bool = False

    def __str__(self) -> str:
        if self.kind is Kind.CHOICE:
            more = ", …" if len(self.options) > _SHOWN_OPTIONS else ""
            return f"choice ({', '.join(self.options[:_SHOWN_OPTIONS])}{more})"
        if self.kind is Kind.RECORD:
            return " or ".join(self.objects) if self.objects else "record"
        if self.kind is Kind.LIST:
            return f"list of {self.item}" if self.item else "list"
        if self.kind is Kind.COMPOUND:
            return "value of several parts"
        return "number" if self.kind in (Kind.INTEGER, Kind.DECIMAL) else self.kind.value

    @property
    def with_article(self) -> str:
        """The type as a sentence names it: `a choice (qualify, won)`, `an account`."""
        text = str(self)
        if self.kind in OPEN or self.kind is Kind.MONEY:
            return text
        return f"{'an' if text[0] in 'aeio' else 'a'} {text}"

    @property
    def is_numeric(self) -> bool:
        """Whether it is an integer, decimal or percent."""
        return self.kind in NUMERIC

    @property
    def is_open(self) -> bool:
        """Whether it goes with every type (empty, or known only at runtime)."""
        return self.kind in OPEN


TEXT = Type(kind=Kind.TEXT)
INTEGER = Type(kind=Kind.INTEGER)
DECIMAL = Type(kind=Kind.DECIMAL)
PERCENT = Type(kind=Kind.PERCENT)
MONEY = Type(kind=Kind.MONEY)
BOOLEAN = Type(kind=Kind.BOOLEAN)
DATE = Type(kind=Kind.DATE)
DATETIME = Type(kind=Kind.DATETIME)
TIME = Type(kind=Kind.TIME)
DURATION = Type(kind=Kind.DURATION)
COMPOUND = Type(kind=Kind.COMPOUND)
ROLE = Type(kind=Kind.ROLE)
EMPTY = Type(kind=Kind.EMPTY)
UNKNOWN = Type(kind=Kind.UNKNOWN)


def record_of(*objects: str, polymorphic: bool = False) -> Type:
    """Make the type of a reference to a record of one of these objects (none = any)."""
    return Type(kind=Kind.RECORD, objects=objects, polymorphic=polymorphic or len(objects) != 1)


def list_of(item: Type) -> Type:
    """Make the type of a list."""
    return Type(kind=Kind.LIST, item=item)


def choice_of(*options: str) -> Type:
    """Make the type of a choice with these options."""
    return Type(kind=Kind.CHOICE, options=options)


_BY_FIELD_TYPE = {
    "text": TEXT, "long_text": TEXT, "rich_text": TEXT, "email": TEXT, "phone": TEXT, "url": TEXT, "color": TEXT,
    "json": TEXT,
    "barcode": TEXT, "autonumber": TEXT, "id": TEXT, "integer": INTEGER, "rating": INTEGER, "decimal": DECIMAL,
    "percent": PERCENT, "money": MONEY, "boolean": BOOLEAN, "date": DATE, "datetime": DATETIME, "time": TIME,
    "duration": DURATION, "person_name": COMPOUND, "address": COMPOUND, "geo": COMPOUND,
    "file": COMPOUND, "image": COMPOUND, "signature": COMPOUND, "files": list_of(TEXT),
    "tags": list_of(TEXT), "count": INTEGER, "version": INTEGER,
}  # fmt: skip


def type_of_name(field_type: str) -> Type:
    """Give the type of values of a field type that needs no further definition (settings, attributes, inputs)."""
    return _BY_FIELD_TYPE.get(field_type, UNKNOWN)


def type_of_field(field: FieldDef) -> Type:
    """Give the type that expressions see of a field."""
    if field.relation is not None:
        return record_of(*field.relation.targets)
    if field.choice is not None and field.rollup is None:
        choice = choice_of(*field.choice.names)
        return list_of(choice) if field.type == "multi_choice" else choice
    found = type_of_name(field.value_type)
    return list_of(found) if field.multiple else found


def widest(left: Type, right: Type) -> Type | None:
    """Give the type that holds values of both (for `if`, `case`, lists), or None where there is none."""
    if left.is_open or left == right:
        return right
    if right.is_open:
        return left
    if left.is_numeric and right.is_numeric:
        return DECIMAL
    if left.kind is Kind.CHOICE and right.kind is Kind.CHOICE:
        return choice_of(*dict.fromkeys((*left.options, *right.options)))
    if left.kind is Kind.RECORD and right.kind is Kind.RECORD:
        objects = tuple(dict.fromkeys((*left.objects, *right.objects))) if left.objects and right.objects else ()
        return record_of(*objects, polymorphic=True)
    if left.kind is Kind.LIST and right.kind is Kind.LIST and left.item and right.item:
        item = widest(left.item, right.item)
        return list_of(item) if item else None
    return None
