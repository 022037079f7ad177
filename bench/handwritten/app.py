"""The hand-written program: get, list, create and update of deals as JSON, a list and a form as HTML. Nothing else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, abort, request

from bench.handwritten import queries
from bench.handwritten.form import deal_form
from bench.handwritten.listing import open_deals
from bench.handwritten.store import Store
from bench.people import PROBABILITY, Caller
from bench.raw import cell
from engine.ids import Uuid7Maker

REVIEW_LIMIT = Decimal(100_000)


def create_app(database_url: str, caller: Caller) -> Flask:
    """Make the program for one caller's token and cookie."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent / "templates"))
    program = Program(database_url, caller)
    path = "/api/v1/records/opportunity"
    app.add_url_rule(f"{path}/<record_id>", view_func=program.get_one, methods=["GET"])
    app.add_url_rule(path, view_func=program.get_list, methods=["GET"])
    app.add_url_rule(path, view_func=program.create, methods=["POST"])
    app.add_url_rule(f"{path}/<record_id>", view_func=program.update, methods=["PATCH"])
    app.add_url_rule("/o/opportunity", view_func=program.html_list, methods=["GET"])
    app.add_url_rule("/o/opportunity/<record_id>/edit", view_func=program.html_form, methods=["GET"])
    return app


class Program:
    """The six views over one store."""

    def __init__(self, database_url: str, caller: Caller) -> None:
        self.store, self._make = Store(database_url), Uuid7Maker()
        self.store.create_sequence()
        self._tokens = {f"Bearer {caller.token}": caller}
        self._cookies = {caller.cookie: caller}

    def get_one(self, record_id: str) -> Response:
        """Give one deal as JSON."""
        rows = self.store.rows(queries.GET, self._who() | {"id": record_id})
        if not rows:
            abort(404)
        answer = Response(orjson.dumps(self._record(rows[0])), mimetype="application/json")
        answer.headers["ETag"] = f'"{rows[0][1]}"'
        return answer

    def get_list(self) -> Response:
        """Give fifty deals, filtered and sorted, with the account's title."""
        values = self._who() | {"stage": "proposal", "least": self._stored(Decimal(20_000))}
        rows = self.store.rows(queries.LIST, values)
        found = [
            {
                "id": r[0],
                "version": r[1],
                "name": r[2],
                "account": _link(r[3], r[4]),
                "amount": self._money(r[5], r[6]),
                "stage": r[7],
                "close_date": r[8],
                "owner": _link(r[9], r[10]),
            }
            for r in rows[:50]
        ]
        following = str(rows[49][0]) if len(rows) > 50 else None
        return Response(orjson.dumps({"records": found, "next": following}), mimetype="application/json")

    def create(self) -> Response:
        """Check and write a new deal with its audit row."""
        values, given = self._who(), orjson.loads(request.get_data())
        problems, amount, close = _check(given)
        if problems:
            return _refused(problems)
        now, new_id = dt.datetime.now(dt.UTC), self._make.new()
        with self.store.transaction():
            if not self.store.rows(queries.ACCOUNT, values | {"id": given["account"]}):
                return _refused(["account"])
            row = values | self._new_row(new_id, given, amount, close, now)
            self.store.run(queries.INSERT, row)
            self._audit(row, 1, "created", given)
        found = self._record(self.store.rows(queries.GET, values | {"id": new_id})[0])
        return Response(orjson.dumps(found), status=201, mimetype="application/json")

    def update(self, record_id: str) -> Response:
        """Move a deal to another stage; a big one in proposal gets a task of review."""
        values, given = self._who() | {"id": record_id}, orjson.loads(request.get_data())
        stage, now = given["stage"], dt.datetime.now(dt.UTC)
        if stage not in PROBABILITY:
            abort(422)
        with self.store.transaction():
            rows = self.store.rows(self.store.lock_query(), values)
            if not rows:
                abort(404)
            version, old, stored_amount, name = rows[0]
            amount = Decimal(self._number(stored_amount) or 0)
            row = values | self._forecast(stage, amount) | {"now": self._stored(now), "version": version}
            if self.store.run(queries.UPDATE, row) != 1:
                abort(412)
            self._audit(row, version + 1, "updated", {"stage": [old, stage]})
            if stage == "proposal" and amount >= REVIEW_LIMIT:
                due = self._stored(now.date() + dt.timedelta(days=2))
                self.store.run(queries.TASK, row | {"task": self._make.new(), "subject": f"Review {name}", "due": due})
        found = self._record(self.store.rows(queries.GET, values)[0])
        return Response(orjson.dumps(found), mimetype="application/json")

    def html_list(self) -> str:
        """Show open deals."""
        return open_deals(self.store, self._who())

    def html_form(self, record_id: str) -> str:
        """Show the form of a deal."""
        return deal_form(self.store, self._who(), record_id)

    def _who(self) -> dict[str, Any]:
        found = self._tokens.get(request.headers.get("Authorization", "")) or self._cookies.get(
            request.cookies.get("fieldstone_session", "")
        )
        if found is None:
            abort(401)
        return {"user": found.user_id, "team": found.team_id}

    def _new_row(
        self, new_id: str, given: dict[str, Any], amount: Decimal, close: dt.date, now: dt.datetime
    ) -> dict[str, Any]:
        running = self.store.rows(queries.NEXT_NUMBER, {})[0][0]
        return {
            "id": new_id,
            "number": f"OPP-{now.year}-H{running:06d}",
            "name": given["name"],
            "account": given["account"],
            "amount": self._stored(amount),
            "opened": self._stored(now.date()),
            "close": self._stored(close),
            "at_risk": self._stored(False),
            "now": self._stored(now),
            "sort": given["name"].casefold(),
            **self._forecast(given["stage"], amount),
        }

    def _forecast(self, stage: str, amount: Decimal) -> dict[str, Any]:
        share = Decimal(PROBABILITY[stage]) / 100
        weighted = (amount * share).quantize(Decimal("0.01"))
        return {"stage": stage, "probability": self._stored(share, 4), "weighted": self._stored(weighted)}

    def _audit(self, row: dict[str, Any], version: int, action: str, changes: dict[str, Any]) -> None:
        text = orjson.dumps(changes).decode()
        self.store.run(queries.AUDIT, row | {"version": version, "action": action, "changes": text})

    def _stored(self, value: Any, scale: int = 2) -> Any:
        return cell(self.store.database_url, value, scale)

    def _number(self, value: Any, scale: int = 2) -> str | None:
        if value is None:
            return None
        return str(Decimal(value).scaleb(-scale)) if self.store.sqlite else str(value)

    def _money(self, amount: Any, currency: Any) -> dict[str, Any] | None:
        return None if amount is None else {"amount": self._number(amount), "currency": currency}

    def _record(self, row: Any) -> dict[str, Any]:
        return _record(row, self._money, self._number)


