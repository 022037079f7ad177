"""Sharing as pages and the API do it: in one transaction, for sharees that the actor may know of, who are told.

The act itself is `records/sharing`, which rules use as well; nothing of who may share is judged here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.access.actor import Actor
from engine.automation.notices import Notices
from engine.automation.share_notices import share_notices
from engine.errors import FieldError, ValidationFailed
from engine.ids import IdMaker
from engine.records.saving.messages import say
from engine.records.service import Records
from engine.records.sharing.sharees import Sharee, is_seen
from engine.records.sharing.sharing import RecordShare, end_of, read_shares, share_record, unshare_record
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables


class SharingDesk:
    """Shares records for people."""

    def __init__(self, records: Records, system: SystemTables, ids: IdMaker) -> None:
        self._records = records
        self._notices = Notices(system, ids)
        self._ids = ids

    def share(
        self,
        actor: Actor,
        object_key: str,
        record_id: str,
        sharee: Sharee,
        *,
        edits: bool,
        until: dt.date | None = None,
        release: Release | None = None,
    ) -> bool:
        """Share a record until a day (all of it), a moment or for good; give whether anything changed.

        Raises: UnknownObject, RecordNotFound, AccessDenied, ValidationFailed.
        """
        with self._records.transaction(actor, release=release) as transaction:
            object_def = transaction.object_def(object_key)
            transaction.reader.require_readable(object_def, record_id)
            self._check_seen(transaction, sharee)
            end = None if until is None else end_of(until, transaction.around.zone)
            changed = share_record(transaction, object_def, record_id, sharee, edits=edits, until=end)
            if changed:
                self._tell(transaction, object_key, record_id, sharee, edits=edits, until=end)
        return changed

    def unshare(
        self, actor: Actor, object_key: str, record_id: str, sharee: Sharee, *, release: Release | None = None
    ) -> bool:
        """End a share; give whether there was one.

        Raises: UnknownObject, RecordNotFound, AccessDenied.
        """
        with self._records.transaction(actor, release=release) as transaction:
            return unshare_record(transaction, transaction.object_def(object_key), record_id, sharee)

    def list(
        self, actor: Actor, object_key: str, record_id: str, *, release: Release | None = None
    ) -> Sequence[RecordShare]:
        """Give who has a record by a share.

        Raises: UnknownObject, RecordNotFound, AccessDenied.
        """
        with self._records.reading(actor, release=release) as transaction:
            return read_shares(transaction, transaction.object_def(object_key), record_id)

    def _check_seen(self, transaction: Transaction, sharee: Sharee) -> None:
        if not is_seen(transaction, sharee):
            text = say("share_nobody", transaction.actor.language)
            raise ValidationFailed([FieldError(code="no_record", message=text, field="with")])

    def _tell(
        self,
        transaction: Transaction,
        object_key: str,
        record_id: str,
        sharee: Sharee,
        *,
        edits: bool,
        until: dt.datetime | None,
    ) -> None:
        act, object_def = self._ids.new(), transaction.object_def(object_key)
        for user_id, text in share_notices(transaction, object_def, sharee, edits=edits, until=until):
            self._notices.add(
                transaction.connection,
                user_id,
                text,
                key=f"share:{act}:{user_id}",
                at=transaction.now,
                object_key=object_key,
                record_id=record_id,
            )
