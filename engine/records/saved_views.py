"""Views that people save: what the address of a list holds, under a name, for themselves, a team or a role.

A view gives nobody a right: its filter is what its reader brings, and where that reader may not read what it names the
view is not there for them. Rows are signed; one that was changed in the database is no view.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, Text, cast, delete, func, insert, or_, select, update

from engine.access.actor import Actor
from engine.access.shares import key_of_role, key_of_team, key_of_user
from engine.errors import AccessDenied, RecordNotFound
from engine.expressions.sql.runtime import runtime
from engine.ids import IdMaker
from engine.records.identifiers import could_be_id
from engine.records.kept import KeptByUse
from engine.records.saving.messages import say
from engine.records.service import Records
from engine.records.sharing.sharees import Sharee, ShareeKind, sharee_titles
from engine.records.statements import Prepared, result_converter
from engine.records.transaction import Transaction
from engine.records.view_drafts import MOST_VIEWS, RIGHT, VIEW, ViewDraft, check_draft, cleaned, refused
from engine.releases.release import Release
from metamodel.objects import ObjectDef

USED_EVERY = timedelta(hours=1)
"""How exactly the last use is known."""
_PURPOSE = b"fieldstone saved views"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view that the actor may use. owner_title: "" where the actor may not read the owner.

    audience: None = the owner alone; audience_title likewise. mine: the actor's own. may_change: the actor may change
    what it is and delete it. used_at: when somebody chose it last, to the hour.
    """

    id: str
    object: str
    label: str
    owner: str
    audience: Sharee | None
    locked: bool
    first: bool
    state: Mapping[str, str]
    changed_at: datetime
    used_at: datetime | None
    mine: bool
    may_change: bool
    owner_title: str = ""
    audience_title: str = ""


