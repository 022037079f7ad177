"""Texts that compiled writers made: escaping their parts, calling the whole markup, and keeping texts with slots.

What is the same for everybody of a release, language and set of roles is rendered once and kept in pieces; a request
fills in what is its own. Every value is escaped where it enters: here, or by the writer that was given it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from engine.records.kept import KeptByUse
from engine.releases.release import Release

_SPECIAL = re.compile("[&<>\"']").search
_KEPT = 1_024


def html_text(text: str) -> str:
    """Escape a text for markup and attributes; most texts need none, which costs a search only."""
    return text if _SPECIAL(text) is None else str(escape(text))


def written(parts: Iterable[str]) -> Markup:
    """Join texts of writers, whose values are escaped already, to markup."""
    return Markup("".join(parts))  # noqa: S704


class Slotted:
    """A rendered text with slots for what differs from request to request."""

    __slots__ = ("_names", "_pieces")

    def __init__(self, pieces: Sequence[str], names: Sequence[str]) -> None:
        self._pieces = tuple(pieces)
        self._names = tuple(names)

    def fill(self, values: Mapping[str, str]) -> Markup:
        """Give the text with values in its slots; plain ones are escaped."""
        parts = [self._pieces[0]]
        for name, piece in zip(self._names, self._pieces[1:], strict=True):
            value = values[name]
            parts.append(value if isinstance(value, Markup) else html_text(value))
            parts.append(piece)
        return written(parts)

    def cut(self, at: str) -> tuple[Slotted, ...]:
        """Give the parts between the slots of one name."""
        ends = [index for index, name in enumerate(self._names) if name == at]
        starts = [0, *(index + 1 for index in ends)]
        return tuple(
            Slotted(self._pieces[start : end + 1], self._names[start:end])
            for start, end in zip(starts, [*ends, len(self._names)], strict=True)
        )


def render_slotted(names: Sequence[str], render: Callable[[Mapping[str, str]], str]) -> Slotted:
    """Render a text once, with a mark for each named slot, and cut it at the marks.

    The marks are random, so that no value can hold one.
    """
    marks = {name: f"slot{secrets.token_hex(16)}" for name in names}
    by_mark = {mark: name for name, mark in marks.items()}
    parts = re.split(f"({'|'.join(by_mark)})", str(render(marks)))
    return Slotted(parts[::2], [by_mark[mark] for mark in parts[1::2]])


def kept_with(pinned: Release, key: Hashable, make: Callable[[], Any]) -> Any:
    """Give what is kept of a release under a key, made now where it is not; the least used is forgotten first.

    The key must name all that the text depends on: who it is for, or their roles, and the language.
    """
    kept: KeptByUse[Hashable, Any] = pinned.part("ui.kept", lambda _: KeptByUse(_KEPT))
    return kept.find(key, make)
