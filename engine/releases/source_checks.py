"""Checks objects over tables of other databases: that the tables are there, and that nobody asks two databases at once.

A list is filtered, sorted, grouped and added up in one database, so a path through a lookup to another one can only be
shown. What such a database lacks is an error of the plan; one that does not answer must not keep a release back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.access.compiler import SCOPE_WORDS
from engine.errors import SourceChanged, SourceUnavailable
from engine.outer.databases import OuterDatabases
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location, Problem, Severity
from workflow_dsl.checker import check_condition, check_message, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.scope import Scope
from workflow_dsl.typed import Aggregate, FieldPath, LookupRecord, Typed
from workflow_dsl.typed_walk import walk

_WORDS = frozenset((*SCOPE_WORDS, "masked"))


def check_tables(metamodel: Metamodel, outer: OuterDatabases) -> Iterator[Problem]:
    """Look the tables and columns up that objects show.

    Problems: APP841 not there, APP842 (warning) can't be looked up now.
    """
    for object_def in metamodel.objects.values():
        source = object_def.source
        if source is None:
            continue
        try:
            outer.ask(metamodel.connections, object_def, lambda *_: None, fresh=True)
        except SourceChanged as fault:
            hint = "see what it is called there, or say it under 'fields'"
            message = str(fault).rstrip(".")
            yield Problem(code="APP841", message=message, at=source.at, hint=hint)
        except SourceUnavailable as fault:
            message = f"{str(fault).rstrip('.')}; whether it has '{source.called}' is not known"
            yield Problem(code="APP842", message=message, at=source.at, severity=Severity.WARNING)


def check_reach(metamodel: Metamodel, functions: FunctionRegistry) -> Iterator[Problem]:
    """Give the conditions, orders and figures that would read records of another database through a lookup.

    Problems: EXP502.
    """
    elsewhere = {key for key, object_def in metamodel.objects.items() if object_def.source is not None}
    if not elsewhere:
        return
    finder = _Finder(metamodel, functions, elsewhere)
    for key, text in (*_scopes(metamodel), *_views(metamodel), *_reports(metamodel), *_searches(metamodel)):
        yield from finder.problems(key, text)
    for key, text in _orders(metamodel):
        yield from finder.problems(key, text, ordered=True)


class _Finder:
    """Finds in expressions what lies in another database than the record."""

    def __init__(self, metamodel: Metamodel, functions: FunctionRegistry, elsewhere: set[str]) -> None:
        self._scope = Scope(metamodel=metamodel, functions=functions, needs_sql=True, shows_encrypted=True)
        self._objects = metamodel.objects
        self._elsewhere = elsewhere
        self._formulas: dict[tuple[str, str], str | None] = {}

    def problems(self, key: str, text: LocatedText, *, ordered: bool = False) -> Iterator[Problem]:
        """Give the problem of an expression over records of an object; what does not check is told by others.

        ordered: records are sorted by it, lookups by the titles of what they point at.
        """
        rows = self._objects[key].inverses.get(text.text.split(".")[0])
        if rows is not None and rows.object in self._elsewhere and "." in text.text:
            yield _problem(rows.object, text.at, len(text.text))
            return
        scope = replace(self._scope, object=key)
        typed = (check_message if "{" in text.text else check_text)(text, scope).typed
        typed = typed or check_condition(text, scope).typed
        for node in walk(typed) if typed is not None else ():
            target = self._reached(node, key) or (self._pointed_at(node) if ordered else None)
            if target is not None:
                yield _problem(target, node.at.location, node.at.length)
                return

    def _pointed_at(self, node: Typed) -> str | None:
        relation = node.field.relation if isinstance(node, FieldPath) and node.field is not None else None
        target = relation.single_target if relation is not None else None
        return target if target in self._elsewhere else None

    def _reached(self, node: Typed, key: str) -> str | None:
        """Give the object of another database whose records a part reads."""
        if isinstance(node, Aggregate):
            return node.source.object if node.source.object in self._elsewhere else None
        if isinstance(node, LookupRecord):
            return node.object if node.object in self._elsewhere else None
        if not isinstance(node, FieldPath):
            return None
        passed = next((target for step in node.steps for target in step.targets if target in self._elsewhere), None)
        if passed is not None and node.field is not None:
            return passed
        holders = node.holders or (key,)
        names = [(holder, node.field.name) for holder in holders if node.field is not None]
        return next((found for name in names if (found := self._of_formula(*name)) is not None), None)

    def _of_formula(self, key: str, name: str) -> str | None:
        """Give what a formula that is computed when read reaches."""
        if (key, name) not in self._formulas:
            self._formulas[key, name] = None  # a circle is told elsewhere
            field = self._objects[key].fields.get(name)
            if field is not None and field.formula is not None:
                typed = check_text(field.formula, replace(self._scope, object=key, needs_sql=False)).typed
                reached = (self._reached(node, key) for node in walk(typed)) if typed is not None else ()
                self._formulas[key, name] = next((found for found in reached if found is not None), None)
        return self._formulas[key, name]


def _problem(target: str, at: Location, length: int) -> Problem:
    message = f"the records of {target} lie in another database; no list here is filtered or sorted by them"
    hint = f"show it as a column, or ask a list of {target} itself"
    return Problem(code="EXP502", message=message, at=at, hint=hint, length=length)


Texts = Iterator[tuple[str, LocatedText]]


def _scopes(metamodel: Metamodel) -> Texts:
    for role in metamodel.roles.values():
        for name, grant in role.objects.items():
            yield from _of(metamodel.find_object(name), grant.scopes)
        for field in role.fields:
            texts = {"read": field.read, "update": field.update}
            given = {action: text for action, text in texts.items() if text is not None}
            yield from _of(metamodel.find_object(field.object), given)


def _of(object_def: ObjectDef | None, scopes: Mapping[str, LocatedText]) -> Texts:
    for text in scopes.values():
        if object_def is not None and text.text.strip() not in _WORDS:
            yield object_def.key, text


def _views(metamodel: Metamodel) -> Texts:
    for key, object_def in metamodel.objects.items():
        for view in object_def.views.values():
            if view.where is not None:
                yield key, view.where


def _orders(metamodel: Metamodel) -> Texts:
    for key, object_def in metamodel.objects.items():
        # What a record is called is asked for wherever something points at it, also within a filter.
        yield key, object_def.title
        for view in object_def.views.values():
            for sort in view.sort:
                yield key, LocatedText(text=sort.path, at=view.at)


def _searches(metamodel: Metamodel) -> Texts:
    for key, object_def in metamodel.objects.items():
        for path in object_def.search:
            yield key, path
        for rule in object_def.duplicates:
            for each in rule.match:
                yield key, LocatedText(text=each.field, at=rule.at)


def _reports(metamodel: Metamodel) -> Texts:
    for report in metamodel.reports.values():
        if report.object is None:
            continue
        across = (report.across,) if report.across is not None else ()
        texts = [group.path for group in (*report.groups, *across)]
        texts += [measure.of for measure in report.measures if measure.of is not None]
        for text in (*texts, *((report.where,) if report.where is not None else ())):
            yield report.object, text
