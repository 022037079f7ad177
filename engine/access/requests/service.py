"""Requests for access: a person asks from a denial, the record's owner or an administrator gives the least that does.

What would do is tried out by `options`; the grant made is the one chosen, until a moment, in one transaction with the
decision and its entry in the audit log. Nobody gives more than they hold: shares and roles judge that themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import insert, select, update

from engine.access.actor import Actor
from engine.access.explaining.answers import Asked
from engine.access.requests.letters import ASKED, GRANTED, REFUSED, letter
from engine.access.requests.options import EDIT_SHARE, ROLE, Option, may_already, options_for
from engine.access.requests.rows import NOTICE_OBJECT, AccessRequest, AskState, request_of
from engine.accounts.administration import Administration
from engine.accounts.standing_in import is_stronger, require_own_hand
from engine.accounts.trail import AccountEvent, AccountTrail, author_of
from engine.accounts.users import check_end
from engine.automation.notices import Notices
from engine.automation.share_notices import written_end
from engine.errors import AccessDenied, EngineError, FieldError, ValidationFailed
from engine.ids import IdMaker
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.sharing.sharing import end_of, share_record, sharing_of
from engine.records.transaction import Transaction
from engine.releases.store import ReleaseStore
from metamodel.access import OBJECT_ACTIONS
from metamodel.values import Ref

DECIDING = "manage_users"
_MOST_OPEN, _SHOWN, _LONGEST = 20, 200, 500


class NoSuchAccessRequest(EngineError):
    """There is no such request, or not for this person."""

    def __init__(self) -> None:
        super().__init__("There is no such request for access.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A request as its reader may see it. title: of the record, "" where it may not be read; options: for deciders."""

    request: AccessRequest
    person: str
    login: str
    title: str
    may_decide: bool
    options: tuple[Option, ...] = ()


