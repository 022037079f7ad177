"""What the word under the cursor stands for: for hover and for going to its definition."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry
from ui.lsp.completing import complete
from ui.lsp.names import Known, find_field, known_field, readings
from ui.lsp.place import Place
from workflow_dsl.functions import FunctionRegistry

_WORD = re.compile(r"[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A path under the cursor, up to the end of the step that the cursor is on, and where that step stands."""

    path: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The step alone."""
        return self.path.rpartition(".")[2]


def word_at(text: str, offset: int) -> Word | None:
    """Give the word at a character; None between words."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    for found in _WORD.finditer(line):
        if found.start() <= offset - start <= found.end():
            rest = line[offset - start : found.end()].split(".")[0]
            last = offset - start + len(rest)
            path = line[found.start() : last]
            return Word(path=path, start=start + last - len(path.rpartition(".")[2]), end=start + last)
    return None


def look_up(
    word: Word, place: Place, metamodel: Metamodel | None, types: FieldTypeRegistry, functions: FunctionRegistry
) -> Known | None:
    """Say what a word stands for at a place."""
    if metamodel is not None:
        if place.open_option is None and "." in word.path:
            for start, path in readings(metamodel, place.object_def, word.path):
                found = find_field(metamodel, start, path)
                if found is not None:
                    return known_field(found[1], found[0].key)
        if place.path[-1:] == ("fields",) and place.is_key and place.object_def is not None:
            field = place.object_def.fields.get(word.name)
            if field is not None:
                return known_field(field, place.object_def.key)
    known = {item.name: item for item in reversed(tuple(complete(place, metamodel, types, functions)))}
    return known.get(word.name)
