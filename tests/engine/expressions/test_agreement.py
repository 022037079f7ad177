"""Both back ends of the language agree, record by record, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Iterator

import pytest

from engine.clock import FixedClock
from engine.expressions.sql.functions import FUNCTIONS_IN_SQL
from metamodel.apps import Metamodel
from tests.support.both_sides import differences
from tests.support.deals import Deals, deals_app
from tests.support.deals_data import fill
from tests.support.expressions import ExpressionMaker
from workflow_dsl.standard_functions import standard_functions

NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
_BATCH = 200
# What only memory runs, what differs in each installation, and what the cases below ask.
# decide() becomes a `case`, which is drawn; what it gives of tables on both databases is in test_decision_tables.
_NOT_DRAWN = {"decide", "is_new", "token", "has_role", "lookup"}


@pytest.fixture(scope="module")
def app(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deals]:
    with deals_app(module_database_url, tmp_path_factory.mktemp("agreement"), clock=FixedClock(NOW)) as deals:
        fill(deals)
        yield deals


def maker(metamodel: Metamodel) -> ExpressionMaker:
    return ExpressionMaker(metamodel=metamodel, object_key="deal", lookups=2, depth=2)


def test_the_language_marks_as_sql_what_sql_has() -> None:
    marked = {item.name for item in standard_functions() if item.sql and not item.form}
    assert marked <= FUNCTIONS_IN_SQL


@pytest.mark.promise("EXP-02")
def test_both_back_ends_agree_on_random_expressions(app: Deals) -> None:
    """10,000 expressions here; more, or others, with FIELDSTONE_EXPRESSIONS and FIELDSTONE_EXPRESSIONS_SEED."""
    agree_on(app, int(os.environ.get("FIELDSTONE_EXPRESSIONS", "10000")))


@pytest.mark.faults
def test_both_back_ends_agree_on_random_expressions_in_the_long_form(app: Deals) -> None:
    """200,000 expressions; a build runs it in a short form, with other expressions than the test above."""
    short = "1000" if os.environ.get("CI") else "200000"
    agree_on(app, int(os.environ.get("FIELDSTONE_EXPRESSIONS", short)), seed="41")


def agree_on(app: Deals, wanted: int, seed: str = "20261121") -> None:
    chance = random.Random(int(os.environ.get("FIELDSTONE_EXPRESSIONS_SEED", seed)))
    rule = maker(app.platform.releases.current().metamodel).drawn()
    for _ in range(0, wanted, _BATCH):
        assert not differences(app, [rule.draw(chance) for _ in range(min(_BATCH, wanted))])


def test_random_expressions_use_every_function_and_operator(app: Deals) -> None:
    rule, chance = maker(app.platform.releases.current().metamodel).drawn(), random.Random(1)
    text = "\n".join(rule.draw(chance) for _ in range(6000))
    unused = [item.name for item in standard_functions() if f"{item.name}(" not in text]
    assert sorted(unused) == sorted(_NOT_DRAWN)
    words = (
        "and",
        "or",
        "not",
        "in",
        "not in",
        "between",
        "contains",
        "starts with",
        "ends with",
        "is empty",
        "has role",
    )
    assert [
        word for word in words if f" {word} " not in text and f"({word} " not in text and f"{word})" not in text
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "amount * discount", "amount * factor / 3", "count / 7", "factor * factor * factor", "amount / amount",
        "amount = empty", "not (amount > 100)", "amount != 100", "amount not in [100000 CNY, 0 CNY]", "hot = false",
        "account = empty", "owner = user", "owner is a user", "account.parent.industry", "account.industry & name",
        "stage.probability", "stage.closed", "not stage.closed", "stage.probability > 10%", "opened + 1 month",
        "opened - 1 year", "close - opened > 30 days", "seen_at + 5 hours", "seen_at + 1 month", "date(seen_at)",
        "seen_at in last 30 days", "opened in this quarter", "opened not in last 2 months", "opened in next 7 days",
        "count(lines)", "sum(lines.amount)", "sum(lines.amount where quantity > 1)",
        "exists(lines where price is empty)", "min(count, 5)", "max(factor, discount, 0)",
        "max(lines.quantity)", "avg(lines.quantity)", "min(lines.price)", 'count(lines where product = this.name) > 0',
        "first(lines.product sorted by quantity)", "last(lines.product sorted by -quantity)",
        'name contains "ACME"', 'name starts with "ａ"', 'account.industry ends with "E"',
        "industry = account.industry",
        "if(hot, amount, empty)", 'case(stage, "open", 1, "lost", 2, 3)', "coalesce(amount, 0 CNY) + 1 CNY",
        "filled(amount, close, code)", 'lookup(account, name, "阀门") = account', "quarter(opened)", "month(seen_at)",
        "account.owner.manager.name", "owner.team.name", "user.name", "user.team = owner.team", "net", "industry",
        "count between 0 and 10", "close between today and today + 1 year", "amount between 1 and 60000",
        "created_by.email", "user has role \"rep\"", "len(name) + 1", "-(2.5)", "-7",
        "owner has role \"rep\"", "owner has role \"boss\"", "created_by has role [\"boss\", \"rep\"]",
        "is_subordinate(owner) or is_subordinate(created_by)", "weekday(opened)", "days_between(opened, close)",
    ],
)  # fmt: skip
def test_both_back_ends_agree_on(app: Deals, text: str) -> None:
    assert not differences(app, [text])
