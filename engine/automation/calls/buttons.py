"""Buttons: which a person has on a record, a press that is judged and started in one transaction, and its answer.

A press writes its runs and their place in the queue, due in some seconds, in the caller's transaction. Once that is
committed the caller does the first piece of each run itself (`answer`), up to what waits or reaches outside, so that
who pressed is told at once, with or without a worker. A process that dies meanwhile leaves the rest to the queue.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.access.compiler import Access
from engine.audit.refusals import note_rows_within
from engine.automation.calls.among import fetch_along
from engine.automation.calls.answers import PressAnswer, read_answer
from engine.automation.calls.index import Button, CallIndex
from engine.automation.calls.inputs import read_inputs
from engine.automation.calls.making import Called, called_run
from engine.automation.calls.offering import OpenRule, may_press, may_press_somewhere, open_among, open_rules
from engine.automation.explaining import explain_value
from engine.automation.launching import Launcher
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import Run, RunState
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError, RecordNotFound, ValidationFailed
from engine.expressions.context import RecordContext
from engine.ids import IdMaker
from engine.records.bulk_rows import RowResult
from engine.records.saving.bulk import refused_row
from engine.records.saving.messages import say
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

MOST_AT_ONCE = 1_000
"""How many records one press may be about."""
_LOOKS_EVERY_S = 0.05

DoNow = Callable[[str, float], None]
"""Does the first piece of a run up to a moment of `time.monotonic`, inside actions only."""


class NoSuchButton(EngineError):
    """There is no such button on the object."""

    def __init__(self, object_key: str, button: str) -> None:
        self.object_key = object_key
        self.button = button
        super().__init__(f"There is no button '{button}' on {object_key}.")


class ButtonClosed(EngineError):
    """The button is not there on this record now; nothing was started. `reason` is for people."""

    def __init__(self, object_key: str, button: str, reason: str) -> None:
        self.object_key = object_key
        self.button = button
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedMany:
    """What a press on many records came to. started: run ids. refused: record → why."""

    started: tuple[str, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """The buttons of an installation. at_once: starts runs whose first piece the request does; by_workers: others."""

    database: Database
    system: SystemTables
    calls_of: Callable[[Release], CallIndex]
    index_of: Callable[[Release], RuleIndex]
    at_once: Launcher
    by_workers: Launcher
    health: RuleHealth
    clock: Clock
    ids: IdMaker
    tuning: Tuning
    do_now: DoNow

    def offered(self, transaction: Transaction, object_def: ObjectDef, record_id: str) -> tuple[Button, ...]:
        """Give the buttons that who acts has on a record that they may read."""
        buttons = self.calls_of(transaction.release).buttons(object_def.key)
        if not buttons:
            return ()
        context = _context(transaction, object_def, record_id)
        off = self._off(transaction)
        return tuple(each for each in buttons.values() if open_rules(transaction, each, context, off=off))

    def known(self, release: Release, access: Access, object_key: str) -> tuple[Button, ...]:
        """Give the buttons of an object that somebody can have on some record of it; it follows from their roles."""
        buttons = self.calls_of(release).buttons(object_key).values()
        return tuple(each for each in buttons if any(may_press_somewhere(access, trigger) for _, trigger in each.rules))

    def open_among(
        self, transaction: Transaction, object_def: ObjectDef, name: str, record_ids: Sequence[str]
    ) -> frozenset[str]:
        """Give those of some readable records that a button is there on now.

        Raises: NoSuchButton.
        """
        button = self.find(transaction, object_def, name)
        self._fetch(transaction, button, record_ids)
        return open_among(transaction, button, record_ids, off=self._off(transaction))

    def open_for(self, transaction: Transaction, object_def: ObjectDef, record_id: str, name: str) -> Button:
        """Give a button that who acts may press on a record now.

        Raises: RecordNotFound, NoSuchButton, AccessDenied, ButtonClosed.
        """
        transaction.reader.require_readable(object_def, record_id)
        button = self.find(transaction, object_def, name)
        self._require_open(transaction, button, _context(transaction, object_def, record_id), None)
        return button

    def find(self, transaction: Transaction, object_def: ObjectDef, name: str) -> Button:
        """Give a button by name. Raises: NoSuchButton."""
        button = self.calls_of(transaction.release).buttons(object_def.key).get(name)
        if button is None:
            raise NoSuchButton(object_def.key, name)
        return button

    def press(
        self, transaction: Transaction, object_def: ObjectDef, record_id: str, name: str, raw: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Start what a button starts on a record, within the transaction; give the runs, for `answer` after it.

        Raises: RecordNotFound, NoSuchButton, AccessDenied, ButtonClosed, ValidationFailed (inputs by name).
        """
        button = self.open_for(transaction, object_def, record_id, name)
        runs = self._runs(transaction, object_def, record_id, button, raw)
        self.at_once.launch(transaction, self.index_of(transaction.release), runs)
        return tuple(run.id for run in runs)

    def press_many(
        self, transaction: Transaction, object_def: ObjectDef, record_ids: Sequence[str], name: str,
        raw: Mapping[str, Any],
    ) -> PressedMany:  # fmt: skip
        """Start what a button starts on each of many records; workers do it. Inputs that are wrong refuse all of it.

        Raises: NoSuchButton, ValidationFailed.
        """
        button = self.find(transaction, object_def, name)
        wanted = tuple(dict.fromkeys(record_ids))[:MOST_AT_ONCE]
        readable = transaction.reader.titles((object_def.key, each) for each in wanted)
        self._fetch(transaction, button, [each for _, each in readable])
        refused: dict[str, str] = {}
        denied: list[RowResult] = []
        runs: list[Run] = []
        for record_id in wanted:
            try:
                if (object_def.key, record_id) not in readable:
                    raise RecordNotFound(object_def.key, record_id)
                self._require_open(transaction, button, _context(transaction, object_def, record_id), None)
                runs += self._runs(transaction, object_def, record_id, button, raw)
            except ValidationFailed:
                raise
            except (ButtonClosed, AccessDenied) as fault:
                refused[record_id] = fault.reason
                denied += [refused_row(record_id, fault)]
            except RecordNotFound as fault:
                refused[record_id] = say("no_record", transaction.actor.language)
                denied += [refused_row(record_id, fault)]
        note_rows_within(transaction, object_def.key, denied)
        launched = self.by_workers.launch(transaction, self.index_of(transaction.release), runs)
        transaction.settle()
        refused |= {run.record_id or "": run.error or "" for run in launched if run.state is not RunState.QUEUED}
        started = tuple(run.id for run in launched if run.state is RunState.QUEUED)
        return PressedMany(started=started, refused=refused)

    def answer(self, run_ids: Sequence[str]) -> PressAnswer:
        """Do what can be done of runs just started, wait shortly for workers to do the rest, and say how it stands."""
        until = time.monotonic() + self.tuning.press_s
        for run_id in run_ids:
            self.do_now(run_id, until)
        until = time.monotonic() + self.tuning.answer_s
        found = self.standing(run_ids)
        soon = self.clock.now() + dt.timedelta(seconds=self.tuning.answer_s)
        while found.goes_on_by(soon) and time.monotonic() < until:
            time.sleep(_LOOKS_EVERY_S)
            found = self.standing(run_ids)
        return found

    def standing(self, run_ids: Sequence[str]) -> PressAnswer:
        """Say how the runs of a press stand now."""
        with self.database.read() as connection:
            return read_answer(connection, self.system, run_ids)

    def _runs(
        self, transaction: Transaction, object_def: ObjectDef, record_id: str, button: Button, raw: Mapping[str, Any]
    ) -> list[Run]:
        context = _context(transaction, object_def, record_id)
        try:
            names = read_inputs(transaction, button, raw, context)
        except EvaluationError as fault:
            raise _closed(transaction, button) from fault
        rules = self._require_open(transaction, button, context, names)
        judged = context.with_given(names)
        title = transaction.cache.title(object_def.key, context)
        root = self.ids.new()
        runs = []
        for each in rules:
            condition = each.program.condition
            called = Called(
                program=each.program,
                event=each.trigger.text,
                release=transaction.release.number,
                names=names,
                who=transaction.actor,
                record=Ref(object_def.key, record_id),
                title=title,
                holds=each.holds,
                explained=explain_value(condition, judged) if condition is not None else None,
            )
            runs.append(called_run(called, run_id=self.ids.new(), root=root, now=transaction.now))
        return runs

    def _require_open(
        self, transaction: Transaction, button: Button, context: RecordContext, names: Mapping[str, Any] | None
    ) -> tuple[OpenRule, ...]:
        found = open_rules(transaction, button, context, names, off=self._off(transaction))
        if found:
            return found
        if not any(_is_for(transaction, button, place, context) for place in range(len(button.rules))):
            raise AccessDenied("press", f"{button.object}.{button.name}", say("not_your_button", _tongue(transaction)))
        raise _closed(transaction, button)

    def _fetch(self, transaction: Transaction, button: Button, record_ids: Sequence[str]) -> None:
        conditions = [program.condition for program, _ in button.rules if program.condition is not None]
        people = [each for _, trigger in button.rules for each in trigger.by]
        fetch_along(transaction, button.object, (*conditions, *people), record_ids)

    def _off(self, transaction: Transaction) -> frozenset[str]:
        known = self.health.remembered()
        return known if known is not None else self.health.switched_off(transaction.connection)


def _context(transaction: Transaction, object_def: ObjectDef, record_id: str) -> RecordContext:
    values = transaction.cache.related(object_def.key, record_id)
    if values is None:
        raise RecordNotFound(object_def.key, record_id)
    return transaction.context(object_def.key, values)


def _is_for(transaction: Transaction, button: Button, place: int, context: RecordContext) -> bool:
    try:
        return may_press(transaction, button.rules[place][1], context)
    except EvaluationError:
        return False


def _closed(transaction: Transaction, button: Button) -> ButtonClosed:
    return ButtonClosed(button.object, button.name, say("button_closed", _tongue(transaction)))


def _tongue(transaction: Transaction) -> str:
    return transaction.actor.language
