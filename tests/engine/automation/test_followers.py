"""What followers are told is told page by page, on both databases, however many entries there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.automation import followers
from tests.support.automation import do_runs, person, shop


def test_every_page_of_news_is_told(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "_AT_ONCE", 2)
    rule = "rule r when deal is created then add follower owner"
    with shop(database_url, tmp_path, rule) as platform:
        ann = person(platform, "ann", "boss")
        keeper = platform.automation.keeper()
        telling = next(each for each in keeper.duties.duties if each.name == "what followers are told")
        telling.do()
        deals = [platform.records.create(ann, "deal", {"name": f"D{number}"}).record.id for number in range(5)]
        do_runs(platform)
        for deal in deals:
            platform.records.update(system_actor(), "deal", deal, {"note": "changed"})
        told = platform.system.notification
        telling.do()
        with platform.database.read() as connection:
            found = connection.execute(select(told.c.record_id).where(told.c["key"].like("follower:%"))).scalars()
            assert {str(each) for each in found} == set(deals)
