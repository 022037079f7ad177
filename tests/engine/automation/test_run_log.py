"""What people see of runs: only what they may read, in pages, the newest first."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.run_log import RunNotFound
from engine.automation.run_views import RunFilter
from engine.errors import AccessDenied
from tests.support.automation import do_runs, person, shop


def test_a_reader_of_the_record_sees_its_runs_with_what_may_not_be_read_masked(
    database_url: str, tmp_path: Path
) -> None:
    rules = 'rule r when deal is created if secret = "s" and amount > 1 then set note = "x"'
    with shop(database_url, tmp_path, rules) as platform:
        rep, boss, stranger = (person(platform, name, *roles) for name, *roles in (("a", "rep"), ("b", "boss"), ("c",)))
        deal = platform.records.create(boss, "deal", {"name": "A", "secret": "s", "amount": "5"}).record
        do_runs(platform)
        log = platform.automation.runs
        which = RunFilter(object="deal", record_id=deal.id)
        (summary,) = log.list(rep, which).rows
        trace = log.get(rep, summary.id)
        assert trace.condition is not None
        assert trace.condition.masked
        assert [(part.text, part.masked) for part in trace.condition.parts] == [
            ('secret = "s"', True),
            ("amount > 1", False),
        ]
        assert {change.field: change.masked for change in trace.changes}["secret"]
        seen = log.get(boss, summary.id).condition
        assert seen is not None
        assert not seen.masked
        with pytest.raises(AccessDenied):
            log.list(rep)
        with pytest.raises(AccessDenied):
            log.list(stranger, which)
        with pytest.raises(RunNotFound):
            log.get(stranger, summary.id)
        assert len(log.list(boss).rows) == 1


def test_runs_are_listed_in_pages_the_newest_first(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, 'rule r when deal is created then log "x"') as platform:
        for number in range(5):
            platform.records.create(system_actor(), "deal", {"name": str(number)})
        titles, cursor = [], None
        while True:
            page = platform.automation.runs.list(system_actor(), limit=2, cursor=cursor)
            titles += [row.record_title for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert titles == ["4", "3", "2", "1", "0"]
