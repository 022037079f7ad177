"""What approvals set off, as rules of the graph: each block of an approval is a node, started by what is decided.

A block is named by its approval and its own words (`discount: on approve`); it has no page as a rule has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from metamodel.source import Location
from workflow_dsl.checked_rules import (
    ApprovalTrigger,
    CheckedAction,
    CheckedApproval,
    CheckedDecision,
    CheckedRule,
    CheckedStep,
)

OUTCOMES = ("submitted", "approved", "rejected", "recalled", "timed out")
_TOLD_AS = {"submit": "submitted", "approve": "approved", "reject": "rejected", "recall": "recalled"}
_AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One block of actions of an approval. words: as it is written; outcome: what starts it."""

    words: str
    outcome: str
    actions: tuple[CheckedAction, ...]


def decisions_of(approvals: Iterable[CheckedApproval]) -> tuple[CheckedRule, ...]:
    """Give the blocks of approvals as rules, in the order in which they are written."""
    return tuple(_rule(approval, block) for approval in approvals for block in _blocks(approval) if block.actions)


def is_decision(rule: CheckedRule) -> bool:
    """Say whether a rule of the graph is a block of an approval; names of rules have no colon."""
    return ":" in rule.key


def outcomes_of(approval: CheckedApproval) -> Iterator[str]:
    """Give all that may be told of an approval once it is submitted, what its steps set off as well."""
    yield from OUTCOMES
    for step in approval.steps:
        yield from (block.outcome for block in _of_step(step))


def may_end_alone(approval: CheckedApproval) -> bool:
    """Say whether it may be decided with nobody asked: each of its steps may be left out."""
    return all(step.entry is not None for step in approval.steps)


def _blocks(approval: CheckedApproval) -> Iterator[_Block]:
    yield from (_of_decision(decision) for decision in approval.decisions)
    for step in approval.steps:
        yield from _of_step(step)


def _of_decision(decision: CheckedDecision) -> _Block:
    outcome = _TOLD_AS[decision.outcome]
    return _Block(words=f"on {decision.outcome}", outcome=outcome, actions=decision.actions)


def _of_step(step: CheckedStep) -> Sequence[_Block]:
    return (
        _Block(words=f"{step.name} {_AFTER} approval", outcome=f"{step.name} approved", actions=step.after_approval),
        _Block(words=f"{step.name} {_AFTER} rejection", outcome=f"{step.name} rejected", actions=step.after_rejection),
    )


def _rule(approval: CheckedApproval, block: _Block) -> CheckedRule:
    text = f"approval {approval.key} is {block.outcome}"
    return CheckedRule(
        key=f"{approval.key}: {block.words}",
        name=f"{approval.name}: {block.words}",
        app=approval.app,
        at=_place(approval, block),
        text=approval.text,
        is_before=False,
        object=approval.object,
        on_approval=(ApprovalTrigger(approval=approval.key, outcome=block.outcome, text=text),),
        actions=block.actions,
    )


def _place(approval: CheckedApproval, block: _Block) -> Location:
    return block.actions[0].at if block.actions else approval.at
