"""New runs come into the durable engine's queue in batches, each run once, and each is done by itself."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.access.actor import system_actor
from engine.automation.batches import Batch, RunSegment
from engine.automation.durable import SegmentStatus
from engine.automation.handing_over import RUNS_IN_A_BATCH, HandOver
from engine.automation.run_state import Run
from engine.clock import FixedClock
from engine.errors import DatabaseUnavailable
from engine.platform import Platform
from engine.records.types import SaveRow
from engine.storage.dialect import Dialect
from tests.support.automation import rows_of, runs_of, shop

RULES = 'rule seen when deal is created then create job { subject: name, deal: this } set note = "seen"'
SIMPLE = 'rule seen when deal is created then set note = "seen"'
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
Statuses = set[SegmentStatus]


def _create(platform: Platform, count: int) -> list[str]:
    rows = [SaveRow(values={"name": f"deal {number}"}) for number in range(count)]
    platform.records.save_many(system_actor(), "deal", rows, all_or_nothing=True)
    return [run["id"] for run in runs_of(platform)]


def _hand_over(platform: Platform) -> HandOver:
    return HandOver(database=platform.database, system=platform.system, queue=platform.automation.queue)


def _statuses(platform: Platform, ids: Sequence[str]) -> Statuses:
    return set(platform.automation.queue.statuses([(run_id, 0) for run_id in ids]).values())


def _entries(platform: Platform) -> list[str]:
    schema = "" if platform.database.dialect is Dialect.SQLITE else "dbos."
    with platform.database.read() as connection:
        return list(connection.execute(text(f"SELECT workflow_uuid FROM {schema}workflow_status")).scalars())


def test_runs_of_saves_are_handed_over_once_some_at_a_time_and_no_more_than_there_is_room_for(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, SIMPLE) as platform:
        ids, hand_over = _create(platform, 205), _hand_over(platform)
        assert (_statuses(platform, ids), _entries(platform)) == ({SegmentStatus.UNKNOWN}, [])
        assert hand_over.hand_over() == 200
        assert len(_entries(platform)) == 200 // RUNS_IN_A_BATCH
        # The oldest come first.
        assert _statuses(platform, ids[:200]) == {SegmentStatus.WAITING}
        assert _statuses(platform, ids[200:]) == {SegmentStatus.UNKNOWN}
        assert hand_over.hand_over() == 0, "nobody has taken any"
        assert [run["due_at"] is None for run in runs_of(platform)] == [True] * 200 + [False] * 5


def test_what_is_not_committed_is_not_handed_over(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, SIMPLE) as platform:
        ids = _create(platform, 3)
        with suppress(ZeroDivisionError), platform.database.write() as connection:
            platform.automation.queue.start_batch(connection, ids)
            raise ZeroDivisionError
        assert _statuses(platform, ids) == {SegmentStatus.UNKNOWN}
        assert _hand_over(platform).hand_over() == 3
        assert _statuses(platform, ids) == {SegmentStatus.WAITING}


def test_two_who_hand_over_at_once_share_the_runs(postgres_url: str, tmp_path: Path) -> None:
    with shop(postgres_url, tmp_path, SIMPLE) as platform:
        ids, together = _create(platform, 60), threading.Barrier(2)

        def hand_over() -> int:
            together.wait(30)
            return sum(iter(_hand_over(platform).hand_over, 0))

        with ThreadPoolExecutor(2) as threads:
            done = [each.result(60) for each in [threads.submit(hand_over) for _ in range(2)]]
        # What one had locked it has handed over itself: nobody leaves a run out, none is handed over twice.
        assert sum(done) == 60
        assert _statuses(platform, ids) == {SegmentStatus.WAITING}
        assert len(_entries(platform)) == len(set(_entries(platform)))


def test_a_run_in_the_queue_is_not_forgotten_and_one_whose_batch_is_gone_is_started_again(
    database_url: str, tmp_path: Path
) -> None:
    clock = FixedClock(NOW)
    with shop(database_url, tmp_path, SIMPLE, clock=clock) as platform:
        _create(platform, 2)
        hand_over, keeper = _hand_over(platform), platform.automation.keeper()

        def segments_after(minutes: int) -> list[int]:
            clock.move_to(NOW + dt.timedelta(minutes=minutes))
            keeper.tick()
            return [run["position"]["segment"] for run in runs_of(platform)]

        assert segments_after(2) == [0, 0], "they are not handed over"
        hand_over.hand_over()
        assert segments_after(4) == [0, 0], "they wait in the queue"
        schema = "" if platform.database.dialect is Dialect.SQLITE else "dbos."
        with platform.database.write() as connection:
            connection.execute(text(f"UPDATE {schema}workflow_status SET status = 'ERROR'"))
        assert segments_after(6) == [1, 1]
        assert platform.automation.queue.statuses([(runs_of(platform)[0]["id"], 1)]).popitem()[1] == "waiting"


class Watched:
    """The real thing; before: is told each run before it is gone on with, after: once that is done."""

    def __init__(
        self, segments: RunSegment, *, before: Callable[[str], object] = str, after: Callable[[str], object] = str
    ) -> None:
        self._segments = segments
        self._before, self._after = before, after
        self.taken_alone: list[str] = []

    def __call__(self, run_id: str, segment: int) -> str:
        self.taken_alone.append(run_id)
        return self._segments(run_id, segment)

    def begin(self, run_ids: Sequence[str]) -> Mapping[str, Run]:
        return self._segments.begin(run_ids)

    def go_on(self, run: Run) -> str:
        self._before(run.id)
        outcome = self._segments.go_on(run)
        self._after(run.id)
        return outcome


class Told:
    """What a batch told at its end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failures: list[BaseException | None] = []

    def __call__(self, failure: BaseException | None) -> None:
        self.failures.append(failure)
        self.over.set()


