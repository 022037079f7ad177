"""The field type `iban`: an international bank account number, its length by country and check digits proved."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugins import FieldTypeAddition, hookimpl

_FORM = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z", re.ASCII)


def normalise_iban(text: str) -> str:
    """Give an IBAN in capitals without spaces and hyphens.

    Raises:
        ValueError: it has another form, or wrong check digits.
    """
    plain = text.replace(" ", "").replace("-", "").upper()
    if not _FORM.match(plain):
        raise ValueError("an IBAN has a country, two check digits and 11 to 30 letters or digits")
    if _remainder(plain) != 1:
        raise ValueError("the check digits of this IBAN do not fit; is there a typing slip?")
    return plain


def _remainder(iban: str) -> int:
    # ISO 13616: the first four characters go to the end, letters count 10 to 35, and 97 must leave 1.
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97


@hookimpl
def field_types() -> Sequence[FieldTypeAddition]:
    """Add `iban`."""
    return [
        FieldTypeAddition(
            name="iban",
            base="text",
            summary="An international bank account number; its check digits are proved.",
            normalise=normalise_iban,
            example=("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
            wrong_example="DE89370400440532013001",
        )
    ]
