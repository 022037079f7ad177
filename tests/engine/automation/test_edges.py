"""Rules that wait for an edge: saves one by one and in batches, what is looked at, and what the trace tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.automation.run_views import RunFilter
from engine.platform import Platform
from engine.records.hooks import SaveKind
from engine.records.types import SaveRow
from tests.support.automation import do_runs, person, rows_of, runs_of, shop

RULES = """
    rule fits when deal comes to match doubled > 20 and (stage = "open" or note = "vip")
      then create job { subject: "fits {name}" }
    rule rises when deal.count rises above 100
      if not amount is empty then create job { subject: "rises {name}" }
    rule secrets when deal comes to match secret = "s" and count > 1 then log "x"
    rule early before deal.discount rises above 30% then set note = "discount"
"""
STEPS: Sequence[Mapping[str, Any]] = (
    {"amount": "11", "count": 90},  # fits
    {"count": 110},  # rises
    {"count": 120, "amount": "12"},
    {"stage": "won", "count": 90},
    {"stage": "won", "note": "vip"},  # fits again, after it did not
    {"count": 101, "discount": "0.4"},  # rises again, and the note is gone: it fits no more
    {"note": "vip", "amount": None},
    {"amount": "50", "discount": "0.5"},  # fits a third time
)


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES) as opened:
        yield opened


def jobs_after(platform: Platform, name: str) -> list[str]:
    do_runs(platform)
    return sorted(row["subject"] for row in rows_of(platform, "job") if row["subject"].endswith(f" {name}"))


@pytest.mark.promise("RUL-04")
@pytest.mark.parametrize("many", [False, True], ids=["one by one", "in batches"])
def test_an_edge_fires_on_the_crossing_only_and_again_after_the_fall(platform: Platform, *, many: bool) -> None:
    records, actor = platform.records, system_actor()
    names = [f"{'m' if many else 's'}{number}" for number in range(3)]
    wanted = {1: ["fits"], 2: ["fits", "rises"], 5: ["fits"] * 2 + ["rises"], 6: ["fits", "rises"] * 2,
              8: ["fits"] * 3 + ["rises"] * 2}  # fmt: skip
    if many:
        rows = [SaveRow(values={"name": name, "amount": "10"}) for name in names]
        ids = [str(row.id) for row in records.save_many(actor, "deal", rows).rows]
    else:
        ids = [records.create(actor, "deal", {"name": name, "amount": "10"}).record.id for name in names]
    for number, values in enumerate(STEPS, start=1):
        if many:
            records.save_many(actor, "deal", [SaveRow(id=each, values=values) for each in ids], all_or_nothing=True)
        else:
            for each in ids:
                records.update(actor, "deal", each, values)
        if number in wanted:
            for name in names:
                assert jobs_after(platform, name) == sorted(f"{rule} {name}" for rule in wanted[number]), number


def test_new_records_of_a_batch_that_match_start_a_run_each_as_single_ones_do(platform: Platform) -> None:
    values: list[dict[str, Any]] = [
        {"amount": "11"},
        {"amount": "9", "count": 101},
        {"count": 101},
        {},
        {"amount": "11", "stage": "won"},
        {"amount": "11", "stage": "won", "discount": "0.4", "note": "vip"},
    ]
    single = [{"name": f"x{number}", **each} for number, each in enumerate(values)]
    for each in single:
        platform.records.create(system_actor(), "deal", each)
    rows = [SaveRow(values={**each, "name": each["name"].replace("x", "y")}) for each in single]
    platform.records.save_many(system_actor(), "deal", rows, all_or_nothing=True)
    for number, wanted in enumerate((["fits"], ["rises"], [], [], [], [])):
        assert jobs_after(platform, f"x{number}") == [f"{rule} x{number}" for rule in wanted]
        assert jobs_after(platform, f"y{number}") == [f"{rule} y{number}" for rule in wanted]


@pytest.mark.parametrize(
    ("kind", "changed", "looks"),
    [
        (SaveKind.UPDATED, {"name", "modified_at", "version"}, False),
        (SaveKind.UPDATED, {"discount"}, False),
        (SaveKind.UPDATED, {"amount"}, True),
        (SaveKind.UPDATED, {"count", "name"}, True),
        (SaveKind.CREATED, {"name"}, True),
        (SaveKind.DELETED, {"amount"}, False),
    ],
)
def test_a_save_of_other_fields_looks_at_no_edge(
    platform: Platform, kind: SaveKind, changed: set[str], *, looks: bool
) -> None:
    with platform.records.reading(system_actor()) as transaction:
        assert platform.automation.after_save.looks_at(transaction, "deal", kind, frozenset(changed)) is looks


def test_the_trace_shows_what_a_record_came_to_match_masked_for_its_reader(platform: Platform) -> None:
    rep, boss = person(platform, "a", "rep"), person(platform, "b", "boss")
    deal = platform.records.create(boss, "deal", {"name": "T", "secret": "s", "count": 2}).record
    do_runs(platform)
    (summary,) = platform.automation.runs.list(rep, RunFilter(rule="secrets", object="deal", record_id=deal.id)).rows
    assert summary.event == 'deal comes to match secret = "s" and count > 1'
    seen, masked = (platform.automation.runs.get(actor, summary.id).matched for actor in (boss, rep))
    assert seen is not None
    assert masked is not None
    assert [(part.text, part.value) for part in seen.parts] == [('secret = "s"', True), ("count > 1", True)]
    assert [part.masked for part in masked.parts] == [True, False]
    assert all(run["state"] != "failed" for run in runs_of(platform))
