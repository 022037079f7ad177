"""Links, many to many: made, read, asked for, hidden, binned and brought back by every route, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import inspect

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from engine.trying import try_expression
from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

SYSTEM = system_actor()
FILES = {
    "objects/person.yaml": """
        object: person
        label: Person
        plural: People
        title: "{name}"
        fields:
          name: {type: text, required: true}
          secret: {type: boolean}
    """,
    "objects/project.yaml": """
        object: project
        label: Project
        title: "{name}"
        fields:
          name: {type: text, required: true}
          lead: {type: lookup, to: person, inverse: led}
          kind: {type: text}
          people:
            type: links
            to: person
            label: {en: Team members, zh: 成员}
            attributes: {part: text, share: percent}
          after: {type: links, to: project, inverse: before}
          size: {type: rollup, of: people, function: count}
          shares: {type: rollup, of: people.share, function: sum}
          crowd: {type: integer, formula: count(people)}
        validations:
          - name: lead_is_in
            check: lead is empty or people is empty or people contains lead
            message: The lead is no member.
        layout:
          sections: [{fields: [name, kind, lead, size]}]
          related: [people, after, before]
    """,
    "rules/projects.rules": """
        rule lead_joins
          when project.kind changes to "joined"
          if lead is not empty and not (people contains lead)
          then create project_people { project: this, person: lead, part: "lead" }
        rule nobody_left
          when project.kind changes to "empty"
          then delete project_people where project = this
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          project: {read: all, create: yes, update: own, delete: all}
          person: {read: not secret, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          project: {read: all, create: yes, update: all, delete: all}
          person: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: project}, {object: person}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("links")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def person(served: Served, name: str, **more: Any) -> str:
    return str(served.make("boss", "person", name=name, **more)["id"])


def project(served: Served, name: str, *people: str, who: str = "ann", **more: Any) -> str:
    rows = [{"person": each} for each in people]
    return str(served.make(who, "project", name=name, people=rows, **more)["id"])


def found(served: Served, condition: str, who: str = "ann", object_name: str = "project") -> set[str]:
    answer = served.get(who, f"/records/{object_name}?filter={quote(condition)}&limit=200")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {item["name"] for item in answer.get_json()["items"]}


def linked(served: Served, record_id: str, who: str = "ann") -> set[str]:
    condition = quote(f'project.id = "{record_id}"')
    answer = served.get(who, f"/records/project_people?filter={condition}&limit=200")
    return {item["person"]["title"] for item in answer.get_json()["items"]}


def is_true(served: Served, condition: str, record_id: str) -> bool:
    tried = try_expression(served.platform.records, SYSTEM, "project", condition, record_id)
    assert not tried.problems, tried.problems
    assert tried.parts[0].value == tried.in_sql, (condition, tried)
    return tried.in_sql == "true"


def test_links_are_saved_with_their_record_and_asked_for_by_any_all_and_none(served: Served) -> None:
    ann, bob, wei = (person(served, name) for name in ("Ann", "Bob", "王伟"))
    both = project(served, "both", ann, bob, lead=ann)
    one = project(served, "one", wei)
    none = project(served, "none")
    lookups = {name: f'lookup(person, name, "{name}")' for name in ("Ann", "Bob", "王伟")}
    has = {name: f"people contains {written}" for name, written in lookups.items()}
    cases = {
        f"{has['Ann']} or {has['王伟']}": {"both", "one"},
        f"{has['Ann']} and {has['Bob']}": {"both"},
        f"not ({has['Ann']}) and not ({has['Bob']})": {"one", "none"},
        "people is empty": {"none"},
        "people is not empty": {"both", "one"},
        "people contains lead": {"both"},
        "count(people) = 2": {"both"},
        'exists(people where person.name starts with "b")': {"both"},
        "crowd = 1 and size = 1": {"one"},
    }
    for condition, names in cases.items():
        assert found(served, f'name in ["both", "one", "none"] and ({condition})') == names, condition
        for name, record_id in (("both", both), ("one", one), ("none", none)):
            assert is_true(served, condition, record_id) == (name in names), (condition, name)
    assert found(served, 'exists(projects where project.name = "one")', object_name="person") == {"王伟"}
    assert found(served, 'projects contains lookup(project, name, "one")', object_name="person") == {"王伟"}
    answer = served.get("ann", f"/records/project?filter={quote('people contains 7')}")
    assert answer.status_code == 400
    assert "'people' holds" in answer.get_data(as_text=True)


