"""What the page of a record shows and does, the API shows and does for the same caller, with the same refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import serve_deals
from tests.support.visits import Visits

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields: {name: {type: text, required: true}}
    """,
    "objects/lead.yaml": """
        object: lead
        label: Lead
        title: "{name}"
        duplicates:
          - match: [{field: phone}]
        fields:
          name: {type: text, required: true}
          phone: {type: phone}
          size: {type: integer}
          note: {type: text}
          secret: {type: text}
    """,
    "conversions/to_firm.yaml": """
        conversion: to_firm
        from: lead
        to:
          firm: {object: firm, fields: {name: name}}
    """,
    "rules/lead.rules": """
        rule touch
          when button touch on lead is pressed by role "rep"
          if size = 1
          then set note = "touched"
        rule spoil
          when button spoil on lead is pressed by role "boss"
          then set name = empty
        rule sized
          when lead.size changes
          then set note = "sized"
        approval check on lead if size = 1
          step one by any of role "boss"
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          lead: {read: own or shared, create: yes, update: own, delete: own}
          firm: {read: all, create: yes}
          comment: {read: all, create: yes}
          task: {read: own, create: yes}
          user: {read: all}
        fields:
          lead.secret: {read: no}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          lead: {read: all, update: all}
          firm: {read: all}
          comment: {read: all, create: yes}
          task: {read: all, create: yes}
          user: {read: all}
        system: [view_runs, retry_runs]
    """,
}
# Who, seen from the record: its owner; who reads it by a share; who reads and changes all; who may not read it.
CALLERS = ("ann", "bob", "boss", "none")


