"""What a role denies is nowhere: every route of the URL map, pages and API, beside a plain reading of the roles.

The routes are taken from the application's own URL map: a route that these tests do not know how to call fails them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.support.access_requests import requests_for, submit_quotes
from tests.support.access_samples import file_addresses, sample
from tests.support.automation import do_runs
from tests.support.denied_words import HIDDEN_FIELD, denied_words, mask_fields
from tests.support.sales import sales_installation
from tests.support.sales_scene import Scene
from tests.support.sales_world import Filling
from tests.support.served import csrf_token
from tests.support.table_dumps import changed_tables, dump_tables
from ui.app import create_app
from ui.security import WebSettings

ABSENT = "01900000-0000-7000-8000-000000000000"
ACTORS = {"rep": "ann", "manager": "max", "finance": "fiona", "administrator": "admin"}
# Routes that show no record of anybody, and why calling them again per record tells nothing.
WITHOUT_RECORDS = {"static", "auth.log_in", "auth.log_out", "auth.login_form", "auth.save_preferences"}
# Open to who has the link of a mail, which stands for one person at one step: tests/ui/approvals.
WITHOUT_RECORDS |= {"approval_link.show_link", "approval_link.decide_by_link"}
WITHOUT_RECORDS |= {"api.submit_form", "public_forms.show_form", "public_forms.send_form", "public_forms.thank"}
WITHOUT_RECORDS |= {"public_forms.show_survey", "public_forms.answer_survey"}
# On the way in, where nobody is anybody yet: tests/ui/pages/test_accounts.py.
WITHOUT_RECORDS |= {"sign_in_elsewhere.go_elsewhere", "sign_in_elsewhere.come_back"}
WITHOUT_RECORDS |= {f"sign_in_steps.{each}" for each in ("ask_address", "send_link", "ask_password", "set_password")}
BUTTON = "touch"
KNOWN = dict.fromkeys(("import_id", "export_id", "user_id", "call_id", "view_id", "ask_id"), ABSENT)
KNOWN |= {"template_name": "quote_pdf", "connector_name": "nothing", "plugin": "email", "page": "sending"}
KNOWN |= {"webhook_name": "nothing", "rule_name": "touch_it", "value": "nothing", "entry": "1", "button_name": BUTTON}
KNOWN |= {"report_name": "deals_at_risk", "dashboard_name": "sales", "call_name": "list_opportunity"}
PARAMETERS = {"object_name", "record_id", "field_name", "run_id", "file_id", "size", "request_id", *KNOWN}
BUTTON_RULE = """
rule touch_it
  when button touch on opportunity is pressed by role "sales_rep", role "sales_manager" asking account: account
  if amount >= 0 CNY
  then show "{name} {account.name}"