class SavedViews:
    """Reads and writes saved views."""

    def __init__(self, records: Records, ids: IdMaker, *, secret: bytes) -> None:
        self._records = records
        self._ids = ids
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def list(self, transaction: Transaction, object_key: str) -> Sequence[SavedView]:
        """Give the views of an object that the actor may use: own ones, then those of the team, then of roles.

        One statement. Raises: UnknownObject.
        """
        object_def = transaction.object_def(object_key)
        if transaction.actor.user_id is None:
            return ()
        found = [self._view(transaction, row) for row in _read(transaction, object_key) if self._is_ours(row)]
        known = [each for each in found if each.mine or _can_use(transaction, object_def, each.state)]
        return sorted(known, key=lambda each: (not each.mine, _RANKS[each.audience.kind if each.audience else None]))

    def named(self, transaction: Transaction, views: Sequence[SavedView]) -> Sequence[SavedView]:
        """Give views with the names of their owners and of whom they are for."""
        owners = {each.id: Sharee(ShareeKind.USER, each.owner) for each in views}
        titles = sharee_titles(transaction, [*owners.values(), *(each.audience for each in views if each.audience)])
        return [
            replace(
                each,
                owner_title=titles.get(owners[each.id], ""),
                audience_title=titles.get(each.audience, "") if each.audience is not None else "",
            )
            for each in views
        ]

    def find(self, actor: Actor, object_key: str, view_id: str, *, release: Release | None = None) -> SavedView:
        """Give a view of an object that the actor may use, with the names in it. Raises: RecordNotFound."""
        with self._records.reading(actor, release=release) as transaction:
            found = self.named(transaction, [self.get(transaction, view_id)])[0]
        if found.object != object_key:
            raise RecordNotFound(VIEW, view_id)
        return found

    def get(self, transaction: Transaction, view_id: str) -> SavedView:
        """Give a view that the actor may use. Raises: RecordNotFound."""
        table = transaction.system.saved_view
        row = None
        if could_be_id(view_id):
            row = transaction.connection.execute(select(table).where(table.c.id == view_id)).first()
        values = dict(row._mapping) if row is not None else {}
        if row is not None and self._is_ours(values) and transaction.access.of(row.object).known:
            found = self._view(transaction, values)
            seen = found.mine or row.audience in _audiences(transaction)
            if seen and _can_use(transaction, transaction.object_def(row.object), found.state):
                return found
        raise RecordNotFound(VIEW, view_id)

    def create(self, actor: Actor, object_key: str, draft: ViewDraft, *, release: Release | None = None) -> SavedView:
        """Save a view. Raises: UnknownObject, AccessDenied, QueryProblem, ValidationFailed."""
        with self._records.transaction(actor, release=release) as transaction:
            object_def = transaction.object_def(object_key)
            if actor.user_id is None:
                raise AccessDenied("create", VIEW, say("view_person", actor.language))
            check_draft(transaction, object_def, draft)
            table = transaction.system.saved_view
            mine = select(func.count()).where(table.c.object == object_key, table.c.owner == actor.user_id)
            if transaction.connection.execute(mine).scalar_one() >= MOST_VIEWS:
                raise refused(transaction, "label", "view_many", most=MOST_VIEWS)
            view_id = self._ids.new()
            row = self._row(transaction, draft, {"id": view_id, "object": object_key, "owner": actor.user_id})
            transaction.connection.execute(insert(table).values(row))
            return self._named_row(transaction, row)

    def change(self, actor: Actor, view_id: str, draft: ViewDraft, *, release: Release | None = None) -> SavedView:
        """Change a view. Raises: RecordNotFound, AccessDenied, QueryProblem, ValidationFailed."""
        with self._records.transaction(actor, release=release) as transaction:
            found = self._changeable(transaction, view_id)
            if found.locked and draft.locked and dict(found.state) != cleaned(draft.state):
                raise AccessDenied("update", VIEW, say("view_locked", actor.language))
            check_draft(transaction, transaction.object_def(found.object), draft, before=found.audience)
            table = transaction.system.saved_view
            kept = {"id": found.id, "object": found.object, "owner": found.owner}
            row = self._row(transaction, draft, kept)
            transaction.connection.execute(update(table).where(table.c.id == found.id).values(row))
            return self._named_row(transaction, row | {"used_at": found.used_at})

    def delete(self, actor: Actor, view_id: str, *, release: Release | None = None) -> SavedView:
        """Delete a view and give what it was. Raises: RecordNotFound, AccessDenied."""
        with self._records.transaction(actor, release=release) as transaction:
            found = self._changeable(transaction, view_id)
            table = transaction.system.saved_view
            transaction.connection.execute(delete(table).where(table.c.id == found.id))
            return found

    def note_use(self, actor: Actor, view: SavedView, now: datetime) -> None:
        """Note that a view was chosen, unless that was noted within the hour."""
        if view.used_at is not None and now - view.used_at < USED_EVERY:
            return
        with self._records.transaction(actor) as transaction:
            table = transaction.system.saved_view
            transaction.connection.execute(update(table).where(table.c.id == view.id).values(used_at=now))

    def _named_row(self, transaction: Transaction, row: Mapping[str, Any]) -> SavedView:
        # Who changes whom it is for may be none of them any more.
        return self.named(transaction, [self._view(transaction, {"used_at": None, **row})])[0]

    def _changeable(self, transaction: Transaction, view_id: str) -> SavedView:
        found = self.get(transaction, view_id)
        if not found.may_change:
            raise AccessDenied("update", VIEW, say("view_others", transaction.actor.language))
        return found

    def _view(self, transaction: Transaction, row: Mapping[str, Any]) -> SavedView:
        actor, audience = transaction.actor, Sharee.of_key(row["audience"])
        mine = row["owner"] == actor.user_id
        return SavedView(
            id=str(row["id"]),
            object=row["object"],
            label=row["label"],
            owner=row["owner"],
            audience=None if audience.kind is ShareeKind.USER else audience,
            locked=bool(row["locked"]),
            first=bool(row["first"]),
            state=dict(row["state"]),
            changed_at=row["changed_at"],
            used_at=row["used_at"],
            mine=mine,
            may_change=mine or (not row["locked"] and transaction.access.has_right(RIGHT)),
        )

    def _row(self, transaction: Transaction, draft: ViewDraft, kept: Mapping[str, Any]) -> dict[str, Any]:
        audience = draft.audience.key if draft.audience is not None else key_of_user(kept["owner"])
        row = {
            **kept,
            "audience": audience,
            "label": draft.label.strip(),
            "locked": draft.locked,
            "first": draft.first,
            "state": cleaned(draft.state),
            "changed_at": transaction.now,
        }
        return row | {"seal": self._seal(row)}

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        return hmac.compare_digest(str(row["seal"]), self._seal(row))

    def _seal(self, row: Mapping[str, Any]) -> str:
        told = [str(row["id"]), *(row[name] for name in ("object", "owner", "audience", "label"))]
        told += [bool(row["locked"]), bool(row["first"]), row["state"]]
        text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()