@pytest.fixture(scope="module")
def leads(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    folder = tmp_path_factory.mktemp("leads")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as served:
        yield Visits(served)


def lead(leads: Visits, size: int = 1) -> str:
    made = leads.served.make("ann", "lead", name="Lead", size=size)["id"]
    share = {"with": {"user": leads.served.user_ids["bob"]}}
    assert leads.served.call("ann", "POST", f"/records/lead/{made}/share", json=share).status_code == 200
    return str(made)


def acts(leads: Visits, size: int) -> dict[str, tuple[dict[str, Any], str, dict[str, Any]]]:
    """Give name → body of the API, address of the page, its form; made anew, since each is done to records."""
    boss = leads.served.user_ids["boss"]
    api_other, page_other = lead(leads, size), lead(leads, size)
    return {
        "actions/touch": ({}, "press/touch", {}),
        "actions/spoil": ({}, "press/spoil", {}),
        "convert": ({}, "convert", {}),
        "merge": ({"from": [api_other]}, "merge", {"with": page_other}),
        "share": ({"with": {"user": boss}}, "share", {"with": f"user:{boss}", "level": "read"}),
        "approval": ({"do": "submit"}, "approval", {}),
    }


def happened(leads: Visits, record_id: str) -> list[tuple[str, list[str]]]:
    """Give what the history says, as the product sees it."""
    entries = leads.served.platform.records.history(leads.served.system(), "lead", record_id)
    return [(each.action, sorted(change.field for change in each.changes)) for each in entries]


@pytest.mark.promise("API-08")
def test_calls_of_a_record_show_and_do_what_its_page_does_with_the_same_refusals(leads: Visits) -> None:
    done: dict[str, set[str]] = {}
    for who in CALLERS:
        for size in (1, 2):
            for name, (body, page, form) in acts(leads, size).items():
                by_api, by_page = lead(leads, size), lead(leads, size)
                before = happened(leads, by_api)
                answer = leads.served.call(who, "POST", f"/records/lead/{by_api}/{name}", json=body)
                shown = leads.post(who, f"/o/lead/{by_page}/{page}", form)
                what = (who, size, name, answer.get_json(), shown.status_code)
                assert happened(leads, by_api) == happened(leads, by_page), what
                if shown.status_code in (403, 404):
                    assert answer.status_code == shown.status_code, what
                if answer.status_code >= 400:
                    assert answer.status_code in (403, 404, 409, 422), what
                    assert happened(leads, by_api) == before, what
                elif happened(leads, by_api) != before:
                    done.setdefault(who, set()).add(f"{name} {size}")
    both = {"convert 1", "convert 2", "merge 1", "merge 2", "share 1", "share 2"}
    assert done.pop("ann") == both | {"actions/touch 1", "approval 1"}
    assert "none" not in done
    assert "merge 1" not in done.get("boss", set()), "the boss may not delete"
    assert not done.get("bob", set()) - {"actions/touch 1", "approval 1"}, "bob only reads"
    history_runs_and_buttons_are_those_of_the_page(leads)
    the_timeline_has_changes_runs_and_records_in_one_order(leads)
    runs_are_filtered_and_only_failed_ones_are_tried_again(leads)


def history_runs_and_buttons_are_those_of_the_page(leads: Visits) -> None:
    known = lead(leads)
    leads.served.call("boss", "PATCH", f"/records/lead/{known}", json={"size": 3, "secret": "hidden words"})
    do_runs(leads.served.platform, waits_too=False)
    for who in CALLERS:
        answers = {
            part: leads.served.get(who, f"/records/lead/{known}/{part}")
            for part in ("history", "runs", "actions", "share", "approval", "timeline")
        }
        if who == "none":
            assert {each.status_code for each in answers.values()} == {404}
            assert leads.client(who).get(f"/o/lead/{known}").status_code == 404
            continue
        page = leads.page(who, f"/o/lead/{known}")
        found = {part: answer.get_json().get("items", []) for part, answer in answers.items()}
        assert [str(each["id"]) for each in found["history"]] == re.findall(r'id="history-(\d+)"', page)
        assert set(re.findall(r"/runs/([0-9a-f-]{36})", page)) == {each["id"] for each in found["runs"]} != set()
        assert [each["name"] for each in found["actions"]] == list(
            dict.fromkeys(re.findall(rf"/o/lead/{known}/press/(\w+)", page))
        )
        assert (f'href="/o/lead/{known}/share"' in page) == (answers["share"].status_code == 200)
        told = [part for part, answer in answers.items() if "hidden words" in answer.get_data(as_text=True)]
        assert told == (["history", "timeline"] if who == "boss" else []), who
        assert ("hidden words" in page) == (who == "boss")


def the_timeline_has_changes_runs_and_records_in_one_order(leads: Visits) -> None:
    known = lead(leads)
    for index in range(4):
        leads.served.make("ann", "comment", text=f"C{index}", about={"object": "lead", "id": known})
        leads.served.call("ann", "PATCH", f"/records/lead/{known}", json={"size": 10 + index})
    leads.served.make("boss", "task", subject="Of the boss", about={"object": "lead", "id": known})
    do_runs(leads.served.platform, waits_too=False)
    path = f"/records/lead/{known}/timeline"
    whole = leads.served.get("ann", path).get_json()
    assert whole["next"] is None
    kinds = [each["kind"] for each in whole["items"]]
    # Created, shared, four changes of the size, what the rule wrote once: a run that changes nothing writes nothing.
    assert {kind: kinds.count(kind) for kind in kinds} == {"comments": 4, "runs": 5, "changes": 7}
    assert [each["at"] for each in whole["items"]] == sorted((each["at"] for each in whole["items"]), reverse=True)
    assert "tasks" in {each["kind"] for each in leads.served.get("boss", path).get_json()["items"]}
    for limit in (1, 4):
        walked, address = [], f"{path}?limit={limit}"
        while address:
            answer = leads.served.get("ann", address)
            assert (f'<{answer.get_json()["next"]}>; rel="next"' == answer.headers.get("Link")) == bool(
                answer.get_json()["next"]
            )
            walked += answer.get_json()["items"]
            address = answer.get_json()["next"]
        assert walked == whole["items"]
    some = leads.served.get("ann", f"{path}?kinds=comments").get_json()["items"]
    assert [each["record"]["text"] for each in some] == ["C3", "C2", "C1", "C0"]
    cursor = leads.served.get("ann", f"{path}?limit=1").get_json()["next"].partition("cursor=")[2]
    for wrong in ("kinds=changs", "limit=0", "limit=201", "more=1", "cursor=AAAA", f"kinds=runs&cursor={cursor}"):
        assert leads.served.get("ann", f"{path}?{wrong}").status_code == 400, wrong


def runs_are_filtered_and_only_failed_ones_are_tried_again(leads: Visits) -> None:
    one, other = lead(leads), lead(leads)
    for record_id in (one, other):
        leads.served.call("boss", "POST", f"/records/lead/{record_id}/actions/spoil", json={})
        leads.served.call("boss", "POST", f"/records/lead/{record_id}/actions/touch", json={})
        leads.served.call("boss", "PATCH", f"/records/lead/{record_id}", json={"size": 7})
    do_runs(leads.served.platform, waits_too=False)

    def listed(query: str, status: int = 200) -> list[dict[str, Any]]:
        answer = leads.served.get("boss", f"/runs?{query}")
        assert answer.status_code == status, answer.get_json()
        return list(answer.get_json().get("items", []))

    (failed,) = listed(f"rule=spoil&record={one}&state=failed")
    sized, made = listed(f"rule=sized&record={one}&object=lead")
    assert (failed["record"]["id"], failed["rule"], failed["state"]) == (one, "spoil", "failed")
    assert {each["id"] for each in listed(f"record={one}")} == {failed["id"], sized["id"], made["id"]}
    assert {each["rule"] for each in listed("rule=sized&limit=200")} == {"sized"}
    assert {each["state"] for each in listed("state=failed&limit=200")} == {"failed"}
    assert listed("rule=spoil&state=done") == []
    listed("state=broken", 400)
    listed("rules=sized", 400)
    assert leads.served.call("boss", "POST", f"/runs/{failed['id']}/retry").status_code == 200
    refused = leads.served.call("boss", "POST", f"/runs/{sized['id']}/retry")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "run_not_retryable")
    assert leads.served.call("ann", "POST", f"/runs/{sized['id']}/retry").status_code in (403, 404)
    assert leads.served.get("ann", "/runs").status_code == 403
