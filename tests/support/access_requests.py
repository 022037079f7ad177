"""Approval requests for the tests of access: every quote is submitted, and who may see which request is told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import select

from engine.access.actor import system_actor
from engine.approvals.submitting import Submission
from tests.support.sales_scene import Scene


def submit_quotes(scene: Scene) -> dict[str, str]:
    """Submit quotes for approval in the administrator's name; give the requests with their quotes."""
    admin, found = scene.platform.approvals.actor_of(scene.sales.user_ids["admin"]), {}
    assert admin is not None
    for each in scene.world.records["quote"]:
        scene.platform.records.update(system_actor(), "quote", each, {"discount": "25%"}, confirm=None)
        found[scene.platform.approvals.submit(admin, "quote", Submission(record_id=each)).id] = each
    return found


def requests_for(scene: Scene, who: str, quotes: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give the requests of some quotes, but for those that a person takes part in and may not read the quote of.

    Who is asked sees the request, whatever they may read of the record.
    """
    seat = scene.platform.system.approval_seat
    with scene.platform.database.read() as connection:
        asked = select(seat.c.request_id).where(seat.c.user_id == scene.sales.user_ids[who])
        takes_part = {str(row[0]) for row in connection.execute(asked)}
    for request_id, record_id in scene.request_ids.items():
        if record_id in quotes and (request_id not in takes_part or scene.may_read(who, record_id)):
            yield request_id, record_id
