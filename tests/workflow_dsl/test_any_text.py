"""Any text of up to 10,000 characters as YAML, expression or rules: a result or problems with a place, and soon."""

from __future__ import annotations

from random import Random

import pytest

from tests.support.fuzzing import ENDINGS, LONGEST, Fuzzer, first_seeds, kept_seeds, tried

_MANY = {"yaml": 25, "expression": 400, "rules": 100}
LONG = {
    "open brackets": "(" * LONGEST,
    "open lists": "[" * LONGEST,
    "open maps": "{a: " * (LONGEST // 4),
    "levels of maps": "".join(f"{' ' * depth}a:\n" for depth in range(138)),
    "levels of not": "not " * (LONGEST // 4),
    "quotes": '"' * LONGEST,
    "one word": "a" * LONGEST,
    "digits": "9" * LONGEST,
    "dots": "a." * (LONGEST // 2),
    "lines": "\n" * LONGEST,
    "anchors": "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 400))[:LONGEST],
    "braces": '"' + "{" * (LONGEST - 2) + '"',
    "a sum": "1+" * (LONGEST // 2),
    "signs before a mistake": "10" + "-" * (LONGEST - 10) + "a(",
    "signs before a mistake of words": "10" + "-" * (LONGEST - 10) + "5 amd",
    "nothing known": "\U0001f600" * LONGEST,
    "nulls": "\0" * LONGEST,
    "half a rule": "rule a when deal is created then " * (LONGEST // 34),
    "ifs": "rule a when deal is created then if true " + "if true " * 1200,
}


@pytest.mark.parametrize("kind", list(ENDINGS))
@pytest.mark.parametrize("name", list(LONG))
def test_long_texts_end_in_a_problem_with_a_place(kind: str, name: str) -> None:
    assert len(LONG[name]) <= LONGEST
    tried(ENDINGS[kind], LONG[name])


@pytest.mark.parametrize("kind", list(ENDINGS))
def test_kept_inputs_and_changes_of_them_end_well(kind: str) -> None:
    kept = kept_seeds(kind)
    assert kept
    for text in kept:
        tried(ENDINGS[kind], text)
    fuzzer, chance = Fuzzer(name=kind, ending=ENDINGS[kind], seeds=[*first_seeds(kind), *kept]), Random(20261122)
    for _ in range(_MANY[kind]):
        tried(ENDINGS[kind], fuzzer.changed(chance))
