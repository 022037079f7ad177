"""The field type `barcode`: a GTIN as text, its length and check digit proved when it is saved."""

from __future__ import annotations

from collections.abc import Sequence

from plugins import FieldTypeAddition, hookimpl

_LENGTHS = (8, 12, 13, 14)


def normalise_barcode(text: str) -> str:
    """Give the digits of a GTIN without spaces and hyphens.

    Raises:
        ValueError: it has another length, other characters, or a wrong check digit.
    """
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in _LENGTHS:
        raise ValueError("a bar code has 8, 12, 13 or 14 digits")
    expected = _check_digit(digits[:-1])
    if digits[-1] != expected:
        raise ValueError(f"the last digit of this bar code should be {expected}; is there a typing slip?")
    return digits


def _check_digit(digits: str) -> str:
    # Weights 3, 1, 3 … counted from the right, as GS1 lays down for all lengths.
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


@hookimpl
def field_types() -> Sequence[FieldTypeAddition]:
    """Add `barcode`."""
    return [
        FieldTypeAddition(
            name="barcode",
            base="text",
            summary="The number under a bar code; its check digit is proved.",
            normalise=normalise_barcode,
            example=("4 006381 333931", "4006381333931"),
            wrong_example="4006381333932",
            widget="numeric",
        )
    ]
