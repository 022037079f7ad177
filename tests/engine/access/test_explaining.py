"""What is said of somebody's access is what a request then gets, and names the lines that it follows from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from engine.access.actor import Actor, system_actor
from engine.access.explaining.answers import AccessAnswer, Answer, Asked, Basis, Ground
from engine.access.shares import key_of_role, key_of_user
from engine.accounts.users import UserRow
from engine.errors import AccessDenied, QueryProblem, RecordNotFound, UnknownObject, ValidationFailed
from engine.platform import Platform
from engine.records.types import ListQuery
from tests.support.platforms import applied_platform
from tests.support.random_policies import OBJECTS, ROLES, random_roles

_REFUSALS = {"no_right", "readonly", "unknown_field", "not_settable", "read_only"}
FIELDS = ("name", "grade", "stage", "secret", "sealed", "kept", "double", None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """An app whose roles were drawn, records of several owners, and people who are given roles as needed."""

    platform: Platform
    folder: Path
    notes: list[str]
    parts: list[str]
    people: list[UserRow]


@pytest.fixture(scope="module")
def policies(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policies]:
    folder, random, system = tmp_path_factory.mktemp("policies"), Random(5), system_actor()
    with applied_platform(module_database_url, folder, OBJECTS | random_roles(3)) as platform:
        records = platform.records
        team = records.create(system, "team", {"name": "East"}).record.id
        people: list[UserRow] = []
        for name in ("ann", "bob", "cy"):
            manager = people[0].id if name == "bob" else None
            values: dict[str, object] = {"name": name, "email": f"{name}@example.com", "manager": manager}
            records.create(system, "user", values | {"team": team if name != "cy" else None})
            people.append(platform.accounts.administration.find_user(f"{name}@example.com"))
        notes, parts = [], []
        for number in range(12):
            owner = people[number % 3].id
            stage = random.choice(("open", "done"))
            values = {
                "name": f"n{number}",
                "grade": number % 6,
                "stage": stage,
                "owner": {"object": "user", "id": owner},
                "secret": "s",
            }
            notes.append(records.create(system, "note", values | {"sealed": "x", "kept": "k"}).record.id)
            parts.append(records.create(system, "part", {"note": notes[-1], "name": f"p{number}"}).record.id)
        _share(platform, notes, people, random)
        yield Policies(platform=platform, folder=folder, notes=notes, parts=parts, people=people)


def _share(platform: Platform, notes: list[str], people: list[UserRow], random: Random) -> None:
    rows = []
    for note in notes:
        grantee = random.choice([*(key_of_user(each.id) for each in people), key_of_role("role_2")])
        row = {"object": "note", "record_id": note, "grantee": grantee, "edits": random.random() < 0.5}
        rows.append(row | {"until": None, "at": platform.clock.now(), "by": people[0].id})
    with platform.database.write() as connection:
        connection.execute(platform.system.share.insert(), rows)


def with_roles(person: UserRow, roles: tuple[str, ...]) -> UserRow:
    values = {name: getattr(person, name) for name in UserRow.__slots__}
    return UserRow(**(values | {"roles": roles}))


class _Undone(Exception):
    """Takes back what was only tried."""


def got(platform: Platform, actor: Actor, asked: Asked, number: int) -> Answer:
    """Do what is asked about, as a request does, and take it back."""
    records, key, record_id = platform.records, asked.object, asked.record_id or ""
    try:
        if asked.action == "read":
            return _read(platform, actor, asked)
        if asked.action == "export":
            if not records.access(actor).has_right("export") or not records.access(actor).of(key).may("export"):
                return Answer.NO
            rows = records.list(actor, ListQuery(object=key, exported=True, limit=100)).rows
            return Answer.YES if any(row.id == record_id for row in rows) else Answer.NO
        with records.transaction(actor) as transaction:
            if asked.action == "delete":
                transaction.delete(key, record_id)
            else:
                assert asked.field is not None
                value: object = number + 100 if asked.field in ("grade", "size", "double") else f"v{number}"
                now = transaction.cache.related(key, record_id) or {}
                value = ("done" if now.get("stage") == "open" else "open") if asked.field == "stage" else value
                transaction.update(key, record_id, {asked.field: value}, confirm=None)
            raise _Undone
    except _Undone:
        return Answer.YES
    except (AccessDenied, RecordNotFound, UnknownObject, QueryProblem):
        return Answer.NO
    except ValidationFailed as refused:
        if not {each.code for each in refused.errors} & _REFUSALS:
            raise
        return Answer.NO


def _read(platform: Platform, actor: Actor, asked: Asked) -> Answer:
    record = platform.records.get(actor, asked.object, asked.record_id or "")
    if asked.field is None:
        return Answer.YES
    if asked.field in record.masked:
        return Answer.MASKED
    return Answer.YES if record.values.get(asked.field) is not None else Answer.NO


def _grounds(found: AccessAnswer) -> Iterator[Ground]:
    waiting = list(found.grounds)
    while waiting:
        ground = waiting.pop()
        yield ground
        waiting += ground.parts


@pytest.mark.promise("SEC-15")
def test_what_is_explained_is_what_a_request_gets_and_names_the_lines_it_follows_from(policies: Policies) -> None:
    random, system, seen = Random(11), system_actor(), set()
    for number in range(420):
        roles = tuple(f"role_{random.randrange(ROLES)}" for _ in range(random.randint(1, 3)))
        person = with_roles(random.choice(policies.people), roles)
        action = random.choice(("read", "update", "update", "delete", "export"))
        of_part = random.random() < 0.2
        field = random.choice(("name", "size")) if of_part else random.choice(FIELDS)
        if action in ("delete", "export"):
            field = None
        if action == "update" and field is None:
            field = "grade" if not of_part else "size"
        key, ids = ("part", policies.parts) if of_part else ("note", policies.notes)
        asked = Asked(action=action, object=key, record_id=random.choice(ids), field=field)
        if action == "read" and field == "size":
            continue
        found = policies.platform.access.explain(system, person, asked)
        expected = got(policies.platform, person.actor(), asked, number)
        assert found.answer is expected, (asked, roles, found)
        seen.add((action, expected))
        deciding = list(found.deciding())
        assert deciding, (asked, roles, found)
        if expected is Answer.YES:
            assert any(each.holds and each.at for each in _grounds(found)), (asked, roles, found)
        for ground in _grounds(found):
            if ground.basis in (Basis.GRANT, Basis.DENY, Basis.FIELD):
                assert ground.at is not None
                assert ground.through[-1] == ground.role
                _stands_there(policies.folder, ground)
    assert len(seen) >= 9, seen


def _stands_there(folder: Path, ground: Ground) -> None:
    assert ground.at is not None
    line = (folder / ground.at.file).read_text("utf-8").splitlines()[ground.at.line - 1]
    said = ground.written.rpartition(": ")[2]
    assert said in line, (ground, line)
