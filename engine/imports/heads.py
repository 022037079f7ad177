"""Which field each column of a file fills by its head alone: a name, a label, or, of an export, nothing at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.imports.mapping import ColumnMapping
from engine.spreadsheet_cells import unguarded
from metamodel.column_names import ColumnNames, is_path_beyond
from metamodel.objects import ObjectDef

ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What heads mean for one object. settable: fields and lists of links that the actor may change."""

    names: ColumnNames
    object: ObjectDef
    objects: Mapping[str, ObjectDef]
    links: Collection[str]
    settable: Collection[str]

    def meaning(self, column: str) -> str:
        """Give the field or part that a column fills; its head itself where it means none."""
        return self.names.column_of(unguarded(column)) or column

    def columns(self, heads: Sequence[str]) -> tuple[tuple[ColumnMapping, ...], tuple[str, ...]]:
        """Give the columns that are read and those that are passed over, since nobody or not this actor fills them.

        Only a file with ids, as export writes it, may have the latter; else whatever is wrong is for binding to say.
        """
        meant = {head: self.meaning(head) for head in heads if head}
        with_ids = ID in meant.values()
        read, passed_over = [], []
        for head, field in meant.items():
            if with_ids and field != ID and not self._is_fillable(field):
                passed_over.append(head)
            else:
                read.append(ColumnMapping(column=head, field=field))
        return tuple(read), tuple(passed_over)

    def _is_fillable(self, column: str) -> bool:
        name = column.partition(".")[0]
        if column in self.links:
            return column in self.settable
        if name in self.object.fields and self.names.column_of(column) == column:
            return name in self.settable
        return not is_path_beyond(column, self.object, self.objects)
