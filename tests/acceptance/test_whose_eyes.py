"""What a user brings sees what the user may read; what the author of the configuration defined sees everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import Actor, system_actor
from engine.errors import QueryProblem, ValidationFailed
from engine.platform import check_app_folders
from engine.records.reports import read_report
from engine.records.types import ListQuery
from tests.support.automation import do_runs, rows_of
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          credit: {type: integer}
        """,
    "objects/offer.yaml": """
        object: offer
        label: Offer
        title: "{name}"
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: offers}
          amount: {type: integer}
          marked: {type: boolean}
          noted: {type: text}
          told: {type: text}
          whole: {type: text}
          go: {type: boolean}
          firm_name: {type: text, formula: firm.name}
          costs: {type: rollup, of: parts.cost, function: sum}
        validations:
          - {name: small, check: 'not (firm.name = "Hidden" and amount > 5)', field: amount, message: Too much.}
        views:
          large: {columns: [name, firm.name], where: firm.size > 10, sort: [firm.name]}
          named: {columns: [name, firm.name], where: firm.name is not empty}
        """,
    "objects/part.yaml": """
        object: part
        label: Part
        title: "{name}"
        fields:
          name: {type: text}
          cost: {type: integer}
          offer: {type: lookup, to: offer, inverse: parts}
        """,
    "reports/firms.yaml": """
        report: firms
        object: offer
        columns: [name, firm.name]
        groups: [firm.name]
        measures: [count, {function: sum, of: firm.size}]
        where: firm.size > 10 or firm is empty or firm.name is empty
        """,
    "rules/eyes.rules": """
        rule marks before offer is saved if firm.name = "Hidden" then set marked = true
        rule as_who_saved when offer.go changes to true if firm.size = 50
          then set noted = "{firm.name}|{sum(parts.cost)}"
          as user
        rule as_the_product when offer.go changes to true if firm.size = 50
          then set whole = "{firm.name}|{sum(parts.cost)}"
          as system
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: own}
          offer: {read: all, create: yes, update: all}
          user: {read: all}
        fields: {firm.credit: {read: no}}
        """,
    "roles/boss.yaml": """
        role: boss
        objects: {"*": {read: all, create: yes, update: all, delete: all}}
        """,
    "roles/scoped.yaml": """
        role: scoped
        objects: {offer: {read: 'firm.name = "Hidden" and sum(parts.cost) > 1'}}
        """,
}


@dataclass(slots=True, repr=False)
class Place:
    """The served app; ann may read the firm called Mine and not the one called Hidden, and no parts."""

    served: Served
    ann: Actor
    ids: dict[str, str]

    def names(self, **query: Any) -> list[str]:
        page = self.served.platform.records.list(self.ann, ListQuery(object="offer", **query))
        return sorted(str(row["name"]) for row in page.rows)