def _again(do: Callable[[], object]) -> object:
    """Try once more where the database is away."""
    with suppress(DatabaseUnavailable):
        return do()
    return do()


def _batch(ids: Sequence[str], segments: RunSegment, told: Told, stopping: threading.Event | None = None) -> Batch:
    return Batch(ids, segments=segments, guard=_again, stopping=stopping or threading.Event(), told=told)


def test_a_run_that_hangs_holds_up_one_thread_and_none_of_the_others_of_its_batch(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        ids, told = _create(platform, 6), Told()
        others, goes_on, done = threading.Event(), threading.Event(), []

        def hold(run_id: str) -> None:
            if run_id == ids[0]:
                assert goes_on.wait(60)

        def note(run_id: str) -> None:
            done.append(run_id)
            if len(done) == 5:
                others.set()

        segments = Watched(platform.automation.segments("one", lambda: False), before=hold, after=note)
        with ThreadPoolExecutor(2) as threads:
            threads.submit(_batch(ids, segments, told).work, threads, 1)
            assert others.wait(60)
            assert not told.over.is_set()
            assert [run["state"] for run in runs_of(platform)] == ["running"] + ["done"] * 5
            goes_on.set()
            assert told.over.wait(60)
        assert told.failures == [None]
        assert segments.taken_alone == []
        assert Counter(job["deal"] for job in rows_of(platform, "job")).most_common(1)[0][1] == 1
        assert {run["state"] for run in runs_of(platform)} == {"done"}


def test_a_batch_that_is_taken_over_does_each_run_once_and_counts_what_was_begun(
    database_url: str, tmp_path: Path
) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        ids, told, stopping = _create(platform, 4), Told(), threading.Event()
        first = Watched(platform.automation.segments("one", lambda: False), after=lambda _: stopping.set())
        with ThreadPoolExecutor(1) as threads:
            _batch(ids, first, told, stopping).work(threads, 0)
        assert [type(failure) for failure in told.failures] == [DatabaseUnavailable]
        assert [run["state"] for run in runs_of(platform)] == ["done"] + ["running"] * 3
        second, told = Watched(platform.automation.segments("two", lambda: False)), Told()
        with ThreadPoolExecutor(1) as threads:
            _batch(ids, second, told).work(threads, 0)
        assert told.failures == [None]
        assert second.taken_alone == ids
        assert [(run["state"], run["lease"]) for run in runs_of(platform)] == [("done", 1)] + [("done", 2)] * 3
        assert Counter(job["deal"] for job in rows_of(platform, "job")) == {
            run["record_id"]: 1 for run in runs_of(platform)
        }


def test_a_run_whose_database_went_is_taken_anew_and_does_nothing_twice(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, RULES) as platform:
        ids, told = _create(platform, 2), Told()

        def go_away(run_id: str) -> None:
            raise DatabaseUnavailable

        segments = Watched(platform.automation.segments("one", lambda: False), after=go_away)
        with ThreadPoolExecutor(1) as threads:
            _batch(ids, segments, told).work(threads, 0)
        assert told.failures == [None]
        assert segments.taken_alone == ids
        assert {run["state"] for run in runs_of(platform)} == {"done"}
        assert len(rows_of(platform, "job")) == 2


def test_runs_of_one_rule_and_record_are_not_begun_together_but_one_after_the_other(
    database_url: str, tmp_path: Path
) -> None:
    rules = "rule counted when deal.name changes then set count = coalesce(count, 0) + 1"
    with shop(database_url, tmp_path, rules) as platform:
        deal = platform.records.create(system_actor(), "deal", {"name": "A"}).record.id
        for name in "BCD":
            platform.records.update(system_actor(), "deal", deal, {"name": name})
        platform.records.create(system_actor(), "deal", {"name": "E"})
        ids = [run["id"] for run in runs_of(platform)]
        segments = platform.automation.segments("one", lambda: False)
        assert len(ids) == 5
        assert list(segments.begin(ids)) == ids[-1:]
        assert segments.begin(ids) == {}, "it is begun"
        told = Told()
        with ThreadPoolExecutor(1) as threads:
            _batch(ids, segments, told).work(threads, 0)
        assert told.failures == [None]
        assert [row["count"] for row in rows_of(platform, "deal")] == [4, 1]
        assert {run["state"] for run in runs_of(platform)} == {"done"}


def test_runs_are_begun_by_one_statement_and_each_sends_few(database_url: str, tmp_path: Path) -> None:
    with shop(database_url, tmp_path, SIMPLE) as platform:
        ids = _create(platform, 12)
        segments = platform.automation.segments("one", lambda: False)
        for run_id in ids[:2]:
            segments(run_id, 0)
        with platform.database.statements.recording() as sent:
            begun = segments.begin(ids[2:])
        assert (len(begun), len(sent)) == (10, 1)
        counts = []
        for run in begun.values():
            with platform.database.statements.recording() as sent:
                assert segments.go_on(run) == "done"
            counts.append(len(sent))
        assert set(counts) == {3 if platform.database.dialect is Dialect.POSTGRESQL else 7}


@pytest.mark.parametrize("count", [1, 25])
def test_handing_over_sends_a_number_of_statements_that_grows_with_batches_only(
    database_url: str, tmp_path: Path, count: int
) -> None:
    with shop(database_url, tmp_path, SIMPLE) as platform:
        _create(platform, count)
        hand_over = _hand_over(platform)
        with platform.database.statements.recording() as sent:
            assert hand_over.hand_over() == count
        batches = -(-count // RUNS_IN_A_BATCH)
        # Whether there is news, what waits, which runs, their mark; the durable engine's own of a batch.
        assert len(sent) <= 4 + 3 * batches
