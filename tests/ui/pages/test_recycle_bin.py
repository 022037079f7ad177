"""The recycle bin on its page and by the API: what one may read and restore, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served import Served, csrf_token, serve_deals


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("bin")
    with serve_deals(module_database_url, folder) as made:
        yield made


def binned(served: Served, who: str, question: str = "") -> list[str]:
    answer = served.get(who, f"/records/deal?bin=true{question}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [each["name"] for each in answer.get_json()["items"]]


def throw_away(served: Served, who: str, **values: object) -> str:
    record = str(served.make(who, "deal", **values)["id"])
    assert served.call(who, "DELETE", f"/records/deal/{record}").status_code == 204
    return record


def test_the_bin_lists_what_one_may_read_and_restore(served: Served) -> None:
    mine = [throw_away(served, "ann", name=f"Alt {number}", code=f"A-{number}") for number in range(3)]
    throw_away(served, "bob", name="Bobs")
    throw_away(served, "boss", name="Vom Chef", margin=7)
    served.make("ann", "deal", name="Alt und da")
    assert binned(served, "ann") == ["Alt 2", "Alt 1", "Alt 0"]
    assert set(binned(served, "boss")) == {"Alt 0", "Alt 1", "Alt 2", "Bobs", "Vom Chef"}
    assert binned(served, "ann", "&filter=name+%3D+%22Alt+1%22") == ["Alt 1"]
    assert binned(served, "ann", "&q=alt&sort=name") == ["Alt 0", "Alt 1", "Alt 2"]
    assert served.get("ann", "/records/deal?bin=true&count=exact").get_json()["count"]["value"] == 3
    first = served.get("ann", "/records/deal?bin=true&limit=2").get_json()
    assert [each["name"] for each in first["items"]] == ["Alt 2", "Alt 1"]
    rest = served.get("ann", first["next"]).get_json()
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (["Alt 0"], None)
    # A cursor of the bin is none of the list, and what is hidden is hidden here too.
    assert served.get("ann", first["next"].replace("bin=true&", "").replace("&bin=true", "")).status_code == 400
    assert served.get("ann", "/records/deal?bin=true&sort=margin").status_code == 400
    assert "margin" not in served.get("ann", "/records/deal?bin=true").get_json()["items"][0]
    assert served.get("ann", "/records/deal?bin=yes").status_code == 400
    assert served.get("none", "/records/deal?bin=true").status_code == 404

    client = served.sign_in("ann")
    page = client.get("/bin/deal").get_data(as_text=True)
    assert "Alt 0" in page
    assert "Bobs" not in page
    assert "Vom Chef" not in page
    assert 'href="/bin/deal"' in client.get("/o/deal").get_data(as_text=True)
    found = client.get("/bin/deal?q=nirgends").get_data(as_text=True)
    assert "Alt 0" not in found
    with served.platform.database.statements.recording() as statements:
        client.get("/bin/deal")
    assert len(statements) <= 3, statements

    token = csrf_token(client, "/bin/deal")
    answer = client.post("/bin/deal", data={"csrf_token": token, "fs-one": mine[0], "fs-record": mine[1:]})
    assert answer.status_code == 303
    assert binned(served, "ann") == ["Alt 2", "Alt 1"]
    told = client.post("/bin/deal", data={"csrf_token": token, "fs-record": mine}, follow_redirects=True)
    assert binned(served, "ann") == []
    # The one that was back already is told, and keeps the others from nothing.
    assert "Restored: 2." in told.get_data(as_text=True)
    assert "no longer in the bin" in told.get_data(as_text=True)


def test_a_restore_that_can_not_be_is_told_and_changes_nothing(served: Served) -> None:
    gone = throw_away(served, "ann", name="Zweimal", code="K-1")
    served.make("ann", "deal", name="Neu", code="K-1")
    client = served.sign_in("ann")
    token = csrf_token(client, "/bin/deal")
    told = client.post("/bin/deal", data={"csrf_token": token, "fs-record": [gone]}, follow_redirects=True)
    assert "Restored" not in told.get_data(as_text=True)
    assert "toast" in told.get_data(as_text=True)
    assert binned(served, "ann", "&filter=code+%3D+%22K-1%22") == ["Zweimal"]
    others = throw_away(served, "bob", name="Nicht deins")
    client.post("/bin/deal", data={"csrf_token": token, "fs-record": [others]})
    assert binned(served, "boss", "&filter=name+%3D+%22Nicht+deins%22") == ["Nicht deins"]


def test_who_may_delete_nothing_has_no_bin(served: Served) -> None:
    client = served.sign_in("none")
    assert client.get("/bin/deal").status_code == 404
    assert client.get("/bin/nothing").status_code == 404
