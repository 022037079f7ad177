"""A field that may not be read is in nothing that a person gets, and its name is one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

FILES = {
    "objects/bid.yaml": """
        object: bid
        title: "{name}"
        search: [name, grade_of_risk]
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          grade_of_risk: {type: text, unique: true, label: Riskiness}
          risk_doubled: {type: text, formula: 'grade_of_risk & "!"', label: Riskiness doubled}
          kind_of_risk: {type: choice, label: Risk kind, options: {low: {label: Harmless}, high: {label: Perilous}}}
        validations:
          - {name: small, check: size < 100, message: "too big beside {grade_of_risk}", field: size}
        views:
          risks: {columns: [name, grade_of_risk, kind_of_risk], sort: [grade_of_risk]}
          board: {type: board, by: kind_of_risk, card: [name, grade_of_risk]}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          bid: {read: all, create: yes, update: all, delete: all, export: all}
          user: {read: all}
        fields:
          bid.grade_of_risk: {read: no}
          bid.risk_doubled: {read: no}
          bid.kind_of_risk: {read: no}
        system: [export, import]
        menus: [all]
    """,
    "roles/boss.yaml": """
        role: boss
        objects: {bid: {read: all, create: yes, update: all, delete: all, export: all}, user: {read: all}}
        system: [export]
        menus: [all]
    """,
    "reports/risks.yaml": "report: risks\nobject: bid\ngroups: [kind_of_risk]\nmeasures: [count]\nlabel: Bids\n",
    "reports/largest.yaml": """
        report: largest
        object: bid
        columns: [name, size, grade_of_risk]
        where: size > 0 or kind_of_risk is empty
        label: Largest
    """,
    "reports/named.yaml": "report: named\nobject: bid\ncolumns: [name, size, grade_of_risk]\nlabel: Named\n",
    "dashboards/all.yaml": "dashboard: all\nparts: [{report: risks}, {report: named}, {object: bid, view: risks}]\n",
    "menus.yaml": "menus: {all: {label: All, items: [{object: bid}]}}\n",
}
HIDDEN = ("grade_of_risk", "risk_doubled", "kind_of_risk")
WORDS = (*HIDDEN, "Riskiness", "Risk kind", "SECRET4711", "Perilous", "Harmless", "high")


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hidden")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES, name="bids")) as found:
        yield found


@pytest.fixture(scope="module")
def bid(served: Served) -> str:
    made = served.make("boss", "bid", name="Bridge", size=5, grade_of_risk="SECRET0815", kind_of_risk="low")
    changed = {"grade_of_risk": "SECRET4711", "kind_of_risk": "high", "size": 6}
    assert served.call("boss", "PATCH", f"/records/bid/{made['id']}", json=changed).status_code == 200
    return str(made["id"])


def told(text: str) -> list[str]:
    return [word for word in WORDS if word in text]


@pytest.mark.promise("SEC-05")
def test_it_is_in_no_page_answer_or_description(served: Served, bid: str) -> None:
    api = (
        f"/records/bid/{bid}", "/records/bid", f"/records/bid/{bid}/history", f"/records/bid/{bid}/timeline",
        "/objects/bid", "/objects", "/openapi.json", "/records/bid?q=SECRET4711", "/changes",
        "/reports", "/reports/risks", "/reports/largest", "/reports/named",
    )  # fmt: skip
    pages = (
        "/o/bid", "/o/bid/new", f"/o/bid/{bid}", f"/o/bid/{bid}/edit", f"/o/bid/{bid}/history", "/o/bid?view=risks",
        "/o/bid?view=board", "/o/bid/edit-many", "/import/bid",
        "/reports", "/reports/risks", "/reports/largest", "/reports/named", "/dashboards/all",
        "/reports/named?field=size",
    )  # fmt: skip
    client, boss = served.sign_in("ann"), served.sign_in("boss")
    shown = ""
    for path in api:
        assert told(served.get("ann", path).get_data(as_text=True)) == [], path
        shown += served.get("boss", path).get_data(as_text=True)
    for path in pages:
        assert told(client.get(path).get_data(as_text=True)) == [], path
        shown += boss.get(path).get_data(as_text=True)
    assert set(told(shown)) == set(WORDS), "others see all of it"
    assert "Bridge" in served.get("ann", "/records/bid?q=Bridge").get_data(as_text=True)
    assert "Bridge" not in client.get("/search?q=SECRET4711").get_data(as_text=True)
    assert served.get("ann", "/records/bid?q=SECRET4711").get_json()["items"] == []


@pytest.mark.promise("SEC-05")
def test_naming_it_is_naming_what_is_not_there(served: Served, bid: str) -> None:
    for name in HIDDEN:
        for parameter in ("sort=X", "sort=-X", "fields=X", "filter=X is empty", 'filter=X = "high"', "filter=name = X"):
            answers = [
                served.get("ann", f"/records/bid?{quote(parameter.replace('X', each), safe='=')}")
                for each in (name, "n" * len(name))
            ]
            bodies = [answer.get_json() for answer in answers]
            assert [answer.status_code for answer in answers] == [400, 400], parameter
            assert bodies[0]["code"] == bodies[1]["code"], parameter
            text = answers[0].get_data(as_text=True).replace(name, "")
            assert told(text) == [], parameter
        for query in ({"groups": [name]}, {"measures": [{"function": "max", "of": name}]}, {"filter": f"{name} = 1"}):
            asked = served.call("ann", "POST", "/query", json={"object": "bid", **query})
            assert asked.status_code == 400, query
    assert told(served.get("ann", "/records/bid?filter=grade_of_rsk = 1").get_data(as_text=True)) == []
    assert told(served.sign_in("ann").get("/o/bid?filter=grade_of_rsk = 1").get_data(as_text=True)) == []


@pytest.mark.promise("SEC-05")
def test_no_message_and_no_export_tells_of_it(served: Served, bid: str) -> None:
    answers = [
        served.call("ann", "PATCH", f"/records/bid/{bid}", json={"size": 200}),
        served.call("ann", "PATCH", f"/records/bid/{bid}", json={"grade_of_risk": "SECRET4711"}),
        served.call("ann", "POST", "/records/bid", json={"name": "x", "grade_of_rsk": "SECRET4711"}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert told(answers[0].get_data(as_text=True)) == []
    assert told(answers[2].get_data(as_text=True).replace("grade_of_rsk", "")) == []
    unknown = served.call("ann", "PATCH", f"/records/bid/{bid}", json={"grade_of_rusk": "SECRET4711"})
    assert answers[1].get_json()["errors"][0]["code"] == unknown.get_json()["errors"][0]["code"]
    client = served.sign_in("ann")
    for path in ("/o/bid/export", "/o/bid/export?view=risks"):
        assert told(client.get(path).get_data(as_text=True)) == [], path
    assert told(served.get("ann", "/exports/bid").get_data(as_text=True)) == []
    assert "SECRET4711" in served.get("boss", "/exports/bid").get_data(as_text=True)
    assert served.get("ann", "/exports/bid?fields=name,grade_of_risk").status_code == 400
