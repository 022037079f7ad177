"""Rows of a child list saved with their parent: in one transaction, named by path when refused, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from engine.errors import ConfirmationNeeded, RecordNotFound, StaleVersion, ValidationFailed
from engine.records.types import ListQuery
from metamodel.values import Money
from tests.support.relations import Relations


def told(refused: pytest.ExceptionInfo[ValidationFailed]) -> set[tuple[str | None, str]]:
    return {(error.field, error.code) for error in refused.value.errors}


def lines(app: Relations, order: str) -> dict[str, Any]:
    query = ListQuery(object="line", filter=f'order.id = "{order}"', fields=("product", "quantity", "region"))
    return {str(row["product"]): row for row in app.records.list(app.system, query).rows}


def order(app: Relations, **values: Any) -> Any:
    return app.records.create(app.ann, "order", {"name": "Valves", "region": "West", **values}).record


ROWS = ({"product": "valve", "quantity": 2, "price": "10"}, {"product": "pump", "price": "5.50"})


def test_rows_are_made_with_their_parent_through_the_same_door(app: Relations) -> None:
    made = order(app, lines=ROWS)
    assert made["total"] == Money(Decimal("25.50"), "CNY")
    assert app.records.get(app.ann, "order", made.id).version == made.version
    found = lines(app, made.id)
    assert {name: row["quantity"] for name, row in found.items()} == {"valve": 2, "pump": 1}
    assert {row["region"] for row in found.values()} == {"West"}


def test_rows_are_changed_added_and_removed_by_one_save_and_the_others_stay(app: Relations) -> None:
    made = order(app, lines=[*ROWS, {"product": "seal"}])
    found = lines(app, made.id)
    changes = [
        {"id": found["valve"].id, "quantity": 3, "version": found["valve"].version},
        {"id": found["pump"].id, "_remove": True},
        {"product": "阀门", "price": 1},
    ]
    saved = app.records.update(app.ann, "order", made.id, {"lines": changes}, version=made.version)
    assert {name: row["quantity"] for name, row in lines(app, made.id).items()} == {"valve": 3, "阀门": 1, "seal": 1}
    assert saved.record["total"] == Money(Decimal("31.00"), "CNY")
    assert app.records.get(app.ann, "order", made.id).version == saved.record.version


@pytest.mark.promise("OBJ-12")
@pytest.mark.parametrize("is_new", [True, False])
def test_an_error_in_the_third_row_saves_nothing_and_is_named_by_its_path(app: Relations, is_new: bool) -> None:
    rows = [*ROWS, {"product": "seal", "quantity": 0}, {"product": "x" * 30, "quantity": "many"}]
    made = None if is_new else order(app)
    before = len(app.records.list(app.system, ListQuery(object="order", limit=200)).rows)
    values = {"name": "Other", "lines": rows}
    save: Callable[[], object] = partial(order, app, lines=rows)
    if made is not None:
        save = partial(app.records.update, app.ann, "order", made.id, values)
    with pytest.raises(ValidationFailed) as refused:
        save()
    assert told(refused) == {
        ("lines[2].quantity", "below_minimum"), ("lines[3].product", "too_long"), ("lines[3].quantity", "not_integer"),
    }  # fmt: skip
    assert len(app.records.list(app.system, ListQuery(object="order", limit=200)).rows) == before
    if made is not None:
        assert app.records.get(app.system, "order", made.id).values == {**made.values, "name": "Valves"}
        assert lines(app, made.id) == {}


def test_faults_of_the_parent_and_of_rows_are_told_together(app: Relations) -> None:
    with pytest.raises(ValidationFailed) as refused:
        app.records.create(app.ann, "order", {"name": "", "lines": [{"product": "a", "quantity": "x"}]})
    assert told(refused) == {("name", "required"), ("lines[0].quantity", "not_integer")}


def test_rows_of_rows_are_saved_and_refused_by_their_path(app: Relations) -> None:
    made = order(app, lines=[{"product": "valve", "notes": [{"text": "one"}, {"text": "two"}]}])
    notes = app.records.list(app.system, ListQuery(object="note", filter=f'line.order.id = "{made.id}"')).rows
    assert {note.title for note in notes} == {"one", "two"}
    with pytest.raises(ValidationFailed) as refused:
        order(app, lines=[{"product": "valve"}, {"product": "pump", "notes": [{"text": "ok"}, {"text": ""}]}])
    assert told(refused) == {("lines[1].notes[1].text", "required")}


def test_validations_unique_keys_and_rights_of_rows_count_as_always(app: Relations) -> None:
    app.make("line", order=order(app).id, product="p", serial="S1")
    with pytest.raises(ValidationFailed) as dear:
        order(app, lines=[{"product": "a"}, {"product": "b", "quantity": 100, "price": 20}])
    assert told(dear) == {("lines[1].price", "cheap_in_bulk")}
    rows = [{"product": "a", "serial": "S2"}, {"product": "b", "serial": "S1"}]
    with pytest.raises(ValidationFailed) as twice:
        app.records.create(app.system, "order", {"name": "x", "lines": rows})
    assert told(twice) == {("lines[1].serial", "not_unique")}
    made = order(app, lines=[{"product": "a"}])
    row = lines(app, made.id)["a"].id
    with pytest.raises(ValidationFailed) as no_right:
        app.records.update(app.ann, "order", made.id, {"lines": [{"id": row, "serial": "S4"}]})
    assert told(no_right) == {("lines[0].serial", "read_only")}
    with pytest.raises(RecordNotFound):
        app.records.update(app.bob, "order", made.id, {"lines": [{"id": row, "quantity": 4}]})


def test_a_row_of_another_parent_is_no_row_of_this_one(app: Relations) -> None:
    mine, other = order(app), order(app, lines=[{"product": "theirs"}])
    theirs = lines(app, other.id)["theirs"].id
    for given in ({"id": theirs, "quantity": 9}, {"id": theirs, "_remove": True}, {"id": "nonsense"}):
        with pytest.raises(ValidationFailed) as refused:
            app.records.update(app.ann, "order", mine.id, {"lines": [given]})
        assert told(refused) == {("lines[0]", "no_record")}
    with pytest.raises(ValidationFailed) as moved:
        app.records.update(app.ann, "order", mine.id, {"lines": [{"product": "a", "order": other.id}]})
    assert told(moved) == {("lines[0].order", "given_by_list")}
    assert lines(app, other.id)["theirs"]["quantity"] == 1


@pytest.mark.parametrize("given", ["text", {"product": "a"}, 7, [{"product": "a"}] * 1001])
def test_what_is_no_list_of_rows_is_refused(app: Relations, given: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        order(app, lines=given)
    assert told(refused) == {("lines", "not_rows")}


def test_a_row_that_somebody_changed_meanwhile_is_refused(app: Relations) -> None:
    made = order(app, lines=[{"product": "a"}])
    row = lines(app, made.id)["a"]
    app.records.update(app.system, "line", row.id, {"quantity": 5})
    with pytest.raises(ValidationFailed) as stale:
        app.records.update(app.ann, "order", made.id, {"lines": [{"id": row.id, "version": 1, "quantity": 6}]})
    assert told(stale) == {("lines[0]", "stale_version")}
    current = app.records.get(app.ann, "order", made.id).version
    with pytest.raises(StaleVersion):
        app.records.update(app.ann, "order", made.id, {"lines": []}, version=current + 1)


def test_warnings_of_rows_are_asked_for_with_their_path(app: Relations) -> None:
    with pytest.raises(ConfirmationNeeded) as asked:
        order(app, lines=[{"product": "odd", "quantity": 13}])
    assert [(each.field, each.code) for each in asked.value.warnings] == [("lines[0].quantity", "unlucky")]
    made = app.records.create(
        app.ann, "order", {"name": "Yes", "lines": [{"product": "odd", "quantity": 13}]}, confirm=["unlucky"]
    )
    assert [each.code for each in made.notices] == ["unlucky"]


def test_many_rows_cost_no_statement_each(app: Relations) -> None:
    counts = []
    for count in (2, 60):
        rows = [{"product": f"p{n}", "price": n} for n in range(count)]
        with app.platform.database.statements.recording() as sent:
            order(app, lines=rows)
        counts.append(len(sent))
    assert counts[1] <= counts[0] + 1
