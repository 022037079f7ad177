"""Inside actions that mark records, add tag, remove tag and post comment, and restore, which takes one out of the bin.

Each is done in the transaction of its step, by the same door and with the same rights as by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.automation.journal import StepDone
from engine.automation.program import ChangeTag, PostComment, RestoreRecord, Rows
from engine.automation.run_state import StepFailed
from engine.automation.step_effects import effect, located, text_of
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.automation.inside import Work

Names = Mapping[str, Any]


def mark(work: Work, action: RestoreRecord | ChangeTag | PostComment, names: Names, own: Ref | None) -> StepDone:
    """Do one of these actions. own: the rule's record, None where it has none."""
    match action:
        case RestoreRecord():
            return _restore(work, action, names)
        case ChangeTag():
            return _change_tag(work, action, names, own)
        case PostComment():
            return _post_comment(work, action, names, own)


def _restore(work: Work, action: RestoreRecord, names: Names) -> StepDone:
    effects, written = [], 0
    for object_key, record_id, _ in located(work.rows(action.rows, names), action.rows):
        restored = work.restore(object_key, record_id)
        written += int(restored)
        effects.append(effect("restored" if restored else "unchanged", object_key, record_id))
    return StepDone(kind="restore", text=action.text, effects=effects, rows=written)


def _change_tag(work: Work, action: ChangeTag, names: Names, own: Ref | None) -> StepDone:
    targets = _targets(work, action.rows, names, own)
    name = text_of(action.tag, work.context(names))
    done = work.change_tag(name, targets, add=action.add)
    word = "created" if action.add else "deleted"
    effects = [effect(word, "tagging", tagging) for tagging in done.values()]
    effects += [effect("unchanged", target.object, target.id) for target in targets if target not in done]
    kind = "add tag" if action.add else "remove tag"
    return StepDone(kind=kind, text=action.text, value={"tag": name}, effects=effects, rows=len(done))


def _post_comment(work: Work, action: PostComment, names: Names, own: Ref | None) -> StepDone:
    message = text_of(action.message, work.context(names))
    effects = []
    for target in _targets(work, action.rows, names, own):
        comment = work.create("comment", {"text": message, "about": target})
        effects.append(effect("created", "comment", comment))
    value = {"message": message}
    return StepDone(kind="post comment", text=action.text, value=value, effects=effects, rows=len(effects))


def _targets(work: Work, rows: Rows | None, names: Names, own: Ref | None) -> Sequence[Ref]:
    if rows is not None:
        return [Ref(object_key, record_id) for object_key, record_id, _ in located(work.rows(rows, names), rows)]
    if own is None:
        raise StepFailed("the rule has no record of its own to mark")
    return [own]
