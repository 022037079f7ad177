"""What an API token takes away from its user's roles: a limit to some actions on some objects, and to some rights.

A limit is held as one more name among the roles of an actor, so that whatever is compiled and kept for a set of roles
is so for each limit too. No role can have such a name. It only ever takes away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from metamodel.access import OBJECT_ACTIONS

LIMIT = "limit:"
READ, WRITE, ALL = "read", "write", "*"
RIGHT = "right"
_READING = frozenset(("read", "export"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is left. everywhere: actions on every object; actions: object key → actions; rights: None = all."""

    everywhere: frozenset[str]
    actions: Mapping[str, frozenset[str]]
    rights: frozenset[str] | None

    def names(self, object_key: str) -> bool:
        """Say whether an object is named by itself."""
        return object_key in self.actions

    def allows(self, object_key: str, action: str) -> bool:
        """Say whether an action on an object is left."""
        return action in self.everywhere or action in self.actions.get(object_key, ())

    def rights_of(self, held: frozenset[str]) -> frozenset[str]:
        """Give what is left of the rights by name."""
        return held if self.rights is None else held & self.rights


def is_limited(scopes: Collection[str]) -> bool:
    """Say whether scopes of a token name objects or rights; `read` and `write` alone limit nothing but the method."""
    return any(":" in scope for scope in scopes)


def limit_name(scopes: Collection[str]) -> str:
    """Give the name that stands among the roles for the scopes of a token."""
    return LIMIT + " ".join(sorted(scopes))


def limit_of(roles: Iterable[str]) -> Limit | None:
    """Give the limit among the names of roles, or None."""
    found = next((name for name in roles if name.startswith(LIMIT)), None)
    return None if found is None else _read(found.removeprefix(LIMIT).split())


def _read(scopes: Iterable[str]) -> Limit:
    everywhere: set[str] = set()
    actions: dict[str, set[str]] = {}
    rights: set[str] = set()
    whole = False
    for scope in scopes:
        subject, _, action = scope.rpartition(":")
        if not subject:
            whole = True
            everywhere |= _READING if action == READ else set(OBJECT_ACTIONS) - _READING
        elif subject == RIGHT:
            rights.add(action)
        else:
            given = OBJECT_ACTIONS if action == ALL else (action,)
            actions.setdefault(subject, set()).update(given)
            if "export" in given:
                rights.add("export")
    kept = {key: frozenset(names) for key, names in actions.items()}
    return Limit(everywhere=frozenset(everywhere), actions=kept, rights=None if whole else frozenset(rights))
