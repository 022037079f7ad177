"""Rows as the text that PostgreSQL's COPY reads, made column by column; the columns of one value are written once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_AT_ONCE = 1_000
_EMPTY = "\\N"
_BREAK = re.compile(r"[\t\n\r]")
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
        texts = [_column_text(values[start : start + _AT_ONCE]) for values in columns]
        lines = ["\t".join(cells) for cells in zip(*texts, strict=True)]
        yield end.join(lines) + end


def _column_text(values: Sequence[Any]) -> list[str]:
    texts = [_EMPTY if value is None else value if type(value) is str else _literal(value) for value in values]
    # What has to be escaped is rare: look through the whole column at once.
    written = "".join(texts)
    if written.count("\\") == values.count(None) and _BREAK.search(written) is None:
        return texts
    return [text if value is None else text.translate(_ESCAPED) for text, value in zip(texts, values, strict=True)]


def _literal(value: Any) -> str:
    if type(value) is list:
        # Several texts are an array, each in quotes.
        quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in value)
        return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
    return str(value)
