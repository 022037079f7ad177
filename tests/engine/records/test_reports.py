"""Reports as their files say them: rows, groups by period and across, in one statement each, for who may read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from engine.access.actor import Actor, system_actor
from engine.errors import QueryProblem, RecordNotFound
from engine.platform import Platform
from engine.records.reports import ReportResult, read_report
from metamodel.values import Money
from tests.support.platforms import applied_platform

APP = {
    "objects/deal.yaml": """
        object: deal
        title: "{name}"
        fields:
          name: {type: text, required: true}
          stage: {type: choice, options: {open: {}, won: {}}}
          amount: {type: money}
          close: {type: date}
          seen_at: {type: datetime}
          secret: {type: integer, sensitive: true}
        """,
    "reports/rows.yaml": """
        report: rows
        object: deal
        columns: [name, secret, amount]
        where: amount > 0
        sort: [-amount]
        limit: 2
        """,
    "reports/months.yaml": """
        report: months
        object: deal
        groups: [{field: close, by: month}]
        across: stage
        measures: [count, {function: sum, of: amount}]
        """,
    "reports/falling.yaml": """
        report: falling
        object: deal
        groups: [{field: seen_at, by: quarter}]
        sort: [-seen_at]
        """,
    "reports/hidden.yaml": """
        report: hidden
        object: deal
        measures: [{function: sum, of: secret}]
        """,
    "reports/closed.yaml": """
        report: closed
        object: deal
        columns: [name]
        roles: [boss]
        """,
    "roles/rep.yaml": "role: rep\nobjects: {deal: {read: own, create: yes}, user: {read: all}}\n",
    "roles/boss.yaml": "role: boss\nobjects: {deal: {read: all}}\nfields: {deal.secret: {read: yes}}\n",
}
DEALS = (
    ("a", "won", "10", "2026-01-31", "2026-03-31T15:59:59Z", 1), ("b", "open", "20", "2026-01-02", None, 2),
    ("c", "won", "5", "2026-02-28", "2026-03-31T16:00:00Z", 3), ("d", None, None, None, "2026-12-31T00:00:00Z", 4),
)  # fmt: skip


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("reports"), APP) as made:
        for name, stage, amount, close, seen_at, secret in DEALS:
            values = {"name": name, "stage": stage, "amount": amount, "close": close, "seen_at": seen_at}
            made.records.create(system_actor(), "deal", {**values, "secret": secret})
        yield made


def actor(*roles: str) -> Actor:
    return Actor(user_id="01890000-0000-7000-8000-000000000001", login="x", roles=frozenset(roles))


def read(platform: Platform, name: str, *roles: str) -> ReportResult:
    with platform.records.reading(actor(*roles)) as transaction:
        return read_report(transaction, name)


def test_rows_are_filtered_sorted_and_limited_and_show_what_may_be_read(platform: Platform) -> None:
    with platform.database.statements.recording() as statements:
        page = read(platform, "rows", "boss").page
    assert len(statements) == 1
    assert page is not None
    assert [row["name"] for row in page.rows] == ["b", "a"]
    assert [row["secret"] for row in page.rows] == [2, 1]
    assert read(platform, "rows", "rep").page is not None
    assert read(platform, "rows", "rep").page.rows == ()  # type: ignore[union-attr]


def test_groups_by_period_and_across_are_one_statement_with_empties_last(platform: Platform) -> None:
    with platform.database.statements.recording() as statements:
        rows = read(platform, "months", "boss").groups
    assert len(statements) == 1
    assert [(row.groups, row.measures) for row in rows] == [
        ((dt.date(2026, 1, 1), "open"), (1, Money(Decimal(20), "CNY"))),
        ((dt.date(2026, 1, 1), "won"), (1, Money(Decimal(10), "CNY"))),
        ((dt.date(2026, 2, 1), "won"), (1, Money(Decimal(5), "CNY"))),
        ((None, None), (1, Money(Decimal(0), "CNY"))),
    ]


def test_moments_are_grouped_by_the_days_of_the_apps_zone(platform: Platform) -> None:
    rows = read(platform, "falling", "boss").groups
    quarters = [(row.groups[0], row.measures[0]) for row in rows]
    assert quarters == [
        (None, 1), (dt.date(2026, 10, 1), 1), (dt.date(2026, 4, 1), 1), (dt.date(2026, 1, 1), 1),
    ]  # fmt: skip


def test_a_report_is_for_its_roles_and_measures_only_what_may_be_read(platform: Platform) -> None:
    for name, roles in (("closed", ("rep",)), ("rows", ()), ("none", ("boss",))):
        with pytest.raises(RecordNotFound):
            read(platform, name, *roles)
    assert len(read(platform, "closed", "rep", "boss").page or ()) == 4
    assert read(platform, "hidden", "boss").groups[0].measures == (Decimal(10),)
    with pytest.raises(QueryProblem, match="a field that is not there for you") as refused:
        read(platform, "hidden", "rep")
    assert "secret" not in str(refused.value), "its reader has named nothing"