class AccessRequests:
    """Ask for access and decide about it."""

    def __init__(
        self,
        *,
        releases: ReleaseStore,
        records: Records,
        administration: Administration,
        trail: AccountTrail,
        ids: IdMaker,
    ) -> None:
        self._releases, self._records, self._administration = releases, records, administration
        self._trail, self._ids = trail, ids
        self._table = releases.system.access_request
        self._notices = Notices(releases.system, ids)

    def ask(self, actor: Actor, asked: Asked, reason: str) -> str:
        """Ask for access; give the request's id. The same asked again while it is open is the same request.

        It is taken alike whether or not what it is about exists. Raises: ValidationFailed, AccessDenied.
        """
        require_own_hand(actor)
        reason = reason.strip()[:_LONGEST]
        if asked.action not in OBJECT_ACTIONS or not reason:
            raise _refused("reason", "Say what you need it for.")
        with self._records.transaction(actor) as transaction:
            table, connection = self._table, transaction.connection
            mine = (table.c.user_id == actor.user_id, table.c.state == AskState.OPEN.value)
            rows = [request_of(row) for row in connection.execute(select(table).where(*mine))]
            for row in rows:
                if row.asked == asked:
                    return row.id
            if len(rows) >= _MOST_OPEN:
                raise _refused("reason", "You have asked for much already; wait for the answers.")
            request_id = self._ids.new()
            values = {"object": asked.object, "record_id": asked.record_id, "field": asked.field}
            values |= {"id": request_id, "user_id": actor.user_id, "action": asked.action, "reason": reason}
            connection.execute(insert(table).values(**values, state=AskState.OPEN.value, at=transaction.now))
            self._note(transaction, "access_asked", str(actor.user_id), asked, None)
            for user_id in self._deciders(transaction, asked) - {str(actor.user_id)}:
                self._tell(transaction, request_id, user_id, letter(transaction, user_id, ASKED))
        return request_id

    def list(self, actor: Actor) -> Sequence[ShownRequest]:
        """Give one's own requests and the open ones that one may decide, the newest first."""
        table = self._table
        with self._records.reading(actor) as transaction:
            wanted = (table.c.user_id == actor.user_id) | (table.c.state == AskState.OPEN.value)
            query = select(table).where(wanted).order_by(table.c.at.desc(), table.c.id.desc()).limit(_SHOWN)
            found = [request_of(row) for row in transaction.connection.execute(query)]
            shown = (self._shown(transaction, each) for each in found)
            return [each for each in shown if each.may_decide or each.request.user_id == actor.user_id]

    def get(self, actor: Actor, request_id: str) -> ShownRequest:
        """Give one request; who may decide an open one gets the options. Raises: NoSuchAccessRequest."""
        with self._records.reading(actor) as transaction:
            shown = self._shown(transaction, self._load(transaction, request_id))
        if not shown.may_decide and shown.request.user_id != actor.user_id:
            raise NoSuchAccessRequest
        if not shown.may_decide or shown.request.state is not AskState.OPEN:
            return shown
        return replace(shown, options=self._options(actor, shown.request))

    def grant(self, actor: Actor, request_id: str, key: str, until: dt.date | dt.datetime) -> None:
        """Give what one option says, until a day (all of it) or a moment.

        Raises: NoSuchAccessRequest, ValidationFailed, AccessDenied.
        """
        require_own_hand(actor)
        shown = self.get(actor, request_id)
        request, person = shown.request, Sharee(ShareeKind.USER, shown.request.user_id)
        if key not in {each.key for each in shown.options}:
            raise _refused("grant", "This is none of the grants that would do.")
        with self._records.transaction(actor) as transaction:
            end = end_of(until, transaction.around.zone)
            check_end(end, transaction.now)
            self._decide(transaction, request, AskState.GRANTED, {"granted": key, "until": end})
            if key.startswith(ROLE):
                self._administration.add_roles(transaction, request.user_id, {key.removeprefix(ROLE): end})
            else:
                object_def, record_id = transaction.object_def(request.asked.object), request.asked.record_id or ""
                share_record(transaction, object_def, record_id, person, edits=key == EDIT_SHARE, until=end)
            self._note(transaction, "access_granted", request.user_id, request.asked, f"{key} until {end.isoformat()}")
            text = letter(transaction, request.user_id, GRANTED, until=written_end(end, transaction.around.zone))
            self._tell(transaction, request.id, request.user_id, text)

    def refuse(self, actor: Actor, request_id: str, answer: str) -> None:
        """Refuse a request. Raises: NoSuchAccessRequest, ValidationFailed, AccessDenied."""
        require_own_hand(actor)
        request = self.get(actor, request_id).request
        with self._records.transaction(actor) as transaction:
            if not self._may_decide(transaction, request):
                raise AccessDenied("grant", NOTICE_OBJECT, "this is for the record's owner or who administrates users")
            self._decide(transaction, request, AskState.REFUSED, {"answer": answer.strip()[:_LONGEST]})
            self._note(transaction, "access_refused", request.user_id, request.asked, None)
            self._tell(transaction, request.id, request.user_id, letter(transaction, request.user_id, REFUSED))

    def _options(self, actor: Actor, request: AccessRequest) -> tuple[Option, ...]:
        """Give what would do and is the decider's to give."""
        release = self._releases.current()
        if request.asked.object not in release.metamodel.objects:
            return ()
        person, mine = self._administration.user_of(request.user_id), self._records.access(actor, release)
        if person is None or not person.enabled or may_already(self._records, person.actor(), request.asked, release):
            return ()
        may_roles = mine.has_right(DECIDING)
        with self._records.reading(actor, release=release) as transaction:
            sharing = self._sharing(transaction, request.asked)
        found = []
        for option in options_for(self._records, person.actor(), request.asked, release):
            if option.role:
                given = self._records.parts(release).access(frozenset({option.role}))
                if may_roles and not is_stronger(given, mine, release.metamodel.objects, fields=False):
                    found.append(option)
            elif sharing[option.key == EDIT_SHARE]:
                found.append(option)
        return tuple(found)

    def _shown(self, transaction: Transaction, request: AccessRequest) -> ShownRequest:
        asked, person = request.asked, transaction.cache.related("user", request.user_id) or {}
        known = asked.object in transaction.parts.metamodel.objects
        titles = {}
        if known and asked.record_id is not None and could_be_id(asked.record_id):
            titles = transaction.reader.titles([(asked.object, asked.record_id)])
        return ShownRequest(
            request=request,
            person=str(person.get("name") or ""),
            login=str(person.get("email") or ""),
            title=next(iter(titles.values()), "") or "",
            may_decide=self._may_decide(transaction, request),
        )

    def _may_decide(self, transaction: Transaction, request: AccessRequest) -> bool:
        if request.user_id == transaction.actor.user_id:
            return False
        if transaction.access.has_right(DECIDING):
            return True
        return _owner(transaction, request.asked) == transaction.actor.user_id and any(
            self._sharing(transaction, request.asked)
        )

    def _sharing(self, transaction: Transaction, asked: Asked) -> tuple[bool, bool]:
        """Say whether the actor may share the record for reading and for editing."""
        object_def = transaction.parts.metamodel.objects.get(asked.object)
        if object_def is None or asked.record_id is None:
            return False, False
        try:
            transaction.reader.require_readable(object_def, asked.record_id)
        except EngineError:
            return False, False
        found = sharing_of(transaction, object_def, asked.record_id)
        return found.read, found.edit

    def _deciders(self, transaction: Transaction, asked: Asked) -> set[str]:
        parts, roles = transaction.parts, transaction.parts.metamodel.roles
        deciding = frozenset(role for role in roles if parts.access(frozenset({role})).has_right(DECIDING))
        found = set(self._notices.holders(transaction.connection, deciding, at=transaction.now))
        owner = _owner(transaction, asked)
        return found if owner is None else found | {owner}

    def _load(self, transaction: Transaction, request_id: str) -> AccessRequest:
        query = select(self._table).where(self._table.c.id == request_id)
        row = transaction.connection.execute(query).first() if could_be_id(request_id) else None
        if row is None:
            raise NoSuchAccessRequest
        return request_of(row)

    def _decide(
        self, transaction: Transaction, request: AccessRequest, state: AskState, values: dict[str, object]
    ) -> None:
        table = self._table
        decided = {"state": state.value, "decided_at": transaction.now, "decided_by": transaction.actor.user_id}
        still_open = (table.c.id == request.id, table.c.state == AskState.OPEN.value)
        done = transaction.connection.execute(update(table).where(*still_open).values(**decided, **values))
        if done.rowcount != 1:
            raise _refused("grant", "This request was decided already.")

    def _tell(self, transaction: Transaction, request_id: str, user_id: str, text: str) -> None:
        key, at = f"access:{request_id}:{user_id}:{self._ids.new()}", transaction.now
        self._notices.add(
            transaction.connection, user_id, text, key=key, at=at, object_key=NOTICE_OBJECT, record_id=request_id
        )

    def _note(
        self, transaction: Transaction, event: AccountEvent, user_id: str, asked: Asked, granted: str | None
    ) -> None:
        named = ".".join(each for each in (asked.object, asked.field) if each)
        about = f"{asked.action} {named}" + (f" {asked.record_id}" if asked.record_id else "")
        changes: dict[str, tuple[object, object]] = {"access": (None, about)}
        if granted is not None:
            changes["grant"] = (None, granted)
        by = author_of(transaction.actor)
        self._trail.note(transaction.connection, event, user_id, by=by, changes=changes)


def _owner(transaction: Transaction, asked: Asked) -> str | None:
    """Give the user who owns the record, whoever asks."""
    if asked.record_id is None or asked.object not in transaction.parts.metamodel.objects:
        return None
    values = transaction.cache.related(asked.object, asked.record_id) or {}
    owner = values.get("owner")
    if isinstance(owner, Ref):
        return owner.id if owner.object == "user" else None
    return owner if isinstance(owner, str) else None


def _refused(field: str, message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(field=field, code="bad_value", message=message)])
