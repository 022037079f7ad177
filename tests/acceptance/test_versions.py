"""History of records: who, when, what and why; versions compared, changes taken back, by the rights on the record."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import Served, post_form, serve_deals

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: Deal
        title: "{name}"
        fields:
          name: {type: text, required: true}
          amount: {type: money}
          twice: {type: money, formula: amount * 2}
          stage: {type: choice, options: [open, won, lost]}
          quiet: {type: text, history: false}
          secret: {type: text, encrypted: true}
          inner: {type: text}
          plan: {type: text}
          tags: {type: tags}
          boss: {type: lookup, to: deal, inverse: parts, on_delete: clear}
          below: {type: rollup, of: parts, function: count}
          note: {type: text}
        validations:
          - {name: no_lost_money, check: 'stage != "lost" or amount is empty', message: A lost deal has no amount.}
        """,
    "objects/memo.yaml": """
        object: memo
        label: Memo
        title: "{text}"
        history: false
        fields: {text: {type: text}}
        """,
    "rules/deal.rules": """
        rule note_won "Note won"
          when deal.stage changes to "won"
          then set note = "won by rule"
        end
        """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          deal: {read: all, create: yes, update: all, delete: all}
          memo: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
        fields: {deal.secret: {read: yes, update: yes}}
        """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          deal: {read: 'name != "closed to reps"', create: yes, update: 'stage != "won"', delete: own}
          user: {read: all}
        fields:
          deal.inner: {read: masked}
          deal.plan: {read: no}
          deal.amount: {update: no}
        """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: deal}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("versions")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


@pytest.fixture
def deal(served: Served) -> str:
    """A deal of four versions."""
    name = uuid.uuid4().hex
    made = served.make("boss", "deal", name=name, amount="100 CNY", stage="open", quiet="q1", secret="SECRETS1",
                       inner="INNERTEXT1", plan="PLANTEXT1", tags=["a", "b"])  # fmt: skip
    for change in (
        {"amount": "200 CNY", "quiet": "q2", "tags": ["b"]},
        {"inner": "INNERTEXT2", "plan": "PLANTEXT2", "secret": "SECRETS2"},
        {"name": f"{name} now", "amount": "300 CNY"},
    ):
        change_deal(served, made["id"], **change)
    return str(made["id"])


def change_deal(served: Served, deal: str, who: str = "boss", **values: Any) -> dict[str, Any]:
    answer = served.call(who, "PATCH", f"/records/deal/{deal}", json=values)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def history(served: Served, deal: str, who: str = "boss") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.get(who, f"/records/deal/{deal}/history").get_json()["items"]
    return found


def compared(served: Served, deal: str, who: str, before: int, after: int) -> dict[str, Any]:
    answer = served.get(who, f"/records/deal/{deal}/compare?from={before}&to={after}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {
        each["field"]: "masked" if each["masked"] else (each["from"], each["to"])
        for each in answer.get_json()["fields"]
    }


