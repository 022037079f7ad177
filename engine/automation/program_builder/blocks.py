"""Builds a block of actions; sets in a row become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.approvals import APPROVAL_BUILDERS
from engine.automation.program_builder.assigning_actions import ASSIGNING_BUILDERS
from engine.automation.program_builder.calls import ANSWER_BUILDERS
from engine.automation.program_builder.fate_actions import FATE_BUILDERS
from engine.automation.program_builder.flow_actions import FLOW_BUILDERS
from engine.automation.program_builder.follow_actions import FOLLOW_BUILDERS
from engine.automation.program_builder.marking_actions import MARKING_BUILDERS
from engine.automation.program_builder.outside_actions import OUTSIDE_BUILDERS
from engine.automation.program_builder.place import Build, Place
from engine.automation.program_builder.record_actions import RECORD_BUILDERS
from engine.automation.program_builder.share_actions import SHARE_BUILDERS
from engine.automation.program_builder.waiting import WAITING_BUILDERS
from workflow_dsl import checked_rules as checked

BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType(
    {
        **RECORD_BUILDERS,
        **MARKING_BUILDERS,
        **ASSIGNING_BUILDERS,
        **FATE_BUILDERS,
        **FOLLOW_BUILDERS,
        **SHARE_BUILDERS,
        **OUTSIDE_BUILDERS,
        **FLOW_BUILDERS,
        **WAITING_BUILDERS,
        **ANSWER_BUILDERS,
        **APPROVAL_BUILDERS,
    }
)


def build_block(place: Place, actions: Iterable[checked.CheckedAction]) -> tuple[built.Action, ...]:
    """Build the actions of a block, in order."""
    found: list[built.Action] = []
    for action in actions:
        common = {
            "index": action.path.rsplit("/", 1)[-1],
            "text": action.text,
            "unless": place.optional(action.unless),
        }
        made = BUILDERS[type(action)](place, action, common)
        previous = found[-1] if found else None
        if isinstance(made, built.SetFields) and isinstance(previous, built.SetFields) and _plain(made, previous):
            text = f"{previous.text} {made.text}"
            found[-1] = replace(previous, text=text, fields=(*previous.fields, *made.fields))
        else:
            found.append(made)
    return tuple(found)


def _plain(*actions: built.Action) -> bool:
    return all(action.unless is None for action in actions)
