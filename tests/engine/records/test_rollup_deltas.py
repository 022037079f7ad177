"""Roll-ups move by what a save changed, and are always what a fresh computation gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.records.types import SaveRow
from tests.support.deals import Deals

_PRICES = st.sampled_from([None, "0.01", "20", "49.99", "50", "1000.5"])
_STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 1), _PRICES),
    st.tuples(st.just("bulk"), st.integers(0, 1), _PRICES),
    st.tuples(st.just("price"), st.integers(0, 20), _PRICES),
    st.tuples(st.just("move"), st.integers(0, 20), st.integers(0, 1)),
    st.tuples(st.just("delete"), st.integers(0, 20), st.none()),
    st.tuples(st.just("restore"), st.integers(0, 20), st.none()),
    st.tuples(st.just("parent"), st.integers(0, 1), st.none()),
)


class World:
    """Two deals and their lines: what is stored, and what is in the bin."""

    def __init__(self, deals: Deals) -> None:
        self.deals = deals
        self.parents = [deals.deal(), deals.deal()]
        self.lines: list[str] = []
        self.binned: list[str] = []

    def step(self, kind: str, at: int, value: Any) -> None:
        records, ann = self.deals.records, self.deals.ann
        if kind == "create":
            new_line = {"deal": self.parents[at], "product": "p", "quantity": 3, "price": value}
            self.lines.append(records.create(ann, "line", new_line).record.id)
        elif kind == "bulk":
            new = [SaveRow(values={"deal": deal, "product": "p", "price": value}) for deal in self.parents]
            known = [SaveRow(values={"price": value, "deal": self.parents[at]}, id=line) for line in self.lines[:3]]
            saved = records.save_many(ann, "line", [*new, *known])
            self.lines += [str(row.id) for row in saved.rows[:2]]
        elif kind == "parent":
            records.delete(ann, "deal", self.parents[at])
            records.restore(ann, "deal", self.parents[at])
        elif kind == "restore" and self.binned:
            back = self.binned.pop(at % len(self.binned))
            records.restore(self.deals.system, "line", back)
            self.lines.append(back)
        elif kind != "restore" and self.lines:
            self._change(kind, self.lines[at % len(self.lines)], value)

    def _change(self, kind: str, line: str, value: Any) -> None:
        records, ann = self.deals.records, self.deals.ann
        if kind == "price":
            records.update(ann, "line", line, {"price": value})
        elif kind == "move":
            records.update(ann, "line", line, {"deal": self.parents[value]})
        else:
            records.delete(ann, "line", line)
            self.lines.remove(line)
            self.binned.append(line)

    def kept(self) -> list[Any]:
        found = [self.deals.records.get(self.deals.ann, "deal", deal) for deal in self.parents]
        return [(deal["total"], deal["cheap"], deal["parts"]) for deal in found]

    def fresh(self) -> list[Any]:
        lines = [self.deals.records.get(self.deals.ann, "line", line) for line in self.lines]
        result = []
        for deal in self.parents:
            amounts: list[Any] = [line["amount"] for line in lines if line["deal"] == deal]
            figures = [each.amount for each in amounts if each is not None]
            result.append((sum(figures), sum(1 for each in figures if each < 50), len(amounts)))
        return result


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(_STEPS, min_size=1, max_size=12))
def test_figures_of_parents_equal_a_fresh_computation(deals: Deals, steps: list[tuple[str, int, Any]]) -> None:
    world = World(deals)
    for kind, at, value in steps:
        world.step(kind, at, value)
        assert [(total.amount, cheap, parts) for total, cheap, parts in world.kept()] == world.fresh()


def test_a_child_costs_the_same_statements_and_rows_with_many_siblings(deals: Deals) -> None:
    few, many = deals.deal(), deals.deal()
    rows = [SaveRow(values={"deal": many, "product": "p", "price": 1}) for _ in range(300)]
    deals.records.save_many(deals.ann, "line", rows)

    def sent_for(deal: str) -> list[str]:
        deals.records.create(deals.ann, "line", {"deal": deal, "product": "p", "price": 1})
        with deals.platform.database.statements.recording() as sent:
            deals.records.create(deals.ann, "line", {"deal": deal, "product": "p", "price": 1})
        return list(sent)

    sent = sent_for(many)
    assert sent == sent_for(few)
    # Nothing reads the siblings: no statement counts or sums lines.
    assert not [text for text in sent if text.startswith("SELECT") and "line" in text and "sum(" in text.lower()]


def test_parents_of_a_batch_are_written_by_one_statement(deals: Deals) -> None:
    parents = [deals.deal() for _ in range(5)]

    def updates(rows: list[SaveRow]) -> int:
        with deals.platform.database.statements.recording() as sent:
            assert not deals.records.save_many(deals.ann, "line", rows).refused
        return sum(1 for text in sent if text.startswith("UPDATE"))

    lines = [SaveRow(values={"deal": deal, "product": "p", "price": 7}) for deal in parents]
    assert updates(lines) == 1
    found = [deals.records.get(deals.ann, "deal", deal) for deal in parents]
    assert [deal["parts"] for deal in found] == [1] * 5
    assert {deal.version for deal in found} == {2}
    history = deals.records.history(deals.ann, "deal", parents[0])
    assert {change.field for change in history[0].changes} >= {"total", "parts"}


@pytest.mark.parametrize("price", [None, "12"])
def test_a_parent_whose_figures_stay_is_not_written(deals: Deals, price: str | None) -> None:
    deal = deals.deal()
    line = deals.records.create(deals.ann, "line", {"deal": deal, "product": "p", "price": price}).record.id
    before = deals.records.get(deals.ann, "deal", deal).version
    deals.records.update(deals.ann, "line", line, {"product": "q"})
    assert deals.records.get(deals.ann, "deal", deal).version == before
