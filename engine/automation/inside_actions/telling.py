"""Inside actions that tell: notify, log; and `stop`, which tells the trace where the rule ended."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.people import users_of
from engine.automation.program import NotifyPeople, StopRule, WriteLog
from engine.automation.step_effects import effect, text_of


def _notify(doing: Doing, action: NotifyPeople) -> StepDone:
    context = doing.context()
    people = dict.fromkeys(
        user for value in action.people for user in users_of(value.typed, value.evaluate(context), doing.work.directory)
    )
    text = text_of(action.message, context)
    for user_id in people:
        doing.work.notify(user_id, text, key=f"{doing.key}:{user_id}")
    effects = [effect("notified", "user", user_id) for user_id in people]
    outcome = "done" if people else "nobody"
    return StepDone(kind="notify", text=action.text, value={"message": text}, effects=effects, outcome=outcome)


def _log(doing: Doing, action: WriteLog) -> StepDone:
    text = text_of(action.message, doing.context())
    doing.work.log(text)
    return StepDone(kind="log", text=action.text, value={"message": text})


def _stop(doing: Doing, action: StopRule) -> StepDone:
    return StepDone(kind="stop", text=action.text, counts=False)


TELLING_PERFORMERS: Performers = MappingProxyType({NotifyPeople: _notify, WriteLog: _log, StopRule: _stop})
