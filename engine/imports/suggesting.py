"""Suggests which field each column of a file fills: by name and label first, then by what looks alike.

A field is suggested once. What is wrong with a mapping is for `binding` to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from engine.imports.heads import ID
from engine.spreadsheet_cells import unguarded
from metamodel.column_names import ColumnNames
from metamodel.field_types import FieldTypeRegistry
from metamodel.link_lists import link_lists
from metamodel.objects import ObjectDef
from metamodel.texts import label_text, label_texts

_ALIKE = 0.8
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a column may fill: a field, a part of one, a list of links, or the record's id."""

    name: str
    label: str


class Targets:
    """What columns may fill in one object, for one actor. fillable: what `Imports.fillable` gave."""

    def __init__(
        self,
        object_def: ObjectDef,
        objects: Mapping[str, ObjectDef],
        types: FieldTypeRegistry,
        fillable: Collection[str],
        language: str,
    ) -> None:
        self._object = object_def
        self._links = link_lists(objects, object_def)
        self._names = ColumnNames(object_def, types, self._links)
        self._types = types
        found = [target for name in object_def.fields if name in fillable for target in self._of_field(name, language)]
        for name, each in self._links.items():
            if name in fillable:
                found.append(Target(name=name, label=label_text(each.field.label, language, name)))
        self.all = (*found, Target(name=ID, label="ID"))

    def suggest(self, heads: Sequence[str]) -> Mapping[str, str]:
        """Give the target of each head that has one."""
        known = {each.name for each in self.all}
        found: dict[str, str] = {}
        for head in filter(None, heads):
            meant = self._names.column_of(unguarded(head))
            if meant in known and meant not in found.values():
                found[head] = str(meant)
        words = {word: name for name in known for word in self._words(name)}
        for head in filter(None, heads):
            close = get_close_matches(_bare(head), words, n=1, cutoff=_ALIKE) if head not in found else []
            if close and words[close[0]] not in found.values():
                found[head] = words[close[0]]
        return found

    def match_for(self, mapped: Collection[str]) -> str:
        """Suggest the field that finds known records: the id, an external id, one that is unique; "" for none."""
        if ID in mapped:
            return ID
        fields = [field for name, field in self._object.fields.items() if name in mapped]
        chosen = [each for each in fields if each.external_id] or [each for each in fields if each.unique]
        return chosen[0].name if chosen else ""

    def _of_field(self, name: str, language: str) -> list[Target]:
        field = self._object.fields[name]
        label = label_text(field.label, language, name)
        parts = self._types.of(field).cell_parts(field)
        found = [Target(name=f"{name}.{p.name}", label=f"{label} · {p.label(language)}") for p in parts if p.name]
        return [Target(name=name, label=label), *found]

    def _words(self, name: str) -> list[str]:
        field = self._object.fields.get(name)
        texts = sorted(label_texts(field.label, name)) if field is not None and name != ID else ()
        return [bare for text in (name, *texts) if (bare := _bare(text))]


def _bare(text: str) -> str:
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())
