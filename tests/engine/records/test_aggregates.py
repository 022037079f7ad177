"""Counts and sums in groups: exact, one statement, and of readable records and fields only."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.access.actor import Actor, system_actor
from engine.errors import QueryProblem
from engine.platform import Platform
from engine.records.aggregates import AggregateQuery, Measure
from metamodel.values import Money, Ref
from tests.support.platforms import applied_platform

APP = {
    "objects/deal.yaml": """
        object: deal
        title: "{name}"
        fields:
          name: {type: text, required: true}
          stage: {type: choice, options: {open: {}, won: {}}}
          amount: {type: money}
          share: {type: percent}
          pieces: {type: integer}
          secret: {type: integer, sensitive: true}
          doubled: {type: money, formula: amount * 2}
        views:
          won: {type: list, columns: [name], where: stage = "won"}
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          deal: {read: own, create: yes}
          user: {read: all}
        """,
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """Open an installation with four deals of two owners."""
    with applied_platform(database_url, tmp_path, APP) as made:
        yield made


def rep(platform: Platform, name: str) -> Actor:
    """Make a user who is a rep."""
    saved = platform.records.create(system_actor(), "user", {"name": name, "email": f"{name}@example.com"})
    return Actor(user_id=saved.record.id, login=name, roles=frozenset({"rep"}))


def fill(platform: Platform, ann: Actor, bob: Actor) -> None:
    """Make three deals of ann and one of bob."""
    for owner, stage, amount in ((ann, "won", "0.10"), (ann, "won", "0.20"), (ann, "open", None), (bob, "won", "1000")):
        values = {"name": "x", "stage": stage, "amount": amount, "share": "10%", "pieces": 3}
        platform.records.create(owner, "deal", values)


def sums(*paths: str) -> tuple[Measure, ...]:
    """Make measures: the count and the sums of paths."""
    return (Measure(function="count"), *(Measure(function="sum", path=path) for path in paths))


def test_sums_are_exact_and_of_readable_records_only(platform: Platform) -> None:
    ann, bob = rep(platform, "ann"), rep(platform, "bob")
    fill(platform, ann, bob)
    query = AggregateQuery(object="deal", measures=sums("amount", "share", "pieces", "doubled"))
    (row,) = platform.records.aggregate(ann, query)
    assert row.measures == (
        3,
        Money(Decimal("0.30"), "CNY"),
        Decimal("0.30"),
        Decimal(9),
        Money(Decimal("0.60"), "CNY"),
    )


def test_groups_come_in_order_by_one_statement(platform: Platform) -> None:
    ann, bob = rep(platform, "ann"), rep(platform, "bob")
    fill(platform, ann, bob)
    query = AggregateQuery(object="deal", groups=("stage",), measures=sums("amount"))
    platform.records.aggregate(ann, query)
    with platform.database.statements.recording() as sent:
        rows = platform.records.aggregate(ann, query)
    assert len(sent) == 1
    assert [(row.groups, row.measures) for row in rows] == [
        (("open",), (1, Money(Decimal(0), "CNY"))),
        (("won",), (2, Money(Decimal("0.30"), "CNY"))),
    ]


def test_groups_by_a_lookup_give_what_it_points_at(platform: Platform) -> None:
    ann, bob = rep(platform, "ann"), rep(platform, "bob")
    fill(platform, ann, bob)
    rows = platform.records.aggregate(system_actor(), AggregateQuery(object="deal", groups=("owner",)))
    counted = {row.groups[0]: row.measures[0] for row in rows}
    assert counted == {Ref("user", ann.user_id or ""): 3, Ref("user", bob.user_id or ""): 1}


def test_filter_and_view_narrow_what_is_measured(platform: Platform) -> None:
    ann, bob = rep(platform, "ann"), rep(platform, "bob")
    fill(platform, ann, bob)
    query = AggregateQuery(object="deal", view="won", filter="amount > 0.15")
    assert platform.records.aggregate(ann, query)[0].measures == (1,)


@pytest.mark.parametrize(
    "query",
    [
        AggregateQuery(object="deal", measures=(Measure(function="sum", path="secret"),)),
        AggregateQuery(object="deal", groups=("secret",)),
        AggregateQuery(object="deal", measures=(Measure(function="sum", path="name"),)),
        AggregateQuery(object="deal", measures=(Measure(function="drop", path="pieces"),)),  # type: ignore[arg-type]
        AggregateQuery(object="deal", measures=()),
        AggregateQuery(object="deal", groups=("stage", "name", "share")),
    ],
)
def test_unreadable_unknown_or_too_much_is_refused(platform: Platform, query: AggregateQuery) -> None:
    with pytest.raises(QueryProblem):
        platform.records.aggregate(rep(platform, "ann"), query)
