"""Resolves what relations point at, and makes the inverse lists on the other side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from metamodel.fields import FieldDef, RelationDef, RelationKind
from metamodel.linking.object_names import ObjectNames
from metamodel.names import name_fault
from metamodel.objects import InverseDef
from metamodel.reading.node_values import child, scalars
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Location, Problems

_NOT_NAME = re.compile(r"[^a-z0-9]+")


def resolve_targets(
    drafts: Mapping[str, ObjectDraft], names: ObjectNames, problems: Problems
) -> dict[str, ObjectDraft]:
    """Give the drafts with every relation's targets as object keys and its inverse list named.

    A relation whose target is not known keeps no targets that do not exist.
    Problems: OBJ201, OBJ202.
    """
    resolved = {}
    for key, draft in drafts.items():
        plural = plural_name(draft)
        users = 0
        fields = {}
        for name, field in draft.fields.items():
            if field.relation is not None:
                relation = _resolve(field, field.relation, draft, names, problems)
                if relation.inverse is None:
                    users += field.relation.kind is RelationKind.USER
                    is_later_user = field.relation.kind is RelationKind.USER and users > 1
                    relation = replace(relation, inverse=f"{plural}_as_{name}"[:80] if is_later_user else plural)
                fields[name] = replace(field, relation=relation)
            else:
                fields[name] = field
        resolved[key] = replace(draft, fields=fields)
    return resolved


def plural_name(draft: ObjectDraft) -> str:
    """Give the object's plural as a name: from its English plural, else its name with an s."""
    if draft.plural is not None:
        english = dict(draft.plural.texts).get("en")
        made = _NOT_NAME.sub("_", english.text.lower()).strip("_") if english is not None else ""
        if made and name_fault(made) is None:
            return made
    return f"{draft.name}s"


def inverse_lists(drafts: Mapping[str, ObjectDraft], problems: Problems) -> dict[str, dict[str, InverseDef]]:
    """Make the related lists of every object: key → list name → list.

    Problems: OBJ211 two lists of one name, OBJ212 a list named as a field.
    """
    lists: dict[str, dict[str, InverseDef]] = {key: {} for key in drafts}
    for key, draft in drafts.items():
        for field in draft.fields.values():
            relation = field.relation
            if relation is None or relation.inverse is None or field.system:
                continue
            for target in _target_keys(relation, drafts):
                made = InverseDef(
                    name=relation.inverse,
                    object=key,
                    field=field.name,
                    owned=relation.kind is RelationKind.CHILD_OF,
                    other=_other_side(draft, field),
                )
                _add(lists[target], made, drafts[target], field, drafts, problems)
    return lists


def _other_side(draft: ObjectDraft, field: FieldDef) -> str | None:
    """Give the field of a link that names the record on the other side than this one; None for other objects."""
    if draft.links is None or field.relation is None:
        return None
    if field.relation.kind is RelationKind.CHILD_OF:
        return draft.links
    above = (each.name for each in draft.fields.values() if each.relation and each.relation.kind == "child_of")
    return next(above, None) if field.name == draft.links else None


def _target_keys(relation: RelationDef, drafts: Mapping[str, ObjectDraft]) -> tuple[str, ...]:
    return tuple(drafts) if not relation.targets else tuple(t for t in relation.targets if t in drafts)


def _add(
    lists: dict[str, InverseDef],
    made: InverseDef,
    target: ObjectDraft,
    field: FieldDef,
    drafts: Mapping[str, ObjectDraft],
    problems: Problems,
) -> None:
    assert field.relation is not None
    other = lists.get(made.name)
    if other is not None:
        first = drafts[other.object].fields[other.field]
        message = f"'{target.key}' would have two lists named '{made.name}'"
        hint = f"the other one is of '{other.object}.{first.name}' ({first.at}); give one an 'inverse'"
        problems.report("OBJ211", message, field.at, hint=hint, length=len(field.name))
    elif made.name in target.fields and field.relation.targets:
        message = f"the list '{made.name}' on '{target.key}' has the name of a field there"
        problems.report("OBJ212", message, field.at, hint="give it another 'inverse'", length=len(field.name))
    elif made.name not in target.fields:
        lists[made.name] = made


def _resolve(
    field: FieldDef, relation: RelationDef, draft: ObjectDraft, names: ObjectNames, problems: Problems
) -> RelationDef:
    if relation.kind is RelationKind.USER or not relation.targets:
        return relation
    places = _target_places(draft, field)
    found = [names.resolve(target, field.app, places.get(target, relation.at), problems) for target in relation.targets]
    keys = tuple(key for key in found if key is not None)
    # An unknown target must not turn into "any object": the bad name stays and later checks pass over it.
    return replace(relation, targets=keys or relation.targets)


def _target_places(draft: ObjectDraft, field: FieldDef) -> dict[str, Location]:
    written = child(child(draft.node.get("fields"), field.name), "to")
    return {scalar.text: scalar.at for scalar in scalars(written)}
