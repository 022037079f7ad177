"""Documents: a JSON object or list, held against the field's own JSON Schema, kept as its one canonical text.

Keys stand by the alphabet and without spaces, so two documents that mean the same are the same text, in memory and on
every database. Not a store for what deserves fields: parts of a document are not asked for by name.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm
from metamodel.fields import FieldDef
from metamodel.json_schemas import document_fault

LONGEST = 65_536
DEEPEST = 50
_LARGEST = 2**63
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class JsonType(FieldType):
    """A JSON object or list; a text is read as JSON."""

    name: str = "json"
    dsl_type: str = "text"
    widget: str = "json"
    keys = frozenset(("schema",))
    takes_formula: bool = False

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.JSON

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return canonical(raw)

    def check(self, value: object, field: FieldDef) -> None:
        text = canonical(value)
        if len(text) > LONGEST:
            raise FieldValueError("too_long", length=len(text), max_length=LONGEST)
        if field.json_schema is None:
            return
        fault = document_fault(field.json_schema, json.loads(text))
        if fault is not None:
            raise FieldValueError(fault.code, **fault.params)

    def keep(self, value: object, field: FieldDef) -> object:
        """Bring what a rule gives to its canonical text; what is no document is left for `check` to refuse."""
        try:
            return None if value is None or value == "" else canonical(value)
        except FieldValueError:
            return value

    def to_json(self, value: object, field: FieldDef) -> object:
        return json.loads(str(value))

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return (str(value),)


def canonical(raw: object) -> str:
    """Give the one text of a document.

    Raises: FieldValueError.

    >>> canonical('{"b": [1, 2.50], "a": "x"}')
    '{"a":"x","b":[1,2.5]}'
    """
    document = _loaded(raw) if isinstance(raw, str) else raw
    if not isinstance(document, dict | list):
        raise FieldValueError("not_json")
    _check_part(document, DEEPEST)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def pretty(text: str) -> str:
    """Give a document's text for people: a line a key."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2, sort_keys=True)


def _loaded(text: str) -> object:
    if len(text) > LONGEST * 4:
        raise FieldValueError("too_long", length=len(text), max_length=LONGEST)
    try:
        return json.loads(text, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise FieldValueError("json_syntax", line=error.lineno, column=error.colno) from error
    except (RecursionError, ValueError) as error:
        raise FieldValueError("json_too_deep" if isinstance(error, RecursionError) else "json_number") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise FieldValueError("json_twice", name=name[:80])
        found[name] = value
    return found


def _check_part(part: object, depth: int) -> None:
    if depth == 0:
        raise FieldValueError("json_too_deep")
    if isinstance(part, dict):
        for name, value in part.items():
            if not isinstance(name, str):
                raise FieldValueError("not_json")
            _check_single(name)
            _check_part(value, depth - 1)
    elif isinstance(part, list):
        for value in part:
            _check_part(value, depth - 1)
    else:
        _check_single(part)


def _check_single(part: object) -> None:
    match part:
        case None | bool():
            return
        case str():
            if _UNSTORABLE.search(part):
                raise FieldValueError("bad_character")
        case int() | float():
            # An endless or very large number could not be given back by the API.
            if not (-_LARGEST <= part < _LARGEST) and (isinstance(part, int) or not math.isfinite(part)):
                raise FieldValueError("json_number")
        case _:
            raise FieldValueError("not_json")
