"""Documents of runs: what a plugin made becomes an attachment of the rule's record; attachments go along with mails.

Both by the one door, with the rights of whom the rule acts as. How a document is made is the plugin's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.automation.inside_actions import Door, Work
from engine.automation.run_state import Run, StepFailed
from engine.automation.step_effects import effect
from engine.errors import RecordNotFound
from engine.files.store import FileStore
from metamodel.field_types import FieldValueError, message
from metamodel.values import Ref, StoredFile
from plugins.contributions import MadeFile

ATTACHMENT = "attachment"
DOCUMENTS = "documents "
"""The name by which a mail has its documents; no rule can give a name with a space."""
_MOST_BYTES = 25 * 1024 * 1024


def file_document(work: Work, files: FileStore, run: Run, made: MadeFile) -> tuple[str, Mapping[str, object]]:
    """File a document with a run's record, in the transaction at hand; give the attachment's id and what was done.

    Raises: StepFailed.
    """
    if run.object is None or run.record_id is None:
        raise StepFailed("The rule has no record of its own to file a document with.")
    transaction = work.transaction
    definition = transaction.object_def(ATTACHMENT).fields["file"]
    try:
        file = files.take_bytes(work.connection, transaction.actor, definition, made.content, made.name)
    except FieldValueError as fault:
        reason = message(fault.code, transaction.actor.language, **fault.params)
        raise StepFailed(f"{made.name}: {reason}") from fault
    values = {"file": file, "name": file.name, "about": Ref(run.object, run.record_id)}
    attachment = work.create(ATTACHMENT, values)
    return attachment, effect("created", ATTACHMENT, attachment)


def sent_files(door: Door, files: FileStore, attachments: Sequence[str]) -> tuple[MadeFile, ...]:
    """Give the files of attachments as they go along with a mail.

    Raises: StepFailed: one may not be read, is gone, or together they are too large.
    """
    found: list[MadeFile] = []
    with door.work("") as work:
        actor = work.transaction.actor
        stored = [_file_of(work, each) for each in attachments]
    if sum(each.size or 0 for each in stored) > _MOST_BYTES:
        raise StepFailed(f"The documents of the mail have more than {_MOST_BYTES // (1024 * 1024)} MB together.")
    for file in stored:
        try:
            content = files.open(actor, file.id)
        except RecordNotFound as error:
            raise StepFailed(f"The document '{file.name}' is gone, or the rule's user may not read it.") from error
        found.append(MadeFile(name=content.name, type=content.type, content=content.path.read_bytes()))
    return tuple(found)


def _file_of(work: Work, attachment: str) -> StoredFile:
    record = work.transaction.get(ATTACHMENT, attachment, fields=("file",))
    file: Any = record.values.get("file")
    if not isinstance(file, StoredFile):
        raise StepFailed("A document of the mail has no file any more, or the rule's user may not read it.")
    return file