@pytest.fixture(scope="module")
def place(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("eyes")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as served:
        ann = Actor(user_id=served.user_ids["ann"], login="ann", name="ann", roles=frozenset({"rep"}))
        yield Place(served, ann, _fill(served))


def _fill(served: Served) -> dict[str, str]:
    records, system, ids = served.platform.records, system_actor(), dict[str, str]()
    owner = {"object": "user", "id": served.user_ids["ann"]}
    for name, whose in (("Mine", owner), ("Hidden", None)):
        values = {"name": name, "size": 50, "credit": 7, "owner": whose}
        firm = records.create(system, "firm", values).record.id
        offer = {"name": f"of {name}", "firm": firm, "amount": 1}
        ids[name] = records.create(system, "offer", offer).record.id
        records.create(system, "part", {"name": "p", "cost": 9, "offer": ids[name]})
    return ids


@pytest.mark.promise("EXP-10")
def test_a_path_that_a_user_brings_is_empty_where_the_record_may_not_be_read(place: Place) -> None:
    assert place.names(filter="firm.size > 10") == ["of Mine"]
    assert place.names(filter="firm.name is empty") == ["of Hidden"]
    assert place.names(filter='firm_name = "Hidden"') == ["of Hidden"]  # a formula is its author's
    assert place.names(view="large") == place.names(view="named") == ["of Mine"]
    answer = place.served.get("ann", f"/records/offer?fields=name,firm.name&filter={quote('not (firm.size > 10)')}")
    assert [(item["name"], item["firm.name"]) for item in answer.get_json()["items"]] == [("of Hidden", None)]
    question = {"object": "offer", "groups": ["firm.name"], "measures": ["count", "sum(firm.size)"]}
    rows = place.served.call("ann", "POST", "/query", json=question).get_json()["rows"]
    found = {row["groups"]["firm.name"]: row["measures"] for row in rows}
    assert {name: int(row["count"]) for name, row in found.items()} == {"Mine": 1, None: 1}
    assert {name: float(row["sum(firm.size)"]) for name, row in found.items()} == {"Mine": 50, None: 0}


@pytest.mark.promise("EXP-10")
def test_a_report_shows_its_reader_what_that_reader_may_read(place: Place) -> None:
    with place.served.platform.records.reading(place.ann) as transaction:
        report = read_report(transaction, "firms")
    assert report.page is not None
    assert {row["name"]: row["firm.name"] for row in report.page.rows} == {"of Mine": "Mine", "of Hidden": None}
    assert [(row.groups, [int(value or 0) for value in row.measures]) for row in report.groups] == [  # type: ignore[call-overload]
        (("Mine",), [1, 50]),
        ((None,), [1, 0]),
    ]


@pytest.mark.promise("EXP-10")
def test_an_unreadable_field_is_an_unknown_one_in_what_a_user_brings(place: Place) -> None:
    told = []
    for name in ("credit", "crodit"):
        with pytest.raises(QueryProblem) as caught:
            place.names(filter=f"firm.{name} > 1")
        told.append(str(caught.value).replace(name, "…"))
    assert told[0] == told[1]


@pytest.mark.promise("EXP-10")
def test_actions_as_user_see_what_the_user_may_read_and_conditions_see_the_whole_record(place: Place) -> None:
    records = place.served.platform.records
    for offer in place.ids.values():
        records.update(place.ann, "offer", offer, {"go": True})
    do_runs(place.served.platform)
    rows = {row["name"]: row for row in rows_of(place.served.platform, "offer")}
    # Both conditions held: `firm.size = 50` is the author's.
    assert {name: row["noted"] for name, row in rows.items()} == {"of Mine": "Mine|0", "of Hidden": "|0"}
    assert {name: row["whole"] for name, row in rows.items()} == {"of Mine": "Mine|9", "of Hidden": "Hidden|9"}


@pytest.mark.promise("EXP-10")
def test_what_the_author_defines_sees_the_whole_record(place: Place) -> None:
    records = place.served.platform.records
    offer = records.get(place.ann, "offer", place.ids["Hidden"])
    assert (offer["firm_name"], offer["costs"], offer["marked"]) == ("Hidden", 9, True)
    with pytest.raises(ValidationFailed, match="Too much"):
        records.update(place.ann, "offer", place.ids["Hidden"], {"amount": 6})
    records.update(place.ann, "offer", place.ids["Mine"], {"amount": 6})
    scoped = Actor(user_id=place.ann.user_id, login="x", roles=frozenset({"scoped"}))
    assert [row["name"] for row in records.list(scoped, ListQuery(object="offer")).rows] == ["of Hidden"]
    assert records.get(scoped, "offer", place.ids["Hidden"])["firm_name"] == "Hidden"


@pytest.mark.promise("EXP-10")
def test_check_warns_of_formulas_and_rollups_that_show_what_a_role_may_not_read(tmp_path: Any) -> None:
    formula = FILES["objects/offer.yaml"].replace(
        "firm_name:", "credit: {type: integer, formula: firm.credit}\n          firm_name:"
    )
    problems = check_app_folders([small_app(tmp_path, {**FILES, "objects/offer.yaml": formula})]).problems
    assert not problems.errors
    warned = [problem for problem in problems if problem.code == "OBJ453"]
    assert [(problem.at.line, problem.message) for problem in warned] == [
        (13, "the formula 'credit' shows what these roles may not read: firm.credit to rep, scoped"),
        (14, "the formula 'firm_name' shows what these roles may not read: firm.name to scoped"),
        (15, "the roll-up 'costs' shows what these roles may not read: part.cost to rep, scoped"),
    ]
