"""Rules that act as the system: which an app has, which of them are new, and who may not publish them.

What acts with all rights is granted by who publishes it: a rule that is written `as system`, and the blocks of an
approval, whose actions are the product's own. Those that were published before as they are written now need nobody's
right again. Whether a caller has the right is asked by `applying`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from metamodel.source import Location, Problem
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.syntax import RunAs

RIGHT = "grant_system"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRule:
    """A rule, or an approval with actions, that acts with all rights. is_new: it was not published so before."""

    key: str
    app: str
    at: Location
    text: str
    is_approval: bool = False
    is_new: bool = True

    @property
    def published_as(self) -> tuple[bool, str, str]:
        """What it must be again to need nobody's right."""
        return self.is_approval, self.key, self.text

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        kind = "approval" if self.is_approval else "rule"
        return {kind: self.key, "app": self.app, "file": self.at.file, "line": self.at.line, "new": self.is_new}

    @property
    def line(self) -> str:
        """Say it in a plan."""
        what = "the actions of approval" if self.is_approval else "rule"
        how = "act" if self.is_approval else "acts"
        return f"{what} {self.key} {how} as system{' (new or changed)' if self.is_new else ''}"


Checked = CheckedRule | CheckedApproval


def rules_as_system(checked: Iterable[Checked], before: Callable[[], Iterable[Checked]]) -> tuple[SystemRule, ...]:
    """Give what acts as the system. before: gives the rules and approvals of the release that runs, asked if needed."""
    found = tuple(_found(checked))
    if not found:
        return ()
    known = {each.published_as for each in _found(before())}
    return tuple(replace(each, is_new=each.published_as not in known) for each in found)


def refused_rules(rules: Iterable[SystemRule]) -> Iterator[Problem]:
    """Give a problem for each that is new, for an author without the right. Problems: RUL432."""
    for rule in rules:
        if rule.is_new:
            act = f"the actions of approval '{rule.key}' act" if rule.is_approval else f"'{rule.key}' acts"
            message = f"{act} as system, with all rights, and your roles may not grant that"
            hint = f"let somebody with the right '{RIGHT}' publish it"
            hint += "" if rule.is_approval else ", or write 'as user' or 'as owner'"
            yield Problem(code="RUL432", message=message, at=rule.at, hint=hint, length=len(rule.key))


def _found(checked: Iterable[Checked]) -> Iterator[SystemRule]:
    for each in checked:
        if isinstance(each, CheckedRule):
            if each.run_as is RunAs.SYSTEM:
                yield SystemRule(key=each.key, app=each.app, at=each.at, text=each.text)
        elif _has_actions(each):
            yield SystemRule(key=each.key, app=each.app, at=each.at, text=each.text, is_approval=True)


def _has_actions(approval: CheckedApproval) -> bool:
    if any(decision.actions for decision in approval.decisions):
        return True
    return any(step.after_approval or step.after_rejection for step in approval.steps)
