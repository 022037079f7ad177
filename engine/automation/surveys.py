"""The links of surveys: made once for each person asked, signed with the installation's secret, kept as a digest.

A link is known by a text that nobody can guess and that stands nowhere: it is made anew of the row's id whenever the
mail leaves, and fs_survey has only its hash. Answers are taken in by engine/intake.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from engine.accounts.upsert import insert_if_absent
from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.definitions.intake import FormDef
from metamodel.values import Ref

_PURPOSE = b"fieldstone: links of surveys"
KEPT_DAYS = 90
"""How long a link is kept after its time: whom it asked about what stays in its answer, if there is one."""
_AT_ONCE = 500
_UNITS = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyLink:
    """A link as it is kept. asked: who, where a record stands for them. about: the record of the rule that asked."""

    id: str
    form: str
    asked: Ref | None
    about: Ref | None
    expires_at: dt.datetime
    used_at: dt.datetime | None


class SurveyLinks:
    """Makes and reads the links of an installation; base_url is empty where mails can't lead back here."""

    def __init__(self, *, database: Database, system: SystemTables, clock: Clock, secret: bytes, base_url: str) -> None:
        self._database, self._table = database, system.survey
        self._clock = clock
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self.base_url = base_url.rstrip("/")

    def url(self, link_id: str) -> str:
        """Give the address of a link."""
        return f"{self.base_url}/s/{self._token(link_id)}"

    def add(self, link_id: str, form: FormDef, asked: Ref | None, about: Ref | None, run_id: str | None) -> None:
        """Make a link; one that an earlier try made stays as it is."""
        now = self._clock.now()
        row = {
            "id": link_id,
            "hash": _hash(self._token(link_id)),
            "form": form.name,
            "asked_object": asked.object if asked is not None else None,
            "asked_id": asked.id if asked is not None else None,
            "about_object": about.object if about is not None else None,
            "about_id": about.id if about is not None else None,
            "run_id": run_id,
            "created_at": now,
            "expires_at": now + good_for(form),
        }
        with self._database.write() as connection:
            insert_if_absent(connection, self._table, row)

    def find(self, token: str) -> SurveyLink | None:
        """Give the link that a text stands for; None where there is none, or its time is over before it was used."""
        with self._database.read() as connection:
            row = connection.execute(select(self._table).where(self._table.c.hash == _hash(token))).first()
        link = _link(row) if row is not None else None
        return link if link is not None and (link.used_at or link.expires_at > self._clock.now()) else None

    def use(self, connection: Connection, link: SurveyLink, now: dt.datetime) -> bool:
        """Use a link up; False where it is used or its time is over. Of two at once one waits for the other."""
        table = self._table
        using = (
            update(table)
            .where(table.c.id == link.id, table.c.used_at.is_(None), table.c.expires_at > now)
            .values(used_at=now)
        )
        return connection.execute(using).rowcount == 1

    def note_answer(self, connection: Connection, link: SurveyLink, record_id: str) -> None:
        """Note which record was made of the answer."""
        connection.execute(update(self._table).where(self._table.c.id == link.id).values(answer_id=record_id))

    def _token(self, link_id: str) -> str:
        digest = hmac.digest(self._key, link_id.encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:24]).decode()


def forget_old_links(database: Database, system: SystemTables, now: dt.datetime) -> int:
    """Delete the links whose time was over long ago, some at a time; give how many there were."""
    table, deleted = system.survey, 0
    old = select(table.c.id).where(table.c.expires_at < now - dt.timedelta(days=KEPT_DAYS)).limit(_AT_ONCE)
    while True:
        with database.write() as connection:
            count = connection.execute(delete(table).where(table.c.id.in_(old.scalar_subquery()))).rowcount
        deleted += count
        if count < _AT_ONCE:
            return deleted


def good_for(form: FormDef) -> dt.timedelta:
    """Give how long the links of a survey are good."""
    amount, unit = form.expires.split()
    return int(amount) * _UNITS[unit.removesuffix("s")]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _link(row: Any) -> SurveyLink:
    def ref(object_key: str | None, record_id: Any) -> Ref | None:
        return Ref(object_key, str(record_id)) if object_key and record_id is not None else None

    return SurveyLink(
        id=str(row.id),
        form=row.form,
        asked=ref(row.asked_object, row.asked_id),
        about=ref(row.about_object, row.about_id),
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
