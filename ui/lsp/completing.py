"""What could stand at a place: keys and values of the schema, objects, fields after a path, functions, options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry
from metamodel.folder import FileKind
from ui.lsp.names import Known, fields_of, find_field, follow, named, objects_of, readings
from ui.lsp.place import Place
from workflow_dsl.functions import FunctionRegistry

_OF_OBJECTS = frozenset(("object", "to", "extends", "from"))
_OF_FIELDS = frozenset(
    "fields highlights columns card search sort field by path sum unique requires copy_from depends_on of groups "
    "across date match".split()
)
_NAMED: Mapping[str, str] = MappingProxyType(
    {"includes": "roles", "roles": "roles", "role": "roles", "menus": "menus", "report": "reports",
     "dashboard": "dashboards", "calendar": "calendars", "options": "option_sets", "team": "teams"}
)  # fmt: skip
_WORDS = (
    "and or not in is between contains matches empty true false today now user this old where starts ends with has "
    "last next if case".split()
)
_RULE_WORDS = (
    "rule when before then else end set create update delete restore add remove tag post comment notify send email "
    "call webhook assign to reject warn wait for each do stop log unless changes comes match rises above falls below "
    "is created updated saved deleted priority retry times blueprint use".split()
)


def complete(
    place: Place, metamodel: Metamodel | None, types: FieldTypeRegistry, functions: FunctionRegistry
) -> Iterator[Known]:
    """Give what could stand at a place."""
    if metamodel is None:
        yield from _of_schema(place, types)
    elif place.open_option is not None:
        yield from _options(place, metamodel)
    elif place.is_expression:
        yield from _of_expression(place, metamodel, functions)
    else:
        yield from _of_schema(place, types)
        if not place.is_key:
            yield from _of_names(place, metamodel)
        elif place.path and place.path[-1] == "objects" and place.kind is FileKind.ROLE:
            yield from objects_of(metamodel)


def _options(place: Place, metamodel: Metamodel) -> Iterator[Known]:
    for start, path in readings(metamodel, place.object_def, place.open_option or ""):
        found = find_field(metamodel, start, path)
        if found is not None and found[1].choice is not None:
            for option in found[1].choice.options:
                yield Known(name=option.name, what="option", detail=f"option of {found[1].name}", at=option.at)
            return


def _of_expression(place: Place, metamodel: Metamodel, functions: FunctionRegistry) -> Iterator[Known]:
    before, dot, _ = place.word.rpartition(".")
    if before == "app":
        yield from named(metamodel, "settings")
        return
    reached = (follow(metamodel, *start) for start in readings(metamodel, place.object_def, before))
    for object_def in next(filter(None, reached), ()):
        yield from fields_of(object_def)
        if not dot:
            for name, inverse in object_def.inverses.items():
                yield Known(name=name, what="list", detail=f"related list: {inverse.object}")
    if dot:
        found = find_field(metamodel, place.object_def, before)
        if found is not None and found[1].choice is not None:
            for name, type_name in found[1].choice.attribute_types:
                yield Known(name=name, what="attribute", detail=f"{type_name}, of the options of {found[1].name}")
        return
    for function in functions:
        yield Known(name=function.name, what="function", detail=f"{'; '.join(function.written)}: {function.doc}")
    yield from objects_of(metamodel)
    words: Iterable[str] = (*_WORDS, *_RULE_WORDS) if place.kind is FileKind.RULES else _WORDS
    for word in words:
        yield Known(name=word, what="keyword", detail="keyword")


def _of_schema(place: Place, types: FieldTypeRegistry) -> Iterator[Known]:
    schema = place.schema or {}
    if place.is_key:
        for name, part in schema.get("properties", {}).items():
            yield Known(name=name, what="key", detail=str(part.get("description", "key")))
    elif place.key == "type" and "fields" in place.path:
        for field_type in types:
            yield Known(
                name=field_type.name, what="type", detail=f"field type; keys: {', '.join(sorted(field_type.keys))}"
            )
    else:
        for value in schema.get("enum", ()):
            yield Known(name=str(value), what="value", detail=f"value of '{place.key}'")
        if schema.get("type") == "boolean":
            yield from (Known(name=word, what="value", detail="true or false") for word in ("true", "false"))


def _of_names(place: Place, metamodel: Metamodel) -> Iterator[Known]:
    if place.key in _OF_OBJECTS:
        yield from objects_of(metamodel)
    if place.key in _NAMED:
        yield from named(metamodel, _NAMED[place.key])
    if place.key in _OF_FIELDS:
        before = place.word.rpartition(".")[0]
        for object_def in follow(metamodel, place.object_def, before):
            yield from fields_of(object_def)
    if place.key == "related" and place.object_def is not None:
        for name, inverse in place.object_def.inverses.items():
            yield Known(name=name, what="list", detail=f"related list: {inverse.object}")
    if place.key == "view" and place.object_def is not None:
        for view in place.object_def.views.values():
            yield Known(name=view.name, what="view", detail="view", at=view.at)
