"""What a token may be given: `read`, `write`, actions on objects (`deal:read`, `deal:*`) and rights (`right:import`).

Scopes only take away from what the user may do. What they leave is judged by engine.access; here they are checked when
a token is made, and the calls that they open at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.access.limits import ALL, READ, RIGHT, WRITE
from engine.errors import FieldError, ValidationFailed
from metamodel.access import OBJECT_ACTIONS
from metamodel.names import did_you_mean

METHODS = frozenset({READ, WRITE})
ACTIONS = (*OBJECT_ACTIONS, ALL)
_WRITING = frozenset(("create", "update", "delete", ALL))
MOST = 50


def read_scopes(scopes: Iterable[str], *, objects: Collection[str], rights: Collection[str]) -> tuple[str, ...]:
    """Check scopes as a person gave them and bring them into one form.

    objects: keys of what the token's user may do anything with; rights: those the user holds.

    Raises: ValidationFailed on the field `scopes`, without saying more of what there is than the user may know.
    """
    found = sorted({scope.strip() for scope in scopes if scope.strip()})
    if not found:
        raise _refused("Scopes are needed: read, write, or actions on objects such as deal:read.")
    if len(found) > MOST:
        raise _refused(f"A token has at most {MOST} scopes; these are {len(found)}.")
    for scope in found:
        _check(scope, objects, rights)
    return tuple(found)


def opens(scopes: Collection[str], object_key: str | None, *, actions: Collection[str]) -> bool:
    """Say whether scopes that name objects open a call about one object that needs one of some actions."""
    if object_key is None:
        return False
    granted = {scope.rpartition(":")[2] for scope in scopes if scope.rpartition(":")[0] == object_key}
    return ALL in granted or not granted.isdisjoint(actions)


def _check(scope: str, objects: Collection[str], rights: Collection[str]) -> None:
    subject, colon, action = scope.rpartition(":")
    if not colon:
        if scope not in METHODS:
            raise _refused(f"'{scope}' is no scope; expected read, write, OBJECT:ACTION or right:NAME.")
    elif subject == RIGHT:
        if action not in rights:
            raise _refused(f"'{action}' is no right that the user holds{_hint(action, rights)}.")
    elif subject not in objects:
        raise _refused(f"'{subject}' is no object that the user may do anything with{_hint(subject, objects)}.")
    elif action not in ACTIONS:
        raise _refused(f"'{action}' is no action; expected one of {', '.join(ACTIONS)}.")


def _hint(name: str, known: Collection[str]) -> str:
    nearest = did_you_mean(name, known)
    return f"; {nearest}" if nearest else ""


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(field="scopes", code="bad_value", message=message)])
