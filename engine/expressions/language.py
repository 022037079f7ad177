"""The expressions of one release: checked once or taken as they are kept, asked for by who wrote them and where.

What an author of the configuration wrote was checked before the release was made; should one fail here all the same, it
is `None`, and whoever asked refuses. What a user brings is checked here against what the user may read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.releases.kept_trees import part_of
from engine.releases.release import Release
from metamodel.fields import FieldDef
from metamodel.source import LocatedText, Problems
from workflow_dsl.checker import CheckedExpression, check_condition, check_message, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Reads
from workflow_dsl.scope import MayRead, Scope, reads_everything
from workflow_dsl.typed import Typed
from workflow_dsl.types import Type, type_of_field

Evaluate = Callable[[Context], Any]
_Key = tuple[str | None, ...]


class BrokenExpression(Exception):
    """An author's expression that does not check; the release should not exist."""

    def __init__(self, checked: CheckedExpression, text: LocatedText) -> None:
        self.problems = checked.problems
        super().__init__(f"{text.at}: {'; '.join(problem.sentence for problem in checked.problems)}")


class ReleaseLanguage:
    """Gives typed trees and compiled evaluators; safe between threads, since what it keeps is made once or twice."""

    def __init__(self, release: Release, functions: FunctionRegistry) -> None:
        self._release = release
        self._functions = functions
        # By kind, object and what else tells expressions apart.
        self._checked: dict[_Key, CheckedExpression] = {}
        self._opened: set[str] = set()
        self._compiled: dict[int, tuple[Typed, Callable[..., Any]]] = {}

    def scope(self, object_key: str | None, place: str, **options: Any) -> Scope:
        """Make a scope over the release's metamodel."""
        metamodel = self._release.metamodel
        return Scope(metamodel=metamodel, functions=self._functions, object=object_key, place=place, **options)

    def condition(self, text: LocatedText, object_key: str, *, row_object: str | None = None) -> Typed:
        """Give an author's condition over a record.

        Raises: BrokenExpression.
        """
        key = ("condition", object_key, text.text, str(text.at), row_object)
        scope = self.scope(object_key, "a condition", allows_old=True, row_object=row_object)
        return self._sound(key, text, lambda: check_condition(text, scope))

    def condition_reads(self, text: LocatedText, object_key: str, *, row_object: str | None = None) -> Reads:
        """Give what an author's condition reads.

        Raises: BrokenExpression.
        """
        self.condition(text, object_key, row_object=row_object)
        return self._checked["condition", object_key, text.text, str(text.at), row_object].reads

    def expression(self, text: LocatedText, object_key: str, wanted: Type | None = None) -> Typed:
        """Give an author's expression over a record.

        Raises: BrokenExpression.
        """
        key = ("expression", object_key, text.text, str(text.at))
        scope = self.scope(object_key, "an expression", allows_old=True)
        return self._sound(key, text, lambda: check_text(text, scope, wanted=wanted))

    def expression_reads(self, text: LocatedText, object_key: str) -> Reads:
        """Give what an author's expression reads, once it was asked for."""
        return self._checked["expression", object_key, text.text, str(text.at)].reads

    def message(self, text: LocatedText, object_key: str) -> Typed:
        """Give an author's text with `{expression}` in it.

        Raises: BrokenExpression.
        """
        key = ("message", object_key, text.text, str(text.at))
        scope = self.scope(object_key, "a message", allows_old=True)
        return self._sound(key, text, lambda: check_message(text, scope))

    def formula(self, object_key: str, name: str) -> Typed:
        """Give the formula of a field."""
        definition = self.field(object_key, name)
        assert definition.formula is not None
        text = definition.formula
        scope = self.scope(object_key, "a formula", allows_matches=True)
        return self._sound(("formula", object_key, name), text, lambda: check_text(text, scope))

    def formula_reads(self, object_key: str, name: str) -> Reads:
        """Give what a formula reads."""
        self.formula(object_key, name)
        return self._checked["formula", object_key, name].reads

    def title(self, object_key: str) -> Typed:
        """Give the title of an object's records."""
        text = self._release.metamodel.objects[object_key].title
        scope = self.scope(object_key, "a title")
        return self._sound(("title", object_key), text, lambda: check_message(text, scope))

    def brought(self, text: str, object_key: str, may_read: MayRead = reads_everything) -> CheckedExpression:
        """Check a filter that a user brings: only what the user may read has a name."""
        scope = self.scope(object_key, "a filter", needs_sql=True, may_read=may_read)
        return check_condition(LocatedText.plain(text, "<filter>"), scope)

    def path(self, text: str, object_key: str, may_read: MayRead = reads_everything) -> CheckedExpression:
        """Check a path that a user names (a column, a sort key)."""
        scope = self.scope(object_key, "a list", needs_sql=True, may_read=may_read, shows_encrypted=True)
        return check_text(LocatedText.plain(text, "<path>"), scope)

    def evaluator(self, typed: Typed) -> Evaluate:
        """Give the compiled form of a typed tree."""
        return self.row_evaluator(typed)

    def row_evaluator(self, typed: Typed) -> Callable[..., Any]:
        """Give the compiled form of a typed tree that may take the row in sight as second argument."""
        found = self._compiled.get(id(typed))
        if found is None:
            # The tree is kept with it, so that its identity stays its own.
            found = self._compiled[id(typed)] = (typed, compile_expression(typed).evaluate)
        return found[1]

    def title_reads(self, object_key: str) -> Reads:
        """Give what a title reads."""
        self.title(object_key)
        return self._checked["title", object_key].reads

    def field(self, object_key: str, name: str) -> FieldDef:
        """Give the definition of a field."""
        return self._release.metamodel.objects[object_key].fields[name]

    def field_type(self, object_key: str, name: str) -> Type:
        """Give the type that expressions see of a field."""
        return type_of_field(self.field(object_key, name))

    def sound(self, object_key: str) -> Iterator[tuple[_Key, Typed, Reads]]:
        """Go through an object's expressions that were asked for and are right, in the form in which they are kept."""
        for key, found in tuple(self._checked.items()):
            if key[1] == object_key and found.typed is not None:
                yield key, found.typed, found.reads

    def _sound(self, key: _Key, text: LocatedText, check: Callable[[], CheckedExpression]) -> Typed:
        found = self._checked.get(key) or self._kept(key)
        if found is None:
            found = self._checked[key] = check()
        if found.typed is None:
            raise BrokenExpression(found, text)
        return found.typed

    def _kept(self, key: _Key) -> CheckedExpression | None:
        """Give an expression that is kept with the release; those of an object are opened together."""
        object_key = str(key[1])
        if object_key not in self._opened:
            release = self._release
            for each, typed, reads in release.trees.open(part_of(object_key), release.metamodel) or ():
                self._checked.setdefault(each, CheckedExpression(typed=typed, reads=reads, problems=Problems()))
            self._opened.add(object_key)
        return self._checked.get(key)
