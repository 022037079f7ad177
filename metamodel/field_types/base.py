"""What every field type says of itself, and the registry that finds the type of a field.

A type is stateless: what depends on the installation (base currency, country, time zone) comes in a `ValueContext`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from metamodel.field_types.cells import WHOLE, CellForm, CellPart, cell_text
from metamodel.field_types.messages import message
from metamodel.fields import FieldDef
from metamodel.masks import MASK

COMMON_KEYS = frozenset(
    "type label help required required_if default visible_if readonly_if unique index history was sensitive copy_from "
    "formula quality personal".split()
)
"""The YAML keys that every field type knows."""


class StorageKind(StrEnum):
    """How a value is kept in a table; engine turns each into column types."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    CHOICE = "choice"
    TEXTS = "texts"
    """Several texts, a tuple."""
    PARTS = "parts"
    """A value of several parts, a column each (see `compound`)."""
    JSON = "json"
    """A document, kept as its canonical text (see `json_documents`)."""
    FILES = "files"
    """Several files: their names, types, sizes and ids, each several texts."""
    REFERENCE = "reference"
    ANY_REFERENCE = "any_reference"
    """A `Ref`: object key and id, of a lookup with several targets or any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueContext:
    """What reading a value may need of the installation.

    country: ISO 3166 code for phone numbers without +. timezone: zone of date-times written without one (the user's).
    """

    currency: str = "USD"
    country: str | None = None
    timezone: str = "UTC"


DEFAULT_CONTEXT = ValueContext()


class FieldValueError(Exception):
    """A value that a field can't take: a stable code, the parts of its message, and the message in English.

    `message(error.code, language, **error.params)` gives it in another language.
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params: Mapping[str, object] = MappingProxyType(params)
        super().__init__(message(code, "en", **params))


class FieldType(ABC):
    """A kind of field.

    name: as in YAML. dsl_type: name of the expression type. widget: name of the form macro. keys: YAML keys beyond
    COMMON_KEYS. required_keys: those that must be written. takes_formula: whether a formula may have this result type.
    """

    name: str
    dsl_type: str
    widget: str
    keys: frozenset[str] = frozenset()
    required_keys: frozenset[str] = frozenset()
    takes_formula: bool = True
    text_default: bool = False
    """Whether `default: Name` is that text (else it is an expression)."""
    literal_default: bool = True
    """Whether a default that reads as a value of the type is that value."""
    mask: Callable[[str], str] | None = None
    """Gives what stands for a value, a text, that its reader sees masked; None: nothing of it is shown."""

    @property
    def allowed_keys(self) -> frozenset[str]:
        """All YAML keys that a field of this type may have."""
        allowed = COMMON_KEYS | self.keys
        return allowed if self.takes_formula else allowed - {"formula"}

    @abstractmethod
    def storage(self, field: FieldDef) -> StorageKind:
        """Say how the field's values are kept."""

    @abstractmethod
    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        """Turn a non-empty raw value into the type's Python value, without looking at the field's bounds.

        Raises: FieldValueError.
        """

    def parse(self, raw: object, field: FieldDef, context: ValueContext = DEFAULT_CONTEXT) -> object:
        """Turn a value from JSON, a form, CSV or YAML into the type's Python value; empty ("" or None) gives None.

        Raises: FieldValueError.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return self.empty()
        value = self.read(raw, field, context)
        if value is not None:
            self.check(value, field)
        return value

    def stand(self, texts: Sequence[str], field: FieldDef) -> bool:
        """Say of many texts at once whether each of them is a value of the field as it stands; False = ask for each."""
        return False

    def check(self, value: object, field: FieldDef) -> None:
        """Check a Python value against the field's bounds, wherever it came from (form, rule, formula).

        Raises: FieldValueError.
        """

    def keep(self, value: object, field: FieldDef) -> object:
        """Bring a Python value that a rule or formula gives to the form that is stored; `check` judges it then."""
        return value

    def empty(self) -> object:
        """Give the value that stands for empty."""
        return None

    def several(self) -> FieldType | None:
        """Give the type of fields with `multiple: true`; None where a field holds one value only."""
        return None

    def to_json(self, value: object, field: FieldDef) -> object:
        """Turn a Python value into what the API and `parse` take: decimals and dates as texts, money as an object."""
        return value

    def masked(self, value: object) -> str:
        """Give what stands for a value that its reader sees masked."""
        return MASK if self.mask is None else self.mask(str(value))

    def cell_parts(self, field: FieldDef) -> tuple[CellPart, ...]:
        """Give the columns that the field has in a file; most types have one, without a name of its own."""
        return WHOLE

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        """Write a Python value as the cells of its columns; `parse` reads the same value from what `of_cell` makes.

        title: what the record is called that the value points at.
        """
        return (cell_text(self.to_json(value, field)),)

    def of_cell(self, text: str, field: FieldDef) -> str:
        """Bring a cell that people may have written to what `parse` takes: labels of options to their names."""
        return text


class FieldTypeRegistry:
    """The known field types by name; immutable, plugins' types come in through `with_types`."""

    def __init__(self, types: Iterable[FieldType]) -> None:
        self._types = MappingProxyType({field_type.name: field_type for field_type in types})
        several = {each.name: many for each in self._types.values() if (many := each.several()) is not None}
        self._several = MappingProxyType(several)

    def __iter__(self) -> Iterator[FieldType]:
        return iter(self._types.values())

    def __contains__(self, name: object) -> bool:
        return name in self._types

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all types."""
        return tuple(self._types)

    def find(self, name: str) -> FieldType | None:
        """Give the type of that name, or None."""
        return self._types.get(name)

    def of(self, field: FieldDef) -> FieldType:
        """Give the type of the field's values: a roll-up's result type, that of several values with `multiple`."""
        if field.multiple and field.value_type in self._several:
            return self._several[field.value_type]
        return self._types[field.value_type]

    def with_types(self, types: Iterable[FieldType]) -> FieldTypeRegistry:
        """Make a registry that has these types too.

        Raises: ValueError where a name is taken already.
        """
        added = tuple(types)
        for field_type in added:
            if field_type.name in self._types:
                raise ValueError(f"the field type '{field_type.name}' exists already")
        return FieldTypeRegistry((*self._types.values(), *added))

    def parse(self, raw: object, field: FieldDef, context: ValueContext = DEFAULT_CONTEXT) -> object:
        """Parse a raw value by the field's type.

        Raises: FieldValueError.
        """
        return self.of(field).parse(raw, field, context)

    def to_json(self, value: object, field: FieldDef) -> object:
        """Turn a Python value of the field into its JSON form; None stays None."""
        return None if value is None else self.of(field).to_json(value, field)
