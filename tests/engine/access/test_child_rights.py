"""Rows of a `child_of` list have the rights of their parent: read, written, nested, moved, picked and expanded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

FILES = {
    "objects/order.yaml": """
        object: order
        title: "{name}"
        fields:
          name: {type: text, required: true}
          closed: {type: boolean}
    """,
    "objects/line.yaml": """
        object: line
        title: "{name}"
        fields:
          order: {type: child_of, to: order, inverse: lines, required: true}
          name: {type: text, required: true}
          twin: {type: lookup, to: line, inverse: twins}
    """,
    "objects/tax.yaml": """
        object: tax
        title: "{name}"
        fields:
          line: {type: child_of, to: line, inverse: taxes, required: true}
          name: {type: text, required: true}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          order: {read: own or closed, create: yes, update: own and not closed, delete: own, export: own}
          user: {read: all}
    """,
    "roles/boss.yaml": """
        role: boss
        objects:
          order: {read: all, create: yes, update: all, delete: all, export: all}
          line: {read: 'name != "Hidden"', create: yes, update: all, delete: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: order}, {object: line}, {object: tax}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("parents")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES, name="orders")) as found:
        yield found


def grown(served: Served, who: str, name: str, **values: Any) -> dict[str, str]:
    """Make an order with a line and the line's tax; the order is closed last."""
    order = served.make(who, "order", name=f"Order {name}", lines=[{"name": f"Line {name}"}])
    rows = served.get("admin", "/records/line?limit=200").get_json()["items"]
    found = next(each["id"] for each in rows if each["name"] == f"Line {name}")
    tax = served.make("boss", "tax", line=found, name=f"Tax {name}")
    if values:
        assert served.call("boss", "PATCH", f"/records/order/{order['id']}", json=values).status_code == 200
    return {"order": str(order["id"]), "line": str(found), "tax": str(tax["id"])}


@pytest.mark.promise("SEC-08")
def test_rows_are_read_and_written_as_their_parent_is(served: Served) -> None:
    mine, theirs = grown(served, "ann", "mine"), grown(served, "bob", "theirs")
    shut = grown(served, "bob", "shut", closed=True)
    for kind in ("line", "tax"):
        listed = {each["id"] for each in served.get("ann", f"/records/{kind}?limit=200").get_json()["items"]}
        assert mine[kind] in listed
        assert shut[kind] in listed
        assert theirs[kind] not in listed
        for method, wanted in (("GET", (200, 200, 404)), ("PATCH", (200, 403, 404)), ("DELETE", (204, 403, 404))):
            options: dict[str, Any] = {"json": {"name": f"{kind} again"}} if method == "PATCH" else {}
            for each, status in zip((mine, shut, theirs), wanted, strict=True):
                if method == "DELETE" and each is mine and kind == "line":
                    continue
                answer = served.call("ann", method, f"/records/{kind}/{each[kind]}", **options)
                assert answer.status_code == status, (kind, method, answer.get_data(as_text=True))
        text = served.sign_in("ann").get(f"/o/{kind}").get_data(as_text=True)
        assert theirs[kind] not in text
    # A role that names the child has its own condition besides that of the parent.
    hidden = served.make("ann", "line", order=mine["order"], name="Hidden")
    assert served.get("ann", f"/records/line/{hidden['id']}").status_code == 200
    assert served.get("boss", f"/records/line/{hidden['id']}").status_code == 404
    assert served.get("none", f"/records/line/{mine['line']}").status_code == 404


@pytest.mark.promise("SEC-08")
def test_nested_rows_and_moves_ask_both_parents(served: Served) -> None:
    mine, theirs = grown(served, "ann", "from"), grown(served, "bob", "to")
    shut = grown(served, "bob", "closed", closed=True)
    before = _rows(served)
    for order in (theirs["order"], shut["order"]):
        new = {"order": order, "name": "New"}
        assert served.call("ann", "POST", "/records/line", json=new).status_code in (403, 422)
        moved = served.call("ann", "PATCH", f"/records/line/{mine['line']}", json={"order": order})
        assert moved.status_code in (403, 422)
        assert "Order to" not in moved.get_data(as_text=True)
        nested = {"lines": [{"id": mine["line"], "name": "Stolen"}, {"name": "New"}]}
        assert served.call("ann", "PATCH", f"/records/order/{order}", json=nested).status_code in (403, 404)
    for line in (theirs["line"], shut["line"]):
        taken = {"lines": [{"id": line, "name": "Stolen"}]}
        assert served.call("ann", "PATCH", f"/records/order/{mine['order']}", json=taken).status_code in (403, 404, 422)
        pulled = served.call("ann", "PATCH", f"/records/line/{line}", json={"order": mine["order"]})
        assert pulled.status_code == (404 if line == theirs["line"] else 403)
        assert served.call("ann", "POST", "/records/tax", json={"line": line, "name": "x"}).status_code in (403, 422)
    unknown = served.call("ann", "POST", "/records/line", json={"order": "01900000-0000-7000-8000-000000000000"})
    unreadable = served.call("ann", "POST", "/records/line", json={"order": theirs["order"]})
    assert unknown.status_code == unreadable.status_code
    assert _rows(served) == before
    other = grown(served, "ann", "other")
    answer = served.call("ann", "PATCH", f"/records/line/{mine['line']}", json={"order": other["order"]})
    assert answer.status_code == 200


@pytest.mark.promise("SEC-08")
def test_pickers_and_what_comes_with_a_record_leave_out_rows_of_unreadable_parents(served: Served) -> None:
    mine, theirs = grown(served, "ann", "near"), grown(served, "bob", "far")
    client = served.sign_in("ann")
    for path, inside, outside in (
        ("/o/line/choices/order?q=Order", mine["order"], theirs["order"]),
        ("/o/tax/choices/line?q=Line", mine["line"], theirs["line"]),
        ("/o/line/choices/twin?q=Line", mine["line"], theirs["line"]),
    ):
        text = client.get(path).get_data(as_text=True)
        assert inside in text, path
        assert outside not in text, path
    # A line of mine points at one of an order that is not readable: it comes without title, and paths are empty.
    pointed = served.call("admin", "PATCH", f"/records/line/{mine['line']}", json={"twin": theirs["line"]})
    assert pointed.status_code == 200
    paths = "fields=name,twin.name,twin.order.name,order.name&filter=order.name = 'Order near'"
    listed = served.get("ann", f"/records/line?{paths}")
    assert listed.status_code == 200, listed.get_data(as_text=True)
    assert "Order near" in listed.get_data(as_text=True)
    for text in (
        listed.get_data(as_text=True),
        served.get("ann", f"/records/line/{mine['line']}").get_data(as_text=True),
        client.get(f"/o/line/{mine['line']}").get_data(as_text=True),
        client.get(f"/o/order/{mine['order']}").get_data(as_text=True),
    ):
        assert "Line far" not in text
        assert "Order far" not in text


def _rows(served: Served) -> list[Any]:
    found = []
    for kind in ("order", "line", "tax"):
        answer = served.get("admin", f"/records/{kind}?limit=200&sort=id")
        found.append([(each["id"], each["version"]) for each in answer.get_json()["items"]])
    return found
