"""What a mapping is once it is bound to an object and a file: columns with the fields, records and links they fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.spreadsheet_cells import unguarded
from metamodel.fields import FieldDef
from metamodel.link_lists import LinkList, split_links
from metamodel.objects import ObjectDef

Cells = Sequence[str]
ROLES = "roles"
"""The column of a file of users that names what roles they get."""
Convert = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundColumn:
    """A column that fills a field: its place in a row, the cells that stand for others, how a cell is read.

    completes: it holds only what belongs to the value of another column (a currency), and is nothing without that.
    """

    index: int
    column: str
    field: FieldDef
    values: Mapping[str, str]
    empty: frozenset[str]
    convert: Convert | None = None
    completes: bool = False

    def cell(self, cells: Cells) -> str:
        """Give the mapped cell of a row, "" where it is empty."""
        return self.mapped(cells[self.index])

    def mapped(self, text: str) -> str:
        """Give what a cell of the column stands for, "" where it is empty."""
        text = unguarded(text)
        if self.values:
            text = self.values.get(text, text)
        return "" if text in self.empty else text


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundLookup:
    """A column that names another record. by: fields of the target that the cell may hold; title: or its title."""

    source: BoundColumn
    targets: tuple[str, ...]
    by: Mapping[str, tuple[str, ...]]
    title: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundLinks:
    """A column that names all records that a record is linked to; lookup: how each of them is found."""

    list: LinkList
    lookup: BoundLookup

    def texts(self, cells: Cells) -> Sequence[str]:
        """Give what the cell of a row names."""
        source = self.lookup.source
        return [source.values.get(part, part) for part in split_links(source.cell(cells))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A mapping bound to an object and the columns of a file.

    links: columns of lists of links. passed_over: columns of a file with ids, as export writes it, that nobody or not
    this actor can fill.
    """

    object: ObjectDef
    plain: tuple[BoundColumn, ...]
    lookups: tuple[BoundLookup, ...]
    constants: Mapping[str, str | int | float | bool | None]
    texts: Mapping[str, Callable[[Cells], str]]
    match: tuple[str, ...]
    roles_index: int | None
    roles: tuple[str, ...]
    links: tuple[BoundLinks, ...] = ()
    passed_over: tuple[str, ...] = ()

    def column_of(self, field: str | None) -> BoundColumn | None:
        """Give the column that fills a field, for telling where a refused value stood."""
        links = (each.lookup for each in self.links)
        for bound in (*self.plain, *(lookup.source for lookup in (*self.lookups, *links))):
            if bound.field.name == field:
                return bound
        return None
