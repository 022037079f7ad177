"""Counts how many altered programs the tests notice: `python -m tests.support.mutants [--sample 80] [--seed 1]`.

A mutant is one small change (a comparison turned, `and` for `or`, a `not` taken away, a number one higher, a returned
value gone) in the code that decides: permissions, expressions, matching, runs. Each runs in a copy of the project
against the tests of its group; a mutant that no test fails on has survived. The same seed draws the same mutants. Exit
code 1 under 80 % killed, 2 where the tests fail on the program as it is.
"""

from __future__ import annotations

import argparse
import ast
import queue
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
OWED = 0.8
TIMEOUT_S = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Modules of one topic, and the tests that are to notice their mutants, the quickest first."""

    topic: str
    modules: Sequence[str]
    tests: Sequence[str]
    databases: str = "not postgres"


GROUPS = (
    Group(
        topic="permissions",
        modules=("engine/access/*.py",),
        tests=("tests/ui/api/test_access.py", "tests/engine/access", "tests/engine/records/test_queries.py"),
    ),
    Group(
        topic="expressions",
        modules=("workflow_dsl/checking/*.py", "workflow_dsl/compiling/*.py"),
        tests=("tests/workflow_dsl/test_corpus.py", "tests/workflow_dsl/test_scope.py"),
    ),
    Group(
        topic="expressions",
        modules=("engine/expressions/sql/*.py",),
        tests=("tests/engine/expressions/test_corpus_in_sql.py", "tests/engine/expressions/test_eyes.py"),
        databases="",
    ),
    Group(
        topic="matching",
        modules=("engine/automation/matcher.py", "engine/automation/rule_index.py"),
        tests=(
            "tests/engine/automation/test_rule_corpus.py",
            "tests/engine/automation/test_runs.py",
            "tests/engine/automation/test_schedules.py",
        ),
    ),
    Group(
        topic="runs",
        modules=tuple(f"engine/automation/{name}.py" for name in ("segment", "interpreter", "inside", "ledger")),
        tests=("tests/engine/automation/test_rule_corpus.py", "tests/engine/automation/test_runs.py"),
    ),
)
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change: the node of that number in a walk through the file, where it stands, and what is altered."""

    group: Group
    path: str
    node: int
    line: int
    change: str

    def text(self) -> str:
        """Give the file with the change."""
        tree = ast.parse((REPOSITORY / self.path).read_text(encoding="utf-8"))
        _alter(next(each for at, each in enumerate(ast.walk(tree)) if at == self.node))
        return ast.unparse(ast.fix_missing_locations(tree))


def all_mutants() -> Iterator[Mutant]:
    """Name every mutant of every group."""
    for group in GROUPS:
        for path in sorted(path for pattern in group.modules for path in REPOSITORY.glob(pattern)):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            passed_over = _passed_over(tree)
            for index, node in enumerate(ast.walk(tree)):
                change = None if id(node) in passed_over else _change_of(node)
                if change is not None:
                    name = path.relative_to(REPOSITORY).as_posix()
                    yield Mutant(group=group, path=name, node=index, line=getattr(node, "lineno", 0), change=change)


def draw(sample: int, seed: int) -> list[Mutant]:
    """Draw mutants, as many of each topic."""
    chance = random.Random(seed)
    topics = dict.fromkeys(group.topic for group in GROUPS)
    known = tuple(all_mutants())
    drawn: list[Mutant] = []
    for topic in topics:
        of_topic = [mutant for mutant in known if mutant.group.topic == topic]
        drawn += chance.sample(of_topic, min(len(of_topic), max(sample // len(topics), 1)))
    # Mixed, so that what a run that is broken off has shown is fair as well.
    chance.shuffle(drawn)
    return drawn


def survives(mutant: Mutant, folder: Path) -> bool:
    """Run the group's tests on a copy of the project with the change; say whether all of them still pass."""
    target = folder / mutant.path
    original = target.read_text(encoding="utf-8")
    target.write_text(mutant.text(), encoding="utf-8")
    try:
        return tests_pass(mutant.group, folder)
    finally:
        target.write_text(original, encoding="utf-8")


def tests_pass(group: Group, folder: Path) -> bool:
    """Run the tests of a group in a copy of the project; what does not end has failed."""
    # Without bytecode: two changes of a file within a second would look alike to its cache.
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", group.databases]
    try:
        done = subprocess.run([*command, *group.tests], cwd=folder, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def copy_project(folder: Path) -> None:
    """Copy what git knows of the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        source = REPOSITORY / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)


def main() -> int:
    """Draw a sample, run it, print each survivor and the share that was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=80, help="how many mutants, spread over the topics")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many copies of the project to work in at a time")
    given = parser.parse_args()
    drawn = draw(given.sample, given.seed)
    with tempfile.TemporaryDirectory(prefix="fieldstone-mutants-") as name:
        folders = [Path(name) / str(number) for number in range(given.jobs)]
        for folder in folders:
            copy_project(folder)
        for group in dict.fromkeys(mutant.group for mutant in drawn):
            if not tests_pass(group, folders[0]):
                print(f"the tests of {group.topic} fail on the program as it is: {' '.join(group.tests)}")
                return 2
        killed = _run(drawn, folders)
    print(f"killed {killed} of {len(drawn)}: {killed / len(drawn):.0%}")
    return 0 if killed >= OWED * len(drawn) else 1


def _run(drawn: Sequence[Mutant], folders: Sequence[Path]) -> int:
    free: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for folder in folders:
        free.put(folder)

    def run(mutant: Mutant) -> bool:
        folder = free.get()
        try:
            alive = survives(mutant, folder)
        finally:
            free.put(folder)
        word = "SURVIVED" if alive else "killed  "
        print(f"{word} {mutant.group.topic:12} {mutant.path}:{mutant.line} {mutant.change}", flush=True)
        return not alive

    with ThreadPoolExecutor(max_workers=len(folders)) as pool:
        return sum(pool.map(run, drawn))


def _passed_over(tree: ast.AST) -> frozenset[int]:
    """Find what no test can notice: how dataclasses are made."""
    decorators = (each for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for each in node.decorator_list)
    return frozenset(id(node) for decorator in decorators for node in ast.walk(decorator))


def _change_of(node: ast.AST) -> str | None:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _TURNED:
            return f"{type(op).__name__} turned"
        case ast.BoolOp():
            return "and/or swapped"
        case ast.UnaryOp(op=ast.Not()):
            return "not taken away"
        case ast.Constant(value=bool()):
            return "constant turned"
        case ast.Constant(value=int()):
            return "number one higher"
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            return "returned value gone"
    return None


def _alter(node: ast.AST) -> None:
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [_TURNED[type(op)]()]
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as value):
            node.value = value + 1
        case ast.Return():
            node.value = ast.Constant(value=None)


if __name__ == "__main__":
    sys.exit(main())
