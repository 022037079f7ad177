"""A secret is named by the configuration and known to the operator alone: what comes of using it holds it nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from engine.access.actor import system_actor
from engine.platform import Platform
from metamodel import load_metamodel
from tests.support.automation import do_runs, runs_of, shop
from tests.support.http_sink import http_sink
from tests.support.platforms import small_app
from tests.support.served import Served, make_people
from tests.support.table_dumps import dump_tables
from ui.app import create_app
from ui.security import WebSettings

SECRETS = {name: f"SEKRET-{name}-value" for name in ("SHOP_SMS_TOKEN", "SHOP_HOOK_SECRET", "SHOP_STOCK_SECRET")}
RULES = """
rule texts
  when deal is created
  then send sms thanks to "+8613800138000"

rule calls
  when deal is created
  then call webhook sink { name: name }

rule stock
  when webhook stock is received
  then create job { subject: "stock" }
"""


def files(url: str) -> dict[str, str]:
    return {
        "connections/sms.yaml": f"connection: sms\nkind: sms_gateway\nurl: {url}\nsecret: SHOP_SMS_TOKEN\n",
        "connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {url}\nsecret: SHOP_HOOK_SECRET\n",
        "connections/stock.yaml": "connection: stock\nkind: webhook_in\nsecret: SHOP_STOCK_SECRET\n",
        "templates/thanks.md": "---\nobject: deal\ngateway: sms\n---\nThanks for {{ record.name }}.\n",
    }


def answers(platform: Platform, deal: str) -> Iterator[tuple[str, str]]:
    """Give each page and answer of the API that an administrator reads, by its address."""
    people = make_people(platform)
    served = Served(platform, create_app(platform, WebSettings(secret_key="s" * 40)), people.tokens, people.user_ids)
    client = served.sign_in("admin")
    runs = [str(run["id"]) for run in runs_of(platform)]
    known = {"object_name": ["deal"], "record_id": [deal], "run_id": runs, "webhook_name": ["sink", "stock"]}
    known |= {"rule_name": ["texts", "calls", "stock"], "entry": ["1", "2", "3"], "template_name": ["thanks"]}

    def addresses(rule: Rule) -> Iterator[str]:
        names = sorted(rule.arguments)
        if not rule.arguments <= known.keys() or "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            return
        choices: list[dict[str, str]] = [{}]
        for name in names:
            choices = [{**each, name: value} for each in choices for value in known[name]]
        with served.app.test_request_context():
            yield from (served.app.url_for(rule.endpoint, **each) for each in choices)  # type: ignore[arg-type]

    for rule in served.app.url_map.iter_rules():
        for address in addresses(rule):
            answer = served.get("admin", address) if address.startswith("/api/") else client.get(address)
            yield address, f"{answer.headers}\n{answer.get_data(as_text=True)}"


@pytest.mark.promise("SEC-41")
def test_what_comes_of_using_a_secret_holds_it_nowhere(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with http_sink() as sink:
        # The other side knows the secrets as well, and is careless.
        sink.answer = lambda number: (400, {"X-Told": SECRETS["SHOP_SMS_TOKEN"]})
        sink.said = lambda received: " ".join([*SECRETS.values(), str(received.headers)]).encode()
        allowed = {f"FIELDSTONE_PLUGIN_{name}_PRIVATE_HOSTS": f'["{sink.host}"]' for name in ("SMS", "WEBHOOK")}
        with shop(database_url, tmp_path, RULES, files=files(sink.url), environment=allowed) as platform:
            deal = platform.records.create(system_actor(), "deal", {"name": "A"}).record.id
            do_runs(platform)
            assert {run["state"] for run in runs_of(platform)} == {"failed"}
            assert {run["error"] for run in runs_of(platform)} != {None}
            bearer = [each.headers.get("authorization") for each in sink.received]
            assert f"Bearer {SECRETS['SHOP_SMS_TOKEN']}" in bearer, "it was used"
            seen = dict(answers(platform, deal))
            assert len(seen) > 80
            assert [address for address, text in seen.items() if "SEKRET" in text] == []
            stored = dump_tables(database_url)
            assert [table for table, rows in stored.items() if "SEKRET" in "".join(rows)] == []
            assert any("SHOP_SMS_TOKEN" in "".join(rows) for rows in stored.values()), "the name is configuration"
    assert "SEKRET" not in caplog.text
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"SEKRET" in path.read_bytes()]
    assert kept == []


@pytest.mark.promise("SEC-41")
@pytest.mark.parametrize("written", ["hunter2", "sk_live_51Habc", "whsec_Zm9v/+==", "a secret of some words"])
def test_check_refuses_a_secret_that_is_written_down(tmp_path: Path, written: str) -> None:
    app = small_app(tmp_path, files("https://hooks.example.com/a"))
    _, problems = load_metamodel([app])
    assert [problem for problem in problems.errors if problem.code == "APP441"] == []
    for name in ("sms", "sink", "stock"):
        file = app / "connections" / f"{name}.yaml"
        text = file.read_text("utf-8")
        file.write_text(text.partition("secret:")[0] + f'secret: "{written}"\n', "utf-8")
    _, problems = load_metamodel([app])
    refused = [problem for problem in problems.errors if problem.code == "APP441"]
    assert len(refused) == 3
    assert [problem for problem in refused if written in str(problem)] == []
