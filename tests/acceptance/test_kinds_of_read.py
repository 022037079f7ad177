"""Each of the 17 kinds of read leaves out a record and a field that the reader may not read, and shows the others."""

from __future__ import annotations

import email
import email.policy
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from engine.testing.sample_shop import do_runs
from plugins.manager import PluginManager
from tests.support.http_sink import HttpSink, http_sink
from tests.support.mail_server import mail_server
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

pytestmark = pytest.mark.promise("SEC-02")

FILES = {
    "objects/firm.yaml": """
        object: firm
        title: "{name}"
        search: [name]
        fields: {name: {type: text, required: true}}
        """,
    "objects/bid.yaml": """
        object: bid
        title: "{name}"
        search: [name, grade]
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          grade: {type: text}
          firm: {type: lookup, to: firm, inverse: bids}
          paper: {type: file}
          secret_paper: {type: file}
          go: {type: boolean}
          noted: {type: text}
        views: {all: {columns: [name, size, grade, firm.name]}}
        """,
    "reports/bids.yaml": """
        report: bids
        object: bid
        columns: [name, grade, firm.name]
        groups: [firm.name]
        measures: [count]
        """,
    "templates/letter.md": "---\nobject: bid\nsubject: About {{ record.name }}\nfrom: a@example.com\n---\n"
    "Of {{ record.firm.name }}, graded {{ record.grade }}.\n",
    "rules/out.rules": """
        rule out when bid.go changes to true
          then send email letter to "x@example.com"
           call webhook sink { name: name, grade: grade, firm: firm.name }
           set noted = "{firm.name}|{grade}"
          as user
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: own}
          bid: {read: own, create: yes, update: own, delete: own, export: own}
          user: {read: all}
        fields: {bid.grade: {read: no}, bid.secret_paper: {read: no}}
        system: [export]
        menus: [all]
        """,
    "roles/boss.yaml": """
        role: boss
        objects: {"*": {read: all, create: yes, update: all, delete: all, export: all}}
        menus: [all]
        """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: bid}, {object: firm}]}}\n",
}
ANN, MINE, HIDDEN_RECORD, HIDDEN_FIELD, HIDDEN_FIRM = "ann", "Minebid", "Theirsbid", "xqzgrade", "Darkfirm"
DENIED = (HIDDEN_RECORD, HIDDEN_FIELD, HIDDEN_FIRM, "Theirfirm")


class Mails:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain",))
        self.texts.append(f"{message['subject']} {body.get_content() if body is not None else ''}")
        return "250 OK"


@dataclass(slots=True, repr=False)
class Place:
    """ann's bid points at a firm that is not hers; another bid and its firm are the boss's."""

    served: Served
    mails: Mails
    sink: HttpSink
    ids: dict[str, str] = field(default_factory=dict)

    def api(self, path: str) -> str:
        answer = self.served.get(ANN, path)
        assert answer.status_code == 200, path
        return str(answer.get_data(as_text=True))

    def query(self, **asked: Any) -> Any:
        return self.served.call(ANN, "POST", "/query", json={"object": "bid", "groups": [], **asked})

    def page(self, path: str, **headers: str) -> str:
        return str(self.served.sign_in(ANN).get(path, headers=headers).get_data(as_text=True))


@pytest.fixture(scope="module")
def place(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, mails = tmp_path_factory.mktemp("kinds"), Mails()
    with http_sink() as sink, mail_server(mails) as port:
        connection = f"connection: sink\nkind: webhook_out\nurl: {sink.url}\nsecret: SINK_SECRET\n"
        app = small_app(folder, {**FILES, "connections/sink.yaml": connection})
        mail = {"host": "127.0.0.1", "port": port, "security": "none"}
        plugins = PluginManager.load({"email": mail, "webhook": {"private_hosts": [sink.host]}}, environment={})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SINK_SECRET", "s" * 20)
            with serve_deals(module_database_url, folder, app_folder=app, plugins=plugins) as served:
                yield _filled(Place(served, mails, sink))


def _filled(place: Place) -> Place:
    served = place.served
    ann = {"object": "user", "id": served.user_ids[ANN]}
    dark, theirs = (served.make("boss", "firm", name=name)["id"] for name in (HIDDEN_FIRM, "Theirfirm"))
    light = served.make("boss", "firm", name="Lightfirm", owner=ann)["id"]

    def paper(word: str) -> str:
        field = "secret_paper" if word == "sealed" else "paper"
        data = {"file": (io.BytesIO(word.encode()), f"{word}.txt")}
        answer = served.call("boss", "POST", f"/files/bid/{field}", data=data)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["id"])

    place.ids = {name: paper(name) for name in ("open", "sealed", "theirs")}
    shown = {"size": 5, "grade": HIDDEN_FIELD, "firm": dark, "paper": place.ids["open"]}
    mine = served.make("boss", "bid", name=MINE, owner=ann, secret_paper=place.ids["sealed"], **shown)
    served.make("boss", "bid", name="Lightbid", owner=ann, size=2, firm=light)
    other = served.make("boss", "bid", name=HIDDEN_RECORD, size=100, firm=theirs, paper=place.ids["theirs"])
    place.ids |= {"mine": mine["id"], "other": other["id"], "dark": dark}
    change = {"grade": f"{HIDDEN_FIELD}2", "size": 6}
    assert served.call("boss", "PATCH", f"/records/bid/{mine['id']}", json=change).status_code == 200
    for name, owner in (("Goneminebid", ann), ("Theirsbid gone", None)):
        gone = served.make("boss", "bid", name=name, grade=HIDDEN_FIELD, firm=dark, owner=owner)["id"]
        assert served.call("boss", "DELETE", f"/records/bid/{gone}").status_code == 204
    return place


