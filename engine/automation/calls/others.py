"""Starts the rules that nobody presses a button for: of forms, received webhooks, log-ins and events of plugins.

Their conditions are judged when their runs begin, so that each delivery leaves a trace that says what was met; that of
a log-in is judged at once, since most log-ins concern no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from engine.access.actor import Actor, Origin, system_actor
from engine.automation.calls.index import CallIndex
from engine.automation.calls.kept import keep_call
from engine.automation.calls.making import Called, called_run
from engine.automation.calls.once import is_first
from engine.automation.calls.received import PAYLOAD
from engine.automation.explaining import explain_value
from engine.automation.launching import Launcher
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import Run, RunState
from engine.ids import IdMaker
from engine.records.hooks import Cause
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import NoRelease, Release
from engine.storage.system_tables import SystemTables
from metamodel.values import Ref
from plugins.contexts import Plain
from workflow_dsl.evaluation_errors import EvaluationError

FORM = "form"
_NO_CAUSE = Cause()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A form that was taken in. values: what was filled in, by field, as the record has it."""

    form: str
    record: Ref
    title: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCalls:
    """Starts such rules."""

    system: SystemTables
    records: Records
    current: Callable[[], Release]
    calls_of: Callable[[Release], CallIndex]
    index_of: Callable[[Release], RuleIndex]
    launcher: Launcher
    ids: IdMaker

    def received(self, transaction: Transaction, webhook: str, payload: Mapping[str, Any]) -> int:
        """Start the rules that wait for a webhook, within the transaction that takes it in; give how many runs."""
        rules, names = self.calls_of(transaction.release).webhooks(webhook), {PAYLOAD: payload}
        runs = self._launch(transaction, ((rule, each.text) for rule, each in rules), names)
        if not runs:
            keep_call(transaction, self.ids.new(), webhook, names)
        return len(runs)

    def submitted(self, transaction: Transaction, form: Submitted) -> int:
        """Start the rules that wait for a form, within the transaction that takes it in; give how many runs."""
        rules = self.calls_of(transaction.release).forms(form.form)
        names = {f"{FORM}.{name}": value for name, value in form.values.items()}
        return len(self._launch(transaction, ((rule, each.text) for rule, each in rules), names, form))

    def waits_for_mail(self, release: Release, address: str) -> bool:
        """Say whether any rule waits for mail to an address."""
        return bool(self.calls_of(release).mails(address))

    def mailed(self, transaction: Transaction, address: str, names: Mapping[str, Any]) -> Sequence[Run]:
        """Start the rules that wait for mail to an address, within the transaction that takes it in; give the runs."""
        rules = self.calls_of(transaction.release).mails(address)
        return self._launch(transaction, ((rule, each.text) for rule, each in rules), names)

    def tell(
        self, event: str, payload: Mapping[str, Plain], *, key: str | None = None, cause: Cause = _NO_CAUSE
    ) -> None:
        """Start the rules that wait for an event of a plugin; the same key within a day starts nothing again."""
        try:
            release = self.current()
        except NoRelease:
            return
        rules = self.calls_of(release).events(event)
        if not rules:
            return
        nobody = system_actor(Origin.RULE)
        with self.records.transaction(nobody, cause=cause, release=release) as transaction:
            if key is not None and not self._is_first(transaction, f"event {event}", key):
                return
            self._launch(transaction, ((rule, each.text) for rule, each in rules), {PAYLOAD: dict(payload)})

    def logged_in(self, connection: Connection, actor: Actor) -> None:
        """Start the rules that wait for log-ins, in the transaction of one."""
        release = self.current()
        logins = self.calls_of(release).logins
        if not logins or actor.user_id is None:
            return
        transaction = self.records.within(connection, actor, release)
        user = transaction.cache.related("user", actor.user_id)
        if user is None:
            return
        context = transaction.context("user", user)
        title = transaction.cache.title("user", context)
        runs = []
        for program, trigger in logins:
            condition, holds, fault = program.condition, True, ""
            if condition is not None:
                try:
                    holds = bool(condition.evaluate(context))
                except EvaluationError as error:
                    fault = f"Its condition could not be evaluated: {error}."
                if not fault and not holds and not program.otherwise:
                    continue
            called = Called(
                program=program,
                event=trigger.text,
                release=release.number,
                who=actor,
                record=Ref("user", actor.user_id),
                title=title,
                holds=holds,
                explained=explain_value(condition, context) if condition is not None and not fault else None,
            )
            run = called_run(called, run_id=self.ids.new(), root=self.ids.new(), now=transaction.now)
            if fault:
                run = replace(run, state=RunState.SKIPPED, outcome="not judged", error=fault)
            runs.append(run)
        self.launcher.launch(transaction, self.index_of(release), runs)
        transaction.settle()

    def _is_first(self, transaction: Transaction, sender: str, key: str) -> bool:
        dialect = transaction.database.dialect
        return is_first(transaction.connection, self.system, dialect, sender=sender, key=key, now=transaction.now)

    def _launch(
        self,
        transaction: Transaction,
        rules: Iterable[tuple[Program, str]],
        names: Mapping[str, Any],
        form: Submitted | None = None,
    ) -> list[Run]:
        release, root = transaction.release, transaction.cause.root or self.ids.new()
        runs = [
            called_run(
                Called(
                    program=program,
                    event=text,
                    release=release.number,
                    names=names,
                    cause=transaction.cause,
                    record=form.record if form is not None else None,
                    title=form.title if form is not None else None,
                ),
                run_id=self.ids.new(),
                root=root,
                now=transaction.now,
            )
            for program, text in rules
        ]
        launched = self.launcher.launch(transaction, self.index_of(release), runs)
        transaction.settle()
        return launched
