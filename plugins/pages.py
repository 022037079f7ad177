"""The pages that a plugin adds: what they show as plain values, which the product writes; no markup passes this border.

A page is for those whose roles have its right, and for nobody else. What it shows is made anew at each look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

Cell = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What a page is made from.

    settings: those of the plugin's schema, with defaults filled in. language: `en` or `zh`. login: of who looks.
    parameters: those of the address, each once.
    """

    settings: Mapping[str, object]
    language: str
    login: str
    now: dt.datetime
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table of a page; each row has as many cells as there are heads."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What a page shows, from above: sentences, facts as (label, value) pairs, a table."""

    text: Sequence[str] = ()
    facts: Sequence[tuple[str, Cell]] = ()
    table: PageTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginPage:
    """A page under `/plugins/<plugin>/<page>`.

    name: `<plugin>.<page>`. label: language → what menus call it, with `en`. right: the right by name that opens it,
    one of the product's or one that an app adds by `permissions:`. show: makes the content; it should take no longer
    than a page may.
    """

    name: str
    label: Mapping[str, str]
    summary: str
    right: str
    show: Callable[[PageContext], PageContent]

    def label_in(self, language: str) -> str:
        """Give the label in a language, else the English one."""
        return self.label.get(language) or self.label["en"]
