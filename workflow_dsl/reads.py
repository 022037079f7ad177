"""What an expression reads: for indexing rules and formulas by field, and for asking whether a role may read it all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from metamodel.quick_making import quickly_made


class Read(NamedTuple):
    """A field of an object that an expression reads, directly or along a path or list."""

    object: str
    field: str


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Everything an expression depends on.

    own: fields of the record itself (`this`, and the same names over `old`). fields: (object, field) of all records,
    the record itself included. lists: (object, inverse list) of aggregates; ("order", "") for all rows of an object.
    now, today, user, old: whether these are read. settings: names of `app.…`. memory_only: parts SQL can't run.
    """

    own: frozenset[str] = frozenset()
    fields: frozenset[Read] = frozenset()
    lists: frozenset[Read] = frozenset()
    now: bool = False
    today: bool = False
    user: bool = False
    old: bool = False
    settings: frozenset[str] = frozenset()
    along_paths: frozenset[Read] = frozenset()
    memory_only: tuple[str, ...] = ()

    def joined(self, other: Reads) -> Reads:
        """Give what both read together."""
        return Reads(
            own=self.own | other.own,
            fields=self.fields | other.fields,
            lists=self.lists | other.lists,
            now=self.now or other.now,
            today=self.today or other.today,
            user=self.user or other.user,
            old=self.old or other.old,
            settings=self.settings | other.settings,
            along_paths=self.along_paths | other.along_paths,
            memory_only=(*self.memory_only, *other.memory_only),
        )

    @property
    def is_stable(self) -> bool:
        """Whether the value depends on the record's own fields only, so that it can be stored with the record."""
        others = self.lists or self.now or self.today or self.user or self.old or self.settings
        return not others and not self.along_paths
