"""What a run of an older release names and the current one has no more: its steps would read it as empty, in silence.

Values that are written are the door's to refuse; here are those that are read, and the records that actions are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from engine.automation.program import Action, Rows, Value
from metamodel.apps import Metamodel
from workflow_dsl.typed import Aggregate, FieldPath, InverseSource, Typed
from workflow_dsl.typed_walk import walk


class GoneParts:
    """Looks actions of older releases through; metamodel: the current one."""

    def __init__(self, metamodel: Metamodel) -> None:
        self._objects = metamodel.objects

    def of_action(self, action: Action) -> str | None:
        """Say what an action reads that is gone, None where all is there; of a block only what stands at its head."""
        own = [getattr(action, each.name) for each in fields(action)]
        lists = (gone for part in own if isinstance(part, Rows) and (gone := self._of_list(part)))
        values = (gone for part in own for value in _values(part) if (gone := self.of_value(value)))
        return next(lists, None) or next(values, None)

    def of_value(self, value: Value) -> str | None:
        """Say what a value reads that is gone, None where all is there."""
        return next((gone for node in walk(value.typed) if (gone := self._of_node(node))), None)

    def _of_list(self, rows: Rows) -> str | None:
        if rows.object is not None and (gone := self._missing((rows.object,), None)):
            return gone
        holder = self._objects.get(rows.base_object or "")
        if rows.list_name is None or holder is None or rows.list_name in holder.inverses:
            return None
        return f"The list '{rows.list_name}' of {holder.key} is gone since the run began."

    def _of_node(self, node: Typed) -> str | None:
        if isinstance(node, FieldPath):
            return self._of_path(node)
        if isinstance(node, Aggregate):
            source = node.source
            if isinstance(source, InverseSource):
                return self._missing((source.inverse.object,), source.inverse.field)
            return self._missing((source.object,), None)
        return None

    def _of_path(self, path: FieldPath) -> str | None:
        objects: tuple[str, ...] = path.root.objects
        for step in path.steps:
            if gone := self._missing(objects, step.field.name):
                return gone
            objects = step.targets
        return self._missing(path.holders or objects, path.field.name) if path.field is not None else None

    def _missing(self, objects: Iterable[str], name: str | None) -> str | None:
        keys = tuple(objects)
        found = [self._objects[key] for key in keys if key in self._objects]
        if keys and not found:
            return f"The object '{keys[0]}' is gone since the run began."
        if name is not None and found and all(name not in each.fields for each in found):
            return f"The field '{name}' of {found[0].key} is gone since the run began."
        return None


def _values(part: Any) -> Iterator[Value]:
    """Give the values in a part of an action; the actions in its blocks are looked at in their turn."""
    if isinstance(part, Value):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _values(each)
    elif is_dataclass(part) and not isinstance(part, type | Action):
        for each in fields(part):
            yield from _values(getattr(part, each.name))
