"""Exports of long lists by pages: made beside the request, with a page that shows how far, and cancels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import select, update

from engine.exports.desk import AT_ONCE
from tests.engine.imports.test_going_on import FILES
from tests.support.metadata_corpus import demo_sources
from tests.support.served import Served, post_form, serve_deals
from tests.support.worker_process import wait_until
from ui.pages import export


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    files = {path: dedent(text).lstrip() for path, text in FILES.items()}
    for path, text in demo_sources({**files, "roles/rep.yaml": "role: rep\n"}).items():
        if not path.startswith("core/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    with serve_deals(database_url, tmp_path, app_folder=tmp_path / "demo") as opened:
        yield opened


def test_a_list_that_is_long_is_made_beside_its_page_which_shows_it_and_has_the_file(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = served.sign_in("boss")
    for name in ("Ann", "Bob"):
        served.make("boss", "person", name=name)
    file = client.get("/o/person/export").get_data()
    monkeypatch.setattr(export, "_is_long", lambda asked: True)
    begun = client.get("/o/person/export")
    assert begun.status_code == 303
    url = begun.headers["Location"]
    wait_until(lambda: f"{url}/file" in client.get(url).get_data(as_text=True))
    assert client.get(f"{url}/file").get_data() == file
    assert served.sign_in("ann").get(url).status_code == 404
    # One that is cancelled has no file; of one person some at most are on their way.
    made, platform = served.platform.system.exported, served.platform
    with platform.database.write() as connection:
        counts = {"total": 9, "done": 4}
        connection.execute(update(made).values(state="running", beat_at=platform.clock.now(), counts=counts))
        again = connection.execute(select(made)).mappings().one()
        for _ in range(AT_ONCE - 1):
            connection.execute(made.insert(), {**again, "id": platform.ids.new()})
    page = client.get(url).get_data(as_text=True)
    assert "4 of 9 rows" in page
    assert "Cancel the export" in page
    assert client.get("/o/person/export").status_code == 429
    assert post_form(client, f"{url}/cancel", {}, page=url).status_code == 303
    assert f"{url}/file" not in client.get(url).get_data(as_text=True)
    assert client.get(f"{url}/file").status_code == 404
