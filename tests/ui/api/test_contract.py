"""What the API promises of its metamodel, its lists, its pages and its errors."""

from __future__ import annotations

import itertools
import logging
import threading
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import system_actor
from engine.records.bulk_work import BulkWork, Work, WorkRow, work_through
from engine.records.types import SaveRow
from tests.support.served import Served

ZH = {"Accept-Language": "zh"}
NOBODY = "01900000-0000-7000-8000-000000000000"
INSIDES = ("Traceback", "SELECT ", "INSERT ", "sqlalchemy", "psycopg", "sqlite3", "site-packages", ".py", "fst_", "fs_")


@pytest.mark.promise("API-01")
def test_objects_fields_options_actions_and_views_are_those_of_the_caller_in_the_asked_language(served: Served) -> None:
    for who in ("ann", "boss", "none"):
        actor = served.platform.accounts.actor_of(f"{who}@example.com")
        assert actor is not None
        access = served.platform.records.access(actor)
        release = served.platform.releases.current()
        listed = {each["name"]: each for each in served.get(who, "/objects").get_json()["items"]}
        assert set(listed) == {key for key in release.metamodel.objects if access.of(key).visible}
        for key, object_def in release.metamodel.objects.items():
            answer = served.get(who, f"/objects/{key}")
            assert answer.status_code == (200 if key in listed else 404)
            if key not in listed:
                continue
            rights, found = access.of(key), answer.get_json()
            assert {name: found[name] for name in listed[key]} == listed[key]
            assert set(found["actions"]) == {name for name in rights.actions if rights.may(name)}
            assert {each["name"] for each in found["fields"]} == set(rights.shown) & set(object_def.fields)
            for each in found["fields"]:
                choice = object_def.fields[each["name"]].choice
                wanted = [option.name for option in choice.options] if choice is not None else []
                assert [option["name"] for option in each.get("options", [])] == wanted
                assert not each["update"] or each["name"] in rights.updatable
            views = [view.name for view in object_def.views.values() if not view.roles]
            assert [view["name"] for view in found["views"]] == views
    english, chinese = (served.get("ann", "/objects/deal", headers=each).get_json() for each in ({}, ZH))
    assert (english["label"], chinese["label"], chinese["plural"]) == ("Deal", "交易", "交易")
    names = {each["name"]: each for each in chinese["fields"]}
    assert (names["name"]["label"], names["stage"]["options"][1]["label"]) == ("名称", "赢单")
    assert not {"margin", "margin_class"} & {each["name"] for each in english["fields"]}
    assert "vault" not in served.get("ann", "/objects").get_data(as_text=True)


@pytest.mark.promise("API-02")
def test_list_parameters_work_alone_and_in_all_combinations(served: Served) -> None:
    firm = served.make("boss", "firm", name="Combined", rating=5)["id"]
    rows = [
        {"name": f"Combi {index}", "size": index % 7, "note": "granite" if index % 3 else "marble", "firm": firm}
        for index in range(40)
    ]
    for row in rows:
        served.make("boss", "deal", **row)
    all_rows = {row["name"]: row for row in rows}
    given: dict[str, str] = {
        "filter": 'name starts with "Combi" and size >= 2',
        "sort": "-size,name",
        "fields": "name,size,firm.name",
        "limit": "5",
        "count": "exact",
        "q": "granite",
    }
    for count in range(len(given) + 1):
        for chosen in itertools.combinations(given, count):
            query = "&".join(f"{name}={quote(given[name])}" for name in chosen)
            answer = served.get("boss", f"/records/deal?{query}")
            assert answer.status_code == 200, (chosen, answer.get_json())
            body = answer.get_json()
            seen, items = body, list(body["items"])
            assert len(items) <= (5 if "limit" in chosen else 50)
            while seen["next"] and "limit" in chosen and len(items) < 60:
                seen = served.get("boss", seen["next"]).get_json()
                items += seen["items"]
            wanted = [
                name
                for name, row in all_rows.items()
                if ("filter" not in chosen or row["size"] >= 2) and ("q" not in chosen or row["note"] == "granite")
            ]
            names = [item["name"] for item in items]
            if "filter" in chosen or "q" in chosen:
                assert sorted(names) == sorted(wanted), chosen
                assert ("count" in body) == ("count" in chosen)
                assert "count" not in chosen or body["count"]["value"] == len(wanted)
                if "sort" in chosen:
                    assert names == sorted(wanted, key=lambda name: (-all_rows[name]["size"], name))
            if "fields" in chosen:
                assert set(items[0]) == {"id", "version", "name", "size", "firm.name"}
    for wrong in ("limit=201", "limit=0", "foo=1", "fields=foo", "sort=foo", "filter=foo%20%3D%201", "fields=firm.foo"):
        for more in ("", "&q=granite", "&count=true"):
            assert served.get("boss", f"/records/deal?{wrong}{more}").status_code == 400, wrong


