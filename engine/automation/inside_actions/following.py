"""The inside action that lets people follow the rule's record, or no longer."""

from __future__ import annotations

from types import MappingProxyType

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.people import users_of
from engine.automation.program import ChangeFollowers
from engine.automation.step_effects import effect
from engine.records.following import FOLLOWING, change_followers


def _follow(doing: Doing, action: ChangeFollowers) -> StepDone:
    own, context, transaction = doing.own_record("follow"), doing.context(), doing.work.transaction
    people = dict.fromkeys(
        user for value in action.people for user in users_of(value.typed, value.evaluate(context), doing.work.directory)
    )
    done = change_followers(transaction, transaction.object_def(own.object), own.id, people, add=action.add)
    word = "created" if action.add else "deleted"
    effects = [effect(word, FOLLOWING, each) for each in done.values()]
    effects += [effect("unchanged", "user", user_id) for user_id in people if user_id not in done]
    kind = "add follower" if action.add else "remove follower"
    outcome = "done" if people else "nobody"
    return StepDone(kind=kind, text=action.text, effects=effects, rows=len(done), outcome=outcome)


FOLLOW_PERFORMERS: Performers = MappingProxyType({ChangeFollowers: _follow})