def put_back(served: Served, deal: str, who: str = "boss", status: int = 200, **body: Any) -> dict[str, Any]:
    answer = served.call(who, "POST", f"/records/deal/{deal}/revert", json=body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def errors(answer: dict[str, Any]) -> dict[str, str]:
    return {each["field"]: each["code"] for each in answer["errors"]}


@pytest.mark.promise("OBJ-31")
@pytest.mark.promise("UIX-16")
def test_the_history_keeps_who_when_what_and_the_cause_and_none_where_there_is_none(served: Served, deal: str) -> None:
    entries = history(served, deal)
    assert [entry["version"] for entry in entries] == [4, 3, 2, 1]
    assert all(entry["by"]["id"] == served.user_ids["boss"] and entry["at"] for entry in entries)
    changes = {each["field"]: each for entry in entries[2:3] for each in entry["changes"]}
    assert (changes["amount"]["old"]["amount"], changes["amount"]["new"]["amount"]) == ("100.00", "200.00")
    assert not any(each["field"] == "quiet" for entry in entries for each in entry["changes"])
    assert "quiet" not in compared(served, deal, "boss", 1, 4)
    assert put_back(served, deal, status=400, version=1, fields=["quiet"])["code"] == "query_problem"
    change_deal(served, deal, stage="won")
    do_runs(served.platform)
    caused = next(entry for entry in history(served, deal) if entry["run"])
    assert [(each["field"], each["old"], each["new"]) for each in caused["changes"]] == [("note", None, "won by rule")]
    memo = served.make("boss", "memo", text="MEMOTEXT1")["id"]
    served.call("boss", "PATCH", f"/records/memo/{memo}", json={"text": "MEMOTEXT2"})
    told = served.get("boss", f"/records/memo/{memo}/history").get_json()["items"]
    assert [entry["changes"] for entry in told] == [[], []]
    assert served.get("boss", f"/records/memo/{memo}/compare?from=1&to=2").get_json()["fields"] == []
    page = served.sign_in("boss").get(f"/o/memo/{memo}").get_data(as_text=True)
    assert "MEMOTEXT1" not in page


@pytest.mark.promise("OBJ-31")
def test_versions_are_compared_as_far_as_they_may_be_seen(served: Served, deal: str) -> None:
    found = compared(served, deal, "boss", 1, 4)
    assert found.keys() == {"name", "amount", "twice", "secret", "inner", "plan", "tags"}
    assert (found["inner"], found["tags"], found["secret"]) == (
        ("INNERTEXT1", "INNERTEXT2"),
        (["a", "b"], ["b"]),
        "masked",
    )
    assert compared(served, deal, "boss", 4, 1)["inner"] == ("INNERTEXT2", "INNERTEXT1")
    assert compared(served, deal, "boss", 2, 3).keys() == {"secret", "inner", "plan"}
    assert compared(served, deal, "boss", 3, 3) == {}
    assert compared(served, deal, "ann", 1, 4)["inner"] == "masked"
    assert compared(served, deal, "ann", 3, 4).keys() == {"name", "amount", "twice"}
    page, call = f"/o/deal/{deal}", f"/api/v1/records/deal/{deal}"
    versions = "compare?from=1&to=4"
    for address in (page, f"{page}/{versions}", f"{page}/revert?to=1", f"{call}/{versions}", f"{call}/history"):
        text = served.sign_in("ann").get(address).get_data(as_text=True)
        assert not re.findall("INNERTEXT|PLANTEXT|SECRETS", text), address
    for wrong in ("from=0&to=1", "from=1&to=5", "from=x&to=1", "from=1&to=99999999999999999"):
        assert served.get("boss", f"/records/deal/{deal}/compare?{wrong}").status_code == 400, wrong


@pytest.mark.promise("OBJ-31")
@pytest.mark.promise("UIX-16")
def test_a_change_or_all_since_a_version_is_taken_back_through_the_save(served: Served, deal: str) -> None:
    second = history(served, deal)[2]
    done = put_back(served, deal, entry=second["id"], fields=["tags"])
    assert (done["fields"], sorted(done["record"]["tags"]), done["record"]["version"]) == (["tags"], ["a", "b"], 5)
    # The amount was changed again after it; what is taken back is this change.
    done = put_back(served, deal, entry=second["id"], fields=["amount"])
    assert (done["record"]["amount"], done["record"]["twice"]) == (money("100.00"), money("200.00"))
    done = put_back(served, deal, version=2)
    assert done["fields"] == ["name", "amount", "inner", "plan", "tags"]
    assert {each["field"]: each["code"] for each in done["left"]} == {
        "twice": "revert_computed",
        "secret": "revert_not_kept",
    }
    assert done["record"]["amount"] == money("200.00")
    newest = history(served, deal)[0]
    assert {each["field"] for each in newest["changes"]} == {"name", "amount", "twice", "inner", "plan", "tags"}
    assert newest["by"]["id"] == served.user_ids["boss"]
    assert errors(put_back(served, deal, status=422, version=2, fields=["secret"])) == {"secret": "revert_not_kept"}
    made = history(served, deal)[-1]
    assert set(errors(put_back(served, deal, status=422, entry=made["id"], fields=["name"])).values()) == {
        "revert_created"
    }


@pytest.mark.promise("OBJ-31")
@pytest.mark.promise("UIX-16")
def test_taking_back_needs_the_rights_and_meets_the_checks_of_the_live_record(served: Served, deal: str) -> None:
    assert errors(put_back(served, deal, "ann", 422, version=1, fields=["amount"])) == {"amount": "no_right"}
    assert errors(put_back(served, deal, "ann", 422, version=1, fields=["inner"])) == {"inner": "revert_hidden"}
    assert put_back(served, deal, "ann", 400, version=1, fields=["plan"])["code"] == "query_problem"
    done = put_back(served, deal, "ann", version=1)
    assert set(done["fields"]) == {"name", "tags"}
    assert {each["field"] for each in done["left"]} == {"amount", "twice", "inner", "secret"} - {"secret"}
    # Validations and versions are those of any save.
    change_deal(served, deal, amount=None)
    change_deal(served, deal, stage="lost")
    assert put_back(served, deal, status=422, version=4, fields=["amount"])["code"] == "validation_failed"
    stale = served.call(
        "boss", "POST", f"/records/deal/{deal}/revert", json={"version": 4}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    change_deal(served, deal, stage="won")
    for fields in ({}, {"fields": ["name"]}):
        assert put_back(served, deal, "ann", 403, version=1, **fields)["code"] == "access_denied"
    wrong: Sequence[dict[str, Any]] = (
        {}, {"version": 1, "entry": 2}, {"version": "1"}, {"entry": True}, {"version": 2**60}, {"what": 1},
        {"version": 1, "fields": "name"}, {"version": 900}, {"entry": 900_000_000},
    )  # fmt: skip
    for body in wrong:
        assert put_back(served, deal, status=400, **body)
    other = served.make("boss", "deal", name="other")["id"]
    foreign = history(served, other)[0]["id"]
    assert put_back(served, deal, status=400, entry=foreign)["code"] == "query_problem"
    assert served.call("boss", "POST", f"/records/deal/{other}/revert", json={"version": 1}).status_code == 422


@pytest.mark.promise("OBJ-31")
def test_who_may_not_read_the_record_reads_compares_reverts_and_restores_nothing(served: Served, deal: str) -> None:
    change_deal(served, deal, name="closed to reps")
    calls: Sequence[tuple[str, str, Any]] = (
        ("GET", "history", None),
        ("GET", "compare?from=1&to=2", None),
        ("POST", "revert", {"version": 1}),
        ("POST", "restore", None),
    )
    for method, part, body in calls:
        options = {"json": body} if body is not None else {}
        assert served.call("ann", method, f"/records/deal/{deal}/{part}", **options).status_code == 404, part
    client = served.sign_in("ann")
    for address in (f"/o/deal/{deal}/compare", f"/o/deal/{deal}/revert?to=1"):
        assert client.get(address).status_code == 404
    change_deal(served, deal, name="seen again")
    assert served.call("boss", "DELETE", f"/records/deal/{deal}").status_code == 204
    assert served.call("ann", "POST", f"/records/deal/{deal}/restore").status_code == 403
    assert served.get("boss", f"/records/deal/{deal}/history").status_code == 404
    assert put_back(served, deal, status=404, version=1)
    assert served.call("boss", "POST", f"/records/deal/{deal}/restore").status_code == 200
    assert put_back(served, deal, version=1)["fields"]


def test_a_change_of_computed_values_alone_is_not_offered_to_be_taken_back(served: Served) -> None:
    served.make("boss", "deal", name="part", boss=(above := served.make("boss", "deal", name="above")["id"]))
    assert [change["field"] for change in history(served, above)[0]["changes"]] == ["below"]
    assert "/revert?entry=" not in served.sign_in("boss").get(f"/o/deal/{above}").get_data(as_text=True)


@pytest.mark.promise("UIX-16")
def test_the_pages_name_what_was_changed_since_and_why_something_stays(served: Served, deal: str) -> None:
    client = served.sign_in("boss")
    second = history(served, deal)[2]
    page = client.get(f"/o/deal/{deal}").get_data(as_text=True)
    assert f'href="/o/deal/{deal}/revert?entry={second["id"]}"' in page.replace("shop.deal", "deal")
    page = client.get(f"/o/deal/{deal}/revert?entry={second['id']}").get_data(as_text=True)
    assert "Changed since by" in page
    boxes = [re.findall(rf'<input[^>]*value="{name}"[^>]*>', page)[0] for name in ("amount", "tags")]
    assert [" checked" in box for box in boxes] == [False, True]
    assert "follows by itself" in page
    (version,) = re.findall(r'name="version" value="(\d+)"', page)
    sent = {"entry": str(second["id"]), "version": version, "fs-field": "tags"}
    assert post_form(client, f"/o/deal/{deal}/revert", sent, f"/o/deal/{deal}").status_code == 303
    assert sorted(served.get("boss", f"/records/deal/{deal}").get_json()["tags"]) == ["a", "b"]
    # The version that the page was made of is an old one by now.
    again = post_form(client, f"/o/deal/{deal}/revert", {**sent, "fs-field": "amount"}, f"/o/deal/{deal}")
    assert again.status_code == 303
    assert "/revert?entry=" in again.headers["Location"]
    assert (
        post_form(client, f"/o/deal/{deal}/revert", {"to": "1", "version": "5"}, f"/o/deal/{deal}").status_code == 422
    )
    change_deal(served, deal, amount=None)
    lost = change_deal(served, deal, stage="lost")
    refused = {"to": "4", "version": str(lost["version"]), "fs-field": "amount"}
    answer = post_form(client, f"/o/deal/{deal}/revert", refused, f"/o/deal/{deal}")
    assert answer.status_code == 422
    assert "A lost deal has no amount." in answer.get_data(as_text=True)
    compare = client.get(f"/o/deal/{deal}/compare?from=1&to=4").get_data(as_text=True)
    assert "INNERTEXT1" in compare
    assert "changed; not shown to you" in compare
    assert client.get(f"/o/deal/{deal}/compare").status_code == 200
    assert client.get(f"/o/deal/{deal}/compare?from=77&to=1").status_code == 400
