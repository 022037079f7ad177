"""Reports and queries add up what the caller may read; the tools of agents are the calls of the API."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.support.served import DEALS, Served, login_of, serve_deals
from ui.api.mcp import SDK

STAGES = """
report: by_stage
label: {en: By stage, zh: 按阶段}
object: deal
columns: [name, stage]
where: amount is not empty
groups: [stage]
measures: [count, {function: sum, of: amount}, {function: max, of: size}]
"""
MARGINS = "report: margins\nobject: deal\ngroups: [stage]\nmeasures: [{function: sum, of: margin}]\n"
CLOSED = "report: closed\nobject: vault\nmeasures: [count]\n"
BUTTONS = """
rule hail
  when button hail on deal is pressed asking word: text
  if amount >= 0 CNY
  then show "Hello {name}: {input.word}"

rule only_boss
  when button crown on deal is pressed by role "boss"
  then set note = "crowned"
"""


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("reports")
    app = folder / "deals"
    shutil.copytree(DEALS, app)
    (app / "reports").mkdir()
    for name, text in (("by_stage", STAGES), ("margins", MARGINS), ("closed", CLOSED)):
        (app / "reports" / f"{name}.yaml").write_text(text, "utf-8")
    (app / "rules" / "buttons.rules").write_text(BUTTONS, "utf-8")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        chance = random.Random(7)
        for number in range(40):
            who = chance.choice(("ann", "bob", "boss"))
            values = {"name": f"Deal {number}", "stage": chance.choice(("open", "lost")), "size": chance.randrange(100)}
            amount = {"amount": f"{chance.randrange(10_000)}.{number % 100:02}", "currency": "CNY"}
            found.make(who, "deal", **values, amount=amount if chance.random() < 0.8 else None)
        yield found


def figures(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Give count, sum and maximum by stage of rows of a report or a query."""
    return {
        row["groups"]["stage"]: (
            row["measures"]["count"],
            Decimal(row["measures"]["sum(amount)"]["amount"]),
            int(row["measures"]["max(size)"]),
        )
        for row in rows
    }


