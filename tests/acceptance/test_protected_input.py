"""What the product keeps by itself is refused as input on every way that writes, and so is a key that nobody knows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.errors import EngineError
from engine.platform import check_app_folders
from plugins.manager import PluginManager
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals
from tests.support.table_dumps import changed_tables, dump_tables

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text, required: true}
          key: {type: text, external_id: true}
          size: {type: integer}
        views: {all: {columns: [name, size]}}
        """,
    "approvals/big.approval": 'approval big for firm\nstep all by role "boss"\n',
    "forms/ask.yaml": "form: ask\nobject: firm\nrole: rep\nfields: [name]\n",
    "roles/rep.yaml": """
        role: rep
        objects: {"*": {read: all, create: yes, update: all, delete: all}}
        system: [import]
        """,
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
MINE = "01890a5d-ac96-774b-bcce-b302099a8057"
FORGED = {
    "id": MINE,
    "created_at": "2020-01-01T00:00:00Z",
    "created_by": MINE,
    "modified_at": "2020-01-01T00:00:00Z",
    "modified_by": MINE,
    "version": 7,
    "deleted_at": "2020-01-01T00:00:00Z",
    "approval": "approved",
    "approval_state": "approved",
    "roles": ["administrator"],
    "password_hash": "x",
    "title_": "x",
    "nonsense": "x",
}
MAY_CHANGE = ("fs_audit", "fs_throttle", "fs_import", "fs_import_error")
"""What was refused, how often the public form was tried, and what an import tells of itself."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One firm that is there, and a person who may do all with it."""

    served: Served
    url: str
    folder: Path
    firm: str
    client: FlaskClient

    def api(self, method: str, path: str, body: object) -> tuple[int, list[str]]:
        answer = self.served.call("boss", method, path, json=body)
        told = answer.get_json()
        rows = told.get("rows") or [told]
        refused = answer.status_code if "rows" not in told or rows[0]["outcome"] != "refused" else 422
        return refused, [error["field"] for row in rows for error in row.get("errors") or ()]

    def page(self, path: str, **values: str) -> tuple[int, list[str]]:
        token = csrf_token(self.client, "/")
        answer = self.client.post(path, data={"csrf_token": token, **values})
        return answer.status_code, [] if answer.status_code < 400 else list(values)


@pytest.fixture(scope="module")
def scene(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("protected")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as served:
        firm = served.make("boss", "firm", name="Old", key="old", size=1)
        yield Scene(served, module_database_url, folder, firm["id"], served.sign_in("boss"))


def by_import(scene: Scene, name: str, value: object) -> tuple[int, list[str]]:
    path = scene.folder / "firms.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([["name", name], ["New", value]])
    actor = scene.served.platform.accounts.actor_of("boss@example.com")
    assert actor is not None
    try:
        result = scene.served.platform.imports.import_csv(actor, "firm", path)
    except EngineError as fault:
        return 422, [name] if name in str(fault) else []
    return (422 if result.errors else 201), [error.column or error.reason for error in result.errors]


WAYS: dict[str, Callable[[Scene, str, Any], tuple[int, list[str]]]] = {
    "create": lambda scene, name, value: scene.api("POST", "/records/firm", {"name": "New", name: value}),
    "update": lambda scene, name, value: scene.api("PATCH", f"/records/firm/{scene.firm}", {"size": 2, name: value}),
    "upsert of a new one": lambda scene, name, value: scene.api(
        "PUT", "/records/firm/by/key/new", {"name": "New", name: value}
    ),
    "upsert of an old one": lambda scene, name, value: scene.api(
        "PUT", "/records/firm/by/key/old", {"size": 2, name: value}
    ),
    "bulk create": lambda scene, name, value: scene.api(
        "POST", "/records/firm/bulk", {"rows": [{"do": "create", "values": {"name": "New", name: value}}]}
    ),
    "bulk update": lambda scene, name, value: scene.api(
        "POST",
        "/records/firm/bulk",
        {"rows": [{"do": "update", "id": scene.firm, "values": {"size": 2, name: value}}]},
    ),
    "import": lambda scene, name, value: by_import(scene, name, value),
    "form of a new one": lambda scene, name, value: scene.page("/o/firm/new", **{"name": "New", name: str(value)}),
    "form of an old one": lambda scene, name, value: scene.page(
        f"/o/firm/{scene.firm}/edit", **{"name": "Old", "size": "2", name: str(value)}
    ),
    "field in place": lambda scene, name, value: scene.page(
        f"/o/firm/{scene.firm}/field/{name}?fs-place=list", **{name: str(value)}
    ),
    "field of many": lambda scene, name, value: scene.page(
        "/o/firm/edit-many", **{"fs-field": name, "fs-how": "set", "fs-record": scene.firm, name: str(value)}
    ),
    "public form": lambda scene, name, value: scene.api("POST", "/forms/ask", {"name": "New", name: value}),
}


@pytest.mark.promise("SEC-13")
@pytest.mark.parametrize("name", FORGED)
def test_what_the_product_keeps_is_refused_on_every_way_and_so_is_what_nobody_knows(scene: Scene, name: str) -> None:
    before = dump_tables(scene.url, leave_out=MAY_CHANGE)
    wrong = {}
    for way, act in WAYS.items():
        if (name, way) == ("version", "form of a new one"):
            continue  # what the form of a new record carries itself; it says nothing there
        status, fields = act(scene, name, FORGED[name])
        if not 400 <= status < 500 or not any(name in field for field in fields):
            wrong[way] = (status, fields)
    assert not wrong
    assert changed_tables(before, dump_tables(scene.url, leave_out=MAY_CHANGE)) == []


@pytest.mark.promise("SEC-13")
@pytest.mark.parametrize("name", ["roles", "password_hash", "created_at", "nonsense"])
def test_users_are_given_no_roles_and_no_password_by_the_records_way(scene: Scene, name: str) -> None:
    before = dump_tables(scene.url, leave_out=MAY_CHANGE)
    user = scene.served.user_ids["ann"]
    for path, method in ((f"/records/user/{user}", "PATCH"), ("/records/user", "POST")):
        status, fields = scene.api(method, path, {"name": "Ann", name: "administrator"})
        assert 400 <= status < 500
        assert status != 422 or name in fields
    assert changed_tables(before, dump_tables(scene.url, leave_out=MAY_CHANGE)) == []


@pytest.mark.parametrize("name", [name for name in FORGED if name != "nonsense"])
def test_a_rule_that_sets_it_is_refused_by_the_check(scene: Scene, name: str, tmp_path: Path) -> None:
    rule = f'rule forges when firm.size changes\nthen set {name} = "x"\n'
    app = small_app(tmp_path, {**FILES, "rules/forges.rules": rule})
    problems = check_app_folders([app], PluginManager.load()).problems
    assert [each.at.line for each in problems.errors] == [2]
    assert f"'{name}'" in problems.errors[0].message