"""
# What a refused request may write: who asked, when, how often; what was opened before is written seconds later.
MAY_CHANGE = "fs_audit fs_session fs_lockout fs_token fs_idempotency fs_change fs_change_state fs_recent".split()


@pytest.fixture(scope="module")
def scene(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    sales = sales_installation(module_database_url, tmp_path_factory.mktemp("everywhere"))
    platform = sales.open()
    try:
        (sales.app / "rules" / "touch.rules").write_text(BUTTON_RULE, "utf-8")
        mask_fields(platform, sales)
        world = Filling(platform, sales, seed=11).fill()
        do_runs(platform, waits_too=False)
        made = Scene(sales, platform, create_app(platform, WebSettings(secret_key="s" * 40)), world)
        runs = made.call("admin", "GET", "/api/v1/runs?limit=200").get_json()["items"]
        assert len(runs) >= 5
        made.run_ids = [run["id"] for run in runs]
        made.request_ids = submit_quotes(made)
        yield made
    finally:
        platform.close()


def leaks(answer: TestResponse, denied: Mapping[str, str], *, asked: str = "") -> list[str]:
    """Name what an answer gives away in body or headers; the id that was asked for may come back in an address."""
    text = f"{answer.headers}\n{answer.get_data(as_text=True)}"
    return [f"{what}: {word}" for word, what in denied.items() if word != asked and word in text]


def test_the_data_denies_something_to_everybody_but_the_administrator(scene: Scene) -> None:
    for name, who in ACTORS.items():
        reference = scene.reference(who)
        deals = reference.readable("opportunity")
        all_deals = set(scene.world.records["opportunity"])
        assert deals
        assert (deals == all_deals) == (name == "administrator"), name
    for what in ("a denied credit limit", "a masked e-mail address"):
        assert what in denied_words(scene, "ann").values()
    assert not denied_words(scene, "admin")


def addresses(scene: Scene, who: str, method: str, *, each: int = 3) -> Iterator[tuple[str, str, str]]:
    """Give all addresses of the URL map for a method: route, address, which of `each` readable and denied records."""
    objects = scene.platform.releases.current().metamodel.objects.values()
    lookups = {each.name: [name for name in each.fields if each.fields[name].relation is not None] for each in objects}
    for rule in scene.app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint in WITHOUT_RECORDS:
            continue
        assert rule.arguments <= PARAMETERS, f"these tests cannot call {rule.rule}; teach them"
        if "file_id" in rule.arguments:
            yield from file_addresses(scene, who, rule, each=each)
            continue
        if "request_id" in rule.arguments:
            for request_id, record_id in requests_for(scene, who, sample(scene, who, "quote", each=each)):
                with scene.app.test_request_context():
                    yield rule.rule, scene.app.url_for(rule.endpoint, request_id=request_id), record_id
            continue
        names = list(scene.world.records) if "object_name" in rule.arguments else [""]
        for name in names:
            ids = sample(scene, who, name, each=each) if "record_id" in rule.arguments else [""]
            runs = scene.run_ids[:12] if "run_id" in rule.arguments else [""]
            fields = ["owner", HIDDEN_FIELD] if "record_id" in rule.arguments else lookups.get(name, [])
            fields = fields if "field_name" in rule.arguments else [""]
            for record_id in ids:
                for given in ({"field_name": each, "run_id": run} for each in fields for run in runs):
                    values = {"object_name": name, "record_id": record_id, **KNOWN, **given}
                    arguments: dict[str, Any] = {key: value for key, value in values.items() if key in rule.arguments}
                    with scene.app.test_request_context():
                        yield rule.rule, scene.app.url_for(rule.endpoint, **arguments), record_id


@pytest.mark.parametrize("actor", ["rep", "manager", "finance", "administrator"])
def test_no_answer_of_any_route_holds_a_denied_record_or_value(scene: Scene, actor: str) -> None:
    who = ACTORS[actor]
    denied, found, seen = denied_words(scene, who), [], set()
    for route, address, record_id in addresses(scene, who, "GET"):
        answer = scene.call(who, "GET", address)
        assert answer.status_code < 500, address
        found += [f"{address} ({answer.status_code}): {leak}" for leak in leaks(answer, denied, asked=record_id)]
        if record_id and not scene.may_read(who, record_id):
            assert answer.status_code == 404, address
            absent = scene.call(who, "GET", address.replace(record_id, ABSENT))
            assert _comparable(answer, record_id) == _comparable(absent, ABSENT), address
        elif record_id and answer.status_code == 200:
            seen.add(route)
    assert not found, "\n".join(found[:40])
    assert "/o/<object_name>/<record_id>" in seen
    assert "/api/v1/records/<object_name>/<record_id>/history" in seen
    assert ("/api/v1/files/<file_id>" in seen) == bool(scene.reference(who).readable("attachment"))


def _comparable(answer: TestResponse, record_id: str) -> str:
    # Messages about what was asked before stand at the end of the next page, whichever it is.
    text = answer.get_data(as_text=True).replace(record_id, "ID").partition('="Messages">')[0]
    text = re.sub(r'(csrf_token"[^>]*(?:value|content)=")[^"]*', r"\1", text)
    return re.sub(r"\b[0-9a-f]{16}\b", "REQUEST", text)


def test_nobody_gets_in_anywhere(scene: Scene) -> None:
    client = scene.app.test_client()
    everything = {word: "of somebody" for word in (*scene.world.words.values(), *scene.sales.user_ids.values())}
    before = dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for _route, address, record_id in addresses(scene, "admin", method, each=1):
            answer = client.open(address, method=method)
            # A webhook that is not there is told apart from one that is signed wrongly.
            refused = (404,) if "/hooks/" in address else (302, 303, 400, 401, 403)
            assert answer.status_code in refused, (method, address, answer.status_code)
            assert not leaks(answer, everything, asked=record_id), address
    assert changed_tables(before, dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)) == []


@pytest.mark.parametrize("actor", ["rep", "manager", "finance", "administrator"])
def test_lists_counts_searches_and_lookups_are_those_of_the_reference(scene: Scene, actor: str) -> None:
    who = ACTORS[actor]
    reference, denied = scene.reference(who), denied_words(scene, who)
    for name in scene.world.records:
        wanted = {i for i in reference.readable(name)}
        answer = scene.call(who, "GET", f"/api/v1/records/{name}?limit=200&count=exact")
        if answer.status_code == 404:
            assert not wanted, name
            continue
        body = answer.get_json()
        assert {item["id"] for item in body["items"]} & set(scene.world.records[name]) == wanted, name
        assert body["count"]["value"] == len(body["items"]), name
        page = scene.call(who, "GET", f"/o/{name}?size=200&view=all")
        shown = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", page.get_data(as_text=True)))
        assert not shown & set(denied), name
    for record_id, word in scene.world.words.items():
        name = next(each for each, records in scene.world.records.items() if record_id in records)
        if name not in ("account", "opportunity", "lead", "contact", "task"):
            continue
        pages = [f"/o/{name}?view=all&q={word}"] if name in ("account", "contact", "task") else []
        for path in (f"/api/v1/records/{name}?q={word}", f"/api/v1/search?q={word}", f"/search?q={word}", *pages):
            text = scene.call(who, "GET", path).get_data(as_text=True)
            assert (record_id in text) == (record_id in reference.readable(name)), path
    for name, path in (("account", "/o/opportunity/choices/account"), ("contact", "/o/opportunity/choices/contact")):
        for record_id in list(scene.world.records[name])[:6]:
            # Contacts are offered of the account that the form holds.
            given = scene.world.records[name][record_id].get("account", "")
            text = scene.call(who, "GET", f"{path}?q={scene.world.words[record_id]}&account={given}").get_data(True)
            assert record_id not in text or record_id in reference.readable(name)
            if name == "account" or actor == "administrator":
                assert (record_id in text) == (record_id in reference.readable(name)), (name, record_id)


@pytest.mark.parametrize("actor", ["rep", "manager", "finance", "administrator"])
def test_totals_of_lists_and_boards_add_up_readable_records_only(scene: Scene, actor: str) -> None:
    who = ACTORS[actor]
    deals = scene.world.records["opportunity"]
    mine = [deals[record_id] for record_id in scene.reference(who).readable("opportunity")]

    def total(stage: str) -> str:
        return f"{sum(Decimal(deal['amount']) for deal in mine if deal['stage'] == stage):,.0f}"

    won = scene.call(who, "GET", "/o/opportunity?view=won_deals").get_data(as_text=True)
    assert total("won") in won
    board = scene.call(who, "GET", "/o/opportunity?view=pipeline").get_data(as_text=True)
    for stage in ("prospect", "qualify", "proposal", "negotiation"):
        if any(deal["stage"] == stage for deal in mine):
            assert total(stage) in board, stage


def test_a_denied_field_is_an_unknown_field_wherever_it_can_be_named(scene: Scene) -> None:
    hidden, unknown = HIDDEN_FIELD, "z" * len(HIDDEN_FIELD)
    texts = [
        scene.call("ann", "GET", path).get_data(as_text=True)
        for path in (
            "/api/v1/objects/account",
            "/api/v1/openapi.json",
            "/api/v1/records/account",
            "/o/account",
            "/o/account/new",
            f"/o/account/{sample(scene, 'ann', 'account', each=1)[0]}",
        )
    ]
    assert not [text for text in texts if hidden in text]
    for base in ("/api/v1/records/account", "/o/account"):
        for parameter in ("sort=X", "sort=-X", "filter=X > 5", "filter=X is empty", "filter=not (X = 713.10)"):
            answers = [
                scene.call("ann", "GET", f"{base}?{quote(parameter.replace('X', name), safe='=')}")
                for name in (hidden, unknown)
            ]
            assert [answer.status_code for answer in answers] == [400, 400], (base, parameter)
    for path in ("account.credit_limit", "owner.name.credit_limit"):
        answers = [
            scene.call("ann", "GET", f"/api/v1/records/opportunity?{kind}={quote(path.replace(hidden, name))}")
            for name in (hidden, unknown)
            for kind in ("fields", "sort", "filter")
        ]
        assert {answer.status_code for answer in answers} == {400}


@pytest.mark.promise("SEC-11")
@pytest.mark.parametrize("actor", ["rep", "manager", "finance"])
def test_refused_writes_of_every_route_leave_all_tables_as_they_were(scene: Scene, actor: str) -> None:
    who = ACTORS[actor]
    denied = denied_words(scene, who)
    before = dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)
    token = csrf_token(scene.session(who), "/")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for route, address, record_id in addresses(scene, who, method):
            if (not record_id or scene.may_read(who, record_id)) and not (
                route.endswith("/new") and _is_closed(scene, who, address)
            ):
                continue
            options: dict[str, Any] = {"json": {"description": "taken over"} if method == "PATCH" else {}}
            if not address.startswith("/api/"):
                options = {"data": {"csrf_token": token, "name": "taken over", "version": "1", "value": "won"}}
            answer = scene.call(who, method, address, **options)
            if answer.status_code == 422:
                # What no record of the object can do is refused whatever the record.
                absent = scene.call(who, method, address.replace(record_id, ABSENT), **options)
                assert _comparable(answer, record_id) == _comparable(absent, ABSENT), address
            else:
                assert answer.status_code in (403, 404), (method, address, answer.status_code)
            assert not leaks(answer, denied, asked=record_id), address
    assert changed_tables(before, dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)) == []


def _is_closed(scene: Scene, who: str, address: str) -> bool:
    return not scene.reference(who).names_object(address.split("/")[2])


@pytest.mark.promise("SEC-32")
def test_pages_change_nothing_without_the_csrf_token_or_from_elsewhere_and_reading_changes_nothing(
    scene: Scene,
) -> None:
    token = csrf_token(scene.session("admin"), "/")
    before = dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)
    for _route, address, _record in addresses(scene, "admin", "GET", each=1):
        assert scene.call("admin", "GET", address).status_code < 500, address
    assert changed_tables(before, dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)) == []
    before = dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        # The token is asked for before anything is looked up: one address of each route tells it.
        for address in {found[0]: found[1] for found in addresses(scene, "admin", method, each=1)}.values():
            if "/hooks/" in address:
                continue  # Other systems sign what they send; no cookie counts there, so none can be forged.
            client = scene.session("admin")
            for data, headers in (
                ({}, {}),
                ({"csrf_token": token[:-2] + "xx"}, {}),
                ({"csrf_token": token}, {"Origin": "https://evil.example"}),
            ):
                values = {**data, "name": "taken over", "version": "1"}
                answer = client.open(address, method=method, data=values, headers=headers)
                assert answer.status_code == 403, (method, address, data, headers, answer.status_code)
    assert changed_tables(before, dump_tables(scene.sales.database_url, leave_out=MAY_CHANGE)) == []