def added_up(items: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Give the same of listed records."""
    stages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        stages[item["stage"]].append(item)
    return {
        stage: (
            len(deals),
            sum(Decimal(each["amount"]["amount"]) for each in deals),
            max(each["size"] for each in deals),
        )
        for stage, deals in stages.items()
    }


@pytest.mark.promise("API-09")
def test_reports_and_queries_are_the_sums_of_the_records_that_the_caller_may_list(served: Served) -> None:
    query = {"object": "deal", "groups": ["stage"], "measures": ["count", "sum(amount)", "max(size)"]}
    seen = set()
    for who in ("ann", "bob", "boss", "admin"):
        listed = served.get(who, "/records/deal?limit=200&filter=amount is not empty").get_json()["items"]
        expected = added_up(listed)
        seen.add(len(listed))
        report = served.get(who, "/reports/by_stage").get_json()
        assert figures(report["groups"]) == expected, who
        assert {row["id"] for row in report["rows"]} == {item["id"] for item in listed}
        asked = served.call(who, "POST", "/query", json=query | {"filter": "amount is not empty"})
        assert figures(asked.get_json()["rows"]) == expected, who
    assert len(seen) >= 3, "they may read different records"


@pytest.mark.promise("API-09")
def test_a_measure_on_an_unreadable_field_is_refused_as_an_unknown_one(served: Served) -> None:
    assert served.get("boss", "/reports/margins").status_code == 200
    refused = served.get("ann", "/reports/margins")
    assert refused.status_code == 400

    def asked(name: str) -> tuple[int, Any]:
        body = {"object": "deal", "groups": ["stage"], "measures": [f"sum({name})"]}
        answer = served.call("ann", "POST", "/query", json=body)
        problem = answer.get_json()
        return answer.status_code, (problem["code"], problem["errors"][0]["code"])

    assert asked("margin") == asked("nothing_at_all") == (400, asked("margin")[1])
    assert refused.get_json()["errors"][0]["code"] == asked("margin")[1][1]
    assert [each["name"] for each in served.get("ann", "/reports").get_json()["items"]] == ["by_stage", "margins"]
    assert served.get("ann", "/reports/closed").status_code == 404
    assert served.get("ann", "/reports/nothing").status_code == 404


class Agent:
    """An agent with the token of a user, and what the API says to the same user."""

    def __init__(self, served: Served, who: str) -> None:
        self.served = served
        self.who = who

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a message and give the answer."""
        message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = self.served.call(self.who, "POST", "/mcp", json=message)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        assert (found["jsonrpc"], found["id"]) == ("2.0", 7)
        return found

    def tools(self) -> dict[str, dict[str, Any]]:
        """Give the tools by name."""
        return {each["name"]: each for each in self.send("tools/list")["result"]["tools"]}

    def call(self, tool: str, **given: Any) -> tuple[bool, Any]:
        """Call a tool; give whether it was refused, and what came."""
        result = self.send("tools/call", name=tool, arguments=given)["result"]
        return result["isError"], result.get("structuredContent")


def without_request(problem: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name not in ("request_id", "instance")}


def last_entry(served: Served, deal: str = "") -> dict[str, Any]:
    found = served.get("admin", f"/audit?limit=1&{f'object=deal&record={deal}' if deal else 'action=refused'}")
    entry: dict[str, Any] = found.get_json()["items"][0]
    return {name: entry[name] for name in ("actor", "origin", "address", "object", "action", "changes")}


@pytest.mark.promise("API-15")
def test_tools_are_those_of_the_objects_reports_and_buttons_of_the_user(served: Served) -> None:
    ann, boss, none = (Agent(served, who) for who in ("ann", "boss", "none"))
    assert set(ann.tools()) == {
        *(f"{act}_deal" for act in ("list", "get", "create", "update", "delete")),
        *("list_firm", "get_firm", "list_user", "get_user"),
        *("report_by_stage", "report_margins", "press_hail_on_deal"),
    }
    assert {"press_crown_on_deal", "create_firm", "list_vault", "report_closed"} <= set(boss.tools())
    assert none.tools().keys() <= {"list_user", "get_user"}
    values = ann.tools()["create_deal"]["inputSchema"]["properties"]["values"]["properties"]
    assert "margin" not in values
    assert "amount" in values
    assert "$ref" not in repr(values) or "#/$defs/" in repr(values)
    assert "#/components" not in repr(list(boss.tools().values()))
    limited = served.platform.accounts.administration.create_token(login_of("ann"), name="few", scopes=("deal:read",))
    served.tokens["few"] = limited
    few = Agent(served, "few")
    assert set(few.tools()) == {"list_deal", "get_deal", "report_by_stage", "report_margins"}
    assert few.call("list_deal")[1]["items"]
    reader = served.platform.accounts.administration.create_token(login_of("ann"), name="reader", scopes=("read",))
    served.tokens["reader"] = reader
    assert set(Agent(served, "reader").tools()) == {
        *(f"{act}_{name}" for act in ("list", "get") for name in ("deal", "firm", "user")),
        *("report_by_stage", "report_margins"),
    }


@pytest.mark.promise("API-15")
def test_tools_give_the_rows_refusals_and_audit_entries_of_the_api(served: Served) -> None:
    for who in ("ann", "boss"):
        agent = Agent(served, who)
        for query in (
            {"limit": 200, "sort": "name"},
            {"filter": "size > 50", "fields": "name,firm.name", "count": "true"},
        ):
            asked = "&".join(f"{name}={value}" for name, value in query.items())
            same = served.get(who, f"/records/deal?{asked}").get_json()
            assert agent.call("list_deal", **query) == (False, same)
        assert agent.call("report_by_stage") == (False, served.get(who, "/reports/by_stage").get_json())
    ann = Agent(served, "ann")
    mine = ann.call("create_deal", values={"name": "By tool", "amount": {"amount": "12.50", "currency": "CNY"}})[1]
    by_tool = last_entry(served, mine["id"])
    theirs = served.make("ann", "deal", name="By tool", amount={"amount": "12.50", "currency": "CNY"})
    by_call = last_entry(served, theirs["id"])
    assert {each["field"] for each in by_tool["changes"]} == {each["field"] for each in by_call["changes"]}
    assert by_tool | {"changes": []} == by_call | {"changes": []}
    assert ann.call("update_deal", id=mine["id"], version=1, values={"size": 5})[1]["size"] == 5
    assert ann.call("press_hail_on_deal", id=mine["id"], input={"word": "hi"})[1]["show"] == ["Hello By tool: hi"]

    foreign = served.make("boss", "deal", name="Not hers")["id"]
    body = {"name": "x", "margin": 3}
    for tool, given, method, path, options in (
        ("get_deal", {"id": foreign}, "GET", f"/records/deal/{foreign}", {}),
        ("list_deal", {"filter": "margin > 1"}, "GET", "/records/deal?filter=margin > 1", {}),
        ("list_deal", {"limit": 201}, "GET", "/records/deal?limit=201", {}),
        ("create_deal", {"values": body}, "POST", "/records/deal", {"json": body}),
        ("create_deal", {"values": {"name": "Odd one"}}, "POST", "/records/deal", {"json": {"name": "Odd one"}}),
        ("update_deal", {"id": mine["id"], "version": 1, "values": {"size": 6}}, "PATCH", f"/records/deal/{mine['id']}",
         {"json": {"size": 6}, "headers": {"If-Match": '"1"'}}),
        ("report_margins", {}, "GET", "/reports/margins", {}),
        ("delete_deal", {"id": foreign}, "DELETE", f"/records/deal/{foreign}", {}),
    ):  # fmt: skip
        refused, problem = ann.call(tool, **given)
        entry = last_entry(served)
        direct = served.call("ann", method, path, **options)
        assert refused, tool
        assert without_request(problem) == without_request(direct.get_json()), tool
        assert entry == last_entry(served), tool
    assert ann.call("delete_deal", id=mine["id"]) == (False, None)
    assert served.get("ann", f"/records/deal/{mine['id']}").status_code == 404


@pytest.mark.promise("API-15")
def test_the_protocol_is_spoken_as_agents_expect_it(served: Served) -> None:
    ann = Agent(served, "ann")
    client = {"capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    begun = ann.send("initialize", protocolVersion="2025-06-18", **client)["result"]
    assert (begun["protocolVersion"], list(begun["capabilities"])) == ("2025-06-18", ["tools"])
    newest = ann.send("initialize", protocolVersion="1999-01-01", **client)["result"]["protocolVersion"]
    assert newest >= "2025-11-25"
    assert ann.send("ping")["result"] == {}
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    told = served.call("ann", "POST", "/mcp", json=note)
    assert (told.status_code, told.get_data()) == (202, b"")
    for method, params, code in (
        ("resources/list", {}, -32601),
        ("initialize", {"protocolVersion": "2025-06-18"}, -32602),
        ("tools/call", {"name": "list_vault"}, -32602),
        ("tools/call", {"name": "get_deal", "arguments": {}}, -32602),
        ("tools/call", {"name": "get_deal", "arguments": {"id": [1]}}, -32602),
        ("tools/call", {"name": "list_deal", "arguments": {"limits": 1}}, -32602),
        ("tools/call", {"name": "create_deal", "arguments": {"values": 3}}, -32602),
        ("tools/call", {"name": "list_deal", "arguments": 3}, -32602),
    ):
        assert ann.send(method, **params)["error"]["code"] == code, params
    old = served.call("ann", "POST", "/mcp", json={**note, "id": 1}, headers={"MCP-Protocol-Version": "1999-01-01"})
    assert (old.status_code, old.get_json()["id"]) == (400, 1)
    as_text = {"data": json.dumps(note), "content_type": "text/plain"}
    for path in ("/api/v1/mcp", "/mcp"):
        client_of_ann = served.app.test_client()
        bearer = {"Authorization": f"Bearer {served.tokens['ann']}"}
        assert client_of_ann.post(path, json={**note, "id": "a", "method": "ping"}, headers=bearer).get_json() == {
            "jsonrpc": "2.0", "id": "a", "result": {},
        }  # fmt: skip
        for method, headers, options, status in (
            ("POST", {}, {"json": note}, 401),
            ("POST", {"Authorization": "Bearer nobodys"}, {"json": note}, 401),
            ("GET", bearer, {}, 405),
            ("DELETE", bearer, {}, 405),
            ("POST", bearer, {"json": [note]}, 400),
            ("POST", bearer, as_text, 415),
            ("POST", {**bearer, "Origin": "https://elsewhere.example"}, {"json": note}, 403),
        ):
            answer = client_of_ann.open(path, method=method, headers=headers, **options)
            assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), (path, method)
            assert "X-Content-Type-Options" in answer.headers


def test_decimals_reach_the_api_as_they_were_sent(served: Served) -> None:
    ann = Agent(served, "ann")
    sent = b"""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "create_deal", "arguments":
        {"values": {"name": "Exact", "amount": {"amount": 12345678901234567.89, "currency": "CNY"}}}}}"""
    headers = {"Content-Type": "application/json"}
    made = served.call("ann", "POST", "/mcp", data=sent, headers=headers).get_json()["result"]["structuredContent"]
    assert made["amount"]["amount"] == "12345678901234567.89"
    assert ann.call("delete_deal", id=made["id"]) == (False, None)


def test_a_server_without_the_sdk_says_what_is_missing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ui.api.mcp_protocol", raising=False)
    monkeypatch.delattr("ui.api.mcp_protocol", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] in SDK]:
        monkeypatch.setitem(sys.modules, name, None)
    note = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answer = served.call("ann", "POST", "/mcp", json=note)
    assert (answer.status_code, answer.get_json()["code"]) == (501, "mcp_not_installed")
    assert "fieldstone[mcp]" in answer.get_json()["detail"]
    assert served.call(None, "POST", "/mcp", json=note).status_code == 401
    monkeypatch.undo()
    assert served.call("ann", "POST", "/mcp", json=note).get_json()["result"] == {}
