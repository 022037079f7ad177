"""Branches, loops, other rules, `stop` and `log` inside each other, as the trace of the run tells them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.access.actor import system_actor
from engine.platform import Platform
from tests.support.automation import do_runs, person, rows_of, runs_of, shop

RULES = """
    rule outer when deal.note changes to "go"
      then
        for each l in lines where quantity > 0 sorted by quantity do
          if l.quantity > 2 then
            run rule tick on l
            log "big {l.name}"
          else if l.quantity = 1 then
            for each m in lines where name != l.name sorted by name do
              if m.quantity = 0 then log "{l.name} beside {m.name}" end
            end
          else
            log "middle {l.name}" unless l.name = "two"
          end
        end
        if count(lines) > 3 then log "many" stop else log "few" end
        log "never"
    rule tick when line.state changes to "never"
      then
        for each own in deal.lines where quantity > 2 sorted by name do
          if own.name = "four" then update own { state: "seen" } stop end
          log "passed {own.name}"
        end
        log "not reached"
"""


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES) as opened:
        yield opened


@pytest.mark.promise("RUL-14")
def test_blocks_nest_and_each_row_of_a_loop_has_its_own_steps_in_the_trace(platform: Platform) -> None:
    ann = person(platform, "ann", "rep")
    deal = platform.records.create(ann, "deal", {"name": "A"}).record.id
    for quantity, name in enumerate(("zero", "one", "two", "three", "four")):
        platform.records.create(ann, "line", {"name": name, "deal": deal, "quantity": quantity})
    platform.records.update(ann, "deal", deal, {"note": "go"})
    do_runs(platform)
    outer, *ticks = runs_of(platform)
    trace = platform.automation.runs.get(system_actor(), outer["id"])
    told = {step.path: step for step in trace.steps}
    said = {path: step.result.get("message") for path, step in told.items() if step.kind == "log"}
    assert said == {
        "actions/0/rows/0/do/0/else/0/then/0/rows/3/do/0/then/0": "one beside zero",
        "actions/0/rows/2/do/0/then/1": "big three",
        "actions/0/rows/3/do/0/then/1": "big four",
        "actions/1/then/0": "many",
    }
    # Each row has its own decisions and results, also where the same action was left out.
    holds = {path: step.result.get("holds") for path, step in told.items() if path.endswith("/do/0")}
    assert holds["actions/0/rows/0/do/0"] is False
    assert holds["actions/0/rows/2/do/0"] is True
    assert told["actions/0/rows/1/do/0/else/0/else/0/unless"].result["holds"] is True
    assert told["actions/1/then/1"].kind == "stop"
    assert (outer["outcome"], trace.steps[-1].kind) == ("stopped", "stop")
    called = [effect["run"] for step in trace.steps if step.kind == "run rule" for effect in step.effects]
    assert called == [run["id"] for run in ticks]
    assert {(run["state"], run["outcome"], run["cause_run"]) for run in ticks} == {("done", "stopped", outer["id"])}
    assert {row["name"]: row["state"] for row in rows_of(platform, "line") if row["state"]} == {"four": "seen"}
