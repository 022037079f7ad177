"""Rows as the text that PostgreSQL's COPY reads, made column by column; the columns of one value are written once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_EMPTY = "\\N"
_BREAK = re.compile(r"[\t\n\r]")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(columns: Mapping[str, Sequence[Any]]) -> tuple[list[str], str]:
    """Give the columns in the order that they are written in, and the text of the rows.

    Values are texts, or of types whose `str` the database reads as it reads a literal: numbers, days, instants, truth.
    """
    varying: dict[str, list[str]] = {}
    alike: dict[str, str] = {}
    for name, values in columns.items():
        if values.count(values[0]) == len(values):
            alike[name] = _column_text(values[:1])[0]
        else:
            varying[name] = _column_text(values)
    end = "\t".join(alike.values()) + "\n"
    if not varying:
        return [*alike], end * len(next(iter(columns.values())))
    if alike:
        end = "\t" + end
    lines = ["\t".join(cells) for cells in zip(*varying.values(), strict=True)]
    return [*varying, *alike], end.join(lines) + end


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
