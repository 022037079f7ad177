"""Walks through a rule: blocks, branches, loops, waits, stop; each action is done once, by whom it is meant for.

Actions inside the database are `inside`'s, each in one transaction with its step row; those that reach outside are
`outside`'s. Waiting holds no thread: the walk ends with `Paused` and a later piece begins again from the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.automation.documents import DOCUMENTS
from engine.automation.gone import GoneParts
from engine.automation.inside import InsideActions, do_decision
from engine.automation.journal import Journal
from engine.automation.program import (
    Action,
    AskByMail,
    AwaitCondition,
    Branch,
    CallPlugin,
    CallWebhook,
    Loop,
    MakeDocument,
    Pause,
    Program,
    SendEmail,
    SendSms,
    SendSurvey,
    StopRule,
)
from engine.automation.run_state import StepFailed


class Paused(Exception):
    """The run waits for a later piece, which is in the queue already."""


class Stopped(Exception):
    """`stop` was reached: the run is done."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)


class Outside(Protocol):
    """Does the outside actions of a run, or leaves them to somebody."""

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one action and give what was recorded; raises Paused where it is left to a later piece."""
        ...


class Waiter(Protocol):
    """Lets a run wait."""

    def wait(self, action: Pause, path: str, names: Mapping[str, Any]) -> None:
        """Record the wait and queue the next piece; raises Paused unless the wait is over already."""
        ...

    def wait_until(self, action: AwaitCondition, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what was recorded where the wait is over: `holds`, else its time has run out; raises Paused before."""
        ...

    def yield_turn(self) -> None:
        """Queue the next piece at once and raise Paused, where the worker stops or others have waited long."""
        ...


@dataclass(slots=True, kw_only=True)
class Interpreter:
    """One walk through one rule. gone: looks its steps through, where the rule is of an older release."""

    program: Program
    journal: Journal
    inside: InsideActions
    outside: Outside
    waiter: Waiter
    gone: GoneParts | None = None

    def run(self, names: Mapping[str, Any]) -> str:
        """Walk from the start; give the outcome in a word: done, stopped, or not met.

        Raises:
            Paused, StepFailed, LeaseLost, AutomationStopped.
        """
        holds = self._condition(names)
        actions = self.program.actions if holds else self.program.otherwise
        if not actions:
            return "not met"
        try:
            self._block(actions, "actions" if holds else "else", dict(names), last=True)
        except Stopped:
            return "stopped"
        return "done"

    def run_failure(self, names: Mapping[str, Any]) -> None:
        """Do what the rule does on failure; the error at hand is the name `error`.

        Raises:
            Paused, StepFailed, LeaseLost, AutomationStopped.
        """
        run = self.journal.run
        try:
            self._block(self.program.on_failure, f"failure/{run.failures}", {**names, "error": run.failing})
        except Stopped:
            return

    def _condition(self, names: Mapping[str, Any]) -> bool:
        known = self.journal.run.snapshot.holds
        if known is not None or self.program.condition is None:
            return known is not False
        found = self.journal.recorded("if")
        if found is None:
            condition = self.program.condition
            self._check_gone(self.gone.of_value(condition) if self.gone is not None else None)
            found = self.inside.step("if", lambda work: do_decision(work, condition, names, explain=True), counts=False)
        return bool(found["holds"])

    def _check_gone(self, reason: str | None) -> None:
        if reason is not None:
            raise StepFailed(reason)

    def _block(self, actions: Sequence[Action], prefix: str, names: dict[str, Any], *, last: bool = False) -> None:
        """Do the actions of a block. last: nothing follows it in the run."""
        for action in actions:
            self._action(action, f"{prefix}/{action.index}", names, last=last and action is actions[-1])

    def _action(self, action: Action, path: str, names: dict[str, Any], *, last: bool) -> None:
        try:
            self._carry_out(action, path, names, last=last)
        except StepFailed as failure:
            if failure.path is None:
                failure.path, failure.action = path, action.text
            raise

    def _carry_out(self, action: Action, path: str, names: dict[str, Any], *, last: bool) -> None:
        if self.gone is not None and self.journal.recorded(path) is None:
            self._check_gone(self.gone.of_action(action))
        if action.unless is not None and self._is_left_out(action, path, names):
            return
        match action:
            case Branch():
                self._branch(action, path, names, last=last)
            case Loop():
                self._loop(action, path, names)
            case Pause():
                if self.journal.recorded(path) is None:
                    self.waiter.wait(action, path, names)
            case AwaitCondition():
                self._await(action, path, names)
            case StopRule():
                self._once(action, path, names)
                raise Stopped(path)
            case _:
                self._give_name(action, self._once(action, path, names, last=last), names)

    def _await(self, action: AwaitCondition, path: str, names: dict[str, Any]) -> None:
        found = self.journal.recorded(path)
        if found is None:
            found = self.waiter.wait_until(action, path, names)
        if not found["holds"]:
            self._block(action.on_timeout, f"{path}/timeout", names)

    def _once(self, action: Action, path: str, names: Mapping[str, Any], *, last: bool = False) -> Mapping[str, Any]:
        found = self.journal.recorded(path)
        if found is not None:
            return found
        self.waiter.yield_turn()
        if isinstance(action, SendEmail | SendSms | SendSurvey | CallWebhook | CallPlugin | AskByMail | MakeDocument):
            if isinstance(action, SendEmail) and action.documents:
                names = {**names, DOCUMENTS: self._documents(action, path, names)}
            return self.outside.perform(action, path, names)
        return self.inside.perform(action, path, names, ends=last)

    def _documents(self, action: SendEmail, path: str, names: Mapping[str, Any]) -> list[Any]:
        """Make what goes with a mail, each a step of its own; give the attachments."""
        return [
            names.get(each)
            if isinstance(each, str)
            else self._once(each, f"{path}/documents/{each.index}", names).get("given")
            for each in action.documents
        ]

    def _is_left_out(self, action: Action, path: str, names: Mapping[str, Any]) -> bool:
        place = f"{path}/unless"
        found = self.journal.recorded(place)
        if found is None:
            condition = action.unless
            assert condition is not None
            found = self.inside.step(place, lambda work: do_decision(work, condition, names), counts=False)
        return bool(found["holds"])

    def _branch(self, action: Branch, path: str, names: dict[str, Any], *, last: bool) -> None:
        found = self.journal.recorded(path)
        if found is None:
            found = self.inside.step(
                path, lambda work: do_decision(work, action.condition, names, explain=True), counts=False
            )
        if found["holds"]:
            self._block(action.then, f"{path}/then", names, last=last)
        else:
            self._block(action.otherwise, f"{path}/else", names, last=last)

    def _loop(self, action: Loop, path: str, names: dict[str, Any]) -> None:
        found = self.journal.recorded(path)
        if found is None:
            found = self.inside.rows_of_loop(action, path, names)
        for number, row in enumerate(found["rows"]):
            # Names given in a turn are gone with it.
            self._block(action.actions, f"{path}/rows/{number}/do", {**names, action.variable: row})

    def _give_name(self, action: Action, found: Mapping[str, Any], names: dict[str, Any]) -> None:
        name = getattr(action, "given_name", None)
        if name is not None:
            names[name] = found.get("given")
