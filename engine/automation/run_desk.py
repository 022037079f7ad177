"""What those who look after automation see and press: rules that failures switched off, and targets that are paused.

Seen with the system right `view_runs`, pressed with `retry_runs`; every press is an entry of the audit log, under the
names of no object, so that it stands in no record's history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, insert, select

from engine.access.actor import Actor
from engine.automation.chains import seen_text
from engine.automation.rule_health import RuleHealth
from engine.automation.run_sight import RunSight
from engine.automation.targets import Targets, TargetState
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

RULE, TARGET = "fs_rule", "fs_target"


class NotSwitchedOff(EngineError):
    """A rule cannot be switched on since failures have not switched it off."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(f"The rule '{rule}' is not switched off.")


class NotPaused(EngineError):
    """The pause of a target cannot be ended since it is not paused."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__(f"The target '{target}' is not paused.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOff:
    """A rule that failures switched off. reason: the last error."""

    rule: str
    label: str
    failures: int
    off_at: dt.datetime
    reason: str | None


class RunDesk:
    """Asked by pages, API and command line."""

    def __init__(
        self,
        *,
        database: Database,
        system: SystemTables,
        sight: RunSight,
        health: RuleHealth,
        targets: Targets,
        clock: Clock,
    ) -> None:
        self._database = database
        self._state = system.rule_state
        self._audit = system.audit
        self._sight = sight
        self._health = health
        self._targets = targets
        self._clock = clock

    def rules_off(self, actor: Actor) -> Sequence[RuleOff]:
        """Give the rules that are switched off, those of late first.

        Raises: AccessDenied.
        """
        self._require(actor, "view_runs", "list")
        state = self._state
        asked = select(state).where(state.c.off_at.is_not(None)).order_by(state.c.off_at.desc(), state.c.rule)
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return [
            RuleOff(
                rule=row.rule,
                label=self._sight.rule_label(row.rule, 0, actor.language),
                failures=row.failures,
                off_at=row.off_at,
                reason=seen_text(row.reason, ()),  # it is about the rule, whatever record it failed for last
            )
            for row in rows
        ]

    def switch_on(self, actor: Actor, rule: str) -> None:
        """Let a rule run again.

        Raises: AccessDenied, NotSwitchedOff.
        """
        self._require(actor, "retry_runs", "switch on")
        with self._database.write() as connection:
            if not self._health.switch_on(connection, rule):
                raise NotSwitchedOff(rule)
            note(connection, self._audit, actor, RULE, "switched_on", {"rule": rule}, self._clock.now())
        self._health.forget()

    def targets(self, actor: Actor) -> Sequence[TargetState]:
        """Give the targets that have failed and not worked since, the paused ones first.

        Raises: AccessDenied.
        """
        self._require(actor, "view_runs", "list")
        return self._targets.all()

    def end_pause(self, actor: Actor, target: str) -> None:
        """Let a target be called at once; the runs that wait for it go on.

        Raises: AccessDenied, NotPaused.
        """
        self._require(actor, "retry_runs", "end the pause of")
        with self._database.write() as connection:
            if not self._targets.end_pause(connection, target):
                raise NotPaused(target)
            note(connection, self._audit, actor, TARGET, "pause_ended", {"target": target}, self._clock.now())

    def _require(self, actor: Actor, right: str, what: str) -> None:
        if not self._sight.has_right(actor, right):
            raise AccessDenied(what, "rules and targets", f"it needs the system right '{right}'.")


def note(
    connection: Connection,
    audit: Table,
    actor: Actor,
    about: str,
    action: str,
    facts: dict[str, str],
    now: dt.datetime,
) -> None:
    """Write an entry of the audit log about what is no record."""
    connection.execute(
        insert(audit).values(
            object=about,
            at=now,
            actor=actor.user_id,
            actor_name=actor.name or actor.login,
            on_behalf=actor.on_behalf_of,
            origin=actor.origin.value,
            action=action,
            changes={name: [None, value] for name, value in facts.items()},
            address=actor.address,
            request_id=actor.request_id,
        )
    )
