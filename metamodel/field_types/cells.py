"""Cells of files: what the columns of a field are called, and values as texts that an import reads back unchanged.

Each field type writes its own cells (`FieldType.to_cells`); only what they share stands here. Whether a spreadsheet
would take a cell for a formula is for who writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from metamodel.fields import ChoiceDef, OptionDef
from metamodel.texts import label_text, label_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPart:
    """One of the columns of a field.

    name: in the header (`location.latitude`). key: of the object that `parse` reads the parts from; "" = not one.
    labels: what people call it, in English and Chinese.
    """

    name: str
    key: str = ""
    labels: tuple[str, str] = ("", "")

    def label(self, language: str) -> str:
        """Give what people call it, in English or Chinese."""
        return self.labels[language.startswith("zh")]


WHOLE = (CellPart(name=""),)
"""The columns of a field that has one only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellForm:
    """How cells are written: in a language, with moments in a time zone, `labelled` for people or with names only."""

    language: str = "en"
    timezone: str = "UTC"
    labelled: bool = True


def cell_text(value: object) -> str:
    """Write a JSON value as one cell.

    >>> cell_text(["a", "b"]), cell_text({"a": 1})
    ('a; b', '{"a": 1}')
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() if all(isinstance(each, str) for each in value):
            return "; ".join(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def number_text(number: Decimal) -> str:
    """Write a number without an exponent and without zeros at its end.

    >>> number_text(Decimal("1200.50"))
    '1200.5'
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def option_cell(choice: ChoiceDef, name: str, form: CellForm, *, forbidden: Iterable[str] = ()) -> str:
    """Give the cell of an option: its label, where no other option can be meant by it, else its name."""
    option = choice.option(name)
    if option is None or not form.labelled:
        return name
    label = label_text(option.label, form.language, name)
    if any(sign in label for sign in forbidden) or not label.strip():
        return name
    return label if option_of_cell(choice, label) == name else name


def option_of_cell(choice: ChoiceDef, text: str) -> str:
    """Give the name of the option that a cell means: a name, or a label in any language that only one option has."""
    if choice.option(text) is not None:
        return text
    found = {option.name for option in choice.options if text in _labels(option)}
    return found.pop() if len(found) == 1 else text


def _labels(option: OptionDef) -> set[str]:
    return {text.strip() for text in label_texts(option.label, option.name)}
