"""What the check of one rule shares: its scope, the names given so far, the problems, and shortcuts to report them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Problems, Severity
from workflow_dsl.checked_rules import CheckedValue
from workflow_dsl.checker import check_expression
from workflow_dsl.rule_checking.known_approvals import NO_APPROVALS, Approvals
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import Expr, Path, Span
from workflow_dsl.types import Type


@dataclass(slots=True, kw_only=True)
class RuleChecking:
    """The state of one rule's check.

    scope: of the rule's own expressions. is_before: what is allowed in before rules only, or after only. actions:
    names of the plugins' actions. events: what plugins tell of. has_button: whether a button starts the rule. goes:
    whether it is a before rule on deletions, whose record goes to the bin as it is.
    approvals: as the rule's app calls them. writes: (object, field) set so far.
    """

    scope: Scope
    source: LocatedText
    problems: Problems
    is_before: bool = False
    actions: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    has_button: bool = False
    goes: bool = False
    approvals: Approvals = field(default_factory=lambda: NO_APPROVALS)
    writes: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, code: str, message: str, at: Span, hint: str = "") -> None:
        """Report an error."""
        self.problems.report(code, message, at.location, hint=hint, length=self._shown_length(at))

    def warn(self, code: str, message: str, at: Span, hint: str = "") -> None:
        """Report a warning."""
        length = self._shown_length(at)
        self.problems.report(code, message, at.location, hint=hint, severity=Severity.WARNING, length=length)

    def _shown_length(self, at: Span) -> int:
        return len(self.source.text[at.start : at.end].split("\n")[0]) or 1

    def not_available(self, code: str, what: str, at: Span) -> None:
        """Report a part of the language that this version parses and can't run."""
        self.refuse(code, f"{what} is not available in this version", at)

    def text_of(self, at: Span) -> str:
        """Give what was written, in one line."""
        return " ".join(self.source.text[at.start : at.end].split())

    def value(self, expression: Expr, wanted: Type | None = None, what: str = "this place") -> CheckedValue | None:
        """Check an expression of the rule; None where it has errors (which are reported)."""
        return self.value_in(self.scope, expression, wanted, what)

    def value_in(
        self, scope: Scope, expression: Expr, wanted: Type | None = None, what: str = "this place"
    ) -> CheckedValue | None:
        """Check an expression in a scope of its own."""
        checked = check_expression(expression, scope, wanted=wanted, what=what)
        self.problems.extend(checked.problems)
        if checked.typed is None:
            return None
        return CheckedValue(typed=checked.typed, reads=checked.reads, text=self.text_of(expression.at))

    def giving(self, names: Mapping[str, Type]) -> RuleChecking:
        """Give the state for a block in which further names are given."""
        given = MappingProxyType({**self.scope.given, **names})
        return replace(self, scope=replace(self.scope, given=given))

    def find_object(self, path: Path) -> ObjectDef | None:
        """Give the object that a path names as a whole; an unknown one is reported."""
        found = self.scope.metamodel.find_object(path.dotted)
        if found is None:
            self.refuse_object(path)
        return found

    def refuses_source(self, object_def: ObjectDef | None, at: Span, what: str) -> bool:
        """Report what can't be done with records that lie in another database; say whether it was reported."""
        if object_def is None or object_def.source is None:
            return False
        message = f"the records of {object_def.key} lie in another database: {what}"
        self.refuse("RUL414", message, at, "its fields can be read through a lookup to it")
        return True

    def refuse_object(self, path: Path) -> None:
        """Report a name that is no object."""
        name = path.names[0]
        objects = self.scope.metamodel.objects
        hint = did_you_mean(name.text, objects)
        if not hint and len(path.names) == 1:
            having = next((each for each in objects.values() if name.text in each.fields), None)
            hint = f"a field is written with its object: '{having.name}.{name.text}'" if having is not None else ""
        self.refuse("RUL201", f"'{path.dotted}' is not an object", path.at, hint)

    def find_field(self, object_def: ObjectDef, name: str, at: Span) -> FieldDef | None:
        """Give a field of an object; an unknown one is reported."""
        found = object_def.fields.get(name)
        if found is None:
            hint = did_you_mean(name, object_def.fields)
            self.refuse("RUL202", f"'{name}' is not a field of {object_def.key}", at, hint)
        return found
