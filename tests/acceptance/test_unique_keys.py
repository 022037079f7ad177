"""`unique:` over several fields is kept by the database and refused on its fields by every route, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.records.types import SaveRow
from tests.support.automation import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, post_form, serve_deals

FILES = {
    "objects/shelf.yaml": "object: shelf\nlabel: Shelf\nfields: {name: {type: text}}\n",
    "objects/part.yaml": """
        object: part
        label: Part
        title: "{name}"
        fields:
          shelf: {type: lookup, to: shelf}
          name: {type: text}
          mail: {type: email, unique: true, normalise: lower}
        unique: [[shelf, name]]
        """,
    "objects/wish.yaml": """
        object: wish
        label: Wish
        fields: {name: {type: text}, shelf: {type: lookup, to: shelf}}
        """,
    "rules/wishes.rules": """
        rule a_wish_makes_a_part
          when wish is created
          then create part { name: name, shelf: shelf }
        """,
    "roles/rep.yaml": "role: rep\nobjects:\n  part: {read: all, create: yes, update: all}\n  shelf: {read: all}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\nobjects:\n  wish: {read: all}\n",
}
SYSTEM = system_actor()
ON_BOTH = {("shelf", "not_unique"), ("name", "not_unique")}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("unique")
    app = small_app(folder, FILES, settings="automation: {roles: [boss]}\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


@pytest.fixture
def shelf(served: Served) -> str:
    return served.platform.records.create(
        SYSTEM, "shelf", {"name": f"S{len(rows_of(served.platform, 'shelf'))}"}
    ).record.id


def on(errors: Any) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in errors}


def make(served: Served, **values: Any) -> str:
    return served.platform.records.create(SYSTEM, "part", values).record.id


@pytest.mark.promise("OBJ-21")
def test_it_is_a_constraint_of_the_database_that_lets_the_bin_alone(served: Served, shelf: str) -> None:
    table = served.platform.releases.current().tables.of("part").table
    with served.platform.database.read() as connection:
        indexes = inspect(connection).get_indexes(table.name)
    assert [index["column_names"] for index in indexes if index["unique"] and len(index["column_names"]) == 2] == [
        ["shelf", "name"]
    ]
    first, other = make(served, shelf=shelf, name="Raw"), make(served, shelf=shelf, name="Other")
    with pytest.raises(IntegrityError), served.platform.database.write() as connection:
        connection.execute(table.update().where(table.c.id == other).values(name="Raw"))
    served.platform.records.delete(SYSTEM, "part", first)
    assert make(served, shelf=shelf, name="Raw")
    with pytest.raises(ValidationFailed):
        served.platform.records.restore(SYSTEM, "part", first)


@pytest.mark.promise("OBJ-21")
def test_a_second_pair_is_refused_on_its_fields_by_api_and_page(served: Served, shelf: str) -> None:
    make(served, shelf=shelf, name="Bolt")
    other = make(served, shelf=shelf, name="Nut")
    for method, path, values in (
        ("POST", "/records/part", {"shelf": shelf, "name": "Bolt"}),
        ("PATCH", f"/records/part/{other}", {"name": "Bolt"}),
    ):
        answer = served.call("ann", method, path, json=values)
        assert answer.status_code == 422, answer.get_data(as_text=True)
        assert on(answer.get_json()["errors"]) == ON_BOTH
    client = served.sign_in("ann")
    page = post_form(client, "/o/part/new", {"name": "Bolt", "shelf": shelf}, page="/")
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert 'id="part-new-name-error"' in text
    assert 'id="part-new-shelf-error"' in text
    # One of the two alone, and empties, are nothing that stands twice.
    assert served.call("ann", "POST", "/records/part", json={"name": "Bolt"}).status_code == 201
    assert served.call("ann", "POST", "/records/part", json={"name": "Bolt"}).status_code == 201


@pytest.mark.promise("OBJ-21")
def test_a_second_pair_is_refused_in_bulk_by_import_and_by_rules(served: Served, shelf: str, tmp_path: Path) -> None:
    make(served, shelf=shelf, name="Pin")
    rows = [{"shelf": shelf, "name": name} for name in ("Pin", "Cog", "Cog")]
    bulk = served.platform.records.save_many(SYSTEM, "part", [SaveRow(values=row) for row in rows])
    assert [row.outcome for row in bulk.rows] == ["refused", "created", "refused"]
    assert all({(e.field, e.code) for e in row.errors} == ON_BOTH for row in bulk.rows if row.outcome == "refused")
    title = next(row["name"] for row in rows_of(served.platform, "shelf") if row["id"] == shelf)
    path = tmp_path / "parts.csv"
    path.write_text(f"shelf,name\n{title},Cog\n{title},Rod\n", encoding="utf-8")
    result = served.platform.imports.import_csv(SYSTEM, "part", path)
    assert {error.line for error in result.errors} == {2}
    served.platform.records.create(SYSTEM, "wish", {"name": "Rod", "shelf": shelf})
    do_runs(served.platform)
    assert runs_of(served.platform)[-1]["state"] == "failed"
    names = [row["name"] for row in rows_of(served.platform, "part") if row["shelf"] == shelf]
    assert sorted(names) == ["Cog", "Pin", "Rod"]


def test_with_normalise_case_makes_no_second_value(served: Served) -> None:
    assert served.call("ann", "POST", "/records/part", json={"mail": "Ann@Example.com"}).status_code == 201
    again = served.call("ann", "POST", "/records/part", json={"mail": "aNN@example.COM"})
    assert (again.status_code, on(again.get_json()["errors"])) == (422, {("mail", "not_unique")})
