"""Inside actions that answer the person who pressed a button: show and open. What they say is kept in their steps."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.program import OpenPage, ShowText
from engine.automation.step_effects import located, text_of
from metamodel.values import Ref

SHOW, OPEN = "show", "open"


def _show(doing: Doing, action: ShowText) -> StepDone:
    message = text_of(action.message, doing.context())
    return StepDone(kind=SHOW, text=action.text, value={"message": message}, counts=False)


def _open(doing: Doing, action: OpenPage) -> StepDone:
    found = located(doing.work.rows(action.rows, doing.names), action.rows)
    opened = [Ref(object_key, record_id) for object_key, record_id, _ in found]
    if not opened:
        return StepDone(kind=OPEN, text=action.text, outcome="skipped", counts=False)
    return StepDone(kind=OPEN, text=action.text, value={"opened": opened[0]}, counts=False)


ANSWER_PERFORMERS: Performers = MappingProxyType({ShowText: _show, OpenPage: _open})
