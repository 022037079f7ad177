"""A denial, of an included role too, wins over every grant wherever records are read, and is named with its line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from engine.errors import QueryProblem, RecordNotFound
from engine.records.reports import read_report
from tests.support.platforms import small_app
from tests.support.served import login_of, serve_deals
from tests.ui.pages.workshop import Site
from ui.cli import main

FILES = {
    "objects/note.yaml": """
        object: note
        label: Note
        title: "{name}"
        search: [name, hint]
        fields:
          name: {type: text, required: true, label: Name}
          hint: {type: text, label: Clue}
          grade: {type: integer, label: Rank}
    """,
    "objects/thing.yaml": """
        object: thing
        label: Gadget
        title: "{name}"
        fields: {name: {type: text, required: true, label: Name}}
    """,
    "roles/all.yaml": """
        role: all
        objects:
          note: {read: all, create: yes, update: all, delete: all, export: all}
          thing: {read: all, create: yes, update: all, delete: all, export: all}
          user: {read: all}
        fields:
          note.grade: {read: yes, update: yes}
        system: [export, import]
    """,
    "roles/quiet.yaml": """
        role: quiet
        deny: {note.grade: read, note.hint: read, note: delete, thing: read}
    """,
    "roles/rep.yaml": "role: rep\nincludes: [all, quiet]\n",
    "roles/boss.yaml": "role: boss\nincludes: [all]\n",
    "roles/nobody.yaml": "role: nobody\n",
    "reports/notes.yaml": """
        report: notes
        object: note
        columns: [name, grade]
    """,
    "reports/ranks.yaml": """
        report: ranks
        object: note
        groups: [grade]
        measures: [count]
    """,
    "reports/things.yaml": """
        report: things
        object: thing
        columns: [name]
    """,
}
RANK, CLUE, GADGET = 918273645, "zebracrossing", "Whatsit the gadget"


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("denials")
    app = small_app(folder, FILES, name="quiet")
    with serve_deals(module_database_url, folder, app_folder=app) as served:
        # Whoever has everything by another role is denied it all the same.
        served.platform.accounts.administration.set_roles(login_of("ann"), ["rep", "boss"], by="test")
        yield Site(served)


@pytest.mark.promise("SEC-44")
def test_a_denial_of_an_included_role_wins_on_every_way_and_is_named(site: Site) -> None:
    note = site.make("note", name="Open note", hint=CLUE, grade=RANK)
    thing = site.make("thing", name=GADGET)
    call = site.served.call
    pages = ["/o/note", f"/o/note/{note}", f"/o/note/{note}/edit", f"/o/note/{note}/blame", f"/o/note?q={CLUE}"]
    api = [f"/api/v1/records/note/{note}", "/api/v1/records/note", f"/api/v1/records/note?q={CLUE}"]
    api += [f"/api/v1/records/note/{note}/history", "/api/v1/objects/note", "/api/v1/objects"]
    for who, denied in (("ann", True), ("boss", False)):
        texts = [site.page(who, path) for path in pages]
        texts += [call(who, "GET", path).get_data(as_text=True) for path in api]
        for secret in (str(RANK), "Rank", "Clue"):
            assert any(secret in text for text in texts) is not denied, (who, secret)
        found = call(who, "GET", f"/records/note?q={CLUE}").get_json()["items"]
        assert bool(found) is not denied, who
        assert (call(who, "GET", "/records/note?filter=grade>1").status_code == 400) is denied, who
        assert (call(who, "GET", "/records/note?sort=grade").status_code == 400) is denied, who
        assert (call(who, "GET", f"/records/thing/{thing}").status_code == 404) is denied, who
        assert (GADGET in call(who, "GET", "/records/thing").get_data(as_text=True)) is not denied, who
        site.page(who, "/o/thing", status=404 if denied else 200)
        exported = call(who, "GET", "/exports/note").get_data(as_text=True)
        assert "Open note" in exported
        assert (str(RANK) in exported) is not denied, who
        assert (call(who, "GET", "/exports/thing").status_code == 404) is denied, who
        changed = call(who, "PATCH", f"/records/note/{note}", json={"grade": RANK})
        assert (changed.status_code == 422) is denied, (who, changed.get_data(as_text=True))
    assert call("ann", "DELETE", f"/records/note/{note}").status_code == 403


@pytest.mark.promise("SEC-44")
def test_reports_leave_out_what_is_denied_and_the_explanation_names_the_denials_line(site: Site) -> None:
    note = site.make("note", name="Another", grade=RANK)
    site.make("thing", name=GADGET)
    records = site.served.platform.records
    find = site.served.platform.accounts.administration.find_user
    with records.reading(find(login_of("ann")).actor()) as transaction:
        result = read_report(transaction, "notes")
        assert result.page is not None
        assert all("grade" not in row.values for row in result.page.rows)
        with pytest.raises(QueryProblem):
            read_report(transaction, "ranks")
        with pytest.raises(RecordNotFound):
            read_report(transaction, "things")
    with records.reading(find(login_of("boss")).actor()) as transaction:
        assert read_report(transaction, "ranks").groups
        assert read_report(transaction, "things").page is not None
    address = site.served.platform.settings.database_url
    for target, line in ((f"note:{note}.grade", "note.grade: read"), ("thing", "thing: read")):
        words = ["explain", "access", "--as", login_of("ann"), "read", target, "--db", address]
        said = CliRunner().invoke(main, words).output
        assert said.startswith("no: "), said
        because = said.partition("because\n")[2].partition("looked at as well")[0]
        assert f"`deny: {line}` of role quiet through rep > quiet at quiet/roles/quiet.yaml:2:" in because, said
