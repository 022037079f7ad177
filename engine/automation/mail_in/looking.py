"""Looks into the mail boxes: what is new is taken in one by one, and marked as read after it is.

Which mails are new is known from their numbers, not from their marks, so a mail that a person has read meanwhile counts
too; a box that is new here, or was made anew, begins with what is unread of the last month. One worker looks into a box
at a time; that two could do no harm is the matter of the keys that mails are noted by.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine import faults
from engine.automation.mail_in.taking import Hold, HoldLost, ReceivedMails
from engine.automation.run_state import TargetPaused
from engine.automation.targets import Targets
from engine.clock import Clock
from engine.ids import IdMaker
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.apps import ConnectionDef
from plugins.egress import EgressPolicy
from plugins.egress.wire import SafeWire
from plugins.loading import LoadedPlugin
from plugins.mailboxes import MailboxAccess, MailboxFailed, OpenMailbox
from plugins.manager import PluginManager

_LOG = logging.getLogger("fieldstone.mail")
_MOST_AT_ONCE = 200
_UNREAD_OF = dt.timedelta(days=30)
_PORTS = {"tls": 993, "starttls": 143, "none": 143}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxState:
    """How a box stood before a look. was_held: who looked into it last did not come to an end."""

    validity: int | None
    last_uid: int | None
    was_held: bool


@dataclass(slots=True, kw_only=True)
class Look:
    """One look into one box. met: mails so far. is_marked: all of them were; is_clean: nothing is left to be done."""

    box: ConnectionDef
    holder: str
    total_s: float
    met: int = 0
    is_marked: bool = True
    is_clean: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLooker:
    """Looks into boxes for one worker. secrets: name → value. allowed_hosts: hosts of the own network."""

    database: Database
    system: SystemTables
    mails: ReceivedMails
    plugins: PluginManager
    targets: Targets
    clock: Clock
    ids: IdMaker
    secrets: Callable[[str], str | None]
    allowed_hosts: Sequence[str]
    is_stopping: Callable[[], bool]

    def look(self) -> int:
        """Look into all boxes; give how many mails were met. A box that fails is told of and left for its next turn."""
        return sum(self._look_into(box) for box in self.mails.boxes() if not self.is_stopping())

    def _look_into(self, box: ConnectionDef) -> int:
        found = self.plugins.find_mail_reader(box.kind)
        target = f"mailbox {box.name}"
        if found is None:
            _LOG.warning("no plugin that is switched on reads mail boxes; '%s' is left alone", box.name)
            return 0
        try:
            call = self.targets.require(target)
        except TargetPaused:
            return 0
        holder, total_s = self.ids.new(), float(str(found[0].settings.get("look_s") or 120))
        before = self._hold(box.name, holder, total_s)
        if before is None:
            return 0
        look = Look(box=box, holder=holder, total_s=total_s)
        try:
            with found[1].open(self._access(box, found[0], total_s)) as opened:
                self._read(look, opened, before)
            look.is_clean = look.is_marked
            self.targets.answered(target, call)
        except HoldLost:
            _LOG.warning("the look into mail box '%s' took long; another worker has it by now", box.name)
        except MailboxFailed as failed:
            _LOG.warning("the mail box '%s' is not read: %s", box.name, failed)
            self.targets.failed(target, str(failed), call)
        except Exception as error:  # whatever is wrong with one box keeps none of the others from being read
            _LOG.exception("the look into mail box '%s' failed", box.name)
            self.targets.failed(target, f"{type(error).__name__}; the log of the worker says more", call)
        finally:
            self._let_go(look)
        return look.met

    def _read(self, look: Look, opened: OpenMailbox, before: BoxState) -> None:
        if before.validity == opened.validity and before.last_uid is not None:
            if before.was_held:
                # The look before broke off, maybe between taking a mail in and marking it.
                self._mark(look, opened, before.last_uid)
            for number in opened.after(before.last_uid)[:_MOST_AT_ONCE]:
                self._take(look, opened, number, self._hold_of(look, opened, number))
            return
        newest, unread = opened.highest(), opened.unread_since((self.clock.now() - _UNREAD_OF).date())
        for number in unread[:_MOST_AT_ONCE]:
            self._take(look, opened, number, self._hold_of(look, opened, None))
        if look.met == len(unread):
            self._begin(self._hold_of(look, opened, newest))

    def _take(self, look: Look, opened: OpenMailbox, number: int, hold: Hold) -> None:
        if self.is_stopping():
            return
        raw = opened.fetch(number)
        if raw is not None:
            taken = self.mails.take_in(look.box, raw, hold)
            _LOG.info("mail %d of '%s': %s", number, look.box.name, taken.reason or f"{taken.runs} runs")
            self._mark(look, opened, number)
        faults.reach("mail.marked")
        look.met += 1

    def _mark(self, look: Look, opened: OpenMailbox, number: int) -> None:
        try:
            opened.mark_seen(number)
        except MailboxFailed as failed:
            look.is_marked = False
            _LOG.warning("mail %d of '%s' is taken in and not marked as read: %s", number, look.box.name, failed)

    def _hold_of(self, look: Look, opened: OpenMailbox, number: int | None) -> Hold:
        until = self.clock.now() + dt.timedelta(seconds=2 * look.total_s)
        return Hold(mailbox=look.box.name, holder=look.holder, validity=opened.validity, number=number, until=until)

    def _access(self, box: ConnectionDef, plugin: LoadedPlugin, total_s: float) -> MailboxAccess:
        options = box.options
        name = str(options.get("secret") or "")
        password = self.secrets(name)
        if not password:
            raise MailboxFailed(f"the secret '{name}' is not set")
        security = str(options.get("security") or "tls")
        private = plugin.settings.get("private_hosts") or ()
        own = tuple(str(host) for host in private) if isinstance(private, list | tuple) else ()
        policy = EgressPolicy(hosts=plugin.manifest.hosts, private_hosts=(*own, *self.allowed_hosts))
        return MailboxAccess(
            host=str(options.get("host") or ""),
            port=int(str(options.get("port") or _PORTS.get(security, 993))),
            security=security,
            user=str(options.get("user") or ""),
            password=password,
            folder=str(options.get("folder") or "INBOX"),
            wire=SafeWire(policy, timeout_s=float(str(plugin.settings.get("timeout_s") or 20))),
            total_s=total_s,
        )

    def _begin(self, hold: Hold) -> None:
        """Note from which mail on a box counts that is new here."""
        table = self.system.mailbox
        mine = (table.c.name == hold.mailbox, table.c.holder == hold.holder)
        with self.database.write() as connection:
            connection.execute(update(table).where(*mine).values(validity=hold.validity, last_uid=hold.number))

    def _hold(self, name: str, holder: str, total_s: float) -> BoxState | None:
        """Take a box for one look and give how it stood; None where another worker looks into it just now."""
        table, now = self.system.mailbox, self.clock.now()
        until = now + dt.timedelta(seconds=2 * total_s)
        with self.database.write() as connection:
            self._make(connection, name)
            row = connection.execute(select(table).where(table.c.name == name)).one()
            free = or_(table.c.held_until.is_(None), table.c.held_until < now)
            held = {"holder": holder, "held_until": until, "looked_at": now}
            if connection.execute(update(table).where(table.c.name == name, free).values(held)).rowcount != 1:
                return None
        return BoxState(validity=row.validity, last_uid=row.last_uid, was_held=row.holder is not None)

    def _make(self, connection: Connection, name: str) -> None:
        insert = postgresql.insert if self.database.dialect is Dialect.POSTGRESQL else sqlite.insert
        connection.execute(insert(self.system.mailbox).values(name=name).on_conflict_do_nothing())

    def _let_go(self, look: Look) -> None:
        """Let others look; of a look that broke off it stays known that somebody had the box."""
        table = self.system.mailbox
        ended = {"held_until": None, **({"holder": None} if look.is_clean else {})}
        with self.database.write() as connection:
            mine = (table.c.name == look.box.name, table.c.holder == look.holder)
            connection.execute(update(table).where(*mine).values(ended))