_RANKS = {None: 0, ShareeKind.USER: 0, ShareeKind.TEAM: 1, ShareeKind.ROLE: 2}


def first_view(views: Sequence[SavedView]) -> SavedView | None:
    """Give the view that is seen before one is chosen: one's own before the team's before the role's."""
    return min(
        (each for each in views if each.first),
        key=lambda each: _RANKS[each.audience.kind if each.audience else None],
        default=None,
    )


def _read(transaction: Transaction, object_key: str) -> Iterator[Mapping[str, Any]]:
    """Read the views of an object that are for the actor or the actor's own, as kept text: each list asks for them."""
    audiences, parts, table = _audiences(transaction), transaction.parts, transaction.system.saved_view

    def prepare() -> Prepared:
        audience = table.c.audience.in_([runtime(f"for{at}", table.c.audience.type) for at in range(len(audiences))])
        seen = or_(audience, table.c.owner == runtime("owner", table.c.owner.type))
        query = select(*_columns(table)).where(table.c.object == runtime("object", table.c.object.type), seen)
        return Prepared(query.order_by(table.c.changed_at, table.c.id), parts.dialect)

    given = {"object": object_key, "owner": transaction.actor.user_id}
    given |= {f"for{at}": each for at, each in enumerate(audiences)}
    prepared = parts.made(("saved views", len(audiences)), prepare)
    for raw in transaction.ask(prepared, given):
        row = dict(zip(table.columns.keys(), raw, strict=True))
        for name in ("changed_at", "used_at"):
            convert = result_converter(table.c[name].type, parts.dialect)
            row[name] = convert(row[name]) if convert is not None else row[name]
        yield row | {"state": json.loads(row["state"])}


def _columns(table: Table) -> list[Any]:
    # As the driver gives them: what JSON is differs between drivers, so it comes as its text.
    return [cast(each, Text) if each.name == "state" else each for each in table.columns]


def _audiences(transaction: Transaction) -> list[str]:
    actor = transaction.actor
    keys = [key_of_role(name) for name in sorted(transaction.access.roles)]
    if actor.user_id is not None:
        keys.append(key_of_user(actor.user_id))
    if actor.team_id is not None:
        keys.append(key_of_team(actor.team_id))
    return keys


def _can_use(transaction: Transaction, object_def: ObjectDef, state: Mapping[str, str]) -> bool:
    """Say whether the actor may read all that a view's filter names."""
    text = state.get("filter", "").strip()
    if not text:
        return True
    release, access = transaction.parts.release, transaction.access
    kept: KeptByUse[Any, bool] = release.part("records.saved_views", lambda _: KeptByUse(2_000))
    key = (object_def.key, access.roles, access.full, text)
    return kept.find(
        key, lambda: transaction.parts.language.brought(text, object_def.key, access.may_read).typed is not None
    )
