"""What has one meaning on every back end: long paths, bounds of periods, empties, texts of all scripts.

Memory and the database are asked about the same records; what is wanted stands beside the expression.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from engine.clock import FixedClock
from engine.records.types import ListQuery, SaveRow
from engine.trying import TriedExpression, try_expression
from tests.support.both_sides import differences
from tests.support.deals import Deals, deals_app

# Two o'clock on Saturday the 21st in Shanghai, still Friday in UTC and in Los Angeles.
NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)
FAR = "America/Los_Angeles"
PERIODS = {
    "last 30 days": ("2026-10-22", "2026-11-21"),
    "next 7 days": ("2026-11-22", "2026-11-28"),
    "this day": ("2026-11-21", "2026-11-21"),
    "last day": ("2026-11-20", "2026-11-20"),
    "next day": ("2026-11-22", "2026-11-22"),
    "this week": ("2026-11-16", "2026-11-22"),
    "last week": ("2026-11-09", "2026-11-15"),
    "next week": ("2026-11-23", "2026-11-29"),
    "this month": ("2026-11-01", "2026-11-30"),
    "last month": ("2026-10-01", "2026-10-31"),
    "next month": ("2026-12-01", "2026-12-31"),
    "this quarter": ("2026-10-01", "2026-12-31"),
    "last quarter": ("2026-07-01", "2026-09-30"),
    "next quarter": ("2027-01-01", "2027-03-31"),
    "this year": ("2026-01-01", "2026-12-31"),
    "last year": ("2025-01-01", "2025-12-31"),
    "next year": ("2027-01-01", "2027-12-31"),
}
WORDS = (
    "Größe",
    "GRÖSSE",
    "größe",
    "阀门",
    "阀门厂",
    "Acme",
    "ＡＣＭＥ",
    "acme",
    "café",
    "CAFE",
    "ﬁne",
    "カ",
    "Ａ門",
    "z",
)
# The record has a name and nothing else.
EMPTIES = {
    "code = industry": "true",
    "code = empty": "true",
    'code = "x"': "false",
    'code != "x"': "true",
    'not (code = "x")': "true",
    "code != empty": "false",
    "count in [1, 2]": "false",
    "count not in [1, 2]": "true",
    "not (count in [1, 2])": "true",
    "count in [1, empty]": "true",
    "count not in [1, empty]": "false",
    "count < 1": "false",
    "count <= 1": "false",
    "count > 1": "false",
    "count >= count": "false",
    "count between 0 and 9": "false",
    "not (count < 1)": "true",
    "not (count between 0 and 9)": "true",
    "count + 1": "",
    "2 * count": "",
    "-count": "",
    "amount - 1 CNY": "",
    "close + 1 day": "",
    "len(name) / 0": "",
    "1 / count": "",
    "stage.closed and true": "false",
    "stage.closed or false": "false",
    "not stage.closed": "true",
    'name & code & "!"': "Pumps!",
    "code & industry": "",
    '"<{code}>"': "<>",
}


@pytest.fixture(scope="module")
def app(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deals]:
    _set_zone_of_database(module_database_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", FAR)
        time.tzset()
        with deals_app(module_database_url, tmp_path_factory.mktemp("meaning"), clock=FixedClock(NOW)) as deals:
            yield deals
    time.tzset()


def _set_zone_of_database(database_url: str) -> None:
    if database_url.startswith("postgresql"):
        url = make_url(database_url).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE \"{url.database}\" SET timezone TO '{FAR}'")


def tried(app: Deals, text: str, record_id: str | None = None) -> TriedExpression:
    return try_expression(app.records, app.system, "deal", text, record_id)


def found(app: Deals, text: str) -> set[str]:
    names, cursor = set[str](), None
    while True:
        page = app.records.list(
            app.system, ListQuery(object="deal", filter=text, fields=("name",), limit=200, cursor=cursor)
        )
        names |= {str(record["name"]) for record in page.rows}
        cursor = page.next_cursor
        if cursor is None:
            return names


@pytest.mark.promise("EXP-05")
def test_a_path_of_eight_lookups_is_followed_and_what_is_longer_or_deeper_is_refused(app: Deals) -> None:
    account = None
    for number in range(8):
        account = app.records.create(app.system, "account", {"name": f"A{number}", "parent": account}).record.id
    deal = app.records.create(app.system, "deal", {"name": "Long path", "account": account}).record.id
    path = "account" + ".parent" * 7
    got = tried(app, f"{path}.name", deal)
    assert (got.parts[0].value, got.in_sql) == ("A0", "A0")
    assert found(app, f'{path}.name = "A0"') == {"Long path"}
    for text, code, named in (
        (f"{path}.parent.name", "EXP404", "8 "),
        ("not " * 65 + "hot", "EXP402", "64"),
        ("hot" + " " * 9_998, "EXP401", "10000"),
        ("account.deals.name", "EXP205", "count"),
    ):
        (problem,) = tried(app, text).problems
        assert (problem.code, named in problem.sentence) == (code, True), problem


@pytest.mark.promise("EXP-06")
def test_periods_have_their_bounds_in_the_apps_zone(app: Deals) -> None:
    names = [each for bounds in PERIODS.items() for each in _around(app, *bounds)]
    for period, (first, last) in PERIODS.items():
        inside = {name for name, day in names if first <= day <= last}
        outside = {name for name, _ in names} - inside
        for field in ("opened", "seen_at"):
            assert found(app, f'code starts with "p " and {field} in {period}') == inside, period
            assert found(app, f'code starts with "p " and {field} not in {period}') == outside, period
            assert not differences(app, [f"{field} in {period}", f"{field} not in {period}"])


def _around(app: Deals, period: str, bounds: tuple[str, str]) -> list[tuple[str, str]]:
    """Make records at the last instant before a period, its first and last inside, and the first after it."""
    first, last = (dt.date.fromisoformat(each) for each in bounds)
    one = dt.timedelta(days=1)
    made = []
    moments = ((first - one, "23:59:59"), (first, "00:00:00"), (last, "23:59:59"), (last + one, "00:00:00"))
    for number, (day, clock) in enumerate(moments):
        name = f"{period} {number}"
        values = {"name": name, "code": f"p {name}", "opened": str(day), "seen_at": f"{day}T{clock}+08:00"}
        app.records.create(app.system, "deal", values)
        made.append((name, str(day)))
    return made


class Hurried:
    """A clock that is a day further whenever it is asked."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> dt.datetime:
        self._now += dt.timedelta(days=1)
        return self._now


