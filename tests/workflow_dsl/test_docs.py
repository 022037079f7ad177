"""The docs of the language are true: every function is described with an example that runs, every code is listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.testing.expression_cases import expression_faults
from metamodel.source import LocatedText
from tests.support.dsl_corpus import constant, load_cases, sample_context, sample_scope
from tests.support.salesforce_table import salesforce_table
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.function_docs import function_table
from workflow_dsl.functions import Function
from workflow_dsl.standard_functions import standard_functions

ROOT = Path(__file__).resolve().parents[2]
SPECIFIED = (
    "len lower upper trim left right mid find replace split join format pad title format_phone abs round floor ceil "
    "min max power sqrt log mod date datetime time year quarter month day weekday hour minute add_days add_months "
    "start_of end_of days_between months_between business_days_between if case coalesce filled is_new is_number text "
    "number label count sum avg exists first last lookup has_role in_team is_subordinate has_permission url token "
    # Beyond the specified ones: the subtree that a filter selects (docs/adr/0010-subtrees.md), and decision tables
    # (docs/adr/0042-decision-tables.md).
    "in_subtree decide"
)
# These read a record; on the sample deal their examples would say other values than the docs do.
RECORD_EXAMPLES = {
    "count": ("count(lines)", "3"),
    "sum": ("sum(lines.quantity)", "5"),
    "avg": ("avg(lines.quantity)", "2.5"),
    "exists": ("exists(lines where quantity > 2)", "true"),
    "first": ("first(lines.quantity sorted by quantity)", "2"),
    "last": ("last(lines.quantity sorted by -quantity)", "empty"),
    "label": ("label(stage)", '"Proposal"'),
    "is_new": ("is_new()", "false"),
    "is_subordinate": ("is_subordinate(owner)", "false"),
    "has_permission": ('has_permission("waive_review")', "true"),
    "url": ("url(this)", '"/o/deal/d1"'),
    "token": ("token(this)", '"f6ca2e16444648a3f7c1f18ba7664d39"'),
    "lookup": ('lookup(user, email, "li@example.com") is empty', "false"),
}


@pytest.mark.promise("DEV-04")
def test_every_specified_function_exists_and_no_other() -> None:
    assert set(standard_functions().names) == set(SPECIFIED.split())


@pytest.mark.promise("EXP-07")
@pytest.mark.parametrize("function", list(standard_functions()), ids=lambda function: function.name)
def test_the_example_of_a_function_has_its_value(function: Function) -> None:
    expression, wanted = RECORD_EXAMPLES.get(function.name, (function.example.expression, function.example.value))
    checked = check_text(LocatedText.plain(expression), sample_scope())
    assert checked.typed is not None, list(map(str, checked.problems))
    assert compile_expression(checked.typed).evaluate(sample_context()) == constant(wanted)
    parsed = check_text(LocatedText.plain(function.example.expression), sample_scope())
    assert parsed.typed is not None, list(map(str, parsed.problems))


@pytest.mark.promise("DEV-04")
def test_the_functions_table_of_the_docs_is_todays() -> None:
    docs = (ROOT / "docs" / "dsl.md").read_text(encoding="utf-8")
    assert docs.endswith(function_table(standard_functions()))


@pytest.mark.promise("DEV-04")
@pytest.mark.promise("EXP-18")
def test_the_table_of_salesforces_functions_is_what_the_corpus_runs() -> None:
    docs = (ROOT / "docs" / "dsl.md").read_text(encoding="utf-8")
    assert salesforce_table() in docs
    named = "ISCHANGED PRIORVALUE ISNEW ISPICKVAL ISBLANK TEXT VALUE REGEX CASE VLOOKUP DATEVALUE $Profile $User $Setup"
    assert [name for name in (*named.split(), "RecordType") if name not in salesforce_table()] == []
    cases = [case for case in load_cases() if case.topic == "salesforce"]
    assert len(cases) >= 52
    for case in cases:
        assert expression_faults(case, standard_functions()) == (), case.name


def test_every_code_is_listed_and_every_listed_code_is_used() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow_dsl").rglob("*.py")]
    used = {code for text in sources for code in re.findall(r'"((?:EXP|RUL)\d{3})"', text)}
    # The first three syntax codes are put together from the family and a number.
    used |= {f"{family}10{number}" for family in ("EXP", "RUL") for number in (1, 2)}
    listed = re.findall(
        r"^\| ((?:EXP|RUL)\d{3}) \|", (ROOT / "docs" / "errors_dsl.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(set(listed)) == sorted(listed)
    assert set(listed) == used


def test_every_expression_code_has_a_case_in_the_corpus_or_is_a_limit_tested_elsewhere() -> None:
    shown = {str(case.problem["code"]) for case in load_cases() if case.problem is not None}
    listed = set(re.findall(r"^\| (EXP\d{3}) \|", (ROOT / "docs" / "errors_dsl.md").read_text("utf-8"), re.MULTILINE))
    assert listed - shown == {"EXP206", "EXP307", "EXP310", "EXP311", "EXP401", "EXP402", "EXP409"}
