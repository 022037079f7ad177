"""What the grids of a form bring: rows of child lists as typed, and as the door takes them with their parent.

A cell posts `lines.0.quantity`, beside it stands `lines.0.was-quantity`; `lines.0.id`, `lines.0.version` and
`lines.0._remove` say which row it is and what becomes of it. Only rows that a person touched are given to the door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from engine.errors import FieldError
from engine.records.saving.children import REMOVE
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from ui.formats import Formats
from ui.pages.form_values import PostedForm, form_fields, read_posted
from ui.telling import tell

_CELL = re.compile(r"([a-z][a-z0-9_]*)\.(\d{1,4})\.(.+)\Z", re.DOTALL)
_PATH = re.compile(r"([a-z][a-z0-9_]*)\[(\d+)\](?:\.(.+))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRow:
    """One row of a grid; id: empty for a new one."""

    id: str
    remove: bool
    form: PostedForm

    @property
    def values(self) -> Mapping[str, object] | None:
        """The row as the door takes it; None where there is nothing to save of it."""
        if self.id:
            if self.remove:
                return {"id": self.id, REMOVE: True}
            changed = self.form.changed
            version = {} if self.form.version is None else {"version": self.form.version}
            return {"id": self.id, **version, **changed} if changed else None
        filled = {name: value for name, value in self.form.values.items() if value not in (None, "", False)}
        return filled if filled and not self.remove else None


Rows = Mapping[str, Sequence[PostedRow]]


def read_rows(object_def: ObjectDef, given: MultiDict[str, str], metamodel: Metamodel, formats: Formats) -> Rows:
    """Read the posted rows of every list of parts; new rows that nobody filled in are left out."""
    cells: dict[str, dict[int, MultiDict[str, str]]] = {}
    for name in given:
        found = _CELL.match(name)
        if found is not None:
            row = cells.setdefault(found[1], {}).setdefault(int(found[2]), MultiDict())
            row.setlist(found[3], given.getlist(name))
    rows: dict[str, Sequence[PostedRow]] = {}
    for list_name, by_index in cells.items():
        inverse = object_def.inverses.get(list_name)
        if inverse is not None and inverse.owned:
            child = metamodel.objects[inverse.object]
            read = (_row(child, by_index[index], formats) for index in sorted(by_index))
            rows[list_name] = [row for row in read if row.id or row.values is not None]
    return rows


def _row(child: ObjectDef, cells: MultiDict[str, str], formats: Formats) -> PostedRow:
    posted = read_posted(form_fields(child), cells, formats)
    return PostedRow(id=cells.get("id", ""), remove=REMOVE in cells, form=posted)


def carried_cells(given: MultiDict[str, str]) -> tuple[tuple[str, str], ...]:
    """Give all that grids posted as it came, for a page that asks something else first."""
    return tuple((name, value) for name, value in given.items(multi=True) if _CELL.match(name))


def door_rows(rows: Rows) -> Mapping[str, object]:
    """Give the rows as values of their parent; lists without a touched row are left out."""
    given = {name: [values for row in of_list if (values := row.values) is not None] for name, of_list in rows.items()}
    return {name: values for name, values in given.items() if values}


def row_errors(rows: Rows, errors: Sequence[FieldError]) -> Iterator[tuple[str, int, str, FieldError]]:
    """Give list, place in the grid, field (empty: the row as a whole) and finding of each error about a row."""
    sent = {
        name: [place for place, row in enumerate(of_list) if row.values is not None] for name, of_list in rows.items()
    }
    for error in errors:
        found = _PATH.match(error.field or "")
        if found is not None and found[1] in sent and int(found[2]) < len(sent[found[1]]):
            told = replace(error, message=tell(error.message))
            yield found[1], sent[found[1]][int(found[2])], found[3] or "", told
