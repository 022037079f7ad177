"""Lists of parts as grids in the form of their parent: what they show, post, save and keep when refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from engine.records.types import ListQuery
from tests.support.platforms import small_app
from tests.support.relations import FILES
from tests.support.served import Served, serve_deals


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("grids")
    app = small_app(folder, FILES)
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


@pytest.fixture
def ann(served: Served) -> FlaskClient:
    return served.sign_in("ann")


def inputs(page: str) -> dict[str, str]:
    """Give what the form in the middle of a page would post: hidden and shown inputs, and the chosen options."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page.partition("<main")[2].split("<template>")[0]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in attributes and (attributes.get("type") != "checkbox" or " checked" in tag):
            found[unescape(attributes["name"])] = unescape(attributes.get("value", ""))
    return found


def save(client: FlaskClient, path: str, values: dict[str, str]) -> tuple[int, str]:
    answer = client.post(path, data=values)
    return answer.status_code, answer.get_data(as_text=True)


def rows_of(served: Served, order: str) -> dict[str, object]:
    query = ListQuery(object="line", filter=f'order.id = "{order}"', fields=("product", "quantity"))
    return {str(row["product"]): row["quantity"] for row in served.platform.records.list(served.system(), query).rows}


def order_named(served: Served, name: str) -> list[str]:
    query = ListQuery(object="order", filter=f'name = "{name}"')
    return [row.id for row in served.platform.records.list(served.system(), query).rows]


def test_a_new_record_is_saved_with_the_rows_that_were_filled_in(served: Served, ann: FlaskClient) -> None:
    form = inputs(ann.get("/o/order/new").get_data(as_text=True))
    assert {name for name in form if name.endswith(".product")} == {f"lines.{n}.product" for n in range(3)}
    typed = {"name": "Grid", "lines.0.product": "阀门", "lines.0.quantity": "2", "lines.2.product": "pump"}
    status, _ = save(ann, "/o/order/new", {**form, **typed})
    assert status == 303
    assert rows_of(served, order_named(served, "Grid")[0]) == {"阀门": 2, "pump": 1}


@pytest.mark.promise("OBJ-12")
def test_an_error_in_row_three_saves_nothing_and_keeps_what_was_typed(served: Served, ann: FlaskClient) -> None:
    form = inputs(ann.get("/o/order/new").get_data(as_text=True))
    typed = {"name": "Refused", **{f"lines.{n}.product": f"p<{n}>" for n in range(3)}}
    typed |= {"lines.0.quantity": "5", "lines.2.quantity": "0", "lines.1.price": "7.5"}
    status, page = save(ann, "/o/order/new", {**form, **typed})
    assert status == 422
    assert order_named(served, "Refused") == []
    again = inputs(page)
    assert {name: again[name] for name in typed} == typed
    assert '<a href="#order-new-lines-2-quantity">Lines, row 3: Quantity</a>' in page
    assert re.search(r'name="lines\.2\.quantity"[^>]*aria-invalid="true"', page)
    status, _ = save(ann, "/o/order/new", {**again, "lines.2.quantity": "1"})
    assert status == 303
    assert len(rows_of(served, order_named(served, "Refused")[0])) == 3


def test_rows_are_changed_added_and_taken_away_on_the_form_of_a_record(served: Served, ann: FlaskClient) -> None:
    lines = [{"product": name} for name in ("keep", "change", "drop")]
    order = served.make("ann", "order", name="Edit", lines=lines)["id"]
    page = ann.get(f"/o/order/{order}/edit").get_data(as_text=True)
    form = inputs(page)
    at = {form[f"lines.{n}.product"]: n for n in range(3)}
    typed = {f"lines.{at['change']}.quantity": "9", f"lines.{at['drop']}._remove": "true", "lines.3.product": "new"}
    status, _ = save(ann, f"/o/order/{order}/edit", {**form, **typed})
    assert status == 303
    assert rows_of(served, order) == {"keep": 1, "change": 9, "new": 1}
    assert served.get("ann", f"/records/order/{order}").get_json()["pieces"] == 11


def test_a_row_nobody_touched_is_not_saved_over_somebody_elses_change(served: Served, ann: FlaskClient) -> None:
    order = served.make("ann", "order", name="Two", lines=[{"product": "a"}, {"product": "b"}])["id"]
    form = inputs(ann.get(f"/o/order/{order}/edit").get_data(as_text=True))
    at = {form[f"lines.{n}.product"]: n for n in range(2)}
    theirs = form[f"lines.{at['a']}.id"]
    served.call("ann", "PATCH", f"/records/line/{theirs}", json={"product": "a2"})
    status, _ = save(ann, f"/o/order/{order}/edit", {**form, f"lines.{at['b']}.product": "b2"})
    assert status == 303
    assert rows_of(served, order) == {"a2": 1, "b2": 1}
    form = inputs(ann.get(f"/o/order/{order}/edit").get_data(as_text=True))
    at = {form[f"lines.{n}.product"]: n for n in range(2)}
    served.call("ann", "PATCH", f"/records/line/{theirs}", json={"product": "a3"})
    status, page = save(ann, f"/o/order/{order}/edit", {**form, f"lines.{at['a2']}.product": "mine"})
    assert status == 422
    assert inputs(page)[f"lines.{at['a2']}.product"] == "mine"


def test_more_empty_rows_come_without_scripts_and_keep_what_is_typed(served: Served, ann: FlaskClient) -> None:
    form = inputs(ann.get("/o/order/new").get_data(as_text=True))
    status, page = save(ann, "/o/order/new", {**form, "name": "More", "lines.0.product": "x", "fs-rows": "lines"})
    assert status == 200
    again = inputs(page)
    assert (again["name"], again["lines.0.product"]) == ("More", "x")
    assert len([name for name in again if name.endswith(".product") and not name.startswith("lines.0")]) == 5
    assert order_named(served, "More") == []


def test_a_conflict_of_the_parent_carries_the_rows_along(served: Served, ann: FlaskClient) -> None:
    order = served.make("ann", "order", name="Clash", region="West")["id"]
    form = inputs(ann.get(f"/o/order/{order}/edit").get_data(as_text=True))
    served.call("ann", "PATCH", f"/records/order/{order}", json={"region": "East"})
    typed = {"name": "Clash 2", "lines.0.product": "carried"}
    status, page = save(ann, f"/o/order/{order}/edit", {**form, **typed})
    assert status == 409
    status, _ = save(ann, f"/o/order/{order}/edit", inputs(page))
    assert status == 303
    assert rows_of(served, order) == {"carried": 1}


def test_who_may_not_change_rows_sees_no_grid(served: Served) -> None:
    page = served.sign_in("boss").get("/o/order/new").get_data(as_text=True)
    assert "data-fs-grid" not in page


def test_a_form_with_a_grid_is_three_statements_whatever_its_rows_and_lookups(served: Served, ann: FlaskClient) -> None:
    typed = {"name": "Counted", **{f"lines.{n}.product": f"p{n}" for n in range(5)}}
    assert save(ann, "/o/order/new", {**inputs(ann.get("/o/order/new").get_data(as_text=True)), **typed})[0] == 303
    (order,) = order_named(served, "Counted")
    ann.get(f"/o/order/{order}/edit")
    with served.platform.database.statements.recording() as sent:
        page = ann.get(f"/o/order/{order}/edit").get_data(as_text=True)
    assert all(f'value="p{n}"' in page for n in range(5))
    # What watches for a new release, or for a session's end, comes when its time is.
    own = [text for text in sent if "fs_" not in text.split("WHERE")[0]]
    assert len(own) == 3, own
