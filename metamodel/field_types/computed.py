"""Types whose values the product gives: autonumber and rollup. A formula has its result's type instead."""

from __future__ import annotations

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.fields import FieldDef


class AutonumberType(FieldType):
    """A number given once at creation, by a format such as `OPP-{YYYY}-{000000}`."""

    name: str = "autonumber"
    dsl_type: str = "text"
    widget: str = "computed"
    keys = frozenset(("format", "external_id"))
    required_keys = frozenset(("format",))
    takes_formula: bool = False

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.TEXT

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        raise FieldValueError("computed")


class RollupType(FieldType):
    """A figure over child records; its values have the type that linking finds (`FieldDef.result_type`)."""

    name: str = "rollup"
    dsl_type: str = "integer"
    widget: str = "computed"
    keys = frozenset(("of", "function", "where", "sorted_by", "digits"))
    required_keys = frozenset(("of",))
    takes_formula: bool = False

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.INTEGER

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        raise FieldValueError("computed")
