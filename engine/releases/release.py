"""One release: the immutable, linked configuration that a request or run takes once and keeps.

It holds the metamodel and its tables; what other parts of the engine compile from these (expressions, rules, access)
they attach with `part`, made once and thrown away with the release. Storing and swapping releases is in `store`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from engine.errors import EngineError
from engine.releases.kept_trees import KeptTrees
from engine.releases.settings_in_force import SettingsInForce
from engine.storage.layout import StoredParts
from engine.storage.tables import Tables
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry

Part = TypeVar("Part")


class NoRelease(EngineError):
    """The database has no release yet: nothing was applied to it."""

    def __init__(self) -> None:
        super().__init__("There is no release yet; `fieldstone apply APP` makes one.")


class ReleaseAltered(EngineError):
    """A stored release is not what was published: its checksum does not fit."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"Release {number} was altered after it was published: its checksum does not fit.")


class ReleaseUnreadable(EngineError):
    """A stored release cannot be loaded by this program."""

    def __init__(self, number: int, problems: Sequence[object]) -> None:
        self.number = number
        self.problems = tuple(problems)
        shown = "; ".join(str(problem) for problem in self.problems[:3])
        super().__init__(f"Release {number} cannot be loaded: {shown}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInfo:
    """What people ask of a release: which, when, who, why."""

    number: int
    at: datetime
    author: str
    comment: str
    checksum: str


class Release:
    """A published configuration; everything reachable from it stays as it is.

    number: ascending from 1. stored: which formulas and titles are kept in columns. settings: the values of app
    settings in this environment; when one changes the release is made anew around the same definitions. trees: what is
    kept of its checked expressions and rules.
    """

    __slots__ = ("_lock", "_parts", "field_types", "info", "metamodel", "settings", "stored", "tables", "trees")

    def __init__(
        self,
        *,
        info: ReleaseInfo,
        metamodel: Metamodel,
        tables: Tables,
        stored: StoredParts,
        field_types: FieldTypeRegistry,
        settings: SettingsInForce,
        trees: KeptTrees,
    ) -> None:
        self.info = info
        self.metamodel = metamodel
        self.tables = tables
        self.stored = stored
        self.field_types = field_types
        self.settings = settings
        self.trees = trees
        self._lock = threading.RLock()
        self._parts: dict[Hashable, Any] = {}

    @property
    def number(self) -> int:
        """The release's number."""
        return self.info.number

    @property
    def sources(self) -> Mapping[str, str]:
        """The files it was made of: `folder/path` → text."""
        return self.metamodel.sources

    def with_settings(self, settings: SettingsInForce) -> Release:
        """Give the same release with other values of settings; what was compiled of it is compiled anew."""
        return Release(
            info=self.info,
            metamodel=self.metamodel,
            tables=self.tables,
            stored=self.stored,
            field_types=self.field_types,
            settings=settings,
            trees=self.trees,
        )

    def part(self, key: Hashable, factory: Callable[[Release], Part]) -> Part:
        """Give what `factory` makes of this release, made once whoever asks first.

        key: names the part, with the package's name in front (`"access"`, `("records.statements", "account")`).
        A factory may ask for other parts. Parts live as long as the release: keep what grows with requests elsewhere.
        """
        try:
            return cast(Part, self._parts[key])
        except KeyError:
            pass
        with self._lock:
            if key not in self._parts:
                self._parts[key] = factory(self)
            return cast(Part, self._parts[key])

    def __repr__(self) -> str:
        return f"Release({self.number})"
