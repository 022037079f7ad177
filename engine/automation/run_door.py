"""The one door as a run uses it: who its rule acts as, transactions with their cause, and failures in words.

Who acts is read again for each step, so a user who has left or lost a role stops what the rule would do in their name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from engine.access.actor import Actor, Origin, system_actor
from engine.automation.notices import Notices
from engine.automation.program import Program
from engine.automation.run_state import Run, StepFailed
from engine.automation.run_work import RunWork
from engine.errors import (
    AutomationStopped,
    DatabaseUnavailable,
    EngineError,
    StaleVersion,
)
from engine.records.hooks import Cause
from engine.records.service import Records
from metamodel.apps import Metamodel
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

FindActor = Callable[[str], Actor | None]


@dataclass(slots=True, kw_only=True)
class RunDoor:
    """The door of one run; find_actor: user id → who that user is now, None where they may not act any more."""

    run: Run
    program: Program
    metamodel: Metamodel
    records: Records
    notices: Notices
    find_actor: FindActor

    @contextmanager
    def work(self, path: str) -> Iterator[RunWork]:
        """Open a transaction for a step."""
        actor = self.actor()
        cause = Cause(
            run=self.run.id,
            step=path,
            depth=self.run.depth + 1,
            root=self.run.root,
            chain=(*self.run.chain, self.run.link),
            approval=self.run.snapshot.facts.get("approval"),
        )
        try:
            with self.records.transaction(actor, cause=cause) as transaction:
                yield RunWork(transaction, self.run, self.program, self.notices)
        except (DatabaseUnavailable, AutomationStopped):
            raise
        except StaleVersion as error:
            raise StepFailed(str(error), permanent=False) from error
        except (EngineError, EvaluationError) as error:
            raise StepFailed(str(error)) from error

    @contextmanager
    def reading(self) -> Iterator[RunWork]:
        """Open a transaction that only reads."""
        with self.records.reading(self.actor()) as transaction:
            yield RunWork(transaction, self.run, self.program, self.notices)

    def actor(self) -> Actor:
        """Give who the rule acts as.

        Raises:
            StepFailed: that user may not act any more, or the owner is not a user.
        """
        if self.program.runs_as == "system":
            return self._product()
        if self.program.runs_as == "owner":
            return self._user(self._owner())
        user_id = self.run.actor.get("user_id")
        if user_id is not None:
            return self._user(str(user_id))
        return self._product() if self.run.actor.get("system") else self._automation()

    def _product(self) -> Actor:
        return system_actor(Origin.RULE, language=str(self.run.actor.get("language") or "en"))

    def _automation(self) -> Actor:
        app = next((each for each in self.metamodel.apps if each.name == self.program.app), self.metamodel.main)
        roles = app.automation_roles or self.metamodel.main.automation_roles
        return Actor(
            user_id=None,
            login="automation",
            name="Automation",
            roles=frozenset(roles),
            language=self.metamodel.main.languages[0],
            timezone=self.metamodel.main.timezone,
            origin=Origin.RULE,
        )

    def _user(self, user_id: str) -> Actor:
        found = self.find_actor(user_id)
        if found is None:
            raise StepFailed(f"The rule acts as a user who may not act any more ({user_id}).")
        return replace(found, origin=Origin.RULE)

    def _owner(self) -> str:
        owner = None
        if self.run.object is not None and self.run.record_id is not None:
            with self.records.reading(self._product()) as transaction:
                values = transaction.cache.related(self.run.object, self.run.record_id) or self.run.snapshot.this or {}
                owner = values.get("owner")
        if isinstance(owner, Ref) and owner.object == "user":
            return owner.id
        if isinstance(owner, str):
            return owner
        raise StepFailed("The rule acts as the record's owner, and the owner is not a user.")
