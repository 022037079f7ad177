"""One request under way in one transaction: what it follows, what it reads, and how it is told and written down.

Everything is done in the name of who acts and with the product's rights: whether that person may do it was judged
before, and what follows is what the author of the approval has said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.access.actor import Actor
from engine.approvals.approvers import StandIns, name_of
from engine.approvals.messages import say
from engine.approvals.program import ApprovalIndex, ApprovalProgram, StepProgram
from engine.approvals.refusals import refused
from engine.approvals.requests import Event, Request, RequestState, Seat, Visit
from engine.approvals.rows import ApprovalRows
from engine.automation.launching import Launcher
from engine.automation.notices import Notices
from engine.automation.rule_index import RuleIndex
from engine.automation.starting import RunStarter
from engine.clock import Clock
from engine.expressions.context import RecordContext
from engine.ids import IdMaker
from engine.records.history import APPROVAL_ACTION
from engine.records.hooks import SaveKind
from engine.records.saving.audit import audit_row, write_audit
from engine.records.transaction import Transaction
from engine.releases.release import Release
from workflow_dsl.context import Values

NOTICE_OBJECT = "fs_approval"
"""What notices name as their object where they lead to a request."""


TIMELINE = frozenset(
    "submitted submitted_again approved rejected returned delegated added copied commented escalated timed_out parked "
    "request_approved request_rejected request_recalled".split()
)
"""What stands in the record's history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What all requests of an installation share.

    index_of: the approvals of a release; rules_of: its rules. launcher: starts rules as every event
    does. mail: asks by mail too.
    """

    rows: ApprovalRows
    starter: RunStarter
    notices: Notices
    clock: Clock
    ids: IdMaker
    index_of: Callable[[Release], ApprovalIndex]
    rules_of: Callable[[Release], RuleIndex]
    launcher: Launcher
    mail: Callable[[Case, Visit, Seat, str], None]


@dataclass(slots=True, kw_only=True)
class Case:
    """A request that is moved. by: who acts, as they are. work: a transaction in their name, not bound by grants.

    comment: of who acts. rights: those by name that who acts has.
    """

    tools: Tools
    by: Actor
    work: Transaction
    program: ApprovalProgram
    request: Request
    comment: str = ""
    rights: frozenset[str] = frozenset()

    @property
    def language(self) -> str:
        """The language of who acts."""
        return self.work.actor.language

    @property
    def actor_id(self) -> str | None:
        """Who acts; None = the product."""
        return self.work.actor.user_id

    @property
    def called(self) -> str:
        """What the approval is called in the language of who acts."""
        return self.program.called(self.language)

    def record(self) -> Values:
        """Give the record's values.

        Raises: ApprovalRefused where it is in the bin.
        """
        found = self.work.cache.related(self.request.object, self.request.record_id)
        if found is None:
            raise refused("record_gone", self.language)
        return found

    def context(self, names: Mapping[str, Any] | None = None) -> RecordContext:
        """Give what conditions and values are evaluated in: the whole record, and the names that are given."""
        given = {"submitter": self.request.submitter, **(names or {})}
        return RecordContext(self.work.around, self.request.object, self.record(), given=given)

    def names(self) -> dict[str, Any]:
        """Give the names that a decision gives to what it sets off."""
        return {"comment": self.comment, "approver": self.actor_id, "submitter": self.request.submitter}

    def change(self, **values: Any) -> None:
        """Change the request, its row and what is known of it."""
        self.tools.rows.change_request(self.work.connection, self.request.id, **values)
        self.request = replace(self.request, **values)

    def move_to(self, state: RequestState, reason: str | None = None) -> None:
        """Let the request stand otherwise."""
        finished = None if state.is_open else self.work.now
        self.change(state=state, reason=reason, finished_at=finished)

    def note(
        self,
        kind: str,
        visit: Visit | None = None,
        *,
        people: Iterable[str] = (),
        comment: str | None = None,
        for_user: str | None = None,
        by_product: bool = False,
    ) -> None:
        """Write down what happened. by_product: it follows by itself, whoever acts."""
        self.tools.rows.add_event(
            self.work.connection,
            Event(
                request_id=self.request.id,
                at=self.work.now,
                kind=kind,
                visit=visit.number if visit is not None else None,
                step=visit.step if visit is not None else None,
                actor=None if by_product else self.actor_id,
                for_user=for_user,
                people=tuple(people),
                comment=comment or None,
            ),
        )
        if kind in TIMELINE:
            self._audit(kind, visit, comment)

    def _audit(self, kind: str, visit: Visit | None, comment: str | None) -> None:
        """Put it into the record's history too; the column of the step says where in the approval, and the comment."""
        record = self.work.cache.related(self.request.object, self.request.record_id) or {}
        place = self.step_of(visit).called(self.language) if visit is not None else self.called
        row = audit_row(
            self.work,
            self.request.object,
            self.request.record_id,
            int(record.get("version") or 0),
            SaveKind.UPDATED,
            {},
        )
        row |= {"action": f"{APPROVAL_ACTION}{kind}", "step": f"{place}: {comment}" if comment else place}
        write_audit(self.work, [row])

    def tell(self, user_id: str, code: str, step: StepProgram | None = None, **parts: object) -> None:
        """Tell a user something, in that user's language."""
        values = self.work.cache.related("user", user_id) or {}
        language = str(values.get("language") or self.work.parts.metamodel.main.languages[0])
        approval, title = self.program.called(language), self.request.record_title or ""
        place = step.called(language) if step is not None else ""
        self.tools.notices.add(
            self.work.connection,
            user_id,
            say(code, language, approval=approval, title=title, step=place, **parts).strip(),
            key=self.tools.ids.new(),
            at=self.work.now,
            object_key=NOTICE_OBJECT,
            record_id=self.request.id,
        )

    def tell_submitter(self, code: str, step: StepProgram | None = None, **parts: object) -> None:
        """Tell who submitted it, unless that is who acts."""
        if self.request.submitter is not None and self.request.submitter != self.actor_id:
            self.tell(self.request.submitter, code, step, **parts)

    def step_of(self, visit: Visit) -> StepProgram:
        """Give the step that a visit is at."""
        return self.program.steps[visit.place]

    def stand_ins(self) -> StandIns:
        """Find who acts for whom today."""
        return StandIns(self.work)

    def name_of(self, user_id: str | None) -> str:
        """Give what a user is called."""
        return name_of(self.work, user_id)
