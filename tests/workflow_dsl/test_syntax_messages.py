"""The sentences for the mistakes people make, word for word."""

from __future__ import annotations

import pytest

from metamodel.source import LocatedText
from workflow_dsl.parser import parse_expression, parse_rules

MESSAGES = {
    "a == b": "1:3 EXP104 '==' is no operator; write '='",
    "a && b": "1:3 EXP104 '&&' is no operator; write 'and'",
    "a || b": "1:3 EXP104 '||' is no operator; write 'or'",
    "a <> b": "1:3 EXP104 '<>' is no operator; write '!='",
    "a;": "1:2 EXP104 ';' is no operator; actions and conditions need no sign at their end",
    "!a": "1:1 EXP104 '!' is no operator; write 'not'",
    "a % 2": "1:3 EXP104 '%' is no operator; write mod(a, b)",
    "price > ¥100": "1:9 EXP104 '¥' is no operator; write the code of the currency after the amount: 100 CNY",
    "a = “x”": "1:5 EXP105 '“' is a full-width sign; write \" with the Latin keyboard",
    "f(a，b)": "1:4 EXP105 '，' is a full-width sign; write , with the Latin keyboard",
    "a ＝ b": "1:3 EXP105 '＝' is a full-width sign; write = with the Latin keyboard",
    "a 并且 b": "1:3 EXP105 '并且' is no word of the language; write 'and'",
    "a < b < c": "1:7 EXP106 comparisons do not chain; write 'x between a and b', or join two comparisons with 'and'",
    'a = "x': '1:5 EXP103 this text is not closed by " in its line; write \\n for a new line inside a text',
    "a AND b": "1:3 EXP110 'AND' is no name; words and names are written small: 'and'",
    "a beetween 1 and 2": "1:3 EXP111 'beetween' is not known here; did you mean 'between'?",
    "a +": "1:3 EXP102 the text ends here, but a value should follow",
    "(a": "1:2 EXP102 the text ends here, but ')' should follow",
    "a > then": "1:5 EXP101 'then' can't stand here; expected a value",
    "2026-13-01": "1:1 EXP107 2026-13-01 is not a day of the calendar; dates are YEAR-MONTH-DAY",
    '"{a"': "1:2 EXP109 '{' is not closed; close it with '}', or write {{ for a brace",
    '"{}"': "1:2 EXP109 there is no expression between '{' and '}'; write {{}} for braces",
}
RULE_MESSAGES = {
    "当 lead is created then stop": "1:1 EXP105 '当' is no word of the language; write 'when'",
    "rule r 当 lead is created then stop": "1:8 EXP105 '当' is no word of the language; write 'when'",
    "rule r when lead is creatd then stop": "1:18 RUL103 'is creatd' is not known here; did you mean 'is created'?",
    "rule r when lead is created if a than stop": "1:34 RUL103 'than' is not known here; did you mean 'then'?",
    "rule r when lead is created then stop;": (
        "1:38 EXP104 ';' is no operator; actions and conditions need no sign at their end"
    ),
    "rule r when lead is created": "1:27 RUL102 the text ends here, but 'for each', 'if', 'or' or 'then' should follow",
    "rule r every month on day 42 at 09:00 then stop": (
        "1:23 RUL104 a schedule names days of the month as `day 1` to `day 31` or `last day`"
    ),
    "rule r when lead is created then stop priority 1.5": "1:48 RUL105 '1.5' is not a whole number from 0 to 1000000",
}  # fmt: skip


@pytest.mark.parametrize("text", MESSAGES)
def test_an_expression_with_a_mistake_is_answered_in_a_sentence(text: str) -> None:
    (problem,) = parse_expression(LocatedText.plain(text)).problems
    assert str(problem).removeprefix("<expression>:") == MESSAGES[text]


@pytest.mark.parametrize("text", RULE_MESSAGES)
def test_a_rule_with_a_mistake_is_answered_in_a_sentence(text: str) -> None:
    (problem,) = parse_rules(LocatedText.plain(text, "r")).problems
    assert str(problem).removeprefix("r:") == RULE_MESSAGES[text]
