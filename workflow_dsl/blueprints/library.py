"""The blueprints of all apps, found by the names that uses call them by, and what becomes of a use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from metamodel.names import did_you_mean
from metamodel.source import LocatedText, Problems
from workflow_dsl.blueprints.arguments import arguments_of
from workflow_dsl.blueprints.declaring import check_blueprint
from workflow_dsl.blueprints.expanding import Expanded, expand
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Blueprint, Item, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A blueprint of an app, and the file it stands in."""

    app: str
    blueprint: Blueprint
    source: LocatedText

    @property
    def name(self) -> str:
        """Its name in its app."""
        return self.blueprint.rule.name.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Blueprints by app and name. used: those that some use names."""

    declared: Mapping[tuple[str, str], Declared] = field(default_factory=lambda: MappingProxyType({}))
    used: frozenset[tuple[str, str]] = frozenset()

    def find(self, use: Use, app: str) -> tuple[Declared, ...]:
        """Give the blueprints that a use may mean: `app.name`; a bare name is of the own app first, then of any."""
        names = [name.text for name in use.blueprint.names]
        if len(names) > 1:
            found = self.declared.get((names[0], names[1])) if len(names) == 2 else None
            return (found,) if found is not None else ()
        own = self.declared.get((app, names[0]))
        return (own,) if own is not None else tuple(each for each in self.declared.values() if each.name == names[0])

    def rule_of(self, checking: RuleChecking, use: Use, app: str) -> tuple[Expanded, Declared] | None:
        """Give the rule that a use stands for; None where it stands for none, which is reported."""
        found = self.find(use, app)
        if len(found) != 1:
            self._refuse(checking, use, found)
            return None
        declared = found[0]
        theirs = replace(checking, source=declared.source, problems=Problems())
        if not check_blueprint(theirs, declared.blueprint):
            return None
        inputs = arguments_of(checking, use, declared.blueprint)
        expanded = expand(checking, use, declared.blueprint, inputs) if inputs is not None else None
        return (expanded, declared) if expanded is not None else None

    def check(self, checking: RuleChecking, blueprint: Blueprint, app: str) -> None:
        """Check a blueprint by itself, and warn where nobody uses it."""
        check_blueprint(checking, blueprint)
        name = blueprint.rule.name
        if (app, name.text) not in self.used:
            hint = f"write use {name.text} as … (…), here or in another app"
            checking.warn("RUL506", f"no rule is made of the blueprint '{name.text}'", name.at, hint)

    def _refuse(self, checking: RuleChecking, use: Use, found: tuple[Declared, ...]) -> None:
        written = use.blueprint.dotted
        if found:
            hint = f"write {' or '.join(f'{each.app}.{each.name}' for each in found)}"
            checking.refuse("RUL501", f"several apps have a blueprint '{written}'", use.blueprint.at, hint)
            return
        known = [each.name for each in self.declared.values()] + [f"{app}.{name}" for app, name in self.declared]
        checking.refuse("RUL501", f"'{written}' is not a blueprint", use.blueprint.at, did_you_mean(written, known))


NO_BLUEPRINTS = Library()


def gather_blueprints(items: Iterable[tuple[str, LocatedText, Item]]) -> Library:
    """Give the blueprints among the items of all apps: (app, file, item)."""
    items = tuple(items)
    declared: dict[tuple[str, str], Declared] = {}
    for app, source, item in items:
        if isinstance(item, Blueprint):
            declared.setdefault((app, item.rule.name.text), Declared(app=app, blueprint=item, source=source))
    library = Library(declared=MappingProxyType(declared))
    uses = [found for app, _, item in items if isinstance(item, Use) for found in library.find(item, app)]
    return replace(library, used=frozenset((each.app, each.name) for each in uses))
