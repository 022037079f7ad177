"""Links by which a decision can be taken from a mail: one use, for one person at one step, dead once that is decided.

A link names the seat and is signed with the installation's secret, so that nothing of it is stored; whether it may
still be used is asked of the seat.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from engine.approvals.approvers import StandIns
from engine.approvals.case import Case
from engine.approvals.effects import start_letter
from engine.approvals.messages import say
from engine.approvals.refusals import refused
from engine.approvals.requests import RequestState, Seat, SeatState, Visit
from engine.approvals.rows import ApprovalRows, seat_of
from engine.automation.approval_letters import SEAT
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction

_PURPOSE = b"fieldstone: links of approval mails"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """What a link that is still good is for. acting: who decides by it, the person asked or the stand-in of today."""

    seat: Seat
    acting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedByMail:
    """What a link asks for, as its page says it: the approval, the record's title, the step, and whom."""

    label: str
    title: str
    step: str
    name: str


class ApprovalMail:
    """Makes and reads the links of an installation. leaves: whether mails leave it at all."""

    def __init__(self, *, secret: bytes, base_url: str, leaves: Callable[[], bool] = lambda: True) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._base_url = base_url.rstrip("/")
        self._leaves = leaves

    def token(self, seat_id: str) -> str:
        """Give what the link of a seat is known by."""
        return f"{seat_id}.{hmac.digest(self._key, seat_id.encode(), 'sha256').hex()[:40]}"

    def url(self, seat_id: str) -> str:
        """Give the address of the link of a seat."""
        return f"{self._base_url}/approvals/link/{self.token(seat_id)}"

    def seat_of(self, token: str) -> str:
        """Give the seat that a link names. Raises: ApprovalRefused where it was not made here."""
        seat_id = token.partition(".")[0]
        if not could_be_id(seat_id) or not hmac.compare_digest(token.encode(), self.token(seat_id).encode()):
            raise refused("link_dead", "en")
        return seat_id

    def open(self, transaction: Transaction, rows: ApprovalRows, seat_id: str) -> OpenLink:
        """Make sure that a link may be used. Raises: ApprovalRefused."""
        row = transaction.connection.execute(select(rows.seat).where(rows.seat.c.id == seat_id)).mappings().first()
        seat = seat_of(row) if row is not None else None
        request = rows.load(transaction.connection, seat.request_id) if seat is not None else None
        if (
            seat is None
            or request is None
            or seat.state is not SeatState.WAITING
            or seat.link_used_at is not None
            or request.state is not RequestState.OPEN
            or request.visit != seat.visit
        ):
            raise refused("link_dead", transaction.actor.language)
        return OpenLink(seat=seat, acting=StandIns(transaction).acting(seat.user_id))

    def ask(self, case: Case, visit: Visit, seat: Seat, acting: str) -> None:
        """Ask by mail too, where mails leave and can lead back here, and the person has an address."""
        user = case.work.cache.related("user", acting) or {}
        address = user.get("email")
        if not self._base_url or not address or not self._leaves():
            return
        language = str(user.get("language") or case.work.parts.metamodel.main.languages[0])
        parts = {
            "approval": case.program.called(language),
            "title": case.request.record_title or "",
            "step": case.step_of(visit).called(language),
            "name": case.name_of(case.request.submitter),
        }
        subject, text = (say(code, language, **parts) for code in ("mail_subject", "mail_text"))
        letter = {"to": str(address), "subject": subject, "text": text, SEAT: seat.id}
        start_letter(case, letter)
