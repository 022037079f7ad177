"""Puts field values together from their columns and takes them apart again.

Fields of one column need nothing: the column's type gives the value. Money and references to one of several objects
have several columns; a duration is a number of seconds, several texts are
a list for the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from sqlalchemy import Column

from metamodel.field_types.compound import part_values
from metamodel.field_types.files import files_in
from metamodel.values import Compound, Duration, ForeignMoney, Money, Ref, StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One column, whose value is the field's value.

    is_sealed: it is encrypted at rest, so that it is written with the id of its record (`sealing.of_record`).
    """

    field: str
    columns: tuple[Column[object], ...]
    is_sealed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order of `columns`."""
        return tuple(column.name for column in self.columns)

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return True

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        return {self.columns[0].name: value}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return parts[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCodec(Codec):
    """Amount, currency and the amount in base currency."""

    base_currency: str

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object, base: Decimal | None = None) -> dict[str, object]:
        """Give what is written; `base` is asked for where the currency is another than the base currency."""
        amount, currency, in_base = self.names
        if value is None:
            return {amount: None, currency: None, in_base: None}
        assert isinstance(value, Money)
        if base is None and isinstance(value, ForeignMoney):
            base = value.base
        if base is None and value.currency == self.base_currency:
            base = value.amount
        return {amount: value.amount, currency: value.currency, in_base: base}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        amount, currency, base = parts
        if amount is None:
            return None
        assert isinstance(amount, Decimal)
        if currency is None or currency == self.base_currency:
            return Money(amount, self.base_currency)
        return ForeignMoney(amount, str(currency), base if isinstance(base, Decimal) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationCodec(Codec):
    """A length of time in whole seconds."""

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        return {self.names[0]: int(value.length_seconds) if isinstance(value, Duration) else None}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return None if parts[0] is None else Duration(seconds=Decimal(str(parts[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsCodec(Codec):
    """Several texts: a tuple in memory, a list for the driver."""

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        return {self.names[0]: list(value) if isinstance(value, tuple | list) and value else None}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return tuple(parts[0]) if isinstance(parts[0], list) and parts[0] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsCodec(Codec):
    """One column a part of a compound value. parts: their names."""

    make: Callable[..., Compound]
    parts: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        given = part_values(value) or (None,) * len(self.parts)
        return dict(zip(self.names, given, strict=True))

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return None if all(part is None for part in parts) else self.make(*parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesCodec(Codec):
    """Several files: names, types, sizes and ids, each a list for the driver, in one order."""

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        files = [[str(part) for part in part_values(each)] for each in files_in(value)]
        lists = list(zip(*files, strict=True)) or [()] * len(self.names)
        return {name: list(parts) or None for name, parts in zip(self.names, lists, strict=True)}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return files_of_lists(parts)


def files_of_lists(lists: Sequence[object]) -> tuple[StoredFile, ...] | None:
    """Put several files together from the lists of their names, types, sizes and ids."""
    if not all(isinstance(each, list | tuple) for each in lists):
        return None
    names, kinds, sizes, ids = (cast("Sequence[str]", each) for each in lists)
    return tuple(
        StoredFile(name=name, type=kind, size=int(size), id=file_id)
        for name, kind, size, file_id in zip(names, kinds, sizes, ids, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsCodec(Codec):
    """One column a target object; at most one of them is filled."""

    targets: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        reference = value if isinstance(value, Ref) else None
        pairs = zip(self.columns, self.targets, strict=True)
        return {
            column.name: reference.id if reference is not None and reference.object == target else None
            for column, target in pairs
        }

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        for part, target in zip(parts, self.targets, strict=True):
            if part is not None:
                return Ref(target, str(part))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyCodec(Codec):
    """An id and the key of its object."""

    @property
    def is_plain(self) -> bool:
        """Whether the column's value is the field's value as it stands."""
        return False

    def to_columns(self, value: object) -> dict[str, object]:
        """Give what is written: column name → value."""
        record_id, object_key = self.names
        if value is None:
            return {record_id: None, object_key: None}
        assert isinstance(value, Ref)
        return {record_id: value.id, object_key: value.object}

    def from_columns(self, parts: Sequence[object]) -> object:
        """Put the value together; `parts` in the order of `columns`."""
        return None if parts[0] is None else Ref(str(parts[1]), str(parts[0]))


def by_field(codecs: Sequence[Codec]) -> Mapping[str, Codec]:
    """Index codecs by their field."""
    return {codec.field: codec for codec in codecs}
