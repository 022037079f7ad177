"""Writers at the same time: nothing is lost, nothing is given twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine.errors import EngineError, StaleVersion, ValidationFailed
from metamodel.values import Money
from tests.support.deals import Deals


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    def attempt(number: int) -> object:
        try:
            return work(number)
        except EngineError as refused:
            return refused

    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(attempt, range(count)))


def test_of_many_writers_with_one_version_one_wins(deals: Deals) -> None:
    deal = deals.deal()
    results = at_once(
        12, lambda n: deals.records.update(deals.ann, "deal", deal, {"name": f"by {n}"}, version=1).record.version
    )
    assert results.count(2) == 1
    assert sum(isinstance(result, StaleVersion) for result in results) == 11


def test_no_update_is_lost_without_a_version(deals: Deals) -> None:
    deal = deals.deal()
    fields = ("name", "code", "close", "count", "locked", "factor")
    values = ("n", "lost-1", "2099-01-01", 5, "x", "1.5")
    at_once(6, lambda n: deals.records.update(deals.ann, "deal", deal, {fields[n]: values[n]}))
    record = deals.records.get(deals.ann, "deal", deal)
    assert record.version == 7
    assert all(record[name] is not None for name in fields)


def test_a_unique_value_is_taken_once_under_fifty_tries(deals: Deals) -> None:
    results = at_once(50, lambda _: deals.deal(code="only one"))
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, ValidationFailed) for result in results) == 49


def test_numbers_are_given_once_each_to_records_made_at_once(deals: Deals) -> None:
    made = at_once(40, lambda _: deals.deal())
    numbers = [deals.records.get(deals.ann, "deal", str(deal))["number"] for deal in made]
    assert len(set(numbers)) == 40


def test_rollups_count_lines_that_are_written_at_once(deals: Deals) -> None:
    deal = deals.deal()
    values = {"deal": deal, "product": "p", "quantity": 2, "price": "1.50"}
    results = at_once(20, lambda _: deals.records.create(deals.ann, "line", values).created)
    assert results == [True] * 20
    record = deals.records.get(deals.ann, "deal", deal)
    assert record["parts"] == 20
    assert isinstance(record["total"], Money)
    assert record["total"].amount == 60


def test_a_form_opens_while_a_save_holds_the_record(deals: Deals) -> None:
    deal = deals.deal(name="before")
    with deals.records.transaction(deals.ann) as transaction:
        transaction.update("deal", deal, {"name": "held"})
        transaction.settle()
        assert deals.records.form_state(deals.ann, "deal", deal, {}).values["name"] == "before"
    assert deals.records.form_state(deals.ann, "deal", deal, {}).values["name"] == "held"
