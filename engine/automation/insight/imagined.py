"""What a rule would have done at a save of the past, without doing it: values are computed, writes are remembered.

Records are as they were then, with what the rule itself would have written laid over them. Actions that go through a
door of their own (share, convert, submit …) are imagined by `imagined_actions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from engine.access.actor import Actor
from engine.automation.eyes import SeenByActor
from engine.automation.insight.past import Entry
from engine.automation.insight.past_source import PastRecords, PastSource
from engine.automation.insight.views import Intent
from engine.automation.journal import Journal, StepDone
from engine.automation.people_in_records import RecordDirectory
from engine.automation.program import Rows
from engine.automation.run_door import RunDoor
from engine.automation.run_state import StepFailed
from engine.automation.run_statements import End
from engine.automation.run_work import RunWork
from engine.errors import EngineError
from engine.ids import IdMaker
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.values import Ref
from workflow_dsl.context import Context, Values
from workflow_dsl.evaluation_errors import EvaluationError


class ImaginedRecords(PastSource):
    """The records of a moment with what the rule would have written since."""

    def __init__(self, transaction: Transaction, past: PastRecords, entry: Entry) -> None:
        super().__init__(transaction, past, entry)
        self.written: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.created: set[str] = set()

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record as the rule would find it."""
        key = (object_key, record_id)
        if key not in self.written:
            return super().related(object_key, record_id)
        over = self.written[key]
        return None if over is None else {**(super().related(object_key, record_id) or {}), **over}

    def write(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> bool:
        """Remember what would be written; False where nothing of it is new."""
        before = self.related(object_key, record_id) or {}
        changed = any(before.get(name) != value for name, value in values.items())
        known = self.written.get((object_key, record_id)) or {}
        self.written[object_key, record_id] = {**known, **values}
        return changed

    def remove(self, object_key: str, record_id: str) -> None:
        """Remember that a record would be gone."""
        self.written[object_key, record_id] = None


class ImaginedWork(RunWork):
    """One step of a rule of which nothing is done."""

    def __init__(self, transaction: Transaction, door: ImaginedDoor, path: str) -> None:
        super().__init__(transaction, door.run, door.program, door.notices)
        transaction.around = replace(
            transaction.around,
            source=door.world,
            now=door.run.created_at,
            today=door.run.created_at.astimezone(transaction.around.zone).date(),
        )
        self._world, self._intents, self._path, self._ids = door.world, door.intents, path, door.ids
        self._eyes = SeenByActor(transaction, door.world)
        self.directory = RecordDirectory(transaction, self._eyes)

    def _selected(self, rows: Rows, context: Context) -> list[str] | None:
        # Statements see the records of today.
        return None

    def create(self, object_key: str, values: Mapping[str, Any]) -> str:
        """Remember a new record."""
        record_id = self._ids.new()
        self._world.write(object_key, record_id, {"id": record_id, **values})
        self._world.created.add(record_id)
        self.note("created", object=object_key, values=dict(values))
        return record_id

    def file_mail(self, record: Ref) -> tuple[list[Mapping[str, Any]], str]:
        """File nothing: what a mail brought stands with the run that it started."""
        return [], ""

    def update(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> bool:
        """Remember a change."""
        changed = self._world.write(object_key, record_id, values)
        if changed:
            self.note("updated", object=object_key, record_id=record_id, values=dict(values))
        return changed

    def delete(self, object_key: str, record_id: str) -> None:
        """Remember that a record goes into the bin."""
        self._world.remove(object_key, record_id)
        self.note("deleted", object=object_key, record_id=record_id)

    def restore(self, object_key: str, record_id: str) -> bool:
        """Remember that a record is taken out of the bin."""
        self.note("restored", object=object_key, record_id=record_id)
        return True

    def change_tag(self, name: str, targets: Sequence[Ref], *, add: bool) -> Mapping[Ref, str]:
        """Remember a tag."""
        for target in targets:
            self.note("add tag" if add else "remove tag", object=target.object, record_id=target.id, text=name)
        return {}

    def notify(self, user_id: str, text: str, *, key: str) -> None:
        """Remember whom the rule would tell what."""
        self.note("notified", object="user", record_id=user_id, text=text)

    def log(self, text: str) -> None:
        """Write nothing."""

    def note(self, kind: str, **more: Any) -> None:
        """Remember something that the rule would do."""
        if more.get("record_id") in self._world.created:
            # There is no such record, and so no id of it.
            more["record_id"] = None
        self._intents.append(Intent(path=self._path, kind=kind, **more))


@dataclass(slots=True, kw_only=True)
class ImaginedDoor(RunDoor):
    """Opens steps in which nothing is done. reader: the transaction that reads the past; world: what the rule finds."""

    reader: Transaction
    release: Release
    world: ImaginedRecords
    ids: IdMaker
    intents: list[Intent] = field(default_factory=list)

    @contextmanager
    def work(self, path: str) -> Iterator[RunWork]:
        """Open a step."""
        try:
            yield ImaginedWork(self._transaction(self.actor()), self, path)
        except (EngineError, EvaluationError) as error:
            raise StepFailed(str(error)) from error

    @contextmanager
    def reading(self) -> Iterator[RunWork]:
        """Open a step that only reads."""
        yield ImaginedWork(self._transaction(self.actor()), self, "")

    def _transaction(self, actor: Actor) -> Transaction:
        return self.records.within(self.reader.connection, actor, self.release)


class ImaginedJournal(Journal):
    """A journal that is not kept."""

    def claim(self, connection: Any, *, counts: bool = True, progress: bool = True) -> None:
        """Take no lease."""

    def settle(
        self, transaction: Transaction, path: str, step: StepDone, *, begun: Any, counts: bool, end: End | None
    ) -> None:
        """Write nothing."""

    def record(self, connection: Any, path: str, step: StepDone, *, begun: Any) -> None:
        """Write nothing."""

    def next_try(self, path: str) -> int:
        """Give the first one."""
        return 1
