"""Lists of links as if they were fields of type `links`, for columns of lists and of files; what a link is: `links`.

A list has no column and no field type of its own, so nothing here stores: `links_at` says which list a path ends in
and what people call it, the other functions how the records of a list stand in one cell of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metamodel.fields import FieldDef
from metamodel.links import LINKS
from metamodel.objects import InverseDef, ObjectDef
from metamodel.values import LinkedRecord

_SEPARATORS = re.compile(r"[;；\r\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkList:
    """A list of links of the object `holder`. field: as if it were one, with the relation of the other side."""

    holder: str
    inverse: InverseDef
    field: FieldDef

    @property
    def links(self) -> str:
        """The object whose records the links are."""
        return self.inverse.object

    @property
    def far(self) -> str:
        """The field of a link that names the record on the other side."""
        assert self.inverse.other is not None
        return self.inverse.other

    @property
    def target(self) -> str:
        """The object of the records on the other side."""
        assert self.field.relation is not None
        return self.field.relation.targets[0]


def links_at(objects: Mapping[str, ObjectDef], key: str, path: str) -> LinkList | None:
    """Give the list of links that a path (`people`, `project.people`) ends in; None where it ends in anything else."""
    *way, name = path.split(".")
    holder = objects.get(key)
    for step in way:
        field = holder.fields.get(step) if holder is not None else None
        target = field.relation.single_target if field is not None and field.relation is not None else None
        holder = objects.get(target) if target is not None else None
    inverse = holder.inverses.get(name) if holder is not None and name not in holder.fields else None
    if holder is None or inverse is None or inverse.other is None:
        return None
    return _link_list(objects, holder, inverse)


def link_lists(objects: Mapping[str, ObjectDef], object_def: ObjectDef) -> dict[str, LinkList]:
    """Give an object's lists of links by their names."""
    found = {name: links_at(objects, object_def.key, name) for name in object_def.inverses}
    return {name: each for name, each in found.items() if each is not None}


def written_links(records: Iterable[LinkedRecord], *, labelled: bool) -> str:
    """Write linked records as one cell: their titles with semicolons; ids where a title could be read otherwise.

    >>> written_links([LinkedRecord("1", "2", "Ann"), LinkedRecord("3", "4", "a; b")], labelled=True)
    'Ann; 4'
    """
    return "; ".join(each.title if labelled and _is_whole(each.title) else each.id for each in records)


def split_links(cell: str) -> list[str]:
    """Give the titles or keys that a cell names, in its order, also those that it names twice.

    >>> split_links("Ann; 王伟；Bob;")
    ['Ann', '王伟', 'Bob']
    """
    return [part for each in _SEPARATORS.split(cell) if (part := each.strip())]


def _is_whole(title: str) -> bool:
    return bool(title) and title == title.strip() and _SEPARATORS.search(title) is None


def _link_list(objects: Mapping[str, ObjectDef], holder: ObjectDef, inverse: InverseDef) -> LinkList | None:
    links = objects.get(inverse.object)
    far = links.fields.get(inverse.other or "") if links is not None else None
    if links is None or far is None or far.relation is None or not far.relation.targets:
        return None
    beyond = objects.get(far.relation.targets[0])
    if beyond is None:
        return None
    # On the side that declares them links have a label of their own; on the other one they are its records.
    label = links.label if inverse.owned else beyond.plural or beyond.label
    field = FieldDef(
        name=inverse.name, type=LINKS, app=links.app, at=far.at, label=label, relation=far.relation, history=False
    )
    return LinkList(holder=holder.key, inverse=inverse, field=field)
