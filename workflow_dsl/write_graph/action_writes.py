"""What single actions write: records made, changed, deleted, converted, merged and submitted for approval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import (
    CheckedAction,
    CheckedAssignNext,
    CheckedConvertTo,
    CheckedConvertUsing,
    CheckedCreate,
    CheckedDelete,
    CheckedMakeDocument,
    CheckedMerge,
    CheckedPostComment,
    CheckedRestore,
    CheckedRows,
    CheckedRule,
    CheckedSubmit,
    CheckedTag,
    CheckedUpdate,
    FieldValue,
)
from workflow_dsl.typed import FieldPath, RootKind
from workflow_dsl.write_graph.facts import key_of
from workflow_dsl.write_graph.write import OWN, Write, WriteKind

_TAGGING, _COMMENT, _ATTACHMENT, _OWNER = "tagging", "comment", "attachment", "owner"


def _create(rule: CheckedRule, action: CheckedCreate) -> Iterable[Write]:
    yield _write(rule, action, WriteKind.CREATE, action.object, "", action.fields)


def _update(rule: CheckedRule, action: CheckedUpdate) -> Iterable[Write]:
    yield from _on_rows(rule, action, WriteKind.UPDATE, action.rows, action.fields)


def _delete(rule: CheckedRule, action: CheckedDelete) -> Iterable[Write]:
    yield from _on_rows(rule, action, WriteKind.DELETE, action.rows)


def _restore(rule: CheckedRule, action: CheckedRestore) -> Iterable[Write]:
    yield from _on_rows(rule, action, WriteKind.RESTORE, action.rows)


def _tag(rule: CheckedRule, action: CheckedTag) -> Iterable[Write]:
    yield _write(rule, action, WriteKind.CREATE if action.add else WriteKind.DELETE, _TAGGING, "tags")


def _comment(rule: CheckedRule, action: CheckedPostComment) -> Iterable[Write]:
    yield _write(rule, action, WriteKind.CREATE, _COMMENT, "comments")


def _document(rule: CheckedRule, action: CheckedMakeDocument) -> Iterable[Write]:
    yield _write(rule, action, WriteKind.CREATE, _ATTACHMENT, "attachments")


def _assign_next(rule: CheckedRule, action: CheckedAssignNext) -> Iterable[Write]:
    written = _write(rule, action, WriteKind.UPDATE, rule.object or "", OWN)
    yield replace(written, found_by=(OWN,), values={_OWNER: None}, filled=frozenset((_OWNER,)))


def _convert_to(rule: CheckedRule, action: CheckedConvertTo) -> Iterable[Write]:
    for target in action.targets:
        made = _write(rule, action, WriteKind.CREATE, target.object, "", target.fields)
        yield replace(made, once=rule.object)
    yield _own(rule, action, WriteKind.CONVERT)


def _convert_using(rule: CheckedRule, action: CheckedConvertUsing) -> Iterable[Write]:
    for object_key, names in action.made:
        made = _write(rule, action, WriteKind.CREATE, object_key, "")
        yield replace(made, values=dict.fromkeys(names), once=rule.object)
    if action.sets:
        yield replace(_own(rule, action, WriteKind.UPDATE), values=dict.fromkeys(action.sets), once=rule.object)
    yield replace(_own(rule, action, WriteKind.CONVERT), moves=action.moves)


def _merge(rule: CheckedRule, action: CheckedMerge) -> Iterable[Write]:
    written = _write(rule, action, WriteKind.MERGE, action.object, _target(action.into, action))
    found_by = key_of(action.into.one.typed) if action.into.one is not None else None
    # One of the two is gone then, so that there is no end of it only where new ones come.
    yield replace(written, found_by=found_by, values=dict.fromkeys(action.sets), moves=action.moves, once=action.object)


def _submit(rule: CheckedRule, action: CheckedSubmit) -> Iterable[Write]:
    yield replace(_own(rule, action, WriteKind.SUBMIT), approval=action.approval)


def _own(rule: CheckedRule, action: CheckedAction, kind: WriteKind) -> Write:
    written = _write(rule, action, kind, rule.object or "", OWN)
    return replace(written, found_by=(OWN,), once=rule.object if kind is WriteKind.CONVERT else None)


def _on_rows(
    rule: CheckedRule, action: CheckedAction, kind: WriteKind, rows: CheckedRows, values: Sequence[FieldValue] = ()
) -> Iterable[Write]:
    if rows.object is None:
        return
    found_by = key_of(rows.one.typed) if rows.one is not None else None
    yield replace(_write(rule, action, kind, rows.object, _target(rows, action), values), found_by=found_by)


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


WRITES: Mapping[type[CheckedAction], Callable[[CheckedRule, Any], Iterable[Write]]] = MappingProxyType(
    {
        CheckedAssignNext: _assign_next,
        CheckedCreate: _create,
        CheckedUpdate: _update,
        CheckedDelete: _delete,
        CheckedRestore: _restore,
        CheckedTag: _tag,
        CheckedPostComment: _comment,
        CheckedMakeDocument: _document,
        CheckedConvertTo: _convert_to,
        CheckedConvertUsing: _convert_using,
        CheckedMerge: _merge,
        CheckedSubmit: _submit,
    }
)
