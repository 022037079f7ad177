"""Heads of the columns of a file: what export writes above a field's column, and which column a head means.

A head is a field's name (`amount`, `amount.currency`), its label in any language the app has, or `Label (name)`
where a label alone could mean another column. Paths over lookups have heads too, though nobody can fill them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from metamodel.field_types import FieldTypeRegistry
from metamodel.fields import FieldDef
from metamodel.link_lists import LinkList, link_lists
from metamodel.objects import ObjectDef
from metamodel.texts import label_texts

JOINT = " · "
"""Stands between the labels of a path or part."""


class ColumnNames:
    """The columns that files of one object may have. links: its lists of links by name."""

    def __init__(
        self, object_def: ObjectDef, types: FieldTypeRegistry, links: Mapping[str, LinkList] = MappingProxyType({})
    ) -> None:
        self._object = object_def
        self._types = types
        self._links = links
        self._meant: dict[str, set[str]] = {}
        for name, each in links.items():
            for label in _labels(each.field):
                self._meant.setdefault(label, set()).add(name)
                self._meant.setdefault(f"{label} ({name})", set()).add(name)
        for name, field in object_def.fields.items():
            for part in types.of(field).cell_parts(field):
                key = f"{name}.{part.name}" if part.name else name
                for label in _labels(field):
                    for tail in {joined(label, part.label(each)) for each in ("en", "zh")}:
                        self._meant.setdefault(tail, set()).add(key)
                        self._meant.setdefault(f"{tail} ({key})", set()).add(key)

    def column_of(self, head: str) -> str | None:
        """Give the field or part (`amount.currency`) that a head means; None where it means none or several."""
        if head in self._links:
            return head
        whole, _, part = head.partition(".")
        field = self._object.fields.get(whole)
        if field is not None and (not part or part in {each.name for each in self._types.of(field).cell_parts(field)}):
            return head
        found = self._meant.get(head.strip(), set())
        return next(iter(found)) if len(found) == 1 else None

    def head(self, column: str, label: str) -> str:
        """Give the head of a column that has a label: the label, with the name where it alone would not be enough."""
        return label if self.column_of(label) == column else f"{label} ({column})"


def joined(label: str, part: str) -> str:
    """Give the label of a part of a field."""
    return f"{label}{JOINT}{part}" if part else label


def is_path_beyond(head: str, object_def: ObjectDef, objects: Mapping[str, ObjectDef]) -> bool:
    """Say whether a head, in names or labels, is a path over a lookup: something of another record."""
    for separator, called in ((".", _is_named), (JOINT, _is_labelled)):
        steps = [step.strip() for step in head.split(separator)]
        if len(steps) > 1 and _reaches(steps, object_def, objects, called):
            return True
    return False


def _reaches(
    steps: list[str], object_def: ObjectDef, objects: Mapping[str, ObjectDef], called: Callable[[FieldDef, str], bool]
) -> bool:
    fields = [field for field in object_def.fields.values() if called(field, steps[0])]
    if len(steps) == 1:
        links = link_lists(objects, object_def)
        return bool(fields) or any(called(each.field, steps[0]) for each in links.values())
    targets = {key for field in fields if field.relation is not None for key in field.relation.targets or objects}
    return any(_reaches(steps[1:], objects[key], objects, called) for key in targets if key in objects)


def _is_named(field: FieldDef, text: str) -> bool:
    return field.name == text


def _is_labelled(field: FieldDef, text: str) -> bool:
    return text in _labels(field)


def _labels(field: FieldDef) -> set[str]:
    return {text.strip() for text in label_texts(field.label, field.name)}
