"""Searches that look through the rows of a list of parts, on both databases."""

from __future__ import annotations

from engine.access.actor import Actor
from engine.records.types import ListQuery
from tests.support.relations import Relations


def found(app: Relations, words: str, actor: Actor | None = None) -> set[str]:
    return {row.title for row in app.records.list(actor or app.system, ListQuery(object="order", search=words)).rows}


def test_a_record_is_found_by_any_of_its_rows_and_once(app: Relations) -> None:
    rows = [{"product": f"kq{n}", "serial": f"KQ-{n}"} for n in range(3)]
    app.make("order", name="Three", lines=rows)
    app.make("order", name="Other", lines=[{"product": "zz"}])
    for word in ("kq0", "ＫＱ1", "kq-2"):
        assert found(app, word) == {"Three"}
    page = app.records.list(app.system, ListQuery(object="order", search="kq"))
    assert [row.title for row in page.rows] == ["Three"]
    assert app.records.count(app.system, ListQuery(object="order", search="kq")).value == 1
    # Words may stand in different rows, or in the record and a row.
    assert found(app, "kq0 kq-1 three") == {"Three"}
    assert found(app, "kq0 zz") == set()


def test_rows_in_the_bin_and_rows_that_may_not_be_read_find_nothing(app: Relations) -> None:
    boss = Actor(user_id=app.bob.user_id, login="boss", name="Boss", roles=frozenset({"boss"}))
    east = app.make("order", name="East", region="East", lines=[{"product": "jw-secret"}])
    app.make("order", name="West", region="West", lines=[{"product": "jw-open"}])
    assert found(app, "jw") == {"East", "West"}
    assert found(app, "jw", boss) == {"West"}
    rows = app.records.list(app.system, ListQuery(object="line", filter=f'order.id = "{east}"')).rows
    app.records.delete(app.system, "line", rows[0].id)
    assert found(app, "jw-secret") == set()
