"""Records go into one of them with all that points at them, on both databases; nothing is missed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.records.merging.merging import MergeRequest, merge_records
from engine.records.types import SaveRow
from metamodel.values import Ref
from tests.support.automation import do_runs
from tests.support.files import Upload, drawing, sent
from tests.support.firms import NUMBERS, firm, ids, made, merged, read, serve_firms, stored
from tests.support.served import Served


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_firms(module_database_url, tmp_path_factory.mktemp("firms")) as found:
        yield found


def test_all_that_points_at_the_one_that_goes_points_at_the_survivor(served: Served) -> None:
    into, gone = firm(served), firm(served)
    about = {"object": "firm", "id": gone}
    fair, other_fair = made(served, "fair", name="Hannover"), made(served, "fair", name="Canton")
    tag, second_tag = made(served, "tag", name=f"hot {into}"), made(served, "tag", name=f"cold {into}")
    person = made(served, "person", firm=gone, name="Li")
    moved = {
        ("person", "firm", person),
        ("order", "firm", made(served, "order", name="A", firm=gone, payer=gone, person=person, amount="20.00")),
        ("firm", "parent", firm(served, parent=gone)),
        ("comment", "about", made(served, "comment", text="Called", about=about)),
        ("activity", "about", made(served, "activity", subject="Visit", about=about)),
        ("task", "about", made(served, "task", subject="Ring", about=about)),
        ("attachment", "about", made(served, "attachment", url="https://example.com/", about=about)),
        ("tagging", "about", made(served, "tagging", tag=tag, about=about)),
        ("firm_fairs", "firm", made(served, "firm_fairs", firm=gone, fair=fair, stand="B4")),
    }
    # Both are at this fair and have this tag: one of each is enough.
    made(served, "tagging", tag=second_tag, about={"object": "firm", "id": into})
    twice = made(served, "tagging", tag=second_tag, about=about)
    made(served, "firm_fairs", firm=into, fair=other_fair)
    also_there = made(served, "firm_fairs", firm=gone, fair=other_fair)
    answer = merged(served, into, gone)
    assert answer.status_code == 200, answer.get_json()
    body = answer.get_json()
    assert (body["merged"], body["moved"], body["record"]["id"]) == ([gone], len(moved), into)
    for object_name, field, record_id in moved:
        assert ids(read(served, object_name, record_id)[field]) == into, object_name
    order = read(served, "order", next(each for name, _, each in moved if name == "order"))
    assert (ids(order["payer"]), ids(order["person"])) == (into, person)
    assert stored(served, "firm", gone) is None
    assert stored(served, "tagging", twice) is None
    assert stored(served, "firm_fairs", also_there) is None
    after = read(served, "firm", into)
    assert (after["heads"], after["worth"]["amount"]) == (1, "20.00")
    # What each of them was before stands in its history.
    history = served.get(
        "boss", f"/records/comment/{next(e for n, _, e in moved if n == 'comment')}/history"
    ).get_json()
    assert history["items"][0]["changes"][0]["field"] == "about"
    for record_id in (into, gone):
        table = served.platform.system.audit
        with served.platform.database.read() as connection:
            query = table.select().where(table.c.record_id == record_id, table.c.action == "merged")
            assert len(connection.execute(query).all()) == 1, record_id


def test_each_field_gets_the_value_of_the_record_that_was_chosen(served: Served) -> None:
    into = firm(served, code="A-1", city="Bern", labels=["red", "blue"], turnover={"amount": "50", "currency": "CNY"})
    gone = firm(served, code="B-2", phone="+86 10 6512 0001", city="Basel", labels=["blue", "green"], notes="Good")
    number = read(served, "firm", into)["number"]
    last = firm(served, city="Zug", notes="Bad")
    body = merged(served, into, gone, last, take={"code": gone, "city": last, "turnover": into}).get_json()
    after = body["record"]
    assert (after["code"], after["city"], after["number"]) == ("B-2", "Zug", number)
    # What nobody chose is filled where it was empty; fields of several values have all.
    assert (after["phone"], after["notes"], after["labels"]) == ("+861065120001", "Good", ["blue", "green", "red"])
    assert after["turnover"]["amount"] == "50.00"
    do_runs(served.platform)
    assert read(served, "firm", into)["notes"] == "Good merged"


def test_files_become_the_survivors(served: Served) -> None:
    into, gone = firm(served), firm(served)
    logo = sent(served, "logo", Upload("logo.png", drawing("red")), who="boss", object_name="firm")["id"]
    papers = [
        sent(served, "papers", Upload(name, name.encode()), who="boss", object_name="firm")["id"] for name in "ab"
    ]
    for record_id, values in ((into, {"papers": papers[:1]}), (gone, {"logo": logo, "papers": papers[1:]})):
        answer = served.call("boss", "PATCH", f"/records/firm/{record_id}", json=values)
        assert answer.status_code == 200, answer.get_json()
    after = merged(served, into, gone).get_json()["record"]
    assert after["logo"]["name"] == "logo.png"
    assert [each["name"] for each in after["papers"]] == ["a", "b"]
    for each in (after["logo"], *after["papers"]):
        assert served.get("boss", f"/files/{each['id']}").status_code == 200


def test_a_parent_that_goes_is_followed_by_its_own_and_nobody_stands_above_oneself(served: Served) -> None:
    top = firm(served)
    gone = firm(served, parent=top)
    into = firm(served, parent=gone)
    assert ids(merged(served, into, gone).get_json()["record"]["parent"]) == top
    child = firm(served, parent=into)
    assert ids(merged(served, child, into).get_json()["record"]["parent"]) == top
    # A record between the two would stand above itself.
    upper = firm(served)
    between = firm(served, parent=upper)
    lower = firm(served, parent=between)
    refused = merged(served, lower, upper)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["code"] == "own_ancestor"
    assert ids(read(served, "firm", between)["parent"]) == upper


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"from": []}, 422, "not_to_merge"),
        ({"from": ["INTO"]}, 422, "not_to_merge"),
        ({"from": ["GONE"], "take": {"nothing": "GONE"}}, 422, "not_mergeable"),
        ({"from": ["GONE"], "take": {"number": "GONE"}}, 422, "not_mergeable"),
        ({"from": ["GONE"], "take": {"heads": "GONE"}}, 422, "not_mergeable"),
        ({"from": ["GONE"], "take": {"city": "all"}}, 422, "not_mergeable"),
        ({"from": ["GONE"], "take": {"city": "01900000-0000-7000-8000-000000000000"}}, 422, "not_mergeable"),
        ({"from": ["GONE"], "take": {"level": "GONE"}}, 422, "transition"),
        ({"from": ["GONE"], "versions": {"GONE": 9}}, 412, "stale_version"),
        ({"from": ["01900000-0000-7000-8000-000000000000"]}, 404, "not_found"),
        ({"from": ["no id at all ' --"]}, 404, "not_found"),
        ({"from": "GONE"}, 400, "bad_request"),
        ({"from": [7]}, 400, "bad_request"),
        ({"from": ["GONE"], "take": ["city"]}, 400, "bad_request"),
        ({"from": ["GONE"], "versions": {"GONE": True}}, 400, "bad_request"),
        ({"from": ["GONE"], "keep": {}}, 400, "unknown_key"),
        ({"from": ["GONE"], "take": {"turnover": "GONE"}}, 409, "confirmation_needed"),
    ],
)
def test_what_can_not_be_merged_is_refused_and_nothing_is_changed(
    served: Served, body: dict[str, Any], status: int, code: str
) -> None:
    into, gone = firm(served), firm(served)
    known = served.call("boss", "PATCH", f"/records/firm/{gone}", json={"level": "known"})
    assert known.status_code == 200
    small = {"level": "lost", "turnover": {"amount": "5", "currency": "CNY"}, "confirm": ["small"]}
    assert served.call("boss", "PATCH", f"/records/firm/{gone}", json=small).status_code == 200
    served.call("boss", "PATCH", f"/records/firm/{into}", json={"turnover": {"amount": "500", "currency": "CNY"}})
    person = made(served, "person", firm=gone, name="Li")
    before = [stored(served, "firm", each) for each in (into, gone)]

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {filled(name): filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return {"GONE": gone, "INTO": into}.get(value, value) if isinstance(value, str) else value

    answer = served.call("boss", "POST", f"/records/firm/{into}/merge", json=filled(body))
    found = answer.get_json()
    assert answer.status_code == status, found
    assert code in {found["code"], *(each["code"] for each in found.get("errors", ()))}
    assert [stored(served, "firm", each) for each in (into, gone)] == before
    assert ids(read(served, "person", person)["firm"]) == gone


def test_a_clash_below_names_what_is_in_the_way(served: Served) -> None:
    into, gone = firm(served), firm(served)
    for each in (into, gone):
        made(served, "person", firm=each, name="Li Wei")
    answer = merged(served, into, gone)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["message"] == "Person: Li Wei: This value can't be used here."
    assert stored(served, "firm", gone) is not None


def test_rules_before_a_merge_refuse_it_and_rules_after_it_run_once(served: Served) -> None:
    into, gone = firm(served), firm(served)
    for level in ("known", "lost"):
        served.call("boss", "PATCH", f"/records/firm/{into}", json={"level": level})
    answer = merged(served, into, gone)
    assert (answer.status_code, answer.get_json()["errors"][0]["message"]) == (422, "A lost firm stays alone.")
    assert merged(served, gone, into).status_code == 200
    do_runs(served.platform)
    runs = served.get("boss", f"/records/firm/{gone}/runs").get_json()["items"]
    assert [each["rule"] for each in runs] in (["note_merges"], ["shop.note_merges"])


def test_the_rights_of_the_person_count_on_both_sides_and_what_may_not_be_read_stays_where_it_is(
    served: Served,
) -> None:
    mine, also_mine = firm(served, "ann", city="Bern"), firm(served, "ann", code=f"ann {next(NUMBERS)}")
    theirs, hidden = firm(served, "bob"), firm(served, "bob")
    for record_id, secret in ((hidden, "hide"), (also_mine, "only for the boss")):
        answer = served.call("boss", "PATCH", f"/records/firm/{record_id}", json={"secret": secret, "notes": "n"})
        assert answer.status_code == 200
    assert merged(served, mine, theirs, who="ann").status_code == 403
    assert merged(served, theirs, mine, who="ann").status_code == 403
    absent = merged(served, mine, "01900000-0000-7000-8000-000000000000", who="ann")
    denied = merged(served, mine, hidden, who="ann")
    assert [absent.status_code, denied.status_code] == [404, 404]
    assert merged(served, hidden, mine, who="ann").status_code == 404
    # A field that may be read of one of them only is as unreadable of the other.
    known = {"level": "known", "terms": "of the known only", "confirm": ["duplicate"]}
    assert served.call("boss", "PATCH", f"/records/firm/{also_mine}", json=known).status_code == 200
    for name in ("secret", "notes", "terms"):
        answer = merged(served, mine, also_mine, who="ann", take={name: also_mine})
        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "not_mergeable")
    order = made(served, "order", "bob", name="Bob's", firm=also_mine)
    after = merged(served, mine, also_mine, who="ann").get_json()["record"]
    assert "secret" not in after
    assert after["notes"] is None
    assert [read(served, "firm", mine)[name] for name in ("secret", "terms")] == [None, None]
    # Others' records that she may not even read move along all the same.
    assert ids(read(served, "order", order)["firm"]) == mine


def test_people_and_links_are_not_merged(served: Served) -> None:
    one, other = served.user_ids["ann"], served.user_ids["bob"]
    assert merged(served, one, other, who="admin", object_name="user").status_code == 403


def test_what_pointed_from_the_bin_comes_back_to_the_survivor(served: Served) -> None:
    into, gone = firm(served), firm(served)
    person = made(served, "person", firm=gone, name="Zhao")
    order = made(served, "order", name="Old", payer=gone)
    for object_name, record_id in (("person", person), ("order", order)):
        assert served.call("boss", "DELETE", f"/records/{object_name}/{record_id}").status_code == 204
    further = firm(served)
    assert merged(served, into, gone).status_code == 200
    assert merged(served, further, into).status_code == 200
    for object_name, field, record_id in (("person", "firm", person), ("order", "payer", order)):
        answer = served.call("boss", "POST", f"/records/{object_name}/{record_id}/restore")
        assert answer.status_code == 200, answer.get_json()
        assert ids(answer.get_json()[field]) == further
    assert read(served, "firm", further)["heads"] == 1


@pytest.mark.parametrize("act", ["merge", "delete"])
def test_what_comes_to_point_at_a_record_while_it_goes_is_refused(served: Served, act: str) -> None:
    into, gone, records = firm(served), firm(served), served.platform.records
    mine = [made(served, "order", name="A") for _ in range(3)]
    rows = [SaveRow(values={"name": "A", "payer": gone}), SaveRow(values={"payer": gone}, id=mine[0])]

    def in_a_transaction() -> object:
        with records.transaction(system_actor()) as transaction:
            return transaction.update("order", mine[1], {"payer": gone})

    saves: list[Callable[[], object]] = [
        lambda: records.create(system_actor(), "firm", {"name": f"Branch {next(NUMBERS)}", "parent": gone}),
        lambda: records.create(system_actor(), "comment", {"text": "x", "about": Ref("firm", gone)}),
        lambda: records.create(system_actor(), "person", {"name": "Li", "firm": gone}),
        lambda: records.update(system_actor(), "order", mine[2], {"payer": gone}),
        in_a_transaction,
        lambda: records.save_many(system_actor(), "order", rows),
    ]

    def refusals(save: Callable[[], Any]) -> list[str]:
        try:
            return [each.code for row in save().rows for each in row.errors]
        except ValidationFailed as refused:
            return [each.code for each in refused.errors]

    with ThreadPoolExecutor(max_workers=len(saves)) as pool, records.transaction(system_actor()) as transaction:
        if act == "merge":
            merge_records(transaction, transaction.object_def("firm"), into, MergeRequest(gone=[gone]))
        else:
            transaction.delete("firm", gone)
        others = [pool.submit(refusals, save) for save in saves]
        wait(others, timeout=0.5)
    assert [each.result() for each in others] == [*[["no_record"]] * 5, ["no_record"] * 2]
