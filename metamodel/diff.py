"""Says in which ways one metamodel differs from another; renames are told by `was:`.

`was:` may stay in a file after the rename: it counts only while the older side has the old name and not the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from metamodel.apps import AppDef, Metamodel
from metamodel.changes import (
    Change,
    FieldAdded,
    FieldChanged,
    FieldRemoved,
    FieldRenamed,
    FieldTypeChanged,
    How,
    ObjectAdded,
    ObjectChanged,
    ObjectRemoved,
    ObjectRenamed,
    OptionAdded,
    OptionRemoved,
    OptionRenamed,
    PartChanged,
    PartKind,
    UniqueAdded,
    UniqueRemoved,
)
from metamodel.comparing import changed_keys, says_the_same
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText

_OBJECT_PARTS = frozenset(("key", "name", "fields", "validations", "unique", "layout", "views", "inverses", "was"))
_FIELD_PARTS = frozenset(("name", "type", "result_type", "choice", "was"))
_NAMED_PARTS: tuple[tuple[PartKind, Callable[[Metamodel], Mapping[str, object]]], ...] = (
    (PartKind.ROLE, lambda metamodel: metamodel.roles),
    (PartKind.MENU, lambda metamodel: metamodel.menus),
    (PartKind.TEMPLATE, lambda metamodel: metamodel.templates),
    (PartKind.CONNECTION, lambda metamodel: metamodel.connections),
    (PartKind.SETTING, lambda metamodel: metamodel.settings),
    (PartKind.TEAM, lambda metamodel: metamodel.teams),
    (PartKind.QUEUE, lambda metamodel: metamodel.queues),
    (PartKind.CURRENCY, lambda metamodel: metamodel.currencies),
    (PartKind.DECISION_TABLE, lambda metamodel: metamodel.decisions),
    (PartKind.CONNECTOR, lambda metamodel: metamodel.connectors),
)


def diff(old: Metamodel | None, new: Metamodel) -> tuple[Change, ...]:
    """Give the changes that lead from `old` (None = nothing yet) to `new`: objects with their parts, then the rest."""
    old_objects: Mapping[str, ObjectDef] = old.objects if old is not None else {}
    before = renamed_from(old_objects, new.objects)
    new_keys = {was: key for key, was in before.items()}
    changes: list[Change] = []
    for key, object_def in new.objects.items():
        if key not in before:
            changes.append(ObjectAdded(object=key))
            continue
        if before[key] != key:
            changes.append(ObjectRenamed(old=before[key], object=key))
        changes.extend(_object_changes(old_objects[before[key]], object_def, new_keys))
    changes += [ObjectRemoved(object=key) for key in old_objects if key not in new_keys]
    changes.extend(_other_changes(old, new))
    return tuple(changes)


def renamed_from(old: Mapping[str, ObjectDef], new: Mapping[str, ObjectDef]) -> dict[str, str]:
    """Give new key → old key of the objects that both sides have."""
    before = {key: key for key in new if key in old}
    for key, object_def in new.items():
        if key in old or object_def.was is None:
            continue
        was = next((k for k, o in old.items() if o.name == object_def.was and o.app == object_def.app), None)
        if was is not None and was not in new and was not in before.values():
            before[key] = was
    return before


def _object_changes(old: ObjectDef, new: ObjectDef, new_keys: Mapping[str, str]) -> Iterator[Change]:
    keys = changed_keys(old, new, _OBJECT_PARTS)
    if keys:
        yield ObjectChanged(object=new.key, keys=keys)
    yield from _fields_changes(old, new, new_keys)
    old_unique, new_unique = {u.fields for u in old.unique}, {u.fields for u in new.unique}
    for unique in new.unique:
        if unique.fields not in old_unique:
            yield UniqueAdded(object=new.key, fields=unique.fields)
    for unique in old.unique:
        if unique.fields not in new_unique:
            yield UniqueRemoved(object=new.key, fields=unique.fields)
    validations = ({v.name: v for v in old.validations}, {v.name: v for v in new.validations})
    yield from _parts(PartKind.VALIDATION, *validations, object_key=new.key)
    yield from _parts(PartKind.VIEW, old.views, new.views, object_key=new.key)
    if not says_the_same(old.layout, new.layout):
        yield PartChanged(kind=PartKind.LAYOUT, name="layout", how=How.CHANGED, object=new.key)


def _fields_changes(old: ObjectDef, new: ObjectDef, new_keys: Mapping[str, str]) -> Iterator[Change]:
    before = renamed_names(old.fields, new.fields)
    for name, field in new.fields.items():
        if name not in before:
            yield FieldAdded(object=new.key, field=name)
            continue
        if before[name] != name:
            yield FieldRenamed(object=new.key, old=before[name], field=name)
        yield from _field_changes(new.key, old.fields[before[name]], field, new_keys)
    kept = set(before.values())
    for name in old.fields:
        if name not in kept:
            yield FieldRemoved(object=new.key, field=name)


def renamed_names(old: Mapping[str, FieldDef], new: Mapping[str, FieldDef]) -> dict[str, str]:
    """Give new name → old name of the fields that both sides have."""
    before = {name: name for name in new if name in old}
    for name, field in new.items():
        if name not in old and field.was in old and field.was not in new and field.was not in before.values():
            before[name] = field.was or name
    return before


def _field_changes(key: str, old: FieldDef, new: FieldDef, new_keys: Mapping[str, str]) -> Iterator[Change]:
    if old.value_type != new.value_type or (old.type == "rollup") != (new.type == "rollup"):
        yield FieldTypeChanged(object=key, field=new.name, old=old.value_type, new=new.value_type)
    keys = changed_keys(_with_new_targets(old, new_keys), new, _FIELD_PARTS)
    if keys:
        yield FieldChanged(object=key, field=new.name, keys=keys)
    yield from _option_changes(key, old, new)


def _with_new_targets(field: FieldDef, new_keys: Mapping[str, str]) -> FieldDef:
    """Give the field as if it pointed at renamed objects by their new keys."""
    if field.relation is None or all(new_keys.get(t, t) == t for t in field.relation.targets):
        return field
    targets = tuple(new_keys.get(target, target) for target in field.relation.targets)
    return replace(field, relation=replace(field.relation, targets=targets))


def _option_changes(key: str, old: FieldDef, new: FieldDef) -> Iterator[Change]:
    if old.choice is None or new.choice is None:
        return
    had = {option.name: option for option in old.choice.options}
    has = {option.name: option for option in new.choice.options}
    kept = {name for name in has if name in had}
    is_changed = old.choice.names != new.choice.names or not says_the_same(
        (old.choice.transitions, old.choice.attribute_types, old.choice.depends_on),
        (new.choice.transitions, new.choice.attribute_types, new.choice.depends_on),
    )
    for name, option in has.items():
        if name in had:
            is_changed = is_changed or not says_the_same(replace(had[name], was=None), replace(option, was=None))
        elif option.was in had and option.was not in has and option.was not in kept:
            kept.add(option.was)
            yield OptionRenamed(object=key, field=new.name, old=option.was, option=name)
        else:
            yield OptionAdded(object=key, field=new.name, option=name)
    for name in had:
        if name not in kept:
            yield OptionRemoved(object=key, field=new.name, option=name)
    if is_changed:
        yield FieldChanged(object=key, field=new.name, keys=("choice",))


def _other_changes(old: Metamodel | None, new: Metamodel) -> Iterator[Change]:
    for kind, parts_of in _NAMED_PARTS:
        yield from _parts(kind, parts_of(old) if old is not None else {}, parts_of(new))
    yield from _parts(PartKind.APP, _apps(old), _apps(new))
    yield from _parts(
        PartKind.RULE_FILE, _texts(old, lambda app: app.rule_files), _texts(new, lambda app: app.rule_files)
    )
    yield from _parts(
        PartKind.DATA_FILE, _texts(old, lambda app: app.data_files), _texts(new, lambda app: app.data_files)
    )


def _apps(metamodel: Metamodel | None) -> dict[str, object]:
    if metamodel is None:
        return {}
    return {app.name: replace(app, rule_files=(), data_files=(), settings={}) for app in metamodel.apps}


def _texts(metamodel: Metamodel | None, of: Callable[[AppDef], tuple[LocatedText, ...]]) -> dict[str, object]:
    apps = metamodel.apps if metamodel is not None else ()
    return {text.at.file: text.text for app in apps for text in of(app)}


def _parts(
    kind: PartKind, old: Mapping[str, object], new: Mapping[str, object], *, object_key: str | None = None
) -> Iterator[Change]:
    for name, part in new.items():
        if name not in old:
            yield PartChanged(kind=kind, name=name, how=How.ADDED, object=object_key)
        elif not says_the_same(old[name], part):
            yield PartChanged(kind=kind, name=name, how=How.CHANGED, object=object_key)
    for name in old:
        if name not in new:
            yield PartChanged(kind=kind, name=name, how=How.REMOVED, object=object_key)
