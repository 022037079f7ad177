"""Which tests run which statements, and does one of them fail on a mutant? A pytest plugin that runs tests in copies.

The tests are collected once. A first round runs each on the program as it is and notes the statements it runs; then
each mutant is made in a copy of the process, which runs the tests that come by the changed statement, the cheapest
first, up to the first that fails. The project's files are never written.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
from _pytest.runner import runtestprotocol

from tests.support.mutants.codes import Functions, functions_by_file, listen, replace_code, telling
from tests.support.mutants.forked import Job, run_forked
from tests.support.mutants.sites import Mutant, altered
from tests.support.postgres import FOLDER_VARIABLE, PostgresCluster

_ROUND_LIMIT_S = 1500.0
_LEAST_LIMIT_S = 90.0
"""A mutant that waits for ever is noticed as well: a slow machine is given this long, and ten times what is usual."""
_TESTS_S = 30.0
"""Tests of one mutant, in seconds of the first round; those beyond are not tried, which can only spare a mutant."""
_FIRST_ROUND = Path("var") / "mutants_first_round.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a mutant fared: `killed` by a test, `hung`, `survived`, or `not run` by any of the tests."""

    mutant: Mutant
    outcome: str
    by: str = ""
    seconds: float = 0.0

    @property
    def is_killed(self) -> bool:
        """Say whether the tests notice it."""
        return self.outcome in ("killed", "hung")


class Told(Protocol):
    """Takes each verdict as it falls."""

    def __call__(self, verdict: Verdict) -> None:
        """Take one."""


