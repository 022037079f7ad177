"""Money in several currencies: amount, currency and base value at the dated rate, by every route, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.errors import ReleaseRefused
from engine.records.types import SaveRow
from engine.trying import try_expression
from tests.support.platforms import small_app, write_files
from tests.support.served import Served, csrf_token, serve_deals

SYSTEM = system_actor()
CURRENCIES = "currencies:\n  USD: {rates: {2026-01-01: 7}}\n  JPY: {digits: 0, rates: {2026-01-01: 0.05}}\n"
FILES = {
    "currencies.yaml": CURRENCIES,
    "objects/firm.yaml": """
        object: firm
        label: Firm
        fields:
          name: {type: text, required: true}
          total: {type: rollup, of: deals.amount, function: sum}
          biggest: {type: rollup, of: deals.amount, function: max}
    """,
    "objects/deal.yaml": """
        object: deal
        label: Deal
        rate_date: close_date
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm}
          amount: {type: money, min: 0, max: 100000}
          cost: {type: money}
          close_date: {type: date}
          half: {type: money, formula: amount * 50%}
          margin: {type: money, formula: amount - cost}
          firm_total: {type: money, formula: firm.total}
          is_big: {type: boolean, formula: amount >= 700 CNY}
        validations:
          - {name: no_loss, check: cost is empty or cost <= amount, field: cost, message: A loss.}
        views:
          all: {columns: [name, amount, close_date], sort: [amount]}
    """,
    "rules/deals.rules": """
        rule copied
          before deal is saved
          if name = "copied"
          then set cost = amount
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          deal: {read: all, create: yes, update: all, delete: all}
          firm: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "roles/boss.yaml": "role: boss\nlabel: Boss\nincludes: [rep]\n",
    "menus.yaml": "menus: {all: {label: All, items: [{object: deal}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("money")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def bases(served: Served, name: str, field: str = "amount") -> list[str]:
    """Give what is stored as the worth of a field in records of a name."""
    release = served.platform.releases.current()
    table = release.tables.of("deal").table
    query = select(table.c[f"{field}_base"]).where(table.c["name"] == name).order_by(table.c["id"])
    with served.platform.database.read() as connection:
        return [str(value) for value in connection.execute(query).scalars()]


def found(served: Served, condition: str, object_name: str = "deal") -> set[str]:
    answer = served.get("ann", f"/records/{object_name}?filter={quote(condition)}&limit=200")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {item["name"] for item in answer.get_json()["items"]}


