"""What the actions of a rule write: which records, which fields with which values, under which conditions.

Sets in a row are one save. What an action of a kind that is not known here writes is taken from what its check noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedIf,
    CheckedRule,
    CheckedSet,
    CheckedValue,
    CheckedWait,
    CheckedWaitUntil,
)
from workflow_dsl.write_graph.action_writes import WRITES
from workflow_dsl.write_graph.write import OWN, Guard, Write, WriteKind

__all__ = ["OWN", "Guard", "Write", "WriteKind", "all_actions", "writes_of"]

_Known = Mapping[str, CheckedValue | None]


def writes_of(rule: CheckedRule) -> tuple[Write, ...]:
    """Give all that a rule writes, in the order of its actions."""
    condition = rule.condition.typed if rule.condition is not None else None
    then = (Guard(condition=condition, holds=True),) if condition is not None else ()
    otherwise = (Guard(condition=condition, holds=False),) if condition is not None else ()
    found = [*_block(rule, rule.actions, then, {}), *_block(rule, rule.otherwise, otherwise, {})]
    for blocks in _blocks_of(rule, skipped=("actions", "otherwise")):
        found += _block(rule, blocks, (), {})
    return (*found, *_noted(rule, found))


def all_actions(rule: CheckedRule) -> Iterator[CheckedAction]:
    """Give every action of a rule with those inside it."""
    for block in _blocks_of(rule):
        yield from _inside(block)


def _inside(actions: Sequence[CheckedAction]) -> Iterator[CheckedAction]:
    for action in actions:
        yield action
        for block in _blocks_of(action):
            yield from _inside(block)


def _blocks_of(node: CheckedRule | CheckedAction, skipped: Sequence[str] = ()) -> Iterator[tuple[CheckedAction, ...]]:
    for name in _block_names(type(node)):
        block = getattr(node, name)
        if name not in skipped and block and isinstance(block[0], CheckedAction):
            yield block


def _block_names(kind: type[Any]) -> tuple[str, ...]:
    # Blocks are fields; new kinds of actions bring theirs without being named here.
    return tuple(each.name for each in fields(kind) if "CheckedAction, ..." in str(each.type))


def _block(
    rule: CheckedRule, actions: Sequence[CheckedAction], guards: tuple[Guard, ...], known: _Known
) -> Iterator[Write]:
    waiting: list[CheckedSet] = []
    for action in actions:
        if isinstance(action, CheckedSet) and action.unless is None:
            waiting.append(action)
            continue
        if waiting:
            yield _sets(rule, waiting, guards, known)
            known, waiting = {**known, **_values(waiting)}, []
        inner = guards if action.unless is None else (*guards, Guard(condition=action.unless.typed, holds=False))
        if isinstance(action, CheckedSet):
            yield _sets(rule, [action], inner, known)
            known = {**known, **dict.fromkeys(_values([action]))}
        else:
            # While a run waits others write.
            known = dict.fromkeys(known) if isinstance(action, CheckedWait | CheckedWaitUntil) else known
            yield from _action(rule, action, inner, known)
            known = {**known, **dict.fromkeys(_set_inside(action))}
    if waiting:
        yield _sets(rule, waiting, guards, known)


def _action(rule: CheckedRule, action: CheckedAction, guards: tuple[Guard, ...], known: _Known) -> Iterator[Write]:
    reading = WRITES.get(type(action))
    if reading is not None:
        yield from (replace(written, guards=guards, before=known) for written in reading(rule, action))
    elif isinstance(action, CheckedIf):
        yield from _block(rule, action.then, (*guards, Guard(condition=action.condition.typed, holds=True)), known)
        no = Guard(condition=action.condition.typed, holds=False)
        yield from _block(rule, action.otherwise, (*guards, no), known)
    else:
        for block in _blocks_of(action):
            yield from _block(rule, block, guards, known)


def _set_inside(action: CheckedAction) -> Iterator[str]:
    for each in _inside([action]):
        if isinstance(each, CheckedSet):
            yield from (value.field for value in each.fields)


def _values(sets: Sequence[CheckedSet]) -> dict[str, CheckedValue | None]:
    return {value.field: value.value for action in sets for value in action.fields}


def _sets(rule: CheckedRule, sets: Sequence[CheckedSet], guards: tuple[Guard, ...], known: _Known) -> Write:
    first = sets[0]
    return Write(
        rule=rule,
        kind=WriteKind.UPDATE,
        object=rule.object or "",
        path=first.path,
        at=first.at,
        text=" ".join(action.text for action in sets),
        target=OWN,
        found_by=(OWN,),
        values=_values(sets),
        guards=guards,
        before=known,
    )


def _noted(rule: CheckedRule, found: Sequence[Write]) -> Iterator[Write]:
    """Give what the check noted of writes that no action above accounts for."""
    told = {(write.object, name) for write in found for name in (*write.values, "")}
    for object_key, name in sorted(rule.writes - told):
        yield Write(
            rule=rule,
            kind=WriteKind.UPDATE if name else WriteKind.CREATE,
            object=object_key,
            path="actions",
            at=rule.at,
            text=rule.name,
            target="",
            values={name: None} if name else {},
        )