def _refused(problems: list[str]) -> Response:
    return Response(orjson.dumps({"errors": problems}), status=422, mimetype="application/json")


def _link(record_id: Any, title: Any) -> dict[str, Any] | None:
    return None if record_id is None else {"id": str(record_id), "title": title}


def _record(r: Any, money: Any, number: Any) -> dict[str, Any]:
    return {
        "id": str(r[0]),
        "version": r[1],
        "number": r[2],
        "reference": r[3],
        "name": r[4],
        "account": _link(r[5], r[6]),
        "contact": _link(r[7], r[8]),
        "product": _link(r[9], r[10]),
        "amount": money(r[11], r[12]),
        "stage": r[13],
        "probability": number(r[14], 4),
        "weighted": money(r[15], r[16]),
        "account_tier": r[17],
        "lines_total": money(r[18], r[19]),
        "opened_on": r[20],
        "close_date": r[21],
        "lost_reason": r[22],
        "competitor": r[23],
        "at_risk": bool(r[24]),
        "risk_reason": r[25],
        "review_status": r[26],
        "next_step": r[27],
        "description": r[28],
        "owner": _link(r[29], r[30]),
        "created_at": r[31],
        "created_by": _link(r[32], r[33]),
        "modified_at": r[34],
        "modified_by": _link(r[35], r[36]),
    }


def _check(given: dict[str, Any]) -> tuple[list[str], Decimal, dt.date]:
    problems: list[str] = []
    amount, close = Decimal(0), dt.date.min
    name = given.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 120:
        problems.append("name")
    if given.get("stage") not in PROBABILITY:
        problems.append("stage")
    try:
        amount = Decimal(given.get("amount", ""))
        close = dt.date.fromisoformat(given.get("close_date", ""))
    except (InvalidOperation, ValueError, TypeError):
        problems.append("amount or close_date")
    if amount < 0:
        problems.append("amount")
    return problems, amount, close
