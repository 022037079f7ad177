"""Puts arguments in the place of a blueprint's inputs; the tree keeps the places that the blueprint was written at.

An input's name stands for it wherever it may stand, also behind a point (`old.assignee`), and goes before fields of
that name. Only left of a colon a field of the record that is written goes first: `create task { assignee: assignee }`
sets the task's own field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from workflow_dsl.blueprints.kinds import DEFINITIONS, Family, family_of
from workflow_dsl.syntax import (
    Binary,
    BinaryOp,
    ConvertTarget,
    Create,
    Expr,
    Name,
    NamedKind,
    NamedRef,
    Pair,
    Path,
    Rule,
    Span,
    SyntaxNode,
    TextLiteral,
    TextTemplate,
    Update,
)

OwnFields = Callable[[SyntaxNode, Rule], frozenset[str]]
"""Gives the fields of the record that an action with a block writes, as far as they are known before any check."""

_GIVEN = frozenset(("variable", "given_name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input with what stands for it; `argument` is a Path, a NamedRef or any expression, by its type."""

    name: str
    type_name: str
    argument: Expr

    @property
    def family(self) -> Family:
        """The family of its type."""
        return family_of(self.type_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misuse:
    """An input that stands where it can't."""

    at: Span
    message: str


@dataclass(slots=True, kw_only=True)
class Filling:
    """One replacement of inputs in one rule. own_fields: see `OwnFields`.

    used: names of inputs that were met. misuses: where they can't stand.
    """

    inputs: Mapping[str, Input]
    own_fields: OwnFields
    used: set[str] = field(default_factory=set)
    misuses: list[Misuse] = field(default_factory=list)
    _rule: Rule | None = None

    def fill(self, rule: Rule) -> Rule:
        """Give the rule with every input replaced."""
        # The head goes first: it says which object the rule is about, which blocks are looked up by.
        self._rule = None
        headed = replace(
            rule,
            triggers=tuple(self._node(each) for each in rule.triggers),
            each=self._node(rule.each) if rule.each is not None else None,
        )
        self._rule = headed
        return replace(
            headed,
            condition=self._node(rule.condition) if rule.condition is not None else None,
            actions=tuple(self._node(each) for each in rule.actions),
            otherwise=tuple(self._node(each) for each in rule.otherwise),
            options=tuple(self._node(each) for each in rule.options),
        )

    def _node(self, node: Any) -> Any:
        if isinstance(node, Path):
            return self._path(node, needs_path=False)
        if isinstance(node, tuple):
            return tuple(self._node(item) for item in node)
        if not is_dataclass(node) or isinstance(node, Name):
            return node
        if isinstance(node, TextTemplate):
            return self._template(node)
        filled = replace(node, **{each.name: self._part(node, each) for each in fields(node) if each.name != "at"})  # type: ignore[type-var]
        return _plain_role(filled) if isinstance(filled, Binary) else filled

    def _part(self, node: Any, part: Any) -> Any:
        value = getattr(node, part.name)
        if isinstance(value, Path) and str(part.type).startswith("Path"):
            return self._path(value, needs_path=True)
        if isinstance(value, Name):
            return self._name(value, type(node), part.name)
        if part.name == "values" and isinstance(node, Create | Update | ConvertTarget):
            own = self._own_fields(node)
            return tuple(self._pair(pair, own) for pair in value)
        if part.name == "documents":
            return tuple(self._name(name, type(node), part.name) for name in value)
        return self._node(value)

    def _own_fields(self, node: SyntaxNode) -> frozenset[str]:
        if self._rule is None:
            return frozenset()
        return self.own_fields(self._headed(node), self._rule)

    def _headed(self, node: Any) -> Any:
        """Give an action whose object or target is filled in, so that its record can be found."""
        parts = {
            name: getattr(node, name) for name in ("object", "target") if isinstance(getattr(node, name, None), Path)
        }
        return replace(node, **{name: self._path(path, needs_path=True) for name, path in parts.items()})

    def _pair(self, pair: Pair, own: frozenset[str]) -> Pair:
        found = self.inputs.get(pair.name.text)
        name = pair.name
        if found is not None and found.family is Family.FIELD and name.text not in own and not pair.quoted:
            path = self._path(Path(names=(name,), at=name.at), needs_path=True)
            if isinstance(path, Path) and len(path.names) == 1:
                name = path.names[0]
            else:
                self._misused(name.at, f"'{found.name}' stands for a path here, and a block names one field")
        return replace(pair, name=name, value=self._node(pair.value))

    def _name(self, name: Name, kind: type, part: str) -> Name:
        found = self.inputs.get(name.text)
        if found is None:
            return name
        if part in _GIVEN:
            self._misused(name.at, f"'{name.text}' is an input already; give another name")
            return name
        places = DEFINITIONS.get(found.type_name, frozenset())
        if (kind, part) not in places:
            return name
        self.used.add(found.name)
        path = found.argument
        return replace(path.names[0], at=name.at) if isinstance(path, Path) else name

    def _template(self, node: TextTemplate) -> Expr:
        parts: list[str | Expr] = []
        for part in (part if isinstance(part, str) else self._node(part) for part in node.parts):
            text = part.value if isinstance(part, TextLiteral) else part
            if isinstance(text, str) and parts and isinstance(parts[-1], str):
                parts[-1] += text
            else:
                parts.append(text)
        if all(isinstance(part, str) for part in parts):
            return TextLiteral(value="".join(str(part) for part in parts), at=node.at)
        return replace(node, parts=tuple(part for part in parts if part != ""))

    def _path(self, path: Path, *, needs_path: bool) -> Any:
        first = self.inputs.get(path.names[0].text)
        if first is not None and first.family not in (Family.OBJECT, Family.FIELD):
            return self._value(first, path, needs_path=needs_path)
        names: list[Name] = []
        for place, name in enumerate(path.names):
            found = self.inputs.get(name.text)
            stands = found is not None and (place == 0 or found.family is Family.FIELD)
            if found is None or not stands or not isinstance(found.argument, Path):
                names.append(name)
                continue
            self.used.add(found.name)
            names += [replace(each, at=name.at) for each in found.argument.names]
        return replace(path, names=tuple(names))

    def _value(self, found: Input, path: Path, *, needs_path: bool) -> Any:
        self.used.add(found.name)
        if len(path.names) > 1:
            self._misused(path.at, f"'{found.name}' is an input of type {found.type_name}, which has no fields")
        elif needs_path or found.family is Family.DEFINITION:
            what = "stands for a value" if found.family is Family.VALUE else f"is the name of a {found.type_name}"
            self._misused(path.at, f"the input '{found.name}' {what}, which can't stand here")
        else:
            return _moved(found.argument, path.at)
        return path

    def _misused(self, at: Span, message: str) -> None:
        self.misuses.append(Misuse(at=at, message=message))


def _moved(node: Any, at: Span) -> Any:
    """Give an argument as if it stood where the input does, so that what is wrong with it is told there."""
    if isinstance(node, tuple):
        return tuple(_moved(item, at) for item in node)
    if not isinstance(node, SyntaxNode):
        return node
    parts = {each.name: _moved(getattr(node, each.name), at) for each in fields(node) if each.name != "at"}
    return replace(node, at=at, **parts)


def _plain_role(test: Binary) -> Binary:
    # `user has role x` takes the role's name; an input of type role brings `role "x"`.
    right = test.right
    if test.op is BinaryOp.HAS_ROLE and isinstance(right, NamedRef) and right.kind is NamedKind.ROLE:
        return replace(test, right=TextLiteral(value=right.name, at=right.at))
    return test
