"""Merges extensions into the node of the object they extend: lists grow, fields and views are added or overridden.

Works on nodes, so that what an extension overrides is read by the same readers and every part keeps its own place.
"""

from __future__ import annotations

from collections.abc import Iterable

from metamodel.names import did_you_mean
from metamodel.source import Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

DEFAULT_PRIORITY = 100
_HEAD = frozenset(("extends", "priority"))
_GROWING = frozenset(("validations", "unique", "duplicates", "search"))
_NAMED = frozenset(("views", "layouts", "record_types", "quality"))
_GROWING_LAYOUT = frozenset(("sections", "highlights", "related", "actions"))
GROWING_PARTS = _GROWING | _GROWING_LAYOUT


def priority(extension: Mapping) -> int:
    """Give an extension's priority; of two, the one with the higher number wins."""
    node = extension.get("priority")
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else DEFAULT_PRIORITY


def merge_extensions(base: Mapping, extensions: Iterable[Mapping], problems: Problems) -> Mapping:
    """Give the object's node with its extensions merged in by priority.

    Problems: OBJ231 a field added twice, OBJ232 an override of a field that is not there, OBJ233 a view added twice.
    """
    added: dict[str, Entry] = {}
    added_views: dict[str, Entry] = {}
    merged = base
    for extension in sorted(extensions, key=priority):
        for entry in extension.entries:
            if entry.key.text in _HEAD or not _is_of_its_kind(entry):
                continue
            own = merged.get(entry.key.text)
            if entry.key.text == "fields" and isinstance(entry.value, Mapping):
                merged = _set(merged, entry.key, _merge_fields(own, entry.value, added, problems))
            elif entry.key.text == "layout":
                merged = _set(merged, entry.key, _merge_layout(own, entry.value))
            elif entry.key.text in _NAMED:
                if entry.key.text == "views":
                    _check_views(own, entry.value, added_views, problems)
                merged = _set(merged, entry.key, _merge_deep(own, entry.value, depth=2))
            elif entry.key.text in _GROWING:
                merged = _set(merged, entry.key, _append(own, entry.value))
            else:
                merged = _set(merged, entry.key, entry.value)
    return merged


def _is_of_its_kind(entry: Entry) -> bool:
    """Tell whether a part is what it must be; one that is not was told of, and must not take the object's own away."""
    if entry.key.text in ("fields", "layout") or entry.key.text in _NAMED:
        return isinstance(entry.value, Mapping)
    if entry.key.text in _GROWING:
        return isinstance(entry.value, Sequence)
    return not _is_nothing(entry.value)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _merge_fields(own: Node | None, extra: Mapping, added: dict[str, Entry], problems: Problems) -> Node:
    merged = own if isinstance(own, Mapping) else Mapping(extra.source, (), extra.line, extra.column)
    for entry in extra.entries:
        name, keys = entry.key.text, entry.value
        current = merged.get(name)
        has_type = isinstance(keys, Mapping) and keys.get("type") is not None
        if current is None and has_type:
            added[name] = entry
            merged = _set(merged, entry.key, keys)
        elif current is None:
            hint = did_you_mean(name, (e.key.text for e in merged.entries)) or "a new field needs a 'type'"
            message = f"there is no field '{name}' to override"
            problems.report("OBJ232", message, entry.key.at, hint=hint, length=entry.key.length)
        elif has_type:
            first = added[name].key if name in added else merged.key(name)
            hint = f"it stands in {first.at}" if first is not None else ""
            message = f"the field '{name}' exists already"
            problems.report("OBJ231", message, entry.key.at, hint=hint, length=entry.key.length)
        elif isinstance(keys, Mapping):
            merged = _set(merged, merged.key(name) or entry.key, _merge_deep(current, keys, depth=2))
    return merged


def _check_views(own: Node | None, extra: Node, added: dict[str, Entry], problems: Problems) -> None:
    """Tell of a view that two extensions add; one of the object itself may be overridden."""
    for entry in extra.entries if isinstance(extra, Mapping) else ():
        name = entry.key.text
        first = added.get(name)
        if first is not None:
            message = f"the view '{name}' is added by two extensions"
            hint = f"it stands in {first.key.at} already"
            problems.report("OBJ233", message, entry.key.at, hint=hint, length=entry.key.length)
        elif not isinstance(own, Mapping) or own.get(name) is None:
            added[name] = entry


def _merge_layout(own: Node | None, extra: Node) -> Node:
    if not isinstance(own, Mapping) or not isinstance(extra, Mapping):
        return extra
    merged = own
    for entry in extra.entries:
        grows = entry.key.text in _GROWING_LAYOUT
        if grows and not isinstance(entry.value, Sequence):
            continue
        value = _append(merged.get(entry.key.text), entry.value) if grows else entry.value
        merged = _set(merged, entry.key, value)
    return merged


def _merge_deep(own: Node | None, extra: Node, *, depth: int) -> Node:
    """Override key by key, `depth` levels down; a label with languages is replaced language by language."""
    if isinstance(own, Mapping) and _is_nothing(extra):
        return own
    if depth == 0 or not isinstance(own, Mapping) or not isinstance(extra, Mapping):
        return extra
    merged = own
    for entry in extra.entries:
        merged = _set(merged, entry.key, _merge_deep(merged.get(entry.key.text), entry.value, depth=depth - 1))
    return merged


def _append(own: Node | None, extra: Node) -> Node:
    if not isinstance(own, Sequence) or not isinstance(extra, Sequence):
        return extra
    # Names that stand in both lists count once; validations and sections are never the same.
    there = {item.text for item in own.items if isinstance(item, Scalar)}
    added = tuple(item for item in extra.items if not (isinstance(item, Scalar) and item.text in there))
    return own._replace(items=own.items + added)


def _set(node: Mapping, key: Scalar, value: Node) -> Mapping:
    """Give the mapping with a key's value replaced where it stands, or added at the end."""
    if node.get(key.text) is None:
        return node._replace(entries=(*node.entries, Entry(key, value)))
    return node._replace(entries=tuple(Entry(e.key, value) if e.key.text == key.text else e for e in node.entries))
