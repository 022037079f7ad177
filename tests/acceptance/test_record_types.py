"""Record types with options, pipelines, required fields and layouts of their own, the same from every side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from engine.access.actor import Origin, system_actor
from engine.records.types import ListQuery, SaveRow
from metamodel import load_sources
from tests.support.kinds import FILES, SYSTEM, faults, make, read
from tests.support.platforms import small_app
from tests.support.served import Served, post_form, serve_deals

OTHER_TYPE = "'Sample' does not go with 'Retail'."


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("kinds")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


@pytest.mark.promise("OBJ-24")
def test_record_types_give_an_object_options_layout_path_and_required_fields_of_their_own(served: Served) -> None:
    test_the_first_type_is_the_default_and_a_type_is_set_and_read_like_any_choice(served)
    test_each_type_has_its_own_options_and_first_stage(served)
    test_what_a_type_requires_is_required_of_it_alone(served)
    test_a_stage_of_another_type_is_refused_from_every_side(served)
    test_board_and_path_follow_the_type(served)
    test_a_type_brings_its_layout(served)


def test_the_first_type_is_the_default_and_a_type_is_set_and_read_like_any_choice(served: Served) -> None:
    deal = make(served)
    assert read(served, deal)["record_type"] == "retail"
    assert faults(served, None, {"record_type": "other"})[0][1] == "unknown_option"
    assert faults(served, None, {"record_type": None})[0][:2] == ("record_type", "required")
    served.platform.records.update(SYSTEM, "deal", deal, {"record_type": "project"})
    assert faults(served, deal, {"record_type": "retail"}) == [
        ("record_type", "type_is_kept", "A project stays a project.")
    ]
    query = ListQuery(object="deal", filter='record_type = "project"', fields=("record_type",))
    found = served.platform.records.list(SYSTEM, query).rows
    assert [row["record_type"] for row in found if row.id == deal] == ["project"]


def test_each_type_has_its_own_options_and_first_stage(served: Served) -> None:
    assert read(served, make(served))["stage"] == "new"
    wholesale = make(served, record_type="wholesale", credit=30)
    assert read(served, wholesale)["stage"] == "sample"
    rows = [SaveRow(values={"name": f"Row {n}", "record_type": kind, "credit": 1}) for n, kind in enumerate(
        ["retail", "wholesale", "project", "wholesale"])]  # fmt: skip
    bulk = served.platform.records.save_many(SYSTEM, "deal", rows, all_or_nothing=True)
    stages = [read(served, row.id or "")["stage"] for row in bulk.rows]
    assert stages == ["new", "sample", "new", "sample"]
    for kind, stage, source in (
        ("retail", ("new", "offer", "won", "lost"), ("web", "fair", "advert")),
        ("wholesale", ("sample", "offer", "won", "lost"), ("fair", "advert")),
        ("project", ("new", "sample", "offer", "won", "lost"), ("web", "fair", "advert")),
    ):
        state = served.platform.records.form_state(SYSTEM, "deal", None, {"record_type": kind})
        assert (state.fields["stage"].options, state.fields["source"].options) == (stage, source)


def test_what_a_type_requires_is_required_of_it_alone(served: Served) -> None:
    make(served)
    assert faults(served, None, {"record_type": "wholesale"}) == [("credit", "required", "This must be filled in.")]
    state = served.platform.records.form_state(SYSTEM, "deal", None, {"record_type": "wholesale"})
    assert state.fields["credit"].required
    assert not served.platform.records.form_state(SYSTEM, "deal", None, {}).fields["credit"].required
    rows = [
        SaveRow(values={"name": f"Row {n}", "record_type": "wholesale", **({"credit": 1} if n else {})})
        for n in range(2)
    ]
    bulk = served.platform.records.save_many(SYSTEM, "deal", rows, all_or_nothing=False)
    assert [row.outcome for row in bulk.rows] == ["refused", "created"]


def test_a_stage_of_another_type_is_refused_from_every_side(served: Served) -> None:
    wrong = {"record_type": "retail", "stage": "sample"}
    assert faults(served, None, wrong) == [("stage", "wrong_option", OTHER_TYPE)]
    bulk = served.platform.records.save_many(SYSTEM, "deal", [SaveRow(values={"name": "x", **wrong})] * 2)
    assert {error.message for row in bulk.rows for error in row.errors} == {OTHER_TYPE}
    answer = served.call("ann", "POST", "/records/deal", json={"name": "Pumps", **wrong})
    assert (answer.status_code, OTHER_TYPE in answer.get_data(as_text=True)) == (422, True)
    deal = make(served, record_type="wholesale", credit=30)
    assert faults(served, deal, {"record_type": "retail"})[0][2] == OTHER_TYPE
    client = served.sign_in("ann")
    for path in (f"/o/deal/{make(served)}/move", f"/o/deal/{make(served)}/move?fs-board=pipeline"):
        moved = post_form(client, path, {"stage": "sample"}, "/o/deal/new")
        assert moved.status_code == 422
        assert OTHER_TYPE.replace("'", "&#39;") in moved.get_data(as_text=True)


def test_an_import_refuses_a_stage_of_another_type(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "deal.csv"
    path.write_text("name,record_type,stage,credit\nGood,wholesale,sample,5\nBad,retail,sample,5\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(Origin.CLI), "deal", path)
    assert (result.created, [(each.line, each.reason) for each in result.errors]) == (1, [(3, OTHER_TYPE)])


def steps(page: str) -> list[str]:
    path = re.search(r'<ol class="path".*?</ol>', page, re.S)
    assert path is not None
    return re.findall(r"<span>([^<]+)</span>", path[0])


def test_board_and_path_follow_the_type(served: Served) -> None:
    client = served.sign_in("ann")
    retail, wholesale = make(served), make(served, record_type="wholesale", credit=30)
    assert steps(client.get(f"/o/deal/{retail}").get_data(as_text=True)) == ["New", "Offer", "Won", "Lost"]
    assert steps(client.get(f"/o/deal/{wholesale}").get_data(as_text=True)) == ["Sample", "Offer", "Won", "Lost"]
    board = client.get("/o/deal?view=pipeline").get_data(as_text=True)
    links = dict(
        reversed(pair)
        for pair in re.findall(r'<a href="([^"]+)"[^>]*><svg[^>]*>.*?</svg>(Retail|Wholesale)</a>', board)
    )
    assert set(links) == {"Retail", "Wholesale"}
    columns = client.get(links["Wholesale"].replace("&amp;", "&")).get_data(as_text=True)
    assert re.findall(r'class="board-list" data-value="(\w+)"', columns)[:4] == ["sample", "offer", "won", "lost"]
    assert (f"record-deal-{wholesale}" in columns, f"record-deal-{retail}" in columns) == (True, False)


def test_a_type_brings_its_layout(served: Served) -> None:
    wholesale = make(served, record_type="wholesale", credit=30)
    page = served.sign_in("ann").get(f"/o/deal/{wholesale}").get_data(as_text=True)
    assert "Layout “Wholesale deal”: the record type is Wholesale." in page
    assert "Terms" in page


def test_an_extension_adds_a_record_type_and_a_layout_of_its_own(tmp_path: Path) -> None:
    files = {f"shop/{path}": dedent(text) for path, text in FILES.items() if not path.startswith("rules/")}
    files["more/app.yaml"] = "app: more\nversion: 1.0.0\nlabel: More\ndepends: {shop: '>=1.0'}\ncurrency: CNY\n"
    files["more/extensions/deal.yaml"] = dedent("""
        extends: deal
        fields: {lease_months: {type: integer}}
        record_types: {lease: {label: Lease, required: [lease_months], layout: lease}, retail: {required: [amount]}}
        layouts: {lease: {sections: [{fields: [name, lease_months]}]}}
    """)
    metamodel, problems = load_sources(files)
    assert metamodel is not None, [str(problem) for problem in problems.errors]
    deal = metamodel.objects["deal"]
    assert [kind.name for kind in deal.record_types] == ["retail", "wholesale", "project", "lease"]
    assert deal.record_types[0].required == ("amount",)
    assert deal.layouts[-1].record_types == ("lease",)
    assert deal.layouts[-1].sections[0].fields == ("record_type", "name", "lease_months")
