"""Inside actions that mark records: add tag, remove tag and post comment.

Each is done in the transaction of its step, by the same door and with the same rights as by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.program import ChangeTag, PostComment, Rows
from engine.automation.step_effects import effect, located, text_of
from metamodel.values import Ref


def _change_tag(doing: Doing, action: ChangeTag) -> StepDone:
    targets = _targets(doing, action.rows)
    name = text_of(action.tag, doing.context())
    done = doing.work.change_tag(name, targets, add=action.add)
    word = "created" if action.add else "deleted"
    effects = [effect(word, "tagging", tagging) for tagging in done.values()]
    effects += [effect("unchanged", target.object, target.id) for target in targets if target not in done]
    kind = "add tag" if action.add else "remove tag"
    return StepDone(kind=kind, text=action.text, value={"tag": name}, effects=effects, rows=len(done))


def _post_comment(doing: Doing, action: PostComment) -> StepDone:
    message = text_of(action.message, doing.context())
    effects = []
    for target in _targets(doing, action.rows):
        comment = doing.work.create("comment", {"text": message, "about": target})
        effects.append(effect("created", "comment", comment))
    value = {"message": message}
    return StepDone(kind="post comment", text=action.text, value=value, effects=effects, rows=len(effects))


def _targets(doing: Doing, rows: Rows | None) -> Sequence[Ref]:
    if rows is None:
        return [doing.own_record("mark")]
    found = doing.work.rows(rows, doing.names)
    return [Ref(object_key, record_id) for object_key, record_id, _ in located(found, rows)]


MARKING_PERFORMERS: Performers = MappingProxyType({ChangeTag: _change_tag, PostComment: _post_comment})
