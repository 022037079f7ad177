"""Checks the actions add tag, remove tag, post comment, and restore, which takes a record out of the bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedPostComment,
    CheckedRestore,
    CheckedRows,
    CheckedTag,
)
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.values import message_of
from workflow_dsl.syntax import Action, Path, PostComment, Restore, Tag

_TAGGING, _COMMENT = "tagging", "comment"


def _check_restore(checking: RuleChecking, action: Restore, path: str) -> CheckedAction | None:
    rows = check_rows(checking, action.target, None, action="restore", chooses=False)
    if rows is None:
        return None
    if rows.one is None:
        message = f"'{action.target.dotted}' is a list, and none of its records is in the bin"
        checking.refuse("RUL405", message, action.target.at, "restore takes one record: this, or one with a name")
        return None
    if rows.object is not None:
        checking.writes.add((rows.object, ""))
    return CheckedRestore(path=path, text=checking.text_of(action.at), at=action.at.location, rows=rows)


def _check_tag(checking: RuleChecking, action: Tag, path: str) -> CheckedAction | None:
    word = "add tag" if action.add else "remove tag"
    name = message_of(checking, action.tag)
    if checking.is_before and not _is_at_hand(checking, action, word):
        return None
    target = _target(checking, action, action.target, word)
    if target is None or name is None:
        return None
    checking.writes.add((_TAGGING, ""))
    text, at = checking.text_of(action.at), action.at.location
    return CheckedTag(path=path, text=text, at=at, add=action.add, tag=name, rows=target[0])


def _is_at_hand(checking: RuleChecking, action: Tag, word: str) -> bool:
    """Say whether a before rule may do this; what it may not is reported."""
    if action.target is not None and action.target.dotted != "this":
        hint = f"leave out 'on {action.target.dotted}', or write the rule with 'when'"
        checking.refuse("RUL402", f"a before rule can '{word}' on the record at hand only", action.target.at, hint)
        return False
    if checking.goes:
        message = f"a before rule on a deletion can't '{word}': the record goes to the bin with the tags that it has"
        checking.refuse("RUL402", message, action.at, "write the rule with 'when', or reject the deletion")
        return False
    if checking.scope.object == _TAGGING:
        checking.refuse("RUL402", f"a before rule on {_TAGGING} can't '{word}': it would start itself", action.at)
        return False
    return True


def _check_comment(checking: RuleChecking, action: PostComment, path: str) -> CheckedAction | None:
    message = message_of(checking, action.message)
    target = _target(checking, action, action.target, "comment on")
    if target is None or message is None:
        return None
    checking.writes.add((_COMMENT, ""))
    text, at = checking.text_of(action.at), action.at.location
    return CheckedPostComment(path=path, text=text, at=at, message=message, rows=target[0])


def _target(checking: RuleChecking, action: Action, path: Path | None, word: str) -> tuple[CheckedRows | None] | None:
    """Check what is marked: the records at a path, or the rule's own, which (None,) stands for; None where it can't."""
    if path is not None:
        rows = check_rows(checking, path, None, action=word, chooses=False)
        return None if rows is None else (rows,)
    own = own_object(checking, action, word)
    if own is None or checking.refuses_source(own, action.at, f"'{word}' is not for them"):
        return None
    return (None,)


MARKING_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {Restore: _check_restore, Tag: _check_tag, PostComment: _check_comment}
)
