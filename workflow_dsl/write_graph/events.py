"""What a write brings about: the events that rules and the blocks of approvals wait for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedApproval
from workflow_dsl.syntax import EventKind
from workflow_dsl.write_graph.decisions import may_end_alone, outcomes_of
from workflow_dsl.write_graph.watches import ANY, Source, of_approval
from workflow_dsl.write_graph.write import Write, WriteKind

_UPDATED, _DELETED = EventKind.UPDATED.value, EventKind.DELETED.value
_OF_RECORDS: Mapping[WriteKind, str] = {
    WriteKind.CREATE: EventKind.CREATED.value,
    WriteKind.DELETE: _DELETED,
    WriteKind.RESTORE: EventKind.RESTORED.value,
    WriteKind.CONVERT: EventKind.CONVERTED.value,
    WriteKind.MERGE: EventKind.MERGED.value,
}


class Events:
    """Knows the events of writes, by the objects and approvals of a release."""

    def __init__(self, objects: Mapping[str, ObjectDef], approvals: Iterable[CheckedApproval]) -> None:
        self._objects = objects
        self._approvals = tuple(approvals)

    def of(self, write: Write) -> Iterator[Source]:
        """Give what a write brings about."""
        if write.kind is WriteKind.SUBMIT:
            for approval in self.submitted(write):
                yield from (of_approval(approval.key, outcome) for outcome in outcomes_of(approval))
            return
        if write.kind in (WriteKind.UPDATE, WriteKind.MERGE):
            yield from self._updated(write)
        if write.kind in _OF_RECORDS:
            yield write.object, _OF_RECORDS[write.kind], ANY
        if write.kind is WriteKind.MERGE:
            yield write.object, _DELETED, ANY
        elif write.kind in (WriteKind.DELETE, WriteKind.RESTORE):
            yield from ((child, _OF_RECORDS[write.kind], ANY) for child in self._below(write.object, {write.object}))
        for object_key, name in write.moves:
            yield object_key, _UPDATED, name
            yield object_key, _UPDATED, ANY

    def submitted(self, write: Write) -> Iterator[CheckedApproval]:
        """Give the approvals that a write may submit a record for."""
        for approval in self._approvals:
            if approval.object == write.object and write.approval in (None, approval.key):
                yield approval

    def waits_for_people(self, write: Write) -> bool:
        """Say whether a submission is always decided by somebody: a record has one open request at a time."""
        return not any(may_end_alone(approval) for approval in self.submitted(write))

    def _updated(self, write: Write) -> Iterator[Source]:
        for name in write.values:
            yield write.object, _UPDATED, name
        if not write.rule.is_before:
            yield write.object, _UPDATED, ANY

    def _below(self, object_key: str, seen: set[str]) -> Iterator[str]:
        object_def = self._objects.get(object_key)
        for inverse in object_def.inverses.values() if object_def is not None else ():
            if inverse.owned and inverse.object not in seen:
                seen.add(inverse.object)
                yield inverse.object
                yield from self._below(inverse.object, seen)
