"""A plan says what a change of roles means for the people there are, and what it says is what they then have."""

from __future__ import annotations

from pathlib import Path

from engine.access.actor import Actor, system_actor
from engine.access.differences import AccessChange
from engine.platform import Platform
from engine.records.types import ListQuery
from tests.support.platforms import applied_platform, small_app
from tests.support.random_policies import OBJECTS, random_roles

ANN = "ann@example.com"
REP = "role: rep\nobjects:\n  note: {read: own, update: own}\nfields:\n  note.grade: {read: no}\n"
NEW = (
    "role: rep\nobjects:\n  note: {read: 'own or stage = \"done\"', update: no}\nfields:\n  note.grade: {update: no}\n"
    "system: [export]\n"
)


def found(changes: tuple[AccessChange, ...]) -> dict[str, dict[str, tuple[int | None, int | None]]]:
    return {each.right: {who.login: (who.before, who.after) for who in each.people} for each in changes}


def test_a_plan_says_who_gains_and_loses_what_over_how_many_records(database_url: str, tmp_path: Path) -> None:
    system = system_actor()
    with applied_platform(database_url, tmp_path, OBJECTS | {"roles/rep.yaml": REP}) as platform:
        administration = platform.accounts.administration
        ann = administration.create_user(system, ANN, password=None, roles=["rep"])
        administration.create_user(system, "bob@example.com", password=None)
        for number in range(5):
            owner = {"object": "user", "id": ann} if number < 2 else None
            values = {"name": f"n{number}", "stage": "done" if number > 2 else "open", "owner": owner}
            platform.records.create(system, "note", values)
        app = small_app(tmp_path, {"roles/rep.yaml": NEW})
        plan = platform.plan_release([app])
        assert found(plan.access) == {
            "read note": {ANN: (2, 4)},
            "update note": {ANN: (2, 0)},
            "read note.grade (gained)": {ANN: (None, None)},
            "the right export (gained)": {ANN: (None, None)},
            "update note.grade (lost)": {ANN: (None, None)},
            "create part": {ANN: (None, None)},
            **{f"{action} part": {ANN: (0, 0)} for action in ("read", "update", "delete", "export")},
        }
        assert f"access: read note changes for 1 person: {ANN} 2 -> 4 records" in plan.lines()
        assert {"right": "update note", "people": [{"user": ANN, "before": 2, "after": 0}]} in plan.to_json()["access"]


def test_what_is_foretold_for_any_policy_is_what_people_then_have(database_url: str, tmp_path: Path) -> None:
    system = system_actor()
    with applied_platform(database_url, tmp_path, OBJECTS | random_roles(21)) as platform:
        ids = {}
        for number, name in enumerate(("ann@example.com", "bob@example.com", "cy@example.com")):
            roles = [f"role_{number * 4}", f"role_{number * 4 + 1}"]
            ids[name] = platform.accounts.administration.create_user(system, name, password=None, roles=roles)
        for number in range(12):
            owner = {"object": "user", "id": list(ids.values())[number % 3]}
            values = {"name": f"n{number}", "grade": number % 6, "owner": owner}
            platform.records.create(system, "note", values | {"stage": "done" if number % 2 else "open"})
        actors = {name: platform.accounts.administration.find_user(name).actor() for name in ids}
        before = {name: _readable(platform, actor) for name, actor in actors.items()}
        app = small_app(tmp_path, random_roles(22))
        told = found(platform.plan_release([app]).access).get("read note", {})
        platform.apply_release([app], author="test")
        after = {name: _readable(platform, actor) for name, actor in actors.items()}
        assert told
        for name in ids:
            assert told.get(name, (before[name], before[name])) == (before[name], after[name]), name


def _readable(platform: Platform, actor: Actor) -> int:
    access = platform.records.access(actor).of("note")
    return len(platform.records.list(actor, ListQuery(object="note", limit=100)).rows) if access.visible else 0
