"""Autonumbers by every way a record is made: none twice, from one again in the new year, never what a client says."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.clock import FixedClock
from engine.records.types import SaveRow
from tests.support.automation import do_runs, rows_of
from tests.support.platforms import small_app
from tests.support.served import Served, post_form, serve_deals
from ui.cli.check import check

FILES = {
    "app.yaml": "app: desk\nversion: 1.0.0\nlabel: Desk\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
    "objects/lead.yaml": """
        object: lead
        label: Lead
        title: "{name}"
        fields:
          name: {type: text, required: true}
          push: {type: boolean}
        """,
    "objects/opportunity.yaml": """
        object: opportunity
        label: Opportunity
        title: "{name}"
        fields:
          number: {type: autonumber, format: "OPP-{YYYY}-{000000}"}
          ticket: {type: autonumber, format: "{000}"}
          name: {type: text, required: true}
          key: {type: text, external_id: true}
          lead: {type: lookup, to: lead, inverse: deals}
        """,
    "objects/part.yaml": """
        object: part
        label: Part
        title: "{name}"
        fields:
          opportunity: {type: child_of, to: opportunity, inverse: parts, required: true}
          number: {type: autonumber, format: "{YYYY}/{000}"}
          name: {type: text}
        """,
    "conversions/won.yaml": """
        conversion: won
        from: lead
        to:
          deal: {object: opportunity, fields: {name: name}}
        """,
    "rules/pushes.rules": """
        rule pushes when lead.push changes to true then create opportunity { name: this.name, lead: this }
        """,
    "roles/rep.yaml": """
        role: rep
        objects: {"*": {read: all, create: yes, update: all, delete: all}}
        system: [import]
        """,
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
# Half an hour before and after the year of Shanghai begins.
OLD, NEW = dt.datetime(2026, 12, 31, 15, 30, tzinfo=dt.UTC), dt.datetime(2026, 12, 31, 16, 30, tzinfo=dt.UTC)
CLOCK = FixedClock(OLD)


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("numbers")
    CLOCK.move_to(OLD)
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES), clock=CLOCK) as found:
        yield found


def by_api(served: Served, _folder: Path) -> int:
    served.make("ann", "opportunity", name="api")
    parts = {"name": "api", "parts": [{"name": "a"}, {"name": "b"}]}
    served.make("ann", "opportunity", **parts)
    return 2


def by_form(served: Served, _folder: Path) -> int:
    answer = post_form(served.sign_in("ann"), "/o/opportunity/new", {"name": "form"}, "/o/opportunity/new")
    assert answer.status_code == 303
    return 1


def by_bulk_call(served: Served, _folder: Path) -> int:
    rows = [
        {"do": "create", "values": {"name": "bulk"}},
        {"do": "upsert", "values": {"name": "bulk", "key": str(CLOCK.now())}},
    ]
    body = {"rows": rows, "by": "key"}
    answer = served.call("ann", "POST", "/records/opportunity/bulk", json=body)
    counts = answer.get_json()["counts"]
    assert counts["refused"] == 0
    return int(counts["created"])


def by_batch(served: Served, _folder: Path) -> int:
    rows = [SaveRow(values={"name": f"batch {index}"}) for index in range(40)]
    result = served.platform.records.save_many(served.system(), "opportunity", rows)
    assert not result.refused
    return len(rows)


def by_import(served: Served, folder: Path) -> int:
    path = folder / "opportunities.csv"
    path.write_text("name\n" + "".join(f"line {index}\n" for index in range(30)), encoding="utf-8")
    result = served.platform.imports.import_csv(served.system(), "opportunity", path)
    assert not result.errors
    return 30


def by_rule(served: Served, _folder: Path) -> int:
    lead = served.make("ann", "lead", name="pushed")["id"]
    assert served.call("ann", "PATCH", f"/records/lead/{lead}", json={"push": True}).status_code == 200
    do_runs(served.platform)
    return 1


def by_conversion(served: Served, _folder: Path) -> int:
    lead = served.make("ann", "lead", name="converted")["id"]
    assert served.call("ann", "POST", f"/records/lead/{lead}/convert", json={}).status_code == 200
    return 1


def by_many_at_once(served: Served, _folder: Path) -> int:
    answers: list[int] = []

    def make() -> None:
        for _ in range(5):
            answer = served.call("ann", "POST", "/records/opportunity", json={"name": "at once"})
            answers.append(answer.status_code)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {201}
    return len(answers)


WAYS = (by_api, by_form, by_bulk_call, by_batch, by_import, by_rule, by_conversion, by_many_at_once)


def numbers(served: Served, field: str = "number") -> list[str]:
    return sorted(row[field] for row in rows_of(served.platform, "opportunity"))


@pytest.mark.promise("OBJ-17")
def test_every_way_draws_from_one_series_which_starts_anew_with_the_year(served: Served, tmp_path: Path) -> None:
    wanted: list[str] = []
    for moment, year in ((OLD, 2026), (NEW, 2027)):
        CLOCK.move_to(moment)
        count = 0
        for way in WAYS:
            count += way(served, tmp_path)
            fresh = [number for number in numbers(served) if number.startswith(f"OPP-{year}")]
            assert fresh[-1] == f"OPP-{year}-{count:06}", way.__name__
        wanted += [f"OPP-{year}-{number:06}" for number in range(1, count + 1)]
    assert numbers(served) == wanted
    # A pattern without the year goes on.
    assert numbers(served, "ticket") == [f"{number:03}" for number in range(1, len(wanted) + 1)]
    # Parts in a grid have numbers of their own.
    assert sorted(row["number"] for row in rows_of(served.platform, "part")) == [
        f"{year}/{number:03}" for year in (2026, 2027) for number in (1, 2)
    ]


@pytest.mark.promise("OBJ-17")
def test_a_merge_keeps_the_number_of_the_survivor_and_takes_no_other(served: Served) -> None:
    one, other = (served.make("ann", "opportunity", name="merged") for _ in range(2))
    path = f"/records/opportunity/{one['id']}/merge"
    refused = served.call("ann", "POST", path, json={"from": [other["id"]], "take": {"number": other["id"]}})
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "take.number")
    done = served.call("ann", "POST", path, json={"from": [other["id"]]}).get_json()
    assert (done["record"]["number"], done["record"]["ticket"]) == (one["number"], one["ticket"])
    # The number of the one that went is not given again.
    assert served.make("ann", "opportunity", name="next")["number"] > other["number"]


@pytest.mark.promise("OBJ-17")
def test_a_number_that_a_client_says_is_refused_by_every_way(served: Served, tmp_path: Path) -> None:
    known = served.make("ann", "opportunity", name="known")
    before = numbers(served)
    given: dict[str, Any] = {"name": "mine", "number": "OPP-2026-999999"}
    calls = (
        ("POST", "/records/opportunity", given),
        ("PATCH", f"/records/opportunity/{known['id']}", {"number": "OPP-2026-999999"}),
        ("POST", "/records/opportunity/bulk", {"mode": "all_or_nothing", "rows": [{"do": "create", "values": given}]}),
    )
    for method, path, body in calls:
        answer = served.call("ann", method, path, json=body)
        assert answer.status_code == 422, path
        (error,) = answer.get_json()["errors"]
        assert (error["code"], error["field"].rpartition(".")[2]) == ("read_only", "number")
    page = served.sign_in("ann").get("/o/opportunity/new").get_data(as_text=True)
    assert 'name="number"' not in page
    post_form(served.sign_in("ann"), "/o/opportunity/new", {**given}, "/o/opportunity/new")
    file = tmp_path / "numbers.csv"
    file.write_text("name,number\nmine,OPP-2026-999999\n", encoding="utf-8")
    with pytest.raises(Exception, match="number"):
        served.platform.imports.import_csv(served.system(), "opportunity", file)
    assert "OPP-2026-999999" not in numbers(served)
    assert set(before) <= set(numbers(served))


@pytest.mark.promise("OBJ-17")
@pytest.mark.parametrize("action", ["create opportunity", "update opportunity where lead = this"])
def test_a_rule_that_sets_a_number_is_a_mistake_of_its_app(tmp_path: Path, action: str) -> None:
    rule = f'rule numbers when lead is created then {action} {{ name: "x", number: "OPP-1" }}\n'
    app = small_app(tmp_path, {**FILES, "rules/numbers.rules": rule})
    outcome = CliRunner().invoke(check, [str(app)])
    assert outcome.exit_code == 1, outcome.output
    assert "'number' of opportunity is of type autonumber" in outcome.output
