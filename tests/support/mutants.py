"""Counts how many altered programs the tests notice: `python -m tests.support.mutants [--sample 40] [--seed 1]`.

A mutant is one small change (a comparison turned, `and` for `or`, a `not` taken away, a number one higher, a returned
value gone) in the code that decides: permissions, expressions, matching, runs. Each runs in a copy of the working tree
against the tests of its topic; a mutant that no test fails on has survived. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
OWED = 0.8
TIMEOUT_S = 300

TOPICS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "permissions": (
        ("engine/access/compiler.py", "engine/access/grants.py", "engine/access/predicates.py"),
        ("tests/engine/access", "tests/engine/records/test_queries.py", "tests/ui/api/test_access.py"),
    ),
    "expressions": (
        (
            "workflow_dsl/checking/conditions.py",
            "workflow_dsl/checking/arithmetic.py",
            "workflow_dsl/compiling/emit_tests.py",
            "workflow_dsl/compiling/emit_values.py",
        ),
        ("tests/workflow_dsl/test_corpus.py", "tests/workflow_dsl/test_scope.py"),
    ),
    "matching": (
        ("engine/automation/matcher.py", "engine/automation/rule_index.py"),
        ("tests/engine/automation/test_rule_corpus.py",),
    ),
    "runs": (
        ("engine/automation/segment.py", "engine/automation/interpreter.py", "engine/automation/inside.py"),
        ("tests/engine/automation/test_rule_corpus.py", "tests/engine/automation/test_runs.py"),
    ),
}
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
    """One altered file: its text with the change, and where and what the change is."""

    topic: str
    path: str
    line: int
    change: str
    text: str


def all_mutants() -> Iterator[Mutant]:
    """Make every mutant of every topic."""
    for topic, (paths, _tests) in TOPICS.items():
        for path in paths:
            tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
            for index, node in enumerate(ast.walk(tree)):
                change = _change_of(node)
                if change is not None:
                    altered = copy.deepcopy(tree)
                    target = next(each for at, each in enumerate(ast.walk(altered)) if at == index)
                    _alter(target)
                    text = ast.unparse(ast.fix_missing_locations(altered))
                    yield Mutant(topic=topic, path=path, line=getattr(node, "lineno", 0), change=change, text=text)


def survives(mutant: Mutant, folder: Path) -> bool:
    """Run the topic's tests on a copy of the tree with the change; say whether all of them still pass."""
    target = folder / mutant.path
    original = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not postgres"]
    try:
        done = subprocess.run(
            [*command, *TOPICS[mutant.topic][1]], cwd=folder, capture_output=True, timeout=TIMEOUT_S, check=False
        )
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(original, encoding="utf-8")


def copy_tree(folder: Path) -> None:
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
    parser.add_argument("--sample", type=int, default=40, help="how many mutants, spread over the topics")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    drawn: list[Mutant] = []
    for topic in TOPICS:
        known = [mutant for mutant in all_mutants() if mutant.topic == topic]
        drawn += chance.sample(known, min(len(known), max(given.sample // len(TOPICS), 1)))
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="fieldstone-mutants-") as name:
        copy_tree(Path(name))
        for mutant in drawn:
            alive = survives(mutant, Path(name))
            survivors += alive
            print(
                f"{'SURVIVED' if alive else 'killed  '} {mutant.topic:12} {mutant.path}:{mutant.line} {mutant.change}",
                flush=True,
            )
    killed = len(drawn) - survivors
    print(f"killed {killed} of {len(drawn)}: {killed / len(drawn):.0%}")
    return 0 if killed >= OWED * len(drawn) else 1


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
