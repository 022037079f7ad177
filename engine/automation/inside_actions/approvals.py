"""The inside action `submit for approval`: the request is made in the transaction of its step."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.people import users_of
from engine.automation.program import SubmitRecord
from engine.automation.run_state import StepFailed
from engine.automation.step_effects import effect


def _submit(doing: Doing, action: SubmitRecord) -> StepDone:
    own, by = doing.own_record("submit"), None
    if action.by is not None:
        by = next(users_of(action.by.typed, action.by.evaluate(doing.context()), doing.work.directory), None)
        if by is None:
            raise StepFailed(f"'{action.by.text}' names nobody who could submit the record.")
    request = doing.work.submit(own, action.approval, by)
    effects = [effect("submitted", own.object, own.id)]
    return StepDone(kind="submit for approval", text=action.text, value={"request": request}, effects=effects)


APPROVAL_PERFORMERS: Performers = MappingProxyType({SubmitRecord: _submit})
