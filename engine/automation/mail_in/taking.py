"""Takes a mail in: notes it, starts the rules that wait for it, and moves the box on, all in one transaction.

A mail counts once for each address: its copies, and one that is met again after a crash, start nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects import postgresql, sqlite

from engine import faults
from engine.access.actor import Origin, system_actor
from engine.automation.calls.others import OtherCalls
from engine.automation.mail_in.files import REFUSED, give_to_runs, keep_files
from engine.automation.mail_in.reading import ReceivedMail, read_mail
from engine.files.store import FileStore
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.apps import ConnectionDef

MAILBOX = "mailbox"
_KEPT_FOR = dt.timedelta(days=400)


class HoldLost(Exception):
    """Somebody else looks into the box by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Who looks into a box, and which mail of it is at hand. until: to when the box is held after this mail.

    number: None while what was unread at the beginning is taken in, in whatever order its numbers are.
    """

    mailbox: str
    holder: str
    validity: int
    number: int | None
    until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTaken:
    """What came of a mail. runs: how many it started. reason: why it started none, where it was not to."""

    runs: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMails:
    """Takes mails in."""

    records: Records
    system: SystemTables
    current: Callable[[], Release]
    others: OtherCalls
    files: FileStore

    def boxes(self) -> tuple[ConnectionDef, ...]:
        """Give the mail boxes of the current release."""
        connections = self.current().metamodel.connections.values()
        return tuple(each for each in connections if each.kind == MAILBOX)

    def take_in(self, box: ConnectionDef, raw: bytes, hold: Hold | None = None) -> MailTaken:
        """Take in a mail of a box. hold: of who read it there, None where it was handed in.

        Raises:
            HoldLost: the box is another's by now; nothing was taken in.
        """
        mail = read_mail(raw)
        with self.records.transaction(system_actor(Origin.RULE), release=self.current()) as transaction:
            if hold is not None:
                self._move_on(transaction, hold)
            runs, reason = 0, mail.automatic
            fresh = [each for each in addresses_for(box, mail) if self._is_first(transaction, box, mail, each)]
            if not fresh:
                reason = "it was taken in before"
            elif not reason:
                for address in fresh:
                    started = self._start(transaction, address, mail)
                    self._note_runs(transaction, mail, address, started)
                    runs += started
            faults.reach("mail.before_commit")
        faults.reach("mail.taken")
        return MailTaken(runs=runs, reason=reason)

    def _start(self, transaction: Transaction, address: str, mail: ReceivedMail) -> int:
        if not self.others.waits_for_mail(transaction.release, address):
            return 0
        kept = keep_files(transaction, self.files, mail.files)
        names = {**mail.names(), **({REFUSED: kept.refused} if kept.refused else {})}
        runs = self.others.mailed(transaction, address, names)
        give_to_runs(transaction, kept.ids, runs)
        return len(runs)

    def forget_old(self) -> None:
        """Forget mails that no box has as new any more."""
        with self.records.transaction(system_actor(Origin.RULE), release=self.current()) as transaction:
            table = self.system.mail_in
            transaction.connection.execute(delete(table).where(table.c.at < transaction.now - _KEPT_FOR))

    def _move_on(self, transaction: Transaction, hold: Hold) -> None:
        table = self.system.mailbox
        highest = func.max if transaction.database.dialect is Dialect.SQLITE else func.greatest
        values: dict[str, Any] = {"held_until": hold.until}
        if hold.number is not None:
            values |= {"validity": hold.validity, "last_uid": highest(func.coalesce(table.c.last_uid, 0), hold.number)}
        mine = (table.c.name == hold.mailbox, table.c.holder == hold.holder)
        moved = transaction.connection.execute(update(table).where(*mine).values(values))
        if moved.rowcount != 1:
            raise HoldLost

    def _note_runs(self, transaction: Transaction, mail: ReceivedMail, address: str, runs: int) -> None:
        table = self.system.mail_in
        this = (table.c.address == address, table.c.identity == mail.identity)
        transaction.connection.execute(update(table).where(*this).values(runs=runs))

    def _is_first(self, transaction: Transaction, box: ConnectionDef, mail: ReceivedMail, address: str) -> bool:
        table = self.system.mail_in
        insert = postgresql.insert if transaction.database.dialect is Dialect.POSTGRESQL else sqlite.insert
        row = {
            "address": address,
            "identity": mail.identity,
            "mailbox": box.name,
            "message_id": mail.message_id,
            "outcome": mail.automatic or "taken in",
            "runs": 0,
            "at": transaction.now,
        }
        noted = insert(table).values(row).on_conflict_do_nothing().returning(table.c.address)
        return transaction.connection.execute(noted).first() is not None


def addresses_of(box: ConnectionDef) -> tuple[str, ...]:
    """Give the addresses of a box in small letters."""
    given = box.options.get("addresses") or ()
    listed: Iterable[object] = given if isinstance(given, list | tuple) else (given,)
    return tuple(dict.fromkeys(str(each).lower() for each in listed))


def addresses_for(box: ConnectionDef, mail: ReceivedMail) -> tuple[str, ...]:
    """Give the addresses of a box that a mail was for; what lies there and names none of them was for the first."""
    own = addresses_of(box)
    return tuple(each for each in own if each in mail.sent_to) or own[:1]
