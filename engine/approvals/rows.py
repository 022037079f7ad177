"""Reads and writes the rows of requests; who may do what, and what follows, is decided by others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.approvals.requests import Event, Mode, Request, RequestState, Seat, SeatState, Visit, VisitState
from engine.storage.system_tables import SystemTables


def open_key(object_key: str, record_id: str) -> str:
    """Name a record in the column that allows one open request a record."""
    return f"{object_key} {record_id}"


class ApprovalRows:
    """The rows of fs_approval, fs_approval_visit, fs_approval_seat and fs_approval_event."""

    def __init__(self, system: SystemTables) -> None:
        self.request = system.approval
        self.visit = system.approval_visit
        self.seat = system.approval_seat
        self.event = system.approval_event

    # ---------------------------------------------------------------- requests
    def add_request(self, connection: Connection, request: Request) -> None:
        """Write a new, open request."""
        row = _stored(request) | {"open_key": open_key(request.object, request.record_id)}
        connection.execute(insert(self.request).values(row))

    def load(self, connection: Connection, request_id: str, *, locked: bool = False) -> Request | None:
        """Read a request; locked: nobody else moves it until the transaction ends."""
        query = select(self.request).where(self.request.c.id == request_id)
        row = connection.execute(query.with_for_update() if locked else query).mappings().first()
        return None if row is None else request_of(row)

    def open_of(self, connection: Connection, object_key: str, record_id: str) -> Request | None:
        """Read the open request of a record."""
        query = select(self.request).where(self.request.c.open_key == open_key(object_key, record_id))
        row = connection.execute(query).mappings().first()
        return None if row is None else request_of(row)

    def of_record(self, connection: Connection, object_key: str, record_id: str, most: int = 20) -> list[Request]:
        """Read the requests of a record, the newest first."""
        table = self.request
        query = select(table).where(table.c.object == object_key, table.c.record_id == record_id)
        rows = connection.execute(query.order_by(table.c.submitted_at.desc(), table.c.id.desc()).limit(most))
        return [request_of(row) for row in rows.mappings()]

    def change_request(self, connection: Connection, request_id: str, **values: object) -> None:
        """Change a request; one that is over no longer keeps the record's place."""
        state = values.get("state")
        over: dict[str, object] = {}
        if isinstance(state, RequestState) and not state.is_open:
            over = {"open_key": None}
        table = self.request
        connection.execute(update(table).where(table.c.id == request_id).values(_plain(values) | over))

    # ---------------------------------------------------------------- visits and seats
    def add_visit(self, connection: Connection, visit: Visit) -> None:
        """Write a step that a request has come to."""
        connection.execute(insert(self.visit).values(_stored(visit)))

    def change_visit(self, connection: Connection, visit: Visit, **values: object) -> None:
        """Change a visit."""
        table = self.visit
        here = (table.c.request_id == visit.request_id, table.c.number == visit.number)
        connection.execute(update(table).where(*here).values(_plain(values)))

    def visits(self, connection: Connection, request_ids: Collection[str]) -> list[Visit]:
        """Read the visits of requests, in their order."""
        table = self.visit
        query = select(table).where(table.c.request_id.in_(list(request_ids))).order_by(table.c.number)
        return [visit_of(row) for row in connection.execute(query).mappings()]

    def visit_at(self, connection: Connection, request: Request) -> Visit | None:
        """Read the visit that a request came to last."""
        table = self.visit
        query = select(table).where(table.c.request_id == request.id, table.c.number == request.visit)
        row = connection.execute(query).mappings().first()
        return None if row is None else visit_of(row)

    def add_seats(self, connection: Connection, seats: Sequence[Seat]) -> None:
        """Ask people."""
        if seats:
            connection.execute(insert(self.seat), [_stored(seat) for seat in seats])

    def change_seats(self, connection: Connection, ids: Collection[str], **values: object) -> None:
        """Change some seats."""
        if ids:
            connection.execute(update(self.seat).where(self.seat.c.id.in_(list(ids))).values(_plain(values)))

    def seats(self, connection: Connection, request_ids: Collection[str]) -> list[Seat]:
        """Read who was asked in requests, in the order in which they came."""
        table = self.seat
        query = select(table).where(table.c.request_id.in_(list(request_ids)))
        return [seat_of(row) for row in connection.execute(query.order_by(table.c.visit, table.c.id)).mappings()]

    # ---------------------------------------------------------------- events
    def add_event(self, connection: Connection, event: Event) -> None:
        """Write down what happened."""
        connection.execute(insert(self.event).values(_stored(event)))

    def events(self, connection: Connection, request_id: str) -> list[Event]:
        """Read what happened to a request, in order."""
        table = self.event
        rows = connection.execute(select(table).where(table.c.request_id == request_id).order_by(table.c.id))
        return [
            Event(**{**dict(row), "people": tuple(row["people"] or ())})
            for row in ({name: value for name, value in each.items() if name != "id"} for each in rows.mappings())
        ]


def request_of(row: Mapping[Any, Any]) -> Request:
    """Read a row of fs_approval."""
    values = {name: value for name, value in row.items() if name != "open_key"}
    values["state"] = RequestState(values["state"])
    values["chosen"] = values["chosen"] or {}
    values["may_edit"] = tuple(values["may_edit"] or ())
    return Request(**values)


def visit_of(row: Mapping[Any, Any]) -> Visit:
    """Read a row of fs_approval_visit."""
    values = {**row, "state": VisitState(row["state"]), "mode": Mode(row["mode"] or Mode.ANY)}
    return Visit(**{**values, "needed": row["needed"] or 0})


def seat_of(row: Mapping[Any, Any]) -> Seat:
    """Read a row of fs_approval_seat."""
    return Seat(**{**row, "state": SeatState(row["state"])})


def _stored(value: Request | Visit | Seat | Event) -> dict[str, Any]:
    return _plain({name: getattr(value, name) for name in value.__dataclass_fields__})


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: _as_stored(value) for name, value in values.items()}


def _as_stored(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case dt.datetime() | None | str() | int():
            return value
        case Mapping():
            return {key: list(inner) for key, inner in value.items()}
        case tuple():
            return list(value)
    return value
