"""Checks the duplicate rules of an object: fields that exist and can be compared as the rule says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, items, word
from metamodel.source import Problems
from metamodel.yaml_nodes import Node, Scalar

_TEXTS = frozenset(("text", "long_text", "email", "phone", "url", "barcode", "person_name", "address"))
_COMPARED = _TEXTS | frozenset("integer decimal percent money rating date datetime time choice autonumber".split())
_RELATIONS = frozenset(("lookup", "child_of", "user"))


Parts = Callable[[Scalar], tuple[Mapping[str, FieldDef], str] | None]
"""Gives, for a path to the rows of a list of parts, their fields and the rest of the path; None for other paths."""


def check_duplicates(node: Node | None, fields: Mapping[str, FieldDef], parts: Parts, problems: Problems) -> None:
    """Check the rules that an object's files write.

    Problems: OBJ341 an unknown field, OBJ342 a field that can't be compared so, OBJ343 a threshold that nothing reads.
    """
    for rule in items(node):
        for match in items(child(rule, "match")):
            name, how = child(match, "field"), word(child(match, "how")) or "exact"
            if isinstance(name, Scalar):
                known, bare = parts(name) or (fields, name.text)
                _check_field(name, bare, how, known, problems)
            threshold = child(match, "threshold")
            if isinstance(threshold, Scalar) and how != "fuzzy":
                message = f"a threshold is for `how: fuzzy`; this field is compared {how}"
                problems.report("OBJ343", message, threshold.at, length=threshold.length)


def _check_field(name: Scalar, bare: str, how: str, fields: Mapping[str, FieldDef], problems: Problems) -> None:
    field = fields.get(bare)
    if field is None:
        hint = did_you_mean(bare, fields)
        problems.report("OBJ341", f"'{name.text}' is not a field", name.at, hint=hint, length=name.length)
        return
    known = (_COMPARED | _RELATIONS) if how == "exact" else _TEXTS
    single = field.relation is None or field.relation.single_target is not None
    if field.rollup is not None or field.formula is not None:
        message = f"'{name.text}' is computed and can't be compared for duplicates"
    elif field.encrypted:
        message = f"'{name.text}' is encrypted, so its values are compared with none"
    elif field.type not in known or not single:
        kind = "values of several objects" if not single else field.type
        message = f"'{name.text}' is {kind}; {how} compares {'single values' if how == 'exact' else 'texts'}"
    else:
        return
    problems.report("OBJ342", message, name.at, length=name.length)
