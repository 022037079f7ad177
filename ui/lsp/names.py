"""What names of an app stand for: their types, labels, docs and places; for completion, hover and definition alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import Location
from metamodel.texts import Label, label_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A known name: what kind of thing it is, what to say of it, and where it stands."""

    name: str
    what: str
    detail: str
    at: Location | None = None


def objects_of(metamodel: Metamodel) -> Iterator[Known]:
    """Give all objects."""
    for key, object_def in metamodel.objects.items():
        yield Known(name=key, what="object", detail=f"object: {_label(object_def.label, key)}", at=object_def.at)


def fields_of(object_def: ObjectDef) -> Iterator[Known]:
    """Give an object's fields."""
    for field in object_def.fields.values():
        yield known_field(field, object_def.key)


def known_field(field: FieldDef, key: str) -> Known:
    """Say what a field is: its type, its label, what it points at."""
    to = ""
    if field.relation is not None:
        to = f" to {' or '.join(field.relation.targets) or 'any object'}"
    elif field.choice is not None:
        to = f" ({', '.join(field.choice.names)})"
    formula = f" = {field.formula.text}" if field.formula is not None else ""
    detail = f"{key}.{field.name}: {field.value_type}{to}{formula}, “{_label(field.label, field.name)}”"
    return Known(name=field.name, what="field", detail=detail, at=field.at)


def named(metamodel: Metamodel, kind: str) -> Iterator[Known]:
    """Give the definitions of a kind: roles, menus, reports, dashboards, calendars, option_sets, teams …"""
    if kind == "option_sets":
        yield from _option_sets(metamodel)
        return
    found: Mapping[str, Mapping[str, Any]] = {
        "roles": metamodel.roles,
        "menus": metamodel.menus,
        "reports": metamodel.reports,
        "dashboards": metamodel.dashboards,
        "calendars": metamodel.calendars,
        "teams": metamodel.teams,
        "queues": metamodel.queues,
        "settings": metamodel.settings,
    }
    for name, item in found.get(kind, {}).items():
        yield Known(
            name=name, what=kind.rstrip("s"), detail=f"{kind.rstrip('s')}: {_label(item.label, name)}", at=item.at
        )


def _option_sets(metamodel: Metamodel) -> Iterator[Known]:
    seen: set[str] = set()
    for object_def in metamodel.objects.values():
        for field in object_def.fields.values():
            choice = field.choice
            if choice is not None and choice.option_set is not None and choice.option_set not in seen:
                seen.add(choice.option_set)
                yield Known(name=choice.option_set, what="option set", detail=f"options: {', '.join(choice.names)}",
                            at=choice.options[0].at if choice.options else None)  # fmt: skip


def follow(metamodel: Metamodel, object_def: ObjectDef | None, path: str) -> tuple[ObjectDef, ...]:
    """Give the objects that a path over lookups leads to; the object itself for an empty path."""
    here: tuple[ObjectDef, ...] = (object_def,) if object_def is not None else ()
    for step in filter(None, path.split(".")):
        if step in ("this", "old"):
            continue
        if step == "user":
            here = tuple(found for found in (metamodel.find_object("user"),) if found is not None)
            continue
        relations = [o.fields[step].relation for o in here if step in o.fields]
        keys = [key for relation in relations if relation is not None for key in relation.targets]
        keys += [o.inverses[step].object for o in here if step in o.inverses]
        here = tuple(metamodel.objects[key] for key in keys if key in metamodel.objects)
    return here


def find_field(metamodel: Metamodel, object_def: ObjectDef | None, path: str) -> tuple[ObjectDef, FieldDef] | None:
    """Give the field at the end of a path."""
    before, _, name = path.rpartition(".")
    return next(((o, o.fields[name]) for o in follow(metamodel, object_def, before) if name in o.fields), None)


def readings(metamodel: Metamodel, object_def: ObjectDef | None, path: str) -> tuple[tuple[ObjectDef | None, str], ...]:
    """Give what a path may start at and the rest of it: a trigger names the object before the field (`deal.stage`)."""
    first, _, rest = path.partition(".")
    return (object_def, path), (metamodel.find_object(first), rest)


def _label(label: Label | None, name: str) -> str:
    texts = [text.text for _, text in label.texts] if label is not None else []
    return " / ".join(texts) if texts else label_text(label, "en", name)
