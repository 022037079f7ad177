"""What is altered and what is to notice it: the modules of each topic, the tests, and the draw of a sample."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.mutants.sites import Mutant, equivalent, mutants_of

REPOSITORY = Path(__file__).resolve().parents[3]

TOPICS: Mapping[str, Sequence[str]] = {
    "permissions": ("engine/access/*.py",),
    "expressions": ("workflow_dsl/checking/*.py", "workflow_dsl/compiling/*.py", "engine/expressions/sql/*.py"),
    "matching": (
        "engine/automation/matcher.py",
        "engine/automation/rule_index.py",
        "engine/automation/before_rules.py",
        "engine/automation/selecting.py",
        "engine/automation/schedules/*.py",
    ),
    "runs": tuple(
        f"engine/automation/{name}.py"
        for name in (
            "segment",
            "run_work",
            "interpreter",
            "inside",
            "outside",
            "ledger",
            "taking",
            "run_rows",
            "run_statements",
            "turns",
            "journal",
            "run_door",
            "run_state",
        )
    ),
}
TESTS: Sequence[str] = (
    "tests/engine/access",
    "tests/engine/automation/test_order_of_rules.py",
    "tests/engine/automation/test_outside.py",
    "tests/engine/automation/test_rule_corpus.py",
    "tests/engine/automation/test_run_log.py",
    "tests/engine/automation/test_run_modes.py",
    "tests/engine/automation/test_runs.py",
    "tests/engine/automation/test_schedules.py",
    "tests/engine/automation/test_selecting.py",
    "tests/engine/automation/test_starting.py",
    "tests/engine/expressions/test_before_and_after.py",
    "tests/engine/expressions/test_corpus_in_sql.py",
    "tests/engine/expressions/test_eyes.py",
    "tests/engine/records/test_queries.py",
    "tests/engine/relations/test_lookups.py",
    "tests/ui/api/test_access.py",
    "tests/workflow_dsl/test_budget.py",
    "tests/workflow_dsl/test_corpus.py",
    "tests/workflow_dsl/test_scope.py",
)
"""Quick tests that come by that code; the whole suite notices more."""
ON_POSTGRESQL = frozenset({"tests/engine/expressions/test_corpus_in_sql.py"})
"""Of these tests those that are run on both databases, since the code writes SQL of its own for each."""


def files() -> Sequence[str]:
    """Name the files that are altered."""
    return [path for paths in _paths_by_topic().values() for path in paths]


def all_mutants(without: frozenset[str]) -> Mapping[str, Sequence[Mutant]]:
    """Name every mutant by topic, except those of the keys in `without`."""
    return {
        topic: [
            mutant
            for path in paths
            for mutant in mutants_of(topic, path, (REPOSITORY / path).read_text(encoding="utf-8"), without)
        ]
        for topic, paths in _paths_by_topic().items()
    }


def draw(sample: int, seed: int, *, topics: Sequence[str] | None = None, path: str = "") -> Sequence[Mutant]:
    """Draw mutants, as many of each topic; a change elsewhere in the code leaves the others drawn as they are."""
    drawn: list[Mutant] = []
    of_topics = {topic: known for topic, known in all_mutants(equivalent()).items() if not topics or topic in topics}
    for known in of_topics.values():
        named = sorted((mutant for mutant in known if path in mutant.path), key=lambda mutant: _lot(seed, mutant))
        drawn += named[: max(sample // len(of_topics), 1)]
    # Mixed, so that what a run that is broken off has shown is fair as well.
    return sorted(drawn, key=lambda mutant: _lot(seed, mutant))


def _lot(seed: int, mutant: Mutant) -> bytes:
    return hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()


def _paths_by_topic() -> Mapping[str, Sequence[str]]:
    return {
        topic: sorted(path.relative_to(REPOSITORY).as_posix() for name in names for path in REPOSITORY.glob(name))
        for topic, names in TOPICS.items()
    }
