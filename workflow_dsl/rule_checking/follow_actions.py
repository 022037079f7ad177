"""Checks `add follower` and `remove follower`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import CheckedAction, CheckedFollow
from workflow_dsl.rule_checking.people import check_people
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Action, Follow


def _check_follow(checking: RuleChecking, action: Follow, path: str) -> CheckedAction | None:
    own = own_object(checking, action, "add follower" if action.add else "remove follower")
    people = check_people(checking, action.people, addresses=False)
    if own is None or len(people) != len(action.people):
        return None
    if checking.refuses_source(own, action.at, "nobody follows them"):
        return None
    checking.writes.add(("following", ""))
    text, at = checking.text_of(action.at), action.at.location
    return CheckedFollow(path=path, text=text, at=at, add=action.add, people=people)


FOLLOW_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {Follow: _check_follow}
)
