"""Many records at once: the same outcome as one by one, with the statements of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ConfirmationNeeded, EngineError, ValidationFailed
from engine.records.types import ListQuery, SaveRow
from tests.support.deals import Deals

_VALUES: Mapping[str, tuple[object, ...]] = {
    "name": ("Pumps", "", "x" * 51, 5),
    "amount": (None, 5, "100", "-1", "x"),
    "discount": (None, "20%", 2),
    "stage": (None, "open", "sent", "won", "dead"),
    "close": (None, "2099-01-01", "1999-01-01"),
    "count": (None, 7, 1001),
    "nothing": (None, 1),
}
_ROWS = st.fixed_dictionaries({}, optional={name: st.sampled_from(options) for name, options in _VALUES.items()})
_SKIPPED = {"id", "number", "created_at", "modified_at", "version"}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _SKIPPED}


def one_by_one(deals: Deals, rows: list[dict[str, object]]) -> list[object]:
    found: list[object] = []
    for row in rows:
        try:
            saved = deals.records.create(deals.ann, "deal", row, confirm=None)
            found.append((plain(saved.record.values), [notice.code for notice in saved.notices]))
        except ValidationFailed as refused:
            found.append({(error.field, error.code) for error in refused.errors})
    return found


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(_ROWS, min_size=1, max_size=6))
def test_a_batch_does_what_single_saves_do(deals: Deals, rows: list[dict[str, object]]) -> None:
    single = one_by_one(deals, rows)
    result = deals.records.save_many(deals.ann, "deal", [SaveRow(values=row) for row in rows])
    batch: list[object] = []
    for row in result.rows:
        if row.outcome == "refused":
            batch.append({(error.field, error.code) for error in row.errors})
        else:
            assert row.id is not None
            record = deals.records.get(deals.ann, "deal", row.id)
            batch.append((plain(record.values), [notice.code for notice in row.notices]))
    assert batch == single


def test_statements_stay_the_same_however_many_rows(deals: Deals) -> None:
    account = deals.records.create(deals.ann, "account", {"name": "ACME"}).record.id

    def statements(count: int, prefix: str) -> int:
        rows = [
            SaveRow(values={"name": f"{prefix}{n}", "code": f"{prefix}{n}", "account": account, "amount": n + 10})
            for n in range(count)
        ]
        with deals.platform.database.statements.recording() as sent:
            assert not deals.records.save_many(deals.ann, "deal", rows).refused
        return len(sent)

    assert statements(3, "a") == statements(200, "b")


def test_updates_in_a_batch_are_judged_and_versioned(deals: Deals) -> None:
    mine, stale, his = deals.deal(), deals.deal(), deals.records.create(deals.bob, "deal", {"name": "His"}).record.id
    rows = [
        SaveRow(values={"name": "Valves"}, id=mine, version=1),
        SaveRow(values={"name": "Valves"}, id=stale, version=7),
        SaveRow(values={"name": "Valves"}, id=his),
        SaveRow(values={"name": "Pumps"}, id=deals.deal()),
        SaveRow(values={"name": "Valves"}, id="no id"),
        SaveRow(values={"name": "Again"}, id=mine),
    ]
    result = deals.records.save_many(deals.ann, "deal", rows)
    assert [(row.outcome, row.errors[0].code if row.errors else None) for row in result.rows] == [
        ("updated", None), ("refused", "stale_version"), ("refused", "record_not_found"), ("unchanged", None),
        ("refused", "record_not_found"), ("refused", "twice"),
    ]  # fmt: skip
    assert deals.records.get(deals.ann, "deal", mine).version == 2


def test_all_or_nothing_writes_nothing_where_a_row_is_refused(deals: Deals) -> None:
    rows = [SaveRow(values={"name": "whole"}), SaveRow(values={"name": ""}), SaveRow(values={"name": "whole"})]
    result = deals.records.save_many(deals.ann, "deal", rows, all_or_nothing=True)
    assert (result.written, result.refused) == (False, (1,))
    assert deals.records.count(deals.ann, ListQuery(object="deal", search="whole")).value == 0


def test_unique_values_refuse_the_later_row_only(deals: Deals) -> None:
    deals.deal(code="taken")
    rows = [SaveRow(values={"name": "n", "code": code}) for code in ("taken", "free", "free", "other")]
    result = deals.records.save_many(deals.ann, "deal", rows)
    assert [row.outcome for row in result.rows] == ["refused", "created", "refused", "created"]
    assert [error.code for error in result.rows[0].errors] == ["not_unique"]


def test_rollups_of_a_batch_of_lines_are_kept(deals: Deals) -> None:
    first, second = deals.deal(), deals.deal()
    rows = [
        SaveRow(values={"deal": (first, second)[n % 2], "product": "p", "quantity": n + 1, "price": 1})
        for n in range(9)
    ]
    assert not deals.records.save_many(deals.ann, "line", rows).refused
    assert deals.records.get(deals.ann, "deal", first)["parts"] == 5
    assert deals.records.get(deals.ann, "deal", second)["parts"] == 4
    assert deals.records.get(deals.ann, "deal", first).version == 2


def test_steps_of_one_transaction_are_committed_together_or_not_at_all(deals: Deals) -> None:
    def steps() -> None:
        with deals.records.transaction(deals.ann) as transaction:
            made = transaction.create("deal", {"name": "together"}).record.id
            transaction.update("deal", made, {"amount": 100})
            assert transaction.get("deal", made).version == 2
            transaction.create("deal", {"name": ""})

    with pytest.raises(EngineError):
        steps()
    assert deals.records.count(deals.ann, ListQuery(object="deal", search="together")).value == 0
    with pytest.raises(ConfirmationNeeded), deals.records.transaction(deals.ann) as transaction:
        transaction.create("deal", {"name": "together", "amount": 1})


def test_a_create_needs_at_most_four_statements_and_an_update_three(deals: Deals) -> None:
    log = deals.platform.database.statements
    deals.records.create(deals.ann, "account", {"name": "Warm"})
    with log.recording() as sent:
        account = deals.records.create(deals.ann, "account", {"name": "ACME"}).record.id
    assert len(sent) <= 2
    with log.recording() as sent:
        deals.records.create(deals.ann, "account", {"name": "Part", "parent": account})
    assert len(sent) <= 4
    with log.recording() as sent:
        deals.records.update(deals.ann, "account", account, {"name": "ACME Ltd"})
    assert len(sent) <= 3


def test_the_planner_looks_at_a_table_after_many_rows_at_once(deals: Deals) -> None:
    def looks(count: int) -> list[str]:
        rows = [SaveRow(values={"name": f"Firm {n}"}) for n in range(count)]
        with deals.platform.database.statements.recording() as sent:
            deals.records.save_many(deals.system, "account", rows)
        return [text for text in sent if text.startswith("ANALYZE")]

    assert looks(1_000) == []
    assert looks(1_001) == ["ANALYZE core_account"]


def test_every_record_of_a_batch_has_each_of_its_changes_in_the_history(deals: Deals) -> None:
    def saved(rows: list[SaveRow]) -> list[str]:
        done = deals.records.save_many(deals.ann, "deal", rows).rows
        assert not [row for row in done if row.outcome == "refused"]
        return [str(row.id) for row in done]

    made = saved([SaveRow(values={"name": f"Kept {number}"}) for number in range(12)])
    saved([SaveRow(id=each, values={"amount": "5"}) for each in made])
    both = [SaveRow(values={"name": "Beside"}), *(SaveRow(id=each, values={"amount": "6"}) for each in made)]
    made += saved(both)[:1]
    for each in made[-2:]:
        deals.records.delete(deals.system, "deal", each)
        deals.records.restore(deals.system, "deal", each)
    again = ["deleted", "restored"]
    wanted = [*[["created", "updated", "updated"]] * 11, ["created", "updated", "updated", *again], ["created", *again]]
    found = [[entry.action for entry in deals.records.history(deals.system, "deal", each)][::-1] for each in made]
    assert found == wanted
