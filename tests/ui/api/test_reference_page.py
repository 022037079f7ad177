"""The page of the API: the calls of the person's own document, each tried as that person and not otherwise."""

from __future__ import annotations

import html
import io
import json
import re
from typing import Any

from flask.testing import FlaskClient

from tests.support.served import Served, csrf_token, login_of
from ui.api.document_words import METHODS

PAGE = "/api-reference"
# Of the product's own objects, which have English notes alone, or the same in every language.
UNTOLD = {"`object:id`"}


def text_of(client: FlaskClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def listed(page: str) -> list[str]:
    return re.findall(rf'<a href="{PAGE}/([^"]+)">', page)


def calls(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        of[method]["operationId"]: of[method] for of in document["paths"].values() for method in METHODS if method in of
    }


class Trying:
    """Tries calls as somebody."""

    def __init__(self, served: Served, who: str) -> None:
        self.client = served.sign_in(who)
        self.token = csrf_token(self.client, PAGE + "/query")

    def send(self, name: str, **given: Any) -> str:
        """Try a call; give the page. given: `query__limit` is the control `query-limit`."""
        values = {key.replace("__", "-"): value for key, value in given.items()}
        answer = self.client.post(f"{PAGE}/{name}", data={"csrf_token": self.token, **values})
        assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
        return answer.get_data(as_text=True)

    def tried(self, name: str, **given: Any) -> tuple[int, Any, str]:
        """Try a call; give its status, its body and the command shown."""
        page = self.send(name, **given)
        status = re.search(r'class="pill pill-\w+">(\d{3}) ', page.partition('id="answer"')[2])
        assert status is not None, page
        shown = [html.unescape(each) for each in re.findall(r'<pre class="code"[^>]*>(.*?)</pre>', page, re.S)]
        return int(status[1]), json.loads(shown[0]) if len(shown) > 1 else None, shown[-1]


def test_the_page_has_the_calls_of_the_own_document_and_no_other(served: Served) -> None:
    found = {}
    for who in ("ann", "boss", "none", "admin"):
        client = served.sign_in(who)
        document = served.get(who, "/openapi.json").get_json()
        own = calls(document)
        found[who] = listed(text_of(client))
        assert sorted(found[who]) == sorted(own)
        assert not [name for name, each in own.items() if each.get("summary", name) == name], "each says what it does"
    assert "list_vault" in found["boss"]
    assert "list_vault" not in found["ann"]
    client = served.sign_in("ann")
    assert client.get(f"{PAGE}/list_vault").status_code == client.get(f"{PAGE}/nothing").status_code == 404
    assert "margin" not in text_of(client, f"{PAGE}/create_deal")
    assert "margin" in text_of(served.sign_in("boss"), f"{PAGE}/create_deal")
    assert listed(text_of(client, f"{PAGE}?q=HISTORY+deal")) == ["history_of_deal"]
    assert "No call has these words" in text_of(client, f"{PAGE}?q=%3Cscript%3E")
    assert served.browser().get(PAGE).status_code == 303


def test_each_call_has_a_page_in_both_languages(served: Served) -> None:
    documents = {
        tongue: served.get("admin", "/openapi.json", headers={"Accept-Language": tongue}).get_json()
        for tongue in ("en", "zh")
    }
    english, chinese = (set(re.findall(r'"description": "((?:[^"\\]|\\.)*)"', json.dumps(documents[each],
                            ensure_ascii=False))) for each in ("en", "zh"))  # fmt: skip
    core = set(re.findall(r"en: \"?([^,}\"]+)", "\n".join(core_texts())))
    assert len(english) > 100
    assert {each for each in english & chinese if each.rstrip(".") not in {one.rstrip(".") for one in core}} <= UNTOLD
    for name, each in calls(documents["zh"]).items():
        if not name.startswith(("press_", "submit_")):
            assert not each["summary"].isascii(), name
    client = served.sign_in("admin")
    client.set_cookie("fieldstone_language", "zh")
    kinds = {re.sub(r"_(account|activity|attachment|comment|contact|firm|following|queue_member|queue|tagging|tag|task|"
                    r"team|user|vault)\b", "", name): name for name in calls(documents["en"])}  # fmt: skip
    assert len(kinds) > 60
    for name in kinds.values():
        page = text_of(client, f"{PAGE}/{name}")
        assert name in page
        assert "试" in page


def core_texts() -> list[str]:
    from tests.support.access_reference import CORE
    from tests.support.served import DEALS

    return [path.read_text("utf-8") for folder in (CORE, DEALS) for path in folder.rglob("*.yaml")]


def test_a_call_is_made_as_the_person_with_the_answer_of_the_api(served: Served) -> None:
    ann = Trying(served, "ann")
    body = json.dumps({"name": "Tried 中文 <b>", "amount": {"amount": "12.50", "currency": "CNY"}})
    given = {"fs__body": body, "header__Idempotency-Key": "from the page"}
    status, made, command = ann.tried("create_deal", **given)
    assert (status, made["name"], made["created_by"]["title"]) == (201, "Tried 中文 <b>", login_title(served))
    assert command.startswith("curl -X POST http://localhost/api/v1/records/deal ")
    assert "-H 'Idempotency-Key: from the page'" in command
    assert "csrf" not in command.lower()
    page = ann.send("create_deal", **given)
    assert "Idempotent-Replayed" in page
    assert made["id"] in page
    assert "<b>" not in page.partition('id="answer"')[2]
    asked = {"filter": 'name contains "Tried"', "limit": "1", "count": "true"}
    status, found, command = ann.tried("list_deal", **{f"query__{name}": value for name, value in asked.items()})
    assert (status, found) == (200, served.get("ann", "/records/deal", query_string=asked).get_json())
    assert "?filter=name+contains+%22Tried%22&limit=1&count=true" in command
    changed = {"path__id": made["id"], "fs__body": '{"size": 7}'}
    assert ann.tried("update_deal", **changed, **{"header__If-Match": '"9"'})[1]["code"] == "stale_version"
    assert ann.tried("update_deal", **changed, **{"header__If-Match": '"1"'})[1]["size"] == 7
    refused = ann.tried("create_deal", fs__body='{"name": "x", "margin": 1}')
    direct = served.call("ann", "POST", "/records/deal", json={"name": "x", "margin": 1})
    assert (refused[0], refused[1]["errors"]) == (direct.status_code, direct.get_json()["errors"])
    assert "The answer has no body" in ann.send("delete_deal", path__id=made["id"])
    foreign = served.make("boss", "deal", name="Not hers")["id"]
    assert ann.tried("read_deal", path__id=foreign)[0] == 404


def login_title(served: Served) -> str:
    ann = served.get("ann", f"/records/user/{served.user_ids['ann']}").get_json()
    return str(ann.get("name") or login_of("ann"))


def test_what_is_typed_badly_is_told_and_does_nothing_else(served: Served) -> None:
    boss = Trying(served, "boss")
    assert 'role="alert"' in boss.send("read_deal", path__id="")
    assert 'role="alert"' in boss.send("upload_file", path__object="deal", path__field="x")
    for name, given in (
        ("read_deal", {"path__id": "../../o/deal"}),
        ("read_deal", {"path__id": "a?b=c#d{id}"}),
        ("list_deal", {"query__filter": "name = '\r\nX: y", "query__limit": "中"}),
        ("create_deal", {"fs__body": "{"}),
        ("create_deal", {"fs__body": '{"name": "x"}', "header__Idempotency-Key": "中文\r\nX-Evil: 1"}),
        ("query", {"fs__body": ""}),
    ):
        status, told, _ = boss.tried(name, **given)
        assert 400 <= status < 500, (name, given)
        assert told["request_id"]
    before = served.get("boss", "/records/deal?count=exact").get_json()["count"]
    answer = boss.client.post(f"{PAGE}/create_deal", data={"fs-body": '{"name": "Forged"}'})
    assert answer.status_code == 403
    answer = boss.client.post(f"{PAGE}/create_deal", data={"fs-body": '{"name": "Forged"}', "csrf_token": "0" * 128})
    assert answer.status_code == 403
    assert served.get("boss", "/records/deal?count=exact").get_json()["count"] == before


def test_files_go_in_and_long_answers_are_cut(served: Served) -> None:
    admin = Trying(served, "admin")
    rows = b"name\n" + b"".join(b"Row %d\n" % number for number in range(3))
    page = admin.send("import_file", form__object="firm", form__file=(io.BytesIO(rows), "firms.csv"))
    assert "202 Accepted" in page, page
    assert "-F file=@FILE" in page
    named = {"path__object": "attachment", "path__field": "file"}
    page = admin.send("upload_file", **named, form__file=(io.BytesIO(b"a text of a file"), "数据.txt"))
    assert "201 Created" in page, page
    assert "数据.txt" in page
    many = [{"do": "create", "values": {"name": f"Row {number} {'x' * 90}"}} for number in range(1_000)]
    assert served.call("admin", "POST", "/records/firm/bulk", json={"rows": many}).status_code == 200
    page = admin.send("export_firm", query__format="csv")
    assert "only its beginning is shown" in page
    assert 100_000 < len(page) < 160_000
