"""What a reader may see of the values in an explained condition: of the rule's record, and of others it leads to.

An explained part names what it reads: `amount`, a field of the rule's record; `account>account/tier`, a field of the
record that its lookup `account` leads to; `>task/status`, a field of rows, of who acts or of a named record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from functools import cached_property
from typing import Any

from workflow_dsl.typed import FieldPath, RootKind

_OWN = (RootKind.THIS, RootKind.OLD)


def names_read(path: FieldPath) -> set[str]:
    """Give what a path reads."""
    own = path.root.kind in _OWN
    found: set[str] = set()
    via = ""
    objects: tuple[str, ...] = () if own else path.root.objects
    for step in path.steps:
        if own and not via:
            via = step.field.name
            found.add(via)
        else:
            found |= {f"{via}>{key}/{step.field.name}" for key in objects}
            # What lies behind a second lookup is known to be readable only where all such records are.
            via = f"{via}." if via else ""
        objects = step.targets
    if path.field is not None:
        if own and not path.steps:
            found.add(path.field.name)
        else:
            found |= {f"{via}>{key}/{path.field.name}" for key in path.holders or objects}
    return found


class ConditionEyes(Container[str]):
    """What of it a reader may see.

    own: fields of the rule's record. whole: object → its fields that the reader may read in every readable record.
    all_seen: whether every record of an object may be read. near: the lookups of the record that lead to a record the
    reader may read, asked for when first needed.
    """

    def __init__(
        self,
        own: frozenset[str],
        whole: Callable[[str], Collection[str]],
        all_seen: Callable[[str], bool],
        near: Callable[[], frozenset[str]],
    ) -> None:
        self.own = own
        self._whole = whole
        self._all_seen = all_seen
        self._find_near = near

    @cached_property
    def _near(self) -> frozenset[str]:
        return self._find_near()

    def __contains__(self, name: Any) -> bool:
        via, beyond, rest = str(name).partition(">")
        if not beyond:
            return name in self.own
        key, _, field = rest.partition("/")
        if field not in self._whole(key):
            return False
        # Rows are looked at with their author's eyes, as roll-ups are; of one record it must be this reader's.
        return not via or self._all_seen(key) or via in self._near
