"""`fieldstone settings`: an operator gives the settings of apps their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.platforms import small_app
from tests.ui.cli.conftest import Call

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: Deal
        plural: Deals
        title: "{name}"
        fields:
          name: {type: text, required: true}
          price: {type: decimal}
        """,
    "rules/deals.rules": """
        rule name_the_large before deal is created
          if price > app.review_limit
          then set name = "large"
        """,
    "roles/boss.yaml": "role: boss\nlabel: Boss\nobjects:\n  deal: {read: all}\n",
}
SETTINGS = """
    settings:
      review_limit: {type: money, label: {en: Review limit, zh: 复核额度}, by_role: {boss: 900 CNY}}
      strict: {type: boolean, default: false}
    """


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return small_app(tmp_path, FILES, settings=SETTINGS)


@pytest.mark.promise("APP-13")
def test_apply_says_how_a_missing_value_is_set_and_goes_through_after_it(
    call: Call, app: Path, database_url: str
) -> None:
    refused = call("apply", app, "--db", database_url)
    assert refused.exit_code == 1
    assert (
        "shop/app.yaml:8:3 APP831 the setting 'shop.review_limit' has neither a default nor a value" in refused.stderr
    )
    assert "it is read by rule name_the_large (shop/rules/deals.rules:1:1)" in refused.stderr
    assert "`fieldstone settings set shop.review_limit VALUE` or FIELDSTONE_SETTING_SHOP_REVIEW_LIMIT" in refused.stderr
    done = call("settings", "set", "shop.review_limit", "1200 CNY", "--app", app, "--db", database_url)
    assert (done.exit_code, done.stdout) == (0, "shop.review_limit is 1200 CNY\n")
    assert call("apply", app, "--db", database_url).exit_code == 0


def test_the_list_shows_values_and_where_they_come_from(
    call: Call, app: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("settings", "set", "shop.review_limit", "1200 CNY", "--app", app, "--db", database_url)
    call("apply", app, "--db", database_url)
    monkeypatch.setenv("FIELDSTONE_SETTING_SHOP_STRICT", "true")
    lines = call("settings", "list", "--db", database_url).stdout.splitlines()
    assert [line.split("\t")[:5] for line in lines] == [
        ["shop.review_limit", "money", "1200 CNY", "set by System", "boss: 900 CNY"],
        ["shop.strict", "boolean", "yes", "FIELDSTONE_SETTING_SHOP_STRICT", ""],
    ]
    found = json.loads(call("settings", "list", "--json", "--db", database_url).stdout)
    assert [(each["name"], each["value"], each["label"]) for each in found] == [
        ("shop.review_limit", "1200 CNY", "Review limit"),
        ("shop.strict", True, "Strict"),
    ]


def test_serve_worker_and_doctor_tell_of_a_value_that_cannot_be(
    call: Call, app: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("settings", "set", "shop.review_limit", "1200 CNY", "--app", app, "--db", database_url)
    call("apply", app, "--db", database_url)
    monkeypatch.setenv("FIELDSTONE_SETTING_SHOP_STRICT", "perhaps")
    for arguments, code in ((("serve", "--port", "0"), 1), (("worker",), 1), (("doctor",), 3)):
        done = call(*arguments, "--db", database_url)
        assert done.exit_code == code, done.output
        assert "'perhaps' (FIELDSTONE_SETTING_SHOP_STRICT) is not of type boolean" in done.output


def test_wrong_calls_are_told_in_words(call: Call, app: Path, database_url: str) -> None:
    call("settings", "set", "shop.review_limit", "1 CNY", "--app", app, "--db", database_url)
    call("apply", app, "--db", database_url)
    for arguments, said in (
        (("set", "shop.review_limt", "1 CNY"), "did you mean 'shop.review_limit'"),
        (("set", "shop.review_limit", "much"), "'much' is no value for shop.review_limit, which is of type money"),
        (("unset", "shop.review_limit"), "has no default and keeps its value"),
    ):
        done = call("settings", *arguments, "--db", database_url)
        assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert call("settings", "unset", "shop.strict", "--db", database_url).exit_code == 0
