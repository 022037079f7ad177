"""Somebody leaves: what that person had goes to others in turns, and the account is shut before any of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from engine.access.actor import Origin, system_actor
from engine.automation.run_state import OPEN_STATES
from engine.errors import ValidationFailed
from engine.platform import Platform
from tests.support.access_requests import submit_quotes
from tests.support.sales import sales_installation
from tests.support.sales_scene import Scene
from tests.support.sales_world import Filling
from ui.app import create_app
from ui.security import WebSettings


def give_to(platform: Platform, user_id: str) -> str:
    """Let a user have an export under way, a run of a rule, and the tasks and accounts that are nobody's."""
    system, held = platform.system, {"user_id": user_id, "system": False, "name": "Somebody", "runs_as": "user"}
    with platform.database.write() as connection:
        values = {
            "id": platform.ids.new(),
            "object": "account",
            "actor": user_id,
            "roles": [],
            "asked": {},
            "state": "running",
            "created_at": platform.clock.now(),
        }
        connection.execute(insert(system.exported).values(values))
        run_id = str(connection.execute(select(system.run.c.id).limit(1)).scalar_one())
        changed = system.run.update().where(system.run.c.id == run_id)
        connection.execute(changed.values(actor=held, state=OPEN_STATES[-1].value))
        for object_key, name in (("task", "assignee"), ("account", "owner")):
            table = platform.releases.current().tables.of(object_key).table
            connection.execute(table.update().where(table.c[name].is_(None)).values({name: user_id}))
    return run_id


def holders(platform: Platform) -> Counter[str]:
    """Count whose the tasks and accounts are."""
    taken: Counter[str] = Counter()
    for object_key, name in (("task", "assignee"), ("account", "owner")):
        table = platform.releases.current().tables.of(object_key).table
        with platform.database.read() as connection:
            taken.update(connection.execute(select(table.c[name]).where(table.c.deleted_at.is_(None))).scalars())
    return taken


@pytest.mark.promise("SEC-43")
def test_who_leaves_keeps_nothing_and_one_report_tells_where_it_went(database_url: str, tmp_path: Path) -> None:
    sales = sales_installation(database_url, tmp_path)
    platform = sales.open()
    try:
        app = create_app(platform, WebSettings(secret_key="s" * 40))
        scene = Scene(sales, platform, app, Filling(platform, sales, seed=7).fill())
        system, users = platform.system, sales.user_ids
        ann, max_, fiona = users["ann"], users["max"], users["fiona"]
        logins = {user.id: user.login for user in platform.accounts.administration.list_users()}
        hand = system_actor(Origin.CLI)
        for number in range(3):
            platform.records.create(hand, "task", {"subject": f"Call {number}"}, confirm=None)
        submit_quotes(scene)
        seat = system.approval_seat
        with platform.database.read() as connection:
            waiting = connection.execute(
                select(seat.c.request_id, seat.c.user_id).where(seat.c.state == "waiting")
            ).all()
        assert waiting
        asked = waiting[0].user_id
        leaver = logins[asked]
        run_id = give_to(platform, asked)
        token = platform.accounts.administration.create_token(leaver, name="t", scopes=("read",))
        others = [logins[each] for each in (ann, max_, fiona) if each != asked][:2]
        for wrong in ((), (leaver,), ("nobody@example.com",)):
            with pytest.raises(ValidationFailed):
                platform.offboarding.run(hand, leaver, wrong)
        report = platform.offboarding.run(hand, leaver, others)

        call = app.test_client().get("/api/v1/exports/account", headers={"Authorization": f"Bearer {token}"})
        assert call.status_code == 401
        assert (report.exports, report.tokens >= 1) == (1, True)
        with platform.database.read() as connection:
            assert connection.execute(select(system.exported.c.state)).scalars().all() == ["cancelled"]
        handed = {each.what: each for each in report.handed}
        assert handed["task.assignee"].count >= 3
        assert handed["account.owner"].count >= 1
        assert handed["approvals"].count + len(handed["approvals"].kept) == len(
            {each.request_id for each in waiting if each.user_id == asked}
        )
        assert handed["approvals"].count >= 1
        assert handed["runs"].count == 1
        taken = holders(platform)
        kept = sum(len(each.kept) for what, each in handed.items() if what in ("task.assignee", "account.owner"))
        assert taken[asked] == kept
        assert all(taken[each] for each, login in logins.items() if login in others)
        with platform.database.read() as connection:
            run = connection.execute(select(system.run.c.actor).where(system.run.c.id == run_id)).scalar_one()
            audit = system.audit
            (entry,) = connection.execute(select(audit).where(audit.c.action == "offboarded")).all()
        assert logins[run["user_id"]] in others
        assert entry.changes["report"][1] == report.plain()
        assert not platform.accounts.administration.find_user(leaver).enabled
        again = platform.offboarding.run(hand, leaver, others)
        assert sum(each.count for each in again.handed) == 0, "what was handed over stays there"
    finally:
        platform.close()
