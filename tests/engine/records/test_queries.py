"""Lists through the door: filters, orders, pages, and what a caller may not ask about."""

from __future__ import annotations

from contextlib import suppress

import pytest

from engine.access.actor import Actor
from engine.errors import QueryProblem, RecordNotFound
from engine.records.types import ListQuery, SaveRow, SortKey
from tests.support.deals import Deals


def keys(*paths: str) -> tuple[SortKey, ...]:
    return tuple(SortKey(path=path.lstrip("-"), descending=path.startswith("-")) for path in paths)


@pytest.fixture(scope="module")
def many(deals: Deals) -> list[str]:
    """Thirty deals with equal and empty values in every sort field."""
    accounts = [
        deals.records.create(deals.ann, "account", {"name": name}).record.id for name in ("北京", "acme", "Zeta")
    ]
    rows = [
        SaveRow(
            values={
                "name": ("walk a", "Walk B", "walk 阀门")[number % 3],
                "amount": (None, 10, 20)[number % 3],
                "stage": ("open", "lost")[number % 2],
                "account": ([None, *accounts])[number % 4],
                "close": (None, "2099-01-01")[number % 2],
            }
        )
        for number in range(30)
    ]
    result = deals.records.save_many(deals.ann, "deal", rows)
    assert not result.refused
    return [row.id for row in result.rows if row.id is not None]


