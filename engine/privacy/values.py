"""The values by which a person is found and forgotten: texts of personal fields, matched without regard to case.

Which values these are is decided in `people`; a text that is found is replaced by a mark.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import ColumnElement, Text, cast, func, or_

ERASED = "[erased]"
"""What stands where a value of an erased person stood."""
_LEAST, _LEAST_WIDE = 4, 2
_WIDE = re.compile(r"[^\x00-\u02ff]")


class PersonValues:
    """Texts to be found. Words of letters are found as whole words only, Chinese ones anywhere."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(
            sorted({text.strip() for text in texts if text.strip()}, key=lambda each: (-len(each), each))
        )
        forms = sorted({form for text in self.texts for form in _forms(text)}, key=lambda each: (-len(each), each))
        self._pattern = re.compile("|".join(map(_as_word, forms)) or r"(?!)", re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.texts)

    def is_in(self, value: Any) -> bool:
        """Tell whether a value, or one inside of it, holds one of the texts."""
        if isinstance(value, str):
            return self._pattern.search(value) is not None
        if isinstance(value, Mapping):
            return any(self.is_in(key) or self.is_in(each) for key, each in value.items())
        return isinstance(value, list | tuple) and any(self.is_in(each) for each in value)

    def without(self, value: Any) -> Any:
        """Give a value with the mark in place of the texts; what holds none is given as it is."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, Mapping):
            return {self.without(key): self.without(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.without(each) for each in value]
        return value

    def may_be_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Say in SQL which rows are worth a look: all that hold a text, and some that do not."""
        lowered = func.lower(cast(column, Text()))
        return or_(*(lowered.contains(form, autoescape=True) for text in self.texts for form in _written(text)))

    def are_in_bytes(self, content: bytes) -> bool:
        """Tell whether bytes hold one of the texts as UTF-8."""
        lowered = content.lower()
        return any(form.encode() in lowered for text in self.texts for form in _written(text))


def is_distinct(text: str) -> bool:
    """Tell whether a text is long enough to be found in other places than its own."""
    return len(text.strip()) >= (_LEAST_WIDE if _WIDE.search(text) else _LEAST)


def _as_word(text: str) -> str:
    """Give the pattern of a text between other words; escapes of JSON and of addresses before it are no words."""
    start = r"(?:(?<!\w)|(?<=\\[bfnrt])|(?<=%[0-9a-f]{2}))" if text[0].isascii() and text[0].isalnum() else ""
    end = r"(?!\w)" if text[-1].isascii() and text[-1].isalnum() else ""
    return f"{start}{re.escape(text)}{end}"


def _forms(text: str) -> Iterator[str]:
    """Give how a text may stand in others: as it is, and as JSON, HTML, addresses, CSV and mails write it."""
    yield text
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(text)[1:-1]
    yield html.escape(text)
    yield html.escape(text, quote=False).replace("'", "&#39;").replace('"', "&#34;")
    yield quote(text)
    yield quote(text, safe="")
    yield quote_plus(text)
    yield text.replace('"', '""')
    yield text.replace("\r\n", "\n").replace("\n", "\r\n")


def _written(text: str) -> tuple[str, ...]:
    """Give the forms in small letters, as a database makes them: those of ASCII, or all, by its settings."""
    forms = tuple(_forms(text))
    of_ascii = ("".join(c.lower() if c.isascii() else c for c in form) for form in forms)
    return tuple(dict.fromkeys((*of_ascii, *(form.lower() for form in forms))))
