"""Builders of the items of a rules file: rules with their options, approvals, blueprints and uses."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token

from workflow_dsl.parsing.build_actions import ACTION_BUILDERS, name_after, names, words
from workflow_dsl.parsing.build_expressions import EXPRESSION_BUILDERS, after, nodes, tokens
from workflow_dsl.parsing.build_literals import number_of
from workflow_dsl.parsing.build_triggers import TRIGGER_BUILDERS
from workflow_dsl.parsing.building import Builder, Building, Built
from workflow_dsl.syntax import (
    AllowLoop,
    Approval,
    ApproverChoice,
    Blueprint,
    Bulk,
    Decision,
    Inactive,
    Limit,
    Missed,
    Mode,
    OncePerRecord,
    OnFailure,
    Option,
    Pair,
    Param,
    Priority,
    Retry,
    Rule,
    RunAs,
    RunsAs,
    Span,
    Step,
    StepDeadline,
    StepEntry,
    Use,
    UseCalendar,
)


def _rules_file(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return tuple(children)


def _rule(building: Building, at: Span, children: Sequence[Built]) -> Built:
    label = tokens(children, "STRING")
    triggers, each = next(child for child in nodes(children) if isinstance(child, tuple))
    position = next(i for i, child in enumerate(children) if isinstance(child, Token) and child.type == "THEN")
    rest = nodes(children[position + 1 :])
    options = tuple(part for part in rest if isinstance(part, Option))
    blocks = [part for part in rest if isinstance(part, tuple)]
    return Rule(
        name=names(building, children)[0],
        label=building.plain_text(label[0]) if label else None,
        triggers=triggers,
        each=each,
        condition=after(children[:position], "IF"),
        actions=blocks[0],
        otherwise=blocks[1] if len(blocks) > 1 else (),
        options=options,
        at=at,
    )


def _blueprint(building: Building, at: Span, children: Sequence[Built]) -> Built:
    params: tuple[Param, ...] = children[2]
    without_params = [child for child in children if child is not params]
    return Blueprint(params=params, rule=_rule(building, at, without_params), at=at)


def _use(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Use(
        blueprint=children[1],
        given_name=name_after(building, children, "AS"),
        values=tuple(child for child in children if isinstance(child, Pair)),
        at=at,
    )


def whole(building: Building, token: Token, lowest: int = 0) -> int:
    """Read a NUMBER token that must be a whole number."""
    at = building.span_of(token)
    value = number_of(building, token, at)
    if value != value.to_integral_value() or not lowest <= value <= 1_000_000:
        building.refuse("RUL105", f"'{token}' is not a whole number from {lowest} to 1000000", at)
        return lowest
    return int(value)


def _priority(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Priority(value=whole(building, children[1]), at=at)


def _run_as(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return RunsAs(who=RunAs(words(children[0])[1]), at=at)


def _once(building: Building, at: Span, children: Sequence[Built]) -> Built:
    rest = words(children[0])[3:]
    return OncePerRecord(period=rest[-1] if rest else None, at=at)


def _limit(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Limit(count=whole(building, children[1], 1), unit=words(children[2])[1], at=at)


def _step(building: Building, at: Span, children: Sequence[Built]) -> Built:
    label = tokens(children, "STRING")
    parts = nodes(children)
    choice, quorum, approvers = next(part for part in parts if isinstance(part, tuple) and len(part) == 3)
    return Step(
        name=names(building, children)[0],
        label=building.plain_text(label[0]) if label else None,
        choice=choice,
        quorum=quorum,
        approvers=approvers,
        entry=next((part for part in parts if isinstance(part, StepEntry)), None),
        deadline=next((part for part in parts if isinstance(part, StepDeadline)), None),
        may_edit=next((part.names for part in parts if isinstance(part, _MayEdit)), ()),
        after_approval=after(children, "AFTER_APPROVAL") or (),
        after_rejection=after(children, "AFTER_REJECTION") or (),
        at=at,
    )


class _MayEdit:
    def __init__(self, names: tuple[Built, ...]) -> None:
        self.names = names


def _approvers(building: Building, at: Span, children: Sequence[Built]) -> Built:
    if children[0] is not None and children[0].type == "CHOSEN_AT_SUBMIT":
        return ApproverChoice.CHOSEN_AT_SUBMIT, None, ()
    if children[0] is None:
        return ApproverChoice.EACH_LISTED, None, children[1]
    word = words(children[0])[0]
    if word.isdigit():
        return ApproverChoice.EACH_LISTED, int(word[:6]), children[1]
    return ApproverChoice(word), None, children[1]


def _entry(building: Building, at: Span, children: Sequence[Built]) -> Built:
    word = after(children, "ELSE")
    return StepEntry(condition=children[1], otherwise=str(word) if word is not None else "skip", at=at)


def _deadline(building: Building, at: Span, children: Sequence[Built]) -> Built:
    people, word = children[-1]
    return StepDeadline(within=children[1], escalate_to=people, otherwise=word, at=at)


def _timeout(building: Building, at: Span, children: Sequence[Built]) -> Built:
    if children[0].type == "ESCALATE_TO":
        return children[1], None
    return (), str(children[0])


def _decision(building: Building, at: Span, children: Sequence[Built]) -> Built:
    return Decision(outcome=words(children[0])[1], actions=children[1], at=at)


def _approval(building: Building, at: Span, children: Sequence[Built]) -> Built:
    label = tokens(children, "STRING")
    priority = after(children, "PRIORITY")
    parts = nodes(children)
    return Approval(
        name=names(building, children)[0],
        object=after(children, "ON"),
        label=building.plain_text(label[0]) if label else None,
        condition=after(children, "IF"),
        priority=whole(building, priority) if priority is not None else None,
        submitted_by=after(children, "SUBMITTED_BY") or (),
        steps=tuple(part for part in parts if isinstance(part, Step)),
        decisions=tuple(part for part in parts if isinstance(part, Decision)),
        lock_record=bool(tokens(children, "LOCK_RECORD")),
        at=at,
    )


ALL_BUILDERS: dict[str, Builder] = {
    **EXPRESSION_BUILDERS,
    **ACTION_BUILDERS,
    **TRIGGER_BUILDERS,
    "rules_file": _rules_file,
    "rule": _rule,
    "blueprint": _blueprint,
    "use": _use,
    "priority": _priority,
    "run_as": _run_as,
    "mode": lambda building, at, children: Mode(mode=words(children[0])[1], at=at),
    "bulk": lambda building, at, children: Bulk(mode=words(children[0])[1], at=at),
    "once": _once,
    "limit": _limit,
    "retry": lambda building, at, children: Retry(times=whole(building, children[1]), at=at),
    "on_failure": lambda building, at, children: OnFailure(actions=children[1], at=at),
    "missed": lambda building, at, children: Missed(mode=words(children[0])[1], at=at),
    "calendar": lambda building, at, children: UseCalendar(calendar=building.name(children[1]), at=at),
    "inactive": lambda building, at, children: Inactive(at=at),
    "allow_loop": lambda building, at, children: AllowLoop(times=whole(building, children[1], 1), at=at),
    "approval": _approval,
    "step": _step,
    "approvers": _approvers,
    "entry": _entry,
    "deadline": _deadline,
    "timeout": _timeout,
    "may_edit": lambda building, at, children: _MayEdit(names(building, children)),
    "decision": _decision,
}
