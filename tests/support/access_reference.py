"""A slow and obvious reading of an app's roles: who may read which records and fields, from the YAML files alone.

It shares no code with the engine: roles are read with PyYAML, scopes are split at `or` and `and`, and each part is one
line of Python. A scope it does not know is an error, so that a new one is not taken for a denial. Deliberately left
out: denials and rights to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CORE = Path(__file__).resolve().parents[2] / "metamodel" / "core"
CLOSED_STAGES = ("won", "lost")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything the roles look at: users, the parent of each child, and all records by object and id."""

    users: Mapping[str, Row]
    parents: Mapping[str, tuple[str, str]]  # child object → field, parent object
    records: Mapping[str, Mapping[str, Row]]


class AccessReference:
    """Says what one user with some roles may read."""

    def __init__(self, app: Path, world: World, user_id: str, roles: Sequence[str]) -> None:
        self._world = world
        self._user_id = user_id
        self._roles = _with_includes(app, roles)

    def may_read(self, object_name: str, record_id: str) -> bool:
        """Say whether a record may be read."""
        record = self._world.records[object_name][record_id]
        scopes = [scope for role in self._roles if (scope := _read_scope(role, object_name)) is not None]
        if object_name in self._world.parents:
            field, parent = self._world.parents[object_name]
            if not self.may_read(parent, record[field]):
                return False
            if not self.names_object(object_name):
                return True
        return any(self._holds(scope, record) for scope in scopes)

    def may_read_field(self, object_name: str, record_id: str, field: str) -> bool:
        """Say whether a field of a record may be read in clear: a role that shows the record hides or masks it not."""
        record = self._world.records[object_name][record_id]
        for role in self._roles:
            scope = _read_scope(role, object_name)
            if scope is None or not self._holds(scope, record):
                continue
            right = role.get("fields", {}).get(f"{object_name}.{field}", {}).get("read", True)
            assert right in (True, False, "masked"), f"unknown right {right!r}"
            if right is True:
                return True
        return False

    def names_object(self, object_name: str) -> bool:
        """Say whether any role names an object at all."""
        return any(_names(role, object_name) for role in self._roles)

    def readable(self, object_name: str) -> set[str]:
        """Give the ids of all records of an object that may be read."""
        return {record_id for record_id in self._world.records[object_name] if self.may_read(object_name, record_id)}

    def _holds(self, scope: str, record: Row) -> bool:
        return any(all(self._part(part, record) for part in each.split(" and ")) for each in scope.split(" or "))

    def _part(self, part: str, record: Row) -> bool:
        owner = record.get("owner")
        me = self._world.users[self._user_id]
        match part.strip():
            case "all":
                return True
            case "no":
                return False
            case "own":
                return bool(owner == self._user_id)
            case "team":
                theirs = self._world.users.get(str(owner), {}).get("team")
                return theirs is not None and theirs == me.get("team")
            case "subordinates":
                return self._reports_to_me(owner)
            case "owner is empty":
                return owner is None
            case "assignee = user":
                return bool(record.get("assignee") == self._user_id)
            case 'stage in ["negotiation", "won"]':
                return record.get("stage") in ("negotiation", "won")
        raise AssertionError(f"the reference does not know the scope '{part}'")

    def _reports_to_me(self, user_id: str | None) -> bool:
        boss = self._world.users.get(user_id or "", {}).get("manager")
        return boss is not None and (boss == self._user_id or self._reports_to_me(boss))


def _with_includes(app: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = next(folder / "roles" / f"{name}.yaml" for folder in (app, CORE) if _has_role(folder, name))
        found[name] = yaml.safe_load(path.read_text("utf-8"))
        waiting += found[name].get("includes", [])
    return list(found.values())


def _has_role(folder: Path, name: str) -> bool:
    return (folder / "roles" / f"{name}.yaml").is_file()


def _names(role: Mapping[str, Any], object_name: str) -> bool:
    return object_name in role["objects"] or "*" in role["objects"]


def _read_scope(role: Mapping[str, Any], object_name: str) -> str | None:
    grant = role["objects"].get(object_name) or role["objects"].get("*") or {}
    scope = grant.get("read")
    # YAML 1.1 of PyYAML reads a bare `no` as false; the product reads it as the word.
    return "no" if scope is False else scope
