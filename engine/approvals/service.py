"""Approvals as pages, the API and rules use them: submit, preview, decide, see, report; each act in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.access.actor import Actor
from engine.accounts.users import UserDirectory
from engine.approvals.approvers import StandIns, name_of
from engine.approvals.case import Case, Tools
from engine.approvals.deciding import Act, act_on
from engine.approvals.listing import RequestLine, RequestLists
from engine.approvals.locks import ApprovalLocks
from engine.approvals.mailing import ApprovalMail, AskedByMail
from engine.approvals.previewing import Preview, preview
from engine.approvals.program import ApprovalIndex, ApprovalProgram
from engine.approvals.realigning import CalendarFollower
from engine.approvals.refusals import ApprovalRefused, RequestNotFound, refused
from engine.approvals.reporting import Report, ReportAsked, read_report
from engine.approvals.requests import Request
from engine.approvals.rows import ApprovalRows
from engine.approvals.sight import RequestView, Sight
from engine.approvals.submitting import Submission, fitting, in_name_of, may_submit, submit
from engine.approvals.timing import ApprovalTimes
from engine.automation.ledger import Ledger
from engine.automation.notices import Notices
from engine.automation.service import Automation
from engine.automation.starting import RunStarter
from engine.clock import Clock
from engine.errors import EngineError
from engine.ids import IdMaker
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import NoRelease, Release
from engine.releases.store import ReleaseStore
from engine.storage.system_tables import SystemTables
from metamodel.objects import ObjectDef
from metamodel.values import Ref

MOST_AT_ONCE = 200
"""How many requests one call decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of one of many decisions. refused: why nothing was changed, '' where it was done."""

    request_id: str
    refused: str = ""


class Approvals:
    """The approvals of one installation."""

    def __init__(
        self,
        *,
        system: SystemTables,
        releases: ReleaseStore,
        records: Records,
        automation: Automation,
        clock: Clock,
        ids: IdMaker,
        secret: bytes,
        base_url: str = "",
    ) -> None:
        self._system = system
        self._releases = releases
        self._records = records
        self._automation = automation
        self.mail = ApprovalMail(secret=secret, base_url=base_url, leaves=self._mails_leave)
        self._rows = ApprovalRows(system)
        self._users = UserDirectory(releases.current, system.credential, system.role, clock)
        self.tools = Tools(
            rows=self._rows,
            starter=RunStarter(Ledger(system)),
            notices=Notices(system, ids),
            clock=clock,
            ids=ids,
            index_of=self.index,
            rules_of=automation.index,
            launcher=automation.after_save.launcher,
            mail=self.mail.ask,
        )
        self.locks = ApprovalLocks(self._rows, self.index, self._submit_for_rule)
        self.sight = Sight(self._rows, self.program_of)
        self._lists = RequestLists(self._rows, self.program_of)

    def index(self, release: Release) -> ApprovalIndex:
        """Give the approvals of a release and the rules that wait for them."""
        automation = self._automation

        def build(release: Release) -> ApprovalIndex:
            rules = tuple(automation.index(release).programs.values())
            return ApprovalIndex(automation.approvals(release).values(), rules)

        return release.part("approvals", build)

    def _mails_leave(self) -> bool:
        """Tell whether mails are sent by anybody, and whether a server is set where that has such a setting."""
        found = self._automation.plugins.find_action("send_email")
        return found is not None and found[0].settings.get("host") != ""

    def times(self) -> ApprovalTimes:
        """Give what looks after deadlines, for the housekeeping."""
        calendar = CalendarFollower(records=self._records, system=self._system, open_case=self._open_case)
        return ApprovalTimes(
            records=self._records,
            system=self._system,
            current=self._current,
            open_case=self._open_case,
            calendar=calendar,
        )

    # ---------------------------------------------------------------- acts
    def submit(self, actor: Actor, object_key: str, given: Submission) -> Request:
        """Submit a record.

        Raises: UnknownObject, RecordNotFound, AccessDenied, ApprovalRefused, ValidationFailed.
        """
        with self._records.transaction(actor) as transaction:
            object_def = transaction.object_def(object_key)
            case = submit(self.tools, transaction, object_def, given)
            case.work.settle()
            return case.request

    def act(self, actor: Actor, request_id: str, act: Act) -> Request:
        """Do something with a request.

        Raises: RequestNotFound, ApprovalRefused, ValidationFailed.
        """
        with self._records.transaction(actor) as transaction:
            case = self._open_case(transaction, request_id) if could_be_id(request_id) else None
            if case is None or not self.sight.may_see(transaction, case.request):
                raise RequestNotFound(request_id)
            act_on(case, act)
            case.work.settle()
            return case.request

    def act_on_many(self, actor: Actor, request_ids: Sequence[str], act: Act) -> list[Decided]:
        """Do the same with many requests, each by itself: one that is refused leaves the others alone."""
        done = []
        for request_id in dict.fromkeys(request_ids[:MOST_AT_ONCE]):
            try:
                self.act(actor, request_id, act)
            except EngineError as fault:
                done.append(Decided(request_id=request_id, refused=str(fault)))
            else:
                done.append(Decided(request_id=request_id))
        return done

    def act_by_link(self, token: str, act: Act) -> Request:
        """Decide by a link of a mail: once, and only while the step that it was sent for waits for that person.

        Raises: ApprovalRefused, ValidationFailed.
        """
        seat_id = self.mail.seat_of(token)
        with self._records.reading(_nobody()) as transaction:
            found = self.mail.open(transaction, self._rows, seat_id)
        actor = self.actor_of(found.acting)
        if actor is None:
            raise refused("link_dead", "en")
        with self._records.transaction(actor) as transaction:
            case = self._open_case(transaction, found.seat.request_id)
            again = self.mail.open(transaction, self._rows, seat_id)
            if case is None or again.acting != actor.user_id:
                raise refused("link_dead", actor.language)
            self._rows.change_seats(transaction.connection, [again.seat.id], link_used_at=transaction.now)
            act_on(case, act)
            case.work.settle()
            return case.request

    def asked_by_link(self, token: str, language: str) -> AskedByMail:
        """Give what a link of a mail asks for. Raises: ApprovalRefused where there is nothing to decide any more."""
        seat_id = self.mail.seat_of(token)
        with self._records.reading(_nobody()) as transaction:
            found = self.mail.open(transaction, self._rows, seat_id)
            request = self._rows.load(transaction.connection, found.seat.request_id)
            visit = self._rows.visit_at(transaction.connection, request) if request is not None else None
            program = self.program_of(request) if request is not None else None
            if request is None or visit is None or program is None:
                raise refused("link_dead", language)
            return AskedByMail(
                label=program.called(language),
                title=request.record_title or "",
                step=program.steps[visit.place].called(language),
                name=name_of(transaction, found.acting),
            )

    # ---------------------------------------------------------------- reading
    def preview(self, transaction: Transaction, object_key: str, given: Submission) -> Preview | None:
        """Give the path that a record would take; None where the actor can't submit it for anything."""
        return preview(self.tools, transaction, transaction.object_def(object_key), given)

    def view(self, transaction: Transaction, request_id: str, *, figures: bool = True) -> RequestView:
        """Give a request with its steps, people and events; figures: with those of its record.

        Raises: RequestNotFound.
        """
        return self.sight.view(transaction, request_id, figures=figures)

    def may_submit(self, transaction: Transaction, object_def: ObjectDef, record_id: str) -> bool:
        """Say whether who acts may submit a readable record for an approval that is for it now."""
        programs = self.index(transaction.release).of(object_def.key)
        values = transaction.cache.related(object_def.key, record_id) if programs else None
        if values is None:
            return False
        return any(may_submit(transaction, object_def, values, each) for each in fitting(transaction, programs, values))

    def of_record(self, transaction: Transaction, object_key: str, record_id: str) -> list[Request]:
        """Give the requests of a record that may be read, the newest first. Raises: RecordNotFound."""
        object_def = transaction.object_def(object_key)
        transaction.reader.require_readable(object_def, record_id)
        if object_key not in self.index(transaction.release).objects:
            return []
        return self._rows.of_record(transaction.connection, object_key, record_id)

    def waiting(self, transaction: Transaction) -> list[RequestLine]:
        """Give the requests that wait for who acts, the longest waiting first."""
        return self._lists.waiting(transaction, StandIns(transaction))

    def submitted(self, transaction: Transaction) -> list[RequestLine]:
        """Give the requests that who acts has submitted, the newest first."""
        return self._lists.submitted(transaction)

    def report(self, transaction: Transaction, asked: ReportAsked) -> Report:
        """Give time and outcome by step and approver, over the requests of records that the actor may read."""
        return read_report(transaction, self._rows, self.program_of, asked)

    # ---------------------------------------------------------------- below
    def program_of(self, request: Request) -> ApprovalProgram | None:
        """Give the approval that a request follows: that of its release, else of the current one."""
        try:
            found = self.index(self._releases.numbered(request.release)).by_key.get(request.approval)
        except EngineError:
            found = None
        return found or self.index(self._releases.current()).by_key.get(request.approval)

    def actor_of(self, user_id: str) -> Actor | None:
        """Give who a user is now; None for one who may not sign in any more."""
        with self._records.reading(_nobody()) as transaction:
            found = self._users.load(transaction.connection, user_id)
        return found.actor() if found is not None and found.enabled else None

    def _open_case(self, transaction: Transaction, request_id: str) -> Case | None:
        request = self._rows.load(transaction.connection, request_id, locked=True)
        program = self.program_of(request) if request is not None else None
        if request is None or program is None:
            return None
        return Case(
            tools=self.tools,
            by=transaction.actor,
            work=in_name_of(transaction, request.id),
            program=program,
            request=request,
            rights=transaction.access.rights or frozenset(),
        )

    def _submit_for_rule(self, transaction: Transaction, record: Ref, approval: str | None, by: str | None) -> str:
        object_def = transaction.object_def(record.object)
        submitter = by or transaction.actor.user_id or _owner(transaction, record)
        given = Submission(record_id=record.id, approval=approval, by=submitter)
        case = submit(self.tools, transaction, object_def, given)
        case.work.settle()
        return case.request.id

    def _current(self) -> Release | None:
        try:
            return self._releases.current()
        except NoRelease:
            return None


def _owner(transaction: Transaction, record: Ref) -> str | None:
    """Give who submits what nobody submits: the record's owner, where that is a user."""
    values = transaction.cache.related(record.object, record.id) or {}
    owner = values.get("owner")
    return owner.id if isinstance(owner, Ref) and owner.object == "user" else None


def _nobody() -> Actor:
    return Actor(user_id=None, login="link")


__all__ = ["MOST_AT_ONCE", "ApprovalRefused", "Approvals", "Decided", "RequestNotFound"]
