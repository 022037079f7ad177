"""One verdict and one message for the same values through every entrance, in English and in Chinese.

The cases stand in tests/support/common_keys.py, the entrances in tests/support/entrances.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from _pytest.mark import ParameterSet
from flask.testing import FlaskClient

from engine.access.actor import system_actor
from engine.records.types import ListQuery
from metamodel.values import Money
from tests.support.common_keys import BROUGHT, CONDITIONS, FILLED, LIMITS, PERSONS, SPEAKERS, Case, Person, app_files
from tests.support.entrances import ENTRANCES, Verdict, Visit, by_api
from tests.support.platforms import open_platform, small_app, write_files
from tests.support.served import Served, serve_deals

SYSTEM = system_actor()
WHO = {language: who for who, language in SPEAKERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """The served app. person_ids: by external id. clients: signed in, by name."""

    served: Served
    person_ids: Mapping[str, str]
    clients: Mapping[str, FlaskClient]

    def store(self, values: Mapping[str, Any]) -> str:
        raw = {name: self.person_ids[each.key] if isinstance(each, Person) else each for name, each in values.items()}
        return self.served.platform.records.create(SYSTEM, "thing", raw).record.id

    def all(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.served.get("ann", f"/records/thing{query}").get_json()["items"]
        return found

    def stored(self) -> dict[str, tuple[int, Mapping[str, Any]]]:
        """Give what is kept of each, without the way through the API."""
        rows = self.served.platform.records.list(SYSTEM, ListQuery(object="thing", limit=200)).rows
        return {row.id: (row.version, row.values) for row in rows}

    def clear(self) -> None:
        if there := self.stored():
            with self.served.platform.records.transaction(SYSTEM) as transaction:
                for record_id in there:
                    transaction.delete("thing", record_id)


@pytest.fixture(scope="module")
def things(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    folder = tmp_path_factory.mktemp("keys")
    app = small_app(folder, app_files(), settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as served:
        records = served.platform.records
        for who, language in SPEAKERS.items():
            records.update(SYSTEM, "user", served.user_ids[who], {"language": language})
        ids = {key: records.create(SYSTEM, "person", {"key": key, **each}).record.id for key, each in PERSONS.items()}
        clients = {who: served.sign_in(who) for who in SPEAKERS}
        yield Things(served=served, person_ids=ids, clients=clients)


def of(cases: Sequence[Case], *promises: str) -> list[ParameterSet]:
    marks = [pytest.mark.promise(each) for each in promises]
    return [pytest.param(case, id=case.name, marks=marks) for case in cases]


@pytest.mark.parametrize(
    "case", [*of(LIMITS, "OBJ-19"), *of(CONDITIONS, "OBJ-19"), *of(FILLED, "OBJ-19", "OBJ-35"), *of(BROUGHT, "OBJ-35")]
)
def test_every_entrance_has_one_verdict(things: Things, case: Case, tmp_path: Path) -> None:
    # What is kept has no language; what is told is told in both.
    for language in WHO if case.refused else ("en",):
        verdicts = {name: told for name, told in _verdicts(things, case, language, tmp_path) if told is not None}
        expected = verdicts[by_api.__name__]
        assert tuple(name for name, _ in expected) == case.refused
        assert verdicts == dict.fromkeys(verdicts, expected), language
        assert all(bool(re.search("[一-鿿]", message)) == (language == "zh") for _, message in expected)


def _verdicts(things: Things, case: Case, language: str, folder: Path) -> Iterator[tuple[str, Verdict | None]]:
    for entrance in ENTRANCES:
        things.clear()
        beside = [things.store(case.beside)] if case.beside is not None else []
        stored = [things.store(case.stored)] if case.stored is not None else []
        before = things.stored()
        told = entrance(
            Visit(
                served=things.served,
                who=WHO[language],
                client=things.clients[WHO[language]],
                case=case,
                record_id=stored[0] if stored else None,
                folder=folder,
                person_ids=things.person_ids,
            )
        )
        yield entrance.__name__, told
        if case.refused:
            assert things.stored() == before, entrance.__name__
        elif told is not None:
            (record,) = (each for each in things.all() if each["id"] not in beside)
            assert {name: record[name] for name in case.kept} == case.kept, entrance.__name__
            for word in case.searched:
                assert [each["id"] for each in things.all(f"?q={quote(word)}")] == [record["id"]], entrance.__name__


def test_records_of_before_read_empty_numbers_as_the_app_says_now(database_url: str, tmp_path: Path) -> None:
    before = "object: thing\nfields:\n  name: {type: text}\n  score: {type: integer}\n"
    before += "  more: {type: integer, formula: score + 1}\n"
    now = before.replace("{type: integer}", "{type: integer, empty_as: 0}") + "  fee: {type: money, empty_as: 5}\n"
    app = small_app(tmp_path, {"objects/thing.yaml": before})
    with open_platform(database_url, tmp_path) as platform:
        platform.apply_release([app], author="test")
        empty, held = (
            platform.records.create(SYSTEM, "thing", values).record for values in ({"name": "x"}, {"score": 7})
        )
        write_files(app, {"objects/thing.yaml": now})
        platform.apply_release([app], author="test")
        found = [platform.records.get(SYSTEM, "thing", each.id) for each in (empty, held)]
        five = Money(Decimal(5), "CNY")
        assert [(each["score"], each["more"], each["fee"]) for each in found] == [(0, 1, five), (7, 8, five)]
        assert [each.version for each in found] == [1, 1]
        query = ListQuery(object="thing", filter="score = 0 and fee = 5 CNY")
        assert [each.id for each in platform.records.list(SYSTEM, query).rows] == [empty.id]
        plan = platform.plan_release([app]).migration
        assert plan is None or not plan.steps
