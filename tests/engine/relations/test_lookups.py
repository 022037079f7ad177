"""Lookups of several objects and their `where`, and trees: the same set by every way, on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import QueryProblem, ValidationFailed
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Ref
from tests.support.automation import do_runs
from tests.support.relations import Relations


def codes(refused: pytest.ExceptionInfo[ValidationFailed]) -> set[tuple[str | None, str]]:
    return {(error.field, error.code) for error in refused.value.errors}


def chosen(app: Relations, filter: str, key: str = "place") -> set[str]:
    return {row.title for row in app.records.list(app.system, ListQuery(object=key, filter=filter)).rows}


@pytest.mark.promise("OBJ-10")
def test_picker_save_bulk_import_and_rules_accept_the_same_records(app: Relations, tmp_path: Path) -> None:
    candidates: dict[str, tuple[str, dict[str, object]]] = {
        "fits": ("firm", {"region": "West"}), "fits too": ("place", {"region": "West"}),
        "closed": ("firm", {"region": "West", "closed": True}), "elsewhere": ("place", {"region": "East"}),
    }  # fmt: skip
    made = {
        name: Ref(key, app.make(key, name=f"Rule {name}", code=name, **values))
        for name, (key, values) in candidates.items()
    }
    offered = app.records.choices(app.system, "order", "partner", "Rule", values={"region": "West"})
    assert {(each.object, each.id) for each in offered} == {(made[n].object, made[n].id) for n in ("fits", "fits too")}
    accepted: dict[str, set[str]] = {"save": set(), "bulk": set(), "import": set(), "rule": set()}
    for name, ref in made.items():
        values = {"name": f"One {name}", "region": "West", "partner": {"object": ref.object, "id": ref.id}}
        if name.startswith("fits"):
            accepted["save"] |= {name} if app.records.create(app.system, "order", values).created else set()
            continue
        with pytest.raises(ValidationFailed) as refused:
            app.records.create(app.system, "order", values)
        assert codes(refused) == {("partner", "not_a_choice")}
    rows = [SaveRow(values={"name": name, "region": "West", "partner": ref}) for name, ref in made.items()]
    done = app.records.save_many(app.system, "order", [*rows, SaveRow(values={"name": "x"})])
    accepted["bulk"] = {name for name, row in zip(made, done.rows, strict=False) if row.outcome == "created"}
    file = tmp_path / "orders.csv"
    lines = [f"Import {name},West,{ref.object}:{name}" for name, ref in made.items()]
    file.write_text("name,region,partner\n" + "\n".join(lines) + "\n", encoding="utf-8")
    app.platform.imports.import_csv(app.system, "order", file)
    found = app.records.list(app.system, ListQuery(object="order", filter='name starts with "Import "'))
    accepted["import"] = {row.title.removeprefix("Import ") for row in found.rows}
    for name in made:
        app.make("order", name=f"Rule {name}", region="West")
    do_runs(app.platform)
    by_rule = app.records.list(
        app.system, ListQuery(object="order", filter='name starts with "Rule " and partner is not empty')
    )
    accepted["rule"] = {row.title.removeprefix("Rule ") for row in by_rule.rows}
    # The rule looks among firms only.
    assert accepted == {way: {"fits"} if way == "rule" else {"fits", "fits too"} for way in accepted}
    assert chosen(app, 'partner is a place and name starts with "One "', "order") == {"One fits too"}


def test_what_limits_a_lookup_is_judged_again_when_the_lookup_moves(app: Relations) -> None:
    west = app.make("firm", name="W", region="West")
    order = app.make("order", name="Moves", region="West", partner=f"firm:{west}")
    with pytest.raises(ValidationFailed) as refused:
        app.records.create(app.system, "order", {"name": "x", "region": "East", "partner": f"firm:{west}"})
    assert codes(refused) == {("partner", "not_a_choice")}
    assert app.records.get(app.system, "order", order)["partner"] == Ref("firm", west)


@pytest.mark.promise("OBJ-10")
def test_a_record_of_a_tree_never_stands_below_itself(app: Relations) -> None:
    top = app.make("place", name="Top")
    middle = app.make("place", name="Middle", above=top)
    low = app.make("place", name="Low", above=middle)
    with pytest.raises(ValidationFailed) as refused:
        app.records.update(app.system, "place", top, {"above": low})
    assert codes(refused) == {("above", "own_ancestor")}
    with pytest.raises(ValidationFailed) as itself:
        app.records.update(app.system, "place", top, {"above": top})
    assert codes(itself) == {("above", "own_parent")}
    other = app.make("place", name="Other", above=top)
    together = [SaveRow(id=other, values={"above": middle}), SaveRow(id=middle, values={"above": other})]
    done = app.records.save_many(app.system, "place", together)
    assert [row.outcome for row in done.rows] == ["refused", "refused"]
    with app.records.transaction(app.system) as transaction:
        transaction.update("place", middle, {"above": None})
        transaction.update("place", top, {"above": low})
    assert app.records.get(app.system, "place", top)["above"] == low


@pytest.mark.promise("OBJ-10")
def test_two_moves_at_once_close_no_circle(app: Relations) -> None:
    pairs = [(app.make("place", name=f"a{n}"), app.make("place", name=f"b{n}")) for n in range(4)]
    for one, two in pairs:
        gate = threading.Barrier(2)
        refused: list[bool] = []

        def move(child: str, parent: str, gate: threading.Barrier = gate, refused: list[bool] = refused) -> None:
            gate.wait()
            try:
                app.records.update(app.system, "place", child, {"above": parent})
            except ValidationFailed:
                refused.append(True)

        threads = [threading.Thread(target=move, args=pair) for pair in ((one, two), (two, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused == [True]


@pytest.mark.promise("OBJ-10")
def test_a_filter_selects_a_whole_subtree(app: Relations) -> None:
    asia = app.make("place", name="亚洲", code="asia")
    china = app.make("place", name="中国", code="china", above=asia)
    shanghai = app.make("place", name="上海", code="shanghai", above=china)
    app.make("place", name="Paris", code="paris")
    orders = [app.make("order", name=f"in {n}", place=p) for n, p in (("asia", asia), ("shanghai", shanghai))]
    subtree = 'in_subtree(this, lookup(place, code, "china"))'
    assert chosen(app, subtree) == {"中国", "上海"}
    assert chosen(app, f'not ({subtree}) and name in ["亚洲", "上海", "Paris"]') == {"亚洲", "Paris"}
    ordered = f'in_subtree(place, lookup(place, id, "{asia}")) and not in_subtree(place, lookup(place, id, "{china}"))'
    assert chosen(app, ordered, "order") == {"in asia"}
    app.records.delete(app.system, "order", orders[1])
    app.records.delete(app.system, "place", shanghai)
    assert chosen(app, subtree) == {"中国"}


def test_who_may_not_read_a_record_does_not_see_what_stands_below_it(app: Relations) -> None:
    top = app.make("place", name="Eyes top", code="eyes")
    hidden = app.make("place", name="Hidden", above=top)
    app.make("place", name="Eyes low", above=hidden)
    app.make("place", name="Eyes beside", above=top)
    query = ListQuery(object="place", filter='in_subtree(this, lookup(place, code, "eyes"))')
    assert {row.title for row in app.records.list(app.ann, query).rows} == {"Eyes top", "Eyes beside"}
    assert len(app.records.list(app.system, query).rows) == 4


def test_a_subtree_of_what_is_no_tree_is_a_mistake_with_its_place(app: Relations) -> None:
    with pytest.raises(QueryProblem) as refused:
        app.records.list(app.system, ListQuery(object="order", filter="in_subtree(partner, partner)"))
    assert [problem.code for problem in refused.value.problems] == ["EXP302"]