@pytest.mark.promise("EXP-06")
def test_now_and_today_keep_one_value_through_a_transaction(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with deals_app(database_url, tmp_path_factory.mktemp("hurried"), clock=Hurried()) as deals:
        rows = [SaveRow(values={"name": name}) for name in ("A", "B", "C")]
        saved = deals.records.save_many(deals.system, "deal", rows)
        ids = [str(row.id) for row in saved.rows]
        assert len({deals.records.get(deals.system, "deal", each)["opened"] for each in ids}) == 1
        for text in ("now", "today"):
            got = tried(deals, text, ids[0])
            assert got.parts[0].value == got.in_sql != ""
        for text in ("now = now", "date(now) = today", "now - now = 0 days"):
            got = tried(deals, text, ids[0])
            assert (got.parts[0].value, got.in_sql) == ("true", "true")


@pytest.mark.promise("EXP-09")
def test_empties_follow_one_table(app: Deals) -> None:
    values = {"name": "Pumps", "stage": None, "opened": None, "hot": None}
    deal = app.records.create(app.system, "deal", values).record.id
    for text, wanted in EMPTIES.items():
        got = tried(app, text, deal)
        assert got.parts, (text, got.problems)
        assert (got.parts[0].value, got.in_sql) == (wanted, wanted), text
        assert got.parts[0].is_empty == (wanted == ""), text
        if wanted in ("true", "false"):
            assert (found(app, f'name = "Pumps" and ({text})') == {"Pumps"}) == (wanted == "true"), text
    assert tried(app, "1 + len(name) / 0", deal).notes == ("division by zero in 'len(name) / 0'",)


@pytest.mark.promise("EXP-16")
def test_texts_of_all_scripts_are_compared_alike(app: Deals) -> None:
    for number, (left, right) in enumerate(itertools.product(WORDS, WORDS)):
        app.records.create(app.system, "deal", {"name": left, "code": f"w{number}", "locked": right})
    operators = ("=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with")
    texts = [*(f"name {operator} locked" for operator in operators), "lower(name)", "upper(name)", "lower(name) = name"]
    assert not differences(app, texts)
    for text, wanted in (
        ('name contains "acme"', {"Acme", "ＡＣＭＥ", "acme"}),
        ('name starts with "ａ"', {"Acme", "ＡＣＭＥ", "acme", "Ａ門"}),
        ('name contains "SS"', {"Größe", "GRÖSSE", "größe"}),
        ('name starts with "阀"', {"阀门", "阀门厂"}),
        ('name ends with "门"', {"阀门"}),
        ('name contains "é"', {"café"}),
        ('name = "acme"', {"acme"}),
        ('lower(name) = "größe"', {"Größe", "größe"}),
        ('lower(name) = "ａｃｍｅ"', {"ＡＣＭＥ"}),
        ('name > "z"', set(WORDS) - {"Größe", "GRÖSSE", "größe", "Acme", "acme", "café", "CAFE", "z"}),
    ):
        assert found(app, f'code starts with "w" and {text}') == wanted, text
