"""A record's values as expressions read them: formulas that are not kept in columns are computed when they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workflow_dsl.context import Context, Values


class RecordValues(dict[str, Any]):
    """A record's values; formulas that are not kept are computed at their first reading."""

    __slots__ = ("_computations", "_make_context")

    def __init__(
        self,
        values: Mapping[str, Any],
        computations: Mapping[str, Callable[[Context], Any]],
        make_context: Callable[[Values], Context],
    ) -> None:
        super().__init__(values)
        self._computations = computations
        self._make_context = make_context

    def __missing__(self, name: str) -> Any:
        compute = self._computations.get(name)
        if compute is None:
            return None
        value = self[name] = compute(self._make_context(self))
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """Give a value, computed where it is not kept."""
        if name in self or name in self._computations:
            return self[name]
        return default
