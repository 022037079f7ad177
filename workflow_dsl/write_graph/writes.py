"""What the actions of a rule write: which records, which fields with which values, under which conditions.

Sets in a row are one save. What an action of a kind that is not known here writes is taken from what its check noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from metamodel.source import Location
from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedAssignNext,
    CheckedCreate,
    CheckedDelete,
    CheckedIf,
    CheckedMakeDocument,
    CheckedPostComment,
    CheckedRestore,
    CheckedRows,
    CheckedRule,
    CheckedSet,
    CheckedTag,
    CheckedUpdate,
    CheckedValue,
    CheckedWait,
    CheckedWaitUntil,
    FieldValue,
)
from workflow_dsl.typed import FieldPath, RootKind, Typed
from workflow_dsl.write_graph.alternatives import Key
from workflow_dsl.write_graph.facts import key_of

_TAGGING, _COMMENT, _ATTACHMENT, _OWNER = "tagging", "comment", "attachment", "owner"


class WriteKind(StrEnum):
    """What is done to records."""

    UPDATE = "update"
    CREATE = "create"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition that holds, or does not, where an action is reached."""

    condition: Typed
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write of a rule.

    values: field → value, None where it is not known; filled: fields of these that are not empty then. target: how the
    records are found (`this`, `account`); found_by: the path to the one record. guards: what holds when it is done, the
    rule's own condition first. before: what the same way through the rule has set of its record already.
    """

    rule: CheckedRule
    kind: WriteKind
    object: str
    path: str
    at: Location
    text: str
    target: str
    found_by: Key | None = None
    values: Mapping[str, CheckedValue | None] = field(default_factory=lambda: MappingProxyType({}))
    filled: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    before: Mapping[str, CheckedValue | None] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_own(self) -> bool:
        """Whether it is the rule's own record that is changed."""
        return self.target == OWN


OWN = "this"
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
    reading = _WRITES.get(type(action))
    if reading is not None:
        written = reading(rule, action)
        if written is not None:
            yield replace(written, guards=guards, before=known)
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


def _create(rule: CheckedRule, action: CheckedCreate) -> Write:
    return _write(rule, action, WriteKind.CREATE, action.object, "", action.fields)


def _update(rule: CheckedRule, action: CheckedUpdate) -> Write | None:
    return _on_rows(rule, action, WriteKind.UPDATE, action.rows, action.fields)


def _delete(rule: CheckedRule, action: CheckedDelete) -> Write | None:
    return _on_rows(rule, action, WriteKind.DELETE, action.rows)


def _restore(rule: CheckedRule, action: CheckedRestore) -> Write | None:
    return _on_rows(rule, action, WriteKind.RESTORE, action.rows)


def _tag(rule: CheckedRule, action: CheckedTag) -> Write:
    return _write(rule, action, WriteKind.CREATE if action.add else WriteKind.DELETE, _TAGGING, "tags")


def _comment(rule: CheckedRule, action: CheckedPostComment) -> Write:
    return _write(rule, action, WriteKind.CREATE, _COMMENT, "comments")


def _document(rule: CheckedRule, action: CheckedMakeDocument) -> Write:
    return _write(rule, action, WriteKind.CREATE, _ATTACHMENT, "attachments")


def _assign_next(rule: CheckedRule, action: CheckedAssignNext) -> Write:
    written = _write(rule, action, WriteKind.UPDATE, rule.object or "", OWN)
    return replace(written, found_by=(OWN,), values={_OWNER: None}, filled=frozenset((_OWNER,)))


def _on_rows(
    rule: CheckedRule, action: CheckedAction, kind: WriteKind, rows: CheckedRows, values: Sequence[FieldValue] = ()
) -> Write | None:
    if rows.object is None:
        return None
    found_by = key_of(rows.one.typed) if rows.one is not None else None
    return replace(_write(rule, action, kind, rows.object, _target(rows, action), values), found_by=found_by)


def _target(rows: CheckedRows, action: CheckedAction) -> str:
    if rows.one is None:
        return action.text.split("{")[0].strip()
    typed = rows.one.typed
    if isinstance(typed, FieldPath) and typed.root.kind is RootKind.THIS and not typed.steps and typed.field is None:
        return OWN
    return rows.one.text


def _write(
    rule: CheckedRule,
    action: CheckedAction,
    kind: WriteKind,
    object_key: str,
    target: str,
    values: Sequence[FieldValue] = (),
) -> Write:
    return Write(
        rule=rule,
        kind=kind,
        object=object_key,
        path=action.path,
        at=action.at,
        text=action.text,
        target=target,
        values={value.field: value.value for value in values},
    )


_WRITES: Mapping[type[CheckedAction], Callable[[CheckedRule, Any], Write | None]] = MappingProxyType(
    {
        CheckedAssignNext: _assign_next,
        CheckedCreate: _create,
        CheckedUpdate: _update,
        CheckedDelete: _delete,
        CheckedRestore: _restore,
        CheckedTag: _tag,
        CheckedPostComment: _comment,
        CheckedMakeDocument: _document,
    }
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
