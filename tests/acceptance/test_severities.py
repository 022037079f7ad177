"""What validations of each severity do to a save: on pages, by API, in imports and by rules, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.errors import ValidationFailed
from engine.records.types import SaveRow
from tests.support.automation import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, post_form, serve_deals

FILES = {
    "objects/offer.yaml": """
        object: offer
        label: Offer
        title: "{name}"
        fields:
          name: {type: text, required: true}
          amount: {type: money}
          size: {type: integer}
        validations:
          - {name: no_loss, check: amount >= 0 or amount is empty, field: amount, message: "Less than nothing."}
          - name: big
            severity: warning
            when: amount is not empty
            check: amount < app.much
            field: amount
            message: {en: "{amount} is much.", zh: "{amount} 很多。"}
          - {name: long_name, severity: warning, check: len(name) < 20, message: A long name.}
          - {name: odd, severity: info, check: amount is not empty, field: amount, message: Remember the amount.}
          - name: told
            severity: info
            check: 'len(pad("x", size)) < 200000'
            when: size is not empty
            message: Never told.
          - {name: strict, active: app.strict, check: size is not empty, field: size, message: A size please.}
        views: {all: {columns: [name, amount, size]}}
        """,
    "objects/echo.yaml": """
        object: echo
        label: Echo
        title: "{name}"
        fields:
          name: {type: text}
          amount: {type: money}
          offer: {type: lookup, to: offer}
        """,
    "rules/echoes.rules": """
        rule an_echo_makes_an_offer
          when echo is created
          then create offer { name: name, amount: amount }
        """,
    "roles/rep.yaml": "role: rep\nobjects:\n  offer: {read: all, create: yes, update: all}\n  echo: {create: yes}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\nobjects:\n  echo: {read: all}\n",
}
SETTINGS = """
    settings:
      much: {type: money, default: 100 CNY}
      strict: {type: boolean, default: false}
    automation: {roles: [boss]}
    """


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("severities")
    app = small_app(folder, FILES, settings=SETTINGS)
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def post(served: Served, **values: Any) -> TestResponse:
    return served.call("ann", "POST", "/records/offer", json=values)


def told(answer: TestResponse) -> list[tuple[str, str | None]]:
    return [(error["code"], error["field"]) for error in answer.get_json()["errors"]]


def names(served: Served) -> set[str]:
    return {row["name"] for row in rows_of(served.platform, "offer")}


@pytest.mark.promise("OBJ-20")
def test_by_api_an_error_refuses_a_warning_asks_for_its_code_and_an_info_never_stops(served: Served) -> None:
    refused = post(served, name="Api loss", amount=-1, confirm=["no_loss"])
    assert (refused.status_code, told(refused)) == (422, [("no_loss", "amount")])
    asked = post(served, name="Api with a much too long name", amount=500)
    assert (asked.status_code, told(asked)) == (409, [("big", "amount"), ("long_name", None)])
    assert asked.get_json()["errors"][0]["message"] == "500.00 CNY is much."
    half = post(served, name="Api with a much too long name", amount=500, confirm=["big"])
    assert (half.status_code, told(half)) == (409, [("long_name", None)])
    assert "Api with a much too long name" not in names(served)
    saved = post(served, name="Api with a much too long name", amount=500, confirm=["big", "long_name"])
    assert saved.status_code == 201
    assert [(each["code"], each["severity"]) for each in saved.get_json()["@notices"]] == [
        ("big", "warning"), ("long_name", "warning"),
    ]  # fmt: skip
    only_info = post(served, name="Api odd")
    assert only_info.status_code == 201
    notice = {"field": "amount", "code": "odd", "message": "Remember the amount.", "severity": "info"}
    assert only_info.get_json()["@notices"] == [notice]


@pytest.mark.promise("OBJ-20")
def test_on_a_page_an_error_refuses_a_warning_is_confirmed_without_scripts_and_an_info_is_shown(served: Served) -> None:
    client = served.sign_in("ann")
    refused = post_form(client, "/o/offer/new", {"name": "Page loss", "amount": "-1"}, page="/")
    assert refused.status_code == 422
    assert "Less than nothing." in refused.get_data(as_text=True)
    asked = post_form(client, "/o/offer/new", {"name": "Page much", "amount": "500"}, page="/")
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "500.00 CNY is much." in page
    assert '<button type="submit" class="btn btn-primary" name="fs-confirm" value="big">' in page
    assert 'value="Page much"' in page
    assert "Page much" not in names(served)
    saved = post_form(client, "/o/offer/new", {"name": "Page much", "amount": "500", "fs-confirm": "big"}, page="/")
    assert saved.status_code == 303
    info = post_form(client, "/o/offer/new", {"name": "Page odd"}, page="/")
    assert info.status_code == 303
    after = client.get(info.headers["Location"]).get_data(as_text=True)
    assert "toast-info" in after
    assert "Remember the amount." in after
    assert {"Page much", "Page odd"} <= names(served)
    assert "Page loss" not in names(served)


@pytest.mark.promise("OBJ-20")
@pytest.mark.parametrize("size", [1_000_000, 100_000_000])
def test_a_validation_that_cannot_be_evaluated_refuses_whatever_its_severity(served: Served, size: int) -> None:
    by_api = post(served, name="No answer", amount=1, size=size, confirm=["told"])
    assert (by_api.status_code, told(by_api)) == (422, [("not_computable", None)])
    row = {"name": "No answer", "amount": 1, "size": size}
    bulk = served.platform.records.save_many(system_actor(), "offer", [SaveRow(values=row)] * 2)
    assert [error.code for each in bulk.rows for error in each.errors] == ["not_computable"] * 2
    with pytest.raises(ValidationFailed):
        served.platform.records.create(system_actor(), "offer", row, confirm=None)
    client = served.sign_in("ann")
    typed = {"name": "No answer", "amount": "1", "size": str(size), "fs-confirm": "told"}
    assert post_form(client, "/o/offer/new", typed, page="/").status_code == 422
    assert "No answer" not in names(served)


def test_an_import_refuses_errors_and_reports_warnings_and_infos(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "offers.csv"
    path.write_text("name,amount\nFile loss,-1\nFile much,500\nFile odd,\nFile plain,5\n", encoding="utf-8")
    result = served.platform.imports.import_csv(system_actor(), "offer", path)
    assert [(error.line, error.reason) for error in result.errors] == [(2, "Less than nothing.")]
    assert [(notice.line, notice.reason) for notice in result.notices] == [
        (3, "500.00 CNY is much."), (4, "Remember the amount."),
    ]  # fmt: skip
    assert {"File much", "File odd", "File plain"} <= names(served)
    assert "File loss" not in names(served)


def test_a_rule_is_refused_by_errors_alone(served: Served) -> None:
    for name, amount in (("Rule loss", -1), ("Rule much", 500), ("Rule odd", None)):
        served.platform.records.create(system_actor(), "echo", {"name": name, "amount": amount})
    do_runs(served.platform)
    assert {"Rule much", "Rule odd"} <= names(served)
    assert "Rule loss" not in names(served)
    assert sorted(run["state"] for run in runs_of(served.platform)) == ["done", "done", "failed"]


def test_a_setting_switches_a_validation_on(served: Served) -> None:
    settings = served.platform.app_settings
    assert post(served, name="Lax", amount=1).status_code == 201
    settings.set(system_actor(), "shop.strict", "true")
    served.platform.releases.refresh()
    try:
        refused = post(served, name="Strict", amount=1)
        assert (refused.status_code, told(refused)) == (422, [("strict", "size")])
        assert post(served, name="Strict", amount=1, size=3).status_code == 201
    finally:
        settings.set(system_actor(), "shop.strict", "false")
        served.platform.releases.refresh()
