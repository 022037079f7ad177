"""A field whose `update` does not hold is read-only on the page, with its reason, and refused on every way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access.actor import Origin
from tests.support.platforms import small_app
from tests.support.served import login_of, serve_deals
from tests.ui.pages.workshop import Site, hidden_fields

FILES = {
    "objects/note.yaml": """
        object: note
        label: Note
        title: "{name}"
        fields:
          name: {type: text, required: true, label: Name}
          code: {type: text, unique: true, label: Code}
          phase: {type: choice, default: open, options: [open, closed], label: Phase}
          grade: {type: integer, label: Rank}
        views:
          all: {label: All, columns: [name, grade], sort: [name]}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          note: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
        fields:
          note.grade: {update: 'phase = "open"'}
        system: [import]
    """,
    "roles/boss.yaml": "role: boss\n",
    "roles/nobody.yaml": "role: nobody\n",
}


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("locked")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES, name="locked")) as served:
        yield Site(served)


@pytest.mark.promise("SEC-07")
def test_a_field_that_may_not_be_changed_now_is_shown_so_and_refused_on_every_way(site: Site, tmp_path: Path) -> None:
    closed = site.make("note", name="Closed", code="C-1", phase="closed", grade=5)
    opened = site.make("note", name="Opened", code="O-1", phase="open", grade=5)
    _the_page_shows_it(site, closed, opened)
    before = site.read("note", closed)
    for way in (_by_api, _by_bulk, _by_upsert, _by_form, _in_place, _by_import):
        said = way(site, tmp_path, closed, "C-1")
        assert "grade" in said or "Rank" in said, way.__name__
        assert "You may not change this" in said or "can&#39;t be changed" in said, (way.__name__, said)
        assert site.read("note", closed) == before, way.__name__
        way(site, tmp_path, opened, "O-1")
        assert site.read("note", opened)["grade"] == 7, way.__name__
        site.served.platform.records.update(site.served.system(), "note", opened, {"grade": 5})


def _the_page_shows_it(site: Site, closed: str, opened: str) -> None:
    form, free = (site.page("ann", f"/o/note/{each}/edit") for each in (closed, opened))
    assert 'name="grade"' in free
    assert 'name="grade"' not in form
    why = f"/o/note/{closed}/why/grade"
    assert f'hx-get="{why}"' in form
    reason = site.page("ann", why, headers={"HX-Request": "true"})
    assert "A role does not grant it for this field." in reason
    assert "phase = &#34;open&#34;" in reason
    assert "closed" in reason


def _by_api(site: Site, _folder: Path, note: str, _code: str) -> str:
    return site.served.call("ann", "PATCH", f"/records/note/{note}", json={"grade": 7}).get_data(as_text=True)


def _by_bulk(site: Site, _folder: Path, note: str, _code: str) -> str:
    rows = [{"do": "update", "id": note, "values": {"grade": 7}}]
    return site.served.call("ann", "POST", "/records/note/bulk", json={"rows": rows}).get_data(as_text=True)


def _by_upsert(site: Site, _folder: Path, _note: str, code: str) -> str:
    rows = [{"do": "upsert", "values": {"code": code, "grade": 7}}]
    given = {"rows": rows, "by": "code", "mode": "all_or_nothing"}
    return site.served.call("ann", "POST", "/records/note/bulk", json=given).get_data(as_text=True)


def _by_form(site: Site, _folder: Path, note: str, _code: str) -> str:
    sent = {**hidden_fields(site.page("ann", f"/o/note/{note}/edit")), "grade": "7", "was-grade": "5"}
    return site.post("ann", f"/o/note/{note}/edit", sent).get_data(as_text=True)


def _in_place(site: Site, _folder: Path, note: str, _code: str) -> str:
    return site.post("ann", f"/o/note/{note}/field/grade", {"grade": "7", "was-grade": "5"}).get_data(as_text=True)


def _by_import(site: Site, folder: Path, _note: str, code: str) -> str:
    file = folder / "notes.csv"
    file.write_text(f"code,grade\n{code},7\n", "utf-8")
    actor = site.served.platform.accounts.actor_of(login_of("ann"), origin=Origin.IMPORT)
    assert actor is not None
    return str(site.served.platform.imports.import_csv(actor, "note", file, match=("code",)))