@pytest.mark.promise("API-03")
def test_a_walk_over_ten_thousand_records_gives_each_that_stayed_once_while_others_come_and_go(fresh: Served) -> None:
    records, actor = fresh.platform.records, system_actor()
    values = [{"name": f"Walk {n}", "size": n % 5 or None, "code": f"C{n}"} for n in range(10_000)]
    made = records.save_many(actor, "deal", [SaveRow(values=each) for each in values])
    ids = [str(row.id) for row in made.rows]
    gone, over = set(ids[7::10]), threading.Event()

    def disturb() -> None:
        for at in range(0, 1_000, 50):
            some = sorted(gone)[at : at + 50]
            rows = [WorkRow(work=Work.DELETE, id=each) for each in some]
            rows += [WorkRow(work=Work.CREATE, values={"name": f"New {at}", "size": at % 5 or None})]
            asked = BulkWork(object="deal", rows=rows, all_or_nothing=True)
            work_through(records, actor, fresh.platform.releases.current(), asked)
            if over.is_set():
                return

    other = threading.Thread(target=disturb)
    other.start()
    walked: list[tuple[str, int | None]] = []
    address: str | None = "/records/deal?sort=size&fields=size&limit=200"
    while address is not None:
        answer = fresh.get("boss", address)
        body = answer.get_json()
        walked += [(item["id"], item["size"]) for item in body["items"]]
        address = body["next"]
        assert answer.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
    over.set()
    other.join()
    found = [record_id for record_id, _size in walked]
    assert len(found) == len(set(found))
    assert set(found) >= set(ids) - gone
    # Empty values come last, and equal ones are told apart by the id.
    sizes = [9 if size is None else size for _id, size in walked]
    assert sizes == sorted(sizes)


