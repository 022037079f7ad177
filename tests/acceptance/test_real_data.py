"""A public sales data set goes through the product's own importer as `make real-data` sends it, twice."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text

from engine.access.actor import Origin, system_actor
from engine.platform import Platform
from engine.settings import PlatformSettings
from tests.support.served import CHEAP, PASSWORD, csrf_token, login_of, post_form
from tests.support.table_dumps import changed_tables, dump_tables
from ui.app import create_app
from ui.security import WebSettings

REPOSITORY = Path(__file__).resolve().parents[2]
WON = "10,005,534"
# The log of imports and the releases' check are written by a second import, too.
LOGS = ("fs_import", "fs_release", "fs_stamp", "fs_lockout", "fs_session", "fs_token", "fs_credential")


def load(data: Path, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what `make real-data DATA=…` does, in a folder of the test."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "FIELDSTONE_DATABASE_URL": url,
        "FIELDSTONE_DATA_FOLDER": str(folder / "data"),
        "FIELDSTONE_SECRET_KEY": "k" * 40,
    }
    return subprocess.run(
        [sys.executable, "-m", "bench.real_data", str(data)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_data_set_loads_whole_and_a_second_import_changes_nothing(
    database_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    data = shared_data("maven-crm-sales")
    first = load(data, database_url, tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "6-deals: 8800 rows, 8800 created" in first.stdout
    assert "won: 10005534" in first.stdout
    # Who is shown nothing to sign in with would have to guess.
    assert "\n  fieldstone users add " in first.stdout
    check_what_is_there(database_url)
    before = dump_tables(database_url, leave_out=LOGS)
    second = load(data, database_url, tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    for line in second.stdout.splitlines()[:6]:
        assert not re.search(r"\b[1-9]\d* (created|updated|refused)", line), line
    assert changed_tables(before, dump_tables(database_url, leave_out=LOGS)) == []
    check_total_of_page_and_api(database_url, tmp_path)


def check_what_is_there(url: str) -> None:
    """Count what the set has: accounts with parents, products, agents with managers, deals with and without account."""
    engine = create_engine(url)

    def count(sql: str) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())

    assert count("select count(*) from core_account") == 85
    assert count("select count(*) from core_account where parent is not null") == 15
    assert count("select count(*) from sales_product") == 7
    assert count("select count(*) from core_user where manager is not null") == 35
    assert count("select count(*) from sales_opportunity") == 8800
    assert count("select count(*) from sales_opportunity where account is null") == 1425
    assert (
        count(
            "select count(*) from sales_opportunity o join sales_product p on p.id = o.product where p.name = 'GTX Pro'"
        )
        == 1480
    )
    engine.dispose()


def check_total_of_page_and_api(url: str, folder: Path) -> None:
    """Find the sum of the won deals on the list page, and add it up from the API."""
    settings = PlatformSettings(database_url=url, data_folder=folder / "data", secret_key="k" * 40)
    platform = Platform.open(settings, accounts=CHEAP)
    try:
        app = create_app(platform, WebSettings(secret_key="s" * 40))
        administration = platform.accounts.administration
        administration.create_user(
            system_actor(Origin.CLI), login_of("boss"), password=PASSWORD, roles=("sales_director",)
        )
        token = administration.create_token(login_of("boss"), name="test")
        client = app.test_client()
        assert post_form(client, "/login", {"login": login_of("boss"), "password": PASSWORD}).status_code == 303
        assert csrf_token(client, "/")
        assert WON in client.get("/o/opportunity?view=won_deals").get_data(as_text=True)
        total, path = 0.0, '/api/v1/records/opportunity?filter=stage%20%3D%20"won"&fields=amount&limit=200'
        while path:
            body = json.loads(app.test_client().get(path, headers={"Authorization": f"Bearer {token}"}).data)
            total += sum(float(item["amount"]["amount"]) for item in body["items"])
            path = body["next"]
        assert total == 10005534
    finally:
        platform.close()


def test_each_refused_row_stands_in_the_errors_file_with_line_and_reason(
    sqlite_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    data = tmp_path / "maven-crm-sales"
    data.mkdir()
    for path in shared_data("maven-crm-sales").glob("*.csv"):
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        kept = rows[:60] if path.name == "sales_pipeline.csv" else rows
        if path.name == "sales_pipeline.csv":
            kept[10][kept[0].index("sales_agent")] = "Nobody Known"
            kept[20][kept[0].index("deal_stage")] = "Dreaming"
        with (data / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(kept)
    done = load(data, sqlite_url, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "57 created, 2 refused" in re.sub(r"\b0 \w+, |, 0 \w+", "", done.stdout)
    (refused,) = [path for path in (tmp_path / "var" / "real-data").glob("6-*.csv")]
    with refused.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    told = ["; ".join(row.values()) for row in found]
    assert len(found) == 2
    assert "11" in told[0].split("; ")
    assert "Nobody Known" in told[0]
    assert "21" in told[1].split("; ")
    assert "Dreaming" in told[1]
