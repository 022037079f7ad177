"""Values of several parts: person_name, address, geo, a file. Each part has a column, and a name in paths and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm, CellPart
from metamodel.field_types.number import decimal_text, read_decimal
from metamodel.field_types.text import TextType
from metamodel.fields import FieldDef
from metamodel.values import Address, Compound, Geo, PersonName, StoredFile

GEO_DIGITS = 6
LONGEST_PART = 200
_TEXT = TextType()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part. type: name of its field type. labels: in English and Chinese."""

    name: str
    type: str
    labels: tuple[str, str]

    def label(self, language: str) -> str:
        """Give what people call it."""
        return self.labels[language.startswith("zh")]


def _texts(**labels: tuple[str, str]) -> tuple[Part, ...]:
    return tuple(Part(name=name, type="text", labels=pair) for name, pair in labels.items())


_FILE_PARTS = (
    Part(name="name", type="text", labels=("Name", "名称")),
    Part(name="type", type="text", labels=("Kind of file", "文件类型")),
    Part(name="size", type="integer", labels=("Size in bytes", "大小（字节）")),
    Part(name="id", type="text", labels=("Id", "标识")),
)
PARTS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "person_name": _texts(
            last=("Last name", "姓"),
            first=("First name", "名"),
            middle=("Middle name", "中间名"),
            title=("Title", "称谓"),
            suffix=("Suffix", "后缀"),
        ),
        "address": _texts(
            street=("Street", "街道"),
            city=("City", "城市"),
            region=("State or province", "省/州"),
            postal_code=("Postal code", "邮政编码"),
            country=("Country", "国家"),
        ),
        "geo": (
            Part(name="latitude", type="decimal", labels=("Latitude", "纬度")),
            Part(name="longitude", type="decimal", labels=("Longitude", "经度")),
        ),
        "file": _FILE_PARTS,
        "image": _FILE_PARTS,
        "signature": _FILE_PARTS,
    }
)
"""Field type → its parts, in the order of its columns."""
MAKERS: Mapping[str, Callable[..., Compound]] = MappingProxyType(
    {
        "person_name": PersonName,
        "address": Address,
        "geo": Geo,
        "file": StoredFile,
        "image": StoredFile,
        "signature": StoredFile,
    }
)
"""Field type → what makes its value of the parts in their order."""


def parts_of_field(field: FieldDef) -> tuple[Part, ...]:
    """Give the parts of a field; none for a field of another kind."""
    return PARTS.get(field.value_type, ())


def part_field(field: FieldDef, name: str) -> FieldDef | None:
    """Give a part as if it were a field of its own, for showing and describing it."""
    part = next((each for each in parts_of_field(field) if each.name == name), None)
    if part is None:
        return None
    digits = GEO_DIGITS if part.type == "decimal" else None
    return replace(field, type=part.type, digits=digits, label=None, required=False, default=None)


class CompoundType(FieldType):
    """What the types of several parts share: they are read from an object with the parts by name."""

    takes_formula = False
    literal_default = False
    dsl_type = "compound"
    widget = "parts"
    make: Callable[..., Compound]

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.PARTS

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, PersonName | Address | Geo):
            return raw
        given = self._given(raw)
        names = [part.name for part in PARTS[self.name]]
        for name in given:
            if name not in names:
                raise FieldValueError("unknown_part", part=str(name)[:80], parts=names)
        values = [self._part(part, given.get(part.name)) for part in PARTS[self.name]]
        return self._whole(values)

    def check(self, value: object, field: FieldDef) -> None:
        if type(value) is not self.make:
            raise FieldValueError(f"not_{self.name}")
        for part in PARTS[self.name]:
            self.check_part(part, part_of(value, part.name), field)

    def check_part(self, part: Part, value: object, field: FieldDef) -> None:
        """Check one part.

        Raises: FieldValueError.
        """
        if value is None:
            return
        try:
            _TEXT.check(value, replace(field, max_length=LONGEST_PART, pattern=None))
        except FieldValueError as fault:
            raise FieldValueError("bad_part", part=part.name, reason=str(fault)) from fault

    def to_json(self, value: object, field: FieldDef) -> object:
        return {part.name: part_of(value, part.name) for part in PARTS[self.name]}

    def cell_parts(self, field: FieldDef) -> tuple[CellPart, ...]:
        return tuple(CellPart(name=part.name, key=part.name, labels=part.labels) for part in PARTS[self.name])

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        parts = self.to_json(value, field)
        assert isinstance(parts, dict)
        return tuple(part or "" for part in parts.values())

    def _given(self, raw: object) -> Mapping[Any, object]:
        if not isinstance(raw, Mapping):
            raise FieldValueError(f"not_{self.name}")
        return raw

    def _part(self, part: Part, raw: object) -> object:
        if raw is None or raw == "":
            return None
        if not isinstance(raw, str):
            raise FieldValueError(f"not_{self.name}")
        return raw.strip() or None

    def _whole(self, values: list[object]) -> Compound | None:
        return None if all(value is None for value in values) else self.make(*values)


class PersonNameType(CompoundType):
    """A person's name: last, first, middle, title, suffix."""

    name = "person_name"
    make = PersonName


class AddressType(CompoundType):
    """A postal address: street, city, region, postal_code, country."""

    name = "address"
    make = Address

    def check_part(self, part: Part, value: object, field: FieldDef) -> None:
        # A street may have several lines.
        text = value.replace("\n", " ") if part.name == "street" and isinstance(value, str) else value
        super().check_part(part, text, field)


class GeoType(CompoundType):
    """A place: latitude and longitude in degrees, both or none; `31.2304, 121.4737` is read too."""

    name = "geo"
    make = Geo

    def check_part(self, part: Part, value: object, field: FieldDef) -> None:
        limit = 90 if part.name == "latitude" else 180
        if not isinstance(value, Decimal) or abs(value) > limit:
            raise FieldValueError("out_of_world", part=part.name, limit=limit)

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, Geo)
        return {"latitude": _degrees(value.latitude), "longitude": _degrees(value.longitude)}

    def _given(self, raw: object) -> Mapping[Any, object]:
        if isinstance(raw, str):
            latitude, comma, longitude = raw.partition(",")
            if comma:
                return {"latitude": latitude, "longitude": longitude}
        return super()._given(raw)

    def _part(self, part: Part, raw: object) -> object:
        if raw is None or raw == "":
            return None
        number = read_decimal(raw, "not_geo")
        return number.quantize(Decimal(1).scaleb(-GEO_DIGITS)) if abs(number) <= 1000 else number

    def _whole(self, values: list[object]) -> Compound | None:
        if values.count(None) == 1:
            raise FieldValueError("not_geo")
        return super()._whole(values)


def part_values(value: object) -> tuple[Any, ...]:
    """Give the parts of a compound value in their order; none for other values."""
    return astuple(value) if isinstance(value, Compound) else ()


def part_of(value: object, name: str) -> Any:
    """Give a part of a compound value; None for an empty one."""
    return asdict(value)[name] if isinstance(value, Compound) else None


def _degrees(number: Decimal) -> str:
    return decimal_text(number.quantize(Decimal(1).scaleb(-GEO_DIGITS)))