def provoked(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    """Give calls that are refused, each for a reason of its own."""
    deal = served.make("boss", "deal", name="Errors", code="taken")["id"]
    one, many = f"/records/deal/{deal}", "/records/deal"
    values: list[Any] = [
        {}, {"name": None}, {"name": "x" * 200}, {"name": "A", "size": "many"}, {"name": "A", "closing": "soon"},
        {"name": "A", "closing": "2026-01-01"}, {"name": "A", "amount": "-1 CNY"}, {"name": "A", "amount": {}},
        {"name": "A", "stage": "gone"}, {"name": "A", "firm": NOBODY}, {"name": "A", "firm": "x y"},
        {"name": "A", "nme": 1}, {"name": "A", "id": NOBODY}, {"name": "A", "doubled": 4},
        {"name": "B", "code": "taken"},
        {"name": "A", "hot": "perhaps"}, {"name": "A", "weight": "1.23456"}, {"name": "A", "seen_at": "2026-13-01"},
        {"name": "A", "share": []}, {"name": "A", "owner": {"object": "firm", "id": deal}},
        {"name": "A", "size": 1.5},
        {"name": "A", "stage": "won", "size": 1}, {"name": "A", "number": "D-1"}, {"name": "A", "note": 5},
    ]  # fmt: skip
    calls: list[tuple[str, str, dict[str, Any]]] = [("POST", many, {"json": each}) for each in values]
    queries = ("limit=0", "limit=x", "cursor=x", "view=none", "count=2", "sort=%00", "foo=1", "filter=nme = 1")
    calls += [("GET", f"{many}?{each}", {}) for each in (*queries, "filter=(", "filter='; drop table x --", "fields=,")]
    bodies = (b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'{"name": NaN}', b"[" * 99)
    calls += [("POST", many, {"data": each, "headers": {"Content-Type": "application/json"}}) for each in bodies]
    calls += [
        ("POST", many, {"data": "name=x"}),
        ("PATCH", one, {"json": {"name": "B"}, "headers": {"If-Match": '"9"'}}),
        ("PATCH", one, {"json": {"name": "B"}, "headers": {"If-Match": "x"}}),
        ("GET", f"{many}/{NOBODY}", {}), ("GET", "/records/nothing", {}), ("GET", "/nowhere", {}), ("PUT", many, {}),
        ("POST", f"{one}/merge", {"json": {"from": [NOBODY]}}), ("POST", f"{one}/restore", {"json": {"a": 1}}),
        ("POST", f"{one}/share", {"json": {}}), ("PUT", "/records/deal/by/name/x", {"json": {"name": "x"}}),
        ("POST", "/query", {"json": {"object": "deal", "measures": ["sum(nme)"]}}),
        ("POST", "/metadata/plan", {"json": {"files": {}}}), ("GET", "/changes?since=x", {}),
        ("POST", f"/runs/{NOBODY}/retry", {}), ("GET", f"/files/{NOBODY}", {}),
    ]  # fmt: skip
    return calls


@pytest.mark.promise("API-17")
def test_errors_are_problem_documents_in_the_callers_language_that_give_nothing_of_the_inside_away(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fieldstone.web")
    calls = provoked(served)
    assert len(calls) > 50
    answers = [(each, served.call("boss", each[0], each[1], **each[2])) for each in calls]
    assert not [(each, found.status_code) for each, found in answers if not 400 <= found.status_code < 500]
    for (method, path, _options), answer in answers:
        assert answer.mimetype == "application/problem+json"
        problem, text = answer.get_json(), answer.get_data(as_text=True)
        assert problem["type"] == f"urn:fieldstone:error:{problem['code']}"
        assert (problem["status"], problem["request_id"]) == (answer.status_code, answer.headers["X-Request-Id"])
        assert problem["title"]
        assert problem["detail"]
        assert all(set(each) == {"field", "code", "message"} for each in problem["errors"])
        assert not [word for word in INSIDES if word in text], text
        assert str(served.platform.settings.data_folder) not in text
        assert served.tokens["boss"] not in text
        assert problem["request_id"] in caplog.text, (method, path)
    assert served.tokens["boss"] not in caplog.text
    codes = {"required", "unknown_field", "not_unique"}
    found = [served.call("boss", *calls[at][:2], **calls[at][2]).get_json()["errors"][0] for at in (0, 11, 14)]
    assert {each["code"] for each in found} == codes
    for method, path, options in calls:
        headers = {**options.get("headers", {}), **ZH}
        told = served.call("boss", method, path, **{**options, "headers": headers}).get_json()
        assert not [each for each in (told["detail"], *(one["message"] for one in told["errors"])) if each.isascii()]
    for asked, is_english in (("zh", False), ("zh-CN,en;q=0.5", False), ("fr", True), ("en,zh;q=0", True), ("", True)):
        headers = {"Accept-Language": asked}
        for method, path, options in (
            ("POST", "/records/deal", {"json": {"name": None}}),
            ("GET", "/records/deal?filter=nothing = 1", {}),
        ):
            refused = served.call("bob", method, path, headers=headers, **options).get_json()
            assert refused["detail"].isascii() == is_english, asked
            assert refused["errors"][0]["message"].isascii() == is_english, asked
    assert "did you mean" not in served.get("bob", "/records/deal?filter=nam = 1", headers=ZH).get_json()["detail"]
    own = served.platform.records.update(system_actor(), "user", served.user_ids["bob"], {"language": "zh"}).record
    assert own["language"] == "zh"
    assert not served.call("bob", "POST", "/records/deal", json={}).get_json()["errors"][0]["message"].isascii()


@pytest.mark.promise("API-14")
def test_a_plan_of_an_older_release_is_not_applied(fresh: Served) -> None:
    files = fresh.get("admin", "/metadata").get_json()["files"]
    more = {**files, "deals/objects/memo.yaml": "object: memo\nlabel: Memo\nfields:\n  text: {type: text}\n"}
    base = fresh.call("admin", "POST", "/metadata/plan", json={"files": more}).get_json()["base"]
    other = {**files, "deals/objects/hint.yaml": "object: hint\nlabel: Hint\nfields:\n  text: {type: text}\n"}
    applied = fresh.call("admin", "POST", "/metadata/apply", json={"files": other, "base": base})
    assert (applied.status_code, applied.get_json()["new"]) == (200, True)
    late = fresh.call("admin", "POST", "/metadata/apply", json={"files": more, "base": base})
    assert (late.status_code, late.get_json()["code"]) == (409, "release_changed")
    assert fresh.get("admin", "/objects/memo").status_code == 404
    assert fresh.get("admin", "/objects/hint").status_code == 200
    for wrong in ("1", -1, 1.5, True):
        answer = fresh.call("admin", "POST", "/metadata/apply", json={"files": more, "base": wrong})
        assert answer.status_code == 400, wrong
