"""Nothing is coerced silently: values of types that do not go together are a problem that names both types."""

from __future__ import annotations

import itertools

import pytest

from metamodel.source import LocatedText
from tests.support.dsl_corpus import sample_scope
from workflow_dsl.checker import check_text

# field of the sample deal → what messages call its type
TYPES = {"name": "text", "quantity": "number", "urgent": "boolean", "stage": "choice", "close_date": "date"}
APART = list(itertools.permutations(TYPES, 2))


def messages(expression: str) -> list[str]:
    checked = check_text(LocatedText.plain(expression), sample_scope())
    assert (checked.typed is None) == bool(checked.problems.errors)
    return [problem.message for problem in checked.problems.errors]


def names_both(message: str, left: str, right: str) -> bool:
    # The expression itself stands in quotes before; a whole number is a number to people.
    said = message.replace("an integer", "a number").replace("whole number", "number")
    return TYPES[left] in said and TYPES[right] in said


@pytest.mark.promise("EXP-11")
@pytest.mark.parametrize("operator", ["=", "!=", "<", ">="])
@pytest.mark.parametrize(("left", "right"), APART)
def test_values_of_two_types_are_not_compared(left: str, operator: str, right: str) -> None:
    (message,) = messages(f"{left} {operator} {right}")
    assert "compares" in message
    assert names_both(message, left, right)


@pytest.mark.promise("EXP-11")
@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
@pytest.mark.parametrize(("left", "right"), [pair for pair in APART if set(pair) & {"name", "urgent", "stage"}])
def test_what_is_no_number_is_not_computed_with(left: str, operator: str, right: str) -> None:
    (message,) = messages(f"{left} {operator} {right}")
    assert names_both(message, left, right)


@pytest.mark.promise("EXP-11")
@pytest.mark.parametrize(
    ("expression", "first", "second"),
    [
        ("stage > 5", "a choice (qualify, proposal, won, lost)", "a number"),
        ('"3" + 4', "a number", "a text"),
        ("true + 1", "a number", "a boolean"),
        ('amount > "5"', "money", "a text"),
        ('quantity in [1, "2"]', "a number", "a text"),
        ("close_date = sent_at", "a date", "a datetime"),
        ('if(1 = 1, 5, "5")', "a number", "a text"),
    ],
)
def test_the_message_names_both_types(expression: str, first: str, second: str) -> None:
    (message,) = messages(expression)
    assert first in message
    assert second in message
