"""From app folders to what could become a release: loaded, checked, laid out. Nothing is read from or written to a
database here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engine.releases.collector import collector_paused
from engine.releases.rule_checks import RuleChecks
from engine.releases.stored_choice import KnownExpressions, StoredChoice, choose_stored, option_names
from engine.storage.layout import lay_out
from engine.storage.migration import Installed
from engine.storage.schema import TableSpec
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry
from metamodel.loader import link_folders, link_sources
from metamodel.source import Problem, Problems
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.rule_checker import CheckedRules

Check = Callable[[Metamodel], Iterable[Problem]]
"""A check of a whole metamodel: expressions, rules, access, plugins that are needed …"""

_SYNTAX = ("EXP1", "RUL1")
_NAMES = ("EXP2", "RUL2")
_LOSE_NAMES = (
    "APP00", "APP1", "APP3", "APP902", "OBJ20", "OBJ21", "OBJ221", "OBJ23", "OBJ24", "APP207", "APP203",
)  # fmt: skip
_CUTS_TEXTS = "APP207"
_LOSE_TYPES = frozenset(("OBJ101", "OBJ102", "OBJ103", "OBJ104", "OBJ121", "APP204", "APP206"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What an installation adds to the files: field types, functions and further checks (plugins bring some).

    expressions: the first check, which also notes what it found sound, for the layout that comes after it. rules: how
    rules are checked; what it finds sound stays with the candidate.
    """

    field_types: FieldTypeRegistry
    functions: FunctionRegistry
    expressions: Callable[[Metamodel, KnownExpressions], Iterable[Problem]] | None = None
    checks: tuple[Check, ...] = ()
    rules: RuleChecks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Checked app folders. metamodel and installed are None where there are errors; rules: those that are right."""

    metamodel: Metamodel | None
    installed: Installed | None
    choice: StoredChoice | None
    problems: Problems
    sources: Mapping[str, str]
    rules: tuple[CheckedRule | CheckedApproval, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether it can become a release."""
        return self.metamodel is not None and not self.problems.errors


def check_folders(folders: Iterable[Path | str], language: Language) -> Candidate:
    """Load and check app folders, all problems in one pass."""
    with collector_paused():
        return check_linked(*link_folders(folders, language.field_types), language)


def check_sources(sources: Mapping[str, str], language: Language) -> Candidate:
    """Check apps given as texts by `folder/path`, as an editor has them before they are saved."""
    with collector_paused():
        return check_linked(*link_sources(sources, language.field_types), language)


def check_linked(metamodel: Metamodel | None, problems: Problems, language: Language) -> Candidate:
    """Check what could be linked. With mistakes it becomes no release, but what else is wrong is told in the same pass.

    What may be no mistake of its own, but follow from those that are told already, is left out.
    """
    if metamodel is None or not problems.errors:
        return check_metamodel(metamodel, problems, language)
    told = problems.errors
    codes = frozenset(problem.code for problem in told)
    places = {problem.at for problem in told}
    cut = {(problem.at.file, problem.at.line) for problem in told if problem.code == _CUTS_TEXTS}
    known: KnownExpressions = {}
    for check in _checks(language, known, []):
        problems.extend(
            problem
            for problem in check(metamodel)
            if is_of_its_own(problem.code, codes)
            and problem.at not in places
            and (problem.at.file, problem.at.line) not in cut
        )
    return Candidate(
        metamodel=None, installed=None, choice=None, problems=problems, sources=MappingProxyType(metamodel.sources)
    )


def is_of_its_own(code: str, told: Iterable[str]) -> bool:
    """Tell whether a problem of an expression or rule stands for itself where problems with some codes are told.

    A file that can't be read takes names away, and a field whose type is not known has another one: what is said of
    names or of types then may be wrong.
    """
    if code.startswith(_SYNTAX):
        return True
    told = tuple(told)
    if any(each.startswith(_LOSE_NAMES) for each in told):
        return False
    return code.startswith(_NAMES) or not any(each in _LOSE_TYPES for each in told)


def check_metamodel(metamodel: Metamodel | None, problems: Problems, language: Language) -> Candidate:
    """Check what was loaded and lay it out."""
    if metamodel is None:
        return Candidate(metamodel=None, installed=None, choice=None, problems=problems, sources=MappingProxyType({}))
    known: KnownExpressions = {}
    rules: list[CheckedRules] = []
    for check in _checks(language, known, rules):
        problems.extend(check(metamodel))
    choice = choose_stored(metamodel, language.functions, known)
    schema = lay_out(metamodel, choice.stored, language.field_types)
    for table in schema.tables.values():
        problems.extend(_column_clashes(metamodel, table))
    return Candidate(
        metamodel=metamodel,
        installed=Installed(schema=schema, computed=choice.texts, options=option_names(metamodel)),
        choice=choice,
        problems=problems,
        sources=metamodel.sources,
        rules=_all_of(rules),
    )


def _checks(language: Language, known: KnownExpressions, found: list[CheckedRules]) -> tuple[Check, ...]:
    expressions, rules = language.expressions, language.rules
    checks = list(language.checks)
    if expressions is not None:
        checks.insert(0, lambda metamodel: expressions(metamodel, known))
    if rules is not None:
        checks.append(lambda metamodel: _noting(rules, metamodel, found))
    return tuple(checks)


def _all_of(found: Iterable[CheckedRules]) -> tuple[CheckedRule | CheckedApproval, ...]:
    rules: list[CheckedRule | CheckedApproval] = []
    for each in found:
        rules += each.rules
        rules += each.approvals
    return tuple(rules)


def _noting(rules: RuleChecks, metamodel: Metamodel, found: list[CheckedRules]) -> Iterator[Problem]:
    checked = rules.check(metamodel)
    found.append(checked)
    yield from rules.problems(metamodel, checked)


def _column_clashes(metamodel: Metamodel, table: TableSpec) -> Iterator[Problem]:
    """Find fields whose column another field's second column (currency, sort key …) has the name of."""
    object_def = metamodel.objects[table.object]
    fields = object_def.fields
    for column in table.columns.values():
        # A column beside that of its field, or of the title: no other field may be called as it is.
        named = fields.get(column.name)
        if named is not None and column.field != column.name:
            needed = f"the name of a column that '{column.field or 'title'}' needs"
            message = f"'{named.name}' of {object_def.key} has {needed}"
            yield Problem(code="APP804", message=message, at=named.at, hint="give one of the two another name")
