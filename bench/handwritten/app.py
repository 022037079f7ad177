"""The hand-written program: get, list, create and update of deals as JSON, a list and a form as HTML. Nothing else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, abort, render_template, request

from bench.handwritten import queries
from bench.handwritten.store import Store
from bench.people import PROBABILITY, Caller
from bench.raw import cell
from engine.ids import Uuid7Maker

REVIEW_LIMIT = Decimal(100_000)


def create_app(database_url: str, caller: Caller) -> Flask:
    """Make the program for one caller's token and cookie."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent / "templates"))
    store, make = Store(database_url), Uuid7Maker()
    store.create_sequence()
    known = {f"Bearer {caller.token}": caller}
    cookies = {caller.cookie: caller}

    def who() -> dict[str, Any]:
        found = known.get(request.headers.get("Authorization", "")) or cookies.get(
            request.cookies.get("fieldstone_session", "")
        )
        if found is None:
            abort(401)
        return {"user": found.user_id, "team": found.team_id}

    def stored(value: Any, scale: int = 2) -> Any:
        return cell(database_url, value, scale)

    def number(value: Any, scale: int = 2) -> str | None:
        if value is None:
            return None
        return str(Decimal(value).scaleb(-scale)) if store.sqlite else str(value)

    def money(amount: Any, currency: Any) -> dict[str, Any] | None:
        return None if amount is None else {"amount": number(amount), "currency": currency}

    @app.get("/api/v1/records/opportunity/<record_id>")
    def get_one(record_id: str) -> Response:
        rows = store.rows(queries.GET, who() | {"id": record_id})
        if not rows:
            abort(404)
        answer = Response(orjson.dumps(_record(rows[0], money, number)), mimetype="application/json")
        answer.headers["ETag"] = f'"{rows[0][1]}"'
        return answer

    @app.get("/api/v1/records/opportunity")
    def get_list() -> Response:
        values = who() | {"stage": "proposal", "least": stored(Decimal(20_000))}
        rows = store.rows(queries.LIST, values)
        found = [
            {
                "id": r[0],
                "version": r[1],
                "name": r[2],
                "account": _link(r[3], r[4]),
                "amount": money(r[5], r[6]),
                "stage": r[7],
                "close_date": r[8],
                "owner": _link(r[9], r[10]),
            }
            for r in rows[:50]
        ]
        following = str(rows[49][0]) if len(rows) > 50 else None
        return Response(orjson.dumps({"records": found, "next": following}), mimetype="application/json")

    @app.post("/api/v1/records/opportunity")
    def create() -> Response:
        values, given = who(), orjson.loads(request.get_data())
        problems, amount, close = _check(given)
        if problems:
            return Response(orjson.dumps({"errors": problems}), status=422, mimetype="application/json")
        now, new_id, stage = dt.datetime.now(dt.UTC), make.new(), given["stage"]
        share = Decimal(PROBABILITY[stage]) / 100
        weighted = (amount * share).quantize(Decimal("0.01"))
        with store.transaction():
            if not store.rows(queries.ACCOUNT, values | {"id": given["account"]}):
                return Response(b'{"errors":["account"]}', status=422, mimetype="application/json")
            running = store.rows(queries.NEXT_NUMBER, {})[0][0]
            row = values | {
                "id": new_id,
                "number": f"OPP-{now.year}-H{running:06d}",
                "name": given["name"],
                "account": given["account"],
                "amount": stored(amount),
                "stage": stage,
                "probability": stored(share, 4),
                "weighted": stored(weighted),
                "opened": stored(now.date()),
                "close": stored(close),
                "at_risk": stored(False),
                "now": stored(now),
                "sort": given["name"].casefold(),
            }
            store.run(queries.INSERT, row)
            store.run(queries.AUDIT, row | {"version": 1, "action": "created", "changes": orjson.dumps(given).decode()})
        found = _record(store.rows(queries.GET, values | {"id": new_id})[0], money, number)
        return Response(orjson.dumps(found), status=201, mimetype="application/json")

    @app.patch("/api/v1/records/opportunity/<record_id>")
    def update(record_id: str) -> Response:
        values, given = who() | {"id": record_id}, orjson.loads(request.get_data())
        stage, now = given["stage"], dt.datetime.now(dt.UTC)
        if stage not in PROBABILITY:
            abort(422)
        with store.transaction():
            rows = store.rows(store.lock_query(), values)
            if not rows:
                abort(404)
            version, old, amount, name = rows[0]
            exact = Decimal(number(amount) or 0)
            share = Decimal(PROBABILITY[stage]) / 100
            row = values | {
                "stage": stage,
                "probability": stored(share, 4),
                "weighted": stored((exact * share).quantize(Decimal("0.01"))),
                "now": stored(now),
                "version": version,
            }
            if store.run(queries.UPDATE, row) != 1:
                abort(412)
            changes = orjson.dumps({"stage": [old, stage]}).decode()
            store.run(queries.AUDIT, row | {"version": version + 1, "action": "updated", "changes": changes})
            if stage == "proposal" and exact >= REVIEW_LIMIT:
                due = stored(now.date() + dt.timedelta(days=2))
                store.run(queries.TASK, row | {"task": make.new(), "subject": f"Review {name}", "due": due})
        found = _record(store.rows(queries.GET, values)[0], money, number)
        return Response(orjson.dumps(found), mimetype="application/json")

    @app.get("/o/opportunity")
    def html_list() -> str:
        rows = store.rows(queries.HTML_LIST, who())
        count = store.rows(queries.HTML_COUNT, who())[0][0]
        return render_template("list.html", rows=rows[:50], count=count, number=number)

    @app.get("/o/opportunity/<record_id>/edit")
    def html_form(record_id: str) -> str:
        rows = store.rows(queries.GET, who() | {"id": record_id})
        if not rows:
            abort(404)
        return render_template("form.html", record=_record(rows[0], money, number), stages=list(PROBABILITY))

    return app


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
