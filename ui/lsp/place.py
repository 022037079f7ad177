"""What an author is writing at a place of a file: a key, a name of some kind, or an expression over some object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from metamodel.apps import Metamodel
from metamodel.folder import FileKind
from metamodel.objects import ObjectDef
from metamodel.schema_walk import SchemaWalk
from ui.lsp.yaml_place import YamlPlace, place_in_yaml

_HEAD = re.compile(r"^(?:object|extends|from):[ \t]*([a-z][\w.]*)", re.MULTILINE)
_RULE_START = re.compile(r"^[ \t]*(?:rule|approval|blueprint)\b", re.MULTILINE)
_RULE_OBJECT = re.compile(
    r"\bfor each (?:\w+ in )?([a-z]\w*)|\b(?:when|before)\s+(?:button \w+ on )?([a-z]\w*)|\bapproval \w+ on ([a-z]\w*)"
)
_OPTION_OF = re.compile(
    r"""([a-z_][\w.]*)\s*(?:=|!=|(?:not\s+)?in\s*\[[^\]]*?|\schanges\s+(?:from\s+["']\w+["']\s+)?(?:to|from))\s*["'](\w*)$"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file. schema: what the file's schema says of the value there. typed: what is there of the value."""

    kind: FileKind
    object_def: ObjectDef | None
    is_key: bool
    is_expression: bool
    typed: str
    path: tuple[str | int, ...] = ()
    schema: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """The key that the value is of; of a list's item the list's."""
        return next((str(step) for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def open_option(self) -> str | None:
        """The path of the choice whose option is being written in quotes."""
        found = _OPTION_OF.search(self.typed)
        return found.group(1) if found is not None and self.is_expression else None

    @property
    def word(self) -> str:
        """The name being written, with the path before it."""
        found = re.search(r"[\w.]*$", self.typed)
        return found.group() if found is not None else ""


def place_at(text: str, offset: int, kind: FileKind, metamodel: Metamodel | None, walk: SchemaWalk) -> Place:
    """Give what is written at a character of a file."""
    if kind is FileKind.RULES:
        return Place(kind=kind, object_def=_rule_object(text, offset, metamodel), is_key=False, is_expression=True,
                     typed=text[text.rfind("\n", 0, offset) + 1 : offset])  # fmt: skip
    place = place_in_yaml(text, offset)
    schema = walk.at(kind.value, place.path)
    is_expression = bool(schema) and str((schema or {}).get("description", "")).startswith("An expression")
    return Place(
        kind=kind,
        object_def=_object_of(text, place, metamodel),
        is_key=place.is_key,
        is_expression=is_expression and not place.is_key,
        typed=place.typed,
        path=place.path,
        schema=dict(schema) if schema else None,
    )


def _object_of(text: str, place: YamlPlace, metamodel: Metamodel | None) -> ObjectDef | None:
    if metamodel is None:
        return None
    if place.path[:1] in (("objects",), ("fields",)) and len(place.path) > 1:
        found = metamodel.find_object(str(place.path[1]).split(".")[0])
        if found is not None:
            return found
    head = _HEAD.search(text)
    return metamodel.find_object(head.group(1)) if head is not None else None


def _rule_object(text: str, offset: int, metamodel: Metamodel | None) -> ObjectDef | None:
    starts = [found.start() for found in _RULE_START.finditer(text, 0, offset)]
    rule = text[starts[-1] if starts else 0 : offset]
    names = [next(filter(None, found.groups()), "") for found in _RULE_OBJECT.finditer(rule)]
    known = (metamodel.find_object(name) for name in names) if metamodel is not None else ()
    return next((found for found in known if found is not None), None)
