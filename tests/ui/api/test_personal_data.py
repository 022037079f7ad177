"""Personal data by page and command line: who sees it, what would be erased, holds, and the lists in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.storage.dialect import Dialect
from tests.support.served import Served
from ui.cli import LazyGroup


def run(served: Served, *arguments: str) -> Result:
    settings = served.platform.settings
    environment = {"FIELDSTONE_DATA_FOLDER": str(settings.data_folder), "FIELDSTONE_SECRET_KEY": settings.secret_key}
    address = str(served.platform.database.url.render_as_string(hide_password=False))
    return CliRunner().invoke(LazyGroup(name="fieldstone"), ["privacy", *arguments, "--db", address], env=environment)


def test_commands_export_hold_and_erase_and_the_page_lists_it(served: Served, tmp_path: Path) -> None:
    if served.platform.database.dialect is not Dialect.SQLITE:
        pytest.skip("the commands open the platform by its address, which is the same on both databases")
    deal = served.make("ann", "deal", name="Personal")["id"]
    key = f"deal:{deal}"
    assert "records" in run(served, "export", key, "--to", str(tmp_path / "deal.zip")).output
    assert (tmp_path / "deal.zip").stat().st_size > 0
    assert run(served, "hold", key, "--reason", "case <17>").exit_code == 0
    held = run(served, "erase", key, "--yes")
    assert (held.exit_code, "Under legal hold" in held.output) == (1, True)
    admin = served.sign_in("admin")
    text = admin.get("/admin/privacy").get_data(as_text=True)
    assert "case &lt;17&gt;" in text
    assert served.sign_in("ann").get("/admin/privacy").status_code == 403
    assert "is free" in run(served, "release", key).output
    asked = run(served, "erase", key)
    assert "nothing was changed" in asked.output
    assert served.get("ann", f"/records/deal/{deal}").status_code == 200
    done = json.loads(run(served, "erase", key, "--yes", "--json").output)
    assert key in done["records"]
    assert served.get("ann", f"/records/deal/{deal}").status_code == 404
    acts = json.loads(run(served, "list", "--json").output)
    assert [each["act"] for each in acts if each["id"] == deal] == ["erased"]
    assert "Asked for by the person" in admin.get("/admin/privacy").get_data(as_text=True)
    assert run(served, "again").output == "0 records erased again\n"
    assert "erased" in run(served, "retention").output
    assert run(served, "export", "user:x", "--to", str(tmp_path / "user.zip")).exit_code == 1
