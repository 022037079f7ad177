"""What the checks of the smaller files share: an object, a field, a path or a name that must be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.linking.object_names import ObjectNames
from metamodel.paths import PathEnd
from metamodel.reading.node_values import scalars
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import check_path, tell_unknown
from metamodel.source import Problems, Severity
from metamodel.yaml_nodes import Node, Scalar

NUMBERS = frozenset(("integer", "decimal", "percent", "money", "duration", "rating"))
MOMENTS = frozenset(("date", "datetime"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionNames:
    """Looks names up, and tells of those that mean nothing; app: whose files are looked at."""

    metamodel: Metamodel
    drafts: Mapping[str, ObjectDraft]
    names: ObjectNames
    problems: Problems
    app: str

    def object(self, node: Node | None) -> str | None:
        """Give the key of the object a node names."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        return self.names.resolve(node.text, self.app, node.at, self.problems)

    def field(self, code: str, node: Node | None, key: str | None) -> FieldDef | None:
        """Give the field of an object that a node names."""
        if key is None or not isinstance(node, Scalar) or node.value is None:
            return None
        fields = self.drafts[key].fields
        if node.text not in fields:
            tell_unknown(self.problems, code, node, f"a field of {key}", fields)
        return fields.get(node.text)

    def path(self, code: str, node: Node | None, key: str | None, *, skip: int = 0) -> PathEnd | None:
        """Follow the path that a node writes."""
        if key is None or not isinstance(node, Scalar) or node.value is None:
            return None
        return check_path(self.problems, code, node, self.drafts, key, skip=skip)

    def known(self, code: str, node: Node | None, what: str, names: Iterable[str]) -> bool:
        """Tell of every name in a node (one, or a list) that is not known; whether all are."""
        known = tuple(names)
        unknown = [scalar for scalar in scalars(node) if scalar.text not in known]
        for scalar in unknown:
            tell_unknown(self.problems, code, scalar, what, known)
        return not unknown

    def roles(self, node: Node | None) -> None:
        """Check the roles that a node names."""
        self.known("APP411", node, "a role", self.metamodel.roles)

    def fault(self, code: str, message: str, node: Node | None, hint: str = "") -> None:
        """Report something at a node."""
        if node is not None:
            self.problems.report(code, message, node.at, hint=hint, length=node.length)

    def not_run(self, what: str, node: Node | None) -> None:
        """Say that a definition is checked and kept, and nothing is done with it in this version."""
        if node is not None:
            message = f"{what} checked, but not available in this version"
            self.problems.report("APP901", message, node.at, severity=Severity.WARNING, length=node.length)