def test_a_link_keeps_attributes_and_its_history_and_is_taken_away(served: Served) -> None:
    ann, bob = person(served, "A1"), person(served, "B1")
    made = project(served, "attributes")
    path = f"/records/project/{made}"
    rows = [{"person": ann, "part": "甲方", "share": "0.4"}, {"person": bob, "share": "0.35"}]
    assert served.call("ann", "PATCH", path, json={"people": rows}).status_code == 200
    assert served.get("ann", path).get_json()["shares"] == "0.7500"
    assert linked(served, made) == {"A1", "B1"}
    condition = quote('part = "甲方"')
    (link,) = served.get("ann", f"/records/project_people?filter={condition}").get_json()["items"]
    own = f"/records/project_people/{link['id']}"
    assert served.call("ann", "PATCH", own, json={"share": "0.1"}).status_code == 200
    assert served.call("ann", "DELETE", own).status_code == 204
    assert linked(served, made) == {"B1"}
    assert served.get("ann", path).get_json()["shares"] == "0.3500"
    # A pair is linked once; two at once would be refused by the same unique key.
    again = served.call("ann", "POST", "/records/project_people", json={"project": made, "person": bob})
    assert again.status_code == 422
    assert {each["code"] for each in again.get_json()["errors"]} == {"not_unique"}
    nobody = served.call("ann", "POST", "/records/project_people", json={"project": made})
    assert [(each["field"], each["code"]) for each in nobody.get_json()["errors"]] == [("person", "required")]


def test_a_link_to_a_record_one_may_not_read_is_neither_shown_counted_nor_guessable(served: Served) -> None:
    open_, hidden = person(served, "Open"), person(served, "Hidden", secret=True)
    made = project(served, "secretive", open_, hidden, who="boss")
    assert linked(served, made, "boss") == {"Open", "Hidden"}
    assert linked(served, made) == {"Open"}
    assert found(served, 'count(people) = 2 and name = "secretive"') == set()
    assert found(served, 'count(people) = 1 and name = "secretive"') == {"secretive"}
    assert found(served, 'count(people) = 2 and name = "secretive"', "boss") == {"secretive"}
    everything = served.get("boss", "/records/project_people?limit=200").get_json()["items"]
    (link,) = [item for item in everything if item["person"]["title"] == "Hidden"]
    absent = served.get("ann", "/records/project_people/01a00000-0000-7000-8000-000000000000")
    for method, body in (("GET", None), ("PATCH", {"part": "x"}), ("DELETE", None)):
        answer = served.call("ann", method, f"/records/project_people/{link['id']}", json=body)
        assert answer.status_code == 404 == absent.status_code, method
    mine = project(served, "mine")
    unknown = {"project": mine, "person": "01a00000-0000-7000-8000-000000000000"}
    answers = [served.call("ann", "POST", "/records/project_people", json={**unknown, "person": each})
               for each in (hidden, unknown["person"])]  # fmt: skip
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].get_json()["errors"] == answers[1].get_json()["errors"]
    page = served.sign_in("ann").get(f"/o/project/{made}").get_data(as_text=True)
    assert "Open" in page
    assert "Hidden" not in page


def test_who_may_not_change_a_record_does_not_link_it(served: Served) -> None:
    someone = person(served, "Somebody")
    bosses = project(served, "of the boss", who="boss")
    answer = served.call("ann", "POST", "/records/project_people", json={"project": bosses, "person": someone})
    assert answer.status_code in (403, 422)
    assert linked(served, bosses, "boss") == set()
    assert served.call("none", "GET", "/records/project_people").status_code == 404