def refusal(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [(each["field"], each["code"]) for each in answer.get_json()["errors"]]


def in_memory(served: Served, condition: str, name: str) -> bool:
    """Evaluate a condition over a record as rules and validations do."""
    (record_id,) = {item["id"] for item in served.get("ann", "/records/deal?limit=200").get_json()["items"]
                    if item["name"] == name}  # fmt: skip
    tried = try_expression(served.platform.records, SYSTEM, "deal", condition, record_id)
    assert tried.parts[0].value == tried.in_sql, tried
    return tried.in_sql == "true"


@pytest.mark.promise("OBJ-06")
@pytest.mark.promise("UIX-06")
def test_money_keeps_its_worth_at_the_dated_rate(served: Served, tmp_path: Path) -> None:
    firm = served.make("ann", "firm", name="Acme")
    for name, amount, day in (
        ("may", usd("100"), "2026-05-31"), ("june", usd("100"), "2026-06-01"), ("own", cny("50.5"), "2026-05-31"),
    ):  # fmt: skip
        made = served.make("ann", "deal", name=name, amount=amount, cost=usd("1"), close_date=day, firm=firm["id"])
        assert made["amount"] == {"amount": f"{float(amount['amount']):.2f}", "currency": amount["currency"]}
    assert bases(served, "may") == bases(served, "june") == ["700.00"]
    assert bases(served, "own") == ["50.50"]
    assert bases(served, "may", "half") == ["350.00"]
    # Two currencies add, compare and sum in the base currency, in memory and in the database.
    assert found(served, "amount >= 700 CNY") == {"may", "june"} == found(served, "is_big")
    assert found(served, "amount > cost") == {"may", "june", "own"}
    assert found(served, "amount + cost = 57.5 CNY") == {"own"} == found(served, "margin = 43.5 CNY")
    assert found(served, "amount = 100 USD") == {"may", "june"}
    assert found(served, "amount between 50 and 60") == {"own"}
    assert found(served, "sum(deals.amount) = 1450.5 CNY", "firm") == {"Acme"}
    assert found(served, "total = 1450.5", "firm") == {"Acme"}
    figures = served.call("ann", "POST", "/query", json={"object": "deal", "measures": ["sum(amount)", "max(amount)"]})
    (row,) = figures.get_json()["rows"]
    assert row["measures"] == {"sum(amount)": cny("1450.50"), "max(amount)": cny("700.00")}
    listed = served.sign_in("ann").get("/o/deal?view=all&group=firm").get_data(as_text=True)
    (head,) = re.findall(r'<tr class="group-head depth-0">.*?</tr>', listed)
    assert re.sub(r"<[^>]+>", " ", head).split() == ["Firm", "Acme", "3", "Amount", "¥1,450.50"]
    for condition in ("amount + cost = 57.5 CNY", "amount / cost > 7", "firm.total = 1450.5 CNY", "amount < 10 USD"):
        assert in_memory(served, condition, "own"), condition
    # A rate entered for 1 June leaves base values of May unchanged.
    app = _app_with(tmp_path, "{2026-01-01: 7, 2026-06-01: 7.2}")
    lines = served.platform.plan_release([app]).lines()
    assert "currency USD changed" in lines
    assert any("in other currencies are worth" in line for line in lines), lines
    served.platform.apply_release([app], author="test")
    assert bases(served, "may") == ["700.00"]
    assert bases(served, "june") == ["720.00"]
    assert bases(served, "june", "half") == ["360.00"]
    assert found(served, "total = 1470.5", "firm") == {"Acme"}
    later = served.make("ann", "deal", name="later", amount=usd("10"), close_date="2026-06-02", firm=firm["id"])
    assert bases(served, "later") == ["72.00"]
    # The day of the record moves: so does what it is worth, and what is summed of it, without a change of the amount.
    path = f"/records/deal/{later['id']}"
    assert served.call("ann", "PATCH", path, json={"close_date": "2026-03-01"}).status_code == 200
    assert bases(served, "later") == ["70.00"]
    assert found(served, "total = 1540.5", "firm") == {"Acme"}
    history = served.get("ann", f"{path}/history").get_json()["items"]
    newest = str(history[0]["changes"])
    assert "close_date" in newest
    assert "amount" not in newest
    _is_refused(served, path, tmp_path)


def _is_refused(served: Served, path: str, tmp_path: Path) -> None:
    """`100 CNY + 3` and a currency without a rate are refused, where they are written and where they are entered."""
    assert served.get("ann", f"/records/deal?filter={quote('amount > 100 CNY + 3')}").status_code == 400
    assert "no rate for EUR" in served.get("ann", f"/records/deal?filter={quote('amount > 1 EUR')}").get_data(True)
    euro = {"amount": "1", "currency": "EUR"}
    answer = served.call("ann", "POST", "/records/deal", json={"name": "e", "amount": euro})
    assert refusal(answer) == [("amount", "currency")]
    assert "no rate for EUR" in answer.get_data(as_text=True)
    early = {"name": "e", "amount": usd("1"), "close_date": "2025-12-31"}
    assert refusal(served.call("ann", "POST", "/records/deal", json=early)) == [("amount", "currency")]
    assert refusal(served.call("ann", "PATCH", path, json={"close_date": "2025-12-31"})) == [("amount", "currency")]
    result = served.platform.records.save_many(
        SYSTEM, "deal", [SaveRow(values={"name": "e", "amount": euro}), SaveRow(values=early)], all_or_nothing=False
    )
    assert [(row.outcome, [each.code for each in row.errors]) for row in result.rows] == [("refused", ["currency"])] * 2
    with pytest.raises(ReleaseRefused, match="EXP301"):
        served.platform.apply_release([_app_with(tmp_path, "{2026-01-01: 7}", formula="100 CNY + 3")], author="test")
    with pytest.raises(ReleaseRefused, match="EXP209"):
        served.platform.apply_release([_app_with(tmp_path, "{2026-01-01: 7}", formula="100 EUR")], author="test")
    with pytest.raises(ReleaseRefused, match="APP519"):
        served.platform.apply_release([_app_with(tmp_path, "{}")], author="test")


def _app_with(folder: Path, rates: str, formula: str = "amount * 50%") -> Path:
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    deal = FILES["objects/deal.yaml"].replace("amount * 50%", formula)
    text = CURRENCIES.replace("{2026-01-01: 7}", rates)
    write_files(app, {"currencies.yaml": text, "objects/deal.yaml": deal})
    return app


def test_bounds_count_in_the_base_currency_and_amounts_have_the_digits_of_theirs(served: Served) -> None:
    made = served.make("ann", "deal", name="yen", amount="1234.5 JPY", close_date="2026-02-01")
    assert made["amount"] == {"amount": "1235.00", "currency": "JPY"}
    assert bases(served, "yen") == ["61.75"]
    assert made["half"] == {"amount": "618.00", "currency": "JPY"}
    too_much = {"name": "x", "amount": usd("14285.72"), "close_date": "2026-02-01"}
    assert refusal(served.call("ann", "POST", "/records/deal", json=too_much)) == [("amount", "above_maximum")]
    served.make("ann", "deal", name="much", amount=usd("14285.71"), close_date="2026-02-01")
    below = {"name": "x", "amount": "-1 JPY"}
    assert refusal(served.call("ann", "POST", "/records/deal", json=below)) == [("amount", "below_minimum")]
    loss = {"name": "x", "amount": cny("69"), "cost": usd("10"), "close_date": "2026-02-01"}
    assert refusal(served.call("ann", "POST", "/records/deal", json=loss)) == [("cost", "no_loss")]
    for wrong in ("1 usd", {"amount": "1", "currency": "美元"}, "1e400 USD", "9" * 30 + " USD", {"currency": "USD"}):
        assert refusal(served.call("ann", "POST", "/records/deal", json={"name": "x", "amount": wrong}))


def test_one_by_one_and_in_bulk_money_is_worth_the_same(served: Served) -> None:
    february = "2026-02-01"
    given = ("10 USD", february), ("10 USD", "2026-01-01"), ("10 CNY", february), ("500 JPY", None), (None, None)
    rows = [{"name": f"bulk {at}", "amount": amount, "close_date": day} for at, (amount, day) in enumerate(given)]
    saved = [SaveRow(values=row) for row in rows]
    result = served.platform.records.save_many(SYSTEM, "deal", saved, all_or_nothing=True)
    assert {row.outcome for row in result.rows} == {"created"}
    for row in rows:
        served.platform.records.create(SYSTEM, "deal", {**row, "name": f"single {row['name']}"})
        for field in ("amount", "half"):
            assert bases(served, str(row["name"]), field) == bases(served, f"single {row['name']}", field), row
    assert bases(served, "bulk 0") == ["70.00"]
    assert bases(served, "bulk 3", "half") == ["12.50"]


def test_forms_ask_for_the_currency_and_lists_and_files_show_it(served: Served, tmp_path: Path) -> None:
    client = served.sign_in("ann")
    form = client.get("/o/deal/new").get_data(as_text=True)
    assert '<select class="form-select affix-select" name="amount__currency"' in form
    assert all(f'<option value="{code}"' in form for code in ("CNY", "USD", "JPY"))
    values = {"name": "表单", "amount": "1,234.5", "amount__currency": "USD", "close_date": "2026-02-01"}
    answer = client.post("/o/deal/new", data={**values, "csrf_token": csrf_token(client, "/o/deal/new")})
    assert answer.status_code == 303
    assert bases(served, "表单") == ["8641.50"]
    page = answer.headers["Location"]
    edit = client.get(f"{page}/edit").get_data(as_text=True)
    assert '<option value="USD" selected' in edit
    assert 'name="was-amount" value="1234.5 USD"' in edit or 'value="1234.50 USD"' in edit
    # The currency alone may change.
    was = {"was-amount": "1234.50 USD", "was-name": "表单", "version": "1"}
    change = {**values, "amount__currency": "JPY", **was, "csrf_token": csrf_token(client, f"{page}/edit")}
    assert client.post(f"{page}/edit", data=change).status_code == 303
    assert bases(served, "表单") == ["61.75"]
    for language, written in (("en", "JP¥1,235"), ("zh", "JP¥1,235")):
        listed = client.get("/o/deal", headers={"Accept-Language": language}).get_data(as_text=True)
        assert written in listed or "¥1,235" in listed
    file = tmp_path / "deals.csv"
    file.write_text("name,amount,amount.currency,close_date\nfrom file,12.5,USD,2026-02-01\nplain,3,JPY,\n", "utf-8")
    result = served.platform.imports.import_csv(SYSTEM, "deal", file)
    assert result.created == 2, result
    assert bases(served, "from file") == ["87.50"]
    schemas = served.get("ann", "/openapi.json").get_json()["components"]["schemas"]
    assert schemas["Money"]["properties"]["currency"]["enum"] == ["CNY", "USD", "JPY"]


def test_a_currency_that_amounts_are_in_is_not_taken_away(served: Served, tmp_path: Path) -> None:
    served.make("ann", "deal", name="kept", amount=usd("1"), close_date="2026-02-01")
    app = small_app(tmp_path, FILES, settings="languages: [en, zh]\n")
    write_files(app, {"currencies.yaml": "currencies: {JPY: {digits: 0, rates: {2026-01-01: 0.05}}}\n"})
    with pytest.raises(ReleaseRefused, match="'amount' of deal in USD, and there is no rate for it any more"):
        served.platform.apply_release([app], author="test")
    write_files(app, {"currencies.yaml": CURRENCIES.replace("2026-01-01: 7", "2026-03-01: 7")})
    with pytest.raises(ReleaseRefused, match="begin later than before"):
        served.platform.apply_release([app], author="test")


def test_what_a_rule_sets_is_worth_what_the_day_of_its_record_says(served: Served) -> None:
    made = served.make("ann", "deal", name="copied", amount=usd("3"), close_date="2026-02-01")
    assert made["cost"] == usd("3.00")
    assert bases(served, "copied", "cost") == ["21.00"]
