"""Links in files: one cell holds what a record is linked to, and a file that was exported changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.access.actor import Actor, system_actor
from engine.exports.service import ExportRequest
from engine.imports.result import ImportResult
from engine.records.types import ListQuery, SaveRow
from tests.acceptance.test_link_columns import FILES
from tests.support.platforms import small_app
from tests.support.served import Served, login_of, serve_deals
from ui.cli.opening import command_line_actor

SYSTEM = system_actor()


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("link_files")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def save(served: Served, kind: str, *rows: Mapping[str, Any]) -> list[str]:
    done = served.platform.records.save_many(SYSTEM, kind, [SaveRow(values=row) for row in rows], all_or_nothing=True)
    assert done.written, done.rows
    return [str(row.id) for row in done.rows]


def link(served: Served, project: str, *people: str, **more: Any) -> None:
    save(served, "project_people", *({"project": project, "person": each, **more} for each in people))


def links(served: Served, project: str) -> dict[str, tuple[str, Any]]:
    """Give the linked people: id → link and its attribute."""
    query = ListQuery(object="project_people", filter=f'project.id = "{project}"', fields=("person", "part"), limit=200)
    rows = served.platform.records.list(SYSTEM, query).rows
    return {str(row["person"]): (row.id, row["part"]) for row in rows}


def export(served: Served, actor: Actor, fields: Sequence[str], condition: str, **more: Any) -> list[list[str]]:
    query = ListQuery(object="project", filter=condition, fields=tuple(fields))
    data = b"".join(served.platform.exports.start(actor, ExportRequest(query=query, **more)))
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def take(
    served: Served, rows: Sequence[Sequence[str]], folder: Path, kind: str = "project", **more: Any
) -> ImportResult:
    file = folder / "file.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    actor = more.pop("actor", SYSTEM)
    return served.platform.imports.import_csv(actor, kind, file, **more)


def told(result: ImportResult) -> list[tuple[int, str, str, str]]:
    return [(each.line, each.column, each.value, each.reason) for each in result.errors]


def test_a_cell_holds_titles_or_keys_and_comes_back_with_every_link_as_it_was(served: Served, tmp_path: Path) -> None:
    names = ("Ann", "王伟", "a; b", "x；y", " blank ", "=1+1", "", "Twin", "Twin")
    people = save(served, "person", *({"name": name} for name in names))
    (made,) = save(served, "project", {"name": "round"})
    link(served, made, *people[:8], part="kept")
    before = links(served, made)
    condition = f'id = "{made}"'
    for language, head in (("en", "Team members"), ("zh", "成员")):
        rows = export(served, system_actor(language=language), ("name", "people"), condition)
        assert rows[0][2] == head
        parts = set(rows[1][2].removeprefix("'").split("; "))
        assert {"Ann", "王伟", "=1+1", "Twin"} <= parts
        assert {people[2], people[3], people[6]} <= parts, "what a title would not say is said by the id"
    for labelled in (True, False):
        rows = export(served, SYSTEM, ("name", "people"), condition, labelled=labelled)
        for dry_run in (True, False):
            result = take(served, rows, tmp_path, dry_run=dry_run)
            assert (result.unchanged, result.updated, result.refused) == (1, 0, 0), result.errors
        assert links(served, made) == before


def test_a_cell_links_and_unlinks_and_what_stays_keeps_its_attributes(served: Served, tmp_path: Path) -> None:
    eve, fay, _ = save(
        served, "person", {"name": "Eve", "code": "P-1"}, {"name": "Fay", "code": "P-2"}, {"name": "Gil, Jr"}
    )
    (made,) = save(served, "project", {"name": "moved"})
    first = take(served, [("id", "people"), (made, "Eve; P-2")], tmp_path)
    assert (first.updated, first.errors) == (1, ())
    kept = {each: links(served, made)[each][0] for each in (eve, fay)}
    served.platform.records.update(SYSTEM, "project_people", kept[fay], {"part": "lead"})
    dry = take(served, [("id", "Team members"), (made, "Fay；Gil, Jr")], tmp_path, dry_run=True)
    assert (dry.updated, dry.refused) == (1, 0)
    assert links(served, made).keys() == {eve, fay}
    take(served, [("id", "成员"), (made, "Fay；Gil, Jr\nFay")], tmp_path)
    now = links(served, made)
    assert now[fay] == (kept[fay], "lead")
    assert (eve in now, len(now)) == (False, 2)
    # A file without the column leaves links alone; an empty cell empties, as it does any field.
    take(served, [("id", "name"), (made, "moved on")], tmp_path)
    assert len(links(served, made)) == 2
    assert take(served, [("id", "people"), (made, "")], tmp_path).updated == 1
    assert links(served, made) == {}
    # What lies beyond a lookup is nobody's to fill, as any field there.
    for head in ("project.people", "Project · Team members"):
        beyond = take(served, [("id", "name", head), ("", "a step", "Eve")], tmp_path, kind="step")
        assert (beyond.created, beyond.passed_over) == (1, (head,))
    # The other side, and records that the row itself makes.
    other = take(served, [("name", "projects"), ("New one", "moved on")], tmp_path, kind="person")
    assert (other.created, other.errors) == (1, ())
    assert len(links(served, made)) == 1


def test_what_a_cell_names_wrongly_is_told_with_line_column_and_what_may_be_meant(
    served: Served, tmp_path: Path
) -> None:
    people = save(served, "person", {"name": "Helena"}, {"name": "Same"}, {"name": "Same"})
    one, two, three = save(served, "project", {"name": "w1"}, {"name": "w2"}, {"name": "w3"})
    link(served, three, people[1])
    rows = [("id", "name", "people"), (one, "renamed", "Helenna; Helena"), (two, "w2", "Same"), (three, "w3", "Same")]
    result = take(served, rows, tmp_path)
    assert told(result) == [
        (2, "people", "Helenna; Helena", "there is no person 'Helenna'; did you mean 'Helena'?"),
        (3, "people", "Same", "2 records are called 'Same'; name one by its external id"),
    ]
    assert (result.refused, result.unchanged) == (2, 1), "which Same is meant follows from who is linked"
    assert served.platform.records.get(SYSTEM, "project", one).values["name"] == "w1", "a refused row changes nothing"
    assert links(served, one) == links(served, two) == {}
    with pytest.raises(Exception, match="did you mean 'people'"):
        take(served, [("name", "peeple"), ("x", "Helena")], tmp_path)


def test_links_to_what_the_importer_may_not_read_stay_and_are_told_to_nobody(served: Served, tmp_path: Path) -> None:
    spy, seen = save(served, "person", {"name": "Secret Sam", "secret": True}, {"name": "Seen"})
    ann = command_line_actor(served.platform, login_of("ann"))
    mine = served.make("ann", "project", name="mine")["id"]
    foreign = served.make("boss", "project", name="the boss's")["id"]
    for each in (mine, foreign):
        link(served, each, spy, seen)
    rows = export(served, ann, ("people",), f'id = "{mine}"')
    assert [row[1] for row in rows] == ["Team members", "Seen"]
    assert take(served, rows, tmp_path, actor=ann).unchanged == 1
    assert take(served, [("id", "people"), (mine, "")], tmp_path, actor=ann).updated == 1
    assert links(served, mine).keys() == {spy}
    hidden, absent = (
        take(served, [("id", "people"), (mine, name)], tmp_path, actor=ann) for name in ("Secret Sam", "Vanished Sam")
    )
    assert hidden.errors[0].reason.replace("Secret", "Vanished") == absent.errors[0].reason
    refused = take(served, [("id", "people"), (foreign, "")], tmp_path, actor=ann)
    assert (refused.refused, set(links(served, foreign))) == (1, {spy, seen})

    # What only the link refuses, whose record may be changed, is told of its cell; the record is saved.
    other = take(served, [("name", "projects"), ("Of ann", "the boss's; mine")], tmp_path, kind="person", actor=ann)
    assert (other.created, [(line, column) for line, column, *_ in told(other)]) == (1, [(2, "projects")])
    titles = served.get("boss", "/records/person?filter=name%3D%22Of%20ann%22&fields=projects").get_json()["items"][0]
    assert [each["project"]["title"] for each in titles["projects"]] == ["mine"]


def test_rows_link_to_rows_of_the_same_file_whatever_their_order(served: Served, tmp_path: Path) -> None:
    rows = [("name", "after"), ("third", "second; first"), ("second", "first"), ("first", "")]
    result = take(served, rows, tmp_path)
    assert (result.created, result.errors) == (3, ())
    condition = urlencode({"filter": 'name in ["third", "second", "first"]', "fields": "name,after"})
    items = served.get("boss", f"/records/project?{condition}").get_json()["items"]
    found = {item["name"]: [each["linked_project"]["title"] for each in item["after"]] for item in items}
    assert found == {"third": ["first", "second"], "second": ["first"], "first": []}


def test_a_file_of_links_takes_as_many_statements_however_many_rows(served: Served, tmp_path: Path) -> None:
    save(served, "person", *({"name": f"crowd {at}"} for at in range(40)))
    counts = []
    for rows in (3, 150):
        made = save(served, "project", *({"name": f"row {rows} {at}"} for at in range(rows)))
        cells = [(one, f"crowd {at % 40}; crowd {(at + 7) % 40}") for at, one in enumerate(made)]
        take(served, [("id", "people"), *((one, "crowd 1; crowd 2") for one in made)], tmp_path)
        with served.platform.database.statements.recording() as found:
            assert take(served, [("id", "people"), *cells], tmp_path).updated == rows
        counts.append(len(found))
    assert counts[1] - counts[0] <= 2, counts


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_any_titles_come_back_as_they_were(served: Served, tmp_path: Path, names: list[str]) -> None:
    saved = served.platform.records.save_many(SYSTEM, "person", [SaveRow(values={"name": name}) for name in names])
    people = [str(row.id) for row in saved.rows if row.outcome != "refused"]
    (made,) = save(served, "project", {"name": "any"})
    link(served, made, *people)
    before = links(served, made)
    rows = export(served, SYSTEM, ("people",), f'id = "{made}"')
    result = take(served, rows, tmp_path)
    assert (result.unchanged, result.errors) == (1, ()), rows
    assert links(served, made) == before
