"""The command that counts which altered programs the tests notice: what it draws, what it changes, what it finds."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.mutants.codes import functions_by_file, listen, replace_code, telling
from tests.support.mutants.drawing import REPOSITORY, TOPICS, all_mutants, draw
from tests.support.mutants.sites import altered, equivalent, mutants_of

SOURCE = '''
def double(numbers: list[int]) -> list[int]:
    """Double what is positive."""
    assert numbers is not None
    return [number * 2 for number in numbers if number > 0 and number < 100]


class Box:
    limit: int = 3

    def has(self, number):
        at_least = lambda given: given >= self.limit
        return at_least(number)
'''


def test_a_mutant_is_a_change_inside_a_function_and_never_of_an_assertion_or_a_default() -> None:
    found = [(mutant.function, mutant.change, mutant.text) for mutant in mutants_of("any", "some.py", SOURCE)]
    assert found == [
        ("double", "returned value gone", "return [number * 2 for number in numbers if number > 0 and number < 100]"),
        ("double", "number one higher", "2"),
        ("double", "and/or swapped", "number > 0 and number < 100"),
        ("double", "Gt turned", "number > 0"),
        ("double", "number one higher", "0"),
        ("double", "Lt turned", "number < 100"),
        ("double", "number one higher", "100"),
        ("Box.has", "GtE turned", "given >= self.limit"),
        ("Box.has", "returned value gone", "return at_least(number)"),
    ]


@pytest.mark.parametrize(
    ("number", "doubled", "has"),
    [(0, None, True), (1, [3, 150], True), (2, [-2, 2, 100, 240], True), (3, [-2], True), (7, [2, 100], False)],
)
def test_functions_that_exist_take_the_code_of_a_mutant(
    tmp_path: Path, number: int, doubled: list[int] | None, has: bool
) -> None:
    file = str(tmp_path / "some.py")
    names: dict[str, object] = {}
    exec(compile(SOURCE, file, "exec"), names)  # noqa: S102
    double, box = names["double"], names["Box"]
    mutant = list(mutants_of("any", "some.py", SOURCE))[number]
    replace_code(functions_by_file()[file], file, altered(mutant, SOURCE))
    assert callable(double)
    assert callable(box)
    given = {1: [1, 50], 0: [1, 50], 2: [-1, 1, 50, 120], 3: [-1, 50], 7: [1, 50]}[number]
    assert double(given) == doubled
    assert box().has(3) is has


def test_statements_and_lambdas_tell_that_they_ran(tmp_path: Path) -> None:
    file = str(tmp_path / "some.py")
    names: dict[str, object] = {}
    exec(compile(SOURCE, file, "exec"), names)  # noqa: S102
    tree, places = telling(SOURCE, 100)
    replace_code(functions_by_file()[file], file, tree)
    hits: set[int] = set()
    listen(hits.add)
    box = names["Box"]
    assert callable(box)
    assert box().has(3) is True
    ran = {
        ast.get_source_segment(SOURCE, node)
        for node in ast.walk(ast.parse(SOURCE))
        if _place(node) in {places[hit - 100] for hit in hits} and isinstance(node, ast.stmt | ast.Lambda)
    }
    assert ran == {
        "at_least = lambda given: given >= self.limit",
        "lambda given: given >= self.limit",
        "return at_least(number)",
    }


def _place(node: ast.AST) -> tuple[int, int]:
    return (getattr(node, "lineno", -1), getattr(node, "col_offset", -1))


def test_a_seed_draws_the_same_mutants_again_as_many_of_each_topic() -> None:
    drawn = draw(40, 7)
    assert [mutant.key for mutant in drawn] == [mutant.key for mutant in draw(40, 7)]
    assert [mutant.key for mutant in drawn] != [mutant.key for mutant in draw(40, 8)]
    assert Counter(mutant.topic for mutant in drawn) == dict.fromkeys(TOPICS, 10)


def test_each_change_said_to_be_equivalent_is_one_of_the_program() -> None:
    known = {mutant.key for topic, mutants in all_mutants(frozenset()).items() for mutant in mutants}
    assert sorted(equivalent() - known) == []


@pytest.mark.faults
@pytest.mark.promise("DEV-06")
def test_of_the_mutants_of_what_decides_four_in_five_are_killed() -> None:
    command = [sys.executable, "-m", "tests.support.mutants", "--sample", "40", "--seed", "6"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    counted = {
        topic: (int(killed), int(of))
        for topic, killed, of in re.findall(r"^(\w+) +killed (\d+) of (\d+)", done.stdout, re.MULTILINE)
        if topic in TOPICS
    }
    assert set(counted) == set(TOPICS)
    assert sum(of for _, of in counted.values()) == 40
    assert sum(killed for killed, _ in counted.values()) >= 0.8 * 40
