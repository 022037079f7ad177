"""Dates of cells that are written in a form of their own, such as DD.MM.YYYY."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engine.imports.errors import BadCell

_FORMAT_WORDS = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("hh", "%H"), ("mm", "%M"), ("ss", "%S"), ("YY", "%y"))


def date_reader(form: str, *, whole: bool) -> Callable[[str], object]:
    """Make what reads dates of a form into ISO texts, or moments where they are `whole`."""
    pattern = form
    for word, code in _FORMAT_WORDS:
        pattern = pattern.replace(word, code)

    def read(text: str) -> object:
        try:
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the door gives it the user's zone
        except ValueError:
            raise BadCell(f"is no date of the form {form}") from None
        return moment.isoformat() if whole else moment.date().isoformat()

    return read
