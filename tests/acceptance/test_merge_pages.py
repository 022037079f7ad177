"""Pages of merging: the queue of likely duplicates, the records side by side, the way from an old address, undoing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.records.merging.pairs import keep_apart
from tests.support.firms import NUMBERS, firm, ids, made, merged, read, serve_firms, stored
from tests.support.served import Served, post_form


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_firms(module_database_url, tmp_path_factory.mktemp("firms")) as found:
        yield found


def twins(served: Served, who: str = "boss", **values: str) -> tuple[str, str]:
    """Make two firms with nearly the same name in one city."""
    word = f"Quartz {next(NUMBERS) * 104729}"
    given = {"city": "Bern", "confirm": ["duplicate"], **values}
    return firm(served, who, name=f"{word} Ltd.", **given), firm(served, who, name=f"{word}s", **given)


def page(served: Served, path: str, who: str = "boss", status: int = 200, client: FlaskClient | None = None) -> str:
    answer = (client or served.sign_in(who)).get(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[-1500:]
    return re.sub(r"\s+", " ", text)


def pairs(text: str) -> set[frozenset[str]]:
    found = re.findall(r'name="one" value="([^"]+)"><input type="hidden" name="other" value="([^"]+)"', text)
    return {frozenset(pair) for pair in found}


def post(served: Served, path: str, values: dict[str, str | list[str]], who: str = "boss") -> TestResponse:
    client = served.sign_in(who)
    return post_form(client, path, values, "/o/firm")  # type: ignore[arg-type]


def test_the_queue_names_pairs_with_score_and_reason_until_they_are_told_apart(served: Served) -> None:
    one, other = twins(served)
    same, copy = twins(served)
    louder = {"name": read(served, "firm", same)["name"].upper(), "confirm": ["duplicate"]}
    assert served.call("boss", "PATCH", f"/records/firm/{copy}", json=louder).status_code == 200
    text = page(served, "/o/firm/duplicates")
    assert {frozenset((one, other)), frozenset((same, copy))} <= pairs(text)
    assert re.search(r">100%</span> Name: the same · City: the same<", text)
    assert re.search(r">9\d%</span> Name: 9\d% · City: the same<", text)
    assert text.index(same) < text.index(other)
    assert post(served, "/o/firm/duplicates", {"one": other, "other": one}).status_code == 303
    assert post(served, "/o/firm/duplicates", {"one": one, "other": other}).status_code == 303
    assert frozenset((one, other)) not in pairs(page(served, "/o/firm/duplicates"))
    assert "Likely duplicates" not in page(served, f"/o/firm/{one}/merge")
    # What is in the bin is nobody's duplicate.
    assert served.call("boss", "DELETE", f"/records/firm/{copy}").status_code == 204
    assert frozenset((same, copy)) not in pairs(page(served, "/o/firm/duplicates"))


def test_two_people_may_tell_a_pair_apart_at_once(served: Served) -> None:
    pair = twins(served)

    def tell_apart(meanwhile: Callable[[], object]) -> None:
        with served.platform.records.transaction(system_actor()) as transaction:
            keep_apart(transaction, transaction.object_def("firm"), *pair)
            meanwhile()

    with ThreadPoolExecutor(max_workers=1) as pool:
        others: list[Future[None]] = []

        def begin_another() -> None:
            others.append(pool.submit(tell_apart, int))
            wait(others, timeout=0.3)

        tell_apart(begin_another)
        others[0].result()
    assert frozenset(pair) not in pairs(page(served, "/o/firm/duplicates"))


def test_a_pair_is_shown_to_who_may_read_both_records_and_all_that_makes_them_alike(served: Served) -> None:
    mine, hidden = twins(served, "ann")
    hide = {"secret": "hide", "owner": None, "confirm": ["duplicate"]}
    answer = served.call("boss", "PATCH", f"/records/firm/{hidden}", json=hide)
    assert answer.status_code == 200, answer.get_json()
    alike = [firm(served, "ann"), firm(served, "ann")]
    for each in alike:
        body = {"secret": "the same secret", "confirm": ["duplicate"]}
        assert served.call("boss", "PATCH", f"/records/firm/{each}", json=body).status_code == 200
    seen = {who: pairs(page(served, "/o/firm/duplicates", who)) for who in ("boss", "ann")}
    for pair in (frozenset((mine, hidden)), frozenset(alike)):
        assert pair in seen["boss"]
        assert pair not in seen["ann"]
    assert hidden not in page(served, f"/o/firm/{mine}/merge", "ann")
    page(served, f"/o/firm/{mine}/merge?with={hidden}", "ann", 404)
    assert post(served, "/o/firm/duplicates", {"one": mine, "other": hidden}, "ann").status_code == 404
    page(served, "/o/firm/duplicates", "none", 404)
    page(served, "/o/fair/duplicates", "ann", 403)


def test_a_merge_by_page_keeps_what_was_chosen_and_comes_back_with_what_stands_against_it(served: Served) -> None:
    one, other = twins(served)
    served.call("boss", "PATCH", f"/records/firm/{one}", json={"notes": "kept", "labels": ["a"]})
    small = {"amount": "5", "currency": "CNY"}
    changes = {"city": "Basel", "labels": ["b"], "turnover": small, "confirm": ["small", "duplicate"]}
    assert served.call("boss", "PATCH", f"/records/firm/{other}", json=changes).status_code == 200
    person = made(served, "person", firm=other, name="Li")
    address = f"/o/firm/{one}/merge"
    text = page(served, f"{address}?with={other}")
    assert f'name="take-city" value="{other}"' in text
    assert 'name="take-labels" value="all" checked' in text
    assert f'name="take-turnover" value="{other}" checked' in text
    assert 'name="take-number"' not in text
    version = re.search(rf'name="version-{other}" value="(\d+)"', text)
    assert version is not None
    values: dict[str, str | list[str]] = {"with": [other], "take-city": other, f"version-{other}": version[1]}
    warned = post(served, address, values)
    assert warned.status_code == 422
    text = warned.get_data(as_text=True)
    assert re.search(rf'name="take-city" value="{other}" checked', text)
    assert 'name="fs-confirm" value="small"' in text
    assert stored(served, "firm", other) is not None
    stale = post(served, address, {**values, f"version-{other}": "1"})
    assert (stale.status_code, stale.headers["Location"]) == (303, f"{address}?with={other}")
    clash = post(served, address, {**values, "take-level": "nonsense"})
    assert clash.status_code == 422
    done = post(served, address, {**values, "fs-confirm": "small"})
    assert (done.status_code, done.headers["Location"]) == (303, f"/o/firm/{one}")
    after = read(served, "firm", one)
    assert (after["city"], after["notes"], after["labels"]) == ("Basel", "kept", ["a", "b"])
    assert ids(read(served, "person", person)["firm"]) == one


def test_the_address_of_a_record_that_went_leads_to_the_survivor(served: Served) -> None:
    first, second, third = firm(served, "ann"), firm(served, "ann"), firm(served, "ann")
    assert merged(served, second, first).status_code == 200
    assert merged(served, third, second).status_code == 200
    answer = served.sign_in("ann").get(f"/o/firm/{first}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/o/firm/{third}")
    answer = served.get("ann", f"/records/firm/{first}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/api/v1/records/firm/{third}")
    # Who may not read the survivor learns nothing.
    hidden = {"secret": "hide", "owner": None, "confirm": ["duplicate"]}
    assert served.call("boss", "PATCH", f"/records/firm/{third}", json=hidden).status_code == 200
    assert served.get("ann", f"/records/firm/{first}").status_code == 404
    page(served, f"/o/firm/{first}", "ann", 404)
    served.platform.records.delete(system_actor(), "firm", third)
    page(served, f"/o/firm/{first}", "boss", 404)


def test_a_merge_is_undone_from_the_record_s_history(served: Served) -> None:
    one, other = twins(served)
    touched = made(served, "person", firm=other, name="Wang")
    gone = read(served, "firm", other)["name"]
    assert merged(served, one, other).status_code == 200
    served.call("boss", "PATCH", f"/records/person/{touched}", json={"name": "Wang Wei"})
    assert f'href="/o/firm/{one}/merges"' in page(served, f"/o/firm/{one}")
    text = page(served, f"/o/firm/{one}/merges")
    assert f"<span>{gone}</span>" in text
    merge = re.search(r'name="merge" value="([^"]+)"', text)
    assert merge is not None
    client = served.sign_in("boss")
    answer = post_form(client, f"/o/firm/{one}/unmerge", {"merge": merge[1]}, "/o/firm")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/o/firm/{one}")
    told = page(served, f"/o/firm/{one}", client=client)
    assert "Changed since, and left as it is: Wang Wei." in told
    assert read(served, "firm", other)["id"] == other
    assert merge[1] not in page(served, f"/o/firm/{one}/merges")
    refused = post_form(client, f"/o/firm/{one}/unmerge", {"merge": merge[1]}, "/o/firm")
    assert refused.headers["Location"] == f"/o/firm/{one}/merges"
    assert post_form(client, f"/o/firm/{one}/unmerge", {"merge": "no id"}, "/o/firm").status_code == 404
