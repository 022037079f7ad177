"""A plan of what applying app folders would do, as values, as JSON data and as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.releases.candidate import Candidate
from engine.releases.plan_lines import plan_lines
from engine.releases.rules_as_system import SystemRule
from engine.storage.plan_steps import MigrationPlan
from metamodel.changes import Change
from metamodel.source import Problem, Problems

if TYPE_CHECKING:
    from engine.access.differences import AccessChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """What applying folders would do.

    problems: of the folders and of the data there is; with an error among them nothing can be applied. base: number of
    the release it starts from, 0 = none. changes: of definitions; steps: of tables, in `migration`. as_system: the
    rules that will act with all rights. access: what changes of the rights of the people there are.
    """

    candidate: Candidate
    base: int
    problems: tuple[Problem, ...]
    changes: tuple[Change, ...] = ()
    migration: MigrationPlan | None = None
    same_sources: bool = False
    as_system: tuple[SystemRule, ...] = ()
    access: tuple[AccessChange, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid applying."""
        return Problems(self.problems).errors

    @property
    def is_safe(self) -> bool:
        """Whether it can be applied without a loss."""
        return not self.errors and self.migration is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return self.same_sources and self.migration is not None and self.migration.is_empty

    def to_json(self) -> dict[str, Any]:
        """Give the plan as JSON data."""
        return {
            "base": self.base,
            "empty": self.is_empty,
            "safe": self.is_safe,
            "problems": [problem_json(problem) for problem in self.problems],
            "changes": [{"change": type(change).__name__, **_plain_change(change)} for change in self.changes],
            "steps": [step.to_json() for step in self.migration.steps] if self.migration is not None else [],
            "as_system": [rule.to_json() for rule in self.as_system],
            "access": [change.to_json() for change in self.access],
        }

    def lines(self) -> list[str]:
        """Give the plan as lines for people."""
        if self.is_empty:
            return ["Nothing changes."]
        lines = plan_lines(self.changes, self.migration.steps if self.migration is not None else ())
        return lines + [rule.line for rule in self.as_system] + [change.line for change in self.access]


def problem_json(problem: Problem) -> dict[str, Any]:
    """Give a problem as JSON data."""
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "severity": problem.severity.value,
        "file": problem.at.file,
        "line": problem.at.line,
        "column": problem.at.column,
    }


def _plain_change(change: Change) -> Mapping[str, Any]:
    return {name: _plain(getattr(change, name)) for name in change.__dataclass_fields__}


def _plain(value: object) -> object:
    if isinstance(value, tuple | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
