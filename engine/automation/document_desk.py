"""Documents made by hand: what `generate document` does, for a person and a record, with that person's rights.

The same plugin makes them and they are filed through the same gate (`documents.file_document`); no run is kept of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from engine.access.actor import Actor
from engine.automation.courier import PluginCourier
from engine.automation.documents import ATTACHMENT, file_document, sent_files
from engine.automation.outside import Outgoing
from engine.automation.plugin_records import RunRecordAccess
from engine.automation.program import Program
from engine.automation.run_door import RunDoor
from engine.automation.run_state import Run, RunState, Snapshot, StepFailed
from engine.automation.run_work import RunWork
from engine.automation.stored_actors import stored_actor
from engine.automation.surroundings import RunSurroundings
from engine.errors import AccessDenied, EngineError
from engine.ids import IdMaker
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.apps import TemplateDef
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from plugins.contexts import NoParts
from plugins.contributions import ActionFailed, MadeFile

_DOCUMENT = "document"
_ACTION = "generate_document"


class NoSuchDocument(EngineError):
    """No template of that name makes documents of an object's records."""

    def __init__(self, name: str, object_key: str, known: Sequence[str] = ()) -> None:
        self.name = name
        hint = did_you_mean(name, known)
        super().__init__(f"No template '{name}' makes documents of {object_key}{f'; {hint}' if hint else '.'}")


class DocumentFailed(EngineError):
    """A document could not be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDocument:
    """A document that was made and filed. attachment: the id of its record. note: what its maker says of it."""

    attachment: str
    name: str
    note: str


FileOnce = Callable[[Transaction, Callable[[], MadeDocument]], MadeDocument]
"""Files a document, unless a request that is the same did; what it answers is the answer."""


@dataclass(slots=True, kw_only=True)
class _HandDoor(RunDoor):
    """The door of somebody who is there: what they may, and no run as a cause."""

    who: Actor

    def actor(self) -> Actor:
        """Give who makes the document."""
        return self.who

    @contextmanager
    def work(self, path: str) -> Iterator[RunWork]:
        """Open a transaction."""
        with self.records.transaction(self.who) as transaction:
            yield RunWork(transaction, self.run, self.program, self.notices)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDesk:
    """Makes documents of one installation."""

    around: RunSurroundings
    ids: IdMaker

    def offered(self, transaction: Transaction, object_def: ObjectDef) -> tuple[TemplateDef, ...]:
        """Give the templates that say they are documents of an object, where the actor may file one."""
        if object_def.source is not None or self.around.plugins.find_action(_ACTION) is None:
            return ()
        if not transaction.access.of(ATTACHMENT).may("create"):
            return ()
        found = _templates(transaction.release, object_def)
        return tuple(each for each in found.values() if each.kind == _DOCUMENT)

    def names(self, release: Release, object_def: ObjectDef) -> tuple[str, ...]:
        """Give the templates that can be documents of an object's records, whoever asks."""
        return () if object_def.source is not None else tuple(sorted(_templates(release, object_def)))

    def make(
        self,
        actor: Actor,
        release: Release,
        object_key: str,
        record_id: str,
        name: str,
        *,
        once: FileOnce = lambda _, file: file(),
    ) -> MadeDocument:
        """Make a document of a record and file it with it. once: is asked in the transaction that files it.

        Raises: UnknownObject, RecordNotFound, NoSuchDocument, AccessDenied, ValidationFailed, DocumentFailed.
        """
        with self.around.records.reading(actor, release=release) as transaction:
            object_def = transaction.object_def(object_key)
            transaction.reader.require_readable(object_def, record_id)
            if not transaction.access.of(ATTACHMENT).may("create"):
                raise AccessDenied("create", ATTACHMENT, "your roles do not allow it")
        known = {} if object_def.source is not None else _templates(release, object_def)
        if name not in known:
            raise NoSuchDocument(name, object_def.key, tuple(known))
        run, program = self._as_run(actor, release, object_def.key, record_id)
        door = _HandDoor(
            run=run,
            program=program,
            metamodel=release.metamodel,
            records=self.around.records,
            notices=self.around.notices,
            find_actor=self.around.find_actor,
            who=actor,
        )
        outgoing = Outgoing(action=_ACTION, target=name, inputs={"template": name})
        try:
            done = self._courier(run, door, release).deliver(outgoing, path=_DOCUMENT, attempt=1, parts=NoParts())
            if done.file is None:
                raise DocumentFailed("The plugin made no document.")
            with door.work(_DOCUMENT) as work:
                return once(work.transaction, partial(self._file, work, run, done.file, done.summary))
        except (StepFailed, ActionFailed) as failed:
            raise DocumentFailed(failed.reason) from failed

    def _file(self, work: RunWork, run: Run, made: MadeFile, note: str) -> MadeDocument:
        attachment, _ = file_document(work, self.around.files, run, made)
        return MadeDocument(attachment=attachment, name=made.name, note=note)

    def _as_run(self, actor: Actor, release: Release, object_key: str, record_id: str) -> tuple[Run, Program]:
        """Give what the makers of documents are told of a run; it is written nowhere."""
        program = Program(
            name=_DOCUMENT, label=None, text="", at="", app=release.metamodel.main.name, is_before=False,
            object=object_key, actions=(),
        )  # fmt: skip
        run = Run(
            id=self.ids.new(), rule=program.name, rule_text="", release=release.number, object=object_key,
            record_id=record_id, event=_DOCUMENT, snapshot=Snapshot(), actor=stored_actor(actor, program),
            root=self.ids.new(), state=RunState.RUNNING, created_at=self.around.clock.now(),
        )  # fmt: skip
        return run, program

    def _courier(self, run: Run, door: RunDoor, release: Release) -> PluginCourier:
        around = self.around
        parts, actor = around.records.parts(release), door.actor()
        user = {"name": actor.name, "language": actor.language, "timezone": release.metamodel.main.timezone}
        return PluginCourier(
            run=run,
            metamodel=release.metamodel,
            plugins=around.plugins,
            records=RunRecordAccess(door, parts.language, around.base_url, around.files),
            files_of=lambda attachments: sent_files(door, around.files, attachments),
            clock=around.clock,
            secrets=around.environment.get,
            allowed_hosts=around.allowed_hosts,
            app_settings=lambda: parts.settings(around.records.access(actor, release).roles),
            user=user,
            tell=around.tell,
            webhooks=around.webhooks,
        )


def _templates(release: Release, object_def: ObjectDef) -> Mapping[str, TemplateDef]:
    """Give what can be a document of an object's records, by name."""

    def find(_: Release) -> Mapping[str, TemplateDef]:
        found = release.metamodel.templates.items()
        return {name: each for name, each in found if _is_about(release, each, object_def)}

    return release.part(("automation.documents", object_def.key), find)


def _is_about(release: Release, template: TemplateDef, object_def: ObjectDef) -> bool:
    if template.kind not in (None, _DOCUMENT) or template.object is None:
        return False
    found = release.metamodel.find_object(template.object)
    return found is not None and found.key == object_def.key
