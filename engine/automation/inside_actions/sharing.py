"""The inside action that shares the rule's record, with the rights of who the rule acts for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.people import references_of
from engine.automation.program import ShareRecord
from engine.automation.run_state import StepFailed
from engine.automation.share_notices import share_notices
from engine.automation.step_effects import effect
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.sharing.sharing import end_of, share_record


def _share(doing: Doing, action: ShareRecord) -> StepDone:
    own, transaction = doing.own_record("share"), doing.work.transaction
    object_def, until = transaction.object_def(own.object), _until(doing, action)
    sharees = [each for each in dict.fromkeys(_sharees(doing, action)) if each.id != transaction.actor.user_id]
    effects, written = [], 0
    for each in sharees:
        changed = share_record(transaction, object_def, own.id, each, edits=action.edits, until=until)
        written += int(changed)
        effects.append(effect("shared" if changed else "unchanged", own.object, own.id, sharee=each.key))
        if changed:
            for user_id, text in share_notices(transaction, object_def, each, edits=action.edits, until=until):
                doing.work.notify(user_id, text, key=f"{doing.key}:{user_id}")
    value = {"until": until} if until is not None else {}
    outcome = "done" if sharees else "nobody"
    return StepDone(kind="share", text=action.text, value=value, effects=effects, rows=written, outcome=outcome)


def _until(doing: Doing, action: ShareRecord) -> dt.datetime | None:
    if action.until is None:
        return None
    found = action.until.evaluate(doing.context())
    if not isinstance(found, dt.date):
        # What should end some day must not go on for good since nobody said when.
        raise StepFailed(f"'{action.until.text}' is empty, so that the share would never end.")
    return end_of(found, doing.work.transaction.around.zone)


def _sharees(doing: Doing, action: ShareRecord) -> Iterator[Sharee]:
    """Give who the record is shared with; a queue stands for its members, as it has no rights of its own."""
    context = doing.context()
    for value in action.people:
        for object_key, key in references_of(value.typed, value.evaluate(context)):
            if object_key == "queue":
                yield from (Sharee(ShareeKind.USER, each) for each in doing.work.directory.members("queue", key))
            elif object_key in tuple(ShareeKind):
                yield Sharee(ShareeKind(object_key), key)


SHARE_PERFORMERS: Performers = MappingProxyType({ShareRecord: _share})