def clean(text: str, *, but: str = MINE) -> None:
    assert [word for word in DENIED if word.lower() in text.lower()] == []
    assert but in text


def refused(place: Place, path: str) -> None:
    answer = place.served.get(ANN, path)
    assert (answer.status_code, HIDDEN_FIELD in answer.get_data(as_text=True)) == (400, False), path


def read_list(place: Place) -> None:
    clean(place.api("/records/bid?view=all"))
    clean(place.page("/o/bid"))
    refused(place, "/records/bid?fields=name,grade")


def read_detail(place: Place) -> None:
    clean(place.api(f"/records/bid/{place.ids['mine']}"))
    clean(place.page(f"/o/bid/{place.ids['mine']}"))
    for path in (f"/records/bid/{place.ids['other']}", f"/records/firm/{place.ids['dark']}"):
        assert place.served.get(ANN, path).status_code == 404


def read_search(place: Place) -> None:
    clean(place.api("/search?q=minebid"))
    clean(place.api("/records/bid?q=minebid"))
    for word in DENIED:
        for path in ("/records/bid", "/search"):
            found = json.loads(place.api(f"{path}?q={word}"))
            assert MINE not in json.dumps(found)
            assert HIDDEN_RECORD not in json.dumps(found)


def read_count(place: Place) -> None:
    assert json.loads(place.api("/records/bid?count=exact"))["count"]["value"] == 2
    hidden = quote(f'grade = "{HIDDEN_FIELD}2"')
    refused(place, f"/records/bid?count=exact&filter={hidden}")


def read_aggregate(place: Place) -> None:
    assert place.query(measures=["sum(size)"]).get_json()["rows"][0]["measures"]["sum(size)"] in (8, "8")
    assert place.query(measures=["max(grade)"]).status_code == 400


def read_group(place: Place) -> None:
    clean(place.query(groups=["name", "firm.name"], measures=["count"]).get_data(as_text=True))
    assert place.query(groups=["grade"], measures=["count"]).status_code == 400


def read_sort(place: Place) -> None:
    clean(place.api("/records/bid?sort=-firm.name"))
    refused(place, "/records/bid?sort=grade")


def read_typeahead(place: Place) -> None:
    clean(place.page("/o/bid/choices/firm?q="), but="Lightfirm")
    assert HIDDEN_FIRM not in place.page(f"/o/bid/choices/firm?q={HIDDEN_FIRM[:4]}")


def read_export(place: Place) -> None:
    for kind in ("csv", "jsonl"):
        clean(place.api(f"/exports/bid?format={kind}&view=all"))
    refused(place, "/exports/bid?format=csv&fields=grade")


def read_report(place: Place) -> None:
    clean(place.api("/reports/bids"))
    clean(place.page("/reports/bids"))


def read_attachment(place: Place) -> None:
    files = {name: place.served.get(ANN, f"/files/{place.ids[name]}") for name in ("open", "sealed", "theirs")}
    assert {name: answer.status_code for name, answer in files.items()} == {"open": 200, "sealed": 404, "theirs": 404}


def read_history(place: Place) -> None:
    told = place.api(f"/records/bid/{place.ids['mine']}/history")
    clean(told, but='"size"')
    clean(place.page(f"/o/bid/{place.ids['mine']}/field/size"))
    assert place.served.sign_in(ANN).get(f"/o/bid/{place.ids['mine']}/field/grade").status_code == 404
    assert place.served.get(ANN, f"/records/bid/{place.ids['other']}/history").status_code == 404


def read_bin(place: Place) -> None:
    clean(place.api("/records/bid?bin=true&view=all"), but="Goneminebid")
    clean(place.page("/bin/bid"), but="Goneminebid")


def read_fragment(place: Place) -> None:
    for path in (f"/o/bid/{place.ids['mine']}/peek", "/o/bid"):
        clean(place.page(path, **{"HX-Request": "true"}))
    answer = place.served.sign_in(ANN).get(f"/o/bid/{place.ids['other']}/peek", headers={"HX-Request": "true"})
    assert answer.status_code == 404


def start(place: Place) -> None:
    """Let ann start what mails, calls and notes with her rights, once."""
    if not place.mails.texts:
        answer = place.served.call(ANN, "PATCH", f"/records/bid/{place.ids['mine']}", json={"go": True})
        assert answer.status_code == 200
        do_runs(place.served.platform)


def read_mail(place: Place) -> None:
    start(place)
    clean("\n".join(place.mails.texts), but=f"About {MINE}")


def read_webhook(place: Place) -> None:
    start(place)
    (call,) = place.sink.received
    assert call.body == {"name": MINE, "grade": None, "firm": None}


def read_rule(place: Place) -> None:
    start(place)
    assert json.loads(place.api(f"/records/bid/{place.ids['mine']}"))["noted"] == "|"


KINDS: dict[str, Callable[[Place], None]] = {
    "list": read_list,
    "detail": read_detail,
    "search": read_search,
    "count": read_count,
    "aggregate": read_aggregate,
    "group": read_group,
    "sort": read_sort,
    "typeahead": read_typeahead,
    "export": read_export,
    "report": read_report,
    "mail merge": read_mail,
    "attachment": read_attachment,
    "history": read_history,
    "bin": read_bin,
    "webhook payload": read_webhook,
    "rule action": read_rule,
    "page fragment": read_fragment,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_of_any_kind_leaves_out_what_its_reader_may_not_read(place: Place, kind: str) -> None:
    assert len(KINDS) == 17
    KINDS[kind](place)
