"""Rows as the text that PostgreSQL's COPY reads, made column by column; the columns of one value are written once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.storage.written_arrays import array_text

_AT_ONCE = 1_000
_EMPTY = "\\N"
_BREAK = re.compile(r"[\t\n\r]")
_PLAIN = frozenset((int, bool, Decimal, date, datetime))
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_parts(columns: Mapping[str, Sequence[Any]]) -> tuple[list[str], Iterator[str]]:
    """Give the columns in the order that they are written in, and the text of the rows, some hundred at a time.

    Values are texts, or of types whose `str` the database reads as it reads a literal: numbers, days, instants, truth.
    """
    varying: dict[str, Sequence[Any]] = {}
    alike: dict[str, str] = {}
    for name, values in columns.items():
        if values.count(values[0]) == len(values):
            alike[name] = _column_text(values[:1])[0]
        else:
            varying[name] = values
    end = "\t".join(alike.values()) + "\n"
    if not varying:
        return [*alike], iter((end * len(next(iter(columns.values()))),))
    return [*varying, *alike], _parts([*varying.values()], "\t" + end if alike else end)


def _parts(columns: Sequence[Sequence[Any]], end: str) -> Iterator[str]:
    for start in range(0, len(columns[0]), _AT_ONCE):
        # The same values may stand in two columns, such as an amount and what it is worth.
        known = {id(values): _column_text(values[start : start + _AT_ONCE]) for values in columns}
        texts = [known[id(values)] for values in columns]
        lines = ["\t".join(cells) for cells in zip(*texts, strict=True)]
        yield end.join(lines) + end


def _column_text(values: Sequence[Any]) -> list[str]:
    kinds = {*map(type, values)}
    if kinds == {str}:
        texts = list(values)
    elif kinds <= _PLAIN:
        # Of these no text holds anything that would have to be escaped.
        return [*map(str, values)]
    else:
        texts = [_EMPTY if value is None else value if type(value) is str else _literal(value) for value in values]
    # What has to be escaped is rare: look through the whole column at once.
    written = "".join(texts)
    if written.count("\\") == values.count(None) and _BREAK.search(written) is None:
        return texts
    return [text if value is None else text.translate(_ESCAPED) for text, value in zip(texts, values, strict=True)]


def _literal(value: Any) -> str:
    if type(value) is list:
        return array_text(value)
    return str(value)
