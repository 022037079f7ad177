"""The audit log by page, API and command line: who asked from where, what was refused, and what its readers see."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from engine.audit.entries import AuditFilter
from tests.support.served import Served, csrf_token
from ui.cli import LazyGroup

# Pages of one's own account and of who is not signed in: what they catch is no right that somebody lacks.
OF_NO_RIGHT = {"account", "account_tokens", "sign_in_steps", "public_forms", "approval_link"}


def entries(served: Served, **asked: str) -> list[dict[str, Any]]:
    answer = served.get("admin", "/audit", query_string=asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


@pytest.mark.promise("SEC-27")
def test_an_entry_says_who_did_what_from_where_and_in_which_request(served: Served) -> None:
    account = served.make("ann", "deal", name="Audited")
    answer = served.call("ann", "PATCH", f"/records/deal/{account['id']}", json={"name": "Audited twice"})
    assert answer.status_code == 200
    changed, made = entries(served, record=account["id"])
    assert (changed["actor"], changed["origin"]) == ({"id": served.user_ids["ann"], "name": "ann"}, "api")
    assert (changed["address"], changed["request_id"]) == ("127.0.0.1", answer.headers["X-Request-Id"])
    assert {"field": "name", "old": "Audited", "new": "Audited twice"} in changed["changes"]
    assert (changed["action"], made["action"], changed["version"]) == ("updated", "created", 2)
    assert changed["release"] == served.platform.releases.current().number
    one = served.get("admin", f"/audit/{changed['id']}")
    assert one.get_json() == changed


@pytest.mark.promise("SEC-27")
@pytest.mark.parametrize(
    ("method", "path", "body", "status", "about"),
    [
        ("GET", "/records/nothing", None, 404, "nothing"),
        ("GET", "/audit", None, 403, "the audit log"),
        ("POST", "/metadata/plan", {"files": {}}, 403, "app"),
    ],
)
def test_a_refused_request_is_an_entry_of_its_own(
    served: Served, method: str, path: str, body: Any, status: int, about: str
) -> None:
    before = entries(served, action="refused")
    answer = served.call("ann", method, path, json=body)
    assert answer.status_code == status
    told, *others = entries(served, action="refused")
    assert others[: len(before)] == before
    facts = {each["field"]: each["new"] for each in told["changes"]}
    assert (told["object"], facts["method"], facts["path"]) == (about, method, f"/api/v1{path}")
    assert told["actor"]["id"] == served.user_ids["ann"]
    assert told["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.promise("SEC-27")
def test_configuration_roles_settings_exports_and_log_ins_have_their_entries(fresh: Served) -> None:
    files = fresh.get("admin", "/metadata").get_json()["files"]
    name = next(each for each in files if each.endswith("objects/deal.yaml"))
    changed = {**files, name: files[name] + "\n# published again\n"}
    before = fresh.platform.releases.current().number
    applied = fresh.call("admin", "POST", "/metadata/apply", json={"files": changed, "comment": "why"})
    assert applied.get_json()["new"] is True
    (published,) = entries(fresh, action="published", limit="1")
    facts = {each["field"]: (each["old"], each["new"]) for each in published["changes"]}
    assert facts == {"release": (before, before + 1), "files": (None, [name]), "comment": (None, "why")}
    assert (published["object"], published["release"]) == ("fs_release", before + 1)
    user = fresh.user_ids["bob"]
    fresh.platform.accounts.administration.set_roles("bob@example.com", ("boss",), by="command line")
    (roles,) = entries(fresh, action="roles_set", limit="1")
    assert (roles["record"]["id"], roles["changes"][0]["old"], roles["changes"][0]["new"]) == (user, ["rep"], ["boss"])
    fresh.sign_in("ann")
    (signed,) = entries(fresh, action="signed_in", limit="1")
    assert (signed["actor"]["name"], signed["origin"], signed["address"]) == ("ann", "page", "127.0.0.1")
    exported = fresh.call("admin", "GET", "/exports/deal", query_string={"fields": "name"})
    assert exported.status_code == 200, exported.get_data(as_text=True)
    exported.get_data()
    (taken,) = entries(fresh, action="exported", limit="1")
    assert (taken["object"], taken["address"]) == ("deal", "127.0.0.1")
    assert taken["request_id"] == exported.headers["X-Request-Id"]


@pytest.mark.promise("SEC-27")
def test_what_a_form_and_a_command_refuse_is_an_entry_as_it_is_for_a_call(served: Served) -> None:
    lost = served.make("ann", "deal", name="Gone")["id"]
    served.platform.records.update(served.system(), "deal", lost, {"stage": "lost"}, confirm=None)
    client = served.sign_in("ann")
    token = {"csrf_token": csrf_token(client, "/")}
    view = {"label": "Ours", "for": "role:rep", **token}
    for path, values, status, about, code in (
        (f"/o/deal/{lost}/move", {"stage": "open", **token}, (303, 403), "deal", "access_denied"),
        ("/o/deal/views/new", view, (403,), "fs_view", "access_denied"),
        ("/team/users", {"login": "x@example.com", **token}, (403,), "user", "access_denied"),
    ):
        before = entries(served, action="refused", limit="200")
        answer = client.post(path, data=values)
        assert answer.status_code in status, path
        told, *others = entries(served, action="refused", limit="200")
        assert others == before, path
        facts = {each["field"]: each["new"] for each in told["changes"]}
        assert (told["object"], facts["method"], facts["path"], facts["code"]) == (about, "POST", path, code)
        assert (told["origin"], told["actor"]["id"]) == ("page", served.user_ids["ann"])
    address = str(served.platform.settings.database_url)
    for words, code in ((("export", "vault", "--as"), "not_found"), (("users", "list", "--as"), "access_denied")):
        done = CliRunner().invoke(LazyGroup("fieldstone"), [*words, "ann@example.com", "--db", address])
        assert done.exit_code == 1, done.output
        told = entries(served, action="refused", limit="1")[0]
        facts = {each["field"]: each["new"] for each in told["changes"]}
        assert (told["origin"], told["actor"]["id"]) == ("cli", served.user_ids["ann"])
        assert (facts["command"], facts["code"]) == (f"fieldstone {' '.join(words[:-1])}".replace(" vault", ""), code)


@pytest.mark.promise("SEC-27")
def test_rows_that_are_refused_among_many_are_one_entry_of_the_call(served: Served) -> None:
    own, lost, other = (served.make(who, "deal", name=f"Of {who}")["id"] for who in ("ann", "ann", "bob"))
    served.platform.records.update(served.system(), "deal", lost, {"stage": "lost"}, confirm=None)
    rows = [{"do": "update", "id": each, "values": {"size": 3}} for each in (own, lost, other)]
    rows.append({"do": "update", "id": own, "values": {"size": "many"}})
    client = served.sign_in("ann")
    token = csrf_token(client, "/")
    form = {"csrf_token": token, "fs-picked": "1", "fs-field": "size", "fs-how": "set", "size": "4"}
    by_page: Any = {**form, "fs-record": [own, lost]}
    calls: tuple[tuple[Callable[[str], TestResponse], str, str, dict[str, str]], ...] = (
        (lambda path: served.call("ann", "POST", path, json={"rows": rows}), "/api/v1/records/deal/bulk",
         "access_denied, record_not_found", {"rows": "2", "records": f"{lost}, {other}"}),
        (lambda path: client.post(path, data=by_page), "/o/deal/edit-many", "access_denied", {"rows": "1"}),
        (lambda path: client.post(path, data={**form, "fs-record": [other]}), "/o/deal/delete-many",
         "record_not_found", {"rows": "1"}),
    )  # fmt: skip
    for call, path, code, about in calls:
        before = entries(served, action="refused", limit="200")
        assert call(path).status_code in (200, 422), path
        told, *others = entries(served, action="refused", limit="200")
        assert others == before, path
        facts = {each["field"]: each["new"] for each in told["changes"] if each["new"] is not None}
        assert (told["object"], facts) == ("deal", {"method": "POST", "path": path, "code": code, **about})


def test_each_page_that_says_a_refusal_itself_tells_it_to_the_log() -> None:
    untold = []
    for path in sorted(Path("ui/pages").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is not None and path.stem not in OF_NO_RIGHT:
                caught = ast.unparse(node.type)
                if re.search("AccessDenied|ValidationFailed", caught) and "note_caught(" not in ast.unparse(node):
                    untold.append(f"{path.name}:{node.lineno} {caught}")
    assert untold == []


def test_a_record_that_is_absent_and_one_that_may_not_be_read_leave_the_same_entry(served: Served) -> None:
    hidden = served.make("ann", "deal", name="Hers")["id"]
    absent = "01890000-0000-7000-8000-000000000000"
    before = len(entries(served, action="refused", limit="200"))
    for record in (hidden, absent):
        assert served.get("bob", f"/records/deal/{record}").status_code == 404
    told = entries(served, action="refused", limit="200")
    assert len(told) == before + 2
    assert [each["record"]["id"] for each in told[:2]] == [absent, hidden]
    assert len({each["object"] for each in told[:2]}) == 1


def test_the_log_is_walked_page_by_page_and_unclear_filters_are_refused(served: Served) -> None:
    for number in range(5):
        served.make("ann", "deal", name=f"Walked {number}")
    seen, cursor = [], ""
    while True:
        answer = served.get("admin", "/audit", query_string={"limit": "7", **({"cursor": cursor} if cursor else {})})
        page = answer.get_json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = str(seen[-1])
    assert seen == sorted(set(seen), reverse=True)
    everything = served.platform.audit.log.export(served.system(), AuditFilter())
    assert seen == [each.id for each in everything][1:]
    for name, value in (("record", "x"), ("since", "soon"), ("origin", "moon"), ("cursor", "1;2"), ("what", "1")):
        asked: dict[str, Any] = {"query_string": {name: value}, "headers": {"Accept-Language": "zh"}}
        answer = served.get("admin", "/audit", **asked)
        assert answer.status_code == 400
        assert re.search(r"[\u4e00-\u9fff]", answer.get_json()["detail"]), answer.get_json()
    assert served.get("admin", "/audit/999999999").status_code == 404
    assert served.get("admin", "/audit/x").status_code == 404


def test_who_reads_the_log_sees_no_value_that_their_roles_hide(served: Served) -> None:
    deal = served.make("ann", "deal", name="Hidden margin")["id"]
    records, log = served.platform.records, served.platform.audit.log
    auditor = served.platform.accounts.actor_of("none@example.com")
    assert auditor is not None
    with pytest.raises(Exception, match="view_audit"):
        log.list(auditor, AuditFilter())
    admin = served.platform.accounts.actor_of("admin@example.com")
    assert admin is not None
    access = records.access(admin).of("deal")
    (entry,) = log.list(admin, AuditFilter(record_id=deal)).rows
    assert {each.name for each in entry.changes} <= access.whole
    (whole,) = log.list(served.system(), AuditFilter(record_id=deal)).rows
    assert entry.hidden == len(whole.changes) - len(entry.changes)


def test_the_page_lists_entries_shows_one_and_proves_the_seals(served: Served) -> None:
    account = served.make("ann", "deal", name="Shown <b>")["id"]
    assert served.sign_in("ann").get("/admin/audit").status_code == 403
    admin = served.sign_in("admin")
    text = admin.get(f"/admin/audit?record={account}&actor=ann&since=2020-01-01").get_data(as_text=True)
    found = re.findall(r'href="/admin/audit/(\d+)"', text)
    assert len(found) == 1
    shown = admin.get(f"/admin/audit/{found[0]}").get_data(as_text=True)
    assert "Shown &lt;b&gt;" in shown
    assert "127.0.0.1" in shown
    assert account not in admin.get("/admin/audit?record=x").get_data(as_text=True)
    answer = admin.post("/admin/audit/verify", data={"csrf_token": csrf_token(admin, "/admin/audit")})
    assert answer.status_code == 303
    assert "as they were sealed" in admin.get("/admin/audit").get_data(as_text=True)
    chinese = admin.get("/admin/audit", headers={"Cookie": "fieldstone_language=zh"})
    assert chinese.status_code == 200


@pytest.mark.promise("SEC-28")
def test_the_command_line_proves_lists_and_exports(served: Served, tmp_path: Path) -> None:
    account = served.make("ann", "deal", name="Exported")["id"]
    commands, options = LazyGroup("fieldstone"), ["--db", served.platform.settings.database_url]
    environment = {"FIELDSTONE_SECRET_KEY": "k" * 40, "FIELDSTONE_DATA_FOLDER": str(tmp_path)}

    def call(*words: str) -> str:
        found = CliRunner().invoke(commands, ["audit", *words, *options], env=environment, catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output

    told = json.loads(call("verify", "--json"))
    assert told["sound"] is True
    assert told["unsealed"] == 0
    assert "are as they were sealed" in call("verify", "--known", told["head"])
    assert f"entry {told['sealed_to']}" in call("verify")
    listed = json.loads(call("list", "--record", account, "--json"))
    assert [each["action"] for each in listed] == ["created"]
    assert "Exported" in call("show", str(listed[0]["id"]))
    call("export", "--object", "deal", str(tmp_path / "log.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert account in {line["record"]["id"] for line in lines if line["record"]}
    assert json.loads(call("list", "--action", "exported", "--json"))[0]["object"] == "fs_audit"
