"""Off-boarding: somebody leaves; what that person had goes to others, and nothing of the account works any more.

The account is shut first: log-ins, tokens and exports end before anything is handed over. Each kind of thing is handed
over by itself and told in one report, with what stayed and why; doing it again hands over what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from sqlalchemy import Table, select, update

from engine.access.actor import Actor, system_actor
from engine.accounts.administration import Administration
from engine.accounts.errors import UnknownUser
from engine.accounts.trail import AccountTrail, author_of
from engine.accounts.users import USER_OBJECT, UserRow
from engine.approvals.deciding import Act
from engine.approvals.requests import SeatState
from engine.approvals.service import Approvals
from engine.automation.run_state import OPEN_STATES
from engine.clock import Clock
from engine.errors import EngineError, FieldError, ValidationFailed
from engine.records.service import Records
from engine.releases.release import Release
from engine.releases.store import ReleaseStore
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef

_BATCH = 200
_TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was handed over of one kind. what: an object and field, `approvals`, `runs`; kept: what stayed, and why."""

    what: str
    count: int
    kept: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class OffboardingReport:
    """All that was done. rules: the lines of rules that name the person, which stay their authors' to change."""

    login: str
    to: tuple[str, ...]
    sessions: int = 0
    tokens: int = 0
    exports: int = 0
    handed: list[Handed] = field(default_factory=list)
    rules: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """Give it as plain values."""
        handed = [{"what": each.what, "count": each.count, "kept": list(each.kept)} for each in self.handed]
        ended = {"sessions": self.sessions, "tokens": self.tokens, "exports": self.exports}
        return {"login": self.login, "to": list(self.to), **ended, "handed": handed, "rules": list(self.rules)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarding:
    """Off-board users."""

    releases: ReleaseStore
    system: SystemTables
    records: Records
    administration: Administration
    approvals: Approvals
    trail: AccountTrail
    clock: Clock

    def run(self, actor: Actor, login: str, to: Sequence[str]) -> OffboardingReport:
        """Shut a user out and hand over what the user has, in turn to some others.

        Raises: UnknownUser, ValidationFailed where the others can't take it.
        """
        user = self.administration.find_user(login)
        others = self._others(user, to)
        report = OffboardingReport(login=user.login, to=tuple(each.login for each in others))
        self._shut_out(actor, user, report)
        hand, release = _hand_of(actor), self.releases.current()
        turn = cycle(others)
        for object_def, name in _fields_of_people(release):
            done = self._hand_records(hand, object_def, name, user, turn)
            if done.count or done.kept:
                report.handed.append(done)
        report.handed += [self._hand_approvals(actor, user, turn), self._hand_runs(user, turn)]
        report.rules = tuple(sorted(_naming(release, user)))
        self.records.update(hand, USER_OBJECT, user.id, {"active": False}, confirm=None)
        with self.releases.database.write() as connection:
            changes: dict[str, tuple[object, object]] = {"report": (None, report.plain())}
            self.trail.note(connection, "offboarded", user.id, by=author_of(actor), changes=changes)
        return report

    def _others(self, user: UserRow, to: Sequence[str]) -> list[UserRow]:
        found = []
        for login in dict.fromkeys(to):
            try:
                other = self.administration.find_user(login)
            except UnknownUser as unknown:
                raise _refused(str(unknown)) from unknown
            if other.id == user.id or not other.enabled or other.service:
                raise _refused(f"'{login}' can take nothing over: it is who leaves, a program, or may not log in.")
            found.append(other)
        if not found:
            raise _refused("Somebody has to take over: name at least one other user.")
        return found

    def _shut_out(self, actor: Actor, user: UserRow, report: OffboardingReport) -> None:
        export = self.system.exported
        mine = update(export).where(export.c.actor == user.id, export.c.state == "running")
        with self.administration.changing() as connection:
            report.sessions, report.tokens = self.administration.shut_out(connection, user.id)
            ended = {"state": "cancelled", "finished_at": self.clock.now(), "beat_at": None}
            report.exports = connection.execute(mine.values(ended)).rowcount
            self.trail.note(connection, "disabled", user.id, by=author_of(actor))

    def _hand_records(
        self, hand: Actor, object_def: ObjectDef, name: str, user: UserRow, turn: Iterator[UserRow]
    ) -> Handed:
        table = self.releases.current().tables.of(object_def.key).table
        count, kept = 0, []
        for record_id in self._ids(table, name, user.id):
            try:
                value = {"object": USER_OBJECT, "id": next(turn).id}
                self.records.update(hand, object_def.key, record_id, {name: value}, confirm=None)
                count += 1
            except EngineError as refused:
                kept.append(f"{record_id}: {_why(refused)}")
        return Handed(what=f"{object_def.key}.{name}", count=count, kept=tuple(kept))

    def _ids(self, table: Table, name: str, user_id: str) -> Iterator[str]:
        last = ""
        while True:
            mine = select(table.c.id).where(table.c[name] == user_id, table.c.deleted_at.is_(None))
            if last:
                mine = mine.where(table.c.id > last)
            with self.releases.database.read() as connection:
                found = connection.execute(mine.order_by(table.c.id).limit(_BATCH)).scalars().all()
            yield from found
            if len(found) < _BATCH:
                return
            last = found[-1]

    def _hand_approvals(self, actor: Actor, user: UserRow, turn: Iterator[UserRow]) -> Handed:
        seat, request = self.system.approval_seat, self.system.approval
        asked = select(seat.c.request_id).distinct().join(request, request.c.id == seat.c.request_id)
        asked = asked.where(seat.c.user_id == user.id, seat.c.state == SeatState.WAITING.value)
        with self.releases.database.read() as connection:
            found = connection.execute(asked).scalars().all()
        # In the name of who leaves, since it is that person's to pass on; who did it stands beside.
        leaver = replace(user.actor(), on_behalf_of=actor.user_id, origin=actor.origin)
        count, kept = 0, []
        for request_id in found:
            try:
                self.approvals.act(leaver, request_id, Act(do="delegate", user=next(turn).id))
                count += 1
            except EngineError as refused:
                kept.append(f"{request_id}: {_why(refused)}")
        return Handed(what="approvals", count=count, kept=tuple(kept))

    def _hand_runs(self, user: UserRow, turn: Iterator[UserRow]) -> Handed:
        """Let the runs of rules that are under way go on with the rights of others."""
        run, count = self.system.run, 0
        open_states = run.c.state.in_([state.value for state in OPEN_STATES])
        mine = run.c.actor["user_id"].as_string() == user.id
        with self.releases.database.write() as connection:
            rows = connection.execute(select(run.c.id, run.c.actor).where(open_states, mine).with_for_update()).all()
            for run_id, stored in rows:
                other = next(turn)
                given = {**stored, "user_id": other.id, "name": other.name, "language": other.language}
                count += connection.execute(update(run).where(run.c.id == run_id).values(actor=given)).rowcount
        return Handed(what="runs", count=count)


def _hand_of(actor: Actor) -> Actor:
    """Give who hands over: with all rights over records, in the name of who off-boards."""
    if actor.is_system:
        return actor
    named = replace(system_actor(actor.origin), user_id=actor.user_id, login=actor.login, name=actor.name)
    return replace(named, on_behalf_of=actor.on_behalf_of, language=actor.language)


def _fields_of_people(release: Release) -> Iterable[tuple[ObjectDef, str]]:
    """Give the fields that say whose something is, tasks first, then as the objects come."""
    objects = sorted(release.metamodel.objects.values(), key=lambda each: (each.name != _TASK, each.key))
    for object_def in objects:
        if object_def.source is not None:
            continue
        for name, each in object_def.fields.items():
            targets = each.relation.targets if each.relation is not None else ()
            is_person = targets == (USER_OBJECT,) or (name == "owner" and USER_OBJECT in targets)
            table = release.tables.of(object_def.key).table
            if is_person and not each.is_computed and (not each.system or name == "owner") and name in table.c:
                yield object_def, name


def _naming(release: Release, user: UserRow) -> Iterator[str]:
    for file, text in release.metamodel.sources.items():
        if file.endswith(".rules"):
            yield from (f"{file}:{at}" for at, line in enumerate(text.splitlines(), start=1) if user.login in line)


def _why(refused: EngineError) -> str:
    return " ".join(each.message for each in refused.errors) if isinstance(refused, ValidationFailed) else str(refused)


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed([FieldError(field="to", code="bad_value", message=message)])
