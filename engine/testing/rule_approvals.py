"""Steps of cases about approvals: `approval: submit`, or what people do with the request `of` a record; what is wanted.

A step: `{approval: approve, of: d, as: bob, comment: …, to: …, user: "@eve", chosen: {step: ["@bob"]}, name: …}`, with
`refused: text` (a part of the reason) where it must not go through. Wanted `requests`: of each request, the oldest
first, `state` and `path`, its steps with how they ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import delete, select

from engine.access.actor import Actor, system_actor
from engine.approvals.deciding import Act
from engine.approvals.submitting import Submission
from engine.errors import EngineError
from engine.platform import Platform

_TEXTS = ("comment", "to")


def approve_step(
    platform: Platform, step: Mapping[str, Any], people: Mapping[str, Actor], ids: Mapping[str, str]
) -> Iterator[str]:
    """Do a step; give what is not as it should be."""
    actor, wanted = people[step.get("as", "ann")], step.get("refused")
    what = f"{step['approval']} {step['of']}"
    try:
        _do(platform, step, actor, people, ids[step["of"]])
    except EngineError as refusal:
        if wanted is None or wanted not in str(refusal):
            yield f"{what}: wanted {wanted or 'no refusal'}, refused with {refusal}"
    else:
        if wanted is not None:
            yield f"{what}: wanted the refusal {wanted}, it went through"


def _do(platform: Platform, step: Mapping[str, Any], actor: Actor, people: Mapping[str, Actor], record_id: str) -> None:
    approvals = platform.approvals
    found = _requests_of(platform, record_id)
    if step["approval"] == "submit" and not any(state in ("parked", "returned") for _, state in found):
        chosen = {name: [_user(each, people) for each in users] for name, users in step.get("chosen", {}).items()}
        comment, name = step.get("comment", ""), step.get("name")
        given = Submission(record_id=record_id, approval=name, comment=comment, chosen=chosen)
        approvals.submit(actor, "deal", given)
        return
    texts = {name: step[name] for name in _TEXTS if name in step}
    user = _user(step["user"], people) if "user" in step else None
    approvals.act(actor, found[-1][0], Act(do=step["approval"], user=user, **texts))


def _user(name: str, people: Mapping[str, Actor]) -> str:
    return people[name.removeprefix("@")].user_id or ""


def _requests_of(platform: Platform, record_id: str) -> list[tuple[str, str]]:
    table = platform.system.approval
    query = select(table.c.id, table.c.state).where(table.c.record_id == record_id).order_by(table.c.id)
    with platform.database.read() as connection:
        return [(str(row[0]), str(row[1])) for row in connection.execute(query)]


def requests_found(platform: Platform) -> list[dict[str, Any]]:
    """Give the requests there are, as cases want them."""
    table = platform.system.approval
    with platform.records.reading(system_actor()) as transaction:
        ids = [str(row[0]) for row in transaction.connection.execute(select(table.c.id).order_by(table.c.id))]
        views = [platform.approvals.view(transaction, each) for each in ids]
    return [
        {
            "state": view.request.state.value,
            "path": [f"{each.visit.step} {each.visit.state.value}" for each in view.visits],
        }
        for view in views
    ]


def clear_requests(connection: Any, system: Any) -> None:
    """Take all requests away."""
    for table in (system.approval, system.approval_visit, system.approval_seat, system.approval_event):
        connection.execute(delete(table))
