"""SMS of rules, from the save to a real HTTP gateway on loopback: numbers, who has none, retries, try."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from engine.access.actor import system_actor
from engine.platform import Platform
from metamodel.values import Ref
from tests.support.automation import APP, do_runs, person, publish_rules, runs_of, shop
from tests.support.http_sink import HttpSink, http_sink
from tests.support.table_dumps import dump_tables

RULE = """rule r when deal.stage changes to "won"
  then send sms thanks to owner, reviewer, buyer, buyer.mobile, "010 6552 9988", note"""
TEMPLATE = (
    "---\nobject: deal\ngateway: sms\n---\n{{ record.name }}: {{ record.amount | money }}, {{ record.secret }}.\n"
)


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as opened:
        yield opened


def files(sink: HttpSink) -> dict[str, str]:
    """The app with a gateway, a template and a contact on the deal."""
    deal = APP["objects/deal.yaml"].replace(
        "          reviewer:", "          buyer: {type: lookup, to: contact, inverse: bought}\n          reviewer:"
    )
    role = APP["roles/rep.yaml"].replace("          user:", "          contact: {read: own}\n          user:")
    return {
        "app.yaml": APP["app.yaml"].replace("currency: CNY", "currency: CNY\n        country: CN"),
        "objects/deal.yaml": deal,
        "roles/rep.yaml": role,
        "connections/sms.yaml": f"connection: sms\nkind: sms_gateway\nurl: {sink.url}\nsecret: SHOP_SMS_TOKEN\n",
        "templates/thanks.md": TEMPLATE,
    }


def allowed(sink: HttpSink) -> dict[str, str]:
    return {"FIELDSTONE_PLUGIN_SMS_PRIVATE_HOSTS": f'["{sink.host}"]'}


def won(platform: Platform, name: str = "Pumps 阀门") -> dict[str, object]:
    """Let a rep win a deal; give its run."""
    ann = person(platform, "ann", "rep", phone="138-0013-8000")
    bob = person(platform, "bob", "boss")
    own = {"owner": Ref("user", ann.user_id or "")}
    buyer = platform.records.create(system_actor(), "contact", {"name": "Li", "phone": "13900139000", **own}).record.id
    values = {"name": name, "amount": "1200", "secret": "hush", "note": "none", "reviewer": bob.user_id, "buyer": buyer}
    deal = platform.records.create(system_actor(), "deal", {**values, **own}).record
    platform.records.update(ann, "deal", deal.id, {"stage": "won"})
    do_runs(platform)
    (run,) = [run for run in runs_of(platform) if run["rule"] == "r"]
    return run


def test_an_sms_goes_to_each_number_once_and_the_trace_names_who_has_none(
    database_url: str, tmp_path: Path, sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SMS_TOKEN", "t0p")
    # The second try of the second number is taken; nobody is sent anything twice.
    sink.answer = lambda number: (503 if number == 1 else 200, {})
    with shop(database_url, tmp_path, RULE, files=files(sink), environment=allowed(sink)) as platform:
        run = won(platform)
        assert (run["state"], run["error"]) == ("done", None)
        sent = [(json.loads(each.raw)["to"], each.key) for each in sink.received]
        numbers = ["+8613800138000", "+8613900139000", "+861065529988"]
        tried = [numbers[0], numbers[1], numbers[2], numbers[1]]
        assert sent == [(number, f"{run['id']}:actions/0:{number}") for number in tried]
        # What the rule's user may not read is empty, and a country's number has its code.
        assert {json.loads(each.raw)["text"] for each in sink.received} == {"Pumps 阀门: 1,200.00, ."}
        assert {each.headers["authorization"] for each in sink.received} == {"Bearer t0p"}
        trace = platform.automation.runs.get(system_actor(), str(run["id"]))
        assert [step.outcome for step in trace.steps] == ["failed", "done"]
        with platform.database.read() as connection:
            (row,) = connection.execute(platform.system.message.select()).mappings()
        assert (row["state"], row["answer"]["to"]) == ("sent", ", ".join(numbers))
        assert row["answer"]["without"] == ["bob has no number", "buyer.mobile is empty", "'none' is no phone number"]


def test_an_sms_is_only_listed_where_a_rule_is_tried_and_nobody_with_a_number_is_no_failure(
    sqlite_url: str, tmp_path: Path, sink: HttpSink
) -> None:
    rules = 'rule r when deal.stage changes to "won" then send sms thanks to reviewer'
    with shop(sqlite_url, tmp_path, rules, files=files(sink), environment=allowed(sink)) as platform:
        run = won(platform)
        trace = platform.automation.runs.get(system_actor(), str(run["id"]))
        assert [(run["state"], run["error"]), *(step.outcome for step in trace.steps)] == [("done", None), "not sent"]
        tried = platform.automation.insight.try_rule(system_actor(), "r", str(run["record_id"]))
        ((kind, values),) = [(intent.kind, intent.values or {}) for intent in tried.outside]
        assert (kind, values["to"], values["without"]) == ("sms", [], ["bob has no number"])
        publish_rules(platform, tmp_path, rules.replace("reviewer", "owner"))
        platform.records.update(system_actor(), "deal", str(run["record_id"]), {"stage": "open"})
        platform.records.update(system_actor(), "deal", str(run["record_id"]), {"stage": "won"})
        do_runs(platform)
        failed = [each for each in runs_of(platform) if each["id"] != run["id"]]
        assert "SHOP_SMS_TOKEN" in str(failed[0]["error"])
        assert sink.received == []


TOKEN = 'T0P-SECRET "4711"+=/token'


def test_a_gateway_that_repeats_the_token_gets_it_into_nothing_that_is_kept_or_shown(
    database_url: str, tmp_path: Path, sink: HttpSink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SHOP_SMS_TOKEN", TOKEN)
    sink.answer = lambda number: (400 if number == 0 else 200, {})
    basic = base64.b64encode(f"shop:{TOKEN}".encode()).decode()
    sink.said = lambda received: f"{received.headers['authorization']} / {quote_plus(TOKEN)} / Basic {basic}".encode()
    with shop(database_url, tmp_path, RULE, files=files(sink), environment=allowed(sink)) as platform:
        run = won(platform)
        assert sink.received[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert run["state"] == "failed"
        assert "Bearer ••• / ••• / Basic •••" in str(run["error"])
        log = platform.automation.runs
        assert "T0P-SECRET" not in repr(log.get(system_actor(), str(run["id"]))) + caplog.text
        stored = repr(dump_tables(database_url))
        assert "T0P-SECRET" not in stored
        assert basic[:24] not in stored
        source = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.yaml"))
        assert "SHOP_SMS_TOKEN" in source
