"""Texts with a fixed form of their own: color (`#rrggbb`) and barcode (a GTIN with its check digit)."""

from __future__ import annotations

import re

from metamodel.field_types.base import FieldValueError, ValueContext
from metamodel.field_types.text import TextType
from metamodel.fields import FieldDef

_COLOR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z", re.ASCII)
_GTIN_LENGTHS = (8, 12, 13, 14)


class ColorType(TextType):
    """A colour, kept as `#rrggbb` in small letters; `#rgb` is read as well."""

    name: str = "color"
    widget: str = "color"
    mask = None
    keys = TextType.keys - {"max_length", "normalise"}

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        text = str(raw).strip().lower() if isinstance(raw, str) else ""
        if not _COLOR.match(text):
            raise FieldValueError("not_color")
        return text if len(text) == 7 else "#" + "".join(digit * 2 for digit in text[1:])

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, str) or len(value) != 7 or not _COLOR.match(value):
            raise FieldValueError("not_color")
        super().check(value, field)


class BarcodeType(TextType):
    """The number under a bar code (GTIN-8, -12, -13, -14), kept as its digits; the last one is proved."""

    name: str = "barcode"
    widget: str = "barcode"
    keys = TextType.keys - {"max_length", "normalise"}

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if not isinstance(raw, str):
            raise FieldValueError("not_text")
        digits = raw.strip().replace(" ", "").replace("-", "")
        self.check(digits, field)
        return digits

    def check(self, value: object, field: FieldDef) -> None:
        digits = str(value)
        if not (digits.isascii() and digits.isdigit()) or len(digits) not in _GTIN_LENGTHS:
            raise FieldValueError("not_barcode")
        expected = check_digit(digits[:-1])
        if digits[-1] != expected:
            raise FieldValueError("barcode_digit", expected=expected)
        super().check(value, field)


def check_digit(digits: str) -> str:
    """Give the check digit that GS1 lays down for the digits before it.

    >>> check_digit("400638133393")
    '1'
    """
    # Weights 3, 1, 3 … counted from the right, the same for all lengths.
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)
