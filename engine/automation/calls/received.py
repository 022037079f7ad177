"""What a webhook or a plugin's event brought, as expressions read it: a key that is not there is empty, and noted.

So a payload of another form than the rule expects is a problem that its trace names, not a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

PAYLOAD = "payload"
Note = Callable[[str], None]


class ReceivedValues(dict[str, Any]):
    """One object of a payload. path: how rules name it. note: told the path of each key that is asked for in vain."""

    __slots__ = ("_note", "_path")

    def __init__(self, values: Mapping[str, Any], path: str, note: Note) -> None:
        super().__init__(values)
        self._path = path
        self._note = note

    def get(self, key: str, default: Any = None) -> Any:
        """Give a value; objects inside note what is missing too."""
        if key not in self:
            self._note(f"{self._path}.{key}")
            return default
        found = self[key]
        return ReceivedValues(found, f"{self._path}.{key}", self._note) if isinstance(found, Mapping) else found


def noting(names: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
    """Give a rule's names with a payload that notes what it lacks."""
    payload = names.get(PAYLOAD)
    if not isinstance(payload, Mapping):
        return names
    return {**names, PAYLOAD: ReceivedValues(payload, PAYLOAD, note)}
