"""Merges are taken back: what went comes out of the bin, what was changed since stays and is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.files import Upload, drawing, sent
from tests.support.firms import NUMBERS, firm, ids, made, merged, read, serve_firms
from tests.support.served import Served


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_firms(module_database_url, tmp_path_factory.mktemp("firms")) as found:
        yield found


def test_a_merge_is_undone_but_for_what_was_changed_since(served: Served) -> None:
    into = firm(served, city="Bern", code=f"into {next(NUMBERS)}")
    gone = firm(served, code=f"gone {next(NUMBERS)}", phone="+86 10 6512 0002", city="Basel")
    codes = [read(served, "firm", each)["code"] for each in (into, gone)]
    fair = made(served, "fair", name="Leipzig")
    links = [made(served, "firm_fairs", firm=each, fair=fair) for each in (into, gone)]
    person, touched = (made(served, "person", firm=gone, name=name) for name in ("Li", "Wang"))
    order = made(served, "order", name="A", firm=gone, payer=gone, amount="20.00")
    done = merged(served, into, gone, take={"code": gone, "city": gone}).get_json()
    # What went into another is no deleted record: it is not in the bin and comes back with its merge alone.
    deleted = firm(served, code=f"deleted {next(NUMBERS)}")
    assert served.call("boss", "DELETE", f"/records/firm/{deleted}").status_code == 204
    binned = served.get("boss", "/records/firm?bin=true").get_json()["items"]
    assert [each["id"] for each in binned] == [deleted]
    refused = served.call("boss", "POST", f"/records/firm/{gone}/restore")
    assert (refused.status_code, refused.get_json()["errors"][0]["code"]) == (422, "merged")
    served.call("boss", "PATCH", f"/records/person/{touched}", json={"name": "Wang Wei"})
    served.call("boss", "PATCH", f"/records/firm/{into}", json={"city": "Zug"})
    new = made(served, "person", firm=into, name="New")
    answer = served.call("boss", "POST", f"/records/firm/{into}/unmerge", json={"merge": done["merge"]})
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json() == {
        "restored": [gone],
        "fields": ["city"],
        "kept": [{"object": "person", "id": touched, "title": "Wang Wei"}],
        "unseen": 0,
    }
    after = [read(served, "firm", each) for each in (into, gone)]
    assert [each["code"] for each in after] == codes
    assert [each["city"] for each in after] == ["Zug", "Basel"]
    assert [each["phone"] for each in after] == [None, "+861065120002"]
    assert [each["heads"] for each in after] == [2, 1]
    assert [ids(read(served, "person", each)["firm"]) for each in (person, touched, new)] == [gone, into, into]
    bought = read(served, "order", order)
    assert (ids(bought["firm"]), ids(bought["payer"])) == (gone, gone)
    assert [ids(read(served, "firm_fairs", each)["firm"]) for each in links] == [into, gone]
    again = served.call("boss", "POST", f"/records/firm/{into}/unmerge", json={"merge": done["merge"]})
    assert again.get_json()["errors"][0]["code"] == "not_undoable"
    # They can be merged anew.
    assert merged(served, into, gone).status_code == 200


def test_undoing_gives_files_back_and_of_encrypted_values_what_is_known(served: Served) -> None:
    into, gone = (firm(served, bank_number=number) for number in ("CH-1", "CH-2"))
    ids_of = {
        name: sent(served, field, Upload(name, content), who="boss", object_name="firm")["id"]
        for name, field, content in (
            ("red.png", "logo", drawing("red")),
            ("blue.png", "logo", drawing("blue")),
            ("a", "papers", b"a"),
            ("b", "papers", b"b"),
        )
    }
    had = {
        into: {"logo": ids_of["red.png"], "papers": [ids_of["a"]]},
        gone: {"logo": ids_of["blue.png"], "papers": [ids_of["b"]], "tax_number": "T-7"},
    }
    for record_id, values in had.items():
        assert served.call("boss", "PATCH", f"/records/firm/{record_id}", json=values).status_code == 200
    before = [read(served, "firm", each) for each in (into, gone)]
    done = merged(served, into, gone, take={"logo": gone, "bank_number": gone}).get_json()
    assert (done["record"]["logo"]["name"], done["record"]["tax_number"]) == ("blue.png", "T-7")
    answer = served.call("boss", "POST", f"/records/firm/{into}/unmerge", json={"merge": done["merge"]}).get_json()
    assert answer["fields"] == ["bank_number"]
    after = [read(served, "firm", each) for each in (into, gone)]
    for name in ("logo", "papers", "tax_number"):
        assert [each[name] for each in after] == [each[name] for each in before], name
    assert [each["bank_number"] for each in after] == ["CH-2", "CH-2"]
    assert served.get("boss", f"/files/{after[0]['logo']['id']}").status_code == 200


def test_who_may_not_delete_the_one_that_went_does_not_bring_it_back(served: Served) -> None:
    into, gone = firm(served, "ann"), firm(served, "ann")
    done = merged(served, into, gone, who="ann").get_json()
    for who, status in (("bob", 403), ("ann", 200)):
        answer = served.call(who, "POST", f"/records/firm/{into}/unmerge", json={"merge": done["merge"]})
        assert answer.status_code == status, answer.get_json()
    other = firm(served, "ann")
    foreign = served.call("ann", "POST", f"/records/firm/{other}/unmerge", json={"merge": done["merge"]})
    assert foreign.status_code == 404