def test_the_bin_takes_links_along_and_restoring_brings_them_back(served: Served) -> None:
    ann, bob = person(served, "A2"), person(served, "B2")
    made = project(served, "binned", ann, bob)
    path = f"/records/project/{made}"
    assert served.call("ann", "DELETE", path).status_code == 204
    assert found(served, 'exists(projects where project.name = "binned")', object_name="person") == set()
    assert served.call("ann", "POST", f"{path}/restore").status_code == 200
    assert linked(served, made) == {"A2", "B2"}
    # The other side: its links go with it and come back with it.
    assert served.call("ann", "DELETE", f"/records/person/{ann}").status_code == 204
    assert linked(served, made) == {"B2"}
    assert served.get("ann", path).get_json()["size"] == 1
    assert served.call("ann", "POST", f"/records/person/{ann}/restore").status_code == 200
    assert linked(served, made) == {"A2", "B2"}
    assert served.get("ann", path).get_json()["size"] == 2
    # What was linked anew meanwhile stays linked once.
    assert served.call("ann", "DELETE", path).status_code == 204
    assert served.call("ann", "DELETE", f"/records/person/{bob}").status_code == 204
    assert served.call("ann", "POST", f"{path}/restore").status_code == 200
    assert linked(served, made) == {"A2"}


def test_files_name_both_sides_by_their_titles(served: Served, tmp_path: Path) -> None:
    person(served, "李雷")
    made = project(served, "from a file")
    file = tmp_path / "links.csv"
    file.write_text("project,person,part\nfrom a file,李雷,买方\nfrom a file,nobody at all,\n", "utf-8")
    result = served.platform.imports.import_csv(SYSTEM, "project_people", file)
    assert (result.created, result.refused) == (1, 1)
    assert linked(served, made) == {"李雷"}


def test_ten_thousand_links_of_one_record_are_counted_and_asked_for(served: Served) -> None:
    records = served.platform.records
    rows = [SaveRow(values={"name": f"crowd {at}"}) for at in range(10_000)]
    people = [row.id for row in records.save_many(SYSTEM, "person", rows, all_or_nothing=True).rows]
    made = records.create(SYSTEM, "project", {"name": "crowd"}).record.id
    links = [SaveRow(values={"project": made, "person": each}) for each in people]
    with served.platform.database.statements.recording() as statements:
        result = records.save_many(SYSTEM, "project_people", links, all_or_nothing=True)
    assert {row.outcome for row in result.rows} == {"created"}
    assert len(statements) < 60
    assert records.get(SYSTEM, "project", made).values["size"] == 10_000
    assert found(served, 'name = "crowd" and people contains lookup(person, name, "crowd 9999")') == {"crowd"}
    assert served.sign_in("ann").get(f"/o/project/{made}").status_code == 200


def test_links_are_a_table_indexed_both_ways(served: Served) -> None:
    release = served.platform.releases.current()
    table = release.tables.of("project_people").table
    with served.platform.database.read() as connection:
        indexes = [index["column_names"] for index in inspect(connection).get_indexes(table.name)]
        keys = {key["constrained_columns"][0] for key in inspect(connection).get_foreign_keys(table.name)}
    assert ["project"] in indexes or ["project", "person"] in indexes
    assert ["person"] in indexes
    assert {"project", "person"} <= keys


def test_the_form_of_a_record_edits_its_links_and_its_page_shows_them_on_both_sides(served: Served) -> None:
    han = person(served, "韩梅梅")
    client = served.sign_in("ann")
    made = project(served, "by form")
    page = f"/o/project/{made}/edit"
    form = client.get(page).get_data(as_text=True)
    assert "Team members" in form
    values = {"name": "by form", "people.0.person": han, "people.0.part": "sponsor"}
    answer = client.post(page, data={**values, "csrf_token": csrf_token(client, page)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert linked(served, made) == {"韩梅梅"}
    assert "韩梅梅" in client.get(f"/o/project/{made}").get_data(as_text=True)
    assert "by form" in client.get(f"/o/person/{han}").get_data(as_text=True)


def test_a_rule_links_and_unlinks(served: Served) -> None:
    ann = person(served, "Leader")
    made = project(served, "ruled", lead=ann)
    platform = served.platform
    for kind, names in (("joined", {"Leader"}), ("empty", set())):
        assert served.call("ann", "PATCH", f"/records/project/{made}", json={"kind": kind}).status_code == 200
        do_runs(platform)
        assert linked(served, made) == names, kind
