"""Options that are out of use, ordered, shared, or narrowed by what stands elsewhere: one verdict from every side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import Origin, system_actor
from engine.records.types import ListQuery, SaveRow
from tests.support.kinds import FILES, SYSTEM, faults, make
from tests.support.platforms import small_app, write_files
from tests.support.served import Served, post_form, serve_deals

BAD_CHAIN = {"country": "cn", "province": "texas", "city": "austin"}
MESSAGE = "'Texas' does not go with 'China'."


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("kinds")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


def offered(served: Served, values: Mapping[str, Any], record_id: str | None = None) -> dict[str, tuple[str, ...]]:
    state = served.platform.records.form_state(SYSTEM, "deal", record_id, values)
    return {name: found.options for name, found in state.fields.items() if found.options is not None}


def options_on(page: str, name: str) -> list[str]:
    select = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S)
    assert select is not None
    return [value for value in re.findall(r'<option value="([^"]*)"', select[1]) if value]


@pytest.mark.promise("OBJ-08")
def test_an_option_out_of_use_stays_and_a_chain_of_three_choices_narrows_itself(served: Served) -> None:
    test_an_option_out_of_use_is_refused_and_not_offered_but_stays_where_it_stands(served)
    test_options_have_their_order_label_colour_and_attributes(served)
    test_each_choice_of_a_chain_offers_what_goes_with_the_one_before(served)
    test_save_api_import_rule_and_form_refuse_with_the_same_words(served)


def test_an_option_out_of_use_is_refused_and_not_offered_but_stays_where_it_stands(served: Served) -> None:
    assert faults(served, None, {"source": "fax"}) == [("source", "inactive_option", "'Fax' is no longer in use.")]
    assert "fax" not in offered(served, {})["source"]
    old = make(served, source="web")
    database = served.platform.database
    table = served.platform.releases.current().tables.of("deal").table
    with database.write() as connection:
        connection.execute(table.update().where(table.c["id"] == old).values(source="fax"))
    assert "fax" in offered(served, {}, old)["source"]
    saved = served.platform.records.update(SYSTEM, "deal", old, {"name": "Valves", "source": "fax"})
    assert saved.record["source"] == "fax"
    served.platform.records.update(SYSTEM, "deal", old, {"source": "web"})
    assert faults(served, old, {"source": "fax"})[0][1] == "inactive_option"


def test_options_have_their_order_label_colour_and_attributes(served: Served) -> None:
    assert offered(served, {})["source"] == ("web", "fair", "advert")
    deal = make(served, source="advert")
    assert served.platform.records.get(SYSTEM, "deal", deal)["is_paid"] is True
    query = ListQuery(object="deal", filter="source.paid and first_source is empty", fields=("name",))
    assert deal in [row.id for row in served.platform.records.list(SYSTEM, query).rows]
    described = served.get("ann", "/objects/deal").get_json()["fields"]
    options = next(each for each in described if each["name"] == "source")["options"]
    assert [(each["name"], each["label"], each["color"]) for each in options[:2]] == [
        ("web", "Web", "green"), ("fair", "Fair", "blue"),
    ]  # fmt: skip


def test_each_choice_of_a_chain_offers_what_goes_with_the_one_before(served: Served) -> None:
    assert offered(served, {})["province"] == ("other",)
    assert offered(served, {"country": "cn"})["province"] == ("zhejiang", "sichuan", "other")
    found = offered(served, {"country": "cn", "province": "zhejiang"})
    assert found["city"] == ("hangzhou", "ningbo")
    deal = make(served, country="cn", province="zhejiang", city="ningbo")
    state = served.platform.records.form_state(SYSTEM, "deal", deal, {"country": "us"})
    assert (state.values["province"], state.values["city"]) == (None, None)
    assert (state.fields["province"].options, state.fields["city"].options) == (("texas", "other"), ())
    untouched = served.platform.records.form_state(SYSTEM, "deal", deal, {"name": "x"})
    assert untouched.values["city"] == "ningbo"


def test_a_change_of_what_decides_is_refused_where_what_depends_on_it_stays(served: Served) -> None:
    deal = make(served, country="cn", province="zhejiang", city="ningbo")
    assert faults(served, deal, {"country": "us"}) == [
        ("province", "wrong_option", "'Zhejiang' does not go with 'USA'.")
    ]
    assert faults(served, deal, {"country": None})[0][2] == "'Zhejiang' does not go with '–'."
    assert faults(served, deal, {"province": "sichuan"})[0][0] == "city"
    saved = served.platform.records.update(SYSTEM, "deal", deal, {"country": "us", "province": "texas", "city": None})
    assert saved.record["province"] == "texas"


def test_several_options_chosen_together_are_narrowed_each(served: Served) -> None:
    assert offered(served, {"country": "us"})["areas"] == ("west", "south")
    assert faults(served, None, {"country": "us", "areas": ["east", "west"]})[0][0] == "areas"
    assert make(served, country="us", areas=["west", "south"])


def test_save_api_import_rule_and_form_refuse_with_the_same_words(served: Served) -> None:
    assert faults(served, None, BAD_CHAIN) == [("province", "wrong_option", MESSAGE)]
    rows = [SaveRow(values={"name": f"Row {n}", **(BAD_CHAIN if n == 1 else {"country": "us"})}) for n in range(3)]
    bulk = served.platform.records.save_many(SYSTEM, "deal", rows, all_or_nothing=False)
    assert [[error.message for error in row.errors] for row in bulk.rows] == [[], [MESSAGE], []]
    answer = served.call("ann", "POST", "/records/deal", json={"name": "Pumps", **BAD_CHAIN})
    assert answer.status_code == 422
    assert MESSAGE in answer.get_data(as_text=True)
    deal = make(served, country="cn", province="sichuan")
    assert faults(served, deal, {"name": "Moved"}) == [("province", "wrong_option", MESSAGE)]
    client = served.sign_in("ann")
    page = post_form(client, "/o/deal/new", {"name": "Pumps", **BAD_CHAIN}, "/o/deal/new")
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert MESSAGE.replace("'", "&#39;") in text
    assert '<option value="texas" selected>' in text


def test_an_import_refuses_the_line_with_the_same_words(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "deal.csv"
    path.write_text("name,country,province\nGood,us,texas\nBad,cn,texas\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(Origin.CLI), "deal", path)
    assert (result.created, [(each.line, each.reason) for each in result.errors]) == (1, [(3, MESSAGE)])


def test_a_form_narrows_at_each_change_and_forgets_what_no_longer_fits(served: Served) -> None:
    client = served.sign_in("ann")
    page = client.get("/o/deal/new?country=cn").get_data(as_text=True)
    assert options_on(page, "province") == ["zhejiang", "sichuan", "other"]
    typed = {"name": "x", "country": "us", "province": "zhejiang", "city": "ningbo"}
    changed = post_form(client, "/o/deal/new/state", typed, "/o/deal/new").get_data(as_text=True)
    assert options_on(changed, "province") == ["texas", "other"]
    assert options_on(changed, "city") == []


def test_a_value_added_to_an_option_set_shows_in_every_field_that_uses_it(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        before = offered(served, {})
        text = FILES["option_sets/sources.yaml"].rstrip() + "\n          friend: {label: Friend}\n"
        write_files(app, {"option_sets/sources.yaml": text})
        served.platform.apply_release([app], author="test")
        after = offered(served, {})
        for name in ("source", "first_source"):
            assert after[name] == (*before[name], "friend")
        assert make(served, first_source="friend")
