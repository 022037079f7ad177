"""Warns of rules that act as a user and do what none of the roles may do that can start them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.access.grants import NEVER, RoleGrants
from metamodel.apps import Metamodel
from metamodel.source import Problem, Severity
from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.syntax import EventKind, RunAs
from workflow_dsl.write_graph.writes import Write, WriteKind, writes_of

_ACTIONS = {
    WriteKind.UPDATE: "update",
    WriteKind.CREATE: "create",
    WriteKind.DELETE: "delete",
    WriteKind.RESTORE: "delete",
    WriteKind.CONVERT: "update",
    WriteKind.MERGE: "update",
}
_CORE = "core"


def check_rule_rights(metamodel: Metamodel, rules: Sequence[CheckedRule]) -> Iterator[Problem]:
    """Give the warnings; a role that may do it under a condition may do it.

    Problems: RUL431.
    """
    rights = _Rights(metamodel)
    for rule in rules:
        if rule.run_as is not RunAs.USER or rule.is_before or not rule.active:
            continue
        who = rights.starters(rule)
        for write in writes_of(rule) if who is not None else ():
            problem = rights.refused(write, who or ())
            if problem is not None:
                yield problem


class _Rights:
    """What the roles of an installation may do, one by one."""

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel
        # The product's own administrators may do everything; whether people can is the question.
        self._roles = {
            name: RoleGrants(metamodel, (name,)) for name, role in metamodel.roles.items() if role.app != _CORE
        }
        self._known: dict[tuple[str, str, str, str], bool] = {}

    def starters(self, rule: CheckedRule) -> tuple[str, ...] | None:
        """Give the roles of whom a rule acts as; None where that is not known."""
        if rule.on_time or rule.on_moment or rule.on_held:
            app = next((app for app in self._metamodel.apps if app.name == rule.app), self._metamodel.main)
            # Whose rights rules by the clock have is said by the app.
            return app.automation_roles or self._metamodel.main.automation_roles or None
        if not rule.on_record:
            return None
        found = tuple(name for name in self._roles if any(self._may_start(name, rule)))
        return found or None

    def _may_start(self, role: str, rule: CheckedRule) -> Iterator[bool]:
        for trigger in rule.on_record:
            if EventKind.CREATED in trigger.kinds:
                yield self._may(role, trigger.object, "create")
            if EventKind.DELETED in trigger.kinds:
                yield self._may(role, trigger.object, "delete")
            yield self._may(role, trigger.object, "update")

    def refused(self, write: Write, who: Sequence[str]) -> Problem | None:
        """Give the problem of a write that none of the roles may do."""
        object_def = self._metamodel.objects.get(write.object)
        if object_def is None or object_def.app == _CORE or (not write.target and write.kind is WriteKind.UPDATE):
            return None
        if write.kind is WriteKind.SUBMIT:
            return None  # who may submit is said by the approval
        action = _ACTIONS[write.kind]
        able = [role for role in who if self._may(role, write.object, action)]
        if not able:
            return self._told(write, who, f"{action} {write.object}")
        # A merge leaves what its user may not set as it is.
        for name in write.values if write.kind is not WriteKind.MERGE else ():
            field = object_def.fields.get(name)
            if (
                field is not None
                and not field.system
                and not any(self._may(r, write.object, action, name) for r in able)
            ):
                return self._told(write, who, f"set {write.object}.{name}")
        return None

    def _told(self, write: Write, who: Sequence[str], what: str) -> Problem:
        named = ", ".join(f"'{role}'" for role in who)
        rule = write.rule.key
        message = f"'{rule}' acts as the user who starts it, and none of the roles that can may {what}: {named}"
        hint = "grant it to one of them, or write 'as system' or 'as owner' at the end of the rule"
        length = len(write.text)
        return Problem(code="RUL431", message=message, at=write.at, hint=hint, severity=Severity.WARNING, length=length)

    def _may(self, role: str, object_key: str, action: str, name: str = "") -> bool:
        key = (role, object_key, action, name)
        if key not in self._known:
            self._known[key] = self._asked(*key)
        return self._known[key]

    def _asked(self, role: str, object_key: str, action: str, name: str) -> bool:
        grants = self._roles.get(role)
        if grants is None:
            return True
        if not name:
            return grants.scopes(object_key, action) != NEVER
        rights = grants.field_rights(object_key, self._metamodel.objects[object_key].fields[name])
        return (rights.create if action == "create" else rights.update) != NEVER
