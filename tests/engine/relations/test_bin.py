"""Deleting what is in use, and the bin: parts go along and come back, unique keys hold again, on both databases."""

from __future__ import annotations

import pytest

from engine.errors import RecordInUse, RecordNotFound, ValidationFailed
from engine.records.types import ListQuery
from tests.support.relations import Relations


def told(refused: pytest.ExceptionInfo[ValidationFailed]) -> set[tuple[str | None, str]]:
    return {(error.field, error.code) for error in refused.value.errors}


def count(app: Relations, key: str, filter: str) -> int:
    return app.records.count(app.system, ListQuery(object=key, filter=filter)).value


def test_a_record_in_use_stays_and_the_count_is_of_what_the_actor_may_read(app: Relations) -> None:
    place = app.make("place", name="Used")
    for owner in (app.ann, app.ann, app.bob):
        app.records.create(owner, "order", {"name": "o", "place": place})
    with pytest.raises(RecordInUse) as by_ann:
        app.records.delete(app.ann, "place", place)
    assert (by_ann.value.used_by, by_ann.value.count) == ("order", 2)
    assert "2 records" in str(by_ann.value)
    with pytest.raises(RecordInUse) as by_all:
        app.records.delete(app.system, "place", place)
    assert by_all.value.count == 3
    other = app.make("place", name="Used by another")
    app.records.create(app.bob, "order", {"name": "o", "place": other})
    with pytest.raises(RecordInUse) as unseen:
        app.records.delete(app.ann, "place", other)
    assert unseen.value.count == 0
    assert "may not see" in str(unseen.value)
    assert app.records.get(app.ann, "place", other).title == "Used by another"


def test_parts_go_to_the_bin_and_come_back_with_their_record(app: Relations) -> None:
    rows = [{"product": "a", "notes": [{"text": "n"}]}, {"product": "b"}]
    order = app.records.create(app.ann, "order", {"name": "Whole", "lines": rows}).record
    alone = next(
        iter(
            app.records.list(
                app.system, ListQuery(object="line", filter=f'order.id = "{order.id}" and product = "b"')
            ).rows
        )
    )
    app.records.delete(app.ann, "line", alone.id)
    app.records.delete(app.ann, "order", order.id)
    assert count(app, "line", 'product in ["a", "b"] and order.name = "Whole"') == 0
    assert count(app, "note", 'text = "n"') == 0
    app.records.restore(app.ann, "order", order.id)
    # What was deleted before its parent stays in the bin.
    assert count(app, "line", f'order.id = "{order.id}"') == 1
    assert count(app, "note", f'line.order.id = "{order.id}"') == 1
    assert app.records.get(app.ann, "order", order.id)["pieces"] == 1


def test_a_restore_that_breaks_a_unique_key_is_refused_with_the_field(app: Relations) -> None:
    first = app.make("order", name="First", code="K1")
    app.records.delete(app.system, "order", first)
    app.make("order", name="Second", code="K1")
    with pytest.raises(ValidationFailed) as refused:
        app.records.restore(app.system, "order", first)
    assert told(refused) == {("code", "not_unique")}
    with pytest.raises(RecordNotFound):
        app.records.get(app.system, "order", first)


def test_a_restore_whose_part_breaks_a_unique_key_is_refused_with_the_part(app: Relations) -> None:
    order = app.make("order", name="Parts", lines=[{"product": "a"}, {"product": "b", "serial": "U1"}])
    app.records.delete(app.system, "order", order)
    app.make("line", order=app.make("order", name="Later"), product="c", serial="U1")
    with pytest.raises(ValidationFailed) as refused:
        app.records.restore(app.system, "order", order)
    assert told(refused) == {("lines[1].serial", "not_unique")}
    with pytest.raises(RecordNotFound):
        app.records.get(app.system, "order", order)


def test_a_record_comes_back_without_what_it_pointed_at_only_if_it_may(app: Relations) -> None:
    place = app.make("place", name="Gone")
    order = app.make("order", name="Points", place=place)
    app.records.delete(app.system, "order", order)
    app.records.delete(app.system, "place", place)
    with pytest.raises(ValidationFailed) as refused:
        app.records.restore(app.system, "order", order)
    assert told(refused) == {("place", "no_record")}
    app.records.restore(app.system, "place", place)
    app.records.restore(app.system, "order", order)
    assert app.records.get(app.system, "order", order)["place"] == place