def walk(deals: Deals, sort: tuple[SortKey, ...], limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        query = ListQuery(object="deal", search="walk", sort=sort, limit=limit, cursor=cursor, fields=("name",))
        page = deals.records.list(deals.ann, query)
        found += [str(row["id"]) for row in page.json_rows()]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize(
    "sort",
    [
        (), ("amount",), ("-amount",), ("name", "-amount"), ("account",), ("-account", "close"), ("stage", "amount"),
        ("account.name",), ("-close", "-amount"), ("net",), ("industry",), ("created_at",), ("account.owner.name",),
    ],
)  # fmt: skip
def test_pages_walk_every_record_once_in_one_order(deals: Deals, many: list[str], sort: tuple[str, ...]) -> None:
    whole = walk(deals, keys(*sort), 200)
    assert sorted(whole) == sorted(many)
    assert walk(deals, keys(*sort), 7) == whole


def test_names_sort_without_regard_to_case_and_chinese_by_pinyin(deals: Deals, many: list[str]) -> None:
    page = deals.records.list(deals.ann, ListQuery(object="account", sort=keys("name"), fields=("name",)))
    names = [row["name"] for row in page.json_rows() if row["name"] in ("北京", "acme", "Zeta")]
    assert names == ["acme", "北京", "Zeta"]


def test_empties_come_last_ascending_and_first_descending(deals: Deals, many: list[str]) -> None:
    def amounts(*sort: str) -> list[bool]:
        query = ListQuery(object="deal", search="walk", sort=keys(*sort), fields=("amount",), limit=200)
        return [row["amount"] is None for row in deals.records.list(deals.ann, query).json_rows()]

    assert amounts("amount") == sorted(amounts("amount"))
    assert amounts("-amount") == sorted(amounts("-amount"), reverse=True)


@pytest.mark.promise("SEC-42")
def test_a_changed_cursor_or_one_of_another_list_is_refused(deals: Deals, many: list[str]) -> None:
    query = ListQuery(object="deal", search="walk", sort=keys("amount"), limit=5)
    cursor = deals.records.list(deals.ann, query).next_cursor
    assert cursor is not None
    bent = cursor[:-2] + ("AA" if not cursor.endswith("AA") else "BB")
    others = (
        ListQuery(object="deal", search="walk", sort=keys("amount"), limit=5, cursor=bent),
        ListQuery(object="deal", search="walk", sort=keys("name"), limit=5, cursor=cursor),
        ListQuery(object="deal", filter="amount > 5", sort=keys("amount"), limit=5, cursor=cursor),
        ListQuery(object="account", sort=keys("name"), limit=5, cursor=cursor),
        ListQuery(object="deal", limit=5, cursor="…"),
        ListQuery(object="deal", limit=5, cursor=""),
    )
    for other in others:
        with pytest.raises(QueryProblem):
            deals.records.list(deals.ann, other)


@pytest.mark.parametrize(
    "query",
    [
        ListQuery(object="deal", filter="secret = \"x\""), ListQuery(object="deal", filter="hot"),
        ListQuery(object="deal", filter="old.amount > 1"), ListQuery(object="deal", filter='name matches ".*"'),
        ListQuery(object="deal", filter="amount >"), ListQuery(object="deal", filter="x'); drop table deal; --"),
        ListQuery(object="deal", sort=keys("secret")), ListQuery(object="deal", sort=keys("hot")),
        ListQuery(object="deal", sort=keys("name; drop table x")), ListQuery(object="deal", fields=("hot",)),
        ListQuery(object="deal", fields=("secret",)), ListQuery(object="deal", fields=("amount * 2",)),
        ListQuery(object="deal", fields=("name\"",)), ListQuery(object="deal", view="nothing"),
        ListQuery(object="deal", limit=0), ListQuery(object="deal", limit=201),
        ListQuery(object="deal", filter="account.owner.secret = 1"),
    ],
)  # fmt: skip
def test_what_may_not_be_read_or_does_not_exist_can_not_be_asked_about(deals: Deals, query: ListQuery) -> None:
    with pytest.raises(QueryProblem):
        deals.records.list(deals.ann, query)
    if query.filter or query.view:
        with pytest.raises(QueryProblem):
            deals.records.count(deals.ann, query)


def test_an_unreadable_field_and_an_unknown_one_give_the_same_message(deals: Deals) -> None:
    def said(name: str) -> str:
        with pytest.raises(QueryProblem) as refused:
            deals.records.list(deals.ann, ListQuery(object="deal", filter=f"{name} = 1"))
        return str(refused.value).split(";")[0].replace(name, "…")

    assert said("secret") == said("absent")


def test_paths_to_unreadable_records_are_empty_in_columns_filters_and_order(deals: Deals) -> None:
    hidden = deals.records.create(deals.system, "account", {"name": "Hidden", "industry": "Secret"}).record.id
    deal = deals.records.create(deals.system, "deal", {"name": "Bridge", "account": hidden}).record.id
    deals.records.update(deals.system, "deal", deal, {"owner": f"user:{deals.ann.user_id}"})
    query = ListQuery(object="deal", filter='name = "Bridge"', fields=("account", "account.name", "account.industry"))
    (row,) = deals.records.list(deals.ann, query).json_rows()
    assert row["account"] == {"id": hidden, "title": None}
    assert (row["account.name"], row["account.industry"]) == (None, None)
    for text, count in (('account.name = "Hidden"', 0), ('account.name is empty and name = "Bridge"', 1)):
        assert deals.records.count(deals.ann, ListQuery(object="deal", filter=text)).value == count
    assert deals.records.count(deals.ann, ListQuery(object="deal", search="hidden")).value == 0
    (row,) = deals.records.list(deals.system, query).json_rows()
    assert row["account.industry"] == "Secret"


def test_search_asks_for_every_word_in_any_of_the_paths(deals: Deals, many: list[str]) -> None:
    def found(text: str) -> int:
        return deals.records.count(deals.ann, ListQuery(object="deal", search=text)).value

    assert found("WALK") == 30
    assert found("walk 北京") == found("北京 walk") > 0
    assert found("walk nowhere") == 0
    assert found("100%") == 0


def test_reads_are_one_statement_and_kept(deals: Deals, many: list[str]) -> None:
    log = deals.platform.database.statements
    query = ListQuery(object="deal", view="open", search="walk", filter="amount > 5", limit=3)
    for call in (
        lambda: deals.records.get(deals.ann, "deal", many[0]),
        lambda: deals.records.list(deals.ann, query),
        lambda: deals.records.count(deals.ann, query),
    ):
        with log.recording() as statements:
            call()
        assert len(statements) == 1


def test_a_count_is_capped_unless_asked_exactly(deals: Deals, many: list[str]) -> None:
    rows = [SaveRow(values={"name": "capped"}) for _ in range(1_010)]
    assert not deals.records.save_many(deals.bob, "deal", rows).refused
    query = ListQuery(object="deal", search="capped")
    capped = deals.records.count(deals.bob, query)
    assert (capped.value, capped.capped) == (1_001, True)
    assert deals.records.count(deals.bob, query, exact=True).value == 1_010


def test_a_related_list_has_the_records_that_point_at_the_record(deals: Deals) -> None:
    deal = deals.deal()
    lines = [deals.records.create(deals.ann, "line", {"deal": deal, "product": str(n)}).record.id for n in range(3)]
    page = deals.records.related(deals.ann, "deal", deal, "lines", fields=("product",), limit=2)
    more = deals.records.related(
        deals.ann, "deal", deal, "lines", fields=("product",), limit=2, cursor=page.next_cursor
    )
    assert [row.id for row in (*page.rows, *more.rows)] == lines[::-1]
    with pytest.raises(RecordNotFound):
        deals.records.related(deals.bob, "deal", deal, "lines")


def test_a_list_over_a_lookup_that_may_not_be_read_tells_nothing_of_it(deals: Deals) -> None:
    firm = deals.records.create(deals.ann, "account", {"name": "Hidden & Sons"}).record.id
    for stage, name in (("open", "Secretly backed"), ("won", "Openly backed")):
        made = {"name": name, "stage": stage, "close": "2030-01-01", "backer": firm, "rival": firm}
        deals.records.create(deals.system, "deal", {**made, "owner": f"user:{deals.ann.user_id}"}, confirm=None)

    def backed(actor: Actor) -> list[str]:
        page = deals.records.related(actor, "account", firm, "backed", fields=("name",))
        return sorted(str(row.values["name"]) for row in page.rows)

    assert backed(deals.system) == ["Openly backed", "Secretly backed"]
    assert backed(deals.ann) == ["Openly backed"]
    for count, expected in ((1, ["Hidden & Sons"]), (2, [])):
        query = ListQuery(object="account", filter=f"count(backed) = {count}", fields=("name",))
        assert [row.values["name"] for row in deals.records.list(deals.ann, query).rows] == expected
    with pytest.raises(QueryProblem):
        deals.records.related(deals.ann, "account", firm, "fought")
    with pytest.raises(QueryProblem):
        deals.records.list(deals.ann, ListQuery(object="account", filter="count(fought) > 0"))


@pytest.mark.parametrize(
    "text",
    [
        "close + 4000000 days > today", "today + 9000 years > close", "opened - 9000 years < today", "name = \"a\0\"",
        "name = \"\ud800\"", "count * 1000000000000000000000000000 * 1000000000000000000000000000 > 5",
        "count > 99999999999999999999999999999999", "amount / 0 > 1", "left(name, 99999999999999999999) = name",
        "round(factor, 400) = 1", "id = \"x\"", "close = 9999-12-31 and close + 1 day > close",
    ],
)  # fmt: skip
def test_a_question_beyond_what_can_be_computed_is_answered_or_refused(
    deals: Deals, many: list[str], text: str
) -> None:
    query = ListQuery(object="deal", filter=text)
    for call in (deals.records.list, deals.records.count):
        with suppress(QueryProblem):
            call(deals.ann, query)


def test_all_records_of_an_object_are_read_batch_by_batch_and_none_is_left_out(deals: Deals) -> None:
    rows = [SaveRow(values={"name": f"Crowd {n}"}) for n in range(2_050)]
    made = {row.id for row in deals.records.save_many(deals.system, "account", rows).rows}
    with deals.records.reading(deals.system) as transaction, deals.platform.database.statements.recording() as sent:
        found = [values["id"] for values in transaction.cache.records("account")]
    assert found == sorted(set(found))
    assert made <= set(found)
    assert len(sent) == 2


def test_records_are_called_by_their_titles_as_far_as_they_may_be_read(deals: Deals) -> None:
    made = {who: deals.records.create(actor, "deal", {"name": f"called {who}"}) for who, actor in
            (("ann", deals.ann), ("cara", deals.cara))}  # fmt: skip
    keys_ = [("deal", made[who].record.id) for who in ("cara", "ann")]
    asked = [*keys_, keys_[0], ("deal", "no id"), ("nothing", keys_[0][1]), ("user", keys_[0][1])]

    def told(actor: Actor) -> list[tuple[tuple[str, str], str]]:
        with deals.records.reading(actor) as transaction, deals.platform.database.statements.recording() as sent:
            found = list(transaction.reader.titles(asked).items())
        assert len(sent) <= 2
        return found

    titles = [made[who].record.title for who in ("cara", "ann")]
    assert told(deals.system) == list(zip(keys_, titles, strict=True)), "in the order asked"
    readable = {
        row.id
        for row in deals.records.list(deals.ann, ListQuery(object="deal", search="called", fields=("name",))).rows
    }
    assert readable == {keys_[1][1]}
    assert told(deals.ann) == [(keys_[1], titles[1])]
