"""Tells followers of what changed of the records they follow: a duty of the housekeeping, from the log of changes.

A save knows nothing of it and waits for nobody. Each entry is told to a follower once, whoever looks again; of an
update only the fields that the follower may read are named, and where there is none nothing is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import RowMapping, Text, cast, literal, select, tuple_

from engine.access.actor import Actor
from engine.automation.notices import Notices
from engine.clock import Clock
from engine.errors import EngineError
from engine.records.following import FOLLOWING
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.texts import label_text

STAMP = "followers_told"
# Of two saves at once the later one may commit first; looking back over the last minutes misses neither.
_LATE = dt.timedelta(minutes=2)
_AT_ONCE = 1_000
_SAID: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "updated": ("{title} was changed: {fields}.", "{title} 有修改：{fields}。"),
        "restored": ("{title} was restored from the bin.", "{title} 已从回收站恢复。"),
        "merged": ("{title} was merged with another record.", "{title} 已与其他记录合并。"),
        "converted": ("{title} was converted.", "{title} 已转化。"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """Looks after who follows what; find_actor: user id → who that user is now."""

    database: Database
    system: SystemTables
    records: Records
    notices: Notices
    clock: Clock
    current: Callable[[], Release | None]
    find_actor: Callable[[str], Actor | None]

    def tell(self) -> int:
        """Tell of what was saved since the last look, and say how many entries were looked at."""
        release = self.current()
        if release is None or FOLLOWING not in release.metamodel.objects:
            return 0
        begun = self.clock.now()
        # A clock that was set back must not keep everything silent until it is there again.
        until = min(self._told_until(), begun)
        looked, last = 0, None
        # Page by page, so that entries that may be told to nobody hold up no others.
        while page := self._page(release, until - _LATE, last):
            for row in self._news(page):
                self._tell(release, row)
                looked += 1
            last = page[-1]
            if len(page) < _AT_ONCE:
                break
        self._note(begun)
        return looked

    def _page(self, release: Release, since: dt.datetime, last: RowMapping | None) -> Sequence[RowMapping]:
        log, table = self.system.audit, release.tables.of(FOLLOWING).table
        same = (table.c["about"] == log.c["record_id"]) & (table.c["about_object"] == log.c["object"])
        query = (
            select(log.c["id"], log.c["object"], log.c["record_id"], log.c["action"], log.c["at"], table.c["follower"])
            .join(table, same)
            .where(log.c["at"] > since, log.c["at"] >= table.c["created_at"], log.c["action"].in_(list(_SAID)))
            .where(table.c["deleted_at"].is_(None), log.c["actor"].is_distinct_from(cast(table.c["follower"], Text)))
            .order_by(log.c["at"], log.c["id"], table.c["follower"])
            .limit(_AT_ONCE)
        )
        if last is not None:
            columns = (log.c["at"], log.c["id"], table.c["follower"])
            seen = (literal(last[column.name], column.type) for column in columns)
            query = query.where(tuple_(*columns) > tuple_(*seen))
        with self.database.read() as connection:
            return connection.execute(query).mappings().all()

    def _news(self, rows: Sequence[RowMapping]) -> Sequence[RowMapping]:
        told, keys = self.system.notification, [_key(row) for row in rows]
        with self.database.read() as connection:
            known = set(connection.execute(select(told.c["key"]).where(told.c["key"].in_(keys))).scalars())
        return [row for row in rows if _key(row) not in known]

    def _tell(self, release: Release, row: RowMapping) -> None:
        actor = self.find_actor(str(row["follower"]))
        if actor is None:
            return
        try:
            with self.records.transaction(actor, release=release) as transaction:
                text = _text(transaction, row)
                if text:
                    self.notices.add(
                        transaction.connection,
                        str(row["follower"]),
                        text,
                        key=_key(row),
                        at=row["at"],
                        object_key=row["object"],
                        record_id=str(row["record_id"]),
                    )
        except EngineError:
            # Who may not read the record (any more) is told nothing of it.
            return

    def _told_until(self) -> dt.datetime:
        stamp = self.system.stamp
        with self.database.read() as connection:
            found = connection.execute(select(stamp.c.value).where(stamp.c.name == STAMP)).scalar()
        # What was saved before anybody looked for the first time is told to nobody.
        return self.clock.now() if found is None else dt.datetime.fromtimestamp(int(found), dt.UTC)

    def _note(self, until: dt.datetime) -> None:
        stamp, value = self.system.stamp, int(until.timestamp())
        with self.database.write() as connection:
            changed = connection.execute(stamp.update().where(stamp.c.name == STAMP).values(value=value))
            if changed.rowcount == 0:
                connection.execute(stamp.insert().values(name=STAMP, value=value))


def _key(row: RowMapping) -> str:
    return f"follower:{row['id']}:{row['follower']}"


def _text(transaction: Transaction, row: RowMapping) -> str:
    """Write what an entry is told as; "" where the follower may read nothing of it. Raises: RecordNotFound."""
    object_def = transaction.object_def(row["object"])
    record = transaction.get(object_def.key, str(row["record_id"]), fields=("id",))
    language = transaction.actor.language
    entries = transaction.history(object_def.key, record.id, before=row["id"] + 1)
    entry = next((each for each in entries if each.id == row["id"]), None)
    if entry is None:
        return ""
    names = [each.field for each in entry.changes]
    if row["action"] == "updated" and not names:
        return ""
    labels = (label_text(object_def.fields[name].label, language, name) for name in names)
    said = _SAID[row["action"]][1 if language.startswith("zh") else 0]
    fields = ("、" if language.startswith("zh") else ", ").join(labels)
    return said.replace("{fields}", fields).replace("{title}", record.title or object_def.name)
