"""Which promises do the tests hold? Records the promises of each run and lists those without a passing test.

A test names what it shows with `@pytest.mark.promise("EXP-12")`. The recorder, a pytest plugin, writes the outcome of
each such test of the last run to var/promises.json; `python -m tests.support.promises [--prefix EXP,RUL]` compares
that file with docs/promises.yaml. A promise is held where at least one test names it and every test that names it
passed; skipped, deselected and expectedly failing tests hold nothing. It does not run tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROMISES = REPOSITORY / "docs" / "promises.yaml"
RECORD = Path("var") / "promises.json"

Outcomes = dict[str, dict[str, str]]
"""Promise id → test → how it ended: "passed", "failed", "skipped" or "not run"."""


class PromiseRecorder:
    """Collect, in the controlling process of a run, how the tests that name promises ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._named: dict[str, list[str]] = {}
        self._outcomes: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Any:
        """Note every test that names a promise before `-k` and `-m` leave some out."""
        for item in items:
            if ids := _promises_of(item):
                self._named[item.nodeid] = ids
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's set-up, call and tear-down."""
        if report.nodeid in self._named or self._config.getoption("dist", "no") != "no":
            before = self._outcomes.get(report.nodeid, "passed")
            outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
            self._outcomes[report.nodeid] = max(before, outcome, key=_SEVERITY.__getitem__)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of a parallel run collected."""
        self._named.update(getattr(node, "workeroutput", {}).get("promises", {}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Hand the names to the controlling process, or write the record there."""
        if self._is_worker:
            self._config.workeroutput["promises"] = self._named  # type: ignore[attr-defined]
        elif not self._config.option.collectonly:
            _write_record(self._config.rootpath / RECORD, self._by_promise())

    def _by_promise(self) -> Outcomes:
        result: Outcomes = {}
        for test, ids in sorted(self._named.items()):
            for promise in ids:
                result.setdefault(promise, {})[test] = self._outcomes.get(test, "not run")
        return result


_SEVERITY = {"passed": 0, "skipped": 1, "failed": 2}


def _promises_of(item: pytest.Item) -> list[str]:
    return [str(promise) for marker in item.iter_markers("promise") for promise in marker.args]


def _write_record(path: Path, outcomes: Outcomes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(outcomes, indent=1, sort_keys=True) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Say what the last run holds of the promises asked for."""

    promises: Mapping[str, str]
    """Promise asked for → what its tests say; a held one starts with `held`."""
    unknown: Mapping[str, Sequence[str]]

    def lines(self, *, with_held: bool = False) -> Iterable[str]:
        """Give the report line by line, `held N of M` last."""
        held = [promise for promise, found in self.promises.items() if found.startswith("held")]
        for promise, found in self.promises.items():
            if with_held or promise not in held:
                yield f"{promise}  {found}"
        for promise, tests in self.unknown.items():
            yield f"unknown promise {promise}, named by {', '.join(tests)}"
        yield f"held {len(held)} of {len(self.promises)}"


def compare(promises: Sequence[str], outcomes: Mapping[str, Mapping[str, str]], prefixes: Sequence[str]) -> Report:
    """Compare the promises whose group is in `prefixes` (all without any) with the outcomes of a run."""
    asked = [promise for promise in promises if not prefixes or promise.split("-")[0] in prefixes]
    return Report(
        promises={promise: _describe(outcomes.get(promise, {})) for promise in asked},
        unknown={name: sorted(tests) for name, tests in outcomes.items() if name not in set(promises)},
    )


def _describe(tests: Mapping[str, str]) -> str:
    if not tests:
        return "no test"
    missing = [f"{outcome}: {test}" for test, outcome in tests.items() if outcome != "passed"]
    return ", ".join(missing) or f"held: {', '.join(tests)}"


def load_promises(path: Path = PROMISES) -> list[str]:
    """Read the ids of all promises."""
    return [str(entry["id"]) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


@click.command()
@click.option("--prefix", default="", help="Only these groups, e.g. EXP,RUL.")
@click.option("--all", "with_held", is_flag=True, help="Also the held ones, with the tests that hold them.")
@click.option("--record", type=click.Path(path_type=Path), default=REPOSITORY / RECORD, help="The record of a run.")
@click.option("--promises", "promises_path", type=click.Path(path_type=Path), default=PROMISES)
def main(prefix: str, with_held: bool, record: Path, promises_path: Path) -> None:
    """List the promises that no passing test of the last run holds.

    Example: python -m tests.support.promises --prefix EXP,RUL
    """
    if not record.exists():
        click.echo("no run is recorded yet: run the tests first (make test)", err=True)
    outcomes = json.loads(record.read_text()) if record.exists() else {}
    report = compare(load_promises(promises_path), outcomes, [part for part in prefix.upper().split(",") if part])
    for line in report.lines(with_held=with_held):
        click.echo(line)
    raise SystemExit(1 if report.unknown else 0)


if __name__ == "__main__":
    main()
