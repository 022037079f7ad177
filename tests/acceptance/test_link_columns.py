"""Links as columns: of lists, cards, related lists and the API, by one statement, for who may read both sides."""

from __future__ import annotations

import csv
import html
import io
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import system_actor
from engine.records.mass_edit import FieldChange, How, edit_many
from engine.records.types import ListQuery, SaveRow
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

SYSTEM = system_actor()
FILES = {
    "objects/person.yaml": """
        object: person
        label: Person
        plural: {en: People, zh: 人员}
        title: "{name}"
        fields:
          name: {type: text}
          code: {type: text, external_id: true}
          secret: {type: boolean}
        views:
          all: {columns: [name, projects]}
    """,
    "objects/project.yaml": """
        object: project
        label: Project
        plural: {en: Projects, zh: 项目}
        title: "{name}"
        fields:
          name: {type: text, required: true}
          stage: {type: choice, options: [open, done], default: open}
          people: {type: links, to: person, label: {en: Team members, zh: 成员}, attributes: {part: text}}
          after: {type: links, to: project, inverse: before, label: {en: After, zh: 之后}}
          hidden: {type: links, to: person, inverse: hiding, label: Hidden team}
        views:
          all: {columns: [name, people, stage]}
          first: {columns: [people, name]}
          board: {type: board, by: stage, card: [name, people]}
    """,
    "objects/step.yaml": """
        object: step
        label: Step
        plural: Steps
        fields:
          name: {type: text, required: true}
          project: {type: lookup, to: project}
        views:
          all: {columns: [name, project, project.people]}
    """,
    "objects/firm.yaml": """
        object: firm
        label: Firm
        fields:
          name: {type: text, required: true}
          clients: {type: links, to: project, inverse: serving}
        layout: {sections: [{fields: [name]}], related: [clients]}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          project: {read: all, create: yes, update: own, delete: all, export: all}
          person: {read: not secret, create: yes, update: all, delete: all, export: all}
          step: {read: all, create: yes, update: all, export: all}
          firm: {read: all, create: yes, update: all}
          user: {read: all}
        system: [export, import]
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          project: {read: all, create: yes, update: all, delete: all}
          person: {read: all, create: yes, update: all, delete: all}
          step: {read: all, create: yes, update: all}
          firm: {read: all, create: yes, update: all}
          user: {read: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: project}, {object: person}]}}\n",
}
NAMES = ("Ann; Lee", "Bob", "Cid", "Dora", "王伟")


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("link_columns")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        people = {name: make(found, "person", name=name) for name in NAMES}
        people["Spy"] = make(found, "person", name="Spy", secret=True)
        team = [{"person": people[name]} for name in ("Bob", "Ann; Lee", "王伟", "Spy", "Dora", "Cid")]
        full = make(found, "project", name="full", people=team)
        make(found, "project", name="small", people=[{"person": people["Spy"]}, {"person": people["王伟"]}])
        make(found, "project", name="none")
        make(found, "step", name="a step", project=full)
        make(found, "firm", name="a firm", clients=[{"project": full}])
        yield found


def make(served: Served, kind: str, **values: Any) -> str:
    return str(served.make("boss", kind, **values)["id"])


def titles(served: Served, who: str, path: str, column: str, far: str = "person") -> dict[str, list[str]]:
    answer = served.get(who, path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = answer.get_json()
    items = found.get("items", [found])
    return {item["name"]: [each[far]["title"] for each in item[column]] for item in items}


def cells(page: str, label: str) -> list[str]:
    """Give the texts of the cells of a column."""
    found = re.findall(rf'<td[^>]* data-label="{label}">(.*?)</td>', page)
    return [re.sub(r"<[^>]+>", "", each).strip() for each in found]


def test_the_api_gives_linked_records_by_title_as_rows_that_can_be_written_back(served: Served) -> None:
    everybody = ["Ann; Lee", "Bob", "Cid", "Dora", "Spy", "王伟"]
    seen = [name for name in everybody if name != "Spy"]
    path = "/records/project?fields=name,people"
    assert titles(served, "boss", path, "people") == {"full": everybody, "small": ["Spy", "王伟"], "none": []}
    assert titles(served, "ann", path, "people") == {"full": seen, "small": ["王伟"], "none": []}
    by_view = served.get("ann", "/records/project?view=all").get_json()["items"]
    assert {item["name"]: len(item["people"]) for item in by_view} == {"full": 5, "small": 1, "none": 0}
    through = titles(served, "ann", "/records/step?fields=name,project.people", "project.people")
    assert through == {"a step": seen}
    other = titles(served, "ann", "/records/person?fields=name,projects", "projects", "project")
    assert other["王伟"] == ["full", "small"]
    assert "Spy" not in other
    (full,) = [item for item in served.get("boss", path).get_json()["items"] if item["name"] == "full"]
    one = served.get("boss", f"/records/project/{full['id']}?fields=name,people").get_json()
    assert one["people"] == full["people"]
    again = served.call("boss", "PATCH", f"/records/project/{full['id']}", json={"people": full["people"]})
    assert again.status_code == 200, again.get_data(as_text=True)
    assert served.get("boss", f"/records/project/{full['id']}?fields=people").get_json()["people"] == full["people"]


def test_links_are_columns_of_lists_cards_and_related_lists_with_three_titles_and_a_number(served: Served) -> None:
    for who, number, small in (("ann", 2, "王伟"), ("boss", 3, "Spy, 王伟")):
        client = served.sign_in(who)
        page = client.get("/o/project?view=all").get_data(as_text=True)
        assert cells(page, "Team members") == ["", small, f"Ann; Lee, Bob, Cid +{number}"]
        assert "sort=people" not in page
        assert f'nw">+{number}</span>' in client.get("/o/project?view=board").get_data(as_text=True)
        assert cells(client.get("/o/step").get_data(as_text=True), "Project · Team members")
        for name in ("project", "person"):
            assert ("Spy" in client.get(f"/o/{name}").get_data(as_text=True)) == (who == "boss"), name
        assert client.get("/o/project?view=first").get_data(as_text=True).count("row-link") == 3
    shown = served.sign_in("ann").get("/o/person?view=all").get_data(as_text=True)
    assert "full, small" in cells(shown, "Projects")


def test_a_page_with_a_column_of_links_needs_no_statement_more(served: Served) -> None:
    records, statements = served.platform.records, served.platform.database.statements
    counts = []
    for fields in (("name",), ("name", "people", "hidden")):
        for limit in (2, 200):
            records.list(SYSTEM, ListQuery(object="project", fields=fields, limit=limit, linked=3))
            with statements.recording() as found:
                records.list(SYSTEM, ListQuery(object="project", fields=fields, limit=limit, linked=3))
            counts.append(len(found))
    assert counts == [counts[0]] * 4


def test_a_record_with_very_many_links_shows_three_and_counts_all(served: Served) -> None:
    records = served.platform.records
    rows = [SaveRow(values={"name": f"crowd {at:05}"}) for at in range(2_000)]
    people = [row.id for row in records.save_many(SYSTEM, "person", rows, all_or_nothing=True).rows]
    made = records.create(SYSTEM, "project", {"name": "crowd"}).record.id
    links = [SaveRow(values={"project": made, "person": each}) for each in people]
    records.save_many(SYSTEM, "project_people", links, all_or_nothing=True)
    query = ListQuery(object="project", fields=("people",), filter='name = "crowd"', linked=3)
    (row,) = records.list(SYSTEM, query).rows
    assert str(row["people"]) == "crowd 00000, crowd 00001, crowd 00002 +1997"
    condition = quote('name = "crowd"')
    (item,) = served.get("boss", f"/records/project?fields=people&filter={condition}").get_json()["items"]
    assert len(item["people"]) == 1_000
    records.delete(SYSTEM, "project", made)


def test_no_list_is_sorted_by_links_and_an_unreadable_list_is_none(served: Served) -> None:
    for path in ("/records/project?sort=people", "/records/step?sort=-project.people"):
        answer = served.get("boss", path)
        assert answer.status_code == 400
        assert "holds several linked records" in answer.get_data(as_text=True)
    for path in ("peple", "people.person", "people.part", "steps"):
        assert served.get("boss", f"/records/project?fields={path}").status_code == 400, path
    assert served.get("none", "/records/project?fields=people").status_code == 404


def test_many_links_are_taken_away_by_the_statements_of_one(served: Served) -> None:
    records, database = served.platform.records, served.platform.database
    person = records.create(SYSTEM, "person", {"name": "everywhere"}).record.id
    rows = [SaveRow(values={"name": f"project {at}"}) for at in range(60)]
    projects = [str(row.id) for row in records.save_many(SYSTEM, "project", rows, all_or_nothing=True).rows]
    counts, change = [], FieldChange(field="people", how=How.REMOVE, value=person)
    for wanted in (projects[:2], projects[2:]):
        links = [SaveRow(values={"project": each, "person": person}) for each in wanted]
        records.save_many(SYSTEM, "project_people", links, all_or_nothing=True)
        with database.statements.recording() as found, records.transaction(SYSTEM) as transaction:
            result = edit_many(transaction, "project", wanted, change)
        assert {row.outcome for row in result.rows} == {"updated"}
        counts.append(len(found))
    assert counts[0] == counts[1], counts
    query = ListQuery(object="project", filter='people contains lookup(person, name, "everywhere")')
    assert records.count(SYSTEM, query).value == 0
    records.delete(SYSTEM, "person", person)
    with records.transaction(SYSTEM) as transaction:
        assert transaction.delete_many("project", dict.fromkeys(projects)) == {}


def test_every_route_shows_of_a_column_what_a_plain_reading_of_the_role_says(served: Served) -> None:
    chance = random.Random(7)
    secret = {f"s{at:02} <i>": chance.random() < 0.4 for at in range(12)}
    people = {name: make(served, "person", name=name, secret=hidden) for name, hidden in secret.items()}
    teams = {f"random {at}": sorted(chance.sample(list(secret), chance.randint(0, 9))) for at in range(8)}
    for name, team in teams.items():
        made = make(served, "project", name=name, people=[{"person": people[each]} for each in team])
        make(served, "step", name=name, project=made)
    narrowed = quote('name starts with "random"')
    for who in ("ann", "boss"):
        seen = {name: [each for each in team if who == "boss" or not secret[each]] for name, team in teams.items()}
        path = f"?limit=200&filter={narrowed}&fields=name,"
        assert titles(served, who, f"/records/project{path}people", "people") == seen
        assert titles(served, who, f"/records/step{path}project.people", "project.people") == seen
        file = served.get(who, f"/exports/project{path.replace('limit=200&', '')}people&heads=labels")
        if who == "ann":
            rows = list(csv.DictReader(io.StringIO(file.get_data().decode("utf-8-sig"))))
            assert {row["Name"]: row["Team members"] for row in rows} == {k: "; ".join(v) for k, v in seen.items()}
        page = served.sign_in(who).get(f"/o/project?view=all&filter={narrowed}").get_data(as_text=True)
        board = served.sign_in(who).get(f"/o/project?view=board&filter={narrowed}").get_data(as_text=True)
        shown = [", ".join(team[:3]) + (f" +{len(team) - 3}" if len(team) > 3 else "") for team in seen.values()]
        assert sorted(html.unescape(each) for each in cells(page, "Team members")) == sorted(shown)
        denied = [name for name, hidden in secret.items() if hidden and who == "ann"]
        assert not [name for name in denied if people[name] in page + board or html.escape(name) in page + board]
        assert not [name for name in denied if name in file.get_data(as_text=True)]
        assert "<i>" not in page + board
