"""Tags: words of people's own, several on a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from metamodel.field_types.base import FieldValueError
from metamodel.field_types.several import SEPARATORS, SeveralType
from metamodel.field_types.text import TextType
from metamodel.fields import FieldDef

LONGEST_TAG = 60
_TAG = TextType()


class TagsType(SeveralType):
    """Words of people's own, without comma or semicolon; two that differ in case only are one."""

    name: str = "tags"
    dsl_type: str = "list"
    widget: str = "tags"
    keys = frozenset(("max_length", "pattern"))

    def check_one(self, value: object, field: FieldDef) -> None:
        if isinstance(value, str) and SEPARATORS.search(value):
            raise FieldValueError("bad_tag", value=value[:80])
        _TAG.check(value, field if field.max_length is not None else replace(field, max_length=LONGEST_TAG))

    def in_order(self, values: list[object], field: FieldDef) -> Iterable[object]:
        first: dict[str, object] = {}
        for each in values:
            first.setdefault(str(each).casefold(), each)
        return sorted(first.values(), key=lambda tag: (str(tag).casefold(), str(tag)))