@dataclass(slots=True, kw_only=True)
class Noticing:
    """Run mutants instead of the tests that pytest collected."""

    root: Path
    mutants: Sequence[Mutant]
    files: Sequence[str]
    at_a_time: int
    told: Told
    on_postgresql: Set[str] = frozenset()
    """Files of tests that are run there as well."""
    resume: bool = False
    failing: list[str] = field(default_factory=lambda: ["the collection of the tests"])
    """Tests that fail on the program as it is: with them nothing is counted."""
    _items: Sequence[pytest.Item] = ()
    _seconds: dict[int, float] = field(default_factory=dict)
    _by_place: dict[tuple[str, int, int], list[int]] = field(default_factory=lambda: defaultdict(list))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is to run on SQLite alone."""
        items[:] = [item for item in items if not _is_on_postgresql(item) or self._path(item) in self.on_postgresql]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the first round, then the mutants."""
        self.failing.clear()
        if session.testsfailed:
            self.failing.append("the collection of the tests")
            return True
        self._items = session.items
        if any(map(_is_on_postgresql, self._items)):
            PostgresCluster(Path(os.environ[FOLDER_VARIABLE])).start()
        functions = functions_by_file()
        gc.collect()
        gc.freeze()
        self._first_round(functions)
        if not self.failing:
            self._all_mutants(functions)
        return True

    def _path(self, item: pytest.Item) -> str:
        return item.path.relative_to(self.root).as_posix()

    def _first_round(self, functions: Functions) -> None:
        numbers: list[tuple[str, int, int]] = []
        trees = {}
        for path in self.files:
            trees[path], places = telling((self.root / path).read_text(encoding="utf-8"), len(numbers))
            numbers += [(path, *place) for place in places]

        def run(share: Sequence[int]) -> list[Any]:
            hits: set[int] = set()
            listen(hits.add)
            for path, tree in trees.items():
                replace_code(functions[str(self.root / path)], str(self.root / path), tree)
            return list(self._noting(share, hits))

        for share, results in self._rounds(run):
            for index, (why_not, seconds, hits) in zip(share, results, strict=True):
                self._seconds[index] = seconds
                if why_not:
                    self.failing.append(f"{self._items[index].nodeid}\n{why_not}")
                for hit in hits:
                    self._by_place[numbers[hit]].append(index)

    def _rounds(self, run: Callable[[Sequence[int]], list[Any]]) -> Iterator[tuple[Sequence[int], list[Any]]]:
        """Run the tests file by file, those of many tests first; of a broken-off run what it has seen is taken over."""
        by_file: dict[str, list[int]] = defaultdict(list)
        for index, item in enumerate(self._items):
            by_file[self._path(item)].append(index)
        altered_files = b"\0".join((self.root / path).read_bytes() for path in self.files)
        path = self.root / _FIRST_ROUND
        kept = json.loads(path.read_text(encoding="utf-8")) if self.resume and path.exists() else {}
        jobs = []
        for name, share in sorted(by_file.items(), key=lambda each: -len(each[1])):
            tests = "\0".join(self._items[index].nodeid for index in share).encode()
            what = hashlib.sha256(b"\0".join([altered_files, (self.root / name).read_bytes(), tests])).hexdigest()
            if kept.get(name, {}).get("of") == what:
                yield share, kept[name]["round"]
                continue
            kept[name] = {"of": what, "round": None}
            jobs.append(Job(name=name, run=partial(run, share), limit_s=_ROUND_LIMIT_S))
        for ended in run_forked(jobs, self.at_a_time):
            if ended.result is None:
                self.failing.append(f"{ended.name}: the process ended without a result")
                continue
            kept[ended.name]["round"] = ended.result
            yield by_file[ended.name], ended.result
        whole = {
            name: each for name, each in kept.items() if each["round"] and not any(one[0] for one in each["round"])
        }
        path.write_text(json.dumps(whole), encoding="utf-8")

    def _noting(self, share: Sequence[int], hits: set[int]) -> Iterator[tuple[str, float, list[int]]]:
        for index, following in zip(share, [*share[1:], None], strict=True):
            hits.clear()
            began = time.process_time()
            why_not = self._failure(index, following)
            yield why_not, round(time.process_time() - began, 3), sorted(hits)

    def _failure(self, index: int, following: int | None) -> str:
        """Run a test; say how it failed, nothing where it passed."""
        after = None if following is None else self._items[following]
        reports = runtestprotocol(self._items[index], nextitem=after, log=False)
        return "\n".join(report.longreprtext or report.when for report in reports if report.failed)

    def _all_mutants(self, functions: Functions) -> None:
        jobs, by_name = [], {}
        for number, mutant in enumerate(self.mutants):
            tests = self._tests_of(mutant)
            if not tests:
                self.told(Verdict(mutant=mutant, outcome="not run"))
                continue
            by_name[str(number)] = mutant
            limit = _LEAST_LIMIT_S + 10 * sum(self._seconds[each] for each in tests)
            jobs.append(Job(name=str(number), run=self._job(mutant, tests, functions), limit_s=limit))
        for ended in run_forked(jobs, self.at_a_time):
            mutant = by_name[ended.name]
            # A process that died, as by recursion without end, has been noticed as a hanging one is.
            outcome = "hung" if ended.result is None else ended.result[0]
            by = "" if ended.result is None else ended.result[1]
            self.told(Verdict(mutant=mutant, outcome=outcome, by=by, seconds=round(ended.seconds, 1)))

    def _job(self, mutant: Mutant, tests: Sequence[int], functions: Functions) -> Any:
        def run() -> tuple[str, str]:
            file = self.root / mutant.path
            replace_code(functions[str(file)], str(file), altered(mutant, file.read_text(encoding="utf-8")))
            for index, following in zip(tests, [*tests[1:], None], strict=True):
                if self._failure(index, following):
                    with suppress(BaseException):
                        self._items[index].session._setupstate.teardown_exact(None)
                    return "killed", self._items[index].nodeid
            return "survived", ""

        return run

    def _tests_of(self, mutant: Mutant) -> Sequence[int]:
        """Choose of the tests that come by the changed statement; those on SQLite come first, and cheap files."""
        found = sorted(self._by_place.get((mutant.path, *mutant.place), ()), key=self._seconds.__getitem__)
        # In turns one of each file: one with hundreds of cheap tests is not to keep the others from being asked.
        turn: Counter[Path] = Counter()
        turns = []
        for index in found:
            turn[self._items[index].path] += 1
            turns.append((turn[self._items[index].path], index))
        chosen, total = set[int](), 0.0
        for _, index in sorted(turns):
            if not chosen or total + self._seconds[index] <= _TESTS_S:
                chosen.add(index)
                total += self._seconds[index]
        by_file: dict[tuple[bool, Path], list[int]] = defaultdict(list)
        for index in sorted(chosen):
            item = self._items[index]
            by_file[_is_on_postgresql(item), item.path].append(index)
        cost = {key: sum(self._seconds[each] for each in indexes) for key, indexes in by_file.items()}
        return [index for key in sorted(by_file, key=lambda key: (key[0], cost[key])) for index in by_file[key]]


def _is_on_postgresql(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres") is not None
